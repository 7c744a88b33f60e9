package file_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/destination"
	"github.com/bursarhq/bursar/internal/destination/destinationtest"
	"github.com/bursarhq/bursar/internal/destination/file"
)

func TestKeepsTheContract(t *testing.T) {
	for _, format := range destination.Formats {
		t.Run(format, func(t *testing.T) {
			destinationtest.Suite(t, func(t *testing.T) destinationtest.Subject {
				home, spool := t.TempDir(), t.TempDir()
				return destinationtest.Subject{
					Digits: 38,
					Open: func(t *testing.T, o destination.Origin) destination.Target {
						target, err := file.Open(home, bursar.TargetSettings{Path: "a/b", Format: format, PlainCSV: true}, o, spool)
						if err != nil {
							t.Fatal(err)
						}
						return target
					},
					Read: func(t *testing.T, dataset string) map[string][]destinationtest.Row {
						out := destinationtest.ReadFiles(t, os.DirFS(filepath.Join(home, "a/b")), dataset)
						left, err := os.ReadDir(spool)
						if err != nil || len(left) > 0 {
							t.Errorf("left in the spool: %v, %v", left, err)
						}
						return out
					},
				}
			})
		})
	}
}

func TestTheFolderCannotBeLeft(t *testing.T) {
	home, outside := t.TempDir(), t.TempDir()
	if err := os.Symlink(outside, filepath.Join(home, "link")); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"..", "../x", "/etc", "a/../../b", "a//b", "./a", `a\b`, "a/", "link", "link/x"} {
		target, err := file.Open(home, bursar.TargetSettings{Path: path, Format: "csv"}, destinationtest.Origin("dst_a"), t.TempDir())
		if err == nil {
			found := target.Check(t.Context())
			if last := found[len(found)-1]; last.Status != bursar.StatusFailed {
				t.Errorf("%s: %+v", path, last)
			}
		}
	}
	if left, err := os.ReadDir(outside); err != nil || len(left) > 0 {
		t.Errorf("outside lies %v, %v", left, err)
	}
}

// TestFormulas has text that a spreadsheet would run.
func TestFormulas(t *testing.T) {
	columns := []destination.Column{{Name: "name", Type: destination.Text}, {Name: "cost", Type: destination.Decimal, Precision: 18, Scale: 2}}
	for plain, want := range map[bool]string{false: "'=cmd()", true: "=cmd()"} {
		home := t.TempDir()
		target, err := file.Open(home, bursar.TargetSettings{Format: "csv", PlainCSV: plain}, destinationtest.Origin("dst_a"), t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		part := destinationtest.Rows(destination.Key{Dataset: "d", Source: "s", Period: "2026-02"}, "v", columns, [][]string{{"=cmd()", "-1"}}, nil)
		if _, err := target.Deliver(t.Context(), part); err != nil {
			t.Fatal(err)
		}
		if row := destinationtest.ReadFiles(t, os.DirFS(home), "d")["s/2026-02"][0]; row["name"] != want || row["cost"] != "-1" {
			t.Errorf("plain %v: %v", plain, row)
		}
	}
}
