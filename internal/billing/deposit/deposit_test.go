package deposit_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/billing/deposit"
	"github.com/bursarhq/bursar/internal/billing/export"
	"github.com/bursarhq/bursar/internal/billing/ingest"
)

var (
	may     = bursar.NewPeriod(2026, 5)
	june    = bursar.NewPeriod(2026, 6)
	account = bursar.Account{ID: "acc_1", WorkspaceID: "ws_1"}
)

func file(name, text string, periods ...bursar.Period) deposit.File {
	return deposit.File{Periods: periods, File: ingest.File{
		Name: name, Size: int64(len(text)), Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil },
	}}
}

func bill(files ...deposit.File) deposit.Bill {
	return deposit.Bill{Name: "cur", Format: bursar.FormatLegacy, FileFormat: bursar.FileCSV, Files: files}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// look polls what was deposited, and spells what counts for each month.
func look(t *testing.T, f deposit.Folder) map[string]string {
	t.Helper()
	exports, err := f.Exports(account)
	must(t, err)
	out := map[string]string{}
	for _, e := range exports {
		b, err := f.Open(account.ID)
		must(t, err)
		looks, err := export.Poll(t.Context(), b, e, nil, time.Now())
		must(t, err)
		for _, l := range looks {
			must(t, l.Err)
			if l.New == nil {
				continue
			}
			objects, err := export.Verify(t.Context(), b, *l.New, time.Now())
			must(t, err)
			var texts []string
			for _, o := range objects {
				body, err := export.Open(t.Context(), b, o)
				must(t, err)
				text, err := io.ReadAll(body)
				must(t, errors.Join(err, body.Close()))
				texts = append(texts, string(text))
			}
			out[e.Name+" "+l.Period.String()] = strings.Join(texts, "+")
		}
		must(t, b.Close())
	}
	return out
}

func TestABillReplacesItsMonths(t *testing.T) {
	dir := t.TempDir()
	f := deposit.In(dir)
	var copied int64
	must(t, f.Put(t.Context(), account.ID, bill(file("a.csv.gz", "one", may, june), file("b.csv", "two", june)), func(n int64) { copied += n }))
	if got := look(t, f); got["cur 2026-05"] != "one" || got["cur 2026-06"] != "one+two" || len(got) != 2 || copied != 6 {
		t.Errorf("%v, %d bytes", got, copied)
	}
	before := files(t, dir)
	must(t, f.Put(t.Context(), account.ID, bill(file("x.csv.gz", "one", may, june), file("y.csv", "two", june)), nil))
	if after := files(t, dir); !slices.Equal(before, after) {
		t.Errorf("the same bill again changes\n%v to\n%v", before, after)
	}
	must(t, f.Put(t.Context(), account.ID, bill(file("c.parquet", "three", june)), nil))
	if got := look(t, f); got["cur 2026-05"] != "one" || got["cur 2026-06"] != "three" {
		t.Errorf("%v", got)
	}
	must(t, f.Put(t.Context(), account.ID, bill(file("d.csv", "four", may)), nil))
	if got := strings.Join(files(t, dir), " "); strings.Contains(got, "00002") || strings.Count(got, "/data/") != 2 {
		t.Errorf("what no manifest names is still there: %s", got)
	}
	must(t, f.Remove(account.ID))
	if got := files(t, dir); len(got) != 0 {
		t.Errorf("removed, and still there: %v", got)
	}
}

// files lists what lies in a folder, with the times of the manifests.
func files(t *testing.T, dir string) (all []string) {
	t.Helper()
	must(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if strings.HasSuffix(path, "-Manifest.json") {
			path += info.ModTime().String()
		}
		all = append(all, path)
		return err
	}))
	return all
}

// A copy that fails leaves what was there.
func TestAFailedCopyChangesNothing(t *testing.T) {
	dir := t.TempDir()
	f := deposit.In(dir)
	must(t, f.Put(t.Context(), account.ID, bill(file("a.csv", "one", may)), nil))
	short := file("b.csv", "two", may)
	short.Size = 99
	broken := file("b.csv", "", may)
	broken.Open = func(context.Context) (io.ReadCloser, error) { return nil, os.ErrPermission }
	stopped, stop := context.WithCancel(t.Context())
	stop()
	if err := f.Put(t.Context(), account.ID, bill(short), nil); bursar.CodeOf(err) != bursar.Conflict {
		t.Errorf("a file of another size: %v", err)
	}
	if err := f.Put(t.Context(), account.ID, bill(broken), nil); !errors.Is(err, os.ErrPermission) {
		t.Errorf("a file that cannot be read: %v", err)
	}
	if err := f.Put(stopped, account.ID, bill(file("b.csv", "two", may)), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: %v", err)
	}
	if got := look(t, f); got["cur 2026-05"] != "one" || len(files(t, dir)) != 3 {
		t.Errorf("%v, %v", got, files(t, dir))
	}
}

func TestNames(t *testing.T) {
	for text, want := range map[string]string{"cur": "cur", "local-focus-1.2": "local-focus-1-2", "../../etc/passwd": "etc-passwd", "größe": "gr-e"} {
		if got := deposit.Name(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	b := bill(file("a", "x", may))
	for _, b.Name = range []string{"", "..", "a/b", "a b", strings.Repeat("x", 129)} {
		if err := deposit.In(t.TempDir()).Put(t.Context(), account.ID, b, nil); bursar.CodeOf(err) != bursar.Invalid {
			t.Errorf("%q: %v", b.Name, err)
		}
	}
	if _, err := deposit.In(t.TempDir()).Open(account.ID); bursar.CodeOf(err) != bursar.Conflict {
		t.Errorf("nothing deposited: %v", err)
	}
}
