package bills_test

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/billing/lake"
	"github.com/bursarhq/bursar/internal/destination"
	"github.com/bursarhq/bursar/internal/destination/bills"
	"github.com/bursarhq/bursar/internal/destination/destinationtest"
	"github.com/bursarhq/bursar/internal/destination/file"
)

type fixed struct{ counts []lake.Counting }

func (f fixed) Counting(context.Context, string) ([]lake.Counting, func(), error) {
	return f.counts, func() {}, nil
}

// parquet writes a file from a SELECT, with DuckDB: another writer than ours.
func parquet(t *testing.T, query string) string {
	t.Helper()
	db, err := sql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	path := filepath.Join(t.TempDir(), "x.parquet")
	if _, err := db.Exec("COPY (" + query + ") TO '" + path + "' (FORMAT parquet)"); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestWhatCountsIsDelivered has two files of different columns, and an owner whose costs another export brings.
func TestWhatCountsIsDelivered(t *testing.T) {
	one := parquet(t, `SELECT * FROM (VALUES ('011111111111', '022222222222', 0.1::DECIMAL(18,10), TIMESTAMP '2026-02-01 05:00:00', '{"user:team":"a"}'),
		('011111111111', '033333333333', 9::DECIMAL(18,10), TIMESTAMP '2026-02-01 05:00:00', NULL)) t("BillingAccountId", "SubAccountId", "BilledCost", "ChargePeriodStart", resource_tags)`)
	two := parquet(t, `SELECT '011111111111' AS "BillingAccountId", '022222222222' AS "SubAccountId", 0.000000000000000000000123::DECIMAL(38,24) AS "BilledCost", 'x' AS more FROM range(40000)`)
	rollup := parquet(t, `SELECT DATE '2026-02-01' AS day, '011111111111' AS payer, a AS account, 1.5::DECIMAL(38,10) AS unblended, 7::BIGINT AS line_items FROM (VALUES ('022222222222'), ('033333333333')) t(a)`)
	without := []lake.Owner{{Payer: "011111111111", Account: "033333333333"}}
	home := t.TempDir()
	period := bursar.NewPeriod(2026, 2)
	counting := lake.Counting{
		Delivery: bursar.Delivery{ID: "dlv_1", ExportID: "exp_a", Period: period}, Version: "dlv_1-x",
		Items: []lake.Files{
			{Paths: []string{one}, Decimals: map[string]lake.Digits{"BilledCost": {Precision: 18, Scale: 10}}, Without: without},
			{Paths: []string{two}, Decimals: map[string]lake.Digits{"BilledCost": {Precision: 38, Scale: 24}}, Without: without},
		},
		Rollup: []lake.Files{{Paths: []string{rollup}, Decimals: map[string]lake.Digits{"unblended": {Precision: 38, Scale: 10}}, Without: without}},
	}
	target, err := file.Open(home, bursar.TargetSettings{Format: "jsonl"}, destinationtest.Origin("dst_a"), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	err = destination.Run(t.Context(), target, destination.Plan{
		Datasets: bills.Datasets(fixed{[]lake.Counting{counting}}), Delivery: func(destination.Manifest, bool) error { return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	items := destinationtest.ReadFiles(t, os.DirFS(home), "line_items")["exp_a/2026-02"]
	want := destinationtest.Row{"BillingAccountId": "011111111111", "SubAccountId": "022222222222", "BilledCost": "0.1", "ChargePeriodStart": "2026-02-01T05:00:00Z", "resource_tags": `{"user:team":"a"}`}
	if len(items) != 40001 {
		t.Fatalf("%d line items", len(items))
	}
	if d := cmp.Diff(want, items[0]); d != "" {
		t.Error(d)
	}
	if items[40000]["BilledCost"] != "0.000000000000000000000123" || items[40000]["more"] != "x" {
		t.Errorf("%v", items[40000])
	}
	days := destinationtest.ReadFiles(t, os.DirFS(home), "costs_daily")["exp_a/2026-02"]
	if d := cmp.Diff([]destinationtest.Row{{"day": "2026-02-01", "payer": "011111111111", "account": "022222222222", "unblended": "1.5", "line_items": "7"}}, days); d != "" {
		t.Error(d)
	}
}
