package local_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/seal"
	"github.com/bursarhq/bursar/internal/seal/local"
	"github.com/bursarhq/bursar/internal/seal/sealtest"
)

var t0 = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func create(t *testing.T) *local.Keyring {
	t.Helper()
	k, err := local.Create(filepath.Join(t.TempDir(), "keyring"), t0)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestSuite(t *testing.T) {
	open := func(t *testing.T) seal.Wrapper { return create(t) }
	sealtest.Run(t, open, open)
}

func TestTheFileIsItsOwnersAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keyring")
	if _, err := local.Open(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a keyring that is not there answers %v", err)
	}
	if _, err := local.Create(path, t0); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, error %v: want 0600", info.Mode(), err)
	}
	before, _ := os.ReadFile(path)
	if _, err := local.Create(path, t0); !errors.Is(err, fs.ErrExist) {
		t.Errorf("creating it again answers %v, want that it exists", err)
	}
	if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
		t.Error("creating it again has changed it")
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	wantReason(t, path, "keyring_exposed")
}

func wantReason(t *testing.T, path, reason string) {
	t.Helper()
	_, err := local.Open(path)
	var e *bursar.Error
	if !errors.As(err, &e) || e.Reason != reason || e.Hint == "" {
		t.Errorf("opening answers %v, want the reason %s and a hint", err, reason)
	}
}

func TestDamagedFilesAreRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keyring")
	if _, err := local.Create(path, t0); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var doc map[string]any
	if err := json.Unmarshal(whole, &doc); err != nil {
		t.Fatal(err)
	}
	doc["primary"] = "another"
	lost, _ := json.Marshal(doc)
	for _, bad := range [][]byte{{}, whole[:len(whole)/2], lost, bytes.Replace(whole, []byte(`"version": 1`), []byte(`"version": 2`), 1), []byte("null")} {
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		wantReason(t, path, "keyring_malformed")
	}
}

func TestRotateKeepsOldKeys(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keyring")
	k, err := local.Create(path, t0)
	if err != nil {
		t.Fatal(err)
	}
	old := k.KeyID()
	sealed, err := seal.New(k).Seal(t.Context(), sealtest.At, bursar.NewSecret("text"))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second, with the same beginning, finds nothing left to do
		if err := k.Rotate(t0.Add(time.Hour), t0.Add(2*time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	again, err := local.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if keys := again.Keys(); len(keys) != 2 || keys[0].ID != old || keys[0].Primary || !keys[1].Primary || again.KeyID() == old || again.KeyID() != k.KeyID() {
		t.Errorf("keys after the rotation: %+v, in use %s", keys, again.KeyID())
	}
	if got, err := seal.New(again).Open(t.Context(), sealtest.At, sealed); err != nil || got.Reveal() != "text" {
		t.Errorf("what the old key sealed does not open: %v", err)
	}
	if err := again.Forget(again.KeyID()); bursar.CodeOf(err) != bursar.Conflict {
		t.Errorf("forgetting the key in use answers %v", err)
	}
	if err := again.Forget(old); err != nil || again.Has(old) {
		t.Errorf("the old key is not forgotten: %v", err)
	}
	if _, err := seal.New(again).Open(t.Context(), sealtest.At, sealed); !seal.IsMissingKey(err) {
		t.Errorf("without its key a secret answers %v", err)
	}
}
