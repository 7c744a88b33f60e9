// Package shareddata finds the sample data that tests are proven with: real public bills beside the checkout, where
// they are.
package shareddata

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// Path returns a file of the sample data. It skips the test where the folder is absent, for users do not have it; a file that
// is missing in a folder that is there fails the test.
func Path(t testing.TB, elem ...string) string {
	t.Helper()
	dir := filepath.Join(moduleRoot(t), "..", "shared", "data")
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		t.Skipf("sample data absent: %s not found; the test needs the shared data folder beside the checkout", dir)
	}
	p := filepath.Join(append([]string{dir}, elem...)...)
	if _, err := os.Stat(p); err != nil {
		t.Fatalf("sample data incomplete: %v", err)
	}
	return p
}

func moduleRoot(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Fatal("no go.mod above the test")
		}
		dir = up
	}
}
