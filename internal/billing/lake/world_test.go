package lake_test

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/billing/export"
	"github.com/bursarhq/bursar/internal/billing/ingest"
	"github.com/bursarhq/bursar/internal/billing/lake"
	"github.com/bursarhq/bursar/internal/billing/query"
	"github.com/bursarhq/bursar/internal/billing/query/duckdb"
	"github.com/bursarhq/bursar/internal/store"
)

// line is a line item of the bills that these tests make up.
type line struct {
	day     string // 2026-02-03
	service string
	cost    string // and, after a blank, the account when it is another one
}

// delivery is a version of a month, as AWS writes it.
type delivery struct {
	period  bursar.Period
	version string
	lines   []line
	files   int
	mode    bursar.Versioning
	name    string // of the export; "" is e
}

func (d delivery) export() string { return cmp.Or(d.name, "e") }

func (d delivery) total(t testing.TB) bursar.Decimal {
	var sum bursar.Decimal
	for _, l := range d.lines {
		sum = sum.Add(decimal(t, l.cost))
	}
	return sum
}

func decimal(t testing.TB, s string) bursar.Decimal {
	v, err := bursar.ParseDecimal(s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func (d delivery) folder() string {
	f := "cur/" + d.export() + "/data/BILLING_PERIOD=" + d.period.String() + "/"
	if d.mode == bursar.CreateNew {
		f += d.version + "/"
	}
	return f
}

// put writes the delivery into a folder laid out like a bucket: the files, then the manifest that commits them.
func (d delivery) put(t testing.TB, bucket string) {
	t.Helper()
	write(t, bucket, d.manifestKey(), d.writeFiles(t, bucket))
}

func (d delivery) manifestKey() string {
	return "cur/" + d.export() + "/metadata/BILLING_PERIOD=" + d.period.String() + "/" + d.export() + "-Manifest.json"
}

// writeFiles writes the data files and returns the manifest.
func (d delivery) writeFiles(t testing.TB, bucket string) (manifest []byte) {
	t.Helper()
	var keys []string
	n := max(d.files, 1)
	for i := range n {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		fmt.Fprintln(z, "bill_billing_period_start_date,line_item_usage_account_id,line_item_line_item_type,line_item_product_code,line_item_currency_code,line_item_unblended_cost,line_item_usage_start_date,line_item_usage_end_date,line_item_usage_amount,bill_payer_account_id")
		for j, l := range d.lines {
			if j%n == i {
				cost, account, _ := strings.Cut(l.cost, " ")
				fmt.Fprintf(z, "%s-01T00:00:00.000Z,%s,Usage,%s,USD,%s,%sT05:00:00.000Z,%sT06:00:00.000Z,1,012345678901\n", d.period, cmp.Or(account, "012345678901"), l.service, cost, l.day, l.day)
			}
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		key := fmt.Sprintf("%s%s-%05d.csv.gz", d.folder(), d.export(), i+1)
		write(t, bucket, key, b.Bytes())
		keys = append(keys, "s3://b/"+key)
	}
	manifest, err := json.Marshal(map[string]any{"executionId": d.version, "exportArn": "arn:aws:bcm-data-exports:us-east-1:012345678901:export/" + d.export(), "columns": []string{}[:0:0], "dataFiles": keys})
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Replace(manifest, []byte(`"columns":[],`), nil, 1)
}

func write(t testing.TB, bucket, key string, content []byte) {
	t.Helper()
	path := filepath.Join(bucket, filepath.FromSlash(key))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	// replaced in one step, as an object is
	if err := os.WriteFile(path+".new", content, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

// world is an installation on disk, with a bucket beside it.
type world struct {
	dir    string
	bucket bursar.Bucket
	export bursar.Export
	store  *store.Store
	engine *duckdb.Engine
	lake   *lake.Lake
	ask    query.Questions

	progress func(ingest.Progress)
}

func (w *world) objects() string { return filepath.Join(w.dir, "bucket") }

// newWorld makes an installation that follows one export.
func newWorld(t testing.TB) *world {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "bucket"), 0o755); err != nil {
		t.Fatal(err)
	}
	w, err := openWorld(context.Background(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.close)
	if err := w.follow(); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) follow() error {
	return w.store.InTx(context.Background(), func(tx *store.Tx) error {
		ws, err := tx.AddWorkspace("one")
		if err != nil {
			return err
		}
		a, err := tx.AddAccount(bursar.Account{
			WorkspaceID: ws.ID, AccountID: "012345678901", Name: "payer", Partition: bursar.PartitionAWS,
			Kind: bursar.KindPayer, Method: bursar.MethodConsole, ExternalID: bursar.NewExternalID(),
		})
		if err != nil {
			return err
		}
		w.export, err = tx.FollowExport(bursar.Export{WorkspaceID: ws.ID, AccountID: a.ID, Name: "e", Prefix: "cur", Bucket: "b", Format: bursar.FormatCUR2})
		return err
	})
}

// openWorld opens an installation; one that has an export follows it.
func openWorld(ctx context.Context, dir string) (w *world, err error) {
	w = &world{dir: dir}
	if w.bucket, err = export.OpenFolder(filepath.Join(dir, "bucket")); err != nil {
		return nil, err
	}
	if w.store, err = store.Open(ctx, filepath.Join(dir, "state.db")); err != nil {
		return nil, err
	}
	files := filepath.Join(dir, "lake")
	w.engine = duckdb.Open(duckdb.Options{Folder: files, MemoryMB: 256, Threads: 1})
	if w.lake, err = lake.Open(ctx, files, w.store, w.engine, lake.Options{Keep: 2, Workers: 1}); err != nil {
		return nil, err
	}
	w.ask = query.Questions{Lake: w.lake, Engine: w.engine}
	return w, w.store.View(ctx, func(tx *store.Tx) error {
		all, err := tx.Workspaces()
		if err != nil || len(all) == 0 {
			return err
		}
		exports, err := tx.Exports(all[0].ID, "")
		if len(exports) > 0 {
			w.export = exports[0]
		}
		return err
	})
}

func (w *world) close() {
	w.engine.Close()
	w.store.Close()
	w.bucket.(*export.FolderBucket).Close()
}

// poll looks at the export and imports what is new, as the job does. It returns what was recorded. Every period is looked at, and the
// bucket listed, as at the beginning of a month.
func (w *world) poll(ctx context.Context, now time.Time) (out []bursar.Delivery, err error) {
	var known []export.Known
	err = w.store.View(ctx, func(tx *store.Tx) error {
		manifests, err := tx.Manifests(w.export.WorkspaceID, w.export.ID)
		for _, m := range manifests {
			known = append(known, export.Known{Period: m.Period, Key: m.Key, ETag: m.ETag})
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	looks, err := export.Poll(ctx, w.bucket, w.export, known, now)
	for _, l := range looks {
		if err == nil && l.New != nil {
			var d bursar.Delivery
			d, err = w.lake.Import(ctx, *l.New, w.bucket, w.progress)
			out = append(out, d)
		}
	}
	return out, err
}

// mustPoll polls and wants no error.
func (w *world) mustPoll(t testing.TB) []bursar.Delivery {
	t.Helper()
	out, err := w.poll(t.Context(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// totals asks for each month's cost twice, from the rollups and from the line items, and wants one answer.
func (w *world) totals(t testing.TB) map[string]string {
	t.Helper()
	rolled, items := w.cost(t, false), w.cost(t, true)
	if !maps.Equal(rolled, items) {
		t.Errorf("the rollups say %v, the line items %v", rolled, items)
	}
	return rolled
}

func (w *world) cost(t testing.TB, items bool) map[string]string {
	t.Helper()
	q, err := query.Parse(query.Words{GroupBy: []string{"service"}, From: "2025-01", To: "2027-01"}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	q.LineItems = items
	a, err := w.ask.Ask(t.Context(), w.export.WorkspaceID, q)
	if err != nil {
		t.Fatal(err)
	}
	sums := map[string]bursar.Decimal{}
	for _, r := range a.Rows {
		m := r.Start.Format("2006-01")
		sums[m] = sums[m].Add(r.Amount)
	}
	out := map[string]string{}
	for m, s := range sums {
		out[m] = s.String()
	}
	return out
}

// tidy says what lies in the lake that the catalog does not name, and the reverse.
func (w *world) tidy(t testing.TB) {
	t.Helper()
	named := map[string]bool{}
	err := w.store.View(t.Context(), func(tx *store.Tx) error {
		all, err := tx.EveryDelivery()
		for _, d := range all {
			if d.State != bursar.DeliveryRejected && d.CollectedAt.IsZero() {
				named[d.ID] = true
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	homes, err := filepath.Glob(filepath.Join(w.dir, "lake", "*", "*", "*", "dlv_*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range homes {
		if !named[filepath.Base(h)] {
			t.Errorf("%s lies there and no catalog names it", h)
		}
		delete(named, filepath.Base(h))
	}
	for id := range named {
		t.Errorf("delivery %s is in the catalog and has no files", id)
	}
	staged, err := filepath.Glob(filepath.Join(w.dir, "lake", "staging", "*"))
	if err != nil || len(staged) > 0 {
		t.Errorf("left in the stage: %v, %v", staged, err)
	}
}

func lines(n int, day, service, cost string) []line {
	return slices.Repeat([]line{{day, service, cost}}, n)
}

func joined(m map[string]string) string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		out = append(out, k+"="+m[k])
	}
	return strings.Join(out, " ")
}
