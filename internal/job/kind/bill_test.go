package kind_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/billing/export"
	"github.com/bursarhq/bursar/internal/billing/lake"
	"github.com/bursarhq/bursar/internal/billing/query/duckdb"
	"github.com/bursarhq/bursar/internal/job"
	"github.com/bursarhq/bursar/internal/job/kind"
	"github.com/bursarhq/bursar/internal/store"
)

// bills are accounts whose exports lie in one folder, laid out like a bucket, and come into a real lake.
type bills struct {
	*bench
	lake   *lake.Lake
	folder string
}

func newBills(t *testing.T) *bills {
	t.Helper()
	b := &bills{bench: &bench{T: t}, folder: t.TempDir()}
	var err error
	b.store, err = store.Open(t.Context(), filepath.Join(t.TempDir(), "s.db"))
	b.must(err)
	t.Cleanup(func() { b.store.Close() })
	files := filepath.Join(t.TempDir(), "lake")
	engine := duckdb.Open(duckdb.Options{Folder: files, MemoryMB: 256, Threads: 1})
	t.Cleanup(func() { engine.Close() })
	b.lake, err = lake.Open(t.Context(), files, b.store, engine, lake.Options{Keep: 2, Workers: 1})
	b.must(err)
	imports := kind.Import{
		Store: b.store, Lake: b.lake, Now: time.Now,
		Open: func(context.Context, bursar.Account, bursar.Export) (bursar.Bucket, error) {
			return export.OpenFolder(b.folder)
		},
	}
	b.runner = job.New(b.store, slog.New(slog.DiscardHandler), 1, job.Kind{Name: "import", Do: imports.Do, Attempts: 1})
	b.must(b.runner.Start(t.Context()))
	t.Cleanup(b.runner.Stop)
	b.ws = b.workspace("one")
	return b
}

// follows registers an account and follows an export of it.
func (b *bills) follows(id, name string) (a bursar.Account, e bursar.Export) {
	b.Helper()
	a = b.register(b.ws, id, name)
	b.tx(func(tx *store.Tx) (err error) {
		e, err = tx.FollowExport(bursar.Export{WorkspaceID: b.ws, AccountID: a.ID, Name: name, Prefix: "cur", Bucket: "b", Format: bursar.FormatCUR2})
		return err
	})
	return a, e
}

// delivers writes a version of this month: the file, unless there are no lines, then the manifest that names it.
func (b *bills) delivers(name, version string, lines ...string) {
	b.Helper()
	month := time.Now().UTC().Format("2006-01")
	file := "cur/" + name + "/data/BILLING_PERIOD=" + month + "/" + version + ".csv"
	if len(lines) > 0 {
		b.write(file, "line_item_usage_account_id,line_item_line_item_type,line_item_usage_start_date,line_item_unblended_cost,line_item_currency_code,line_item_product_code\n"+
			strings.ReplaceAll(strings.Join(lines, "\n"), "MONTH", month)+"\n")
	}
	b.write("cur/"+name+"/metadata/BILLING_PERIOD="+month+"/"+name+"-Manifest.json", fmt.Sprintf(`{"executionId":%q,"dataFiles":["s3://b/%s"]}`, version, file))
}

func (b *bills) write(key, text string) {
	b.Helper()
	path := filepath.Join(b.folder, filepath.FromSlash(key))
	b.must(os.MkdirAll(filepath.Dir(path), 0o755))
	b.must(os.WriteFile(path, []byte(text), 0o600))
}

// found are the codes of an account's newest findings.
func (b *bills) found(a bursar.Account) (codes string, newest []bursar.Finding) {
	b.Helper()
	b.tx(func(tx *store.Tx) (err error) { newest, err = tx.NewestFindings(a.WorkspaceID, a.ID); return err })
	var all []string
	for _, f := range newest {
		all = append(all, f.Check+"="+f.Code)
	}
	return strings.Join(all, " "), newest
}

const usage = "012345678901,Usage,MONTH-03T00:00:00Z,1.5,USD,AmazonS3"

