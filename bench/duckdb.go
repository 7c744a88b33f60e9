package main

import (
	"compress/gzip"
	"context"
	"database/sql"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	_ "github.com/duckdb/duckdb-go/v2" // the peer, and the engine of the lake
)

func init() {
	tasks["duckdb-csv"] = duckdbCSV
	tasks["duckdb-parquet"] = duckdbParquet
}

// duckType gives DuckDB's type of a CUR 2.0 column: the peer gets the types that a person would write down by hand.
func duckType(column string) string {
	switch {
	case strings.HasSuffix(column, "_date"), strings.HasSuffix(column, "_start_time"), strings.HasSuffix(column, "_end_time"):
		return "TIMESTAMP"
	case strings.HasSuffix(column, "_cost"), strings.HasSuffix(column, "_rate"), strings.HasSuffix(column, "_amount"),
		strings.HasSuffix(column, "_usage_amount"), strings.HasSuffix(column, "_fee"), strings.HasSuffix(column, "_commitment"):
		return "DECIMAL(28,10)"
	}
	return "VARCHAR"
}

// duckdbCSV is what somebody who knows DuckDB well would write: typed columns, zstd, no insertion order.
func duckdbCSV(ctx context.Context, args []string) (map[string]float64, error) {
	dir, out := args[0], args[1]
	files, err := filepath.Glob(filepath.Join(dir, "*.csv.gz"))
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("no csv.gz under %s", dir)
	}
	header, err := csvHeader(files[0])
	if err != nil {
		return nil, err
	}
	var cols []string
	for _, h := range header {
		cols = append(cols, fmt.Sprintf("'%s': '%s'", h, duckType(h)))
	}
	return duckdbCopy(ctx, fmt.Sprintf("read_csv('%s/*.csv.gz', header=true, delim=',', quote='\"', escape='\"', columns={%s})", dir, strings.Join(cols, ", ")), out)
}

func duckdbParquet(ctx context.Context, args []string) (map[string]float64, error) {
	return duckdbCopy(ctx, fmt.Sprintf("read_parquet('%s/*.parquet')", args[0]), args[1])
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
