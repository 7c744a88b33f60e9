package main

import (
	"compress/gzip"
	"context"
	"database/sql"
	"encoding/csv"
	"fmt"
	"os"
	"strings"

	_ "github.com/duckdb/duckdb-go/v2" // the peer, and the engine of the lake

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/sandbox/billgen/report"
)

// duckType gives DuckDB's type of a CUR 2.0 column: the one that the manifest names, with money as an exact decimal, which is
// what a person would write down by hand.
func duckType(column string) string {
	switch t, _ := report.ColumnType(bursar.FormatCUR2, column); t {
	case "timestamp":
		return "TIMESTAMP"
	case "double":
		return "DECIMAL(28,10)"
	}
	return "VARCHAR"
}

// duckdbCSV is what somebody who knows DuckDB well would write: typed columns, zstd, no insertion order.
func duckdbCSV(ctx context.Context, args []string) (map[string]float64, error) {
	out, files := args[0], args[1:]
	header, err := csvHeader(files[0])
	if err != nil {
		return nil, err
	}
	var cols []string
	for _, h := range header {
		cols = append(cols, fmt.Sprintf("'%s': '%s'", h, duckType(h)))
	}
	return duckdbCopy(ctx, fmt.Sprintf("read_csv(['%s'], header=true, delim=',', quote='\"', escape='\"', columns={%s})", strings.Join(files, "', '"), strings.Join(cols, ", ")), out)
}

func duckdbParquet(ctx context.Context, args []string) (map[string]float64, error) {
	return duckdbCopy(ctx, fmt.Sprintf("read_parquet(['%s'])", strings.Join(args[1:], "', '")), args[0])
}

func duckdbCopy(ctx context.Context, from, out string) (map[string]float64, error) {
	db, err := sql.Open("duckdb", "")
	if err != nil {
		return nil, err
	}
	defer db.Close()
	if _, err := db.ExecContext(ctx, "SET preserve_insertion_order=false"); err != nil {
		return nil, err
	}
	res, err := db.ExecContext(ctx, fmt.Sprintf("COPY (SELECT * FROM %s) TO '%s' (FORMAT parquet, COMPRESSION zstd)", from, out))
	if err != nil {
		return nil, err
	}
	rows, err := res.RowsAffected()
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(out)
	if err != nil {
		return nil, err
	}
	return map[string]float64{"rows": float64(rows), "bytes": float64(info.Size())}, nil
}

func csvHeader(file string) ([]string, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	zr, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	return csv.NewReader(zr).Read()
}