// A delivery that is not published is told of until another one is, however often bursar looks meanwhile.
func TestFindingOfARefusedDelivery(t *testing.T) {
	b := newBills(t)
	a, _ := b.follows("012345678901", "e")
	b.delivers("e", "v1", usage)
	b.run("import", a)
	if codes, _ := b.found(a); codes != "" {
		t.Errorf("findings of a bill that came in: %s", codes)
	}
	b.delivers("e", "v2", "012345678901,Usage,MONTH-03T00:00:00Z,1.5") // two columns short
	b.run("import", a)
	codes, newest := b.found(a)
	if codes != "bill_import=delivery_rejected" || !strings.Contains(newest[0].Message, "v2.csv") || newest[0].Remedy == "" {
		t.Fatalf("findings %s %+v", codes, newest)
	}
	b.run("import", a) // the manifest is as it was: nothing is looked at, and the finding stays the one it is
	if _, again := b.found(a); len(again) != 1 || again[0].ID != newest[0].ID {
		t.Errorf("looking again, findings %+v", again)
	}
	b.delivers("e", "v3")
	b.run("import", a)
	if _, lacking := b.found(a); len(lacking) != 1 || !strings.Contains(lacking[0].Message, "v3.csv") {
		t.Errorf("a file that is missing: %+v", lacking)
	}
	b.delivers("e", "v4", usage)
	b.run("import", a)
	if codes, _ := b.found(a); codes != "" {
		t.Errorf("findings after a good delivery: %s", codes)
	}
}

// Two exports that bring the same costs are told of at both accounts until somebody says which counts.
func TestFindingOfOverlappingExports(t *testing.T) {
	b := newBills(t)
	one, first := b.follows("012345678901", "e")
	other, second := b.follows("222222222222", "f")
	b.delivers("e", "v1", usage)
	b.delivers("f", "v1", usage)
	b.run("import", one)
	b.run("import", other)
	b.run("import", one)
	for _, a := range []bursar.Account{one, other} {
		codes, newest := b.found(a)
		if codes != "export_overlap=overlapping_exports" || !strings.Contains(newest[0].Message, "those of e count") || !strings.Contains(newest[0].Remedy, "primary "+second.ID) {
			t.Errorf("findings %s %+v", codes, newest)
		}
		if s := bursar.Summarize(newest).Capabilities[bursar.CapBillingExport]; s != bursar.StateDegraded {
			t.Errorf("the state of the bill is %s", s)
		}
	}
	b.must(b.lake.Prefer(t.Context(), b.ws, first.ID))
	b.run("import", one)
	b.run("import", other)
	for _, a := range []bursar.Account{one, other} {
		if codes, _ := b.found(a); codes != "" {
			t.Errorf("findings after the choice: %s", codes)
		}
	}
}

// What keeps an export from being taken in is told with its cause and remedy, and gone once that is mended.
func TestFindingOfAHinderedImport(t *testing.T) {
	b := newBills(t)
	a, _ := b.follows("012345678901", "e")
	full := bursar.Errorf(bursar.Unavailable, "the disk of the lake is full").WithReason("disk_full").WithHint("make room")
	broken := kind.Import{
		Store: b.store, Lake: b.lake, Now: time.Now,
		Open: func(context.Context, bursar.Account, bursar.Export) (bursar.Bucket, error) { return nil, full },
	}
	runner := job.New(b.store, slog.New(slog.DiscardHandler), 1, job.Kind{Name: "broken", Do: broken.Do, Attempts: 1})
	b.must(runner.Start(t.Context()))
	t.Cleanup(runner.Stop)
	run, err := runner.Enqueue(t.Context(), b.ws, "broken", a.ID)
	b.must(err)
	events, stop := runner.Listen(run.ID)
	defer stop()
	for !run.State.Final() {
		b.tx(func(tx *store.Tx) (err error) { run, err = tx.Run(run.WorkspaceID, run.ID); return err })
		if run.State.Final() {
			break
		}
		<-events
	}
	codes, newest := b.found(a)
	if codes != "bill_import=disk_full" || newest[0].Remedy != "Make room." || strings.Contains(newest[0].Message, "hint") {
		t.Errorf("findings %s %+v", codes, newest)
	}
	b.delivers("e", "v1", usage)
	b.run("import", a)
	if codes, _ := b.found(a); codes != "" {
		t.Errorf("findings after it was mended: %s", codes)
	}
}
