package parquetwrite

import (
	"database/sql"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	_ "github.com/duckdb/duckdb-go/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
	"pgregory.net/rapid"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/billing/ingest/column"
	"github.com/bursarhq/bursar/internal/billing/schema"
)

var duck = sync.OnceValues(func() (*sql.DB, error) { return sql.Open("duckdb", "") })

type fataler interface {
	Helper()
	Fatal(args ...any)
}

// rows reads a query's answer as text, NULL as "∅".
func rows(t fataler, query string) [][]string {
	t.Helper()
	db, err := duck()
	if err != nil {
		t.Fatal(err)
	}
	r, err := db.Query(query)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	names, err := r.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var out [][]string
	for r.Next() {
		cells := make([]sql.NullString, len(names))
		to := make([]any, len(names))
		for i := range cells {
			to[i] = &cells[i]
		}
		if err := r.Scan(to...); err != nil {
			t.Fatal(err)
		}
		row := make([]string, len(names))
		for i, c := range cells {
			row[i] = "∅"
			if c.Valid {
				row[i] = c.String
			}
		}
		out = append(out, row)
	}
	if err := r.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

var kinds = []Field{
	{Name: "text", Type: schema.Text},
	{Name: "short", Type: schema.Decimal, Precision: 18, Scale: 6},
	{Name: "long", Type: schema.Decimal, Precision: 38, Scale: 20},
	{Name: "time", Type: schema.Timestamp},
	{Name: "empty", Type: schema.Text},
}

// write makes a file of row groups of the given texts and returns its path.
func write(t fataler, dir string, fields []Field, groups [][][]string) string {
	t.Helper()
	path := filepath.Join(dir, fmt.Sprintf("%d.parquet", rand.Uint64()))
	w, err := Create(path, fields)
	if err != nil {
		t.Fatal(err)
	}
	columns := make([]*column.Column, len(fields))
	for i, f := range fields {
		columns[i] = column.New(f.Type)
	}
	for _, g := range groups {
		for i, c := range columns {
			c.Reset()
			for _, row := range g {
				id, ok := c.Find([]byte(row[i]))
				if !ok {
					t.Fatal("not a value: ", row[i])
				}
				c.Push(id, 1)
			}
		}
		if err := w.RowGroup(columns); err != nil {
			t.Fatal(err)
		}
	}
	size, err := w.Close()
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Size() != size {
		t.Fatal("size", size, info, err)
	}
	return path
}

func show(f Field, cell string) string {
	switch {
	case cell == "":
		return "∅"
	case f.Type == schema.Decimal:
		d, _ := bursar.ParseDecimal(cell)
		s := d.String()
		whole, frac, _ := strings.Cut(s, ".")
		return whole + "." + frac + strings.Repeat("0", f.Scale-len(frac))
	case f.Type == schema.Timestamp:
		v, _ := time.Parse(time.RFC3339, cell)
		return v.Format("2006-01-02 15:04:05")
	}
	return cell
}

// What is written comes back from DuckDB and from parquet-go, whatever the mixture of runs, distinct values and gaps.
func TestRoundTrip(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		cell := [][]string{}
		for _, f := range kinds {
			var g *rapid.Generator[string]
			switch {
			case f.Name == "empty":
				g = rapid.Just("")
			case f.Type == schema.Decimal:
				g = rapid.StringMatching(`-?[0-9]{1,11}(\.[0-9]{1,6})?`)
			case f.Type == schema.Timestamp:
				g = rapid.Custom(func(t *rapid.T) string {
					return time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "s"), 0).UTC().Format(time.RFC3339)
				})
			default:
				g = rapid.StringMatching(`[a-zé"\n]{1,90}`)
			}
			cell = append(cell, append(rapid.SliceOfN(g, 1, 300).Draw(t, f.Name), ""))
		}
		var groups [][][]string
		var want [][]string
		seed := rapid.Uint64().Draw(t, "seed")
		rng := rand.New(rand.NewPCG(seed, 1))
		for range rapid.IntRange(1, 3).Draw(t, "groups") {
			var g [][]string
			row := make([]string, len(kinds))
			n := rapid.IntRange(1, 700).Draw(t, "rows")
			sticky := rapid.IntRange(1, 40).Draw(t, "sticky")
			for range n {
				for i := range row {
					if rng.IntN(sticky) == 0 {
						row[i] = cell[i][rng.IntN(len(cell[i]))]
					}
				}
				g = append(g, append([]string(nil), row...))
				shown := make([]string, len(row))
				for i, f := range kinds {
					shown[i] = show(f, row[i])
				}
				want = append(want, shown)
			}
			groups = append(groups, g)
		}
		path := write(t, dir, kinds, groups)
		defer os.Remove(path)
		got := rows(t, fmt.Sprintf("SELECT text, CAST(short AS VARCHAR), CAST(long AS VARCHAR), CAST(time AS VARCHAR), empty FROM read_parquet('%s')", path))
		if d := cmp.Diff(want, got); d != "" {
			t.Fatal(d)
		}
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		info, _ := f.Stat()
		pf, err := parquet.OpenFile(f, info.Size())
		if err != nil {
			t.Fatal(err)
		}
		var texts []string
		for _, g := range pf.RowGroups() {
			r := g.Rows()
			buf := make([]parquet.Row, 50)
			for {
				n, err := r.ReadRows(buf)
				for _, row := range buf[:n] {
					s := "∅"
					if !row[0].IsNull() {
						s = string(row[0].ByteArray())
					}
					texts = append(texts, s)
				}
				if err != nil {
					if !errors.Is(err, io.EOF) {
						t.Fatal(err)
					}
					break
				}
			}
			r.Close()
		}
		var first []string
		for _, w := range want {
			first = append(first, w[0])
		}
		if d := cmp.Diff(first, texts); d != "" {
			t.Fatal(d)
		}
	})
}

