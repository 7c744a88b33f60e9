package api_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/client"
	"github.com/bursarhq/bursar/internal/api"
	"github.com/bursarhq/bursar/internal/auth"
)

// canaries are secrets by name, each with the one kind of answer that it may stand in.
type canaries struct {
	*bench
	secrets map[string]string
	answers strings.Builder // everything that was answered, save where a secret is handed out
}

func (c *canaries) look(w *browser, method, path, body string) map[string]any {
	c.Helper()
	resp, got := w.send(method, path, body)
	fmt.Fprintf(&c.answers, "%s %s: %s %v\n", method, path, got, resp.Header.Values("Location"))
	var out map[string]any
	_ = json.Unmarshal([]byte(got), &out) // what is no object is searched as it is
	return out
}

// TestNoSecretIsKeptOrTold leads canaries through sign-in, invitations, keys, refusals and mistakes, and looks for them in the log, in every file of
// the database, and in every answer.
func TestNoSecretIsKeptOrTold(t *testing.T) {
	c := &canaries{bench: start(t), secrets: map[string]string{}}
	w := c.owns()
	c.secrets["password"], c.secrets["owner's key"], c.secrets["set-up link"], c.secrets["session"] = password, c.owner.Reveal(), c.setup.Reveal(), cookieValue(w)

	made, err := c.client(c.owner).AddKey(t.Context(), client.NewKey{Name: "canary", Role: "viewer"})
	if err != nil {
		t.Fatal(err)
	}
	c.secrets["key"] = made.Key
	account := c.add(c.client(c.owner), "012345678901", "payer")
	c.secrets["external id"] = account.ExternalID
	c.secrets["password of a database"] = "canary of the warehouse"
	c.look(w, "POST", "/api/v1/destinations", `{"name":"warehouse","kind":"postgres","target":{"host":"127.0.0.1","database":"d","user":"u"},"secret":"canary of the warehouse"}`)
	c.look(w, "POST", "/api/v1/destinations/warehouse/check", "")
	c.look(w, "GET", "/api/v1/destinations", "")
	invited := w.must(201, "POST", "/api/v1/invitations", `{"email":"bob@example.com","role":"auditor"}`)
	_, token, _ := strings.Cut(invited["link"].(string), "#")
	c.secrets["invitation"] = token
	bob := &browser{bench: c.bench}
	c.look(bob, "POST", "/api/v1/invitation/look", `{"token":"`+token+`"}`)
	c.look(bob, "POST", "/api/v1/invitation/accept", `{"token":"`+token+`","name":"Bob","password":"canary of Bob's own"}`)
	c.secrets["Bob's password"], c.secrets["Bob's session"] = "canary of Bob's own", cookieValue(bob)
	c.look(bob, "PUT", "/api/v1/me/password", `{"current":"canary of Bob's own","password":"canary number two"}`)
	c.secrets["Bob's new password"] = "canary number two"
	c.mistakes(bob)
	for _, path := range c.readable(account.ID) {
		c.look(bob, "GET", path, "") // an auditor: sees no external ids
	}
	for _, path := range []string{"/api/v1/keys", "/api/v1/users", "/api/v1/invitations", "/api/v1/audit?limit=200", "/api/v1/audit/export", "/api/v1/me/sessions"} {
		c.look(w, "GET", path, "")
	}
	c.search("the log", c.log.String())
	c.search("an answer", c.answers.String())
	c.searchFiles()
}

func cookieValue(w *browser) string {
	_, v, _ := strings.Cut(w.cookie, "=")
	return v
}

