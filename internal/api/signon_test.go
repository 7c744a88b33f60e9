package api_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/client"
	"github.com/bursarhq/bursar/internal/auth"
	"github.com/bursarhq/bursar/internal/auth/oidc"
	"github.com/bursarhq/bursar/internal/auth/oidc/oidctest"
	"github.com/bursarhq/bursar/internal/store"
)

// signOn is a server with an identity provider.
type signOn struct {
	*bench
	provider *oidctest.Provider
}

func startSignOn(t *testing.T) *signOn {
	s := &signOn{start(t), oidctest.Start(t)}
	s.provider.Claims = map[string]any{"sub": "1234", "email": "Ann@example.com", "email_verified": true, "name": "Ann", "groups": []string{"everybody", "finops"}}
	s.api.SignOn = oidc.New(oidc.Config{
		Name: "Example Corp", Issuer: s.provider.URL, ClientID: oidctest.ClientID, ClientSecret: bursar.NewSecret(oidctest.ClientSecret),
		Roles: map[string]auth.Role{"finops": auth.Administrator, "everybody": auth.Viewer},
	})
	return s
}

// walk goes from the sign-in page to the provider and back, as a browser does, and returns where it ends and with which session.
func (s *signOn) walk() (end string, session *http.Cookie) {
	s.Helper()
	jar := map[string]string{}
	at := s.url + "/api/v1/session/oidc"
	for range 5 {
		req, err := http.NewRequestWithContext(s.Context(), "GET", at, nil)
		if err != nil {
			s.Fatal(err)
		}
		req.Header.Set("Sec-Fetch-Site", "cross-site") // as after a redirect from elsewhere
		for name, value := range jar {
			if strings.HasPrefix(at, s.url) {
				req.AddCookie(&http.Cookie{Name: name, Value: value})
			}
		}
		resp, err := (&http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}).Do(req)
		if err != nil {
			s.Fatal(err)
		}
		resp.Body.Close()
		for _, c := range resp.Cookies() {
			jar[c.Name] = c.Value
			if c.Name == "bursar-session" {
				session = c
			}
			if c.Name == "bursar-signon" && (!c.HttpOnly || c.SameSite != http.SameSiteLaxMode) {
				s.Errorf("the cookie of the round trip: %v", c)
			}
		}
		if resp.StatusCode/100 != 3 {
			return resp.Status, session
		}
		next, err := url.Parse(resp.Header.Get("Location"))
		if err != nil {
			s.Fatal(err)
		}
		if at = next.String(); next.Host == "" {
			return at, session
		}
	}
	s.Fatal("round and round")
	return "", nil
}

func (s *signOn) me(session *http.Cookie) (me map[string]any) {
	s.Helper()
	w := &browser{s.bench, session.Name + "=" + session.Value}
	return w.must(200, "GET", "/api/v1/me", "")
}

func TestSignInAtAnIdentityProvider(t *testing.T) {
	s := startSignOn(t)
	methods := (&browser{bench: s.bench}).must(200, "GET", "/api/v1/session/methods", "")
	if methods["oidc"].(map[string]any)["name"] != "Example Corp" {
		t.Errorf("%v", methods)
	}
	end, session := s.walk()
	if end != "/" || session == nil || !session.HttpOnly || session.SameSite != http.SameSiteStrictMode {
		t.Fatalf("%s %v", end, session)
	}
	if me := s.me(session); me["email"] != "ann@example.com" || me["role"] != "administrator" || me["name"] != "Ann" {
		t.Errorf("%v", me)
	}
	s.provider.Claims["groups"] = "everybody" // one group, as a text
	s.provider.Claims["email"] = "ann.smith@example.com"
	if _, second := s.walk(); s.me(second)["role"] != "viewer" || s.me(second)["email"] != "ann@example.com" {
		t.Errorf("%v", s.me(second))
	}
	if me := s.me(session); me["role"] != "viewer" {
		t.Errorf("an older session keeps what the groups no longer give: %v", me)
	}
	s.provider.Claims["groups"] = []string{}
	if end, third := s.walk(); end != "/signin#failed=no_workspace" || third != nil {
		t.Errorf("%s %v", end, third)
	}
	log, err := s.client(s.owner).Audit(t.Context(), client.AuditFilter{Action: "signIn"}, 100)
	if err != nil || len(log) < 3 || log[0].Outcome != bursar.OutcomeRefused || log[0].Reason != "no_workspace" {
		t.Errorf("%+v %v", log, err)
	}
}

