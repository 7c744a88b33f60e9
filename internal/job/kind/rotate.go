package kind

import (
	"context"
	"fmt"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/job"
	"github.com/bursarhq/bursar/internal/seal"
	"github.com/bursarhq/bursar/internal/store"
)

// RotateKeys wraps the data key of every stored secret, of all workspaces, with the key in use, while everything goes on. It is safe to run
// again after a crash: what was wrapped since the run was asked for is done.
type RotateKeys struct {
	Store  *store.Store
	Sealer *seal.Sealer
	// NewKey makes a key that wraps from now on, unless there is one since a time. nil where keys are made elsewhere: in KMS, in Transit.
	NewKey func(since time.Time) error
	Scope  func(store.Secret) seal.Scope // where a row belongs
}

// Do does the work of one run. Secrets that cannot be opened stay as they are: the run fails at its end, and says how many.
func (k RotateKeys) Do(ctx context.Context, live *job.Live) error {
	since := live.Run().CreatedAt
	if k.NewKey != nil {
		if err := k.NewKey(since); err != nil {
			return err
		}
	}
	left, err := k.left(ctx, since)
	if err != nil {
		return err
	}
	var last error
	for n, row := range left {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := k.rewrap(ctx, row); bursar.CodeOf(err) == bursar.Unavailable || bursar.CodeOf(err) == bursar.Internal {
			return err
		} else if err != nil {
			last = err
		}
		live.Progress(ctx, bursar.Progress{Step: "wrapping secrets anew", Done: int64(n + 1), Total: int64(len(left)), Unit: "secrets"})
	}
	if last == nil {
		return nil
	}
	still, err := k.left(ctx, since)
	if err != nil || len(still) == 0 {
		return err
	}
	return bursar.Errorf(bursar.Conflict, "%d secrets cannot be opened, and stay as they are: %w", len(still), last).WithReason("secret_unreadable").
		WithHint("bring back the keys that they were sealed with, and rotate again; or store them anew")
}

// left lists what is not done: with a key of our own whatever another key has wrapped, otherwise what was wrapped before.
func (k RotateKeys) left(ctx context.Context, since time.Time) (rows []store.Secret, err error) {
	err = k.Store.View(ctx, func(tx *store.Tx) (err error) {
		if k.NewKey != nil {
			rows, err = tx.SecretsNotUnder(k.Sealer.KeyID())
			return err
		}
		rows, err = tx.SecretsToRewrap(since, 1<<30)
		return err
	})
	return rows, err
}

// rewrap asks key services before the transaction: nothing is held up by them.
func (k RotateKeys) rewrap(ctx context.Context, row store.Secret) error {
	sealed, err := k.Sealer.Rewrap(ctx, k.Scope(row), row.Sealed)
	if err != nil {
		return fmt.Errorf("%s of %s: %w", row.Field, row.Owner, err)
	}
	keyID, err := sealed.KeyID()
	if err != nil {
		return err
	}
	return k.Store.InTx(ctx, func(tx *store.Tx) error { return tx.Rewrapped(row, sealed, keyID) })
}
