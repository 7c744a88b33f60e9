package store_test

import (
	"database/sql"
	"path/filepath"
	"testing"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/seal"
	"github.com/bursarhq/bursar/internal/seal/local"
	"github.com/bursarhq/bursar/internal/store"
)

// TestARowCopiedElsewhereDoesNotOpen puts the sealed secret of one workspace into rows of its own making, as somebody could who can write
// the database but has no keys.
func TestARowCopiedElsewhereDoesNotOpen(t *testing.T) {
	dir := t.TempDir()
	s := open(t, filepath.Join(dir, "state.db"))
	ring, err := local.Create(filepath.Join(dir, "keyring"), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	sealer, at := seal.New(ring), seal.Scope{Workspace: "ws_one", Owner: "crd_one", Field: "access_key", Version: 1}
	sealed, err := sealer.Seal(t.Context(), at, bursar.NewSecret("the text"))
	if err != nil {
		t.Fatal(err)
	}
	err = s.InTx(t.Context(), func(tx *store.Tx) error {
		return tx.AddSecret(store.Secret{WorkspaceID: at.Workspace, Owner: at.Owner, Field: at.Field, Version: at.Version, Sealed: sealed, KeyID: sealer.KeyID()})
	})
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", filepath.Join(dir, "state.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, row := range []string{`'ws_two', owner, field, version`, `workspace_id, 'crd_two', field, version`, `workspace_id, owner, 'password', version`, `workspace_id, owner, field, 2`} {
		if _, err := db.Exec(`INSERT INTO secrets SELECT ` + row + `, sealed, key_id, wrapped_at, created_at FROM secrets WHERE workspace_id = 'ws_one' AND owner = 'crd_one' AND field = 'access_key' AND version = 1`); err != nil {
			t.Fatal(err)
		}
	}
	opened := 0
	err = s.View(t.Context(), func(tx *store.Tx) error {
		all, err := tx.SecretsToRewrap(time.Now().Add(time.Hour), 10)
		for _, row := range all {
			got, err := sealer.Open(t.Context(), seal.Scope{Workspace: row.WorkspaceID, Owner: row.Owner, Field: row.Field, Version: row.Version}, row.Sealed)
			if err == nil && got.Reveal() == "the text" && row.WorkspaceID == "ws_one" {
				opened++
			} else if !seal.IsUnreadable(err) {
				t.Errorf("the copy in %s, %s, %s, %d answers %v, want secret_unreadable", row.WorkspaceID, row.Owner, row.Field, row.Version, err)
			}
		}
		if len(all) != 5 {
			t.Errorf("%d rows, want 5", len(all))
		}
		return err
	})
	if err != nil || opened != 1 {
		t.Errorf("%d rows opened, error %v: want the one in its place", opened, err)
	}
}
