package destination

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/bursarhq/bursar/internal/billing/ingest/column"
	"github.com/bursarhq/bursar/internal/billing/ingest/decode"
	"github.com/bursarhq/bursar/internal/billing/table"
)

// The formats of files.
const (
	CSV     = "csv"     // RFC 4180, with a header; NULL is an empty cell; gzip
	JSONL   = "jsonl"   // an object in each line; decimals are texts, so that no reader makes them floats; gzip
	Parquet = "parquet" // zstd
)

// Formats are all of them.
var Formats = []string{Parquet, CSV, JSONL}

// AppendText appends a cell that is not NULL as text: exact decimals, RFC 3339 times, dates as YYYY-MM-DD.
func AppendText(dst []byte, col Column, c *column.Column, id uint32) []byte {
	switch col.Type {
	case Decimal, Integer:
		return decode.AppendNumber(dst, c.Number(id))
	case Timestamp:
		return time.UnixMicro(c.Micros(id)).UTC().AppendFormat(dst, "2006-01-02T15:04:05.999999Z")
	case Date:
		return time.UnixMicro(c.Micros(id)).UTC().AppendFormat(dst, time.DateOnly)
	}
	return append(dst, c.Text(id)...)
}

// csvRows writes CSV. guard puts an apostrophe before text that a spreadsheet would run as a formula.
func csvRows(columns []Column, guard bool) *Rowwise {
	r := &Rowwise{Columns: columns}
	var text []byte
	last := len(columns) - 1
	r.Cell = func(dst []byte, at int, c *column.Column, id uint32) []byte {
		if id != column.Null {
			text = AppendText(text[:0], columns[at], c, id)
			if t := columns[at].Type; guard && (t == Text || t == JSON) {
				dst = appendCSV(dst, table.Harmless(string(text)))
			} else {
				dst = appendCSV(dst, string(text))
			}
		}
		if at == last {
			return append(dst, '\n')
		}
		return append(dst, ',')
	}
	return r
}

func appendCSV(dst []byte, s string) []byte {
	if !strings.ContainsAny(s, ",\"\r\n") && !strings.HasPrefix(s, " ") && s != `\.` {
		return append(dst, s...)
	}
	dst = append(dst, '"')
	dst = append(dst, strings.ReplaceAll(s, `"`, `""`)...)
	return append(dst, '"')
}

func csvHeader(columns []Column) []byte {
	var dst []byte
	for i, c := range columns {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendCSV(dst, table.Harmless(c.Name))
	}
	return append(dst, '\n')
}

// JSONRows writes each row as a JSON object, and after behind it.
func JSONRows(columns []Column, after string) *Rowwise {
	r := &Rowwise{Columns: columns, Before: []byte("{"), After: []byte("}" + after)}
	names := make([][]byte, len(columns))
	for i, c := range columns {
		name, _ := json.Marshal(c.Name) // a string can always be written
		names[i] = append(name, ':')
		if i > 0 {
			names[i] = append([]byte(","), names[i]...)
		}
	}
	r.Cell = func(dst []byte, at int, c *column.Column, id uint32) []byte {
		return appendJSON(append(dst, names[at]...), columns[at], c, id)
	}
	return r
}

func appendJSON(dst []byte, col Column, c *column.Column, id uint32) []byte {
	switch {
	case id == column.Null:
		return append(dst, "null"...)
	case col.Type == Integer:
		return AppendText(dst, col, c, id)
	case col.Type == JSON && json.Valid(c.Text(id)):
		return append(dst, c.Text(id)...)
	case col.Type == Text || col.Type == JSON:
		return appendQuoted(dst, c.Text(id))
	}
	dst = append(dst, '"')
	return append(AppendText(dst, col, c, id), '"')
}

func appendQuoted(dst, text []byte) []byte {
	plain := utf8.Valid(text) && bytes.IndexFunc(text, func(r rune) bool { return r < 0x20 || r == '"' || r == '\\' }) < 0
	if plain {
		dst = append(dst, '"')
		dst = append(dst, text...)
		return append(dst, '"')
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(string(text)) // a string can always be written
	return append(dst, bytes.TrimRight(b.Bytes(), "\n")...)
}

// writeText writes a part as CSV or JSON lines.
func writeText(ctx context.Context, w io.Writer, p *Part, format string, plain bool) (rows int64, err error) {
	r := JSONRows(p.Columns, "\n")
	if format == CSV {
		r = csvRows(p.Columns, !plain)
		if _, err := w.Write(csvHeader(p.Columns)); err != nil {
			return 0, err
		}
	}
	return r.Write(ctx, w, p)
}