func TestTypesInDuckDB(t *testing.T) {
	path := write(t, t.TempDir(), kinds, [][][]string{{{"a", "1.5", "-0.00000000000000000001", "2026-01-01T00:00:00Z", ""}}})
	got := rows(t, fmt.Sprintf("SELECT typeof(text), typeof(short), typeof(long), typeof(time), typeof(empty), CAST(long AS VARCHAR) FROM read_parquet('%s')", path))
	want := [][]string{{"VARCHAR", "DECIMAL(18,6)", "DECIMAL(38,20)", "TIMESTAMP", "VARCHAR", "-0.00000000000000000001"}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// Statistics let an engine skip row groups; a wrong bound would lose rows.
func TestStatistics(t *testing.T) {
	var a, b [][]string
	for i := range 1000 {
		a = append(a, []string{fmt.Sprintf("a%04d", i), fmt.Sprint(i - 500), fmt.Sprint(i), "2026-01-01T00:00:00Z", ""})
		b = append(b, []string{fmt.Sprintf("b%04d", i), fmt.Sprint(i + 500), fmt.Sprint(-i), "2026-01-02T00:00:00Z", ""})
	}
	path := write(t, t.TempDir(), kinds, [][][]string{a, b})
	for _, c := range []struct{ where, want string }{
		{"short < 0", "500"},
		{"short >= 500", "1000"},
		{"long < -998", "1"},
		{"text = 'b0007'", "1"},
		{"text < 'b'", "1000"},
		{"time >= TIMESTAMP '2026-01-02'", "1000"},
		{"empty IS NULL", "2000"},
		{"short IS NOT NULL", "2000"},
	} {
		got := rows(t, fmt.Sprintf("SELECT CAST(count(*) AS VARCHAR) FROM read_parquet('%s') WHERE %s", path, c.where))
		if got[0][0] != c.want {
			t.Errorf("%s: %s rows, want %s", c.where, got[0][0], c.want)
		}
	}
}
