package api

import (
	"context"
	"io"
	"os"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/auth"
	"github.com/bursarhq/bursar/internal/billing/table"
	"github.com/danielgtaylor/huma/v2"
)

// SQLAnswer is what a statement answers.
type SQLAnswer struct {
	Columns []SQLColumn `json:"columns" doc:"The columns, in the statement's order."`
	Rows    [][]any     `json:"rows" doc:"A list of cells each. Decimals are exact, as text; times are UTC; null is NULL."`
	More    bool        `json:"more" doc:"There are more rows than the limit: add LIMIT and OFFSET, or download them."`
}

// SQLColumn is one column.
type SQLColumn struct {
	Name string     `json:"name" doc:"As the statement names it."`
	Type table.Type `json:"type" enum:"text,decimal,integer,float,bool,date,timestamp" doc:"What its cells are."`
}

// SQLQuestion is a statement to run.
type SQLQuestion struct {
	SQL   string `json:"sql" doc:"One SELECT statement."`
	Limit int    `json:"limit,omitempty" minimum:"1" maximum:"100000" default:"1000" doc:"Rows at most."`
}

type sqlInput struct{ Body SQLQuestion }

type sqlOutput struct{ Body SQLAnswer }

// Begin takes the columns.
func (s *SQLAnswer) Begin(columns []table.Column) error {
	for _, c := range columns {
		s.Columns = append(s.Columns, SQLColumn{c.Name, c.Type})
	}
	return nil
}

// Row takes a row.
func (s *SQLAnswer) Row(cells []any) error {
	row := make([]any, len(cells))
	for i, cell := range cells {
		row[i] = table.JSON(table.Column{Type: s.Columns[i].Type}, cell)
	}
	s.Rows = append(s.Rows, row)
	return nil
}

func (a *API) runSQL(ctx context.Context, p auth.Principal, in *sqlInput) (*sqlOutput, error) {
	out := &sqlOutput{SQLAnswer{Columns: []SQLColumn{}, Rows: [][]any{}}}
	more, err := a.SQL.Run(ctx, p.WorkspaceID, in.Body.SQL, in.Body.Limit, &out.Body)
	out.Body.More = more
	return out, err
}

// SQLDownload is a statement whose answer is a file.
type SQLDownload struct {
	SQL    string `json:"sql" doc:"One SELECT statement."`
	Format string `json:"format,omitempty" default:"csv" doc:"csv, jsonl or parquet."`
}

// rowsOfADownload bounds a file.
const rowsOfADownload = 10_000_000

// exportSQL writes the answer to disk first: only a whole one is sent.
func (a *API) exportSQL(ctx context.Context, p auth.Principal, in *struct{ Body SQLDownload }) (*huma.StreamResponse, error) {
	format, err := table.FormatByName(in.Body.Format)
	if err != nil {
		return nil, err
	}
	spool, err := os.CreateTemp("", "bursar-sql-*")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(spool.Name()); err != nil { // it lives as long as it is open
		return nil, err
	}
	if err := a.spool(ctx, p, in.Body.SQL, format, spool); err != nil {
		spool.Close()
		return nil, err
	}
	return download("answer", format, func(w io.Writer, _ table.Format) error {
		defer spool.Close()
		_, err := io.Copy(w, spool)
		return err
	}), nil
}

func (a *API) spool(ctx context.Context, p auth.Principal, sql string, format table.Format, f *os.File) error {
	out := &spooled{format: format, to: f}
	more, err := a.SQL.Run(ctx, p.WorkspaceID, sql, rowsOfADownload, out)
	if err != nil {
		return err
	}
	if more {
		return bursar.InvalidField("sql", "the answer has more than %d rows", rowsOfADownload).WithReason("too_many_rows").WithHint("add LIMIT, or group by more")
	}
	if err := out.Close(); err != nil {
		return err
	}
	_, err = f.Seek(0, io.SeekStart)
	return err
}

// spooled writes a statement's answer as a file.
type spooled struct {
	format table.Format
	to     io.Writer
	table.Writer
}

// Begin begins the table.
func (s *spooled) Begin(columns []table.Column) (err error) {
	s.Writer, err = s.format.Open(s.to, columns)
	return err
}
