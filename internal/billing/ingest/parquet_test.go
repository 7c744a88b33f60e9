package ingest

import (
	"context"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bursarhq/bursar"
)

// duckBill writes the answer of a query as a Parquet file, and gives it as S3 would: not to be read at random.
func duckBill(t testing.TB, query string) File {
	t.Helper()
	db, err := duck()
	if err != nil {
		t.Fatal(err)
	}
	path := t.TempDir() + "/bill-1"
	if _, err := db.Exec("COPY (" + query + ") TO '" + path + "' (FORMAT parquet, ROW_GROUP_SIZE 2048)"); err != nil {
		t.Fatal(err)
	}
	return File{Name: "bill-1", Size: -1, Open: func(context.Context) (io.ReadCloser, error) {
		f, err := os.Open(path)
		return struct{ io.ReadCloser }{f}, err
	}}
}

const coreSQL = "'011122223333' AS line_item_usage_account_id, 'Usage' AS line_item_line_item_type, 'USD' AS line_item_currency_code"

func runFiles(t testing.TB, files ...File) *Result {
	t.Helper()
	res, err := Run(t.Context(), Request{Files: files, Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	checkParts(t, res)
	return res
}

// The months of a Parquet file may lie in any order; each row is filed under its own.
func TestParquetOfSeveralMonths(t *testing.T) {
	f := duckBill(t, `SELECT `+coreSQL+`, DATE '2026-05-01' + INTERVAL (i // 3 % 2) MONTH AS bill_billing_period_start_date,
		TIMESTAMP '2026-05-01' + INTERVAL (i) MINUTE AS line_item_usage_start_date, i / 4 AS line_item_unblended_cost, i::VARCHAR AS line_item_resource_id FROM range(5000) r(i)`)
	res := runFiles(t, f)
	want := map[string]string{}
	for month, rest := range map[string]string{"2026-05": "0", "2026-06": "1"} {
		want[month] = strings.TrimRight(strings.TrimRight(duckText(t, "SELECT CAST(sum(i::DECIMAL(18,2) / 4)::DECIMAL(18,2) AS VARCHAR) FROM range(5000) r(i) WHERE i // 3 % 2 = "+rest), "0"), ".")
	}
	if d := cmp.Diff(want, costs(res.ByPeriod)); d != "" || res.Rows != 5000 {
		t.Error(d)
	}
	if n := value(t, res, "count(*) FILTER (ResourceId = CAST(CAST(BilledCost * 4 AS INT) AS VARCHAR) AND month(BillingPeriodStart) = 5 + CAST(BilledCost * 4 AS INT) // 3 % 2)"); n != "5000" {
		t.Errorf("%s rows are as they were", n)
	}
}

// Maps come as maps, as structs and as JSON text; they are the same afterwards.
func TestParquetMaps(t *testing.T) {
	const rest = coreSQL + ", TIMESTAMP '2026-06-03' AS line_item_usage_start_date, 1::DOUBLE AS line_item_unblended_cost, 'p' AS bill_payer_account_name, "
	for _, as := range []string{
		"MAP {'user_team': 'a', 'user_env': ''} AS resource_tags, MAP {'region': 'x', 'vcpu': '2'} AS product, MAP {'CostCenter': 'y'} AS cost_category",
		"{'user_team': 'a', 'user_env': ''} AS resource_tags, {'region': 'x', 'vcpu': 2} AS product, {'CostCenter': 'y'} AS cost_category",
		`'{"user_team":"a"}' AS resource_tags, '{"region":"x","vcpu":"2"}' AS product, '{"CostCenter":"y"}' AS cost_category`,
	} {
		res := runFiles(t, duckBill(t, "SELECT "+rest+as))
		if got := value(t, res, "resource_tags || product || cost_category"); got != `{"user_team":"a"}{"region":"x","vcpu":"2"}{"CostCenter":"y"}` || res.Format != bursar.FormatCUR2 {
			t.Errorf("%s: %s %s", as, res.Format, got)
		}
	}
}

// One delivery may hold csv and Parquet, and columns of different types.
func TestParquetBesideCSV(t *testing.T) {
	res := runFiles(t, inMemory("a.csv", []byte(csvOf(",lineItem/UnblendedRate", row("1", ",0.5")))),
		duckBill(t, "SELECT "+coreSQL+", '2026-06-03T00:00:00Z' AS line_item_usage_start_date, '2.50' AS line_item_unblended_cost, 0.25::DECIMAL(9,4) AS line_item_unblended_rate, 'x' AS unheard_of"))
	if res.Rows != 2 || res.Totals["USD"].String() != "3.5" || value(t, res, "CAST(sum(line_item_unblended_rate) AS DOUBLE)") != "0.75" {
		t.Errorf("%d rows, %v", res.Rows, res.Totals)
	}
}

func TestParquetOfWrongValues(t *testing.T) {
	for cost, want := range map[string]string{
		"CASE i WHEN 2500 THEN 'x' ELSE '1' END":      `row 2501, column line_item_unblended_cost: "x"`,
		"CASE i WHEN 0 THEN 'NaN'::DOUBLE ELSE 1 END": `row 1, column line_item_unblended_cost: "NaN"`,
	} {
		f := duckBill(t, "SELECT "+coreSQL+", TIMESTAMP '2026-06-03' AS line_item_usage_start_date, "+cost+" AS line_item_unblended_cost FROM range(3000) r(i)")
		if _, err := Run(t.Context(), Request{Files: []File{f}, Dir: t.TempDir()}); reasonOf(err) != "bad_value" || !strings.Contains(err.Error(), want) {
			t.Errorf("%v", err)
		}
	}
	f := duckBill(t, "SELECT "+coreSQL+", 20260603::BIGINT AS line_item_usage_start_date, 1 AS line_item_unblended_cost")
	if _, err := Run(t.Context(), Request{Files: []File{f}, Dir: t.TempDir()}); reasonOf(err) != "bad_value" || !strings.Contains(err.Error(), "is not a time") {
		t.Errorf("a number as time: %v", err)
	}
	res := runFiles(t, duckBill(t, "SELECT "+coreSQL+", TIMESTAMP '2026-06-03' AS line_item_usage_start_date, 1 AS line_item_unblended_cost, CASE i WHEN 2999 THEN 'free' ELSE '0.10' END AS line_item_unblended_rate FROM range(3000) r(i)"))
	if !hasWarning(res, "not_a_number") || value(t, res, "count(*) FILTER (line_item_unblended_rate = '0.10')") != "2999" {
		t.Errorf("%v", res.Warnings)
	}
}

// A cut or changed Parquet file is refused, wherever the damage is; nothing is read that is not there.
func TestDamagedParquet(t *testing.T) {
	path := duckParquet(t, "'some text' AS line_item_operation, MAP {'a': 'b'} AS resource_tags")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for n := 4; n < len(data); n += 7 {
		_, err := Run(t.Context(), Request{Files: []File{inMemory("bill-1", data[:n])}, Dir: t.TempDir()})
		if bursar.CodeOf(err) != bursar.Invalid {
			t.Fatalf("%d of %d bytes: %v", n, len(data), err)
		}
	}
}
