package seal_test

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/seal"
	"github.com/bursarhq/bursar/internal/seal/local"
	"github.com/bursarhq/bursar/internal/seal/sealtest"
)

// vector was made by another implementation of AES-GCM, from the form that [seal.Sealed] documents.
type vector struct {
	Workspace, Owner, Field string
	Version                 int
	KeyID                   string `json:"key_id"`
	Text                    string
	Sealed                  string // hexadecimal
}

func known(t *testing.T) (*local.Keyring, []vector) {
	t.Helper()
	body, err := os.ReadFile(filepath.Join("testdata", "vectors.json"))
	if err != nil {
		t.Fatal(err)
	}
	var all struct {
		Keyring json.RawMessage
		Vectors []vector
	}
	if err := json.Unmarshal(body, &all); err != nil || len(all.Vectors) < 4 {
		t.Fatalf("%d vectors, error %v", len(all.Vectors), err)
	}
	path := filepath.Join(t.TempDir(), "keyring")
	if err := os.WriteFile(path, all.Keyring, 0o600); err != nil {
		t.Fatal(err)
	}
	k, err := local.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return k, all.Vectors
}

func TestKnownAnswers(t *testing.T) {
	k, vectors := known(t)
	s := seal.New(k)
	for _, v := range vectors {
		raw, err := hex.DecodeString(v.Sealed)
		if err != nil {
			t.Fatal(err)
		}
		at := seal.Scope{Workspace: v.Workspace, Owner: v.Owner, Field: v.Field, Version: v.Version}
		got, err := s.Open(t.Context(), at, raw)
		if err != nil || got.Reveal() != v.Text {
			t.Errorf("%s does not open to its text: %v", v.Owner, err)
		}
		if id, err := seal.Sealed(raw).KeyID(); err != nil || id != v.KeyID {
			t.Errorf("%s names the key %q (%v), want %q", v.Owner, id, err, v.KeyID)
		}
		moved, err := s.Rewrap(t.Context(), at, raw)
		if err != nil {
			t.Fatal(err)
		}
		if id, _ := moved.KeyID(); id != "local:vector000002" {
			t.Errorf("rewrapped, %s names the key %q", v.Owner, id)
		}
		if got, err := s.Open(t.Context(), at, moved); err != nil || got.Reveal() != v.Text {
			t.Errorf("rewrapped, %s does not open to its text: %v", v.Owner, err)
		}
	}
}

// TestEveryChangedByteIsNoticed changes each byte of a known answer in turn.
func TestEveryChangedByteIsNoticed(t *testing.T) {
	k, vectors := known(t)
	s, v := seal.New(k), vectors[0]
	raw, err := hex.DecodeString(v.Sealed)
	if err != nil {
		t.Fatal(err)
	}
	at := seal.Scope{Workspace: v.Workspace, Owner: v.Owner, Field: v.Field, Version: v.Version}
	for i := range raw {
		raw[i] ^= 1
		if _, err := s.Open(t.Context(), at, raw); !seal.IsUnreadable(err) && !seal.IsMissingKey(err) {
			t.Errorf("with byte %d changed it answers %v", i, err)
		}
		raw[i] ^= 1
		if _, err := s.Open(t.Context(), at, raw[:i]); !seal.IsUnreadable(err) && !seal.IsMissingKey(err) {
			t.Errorf("cut after %d bytes it answers %v", i, err)
		}
	}
}

func FuzzOpen(f *testing.F) {
	f.Add([]byte{1, 0, 1, 'a', 0, 1, 'b', 0, 0})
	k, err := local.Create(filepath.Join(f.TempDir(), "keyring"), time.Unix(0, 0))
	if err != nil {
		f.Fatal(err)
	}
	s := seal.New(k)
	f.Fuzz(func(t *testing.T, raw []byte) {
		if _, err := s.Open(t.Context(), sealtest.At, raw); !seal.IsUnreadable(err) && !seal.IsMissingKey(err) {
			t.Errorf("answers %v", err)
		}
	})
}

func TestNothingIsSealedForNoPlace(t *testing.T) {
	k, _ := known(t)
	for _, at := range []seal.Scope{{}, {Workspace: "ws", Owner: "crd", Field: "f"}, {Owner: "crd", Field: "f", Version: 1}, {Workspace: "ws", Field: "f", Version: 1}, {Workspace: "ws", Owner: "crd", Version: 1}} {
		if _, err := seal.New(k).Seal(t.Context(), at, bursar.NewSecret("x")); bursar.CodeOf(err) != bursar.Internal {
			t.Errorf("%+v answers %v", at, err)
		}
	}
	if _, err := seal.New(k).Seal(t.Context(), sealtest.At, bursar.Secret{}); bursar.CodeOf(err) != bursar.Internal {
		t.Errorf("an empty secret answers %v", err)
	}
}
