package querytest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/billing/lake"
	"github.com/bursarhq/bursar/internal/billing/query"
	"github.com/bursarhq/bursar/internal/billing/table"
)

// RunConfined proves that an engine runs people's SQL exactly, and nothing that harms. open gives one whose memory for a statement is
// 128 MB, beside an engine that writes rollups.
func RunConfined(t *testing.T, open func(t *testing.T, dir string) (Engine, query.Confined)) {
	for name, test := range map[string]func(*testing.T, *desk){
		"Views":            views,
		"DifferentSchemas": united,
		"NothingPublished": unpublished,
		"CellsOfEveryType": cells,
		"RowLimit":         rowLimit,
		"TimeLimit":        timeLimit,
		"MemoryLimit":      memoryLimit,
		"Mistakes":         mistakes,
		"Hostile":          hostile,
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			engine, confined := open(t, dir)
			b := &bench{t: t, dir: dir, engine: engine}
			test(t, &desk{b, query.SQL{Lake: b, Engine: confined, Timeout: time.Minute}})
		})
	}
}

// Records gives what views over bursar's memory show.
func (b *bench) Records(context.Context, string) ([]bursar.Account, []bursar.Export, []bursar.Delivery, error) {
	return []bursar.Account{{ID: "acc_1", AccountID: "011111111111", Name: "O'Brien's payer", Kind: bursar.KindPayer}},
		[]bursar.Export{{ID: "exp_1", AccountID: "acc_1", Name: "e", Format: bursar.FormatCUR2}},
		[]bursar.Delivery{{ID: "dlv_1", ExportID: "exp_1", Period: bursar.NewPeriod(2026, 2), State: bursar.DeliveryPublished, ImportedAt: time.Date(2026, 2, 3, 4, 5, 6, 7000, time.UTC), Rows: 3}}, nil
}

// Fixed is a catalog that always has the same: nothing, unless it is given something.
type Fixed struct{ Snap lake.Snapshot }

// Snapshot gives what is fixed.
func (f *Fixed) Snapshot(context.Context, string, func(bursar.Period) bool) (*lake.Snapshot, error) {
	s := f.Snap
	return &s, nil
}

// Records gives none.
func (*Fixed) Records(context.Context, string) ([]bursar.Account, []bursar.Export, []bursar.Delivery, error) {
	return nil, nil, nil, nil
}

// Discard takes an answer and drops it.
type Discard struct{}

// Begin drops the columns.
func (Discard) Begin([]table.Column) error { return nil }

// Row drops a row.
func (Discard) Row([]any) error { return nil }

// desk is where statements are written.
type desk struct {
	*bench
	sql query.SQL
}

// sheet keeps what a statement answers, as text.
type sheet struct {
	columns []table.Column
	rows    []string
}

func (s *sheet) Begin(columns []table.Column) error { s.columns = columns; return nil }

func (s *sheet) Row(cells []any) error {
	var out []string
	for _, c := range cells {
		out = append(out, fmt.Sprint(c))
	}
	s.rows = append(s.rows, strings.Join(out, " "))
	return nil
}

func (d *desk) run(statement string, limit int) (*sheet, bool, error) {
	s := &sheet{}
	more, err := d.sql.Run(d.t.Context(), "ws", statement, limit, s)
	return s, more, err
}

func (d *desk) answers(statement, want string) {
	d.t.Helper()
	s, _, err := d.run(statement, 100)
	if got := strings.Join(s.rows, "; "); err != nil || got != want {
		d.t.Errorf("%s\ngot  %s\nwant %s\n%v", statement, got, want, err)
	}
}

// refuses wants the statement refused, for the reason, or any of them where there are several.
func (d *desk) refuses(statement string, reasons ...string) {
	d.t.Helper()
	s, _, err := d.run(statement, 100)
	var e *bursar.Error
	if !errors.As(err, &e) || e.Code != bursar.Invalid || e.Field != "sql" || !strings.Contains(" "+strings.Join(reasons, " ")+" ", " "+e.Reason+" ") {
		d.t.Errorf("%.200s\nanswered %.200v, %v; want it refused as %v", statement, s.rows, err, reasons)
	}
}

