package parquetread

import (
	"bytes"
	"testing"

	"github.com/parquet-go/parquet-go"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/billing/schema"
)

// Whatever a file holds, reading it ends with its cells or with an error about it.
func FuzzRead(f *testing.F) {
	const query = `SELECT i::VARCHAR AS s, i / 8 AS d, i AS n, (i % 3)::DECIMAL(38,10) AS x, TIMESTAMP '2026-01-01' + INTERVAL (i) HOUR AS t, MAP {'k': (i // 5)::VARCHAR} AS m, {'a': i} AS st, i % 2 = 0 AS b FROM range(40) r(i)`
	for _, options := range []string{", CODEC snappy", ", CODEC uncompressed", ", CODEC gzip, PARQUET_VERSION V2", ", CODEC zstd, PARQUET_VERSION V2, DICTIONARY_SIZE_LIMIT 1"} {
		f.Add(duckFile(f, query, options))
	}
	for _, version := range []int{1, 2} {
		var out bytes.Buffer
		w := parquet.NewGenericWriter[plainRow](&out, parquet.DataPageVersion(version), parquet.PageBufferSize(64))
		if _, err := w.Write(make([]plainRow, 30)); err != nil {
			f.Fatal(err)
		}
		check(f, w.Close())
		f.Add(out.Bytes())
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := Open(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			refused(t, err)
			return
		}
		for g := range file.Groups() {
			if file.Rows(g) > 100_000 {
				return
			}
		}
		for i := range file.Fields() {
			for _, kind := range []schema.Type{schema.Text, schema.Decimal, schema.Timestamp} {
				if _, err := cells(file, i, kind, 1<<14); err != nil && !isBad(err) {
					refused(t, err)
				}
			}
		}
	})
}

func refused(t *testing.T, err error) {
	if bursar.CodeOf(err) != bursar.Invalid {
		t.Fatalf("not an error about the file: %v", err)
	}
}
