// Package ingest reads AWS bills and writes them as typed Parquet, exactly and fast: legacy Cost and Usage
// Reports, CUR 2.0 and FOCUS 1.0 and 1.2, as csv (plain, gzip, zip) or Parquet. What a file is, its bytes and its
// header say, never its name.
//
// [Run] writes the lake's files and totals; [Inspect] only reads. Both are exact: amounts are decimals from the
// first byte to the last sum (a Parquet double is read as its shortest decimal), and a row that cannot be read
// fails the import with its file, line and column. Nothing is skipped, shifted or rounded.
//
// Memory is bounded whatever the input's size: a file is never held as a whole.
//
// The columns and their names are those of package schema. Maps (tags, cost categories, product attributes)
// are columns of JSON text, an object of texts and numbers, or NULL where there is no entry: in Parquet such a text is
// a dictionary entry like any other, so a map costs one index per run of equal rows, DuckDB evaluates a JSON
// function once per distinct map instead of once per row, and every other engine can read it.
package ingest

import (
	"context"
	"io"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/billing/schema"
)

// File is one file of a delivery.
type File struct {
	Name string // what messages call it: a path or an object key
	Size int64  // bytes; when it is not negative, a file of another size fails
	// Open starts reading. It is called once or twice. Where the reader is an *os.File, zip and Parquet are read in
	// place; otherwise they are first copied to a temporary file in Request.Dir.
	Open func(ctx context.Context) (io.ReadCloser, error)
}

// Request is what is to be read, and where to.
type Request struct {
	Files    []File
	Period   bursar.Period // rows of other periods are left out and reported; zero = keep every period, each in its own parts
	Format   bursar.Format // a hint that only decides between legacy and CUR 2.0 where the header fits both
	Dir      string        // an existing folder for the parts and temporary files
	Workers  int           // files read at the same time; zero = one per processor, at most 4, for each takes memory
	Now      func() time.Time
	Progress func(Progress) // called from several goroutines, one at a time, some ten times a second; may be nil
}

// Progress says how far a run has come.
type Progress struct {
	Files, FilesDone  int
	Bytes, BytesTotal int64 // of the source, compressed as delivered; BytesTotal is 0 where a size is unknown
	Rows              int64
	Elapsed           time.Duration
}

// Part is one Parquet file that Run wrote. Its rows all belong to one period.
type Part struct {
	Path               string // inside Request.Dir: <Dir>/line_items-00000.parquet
	Period             bursar.Period
	Rows               int64
	Bytes              int64
	MinStart, MaxStart time.Time // of ChargePeriodStart; zero where no row has one
}

// Column is one column of the result.
type Column struct {
	Name   string      // in the lake
	Source string      // in the file, as it is spelled there. Several flattened columns of a map are joined by ", "
	Type   schema.Type // what its values are
}

// Group is a part of a bill: the rows that have Key in common, in one currency, and the exact sum of their
// unblended cost (BilledCost).
type Group struct {
	Key      string         `json:"key"`
	Currency string         `json:"currency"` // "" where rows name none
	Rows     int64          `json:"rows"`
	Cost     bursar.Decimal `json:"unblended_cost"`
}

// Summary is what a bill says, exactly. Groups are sorted by key, then by currency.
type Summary struct {
	Rows           int64                     `json:"rows"`
	Totals         map[string]bursar.Decimal `json:"totals"` // unblended cost by currency
	ByPeriod       []Group                   `json:"by_period"`
	ByLineItemType []Group                   `json:"by_line_item_type"` // FOCUS: by charge category
	ByService      []Group                   `json:"by_service"`        // product code; FOCUS: service name
	ByAccount      []Group                   `json:"by_account"`        // usage account
	EmptyCosts     int64                     `json:"empty_costs"`       // rows without an unblended cost; they count as rows and as 0
}

// Warning is something about the input that does not stop the import and that a person should know.
type Warning struct {
	Code    string `json:"code"` // stable, lower_snake_case: other_periods, duplicate_column, renamed_column, invalid_utf8, not_a_number, …
	File    string `json:"file,omitempty"`
	Column  string `json:"column,omitempty"`
	Message string `json:"message"`
}

// Result is what Run wrote.
type Result struct {
	Format      bursar.Format
	FileFormat  bursar.FileFormat
	Parts       []Part
	Columns     []Column
	SourceBytes int64   // as delivered
	Summary             // of the rows in the parts
	Other       []Group // rows left out because they belong to another period than Request.Period: Key is that period
	Warnings    []Warning
}

// FileReport is what Inspect found in one file.
type FileReport struct {
	Path       string            `json:"path"`
	Format     bursar.Format     `json:"format"`
	FileFormat bursar.FileFormat `json:"file_format"`
	Packing    string            `json:"packing"` // plain, gz, zip; "" for Parquet
	Columns    int               `json:"columns"` // in the file
	Summary
	Warnings []Warning `json:"warnings,omitempty"`
}

// Report is what Inspect found.
type Report struct {
	Files []FileReport `json:"files"`
	Total Summary      `json:"total"`
}
