// Package oidctest is an OpenID provider over real HTTP, for tests: discovery, keys, authorization with PKCE, tokens. It signs in whoever the
// test says, at once, and can be told to misbehave.
package oidctest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// The client that the provider knows.
const (
	ClientID     = "bursar"
	ClientSecret = "canary-oidc-client-secret"
)

// Provider is the identity provider. Its fields may be set between two sign-ins.
type Provider struct {
	URL    string                                             // the issuer
	Claims map[string]any                                     // of whoever signs in: sub, email, email_verified, name, groups
	Answer func(q url.Values)                                 // changes what the browser is sent back with
	Token  func(claims map[string]any)                        // changes the ID token before it is signed
	Sign   func(claims map[string]any) (token string, _ bool) // makes the whole ID token instead
	Now    func() time.Time

	key   *ecdsa.PrivateKey
	mu    sync.Mutex
	codes map[string]grant
}

type grant struct{ redirect, challenge, nonce string }

// Start runs a provider until the test ends.
func Start(t testing.TB) *Provider {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p := &Provider{key: key, codes: map[string]grant{}, Now: time.Now}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", p.discovery)
	mux.HandleFunc("GET /keys", p.keys)
	mux.HandleFunc("GET /authorize", p.authorize)
	mux.HandleFunc("POST /token", p.token)
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	p.URL = srv.URL
	return p
}

func write(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the test has gone when it fails
}

func (p *Provider) discovery(w http.ResponseWriter, _ *http.Request) {
	write(w, http.StatusOK, map[string]any{
		"issuer": p.URL, "authorization_endpoint": p.URL + "/authorize", "token_endpoint": p.URL + "/token", "jwks_uri": p.URL + "/keys",
		"response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"}, "id_token_signing_alg_values_supported": []string{"ES256"},
		"code_challenge_methods_supported": []string{"S256"}, "authorization_response_iss_parameter_supported": true,
	})
}

func (p *Provider) keys(w http.ResponseWriter, _ *http.Request) {
	write(w, http.StatusOK, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: p.key.Public(), KeyID: "one", Algorithm: "ES256", Use: "sig"}}})
}

// authorize sends the browser back with a code, which is good once.
func (p *Provider) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if q.Get("client_id") != ClientID || q.Get("response_type") != "code" || q.Get("code_challenge_method") != "S256" || q.Get("code_challenge") == "" || q.Get("nonce") == "" || q.Get("state") == "" {
		http.Error(w, "not as it must be: "+r.URL.RawQuery, http.StatusBadRequest)
		return
	}
	code := rand.Text()
	p.mu.Lock()
	p.codes[code] = grant{q.Get("redirect_uri"), q.Get("code_challenge"), q.Get("nonce")}
	p.mu.Unlock()
	back := url.Values{"code": {code}, "state": {q.Get("state")}, "iss": {p.URL}, "session_state": {"whatever"}}
	if p.Answer != nil {
		p.Answer(back)
	}
	http.Redirect(w, r, q.Get("redirect_uri")+"?"+back.Encode(), http.StatusFound)
}

// token honours a code: of this client, for this address, with the verifier that its challenge was made from.
func (p *Provider) token(w http.ResponseWriter, r *http.Request) {
	id, secret, ok := r.BasicAuth()
	if !ok {
		id, secret = r.PostFormValue("client_id"), r.PostFormValue("client_secret")
	}
	p.mu.Lock()
	g, known := p.codes[r.PostFormValue("code")]
	delete(p.codes, r.PostFormValue("code"))
	p.mu.Unlock()
	sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	switch {
	case id != ClientID || secret != ClientSecret:
		write(w, http.StatusUnauthorized, map[string]string{"error": "invalid_client"})
	case !known || g.redirect != r.PostFormValue("redirect_uri") || g.challenge != base64.RawURLEncoding.EncodeToString(sum[:]):
		write(w, http.StatusBadRequest, map[string]string{"error": "invalid_grant"})
	default:
		write(w, http.StatusOK, map[string]any{"access_token": "canary-oidc-access-token", "token_type": "Bearer", "id_token": p.idToken(g.nonce)})
	}
}

func (p *Provider) idToken(nonce string) string {
	claims := map[string]any{"iss": p.URL, "aud": ClientID, "exp": p.Now().Add(time.Minute).Unix(), "iat": p.Now().Unix(), "nonce": nonce}
	for k, v := range p.Claims {
		claims[k] = v
	}
	if p.Token != nil {
		p.Token(claims)
	}
	if p.Sign != nil {
		if token, ok := p.Sign(claims); ok {
			return token
		}
	}
	return SignedWith(p.key, claims)
}

// SignedWith makes an ID token with any key, under the name of the provider's.
func SignedWith(key *ecdsa.PrivateKey, claims map[string]any) string {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: key, KeyID: "one"}}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		panic(err) // a key of another kind
	}
	token, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		panic(err)
	}
	return token
}
