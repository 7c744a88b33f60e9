package api_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/client"
	"github.com/bursarhq/bursar/internal/auth"
	"github.com/bursarhq/bursar/internal/store"
)

// losing is a way to the server on which the answers to the first POSTs are lost, after the server has done what they ask for.
type losing struct {
	mu   sync.Mutex
	lose int
	how  func(http.ResponseWriter)
	keys []string
	done []int
}

func (l *losing) serve(b *bench) string {
	to, err := url.Parse(b.url)
	if err != nil {
		b.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(to)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			proxy.ServeHTTP(w, r)
			return
		}
		answered := httptest.NewRecorder()
		proxy.ServeHTTP(answered, r)
		l.mu.Lock()
		l.keys, l.done = append(l.keys, r.Header.Get("Idempotency-Key")), append(l.done, answered.Code)
		lose := l.lose > 0
		l.lose--
		l.mu.Unlock()
		if lose {
			l.how(w)
			return
		}
		for name, values := range answered.Header() {
			w.Header()[name] = values
		}
		w.WriteHeader(answered.Code)
		_, _ = io.Copy(w, answered.Body)
	}))
	b.Cleanup(srv.Close)
	return srv.URL
}

func (l *losing) client(b *bench) *client.Client {
	c, err := client.New(l.serve(b), client.WithToken(b.owner.Reveal()), client.WithPause(func(context.Context, int) error { return nil }))
	if err != nil {
		b.Fatal(err)
	}
	return c
}

// The way breaks off, a proxy gives up, half of the answer comes: each time the server has done it, and does it no second time.
func TestALostAnswerDoublesNothing(t *testing.T) {
	for name, how := range map[string]func(http.ResponseWriter){
		"broken off":    func(http.ResponseWriter) { panic(http.ErrAbortHandler) },
		"a proxy's 502": func(w http.ResponseWriter) { w.WriteHeader(502); _, _ = io.WriteString(w, "<html>bad gateway</html>") },
		"a proxy's 504": func(w http.ResponseWriter) { w.WriteHeader(504) },
		"half of it": func(w http.ResponseWriter) {
			w.Header().Set("Content-Length", "100")
			w.WriteHeader(201)
			_, _ = io.WriteString(w, `{"id":"a`)
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := start(t)
			way := &losing{lose: 2, how: how}
			k, err := way.client(b).AddKey(t.Context(), client.NewKey{Name: "robot", Role: "viewer"})
			if err != nil || !strings.HasPrefix(k.Key, "bur_") {
				t.Fatalf("%+v, %v", k, err)
			}
			if len(way.keys) != 3 || way.keys[0] == "" || way.keys[0] != way.keys[1] || way.keys[1] != way.keys[2] || !slices.Equal(way.done, []int{201, 201, 201}) {
				t.Errorf("attempts with the keys %q, answered %v", way.keys, way.done)
			}
			keys, err := b.client(b.owner).Keys(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			keys = slices.DeleteFunc(keys, func(k client.Key) bool { return k.Name != "robot" })
			if len(keys) != 1 || keys[0].ID != k.ID {
				t.Errorf("%d keys were made: %+v", len(keys), keys)
			}
		})
	}
}

func TestEachCallHasAKeyOfItsOwn(t *testing.T) {
	b := start(t)
	way := &losing{}
	c := way.client(b)
	for range 2 {
		if _, err := c.AddKey(t.Context(), client.NewKey{Name: "robot", Role: "viewer"}); err != nil {
			t.Fatal(err)
		}
	}
	own := client.WithIdempotencyKey(t.Context(), "mine")
	first, err := c.AddAccount(own, client.NewAccount{AccountID: "012345678901", Name: "payer"})
	if err != nil {
		t.Fatal(err)
	}
	again, err := c.AddAccount(own, client.NewAccount{AccountID: "012345678901", Name: "payer"})
	if err != nil || again.ID != first.ID || again.ExternalID != first.ExternalID {
		t.Errorf("%+v, %v", again, err)
	}
	if len(way.keys) != 4 || way.keys[0] == way.keys[1] || len(way.keys[0]) < 20 || way.keys[2] != "mine" || way.keys[3] != "mine" {
		t.Errorf("%q", way.keys)
	}
}