func views(_ *testing.T, d *desk) {
	d.publish(Bill{Period: "2026-02", Lines: sameLine(lines(`
line_item_unblended_cost | line_item_product_code | line_item_line_item_type | reservation_effective_cost | resource_tags | line_item_usage_start_date
1   | AmazonEC2 | Usage           | -   | {"user:team":"red"} | 2026-02-03 05:00:00
0   | AmazonEC2 | DiscountedUsage | 0.5 | -                   | 2026-02-04 05:00:00
0.1 | AmazonS3  | Usage           | -   | -                   | 2026-01-04 05:00:00`), usual)})
	d.answers("SELECT service, sum(unblended), sum(amortized), sum(BilledCost), count(*) FROM line_items GROUP BY ALL ORDER BY 1", "AmazonEC2 1 1.5 1 2; AmazonS3 0.1 0.1 0.1 1")
	d.answers("SELECT day, service, unblended, line_items FROM costs_daily ORDER BY ALL -- by day", "2026-02-01 00:00:00 +0000 UTC AmazonS3 0.1 1; 2026-02-03 00:00:00 +0000 UTC AmazonEC2 1 1; 2026-02-04 00:00:00 +0000 UTC AmazonEC2 0 1")
	d.answers("SELECT json_extract_string(resource_tags, '/user:team') AS team FROM line_items WHERE team IS NOT NULL;", "red")
	d.answers("WITH big AS (SELECT * FROM line_items WHERE unblended > 0.5) SELECT billing_period, account FROM big", "2026-02 011111111111")
	d.answers("SELECT a.name, sum(l.unblended) FROM line_items l JOIN accounts a USING (account) GROUP BY 1", "O'Brien's payer 1.1")
	d.answers("SELECT delivery_id, state, imported_at, line_items FROM deliveries JOIN exports USING (export_id)", "dlv_1 published 2026-02-03 04:05:06.000007 +0000 UTC 3")
	d.answers("SHOW TABLES", "accounts; costs_daily; deliveries; exports; files; line_items")
	d.answers("SELECT savings_plan_savings_plan_effective_cost, CommitmentDiscountId FROM line_items LIMIT 1", "<nil> <nil>") // no delivery has them
	for _, v := range query.Views() {
		for _, f := range v.Fields {
			if _, _, err := d.run("SELECT "+f.Name+" FROM "+v.Name, 1); err != nil {
				d.t.Errorf("%s.%s: %v", v.Name, f.Name, err)
			}
			s, _, err := d.run("SELECT column_type FROM (DESCRIBE "+v.Name+") WHERE column_name = '"+f.Name+"'", 2)
			kind, _, _ := strings.Cut(f.Type, "(")
			if err != nil || len(s.rows) != 1 || !strings.HasPrefix(s.rows[0], kind) {
				d.t.Errorf("%s.%s is %v, documented as %s: %v", v.Name, f.Name, s.rows, f.Type, err)
			}
		}
	}
}

// Months whose decimals have other types, and whose columns are others, are one table to a statement; no digit is lost.
func united(_ *testing.T, d *desk) {
	d.publish(Bill{Period: "2026-01", Lines: sameLine(lines("line_item_unblended_cost|x_new\n99999999.9999999999|a"), usual)})
	d.publish(Bill{
		Period: "2026-02", Digits: tinyDigits,
		Lines: sameLine(lines("line_item_unblended_cost|line_item_resource_id\n0.000000000000000000000123|i-1"), usual),
	})
	d.answers("SELECT sum(unblended), sum(BilledCost), max(x_new), max(ResourceId), max(resource) FROM line_items",
		"99999999.999999999900000000000123 99999999.999999999900000000000123 a i-1 i-1")
	d.answers("SELECT sum(unblended), count(*) FROM costs_daily", "99999999.999999999900000000000123 2")
	d.answers("SELECT count(*) FROM line_items WHERE billing_period = '2026-02'", "1")
}

func unpublished(_ *testing.T, d *desk) {
	d.answers("SELECT service, sum(amortized), max(BilledCost) FROM line_items GROUP BY 1", "")
	d.answers("SELECT count(*) FROM costs_daily", "0")
}

