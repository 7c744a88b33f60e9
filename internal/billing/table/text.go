package table

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

type csvWriter struct {
	columns []Column
	w       *csv.Writer
	row     []string
}

func newCSV(w io.Writer, columns []Column) (Writer, error) {
	c := &csvWriter{columns: columns, w: csv.NewWriter(w), row: make([]string, len(columns))}
	for i, col := range columns {
		c.row[i] = Harmless(col.Name)
	}
	return c, c.w.Write(c.row)
}

// Row writes NULL as nothing, as an empty text.
func (c *csvWriter) Row(cells []any) error {
	for i, cell := range cells {
		c.row[i] = csvCell(c.columns[i], cell)
	}
	return c.w.Write(c.row)
}

func (c *csvWriter) Close() error {
	c.w.Flush()
	return c.w.Error()
}

func csvCell(c Column, cell any) string {
	switch v := cell.(type) {
	case nil:
		return ""
	case string:
		return Harmless(v)
	case time.Time:
		return timeText(c, v)
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	}
	return fmt.Sprint(cell)
}

// Harmless keeps a spreadsheet from taking a text for a formula: tags and names come from others (OWASP, CSV injection). A number is
// none.
func Harmless(s string) string {
	if s == "" || !strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return s
	}
	if _, err := strconv.ParseFloat(s, 64); err == nil {
		return s
	}
	return "'" + s
}

type jsonlWriter struct {
	columns []Column
	names   [][]byte
	w       *bufio.Writer
}

func newJSONL(w io.Writer, columns []Column) (Writer, error) {
	j := &jsonlWriter{columns: columns, w: bufio.NewWriter(w)}
	for _, c := range columns {
		name, err := json.Marshal(c.Name)
		if err != nil {
			return nil, err
		}
		j.names = append(j.names, name)
	}
	return j, nil
}

// Row writes an object in the columns' order. Decimals are text, so that no reader makes floats of them.
func (j *jsonlWriter) Row(cells []any) error {
	b := []byte{'{'}
	for i, cell := range cells {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(b, j.names[i]...), ':')
		value, err := json.Marshal(JSON(j.columns[i], cell))
		if err != nil {
			return err
		}
		b = append(b, value...)
	}
	_, err := j.w.Write(append(b, '}', '\n'))
	return err
}

func (j *jsonlWriter) Close() error { return j.w.Flush() }
