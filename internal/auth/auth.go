// Package auth says who is asking and what they may do: people and API keys, and the table of roles.
package auth

import (
	"context"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/store"
)

// Bootstrap makes the first workspace and its owner's key, if the installation has no key yet. The key is the zero
// secret when there was one.
func Bootstrap(ctx context.Context, s *store.Store) (key bursar.Secret, err error) {
	err = s.InTx(ctx, func(tx *store.Tx) error {
		if started, err := tx.CheckKeys(); err != nil || started {
			return err
		}
		ws, err := tx.AddWorkspace("default")
		if err != nil {
			return err
		}
		key, _, err = NewKey(tx, ws.ID, "owner", Owner, time.Time{})
		return err
	})
	return key, err
}
