package destinationtest

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"database/sql"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/destination"
	_ "github.com/duckdb/duckdb-go/v2" // reads Parquet: another reader than ours
)

// ReadFiles reads what the manifests of a dataset name, and makes sure that it is what they say, and that nothing else is there.
func ReadFiles(t *testing.T, tree fs.FS, dataset string) map[string][]Row {
	t.Helper()
	out := map[string][]Row{}
	named := map[string]bool{}
	manifests, err := fs.Glob(tree, dataset+"/source=*/period=*/manifest.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range manifests {
		var m destination.Manifest
		if err := json.Unmarshal(readAll(t, tree, name), &m); err != nil {
			t.Fatal(err)
		}
		named[name] = true
		k := of(m.Key)
		for _, f := range m.Files {
			full := path.Join(path.Dir(name), f.Name)
			named[full] = true
			body := readAll(t, tree, full)
			sum := sha256.Sum256(body)
			if int64(len(body)) != f.Bytes || hex.EncodeToString(sum[:]) != f.SHA256 {
				t.Errorf("%s is not what its manifest says", full)
			}
			rows := decodeFile(t, m, body)
			if int64(len(rows)) != f.Rows {
				t.Errorf("%s has %d rows, its manifest says %d", full, len(rows), f.Rows)
			}
			out[k] = append(out[k], rows...)
		}
		if int64(len(out[k])) != m.Rows {
			t.Errorf("%s: %d rows, its manifest says %d", name, len(out[k]), m.Rows)
		}
	}
	_ = fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error { // the folder may not be there yet
		ours := strings.HasPrefix(name, dataset+"/") || !strings.Contains(name, "/")
		if err == nil && !d.IsDir() && ours && !named[name] {
			t.Errorf("%s is named by no manifest", name)
		}
		return nil
	})
	return out
}

func readAll(t *testing.T, tree fs.FS, name string) []byte {
	t.Helper()
	b, err := fs.ReadFile(tree, name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func decodeFile(t *testing.T, m destination.Manifest, body []byte) []Row {
	t.Helper()
	if m.Format == destination.Parquet {
		return parquetRows(t, m.Columns, body)
	}
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	if m.Format == destination.CSV {
		return csvRows(t, text)
	}
	return jsonRows(t, text)
}

func csvRows(t *testing.T, text []byte) (out []Row) {
	t.Helper()
	// encoding/csv turns \r\n within a cell into \n; what it must not lose is put aside.
	const aside = "\x01"
	r := csv.NewReader(strings.NewReader(strings.ReplaceAll(string(text), "\r", aside)))
	all, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, cells := range all[1:] {
		row := Row{}
		for i, c := range cells {
			if c != "" {
				row[all[0][i]] = strings.ReplaceAll(c, aside, "\r")
			}
		}
		out = append(out, row)
	}
	return out
}

func jsonRows(t *testing.T, text []byte) (out []Row) {
	t.Helper()
	for line := range bytes.Lines(text) {
		out = append(out, JSONRow(t, line))
	}
	return out
}

// JSONRow reads a row that is a JSON object.
func JSONRow(t *testing.T, text []byte) Row {
	t.Helper()
	cells := map[string]json.RawMessage{}
	if err := json.Unmarshal(text, &cells); err != nil {
		t.Fatalf("%v: %.200s", err, text)
	}
	row := Row{}
	for name, raw := range cells {
		var s string
		switch {
		case string(raw) == "null":
			continue
		case json.Unmarshal(raw, &s) == nil:
			row[name] = s
		default:
			row[name] = string(raw)
		}
	}
	return row
}

func parquetRows(t *testing.T, columns []destination.Column, body []byte) (out []Row) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "x.parquet")
	if err := os.WriteFile(file, body, 0o600); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query("SELECT columns(*)::VARCHAR FROM read_parquet(?)", file)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		cells, into := make([]sql.NullString, len(columns)), make([]any, len(columns))
		for i := range cells {
			into[i] = &cells[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		row := Row{}
		for i, c := range columns {
			if cells[i].Valid {
				row[c.Name] = Canonical(c, cells[i].String)
			}
		}
		out = append(out, row)
	}
	if rows.Err() != nil {
		t.Fatal(rows.Err())
	}
	return out
}

// Canonical is a cell as the suite writes it, from what a database shows of it.
func Canonical(c destination.Column, text string) string {
	switch c.Type {
	case destination.Decimal, destination.Integer:
		if d, err := bursar.ParseDecimal(text); err == nil {
			return d.String()
		}
	case destination.Timestamp, destination.Date:
		layout := "2006-01-02T15:04:05.999999Z"
		if c.Type == destination.Date {
			layout = time.DateOnly
		}
		for _, l := range []string{"2006-01-02 15:04:05.999999", "2006-01-02 15:04:05.999999-07", time.DateOnly} {
			if at, err := time.Parse(l, text); err == nil {
				return at.UTC().Format(layout)
			}
		}
	}
	return text
}
