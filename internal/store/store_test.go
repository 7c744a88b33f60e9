package store_test

import (
	"database/sql"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/store"
	"github.com/bursarhq/bursar/internal/store/storetest"
)

func open(t *testing.T, path string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestSQLite(t *testing.T) {
	storetest.Run(t, func(t *testing.T) *store.Store { return open(t, filepath.Join(t.TempDir(), "state.db")) })
}

func TestReopenKeepsAndNewerSchemaIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state #1.db")
	s := open(t, path)
	var ws bursar.Workspace
	if err := s.InTx(t.Context(), func(tx *store.Tx) (err error) { ws, err = tx.AddWorkspace("one"); return err }); err != nil {
		t.Fatal(err)
	}
	s.Close()
	s = open(t, path)
	err := s.View(t.Context(), func(tx *store.Tx) error {
		all, err := tx.Workspaces()
		if len(all) != 1 || all[0].ID != ws.ID {
			t.Errorf("after reopening: %v", all)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(`INSERT INTO schema_version (version) VALUES (999)`); err != nil {
		t.Fatal(err)
	}
	db.Close()
	_, err = store.Open(t.Context(), path)
	if err == nil || !strings.Contains(err.Error(), "newer bursar") {
		t.Errorf("a newer schema: %v", err)
	}
}
