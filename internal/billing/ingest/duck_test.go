package ingest

import (
	"database/sql"
	"strings"
	"sync"
	"testing"

	_ "github.com/duckdb/duckdb-go/v2"

	"github.com/bursarhq/bursar"
)

var duck = sync.OnceValues(func() (*sql.DB, error) { return sql.Open("duckdb", "") })

// duckText asks DuckDB for one text; NULL is "∅".
func duckText(t testing.TB, query string) string {
	t.Helper()
	db, err := duck()
	if err != nil {
		t.Fatal(err)
	}
	var out sql.NullString
	if err := db.QueryRow(query).Scan(&out); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	if !out.Valid {
		return "∅"
	}
	return out.String
}

// relation names the parts of a result as one table.
func relation(res *Result) string {
	var paths []string
	for _, p := range res.Parts {
		paths = append(paths, "'"+p.Path+"'")
	}
	return "read_parquet([" + strings.Join(paths, ", ") + "], union_by_name=true)"
}

// checkParts holds what DuckDB reads in the parts against the result's totals.
func checkParts(t testing.TB, res *Result) {
	t.Helper()
	var rows int64
	for _, p := range res.Parts {
		rows += p.Rows
	}
	if rows != res.Rows {
		t.Errorf("the parts have %d rows, the summary %d", rows, res.Rows)
	}
	if rows == 0 {
		return
	}
	for currency, want := range res.Totals {
		got := duckText(t, "SELECT CAST(coalesce(sum(BilledCost), 0) AS VARCHAR) FROM "+relation(res)+" WHERE "+currencyIs(res, currency))
		if d, err := bursar.ParseDecimal(got); err != nil || !d.Equal(want) {
			t.Errorf("DuckDB adds up %s %s, want %s", got, currency, want)
		}
	}
}

func currencyIs(res *Result, currency string) string {
	for _, c := range res.Columns {
		if c.Name == "BillingCurrency" {
			return "coalesce(BillingCurrency, '') = '" + currency + "'"
		}
	}
	return "true"
}