func cells(t *testing.T, d *desk) {
	d.answers("SELECT NULL, 1, 1::UTINYINT, 2::UBIGINT, 170141183460469231731687303715884105727, 1.50, 0.1::DOUBLE, true, DATE '2026-02-03'", "<nil> 1 1 2 170141183460469231731687303715884105727 1.5 0.1 true 2026-02-03 00:00:00 +0000 UTC")
	d.answers("SELECT [1, 2], {'a': 1}, 'x', TIME '01:02:03', '\\xAB'::BLOB, 'd9428888-122b-11e1-b85c-61cd3cbb3210'::UUID", `[1,2] {"a":1} x 01:02:03 ab d9428888-122b-11e1-b85c-61cd3cbb3210`)
	s, _, err := d.run("SELECT 1 AS n, 1.50 AS d, 'x' AS t, now() AS at", 1)
	want := []table.Column{{Name: "n", Type: table.Integer}, {Name: "d", Type: table.Decimal, Scale: 2}, {Name: "t", Type: table.Text}, {Name: "at", Type: table.Timestamp}}
	if err != nil || fmt.Sprint(s.columns) != fmt.Sprint(want) {
		t.Errorf("columns %v, %v", s.columns, err)
	}
}

func rowLimit(t *testing.T, d *desk) {
	for statement, want := range map[string]struct {
		rows int
		more bool
	}{
		"SELECT * FROM range(100000000)":          {10, true},
		"SELECT * FROM range(10)":                 {10, false},
		"SELECT * FROM range(11) LIMIT 11":        {10, true},
		"SELECT * FROM range(11) -- LIMIT 1":      {10, true},
		"SELECT * FROM range(11) ORDER BY 1 DESC": {10, true},
	} {
		s, more, err := d.run(statement, 10)
		if err != nil || len(s.rows) != want.rows || more != want.more {
			t.Errorf("%s: %d rows, more %v, %v", statement, len(s.rows), more, err)
		}
	}
}

func timeLimit(_ *testing.T, d *desk) {
	d.sql.Timeout = 300 * time.Millisecond
	d.refuses("SELECT count(*) FROM range(10000000) a, range(1000000) b WHERE (a.range * 7 + b.range) % 11 = 12", "time_limit")
}

func memoryLimit(_ *testing.T, d *desk) {
	d.refuses("SELECT list(range) FROM range(1000000000)", "memory_limit")
	d.refuses("SELECT * FROM range(100000000) ORDER BY hash(range) LIMIT 100000000", "memory_limit")
}

func mistakes(_ *testing.T, d *desk) {
	d.refuses("SELEC 1", "sql_syntax")
	d.refuses("SELECT nonsense FROM line_items", "sql_error")
	d.refuses("SELECT * FROM costs", "unknown_table")
	d.refuses("", "sql_not_one")
	d.refuses("SELECT $1", "sql_parameters")
	d.refuses("SELECT 1/0 + 'a'::INT", "sql_error")
}

var tinyDigits = digitsOf("line_item_unblended_cost", 38, 24)

