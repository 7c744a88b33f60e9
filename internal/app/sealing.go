package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/seal"
	"github.com/bursarhq/bursar/internal/seal/local"
	"github.com/bursarhq/bursar/internal/store"
)

// keyringName is the keyring's file in the data folder, where the settings name no other.
const keyringName = "keyring"

// keyCheck is the place of a text that everybody knows: whoever opens it has the keys.
var keyCheck = seal.Scope{Workspace: "installation", Owner: "bursar", Field: "key_check", Version: 1}

const keyCheckText = "bursar has its keys"

func (c Config) keyringPath() string {
	if c.Keyring != "" {
		return c.Keyring
	}
	return filepath.Join(c.DataDir, keyringName)
}

// sealing opens the keys that stored secrets are sealed with, and proves that they are the right ones. A wrong or missing key ends the start:
// nothing that is stored could be used, and what is stored meanwhile would be sealed with another.
func sealing(ctx context.Context, c Config, s *store.Store, now func() time.Time) (*seal.Sealer, *local.Keyring, error) {
	var used []store.SealingKey
	err := s.View(ctx, func(tx *store.Tx) (err error) { used, err = tx.SealingKeys(); return err })
	if err != nil {
		return nil, nil, err
	}
	ring, err := keyring(c.keyringPath(), used, now())
	if err != nil {
		return nil, nil, err
	}
	sealer := seal.New(ring)
	return sealer, ring, proveKeys(ctx, s, sealer)
}

// keyring opens the keyring, and makes it where nothing was sealed yet.
func keyring(path string, used []store.SealingKey, now time.Time) (*local.Keyring, error) {
	ring, err := local.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		for _, k := range used {
			if strings.HasPrefix(k.ID, local.Kind+":") {
				return nil, fmt.Errorf("the keyring %s is not there: %w", path, seal.MissingKey(k.ID))
			}
		}
		if ring, err = local.Create(path, now); err != nil {
			return nil, bursar.Errorf(bursar.Unavailable, "the keyring cannot be made: %w", err).WithHint("let bursar write the folder of %s, or name another file (setting keyring)", path)
		}
	}
	if err != nil {
		return nil, err
	}
	for _, k := range used {
		if strings.HasPrefix(k.ID, local.Kind+":") && !ring.Has(k.ID) {
			return nil, fmt.Errorf("the keyring %s is another one: %w", path, seal.MissingKey(k.ID))
		}
	}
	return ring, nil
}

// proveKeys opens the text that everybody knows, or seals it at the first start.
func proveKeys(ctx context.Context, s *store.Store, sealer *seal.Sealer) error {
	var row store.Secret
	err := s.View(ctx, func(tx *store.Tx) (err error) {
		row, err = tx.Secret("", keyCheck.Owner, keyCheck.Field, keyCheck.Version)
		return err
	})
	if bursar.CodeOf(err) == bursar.NotFound {
		sealed, err := sealer.Seal(ctx, keyCheck, bursar.NewSecret(keyCheckText))
		if err != nil {
			return err
		}
		return s.InTx(ctx, func(tx *store.Tx) error {
			return tx.AddSecret(store.Secret{Owner: keyCheck.Owner, Field: keyCheck.Field, Version: keyCheck.Version, Sealed: sealed, KeyID: sealer.KeyID()})
		})
	}
	if err != nil {
		return err
	}
	text, err := sealer.Open(ctx, keyCheck, row.Sealed)
	if seal.IsUnreadable(err) || err == nil && text.Reveal() != keyCheckText {
		return bursar.Errorf(bursar.Conflict, "the key %s is not the one that stored secrets were sealed with", row.KeyID).WithReason("sealing_key_wrong").
			WithHint("put the keyring, or name the key, that belongs to this data: settings keyring, seal_with")
	}
	return err
}
