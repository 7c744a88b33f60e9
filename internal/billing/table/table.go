// Package table writes rows for programs: as CSV, as JSON lines, and as Parquet. Amounts stay exact in each of them.
package table

import (
	"io"
	"math"
	"strings"
	"time"

	"github.com/bursarhq/bursar"
)

// Type is what a column holds. A cell is nil, or the Go type that stands beside its column's type.
type Type string

// The types.
const (
	Text      Type = "text"      // string
	Decimal   Type = "decimal"   // bursar.Decimal
	Integer   Type = "integer"   // int64
	Float     Type = "float"     // float64: what a person computed; never an amount of a bill
	Bool      Type = "bool"      // bool
	Date      Type = "date"      // time.Time at midnight, UTC
	Timestamp Type = "timestamp" // time.Time in UTC, microseconds
)

// Column is one column.
type Column struct {
	Name  string `json:"name"`
	Type  Type   `json:"type"`
	Scale int    `json:"-"` // of a decimal: digits after the point, which Parquet must know before the first row
}

// Writer takes rows. Nothing is complete before Close, which leaves what is below open.
type Writer interface {
	Row(cells []any) error
	Close() error
}

// Format is how rows are written.
type Format struct {
	Name        string // csv
	ContentType string
	open        func(io.Writer, []Column) (Writer, error)
}

// Formats are all of them.
var Formats = []Format{
	{"csv", "text/csv; charset=utf-8; header=present", newCSV},
	{"jsonl", "application/jsonl", newJSONL},
	{"parquet", "application/vnd.apache.parquet", newParquet},
}

// FormatByName finds a format; an unknown one is an Invalid error that lists them.
func FormatByName(name string) (Format, error) {
	var names []string
	for _, f := range Formats {
		if f.Name == name {
			return f, nil
		}
		names = append(names, f.Name)
	}
	return Format{}, bursar.InvalidField("format", "there is no format %q", name).WithReason("unknown_format").WithHint("use one of %s", strings.Join(names, ", "))
}

// Open begins a table of columns.
func (f Format) Open(w io.Writer, columns []Column) (Writer, error) { return f.open(w, columns) }

// JSON is a cell as JSON has it: decimals and times are text.
func JSON(c Column, cell any) any {
	switch v := cell.(type) {
	case time.Time:
		return timeText(c, v)
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil
		}
	}
	return cell
}

// timeText is a date or a time as text.
func timeText(c Column, t time.Time) string {
	if c.Type == Date {
		return t.Format(time.DateOnly)
	}
	return t.UTC().Format("2006-01-02T15:04:05.999999Z")
}
