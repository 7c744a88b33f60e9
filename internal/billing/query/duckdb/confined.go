package duckdb

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/billing/query"
	"github.com/bursarhq/bursar/internal/billing/table"
	"github.com/duckdb/duckdb-go/v2"
)

// Confined runs people's SQL, each statement in a DuckDB of its own: in memory, with the statement's views and nothing else in it, able
// to open the files of one snapshot and no other, its settings locked. On top of that a statement is read before it runs, and only
// what is known to be harmless passes. It is safe for concurrent use.
type Confined struct {
	memoryMB int64
	threads  int
	slots    chan struct{}
}

// Confine prepares for statements: so many at once, each with its share of the memory. The others wait.
func Confine(o Options, atOnce int) *Confined {
	return &Confined{memoryMB: max(64, o.MemoryMB/int64(atOnce)), threads: o.Threads, slots: make(chan struct{}, atOnce)}
}

// Run runs one SELECT.
func (c *Confined) Run(ctx context.Context, s query.Statement, out query.Results) (more bool, err error) {
	select {
	case c.slots <- struct{}{}:
		defer func() { <-c.slots }()
	case <-ctx.Done():
		return false, ctx.Err()
	}
	connector, err := duckdb.NewConnector("", nil)
	if err != nil {
		return false, fmt.Errorf("starting DuckDB: %w", err)
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	conn, err := db.Conn(ctx)
	if err != nil {
		return false, err
	}
	defer conn.Close()
	if err := c.prepare(ctx, conn, s); err != nil {
		return false, err
	}
	text, err := inspect(ctx, conn, s)
	if err != nil {
		return false, err
	}
	rows, err := conn.QueryContext(ctx, text)
	if err != nil {
		return false, refused(ctx, s.Text, err)
	}
	defer rows.Close()
	more, err = deliver(rows, s.MaxRows, out)
	if rows.Err() != nil {
		return false, refused(ctx, s.Text, rows.Err())
	}
	return more, err
}

// prepare makes the views and closes every door. Views are bound when they are made, so their files are allowed first.
func (c *Confined) prepare(ctx context.Context, conn *sql.Conn, s query.Statement) error {
	quoted := make([]string, len(s.Files))
	for i, f := range s.Files {
		quoted[i] = "'" + strings.ReplaceAll(f, "'", "''") + "'"
	}
	steps := []string{
		"SET autoinstall_known_extensions = false", "SET autoload_known_extensions = false", "SET temp_directory = ''", "SET TimeZone = 'UTC'", "SET errors_as_json = true",
		fmt.Sprintf("SET memory_limit = '%dMB'", c.memoryMB),
		"SET allowed_paths = [" + strings.Join(quoted, ", ") + "]",
	}
	if c.threads > 0 {
		steps = append(steps, fmt.Sprintf("SET threads = %d", c.threads))
	}
	steps = append(steps, "SET enable_external_access = false")
	for _, r := range s.Relations {
		steps = append(steps, "CREATE VIEW "+r.Name+" AS "+r.SQL)
	}
	for _, step := range append(steps, "SET lock_configuration = true") {
		if _, err := conn.ExecContext(ctx, step); err != nil {
			return fmt.Errorf("preparing for a statement (%.60s): %w", step, err)
		}
	}
	return nil
}

// refused says in words for people why DuckDB did not run a statement.
func refused(ctx context.Context, statement string, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var e *duckdb.Error
	if !errors.As(err, &e) {
		return fmt.Errorf("running a statement: %w", err)
	}
	invalid := func(message, reason, hint string) error {
		return bursar.InvalidField("sql", "%s", message).WithReason(reason).WithHint("%s", hint)
	}
	told := tell(e)
	switch told.Type {
	case "Out of Memory":
		return invalid("the statement needs more memory than it may use", "memory_limit", "group by less, add LIMIT, or ask costs_daily instead of line_items")
	case "Permission", "IO":
		return invalid("a statement reads the views and nothing else", "sql_not_allowed", "SHOW TABLES lists them")
	}
	wrong := bursar.InvalidField("sql", "%s", told.Type+" Error: "+told.Message).WithReason("sql_error").WithHint("DESCRIBE line_items lists its columns")
	return told.place(wrong, statement)
}

// told is an error as DuckDB tells it: see errors_as_json.
type told struct {
	Type     string `json:"exception_type"`
	Message  string `json:"exception_message"`
	Position string `json:"position"` // in bytes from the beginning of the statement; "" where it is about no place
}

// tell reads an error. What is no JSON is told as it is.
func tell(e *duckdb.Error) told {
	at := strings.IndexByte(e.Msg, '{')
	var t told
	if at >= 0 && json.Unmarshal([]byte(e.Msg[at:]), &t) == nil && t.Type != "" {
		return t
	}
	kind, message, ok := strings.Cut(e.Msg, " Error: ")
	if !ok {
		return told{Type: "SQL", Message: e.Msg}
	}
	return told{Type: kind, Message: message}
}

// place says where in a statement the error is.
func (t told) place(e *bursar.Error, statement string) error {
	at, err := strconv.Atoi(t.Position)
	if err != nil {
		return e
	}
	return e.At(statement, at)
}

func deliver(rows *sql.Rows, most int, out query.Results) (more bool, err error) {
	types, err := rows.ColumnTypes()
	if err != nil {
		return false, err
	}
	columns := make([]table.Column, len(types))
	cells, into := make([]any, len(types)), make([]any, len(types))
	for i, t := range types {
		columns[i] = columnOf(t.Name(), t.DatabaseTypeName())
		into[i] = &cells[i]
	}
	if err := out.Begin(columns); err != nil {
		return false, err
	}
	for n := 0; rows.Next(); n++ {
		if n == most {
			return true, nil
		}
		if err := rows.Scan(into...); err != nil {
			return false, err
		}
		for i := range cells {
			cells[i] = cellOf(columns[i], types[i].DatabaseTypeName(), cells[i])
		}
		if err := out.Row(cells); err != nil {
			return false, err
		}
	}
	return false, nil
}