// mistakes are what people and programs do wrong with a secret in hand.
func (c *canaries) mistakes(w *browser) {
	c.Helper()
	key := c.secrets["key"]
	for _, r := range [][3]string{
		{"POST", "/api/v1/session", `{"email":"bob@example.com","password":"` + password + `"}`},
		{"POST", "/api/v1/session", `{"email":"` + password + `","password":"bob@example.com"}`},
		{"POST", "/api/v1/session", `{"email":7,"password":["` + password + `"]}`},
		{"POST", "/api/v1/session", `{"email":"bob@example.com","password":"` + password + `"`},
		{"POST", "/api/v1/session", `{"email":"x@example.com","password":"x","extra":"` + password + `"}`},
		{"POST", "/api/v1/invitation/accept", `{"token":"` + c.secrets["invitation"] + `","password":"` + password + `"}`},
		{"PUT", "/api/v1/me/password", `{"current":"` + password + `","password":"short"}`},
		{"GET", "/api/v1/accounts?key=" + key, ""},
		{"GET", "/api/v1/keys/" + key, ""},
		{"DELETE", "/api/v1/keys/" + key, ""},
		{"POST", "/api/v1/keys", `{"name":"x","role":"` + key + `"}`},
		{"POST", "/api/v1/accounts", `{"account_id":"123456789012","name":"x","external_id":"` + c.secrets["external id"] + `"}`},
	} {
		resp, got := w.send(r[0], r[1], r[2])
		if resp.StatusCode < 400 || resp.StatusCode >= 500 {
			c.Errorf("%s %s: %d %s", r[0], r[1], resp.StatusCode, got)
		}
		if !strings.Contains(r[1], key) { // a caller's own path may come back to them
			fmt.Fprintln(&c.answers, got)
		}
	}
}

// readable are the routes that change nothing, with ids that exist.
func (c *canaries) readable(account string) (out []string) {
	for _, op := range c.operations() {
		if path, get := strings.CutPrefix(op, "GET "); get {
			out = append(out, strings.NewReplacer("{account}", account, "{workspace}", c.ws).Replace(path))
		}
	}
	return out
}

func (c *canaries) search(where, text string) {
	c.Helper()
	for name, secret := range c.secrets {
		inner := secret
		if strings.HasPrefix(secret, "bu") && len(secret) > 40 {
			inner = secret[len(secret)-40:] // not even a part of it
		}
		if i := strings.Index(text, inner); i >= 0 {
			c.Errorf("%s has the %s: …%.200s", where, name, text[max(0, i-100):])
		}
	}
}

// searchFiles looks into every file of the database. An external id belongs there: customers' roles ask for it.
func (c *canaries) searchFiles() {
	c.Helper()
	delete(c.secrets, "external id")
	files, err := filepath.Glob(filepath.Join(c.dir, "*"))
	if err != nil || len(files) < 2 {
		c.Fatalf("%q %v", files, err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			c.Fatal(err)
		}
		c.search(filepath.Base(f), string(b))
	}
}

// TestAPanicTellsNoSecret has a handler break with a key and an external id in its hands.
func TestAPanicTellsNoSecret(t *testing.T) {
	c := &canaries{bench: start(t), secrets: map[string]string{}}
	c.secrets["key"] = c.owner.Reveal()
	c.secrets["external id"] = c.add(c.client(c.owner), "012345678901", "payer").ExternalID
	resp, got := c.raw("POST", "/api/v1/sql", `{"sql":"panics with `+c.secrets["key"]+" and "+c.secrets["external id"]+`"}`)
	if resp.StatusCode != 500 || !strings.Contains(c.log.String(), "near a secret: panics with [redacted] and [redacted]") {
		t.Errorf("%d %s\n%s", resp.StatusCode, got, c.log)
	}
	c.search("the answer", got)
	c.search("the log", c.log.String())
}

// TestSecretsCannotBeMarshalled tries what a careless line of code would.
func TestSecretsCannotBeMarshalled(t *testing.T) {
	s := bursar.NewSecret("canary")
	for _, v := range []any{
		api.NewSession{Password: s},
		api.NewPassword{Current: s, Password: s},
		api.NewAcceptance{Token: s, Password: s},
		api.NewLook{Token: s},
		auth.Acceptance{Token: s, Password: s},
		auth.SignedIn{Token: s},
		auth.Begun{Key: s, Setup: s},
	} {
		b, err := json.Marshal(v)
		if text := string(b) + fmt.Sprintf("%v %+v %#v %s %x", v, v, v, v, v); err != nil || strings.Contains(text, "canary") || strings.Contains(text, "63616e617279") {
			t.Errorf("%T: %s %v", v, text, err)
		}
	}
}
