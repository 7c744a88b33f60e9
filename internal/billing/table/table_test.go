package table_test

import (
	"bytes"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/billing/table"
	"github.com/duckdb/duckdb-go/v2"
)

var columns = []table.Column{
	{Name: "zone", Type: table.Text},
	{Name: "amount", Type: table.Decimal, Scale: 24},
	{Name: "n", Type: table.Integer},
	{Name: "day", Type: table.Date},
	{Name: "at", Type: table.Timestamp},
	{Name: "yes", Type: table.Bool},
	{Name: "share", Type: table.Float},
}

func decimal(t *testing.T, s string) bursar.Decimal {
	t.Helper()
	d, err := bursar.ParseDecimal(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func written(t *testing.T, format string) []byte {
	t.Helper()
	f, err := table.FormatByName(format)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w, err := f.Open(&b, columns)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 2, 3, 4, 5, 6, 7000, time.UTC)
	for _, row := range [][]any{
		{"a,\"b\"\né", decimal(t, "-0.000000000000000000000123"), int64(7), at.Truncate(24 * time.Hour), at, true, 0.5},
		{"=cmd()", decimal(t, "12345678901234.25"), int64(-7), at.Truncate(24 * time.Hour), at, false, -1e300},
		{nil, nil, nil, nil, nil, nil, nil},
	} {
		if err := w.Row(row); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestText(t *testing.T) {
	for format, want := range map[string]string{
		"csv": `zone,amount,n,day,at,yes,share
"a,""b""
é",-0.000000000000000000000123,7,2026-02-03,2026-02-03T04:05:06.000007Z,true,0.5
'=cmd(),12345678901234.25,-7,2026-02-03,2026-02-03T04:05:06.000007Z,false,-1e+300
,,,,,,
`,
		"jsonl": `{"zone":"a,\"b\"\né","amount":"-0.000000000000000000000123","n":7,"day":"2026-02-03","at":"2026-02-03T04:05:06.000007Z","yes":true,"share":0.5}
{"zone":"=cmd()","amount":"12345678901234.25","n":-7,"day":"2026-02-03","at":"2026-02-03T04:05:06.000007Z","yes":false,"share":-1e+300}
{"zone":null,"amount":null,"n":null,"day":null,"at":null,"yes":null,"share":null}
`,
	} {
		if got := string(written(t, format)); got != want {
			t.Errorf("%s:\n%s", format, got)
		}
	}
}

// What we write, another program reads: the same names in the same order, the same digits.
func TestParquetIsReadByDuckDB(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.parquet")
	if err := os.WriteFile(path, written(t, "parquet"), 0o600); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query("SELECT * FROM read_parquet(?)", path)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	names, err := rows.Columns()
	if got := strings.Join(names, " "); err != nil || got != "zone amount n day at yes share" {
		t.Errorf("columns %s, %v", got, err)
	}
	var got []string
	for rows.Next() {
		var zone, day, at sql.NullString
		var amount any
		var n sql.NullInt64
		var yes sql.NullBool
		var share sql.NullFloat64
		if err := rows.Scan(&zone, &amount, &n, &day, &at, &yes, &share); err != nil {
			t.Fatal(err)
		}
		text := "NULL"
		if d, ok := amount.(duckdb.Decimal); ok {
			text = bursar.NewDecimal(d.Value, int(d.Scale)).String()
		}
		got = append(got, zone.String+" "+text)
	}
	want := []string{"a,\"b\"\né -0.000000000000000000000123", "=cmd() 12345678901234.25", " NULL"}
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("got %q", got)
	}
	if rows.Err() != nil {
		t.Error(rows.Err())
	}
}

func TestWhatCannotBeWritten(t *testing.T) {
	var e *bursar.Error
	if _, err := table.FormatByName("xls"); !errors.As(err, &e) || e.Field != "format" || !strings.Contains(e.Hint, "csv, jsonl, parquet") {
		t.Errorf("got %v", err)
	}
	f, _ := table.FormatByName("parquet")
	if _, err := f.Open(&bytes.Buffer{}, []table.Column{{Name: "a"}, {Name: "a"}}); !errors.As(err, &e) || e.Reason != "duplicate_column" {
		t.Errorf("two columns of one name: %v", err)
	}
	w, err := f.Open(&bytes.Buffer{}, []table.Column{{Name: "a", Type: table.Decimal, Scale: 2}})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{"0.001", "1e37"} {
		if err := w.Row([]any{decimal(t, s)}); !errors.As(err, &e) || e.Reason != "too_many_digits" {
			t.Errorf("%s: %v", s, err)
		}
	}
}
