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

// rotation is an installation whose secrets get another key.
type rotation struct{ *bench }

// add seals a secret with a keyring, and keeps it.
func (r rotation) add(k *local.Keyring, n int) {
	r.Helper()
	row := store.Secret{WorkspaceID: "ws_1", Owner: fmt.Sprintf("crd_%d", n), Field: "access_key", Version: 1, KeyID: k.KeyID()}
	var err error
	row.Sealed, err = seal.New(k).Seal(r.Context(), scopeOf(row), bursar.NewSecret(fmt.Sprint("secret ", n)))
	r.must(err)
	r.tx(func(tx *store.Tx) error { return tx.AddSecret(row) })
}

// rotate runs a rotation to its end, with a wrapper of the keyring's keys.
func (r rotation) rotate(k *local.Keyring, w seal.Wrapper) bursar.Run {
	r.Helper()
	r.runner = job.New(r.store, slog.New(slog.DiscardHandler), 1, job.Kind{Name: "rotate_keys", Do: kind.RotateKeys{
		Store: r.store, Sealer: seal.New(w), Scope: scopeOf, NewKey: func(since time.Time) error { return k.Rotate(since, time.Now()) },
	}.Do})
	r.must(r.runner.Start(r.Context()))
	defer r.runner.Stop()
	run, err := r.runner.Enqueue(r.Context(), r.ws, "rotate_keys", "")
	r.must(err)
	return r.wait(run)
}

// under counts the secrets under a key, and the keys in use.
func (r rotation) under(key string) (n int64, ids int) {
	r.Helper()
	r.tx(func(tx *store.Tx) error {
		keys, err := tx.SealingKeys()
		for _, k := range keys {
			if k.ID == key {
				n = k.Secrets
			}
		}
		ids = len(keys)
		return err
	})
	return n, ids
}

// opens says whether a secret opens to its text.
func (r rotation) opens(k *local.Keyring, n int) {
	r.Helper()
	var row store.Secret
	r.tx(func(tx *store.Tx) (err error) {
		row, err = tx.Secret("ws_1", fmt.Sprintf("crd_%d", n), "access_key", 1)
		return err
	})
	if got, err := seal.New(k).Open(r.Context(), scopeOf(row), row.Sealed); err != nil || got.Reveal() != fmt.Sprint("secret ", n) {
		r.Errorf("secret %d does not open to its text: %v", n, err)
	}
}

// TestKeysRotateAndResume breaks a rotation off in the middle, secrets being added meanwhile, and takes it up again with another process's eyes.
func TestKeysRotateAndResume(t *testing.T) {
	dir := t.TempDir()
	r := rotation{&bench{T: t}}
	var err error
	r.store, err = store.Open(t.Context(), filepath.Join(dir, "s.db"))
	r.must(err)
	t.Cleanup(func() { r.store.Close() })
	r.ws = r.workspace("home")
	path := filepath.Join(dir, "keyring")
	ring, err := local.Create(path, time.Now().Add(-time.Hour))
	r.must(err)
	old := ring.KeyID()
	for n := range 10 {
		r.add(ring, n)
	}
	if run := r.rotate(ring, &failing{Keyring: ring, most: 4}); run.State != bursar.RunFailed {
		t.Fatalf("broken off, the run is %s", run.State)
	}
	if n, _ := r.under(old); n != 6 {
		t.Errorf("%d secrets are left under the old key, want 6 of 10", n)
	}
	again, err := local.Open(path)
	r.must(err)
	r.add(again, 10)
	if run := r.rotate(again, again); run.State != bursar.RunSucceeded {
		t.Fatalf("taken up again, the run is %s: %+v", run.State, run.Error)
	}
	if n, ids := r.under(old); n != 0 || ids != 1 {
		t.Errorf("%d secrets are left under the old key, %d keys are in use", n, ids)
	}
	r.must(again.Forget(old))
	for n := range 11 {
		r.opens(again, n)
	}
}
