package ingest

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/bursarhq/bursar"
)

func reasonOf(err error) string {
	var e *bursar.Error
	if !errors.As(err, &e) {
		return ""
	}
	return e.Reason
}

// endless gives text again and again, up to n bytes.
type endless struct {
	text string
	n    int64
	at   int
}

func (e *endless) Read(p []byte) (int, error) {
	if e.n <= 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(int64(len(p)), e.n)], e.text[e.at:])
	e.at = (e.at + n) % len(e.text)
	e.n -= int64(n)
	return n, nil
}

func (e *endless) Close() error { return nil }

// streamed is a file of unknown size.
func streamed(open func() io.Reader) File {
	return File{Name: "bill-1", Size: -1, Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(open()), nil }}
}

// packedEndless is a gzip file that unpacks to head and n bytes of text.
func packedEndless(t *testing.T, head, text string, n int64) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := io.Copy(w, io.MultiReader(strings.NewReader(head), &endless{text: text, n: n})); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// zipBomb has many entries that each unpack to a lot: none by itself is too much.
func zipBomb(t *testing.T, head, text string, entries int, n int64) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for i := range entries {
		f, err := w.Create(strings.Repeat("x", i+1))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(f, io.MultiReader(strings.NewReader(head), &endless{text: text, n: n})); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// Whatever strangers deliver is refused with a reason, and takes no more memory than a bill does.
func TestHostileFiles(t *testing.T) {
	head := csvOf(strings.Repeat(",x", 40))
	line := strings.Repeat(",", 46) + "\n"
	for name, c := range map[string]struct {
		file   func() File
		reason string
	}{
		"a gzip bomb of rows": {func() File {
			return inMemory("bill-1", packedEndless(t, head, line, 130<<20))
		}, "bomb"},
		"a gzip bomb in one line":   {func() File { return inMemory("bill-1", packedEndless(t, head, "a", 130<<20)) }, "bomb"},
		"a gzip bomb in the header": {func() File { return inMemory("bill-1", packedEndless(t, "", "a,", 100<<20)) }, "damaged"},
		"a zip bomb":                {func() File { return inMemory("bill-1", zipBomb(t, head, line, 3, 1_000_000*int64(len(line)))) }, "bomb"},
		"a line of 100 MB": {func() File {
			return streamed(func() io.Reader {
				return io.MultiReader(strings.NewReader(head+strings.TrimSuffix(line, "\n")), &endless{text: "a", n: 100 << 20})
			})
		}, "damaged"},
		"a quoted cell of 100 MB": {func() File {
			return streamed(func() io.Reader {
				return io.MultiReader(strings.NewReader(head+`"`), &endless{text: "a\n", n: 100 << 20})
			})
		}, "damaged"},
		"100,000 columns": {func() File {
			return streamed(func() io.Reader { return strings.NewReader(csvOf(strings.Repeat(",column", 100_000), "x")) })
		}, "damaged"},
		"a Parquet page of 200 MB": {func() File { return onDisk(t, duckParquet(t, "repeat('x', 200000000) AS line_item_operation")) }, "too_large"},
		"a Parquet file of 12,000 columns": {func() File {
			var more []string
			for i := range 12_000 {
				more = append(more, fmt.Sprint("1 AS c", i))
			}
			return onDisk(t, duckParquet(t, strings.Join(more, ", ")))
		}, "damaged"},
	} {
		t.Run(name, func(t *testing.T) {
			f := c.file()
			runtime.GC()
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			dir := t.TempDir()
			_, err := Run(t.Context(), Request{Files: []File{f}, Dir: dir, Workers: 2})
			runtime.ReadMemStats(&after)
			if bursar.CodeOf(err) != bursar.Invalid || reasonOf(err) != c.reason {
				t.Errorf("%v (%s)", err, reasonOf(err))
			}
			if grown := int64(after.Sys) - int64(before.Sys); grown > 400<<20 {
				t.Errorf("it took %d MB", grown>>20)
			}
			if left, _ := os.ReadDir(dir); len(left) > 0 {
				t.Errorf("it leaves %v behind", left)
			}
		})
	}
}

// duckParquet writes a bill of one row as Parquet, with more columns.
func duckParquet(t testing.TB, more string) string {
	t.Helper()
	db, err := duck()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "bill-1.parquet")
	_, err = db.Exec(`COPY (SELECT '011122223333' AS line_item_usage_account_id, 'Usage' AS line_item_line_item_type, TIMESTAMP '2026-06-03' AS line_item_usage_start_date,
		1.5::DOUBLE AS line_item_unblended_cost, 'USD' AS line_item_currency_code, ` + more + `) TO '` + path + `' (FORMAT parquet, COMPRESSION zstd)`)
	if err != nil {
		t.Fatal(err)
	}
	return path
}
