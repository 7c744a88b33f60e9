package kind_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/job"
	"github.com/bursarhq/bursar/internal/job/kind"
	"github.com/bursarhq/bursar/internal/seal"
	"github.com/bursarhq/bursar/internal/seal/local"
	"github.com/bursarhq/bursar/internal/store"
)

func scopeOf(r store.Secret) seal.Scope {
	return seal.Scope{Workspace: r.WorkspaceID, Owner: r.Owner, Field: r.Field, Version: r.Version}
}

// failing is a keyring that ends the work after some wraps, as a crash would.
type failing struct {
	*local.Keyring
	wraps, most int
}

var errCrash = errors.New("the power is gone")

func (f *failing) Wrap(ctx context.Context, dataKey []byte, at seal.Scope) ([]byte, string, error) {
	if f.wraps++; f.wraps > f.most {
		return nil, "", errCrash
	}
	return f.Keyring.Wrap(ctx, dataKey, at)
}

// TestKeysRotateAndResume breaks a rotation off in the middle, secrets being added meanwhile, and takes it up again with another process's eyes.
func TestKeysRotateAndResume(t *testing.T) {
	dir := t.TempDir()
	s, err := store.Open(t.Context(), filepath.Join(dir, "s.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	path := filepath.Join(dir, "keyring")
	ring, err := local.Create(path, time.Now().Add(-time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	old := ring.KeyID()
	add := func(k *local.Keyring, n int) {
		t.Helper()
		row := store.Secret{WorkspaceID: "ws_1", Owner: fmt.Sprintf("crd_%d", n), Field: "access_key", Version: 1, KeyID: k.KeyID()}
		if row.Sealed, err = seal.New(k).Seal(t.Context(), scopeOf(row), bursar.NewSecret(fmt.Sprint("secret ", n))); err != nil {
			t.Fatal(err)
		}
		if err := s.InTx(t.Context(), func(tx *store.Tx) error { return tx.AddSecret(row) }); err != nil {
			t.Fatal(err)
		}
	}
	for n := range 10 {
		add(ring, n)
	}
	var ws bursar.Workspace
	if err := s.InTx(t.Context(), func(tx *store.Tx) (err error) { ws, err = tx.AddWorkspace("home"); return err }); err != nil {
		t.Fatal(err)
	}
	rotate := func(k *local.Keyring, w seal.Wrapper) bursar.Run {
		t.Helper()
		r := job.New(s, slog.New(slog.DiscardHandler), 1, job.Kind{Name: "rotate_keys", Do: kind.RotateKeys{
			Store: s, Sealer: seal.New(w), Scope: scopeOf, NewKey: func(since time.Time) error { return k.Rotate(since, time.Now()) },
		}.Do})
		if err := r.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		defer r.Stop()
		run, err := r.Enqueue(t.Context(), ws.ID, "rotate_keys", "")
		if err != nil {
			t.Fatal(err)
		}
		for !run.State.Final() {
			if err := s.View(t.Context(), func(tx *store.Tx) (err error) { run, err = tx.Run(ws.ID, run.ID); return err }); err != nil {
				t.Fatal(err)
			}
		}
		return run
	}
	if run := rotate(ring, &failing{Keyring: ring, most: 4}); run.State != bursar.RunFailed {
		t.Fatalf("broken off, the run is %s", run.State)
	}
	count := func() (n int64, ids int) {
		t.Helper()
		err := s.View(t.Context(), func(tx *store.Tx) error {
			keys, err := tx.SealingKeys()
			for _, k := range keys {
				if k.ID == old {
					n = k.Secrets
				}
			}
			ids = len(keys)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return n, ids
	}
	if n, _ := count(); n != 6 {
		t.Errorf("%d secrets are left under the old key, want 6 of 10", n)
	}
	again, err := local.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	add(again, 10)
	if run := rotate(again, again); run.State != bursar.RunSucceeded {
		t.Fatalf("taken up again, the run is %s: %+v", run.State, run.Error)
	}
	if n, ids := count(); n != 0 || ids != 1 {
		t.Errorf("%d secrets are left under the old key, %d keys are in use", n, ids)
	}
	if err := again.Forget(old); err != nil {
		t.Fatal(err)
	}
	err = s.View(t.Context(), func(tx *store.Tx) error {
		for n := range 11 {
			row, err := tx.Secret("ws_1", fmt.Sprintf("crd_%d", n), "access_key", 1)
			if err != nil {
				return err
			}
			if got, err := seal.New(again).Open(t.Context(), scopeOf(row), row.Sealed); err != nil || got.Reveal() != fmt.Sprint("secret ", n) {
				t.Errorf("secret %d does not open to its text: %v", n, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
