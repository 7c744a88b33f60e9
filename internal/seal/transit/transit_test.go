package transit_test

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/seal"
	"github.com/bursarhq/bursar/internal/seal/sealtest"
	"github.com/bursarhq/bursar/internal/seal/transit"
	"github.com/bursarhq/bursar/internal/seal/transit/transittest"
)

func start(t *testing.T, key string) (*transit.Wrapper, *transittest.Server, *httptest.Server) {
	t.Helper()
	vault := transittest.New("kv/transit/" + key)
	srv := httptest.NewServer(vault)
	t.Cleanup(srv.Close)
	w, err := transit.New(transit.Config{Addr: srv.URL, Mount: "kv/transit/", Key: key, Token: bursar.NewSecret(vault.Token), Namespace: "team"})
	if err != nil {
		t.Fatal(err)
	}
	return w, vault, srv
}

func TestSuite(t *testing.T) {
	sealtest.Run(t, func(t *testing.T) seal.Wrapper { w, _, _ := start(t, "bursar"); return w }, func(t *testing.T) seal.Wrapper { w, _, _ := start(t, "another"); return w })
}

func TestVersionsOfAKey(t *testing.T) {
	w, vault, _ := start(t, "bursar")
	wrapped, id, err := w.Wrap(t.Context(), make([]byte, 32), sealtest.At)
	if err != nil || id != "transit:kv/transit/bursar:v1" {
		t.Fatal(id, err)
	}
	vault.Rotate("kv/transit/bursar")
	if _, id, err = w.Wrap(t.Context(), make([]byte, 32), sealtest.At); err != nil || id != "transit:kv/transit/bursar:v2" {
		t.Error(id, err)
	}
	if got, err := w.Unwrap(t.Context(), "transit:kv/transit/bursar:v1", wrapped, sealtest.At); err != nil || len(got) != 32 {
		t.Errorf("the old version: %v", err)
	}
}

func TestWhatTransitRefuses(t *testing.T) {
	w, vault, srv := start(t, "bursar")
	wrapped, id, err := w.Wrap(t.Context(), make([]byte, 32), sealtest.At)
	if err != nil {
		t.Fatal(err)
	}
	unwrap := func() error { _, err := w.Unwrap(t.Context(), id, wrapped, sealtest.At); return err }
	set := func(change func()) { vault.Lock(); defer vault.Unlock(); change() }
	for _, c := range []struct {
		name       string
		do, undo   func()
		code       bursar.Code
		missingKey bool
	}{
		{"a denied token", func() { vault.Denied = true }, func() { vault.Denied = false }, bursar.Conflict, false},
		{"an ended token", func() { vault.Token = "hvs.other" }, func() { vault.Token = "hvs.test" }, bursar.Conflict, false},
		{"a sealed server", func() { vault.Sealed = true }, func() { vault.Sealed = false }, bursar.Unavailable, false},
		{"no key", func() { vault.Keys["x"] = vault.Keys["kv/transit/bursar"]; delete(vault.Keys, "kv/transit/bursar") }, func() { vault.Keys["kv/transit/bursar"] = vault.Keys["x"] }, bursar.Conflict, true},
	} {
		set(c.do)
		err := unwrap()
		if bursar.CodeOf(err) != c.code || seal.IsUnreadable(err) || seal.IsMissingKey(err) != c.missingKey || strings.Contains(err.Error(), "hvs.") {
			t.Errorf("%s: %v", c.name, err)
		}
		set(c.undo)
		if err := unwrap(); err != nil {
			t.Errorf("after %s: %v", c.name, err)
		}
	}
	srv.Close()
	if err := unwrap(); bursar.CodeOf(err) != bursar.Unavailable {
		t.Errorf("without a server: %v", err)
	}
}

func TestTokensAreRenewed(t *testing.T) {
	w, vault, _ := start(t, "bursar")
	if again, err := w.Renew(t.Context()); again != 0 || err != nil {
		t.Errorf("one that does not end: %s, %v", again, err)
	}
	vault.Lock()
	vault.TTL = 3600
	vault.Unlock()
	if _, err := w.Renew(t.Context()); bursar.CodeOf(err) != bursar.Conflict {
		t.Errorf("one that cannot be renewed: %v", err)
	}
	vault.Lock()
	vault.Renewable = true
	vault.Unlock()
	if again, err := w.Renew(t.Context()); again != 30*time.Minute || err != nil || vault.Renewed != 1 {
		t.Errorf("again in %s, %v, renewed %d times", again, err, vault.Renewed)
	}
}

func TestSettings(t *testing.T) {
	good := transit.Config{Addr: "https://vault.example.com:8200", Key: "bursar", Token: bursar.NewSecret("t")}
	for name, change := range map[string]func(*transit.Config){
		"address": func(c *transit.Config) { c.Addr = "vault:8200" }, "password in it": func(c *transit.Config) { c.Addr = "https://a:b@vault" }, "mount": func(c *transit.Config) { c.Mount = "a/../sys" },
		"key": func(c *transit.Config) { c.Key = "a/b" }, "no key": func(c *transit.Config) { c.Key = "" }, "no token": func(c *transit.Config) { c.Token = bursar.Secret{} },
	} {
		c := good
		change(&c)
		if _, err := transit.New(c); bursar.CodeOf(err) != bursar.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if w, err := transit.New(good); err != nil || w.KeyID() != "transit:transit/bursar" {
		t.Error(w, err)
	}
}