func TestTheClientChangesOnlyWhatItHasSeen(t *testing.T) {
	b := start(t)
	c := b.client(b.owner)
	a := b.add(c, "012345678901", "payer")
	seen := client.IfVersion(t.Context(), a.Version)
	first, err := c.RenameAccount(seen, a.ID, "first")
	if err != nil || first.Version != a.Version+1 {
		t.Fatalf("%+v, %v", first, err)
	}
	var e *client.Error
	if _, err := c.RenameAccount(seen, a.ID, "second"); !asClientError(err, &e) || e.Status != 412 || bursar.CodeOf(err) != bursar.Changed || e.Reason != "changed_meanwhile" {
		t.Errorf("renamed: %v", err)
	}
	target := "r-abcd"
	if _, err := c.ChangeSetup(seen, a.ID, client.NewSetup{TargetOrganizationID: &target}); !asClientError(err, &e) || e.Status != 412 {
		t.Errorf("set up: %v", err)
	}
	if _, err := c.RemoveAccount(seen, a.ID, false, ""); !asClientError(err, &e) || e.Status != 412 {
		t.Errorf("removed: %v", err)
	}
	if _, err := c.RemoveAccount(client.IfVersion(t.Context(), first.Version), a.ID, false, ""); err != nil {
		t.Errorf("removed: %v", err)
	}
}

// TestEveryPostTakesAKey sends each of them twice: the second time nothing more is written, and the answer is the same.
func TestEveryPostTakesAKey(t *testing.T) {
	m := startMatrix(t)
	by := m.callers(m.ws, auth.Owner)[0]
	described := m.described()
	for op, d := range described {
		if !strings.HasPrefix(op, "POST ") {
			continue
		}
		if !slices.ContainsFunc(d.Parameters, func(p parameter) bool { return p.Name == "Idempotency-Key" && p.In == "header" }) {
			t.Errorf("%s does not speak of Idempotency-Key", op)
		}
		method, path, body := m.request(op, by)
		header := append([]string{"Content-Type", "application/json", "Idempotency-Key", "key of " + op}, by.header...)
		if resp, text := m.raw(method, path, body, header...); !strings.HasPrefix(path, "/api/v1/sql") && (resp.StatusCode != 400 || problem(t, resp, text).Reason != "idempotency_key_malformed") {
			t.Errorf("%s takes a key with spaces: %d %s", op, resp.StatusCode, text)
		}
		header[3] = strings.ReplaceAll(header[3], " ", "-")
		first, text := m.raw(method, path, body, header...)
		lines := m.done()
		again, same := m.raw(method, path, body, header...)
		if first.StatusCode >= 300 || again.StatusCode != first.StatusCode || same != text {
			t.Errorf("%s: %d %.200s\nagain: %d %.200s", op, first.StatusCode, text, again.StatusCode, same)
		}
		if replayed := again.Header.Get("Idempotency-Replayed") == "true"; replayed == strings.HasPrefix(path, "/api/v1/sql") {
			t.Errorf("%s: replayed %v", op, replayed)
		}
		if now := m.done(); now != lines {
			t.Errorf("%s was done twice: %d lines more in the audit log", op, now-lines)
		}
	}
}

// done is how many changes the audit log has.
func (m *matrix) done() (n int) {
	m.Helper()
	m.view(func(tx *store.Tx) error {
		all, err := tx.AuditEntries(m.ws, store.AuditFilter{Outcome: bursar.OutcomeDone}, 0, 10_000)
		n = len(all)
		return err
	})
	return n
}

// What lets a caller in is in the body: another body is another request, and no refusal is kept.
func TestSigningInAgainWithTheSameKey(t *testing.T) {
	m := startMatrix(t)
	email, _ := m.person(m.ws, auth.Owner)
	wrong, right := `{"email":"`+email+`","password":"wrong password"}`, `{"email":"`+email+`","password":"`+password+`"}`
	for range 2 {
		if resp, text := m.post("/api/v1/session", "one", wrong, "Authorization", ""); resp.StatusCode != 401 || resp.Header.Get("Idempotency-Replayed") != "" {
			t.Errorf("%d %s", resp.StatusCode, text)
		}
	}
	first, _ := m.post("/api/v1/session", "one", right, "Authorization", "")
	again, _ := m.post("/api/v1/session", "one", right, "Authorization", "")
	cookie := first.Header.Get("Set-Cookie")
	if first.StatusCode != 200 || again.StatusCode != 200 || cookie == "" || again.Header.Get("Set-Cookie") != cookie {
		t.Errorf("%d %v, then %d %v", first.StatusCode, first.Header, again.StatusCode, again.Header)
	}
	if other, _ := m.post("/api/v1/session", "two", right, "Authorization", ""); other.StatusCode != 200 || other.Header.Get("Set-Cookie") == cookie {
		t.Errorf("another key: %d %v", other.StatusCode, other.Header)
	}
}
