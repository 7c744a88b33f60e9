// Package auth says who is asking and what they may do: people and API keys, and the table of roles.
package auth

import (
	"context"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/store"
)

// Begun is what the first start gave, each to be shown once. Both are zero at every later start.
type Begun struct {
	Key   bursar.Secret // the owner's API key
	Setup bursar.Secret // the token of the link by which a person becomes the owner
}

// Bootstrap makes the first workspace, its owner's key and the owner's set-up link, if the installation has no key yet.
func Bootstrap(ctx context.Context, s *store.Store) (begun Begun, err error) {
	err = s.InTx(ctx, func(tx *store.Tx) error {
		if started, err := tx.CheckKeys(); err != nil || started {
			return err
		}
		ws, err := tx.AddWorkspace("default")
		if err != nil {
			return err
		}
		if begun.Key, _, err = NewKey(tx, ws.ID, "owner", Owner, time.Time{}); err != nil {
			return err
		}
		begun.Setup, _, err = invite(tx, ws.ID, "", Owner, setupLasts)
		return err
	})
	return begun, err
}