// hostile statements touch files, settings, other data or the server. None may pass, and none may leave a trace.
func hostile(t *testing.T, d *desk) {
	d.publish(Bill{Period: "2026-02", Lines: sameLine(lines("line_item_unblended_cost\n1"), usual)})
	mine := d.snap.LineItems[0].Paths[0]
	other := Bill{Period: "2026-02", Lines: sameLine(lines("line_item_unblended_cost\n666"), usual)}.Write(t, t.TempDir()).Paths[0] // another workspace's
	sibling := Bill{Period: "2026-02", Lines: sameLine(lines("line_item_unblended_cost\n667"), usual)}.Write(t, filepath.Dir(mine)).Paths[0]
	before, err := os.ReadFile(mine)
	check(t, err)
	target := filepath.Join(t.TempDir(), "out")
	for _, statement := range []string{
		"SELECT * FROM read_csv('/etc/passwd')", "SELECT * FROM read_text('/etc/passwd')", "SELECT * FROM read_blob('/etc/passwd')",
		"SELECT * FROM '/etc/passwd'", "FROM \"/etc/hosts\"", "SELECT * FROM glob('/etc/*')", "SELECT * FROM sniff_csv('/etc/passwd')", "SELECT * FROM read_json('/etc/passwd')",
		"SELECT * FROM read_parquet('" + other + "')", "SELECT * FROM '" + other + "'", "SELECT * FROM parquet_scan(['" + mine + "', '" + other + "'])",
		"SELECT * FROM parquet_metadata('" + other + "')", "SELECT * FROM read_parquet('" + sibling + "')", "SELECT * FROM read_parquet('" + mine + "')",
		"SELECT * FROM '" + other + "', (WITH \"" + other + "\" AS (SELECT 1) SELECT 1)", // the name is known, the file is not
		"WITH a AS (SELECT * FROM read_csv('/etc/passwd')) SELECT * FROM a", "SELECT (SELECT max(content) FROM read_text('/etc/passwd'))",
		"SELECT * FROM line_items WHERE service IN (SELECT content FROM read_text('/etc/passwd'))", "SELECT unnest(list_transform([1], lambda x: getenv('HOME')))",
		"DESCRIBE '/etc/passwd'", "SUMMARIZE '" + other + "'", "SELECT * FROM query('SELECT 1')", "SELECT * FROM query_table('line_items')",
		"COPY (SELECT 1) TO '" + target + "'", "COPY line_items TO '" + mine + "'", "COPY (SELECT 1) TO '" + mine + "' (FORMAT parquet, USE_TMP_FILE false)",
		"EXPORT DATABASE '" + target + "'", "IMPORT DATABASE '/tmp'", "ATTACH '" + target + "'", "ATTACH '/etc/passwd' AS x (TYPE sqlite)", "USE temp", "DETACH memory",
		"INSTALL httpfs", "LOAD httpfs", "LOAD '/tmp/x.duckdb_extension'", "FORCE INSTALL spatial FROM community", "SELECT * FROM 'https://example.com/x.parquet'", "SELECT * FROM read_parquet('s3://b/x')",
		"PRAGMA database_list", "PRAGMA memory_limit='8GB'", "SET memory_limit = '8GB'", "SET enable_external_access = true", "SET lock_configuration = false", "SET GLOBAL allowed_directories = ['/']", "RESET ALL", "SET VARIABLE x = 1",
		"CREATE TABLE t AS SELECT 1", "CREATE OR REPLACE VIEW line_items AS SELECT 1", "CREATE MACRO f() AS 1", "CREATE SECRET s (TYPE s3)", "DROP VIEW line_items", "INSERT INTO accounts VALUES (1)", "DELETE FROM accounts", "UPDATE accounts SET name = 'x'", "ALTER TABLE accounts RENAME TO x", "CHECKPOINT", "VACUUM", "BEGIN", "CALL pragma_version()", "EXECUTE x", "PREPARE x AS SELECT 1", "EXPLAIN ANALYZE COPY line_items TO '" + target + "'",
		"SELECT 1; SELECT 2", "SELECT 1; COPY (SELECT 1) TO '" + target + "'", "COPY (SELECT 1) TO '" + target + "'; SELECT 1", "SELECT 1) TO '" + target + "'; --", "SELECT 1 /* */; DROP VIEW line_items",
		"SELECT getenv('HOME')", "SELECT current_setting('allowed_paths')", "SELECT * FROM duckdb_settings()", "SELECT * FROM duckdb_secrets()", "SELECT * FROM duckdb_views()", "SELECT * FROM information_schema.tables", "SELECT * FROM pg_catalog.pg_tables", "SELECT * FROM sqlite_master", "SELECT * FROM duckdb_logs", "SELECT * FROM pragma_storage_info('accounts')", "SELECT * FROM duckdb_temporary_files()",
		"SELECT repeat('x', 1000000000)", "SELECT lpad('x', 1000000000, 'y')", "SELECT length(printf('%1000000000d', 1))", "SELECT * FROM other.line_items", "SELECT * FROM temp.main.t", "SELECT nextval('s')",
	} {
		d.refuses(statement, "sql_not_allowed", "unknown_table", "sql_syntax", "sql_not_one", "sql_error")
	}
	if after, err := os.ReadFile(mine); err != nil || string(after) != string(before) {
		t.Errorf("a file of the lake has changed: %v", err)
	}
	if _, err := os.Stat(target); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file was written: %v", err)
	}
	d.answers("SELECT sum(unblended) FROM line_items", "1")
}
