package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/awsapi"
	"github.com/bursarhq/bursar/internal/job/kind"
	"github.com/bursarhq/bursar/internal/seal"
	"github.com/bursarhq/bursar/internal/seal/awskms"
	"github.com/bursarhq/bursar/internal/seal/local"
	"github.com/bursarhq/bursar/internal/seal/transit"
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

// keys are what secrets are sealed with.
type keys struct {
	sealer  *seal.Sealer
	ring    *local.Keyring   // nil where there is none
	transit *transit.Wrapper // nil where none is configured
}

// openKeys opens the keys that stored secrets are sealed with, and proves that they are the right ones. A wrong or missing key ends the start:
// nothing that is stored could be used, and what is stored meanwhile would be sealed with another. A key service that does not answer is
// warned of: it may be there again when it is needed.
func openKeys(ctx context.Context, c Config, s *store.Store, aws *awsapi.Client, now time.Time, log *slog.Logger) (k keys, err error) {
	var used []store.SealingKey
	if err = s.View(ctx, func(tx *store.Tx) (err error) { used, err = tx.SealingKeys(); return err }); err != nil {
		return k, err
	}
	with := cmp.Or(c.SealWith, local.Kind)
	byKind := map[string]seal.Wrapper{}
	if with == local.Kind || usedKind(used, local.Kind) || exists(c.keyringPath()) {
		if k.ring, err = keyring(c.keyringPath(), used, now); err != nil {
			return k, err
		}
		byKind[local.Kind] = k.ring
	}
	if c.KMSKey != "" || with == awskms.Kind {
		key, err := aws.KMSKey(c.KMSKey)
		if err != nil {
			return k, err
		}
		byKind[awskms.Kind] = awskms.New(key)
	}
	if c.Transit.Addr != "" || with == transit.Kind {
		if k.transit, err = transit.New(c.Transit); err != nil {
			return k, err
		}
		byKind[transit.Kind] = k.transit
	}
	k.sealer = seal.New(byKind[with], slices.Collect(maps.Values(byKind))...)
	err = proveKeys(ctx, s, k.sealer)
	if bursar.CodeOf(err) == bursar.Unavailable {
		log.Warn("what stored credentials are sealed with does not answer: they cannot be used until it does", slog.Any("error", err))
		err = nil
	}
	for _, u := range used { // beside the one that was proven
		if kind, _, _ := strings.Cut(u.ID, ":"); err == nil && byKind[kind] == nil {
			err = seal.MissingKey(u.ID)
		}
	}
	return k, err
}

func usedKind(used []store.SealingKey, kind string) bool {
	return slices.ContainsFunc(used, func(k store.SealingKey) bool { return strings.HasPrefix(k.ID, kind+":") })
}

func exists(path string) bool { _, err := os.Stat(path); return err == nil }

// keepToken renews the token of Transit until ctx ends.
func (a *App) keepToken(ctx context.Context) {
	if a.keys.transit == nil {
		return
	}
	for {
		again, err := a.keys.transit.Renew(ctx)
		if err != nil && ctx.Err() == nil {
			a.log.Warn("the token of Transit cannot be renewed", slog.Any("error", err))
			again = min(cmp.Or(again, time.Minute), 10*time.Minute)
		}
		if again <= 0 && err == nil {
			return // it does not end
		}
		t := time.NewTimer(max(again, time.Second))
		select {
		case <-ctx.Done():
			t.Stop()
			return
		case <-t.C:
		}
	}
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

// rotateKeys is the kind of run that wraps every secret anew. Keys of the keyring are made here, those of services there.
func (a *App) rotateKeys() kind.RotateKeys {
	k := kind.RotateKeys{Store: a.store, Sealer: a.keys.sealer, Scope: func(row store.Secret) seal.Scope {
		if row.WorkspaceID == "" {
			return keyCheck
		}
		return seal.Scope{Workspace: row.WorkspaceID, Owner: row.Owner, Field: row.Field, Version: row.Version}
	}}
	if strings.HasPrefix(a.keys.sealer.KeyID(), local.Kind+":") {
		k.NewKey = func(since time.Time) error { return a.keys.ring.Rotate(since, a.now()) }
	}
	return k
}
