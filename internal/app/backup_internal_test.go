package app

import (
	"os"
	"path/filepath"
	"testing"
)

// TestLeftBackupsAreRemoved has one backup that goes on, and one that was killed.
func TestLeftBackupsAreRemoved(t *testing.T) {
	data := t.TempDir()
	goesOn, err := openBackupFolder(data)
	if err != nil {
		t.Fatal(err)
	}
	killed, err := openBackupFolder(data)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(killed.Name(), "state.db"), []byte("a copy"), 0o600); err != nil {
		t.Fatal(err)
	}
	killed.Close() // as the end of its process does
	for range 2 {
		if err := removeLeftBackups(data); err != nil {
			t.Fatal(err)
		}
		if left, _ := filepath.Glob(filepath.Join(data, backupFolders)); len(left) != 1 || left[0] != goesOn.Name() {
			t.Errorf("there are %v", left)
		}
	}
	goesOn.Close()
	if err := removeLeftBackups(data); err != nil {
		t.Fatal(err)
	}
	if left, _ := filepath.Glob(filepath.Join(data, "*")); len(left) != 0 {
		t.Errorf("there are %v", left)
	}
}
