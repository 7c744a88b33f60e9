package parquetread

import (
	"bytes"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	_ "github.com/duckdb/duckdb-go/v2"

	"github.com/bursarhq/bursar/internal/billing/ingest/column"
	"github.com/bursarhq/bursar/internal/billing/ingest/decode"
	"github.com/bursarhq/bursar/internal/billing/schema"
)

var duck = sync.OnceValues(func() (*sql.DB, error) { return sql.Open("duckdb", "") })

// duckFile writes the answer of a query as a Parquet file.
func duckFile(t testing.TB, query, options string) []byte {
	t.Helper()
	db, err := duck()
	check(t, err)
	path := filepath.Join(t.TempDir(), "x.parquet")
	_, err = db.Exec("COPY (" + query + ") TO '" + path + "' (FORMAT parquet" + options + ")")
	check(t, err)
	data, err := os.ReadFile(path)
	check(t, err)
	return data
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func open(t testing.TB, data []byte) *File {
	t.Helper()
	f, err := Open(bytes.NewReader(data), int64(len(data)))
	check(t, err)
	return f
}

// cells reads a field of all row groups as a type, rows at a time, and spells the values; no value is "∅".
func cells(f *File, field int, kind schema.Type, rows int) (out []string, err error) {
	for g := range f.Groups() {
		group := f.Group(g)
		c, err := group.Cells(field)
		if err != nil {
			return out, err
		}
		for left := int(f.Rows(g)); left > 0; {
			n := min(rows, left)
			to := column.New(kind)
			if err := c.Fill(to, n); err != nil {
				return out, err
			}
			out = append(out, spelled(to)...)
			left -= n
		}
		group.Close()
	}
	return out, nil
}

func spelled(c *column.Column) (out []string) {
	starts, ids := c.Runs()
	for i, id := range ids {
		end := c.Rows()
		if i+1 < len(starts) {
			end = int(starts[i+1])
		}
		text := "∅"
		switch {
		case id == column.Null:
		case c.Type == schema.Decimal:
			text = string(decode.AppendNumber(nil, c.Number(id)))
		case c.Type == schema.Timestamp:
			text = timeOf(c.Micros(id))
		default:
			text = string(c.Text(id))
		}
		for range end - int(starts[i]) {
			out = append(out, text)
		}
	}
	return out
}

// column reads a whole field.
func readField(t testing.TB, f *File, name string, kind schema.Type) []string {
	t.Helper()
	for i, x := range f.Fields() {
		if x.Name == name || x.Name+"."+x.Child == name {
			out, err := cells(f, i, kind, 7)
			check(t, err)
			return out
		}
	}
	t.Fatalf("there is no field %s", name)
	return nil
}

func isBad(err error) bool {
	var b *BadCell
	return errors.As(err, &b)
}
