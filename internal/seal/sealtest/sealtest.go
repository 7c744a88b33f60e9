// Package sealtest is the suite that every wrapper of data keys passes.
package sealtest

import (
	"bytes"
	"crypto/rand"
	"strings"
	"sync"
	"testing"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/seal"
)

// At is a scope to test with.
var At = seal.Scope{Workspace: "ws_one", Owner: "crd_one", Field: "access_key", Version: 1}

// Run proves that a wrapper keeps its promises. open gives one that is new and has a key; other gives one of the same kind with another key.
func Run(t *testing.T, open, other func(t *testing.T) seal.Wrapper) {
	t.Run("WrapAndUnwrap", func(t *testing.T) { wrapAndUnwrap(t, open(t)) })
	t.Run("BoundToItsScope", func(t *testing.T) { boundToItsScope(t, open(t)) })
	t.Run("ChangedDoesNotUnwrap", func(t *testing.T) { changedDoesNotUnwrap(t, open(t)) })
	t.Run("AnotherKeyDoesNotUnwrap", func(t *testing.T) { anotherKeyDoesNotUnwrap(t, open(t), other(t)) })
	t.Run("ManyAtOnce", func(t *testing.T) { manyAtOnce(t, open(t)) })
	t.Run("Seal", func(t *testing.T) { sealAndOpen(t, seal.New(open(t))) })
	t.Run("RewrapMovesToAnotherKey", func(t *testing.T) { rewrap(t, open(t), other(t)) })
}

// Others are scopes that differ from At in one part each.
func Others() map[string]seal.Scope {
	out := map[string]seal.Scope{"workspace": At, "owner": At, "field": At, "version": At, "shifted": {Workspace: "ws_on", Owner: "ecrd_one", Field: At.Field, Version: 1}}
	for name, change := range map[string]func(*seal.Scope){
		"workspace": func(s *seal.Scope) { s.Workspace = "ws_two" }, "owner": func(s *seal.Scope) { s.Owner = "crd_two" },
		"field": func(s *seal.Scope) { s.Field = "password" }, "version": func(s *seal.Scope) { s.Version = 2 },
	} {
		s := out[name]
		change(&s)
		out[name] = s
	}
	return out
}

func dataKey(t *testing.T) []byte {
	t.Helper()
	k := make([]byte, seal.KeySize)
	if _, err := rand.Read(k); err != nil {
		t.Fatal(err)
	}
	return k
}

func wrap(t *testing.T, w seal.Wrapper, key []byte) ([]byte, string) {
	t.Helper()
	wrapped, id, err := w.Wrap(t.Context(), key, At)
	if err != nil {
		t.Fatal(err)
	}
	return wrapped, id
}

func wrapAndUnwrap(t *testing.T, w seal.Wrapper) {
	key := dataKey(t)
	wrapped, id := wrap(t, w, key)
	if !strings.HasPrefix(id, w.Kind()+":") || !strings.HasPrefix(w.KeyID(), w.Kind()+":") {
		t.Errorf("key id %q, in use %q: want both to begin with %q", id, w.KeyID(), w.Kind())
	}
	if bytes.Contains(wrapped, key) {
		t.Error("the wrapped key holds the key itself")
	}
	again, _ := wrap(t, w, key)
	if bytes.Equal(again, wrapped) {
		t.Error("wrapping twice gave the same: no fresh nonce")
	}
	got, err := w.Unwrap(t.Context(), id, wrapped, At)
	if err != nil || !bytes.Equal(got, key) {
		t.Fatalf("unwrapped to another key, error %v", err)
	}
}

func boundToItsScope(t *testing.T, w seal.Wrapper) {
	wrapped, id := wrap(t, w, dataKey(t))
	for name, at := range Others() {
		if _, err := w.Unwrap(t.Context(), id, wrapped, at); !seal.IsUnreadable(err) {
			t.Errorf("with another %s it answers %v, want secret_unreadable", name, err)
		}
	}
}

func changedDoesNotUnwrap(t *testing.T, w seal.Wrapper) {
	wrapped, id := wrap(t, w, dataKey(t))
	for _, bad := range [][]byte{nil, {}, wrapped[:len(wrapped)-1], flipped(wrapped, len(wrapped)/2), flipped(wrapped, len(wrapped)-1)} {
		if _, err := w.Unwrap(t.Context(), id, bad, At); !seal.IsUnreadable(err) {
			t.Errorf("%d changed bytes of %d: answers %v, want secret_unreadable", len(bad), len(wrapped), err)
		}
	}
}

// flipped changes one byte, staying within the letters of base64 where the wrapped key is text.
func flipped(b []byte, at int) []byte {
	out := bytes.Clone(b)
	if out[at] == 'A' {
		out[at] = 'B'
	} else {
		out[at] = 'A'
	}
	return out
}

func anotherKeyDoesNotUnwrap(t *testing.T, w, other seal.Wrapper) {
	wrapped, id := wrap(t, w, dataKey(t))
	if _, err := other.Unwrap(t.Context(), id, wrapped, At); !seal.IsMissingKey(err) {
		t.Errorf("a wrapper without the key answers %v, want sealing_key_missing", err)
	}
	if _, err := other.Unwrap(t.Context(), other.KeyID(), wrapped, At); !seal.IsUnreadable(err) && !seal.IsMissingKey(err) {
		t.Errorf("with another key it answers %v", err)
	}
}

func manyAtOnce(t *testing.T, w seal.Wrapper) {
	var wg sync.WaitGroup
	for range 8 {
		key := dataKey(t)
		wg.Go(func() {
			wrapped, id, err := w.Wrap(t.Context(), key, At)
			if err != nil {
				t.Error(err)
				return
			}
			if got, err := w.Unwrap(t.Context(), id, wrapped, At); err != nil || !bytes.Equal(got, key) {
				t.Errorf("unwrapped to another key, error %v", err)
			}
		})
	}
	wg.Wait()
}

func sealAndOpen(t *testing.T, s *seal.Sealer) {
	const canary = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYCANARYKEY0"
	sealed, err := s.Seal(t.Context(), At, bursar.NewSecret(canary))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(sealed, []byte(canary)) {
		t.Fatal("what is sealed can be read")
	}
	got, err := s.Open(t.Context(), At, sealed)
	if err != nil || got.Reveal() != canary {
		t.Fatalf("opened to another text, error %v", err)
	}
	for name, at := range Others() {
		if _, err := s.Open(t.Context(), at, sealed); !seal.IsUnreadable(err) {
			t.Errorf("with another %s it answers %v, want secret_unreadable", name, err)
		}
	}
}

func rewrap(t *testing.T, w, other seal.Wrapper) {
	const text = "a secret that stays"
	before, err := seal.New(w).Seal(t.Context(), At, bursar.NewSecret(text))
	if err != nil {
		t.Fatal(err)
	}
	if w.KeyID() == other.KeyID() {
		t.Fatal("the other wrapper has the same key")
	}
	both := seal.New(renamed{other}, w)
	after, err := both.Rewrap(t.Context(), At, before)
	if err != nil {
		t.Fatal(err)
	}
	if id, err := after.KeyID(); err != nil || !strings.HasPrefix(id, "other:"+other.KeyID()) { // a version may follow
		t.Errorf("rewrapped it names %q (%v), want %q", id, err, other.KeyID())
	}
	for _, sealed := range []seal.Sealed{before, after} {
		if got, err := both.Open(t.Context(), At, sealed); err != nil || got.Reveal() != text {
			t.Errorf("opened to another text, error %v", err)
		}
	}
}
