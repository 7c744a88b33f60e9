package duckdb_test

import (
	"context"
	"database/sql"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/billing/lake"
	"github.com/bursarhq/bursar/internal/billing/query"
	"github.com/bursarhq/bursar/internal/billing/query/duckdb"
	"github.com/bursarhq/bursar/internal/billing/query/querytest"
)

func engine(t *testing.T, dir string) *duckdb.Engine {
	t.Helper()
	e := duckdb.Open(duckdb.Options{Folder: dir, MemoryMB: 256, Threads: 2})
	t.Cleanup(func() { e.Close() })
	return e
}

// lineItems writes a Parquet file of line items from a SELECT, with a DuckDB that is not confined.
func lineItems(t *testing.T, path, query string) {
	t.Helper()
	db, err := sql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("COPY (" + query + ") TO '" + path + "' (FORMAT parquet)"); err != nil {
		t.Fatal(err)
	}
}

type fixed struct{ snap lake.Snapshot }

func (f *fixed) Snapshot(context.Context, string, func(bursar.Period) bool) (*lake.Snapshot, error) {
	s := f.snap
	return &s, nil
}

func ask(t *testing.T, q query.Questions, w query.Words) query.Answer {
	t.Helper()
	question, err := query.Parse(w, time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	a, err := q.Ask(t.Context(), "ws", question)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestConfined(t *testing.T) {
	dir := t.TempDir()
	secret := filepath.Join(t.TempDir(), "secret.csv")
	if err := os.WriteFile(secret, []byte("a\n1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	e := engine(t, dir)
	for _, s := range []string{
		"SELECT * FROM read_csv('" + secret + "')", "COPY (SELECT 1) TO '" + secret + "'", "SELECT * FROM '/etc/passwd'",
		"SET enable_external_access = true", "SET memory_limit = '100GB'", "INSTALL httpfs", "LOAD httpfs", "ATTACH '" + secret + "' AS x",
	} {
		if err := e.Query(t.Context(), s, func(query.Values) error { return nil }); err == nil {
			t.Errorf("%s: was allowed", s)
		}
	}
}

func TestRollAndAskExactly(t *testing.T) {
	dir := t.TempDir()
	e := engine(t, dir)
	one, two := filepath.Join(dir, "1.parquet"), filepath.Join(dir, "2.parquet")
	lineItems(t, one, `SELECT * FROM (VALUES
		(TIMESTAMP '2026-01-31 23:00:00', '011111111111', 'Usage', 'AmazonEC2', 'us-east-1', 'USD', 0.1::DECIMAL(18,10), 'i-1'),
		(TIMESTAMP '2026-01-31 23:00:00', '011111111111', 'Usage', 'AmazonS3',  'us-east-1', 'USD', 0.2::DECIMAL(18,10), 'b-1'),
		(TIMESTAMP '2026-02-01 00:00:00', '022222222222', 'Tax',   'AmazonEC2', NULL,        'EUR', 7::DECIMAL(18,10), NULL)
		) t("ChargePeriodStart", "SubAccountId", "line_item_line_item_type", "line_item_product_code", "RegionId", "BillingCurrency", "BilledCost", "ResourceId")`)
	lineItems(t, two, `SELECT TIMESTAMP '2026-02-03 05:00:00' AS "ChargePeriodStart", '011111111111' AS "SubAccountId", 'SavingsPlanCoveredUsage' AS line_item_line_item_type,
		'AmazonEC2' AS line_item_product_code, 'USD' AS "BillingCurrency", 0.000000000000000000000123::DECIMAL(38,24) AS "BilledCost", 5::DECIMAL(18,10) AS savings_plan_savings_plan_effective_cost`)
	common := []string{"BilledCost", "BillingCurrency", "ChargePeriodStart", "SubAccountId", "line_item_line_item_type", "line_item_product_code"}
	snap := lake.Snapshot{LineItems: []lake.Files{
		{Paths: []string{one}, Decimals: map[string]lake.Digits{"BilledCost": {Precision: 18, Scale: 10}}, Columns: append([]string{"RegionId", "ResourceId"}, common...)},
		{Paths: []string{two}, Decimals: map[string]lake.Digits{"BilledCost": {Precision: 38, Scale: 24}, "savings_plan_savings_plan_effective_cost": {Precision: 18, Scale: 10}}, Columns: append([]string{"savings_plan_savings_plan_effective_cost"}, common...)},
	}}
	rollup, summary := filepath.Join(dir, "rollup.parquet"), filepath.Join(dir, "summary.parquet")
	rolled, err := e.Roll(t.Context(), snap.LineItems, rollup, summary)
	if sums := rolled.Totals; err != nil || sums["USD"].String() != "0.300000000000000000000123" || sums["EUR"].String() != "7" {
		t.Fatalf("%v, %v", sums, err)
	}
	snap.Rollups, snap.Summaries = []lake.Files{{Paths: []string{rollup}}}, []lake.Files{{Paths: []string{summary}}}
	q := query.Questions{Lake: &fixed{snap}, Engine: e}

	a := ask(t, q, query.Words{GroupBy: []string{"service"}, From: "2026-01", To: "2026-03"})
	var got []string
	for _, r := range a.Rows {
		got = append(got, r.Start.Format("2006-01")+" "+r.Groups[0]+" "+r.Amount.String()+" "+r.Currency)
	}
	want := "2026-01 AmazonS3 0.2 USD; 2026-01 AmazonEC2 0.1 USD; 2026-02 AmazonEC2 7 EUR; 2026-02 AmazonEC2 0.000000000000000000000123 USD"
	if s := strings.Join(got, "; "); s != want {
		t.Errorf("got  %s\nwant %s", s, want)
	}
	if len(a.Totals) != 2 || a.Totals[0].Currency != "EUR" || a.Totals[1].Amount.String() != "0.300000000000000000000123" {
		t.Errorf("totals %v", a.Totals)
	}
	am := ask(t, q, query.Words{Metric: "amortized", Granularity: "total", From: "2026-02", To: "2026-03"})
	if len(am.Rows) != 2 || am.Rows[0].Amount.String() != "7" || am.Rows[1].Amount.String() != "5" {
		t.Errorf("amortized %v", am.Rows)
	}
	res := ask(t, q, query.Words{GroupBy: []string{"resource"}, Granularity: "daily", From: "2026-01-31", To: "2026-02-01"})
	if len(res.Rows) != 2 || res.Rows[0].Groups[0] != "b-1" || res.Rows[0].Start.Format(time.DateOnly) != "2026-01-31" {
		t.Errorf("by resource %v", res.Rows)
	}
}

func TestSuite(t *testing.T) {
	querytest.Run(t, func(t *testing.T, dir string) querytest.Engine { return engine(t, dir) })
}

func TestConfinedSuite(t *testing.T) {
	querytest.RunConfined(t, func(t *testing.T, dir string) (querytest.Engine, query.Confined) {
		return engine(t, dir), duckdb.Confine(duckdb.Options{MemoryMB: 256, Threads: 2}, 2)
	})
}

// Every statement of the documentation runs.
func TestDocumentedStatements(t *testing.T) {
	page, err := query.Document()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	q := query.SQL{Lake: &querytest.Fixed{}, Engine: duckdb.Confine(duckdb.Options{MemoryMB: 256, Threads: 1}, 1), Timeout: time.Minute}
	n := 0
	for block := range strings.SplitSeq(page, "```sql\n") {
		statement, _, ok := strings.Cut(block, "```")
		if !ok || strings.HasPrefix(block, "# ") {
			continue
		}
		n++
		if _, err := q.Run(t.Context(), "ws", statement, 10, querytest.Discard{}); err != nil {
			t.Errorf("%s\n%v", statement, err)
		}
	}
	if n < 3 {
		t.Errorf("only %d statements found", n)
	}
	home := filepath.Join(dir, "lake", "ws", "exp", "2026-01", "dlv")
	if err := os.MkdirAll(home, 0o700); err != nil {
		t.Fatal(err)
	}
	lineItems(t, filepath.Join(home, "line_items-00000.parquet"), "SELECT '012345678901' AS SubAccountId, 1.5::DECIMAL(18,10) AS BilledCost")
	_, direct, _ := strings.Cut(page, "```duckdb\n")
	direct, _, _ = strings.Cut(direct, "```")
	db, err := sql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var account string
	var cost any
	if err := db.QueryRow(strings.ReplaceAll(direct, "'lake/", "'"+dir+"/lake/")).Scan(&account, &cost); err != nil || account != "012345678901" {
		t.Errorf("%s\n%s, %v", direct, account, err)
	}
}

func TestRandomQuestions(t *testing.T) {
	querytest.RunRandom(t, func(t *testing.T, dir string) querytest.Engine { return engine(t, dir) })
}

func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", "20"); err != nil { // unless the command line says otherwise
		panic(err)
	}
	os.Exit(m.Run())
}
