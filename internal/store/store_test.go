package store_test

import (
	"bufio"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
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

// TestKilledWhileWriting kills a process that writes without pause, and looks for everything that it was told is kept.
func TestKilledWhileWriting(t *testing.T) {
	if path := os.Getenv("STORE_TEST_WRITE_TO"); path != "" {
		writeForEver(t, path)
	}
	path := filepath.Join(t.TempDir(), "state.db")
	child := exec.Command(os.Args[0], "-test.run=^TestKilledWhileWriting$")
	child.Env = append(os.Environ(), "STORE_TEST_WRITE_TO="+path)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	told := 0
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if told++; told == 50 {
			if err := child.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = child.Wait() // it was killed
	s := open(t, path)
	err = s.View(t.Context(), func(tx *store.Tx) error {
		ws, err := tx.Workspaces()
		if err != nil {
			return err
		}
		accounts, _, err := tx.Accounts(ws[0].ID, store.Page{Limit: 100000})
		if len(accounts) < told || len(accounts) > told+1 || told < 50 {
			t.Errorf("%d accounts were told to be kept, %d are there", told, len(accounts))
		}
		runs, _, err2 := tx.Runs(ws[0].ID, "", store.Page{Limit: 100000})
		if len(runs) != len(accounts) {
			t.Errorf("%d runs beside %d accounts, of the same transactions", len(runs), len(accounts))
		}
		return errors.Join(err, err2)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func writeForEver(t *testing.T, path string) {
	s := open(t, path)
	var ws bursar.Workspace
	err := s.InTx(t.Context(), func(tx *store.Tx) (err error) { ws, err = tx.AddWorkspace("w"); return err })
	for i := 0; err == nil; i++ {
		err = s.InTx(t.Context(), func(tx *store.Tx) error {
			a, err := tx.AddAccount(bursar.Account{WorkspaceID: ws.ID, AccountID: fmt.Sprintf("%012d", i), Name: fmt.Sprint(i), ExternalID: bursar.NewExternalID()})
			if err != nil {
				return err
			}
			_, _, err = tx.Enqueue(ws.ID, "check", a.ID, tx.Now)
			return err
		})
		fmt.Println("kept", i)
	}
	t.Fatal(err)
}
