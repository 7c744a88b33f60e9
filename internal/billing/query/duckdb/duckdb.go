// Package duckdb answers questions with DuckDB, linked in, over the lake's Parquet files.
package duckdb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"sync"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/billing/lake"
	"github.com/bursarhq/bursar/internal/billing/query"
	"github.com/duckdb/duckdb-go/v2"
)

// Engine is one in-memory DuckDB that reads files of one folder and nothing else. It is safe for concurrent use.
type Engine struct {
	options Options

	mu     sync.Mutex
	db     *sql.DB // nil until the first question
	closed bool
}

// Options say what the engine may use.
type Options struct {
	Folder   string // the lake: nothing outside it can be read or written
	MemoryMB int64  // for all questions together
	Threads  int    // 0 is all cores
}

// Open makes an engine. DuckDB starts with the first question: until there is a bill, nobody pays for it. Extensions are neither loaded nor
// downloaded, and no statement can change these settings.
func Open(o Options) *Engine { return &Engine{options: o} }

// started gives DuckDB, and starts it first where nobody has asked before.
func (e *Engine) started() (*sql.DB, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case e.closed:
		return nil, errors.New("DuckDB is closed")
	case e.db != nil:
		return e.db, nil
	}
	c, err := duckdb.NewConnector("", func(exec driver.ExecerContext) error { return nil })
	if err != nil {
		return nil, fmt.Errorf("starting DuckDB: %w", err)
	}
	db := sql.OpenDB(c)
	if err := settle(db, e.options); err != nil {
		return nil, errors.Join(fmt.Errorf("starting DuckDB: %w", err), db.Close())
	}
	e.db = db
	return db, nil
}

func settle(db *sql.DB, o Options) error {
	settings := []string{
		"SET autoinstall_known_extensions = false", "SET autoload_known_extensions = false",
		fmt.Sprintf("SET memory_limit = '%dMB'", o.MemoryMB), "SET preserve_insertion_order = false",
		"SET parquet_metadata_cache = true", "SET TimeZone = 'UTC'",
		fmt.Sprintf("SET allowed_directories = ['%s']", strings.ReplaceAll(o.Folder, "'", "''")),
		"SET enable_external_access = false", "SET lock_configuration = true",
	}
	if o.Threads > 0 {
		settings = append([]string{fmt.Sprintf("SET threads = %d", o.Threads)}, settings...)
	}
	for _, s := range settings {
		if _, err := db.Exec(s); err != nil {
			return fmt.Errorf("%s: %w", s, err)
		}
	}
	return nil
}

// Close stops the engine.
func (e *Engine) Close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closed = true
	if e.db == nil {
		return nil
	}
	return e.db.Close()
}

// Query runs a statement and hands each row to scan.
func (e *Engine) Query(ctx context.Context, statement string, scan func(query.Values) error) error {
	db, err := e.started()
	if err != nil {
		return err
	}
	rows, err := db.QueryContext(ctx, statement)
	if err != nil {
		return failed(ctx, err)
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return err
	}
	cells := make(values, len(names))
	into := make([]any, len(names))
	for i := range cells {
		into[i] = &cells[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		if err := scan(cells); err != nil {
			return err
		}
	}
	return failed(ctx, rows.Err())
}

func failed(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case strings.Contains(err.Error(), "Out of Memory"):
		return bursar.Errorf(bursar.Unavailable, "the question needs more memory than it may use: %w", err).
			WithReason("memory_limit").WithHint("ask for a shorter time or fewer groups, or raise memory_limit_mb")
	}
	return fmt.Errorf("asking the lake: %w", err)
}

type values []any

// Null says whether a cell is NULL.
func (v values) Null(i int) bool { return v[i] == nil }

// Text returns a cell as text.
func (v values) Text(i int) string {
	if s, ok := v[i].(string); ok {
		return s
	}
	if v[i] == nil {
		return ""
	}
	return fmt.Sprint(v[i])
}

// Time returns a cell as a time in UTC.
func (v values) Time(i int) time.Time {
	t, _ := v[i].(time.Time)
	return t.UTC()
}

// Decimal returns a cell as an exact decimal.
func (v values) Decimal(i int) bursar.Decimal {
	switch d := v[i].(type) {
	case duckdb.Decimal:
		return bursar.NewDecimal(d.Value, int(d.Scale))
	case *big.Int:
		return bursar.NewDecimal(d, 0)
	case int64:
		return bursar.DecimalFromInt64(d, 0)
	case int32:
		return bursar.DecimalFromInt64(int64(d), 0)
	}
	return bursar.Decimal{}
}

// Roll makes the rollup and the summary of a delivery.
func (e *Engine) Roll(ctx context.Context, items []lake.Files, rollup, summary string) (lake.Rolled, error) {
	r := lake.Rolled{Totals: map[string]bursar.Decimal{}}
	if err := e.copy(ctx, query.RollupSQL(items), rollup); err != nil {
		return r, err
	}
	if err := e.copy(ctx, query.SummarySQL(rollup), summary); err != nil {
		return r, err
	}
	err := e.Query(ctx, query.TotalsSQL(rollup), func(v query.Values) error { r.Totals[v.Text(0)] = v.Decimal(1); return nil })
	if err != nil {
		return r, err
	}
	return r, e.Query(ctx, query.OwnersSQL(rollup), func(v query.Values) error {
		r.Owners = append(r.Owners, lake.Owner{Payer: v.Text(0), Account: v.Text(1)})
		return nil
	})
}

// Days reads unblended cost by day and service from a summary.
func (e *Engine) Days(ctx context.Context, summary string) (out []bursar.Change, err error) {
	err = e.Query(ctx, query.DaysSQL(summary), func(v query.Values) error {
		out = append(out, bursar.Change{Day: v.Time(0).Format(time.DateOnly), Service: v.Text(1), Currency: v.Text(2), After: v.Decimal(3)})
		return nil
	})
	return out, err
}

// copy writes a statement's rows to a Parquet file. Order is kept, for files that are sorted by day are read in part.
func (e *Engine) copy(ctx context.Context, statement, out string) error {
	db, err := e.started()
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, "COPY ("+statement+") TO '"+strings.ReplaceAll(out, "'", "''")+"' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 61440)")
	return failed(ctx, err)
}