func TestAProviderThatIsNotExactlyAsItMustBe(t *testing.T) {
	s := startSignOn(t)
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	none := func(claims map[string]any) (string, bool) {
		b, _ := json.Marshal(claims)
		return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + base64.RawURLEncoding.EncodeToString(b) + ".", true
	}
	for name, bad := range map[string]func(){
		"another issuer":       func() { s.provider.Token = func(c map[string]any) { c["iss"] = s.provider.URL + "/" } },
		"another audience":     func() { s.provider.Token = func(c map[string]any) { c["aud"] = "other" } },
		"another nonce":        func() { s.provider.Token = func(c map[string]any) { c["nonce"] = "x" } },
		"no nonce":             func() { s.provider.Token = func(c map[string]any) { delete(c, "nonce") } },
		"expired":              func() { s.provider.Token = func(c map[string]any) { c["exp"] = time.Now().Add(-time.Hour).Unix() } },
		"another access token": func() { s.provider.Token = func(c map[string]any) { c["at_hash"] = "AAAAAAAAAAAAAAAAAAAAAA" } },
		"another key": func() {
			s.provider.Sign = func(c map[string]any) (string, bool) { return oidctest.SignedWith(other, c), true }
		},
		"no signature":            func() { s.provider.Sign = none },
		"no token":                func() { s.provider.Sign = func(map[string]any) (string, bool) { return "", true } },
		"another state":           func() { s.provider.Answer = func(q url.Values) { q.Set("state", "x") } },
		"another provider's word": func() { s.provider.Answer = func(q url.Values) { q.Set("iss", "https://evil.example") } },
		"another code":            func() { s.provider.Answer = func(q url.Values) { q.Set("code", "x") } },
		"denied":                  func() { s.provider.Answer = func(q url.Values) { q.Del("code"); q.Set("error", "access_denied") } },
	} {
		s.provider.Token, s.provider.Sign, s.provider.Answer = nil, nil, nil
		bad()
		if end, session := s.walk(); end != "/signin#failed=provider_refused" || session != nil {
			t.Errorf("%s: %s %v", name, end, session)
		}
	}
	s.provider.Token, s.provider.Sign, s.provider.Answer = nil, nil, nil
	resp, _ := s.raw("GET", "/api/v1/session/oidc/callback?code=x&state=x", "", "Authorization", "")
	if resp.Request.URL.Fragment != "failed=provider_refused" {
		t.Errorf("without having begun: %s", resp.Request.URL)
	}
	for _, canary := range []string{oidctest.ClientSecret, "canary-oidc-access-token"} {
		if strings.Contains(s.log.String(), canary) {
			t.Errorf("the log has %s", canary)
		}
	}
	wrong := oidc.New(oidc.Config{Issuer: s.provider.URL + "/", ClientID: oidctest.ClientID})
	if _, _, err := wrong.Begin(t.Context(), "http://x"); bursar.CodeOf(err) != bursar.Unavailable {
		t.Errorf("an issuer that is spelled in another way: %v", err)
	}
}

func TestWhomAProviderSpeaksOf(t *testing.T) {
	s := startSignOn(t)
	w := s.owns() // Olga has a password, and her role from bursar
	s.provider.Claims = map[string]any{"sub": "olga", "email": "olga@example.com", "email_verified": false, "groups": []string{"everybody"}}
	if end, _ := s.walk(); end != "/signin#failed=email_unverified" {
		t.Errorf("an address that is not verified: %s", end)
	}
	s.provider.Claims["email_verified"] = "true"
	_, session := s.walk()
	if me := s.me(session); me["role"] != "owner" || me["id"] != w.must(200, "GET", "/api/v1/me", "")["id"] {
		t.Errorf("a role that bursar gave is gone: %v", me)
	}
	s.provider.Claims["sub"] = "somebody else who has the address now"
	if end, session := s.walk(); end != "/signin#failed=email_taken" || session != nil {
		t.Errorf("an inherited address: %s", end)
	}
	s.provider.Claims = map[string]any{"sub": "new", "email": "new@example.com", "email_verified": true, "groups": []string{"strangers"}}
	if end, _ := s.walk(); end != "/signin#failed=no_workspace" {
		t.Errorf("a stranger: %s", end)
	}
	s.view(func(tx *store.Tx) error {
		if _, err := tx.UserByEmail("new@example.com"); bursar.CodeOf(err) != bursar.NotFound {
			t.Errorf("a stranger is kept: %v", err)
		}
		return nil
	})
}

func TestAnInvitationIsAcceptedWithoutAPassword(t *testing.T) {
	s := startSignOn(t)
	_, session := s.walk()
	ann := &browser{s.bench, session.Name + "=" + session.Value}
	customer := s.workspace("Customer")
	var hers, another bursar.Secret
	in(s.bench, func(tx *store.Tx) (err error) {
		if another, _, err = auth.Invite(tx, customer, "bob@example.com", auth.Owner); err != nil {
			return err
		}
		hers, _, err = auth.Invite(tx, customer, "ann@example.com", auth.Member)
		return err
	})
	if resp, got := ann.send("POST", "/api/v1/invitation/accept", `{"token":"`+another.Reveal()+`"}`); resp.StatusCode != 404 || problem(t, resp, got).Reason != "invitation_gone" {
		t.Errorf("another's invitation: %d %s", resp.StatusCode, got)
	}
	if me := ann.must(200, "POST", "/api/v1/invitation/accept", `{"token":"`+hers.Reveal()+`"}`); me["role"] != "member" || me["workspace"].(map[string]any)["id"] != customer || len(me["others"].([]any)) != 1 {
		t.Errorf("%v", me)
	}
	if me := ann.must(200, "GET", "/api/v1/me", ""); me["workspace"].(map[string]any)["id"] != customer {
		t.Errorf("%v", me)
	}
	nobody := &browser{bench: s.bench}
	if resp, got := nobody.send("POST", "/api/v1/invitation/accept", `{"token":"`+another.Reveal()+`","name":"Bob"}`); resp.StatusCode != 422 || problem(t, resp, got).Reason != "password_too_short" {
		t.Errorf("without a session and a password: %d %s", resp.StatusCode, got)
	}
	s.view(func(tx *store.Tx) error {
		log, err := tx.AuditEntries(customer, store.AuditFilter{Actor: "ann@example.com"}, 0, 1)
		if len(log) != 1 || log[0].Action != "acceptInvitation" || log[0].Actor.Kind != bursar.ActorUser {
			t.Errorf("%+v", log)
		}
		return err
	})
}
