// Package realbill finds out what somebody's bill files are, so that the sandbox can serve them as an export.
package realbill

import (
	"archive/zip"
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/parquet-go/parquet-go"

	"github.com/bursarhq/bursar"
)

// File is one file of somebody's bill.
type File struct {
	Path    string
	Format  bursar.Format
	Period  bursar.Period // the month of its first line item
	Columns []string      // the header of a csv file

	parquet bool
	packed  bool // gz or zip
}

// Served is how the file is written, as world files spell it: csv, zip or parquet.
func (b File) Served() string {
	switch {
	case b.parquet:
		return "parquet"
	case b.packed && strings.HasSuffix(b.Path, ".zip"):
		return "zip"
	}
	return "csv"
}

// Extension is how an object's key ends that the file is served as.
func (b File) Extension() string {
	switch {
	case b.parquet:
		return ".snappy.parquet"
	case b.Served() == "zip":
		return ".csv.zip"
	case b.packed:
		return ".csv.gz"
	}
	return ".csv"
}

// periodColumns name the first day of a line item's billing month, in each family.
var periodColumns = map[string]bursar.Format{
	"bill/BillingPeriodStartDate": bursar.FormatLegacy, "bill_billing_period_start_date": bursar.FormatCUR2, "BillingPeriodStart": bursar.FormatFOCUS12,
}

var errNoBill = errors.New("it has no column with the billing period's start")

// look finds out what a file is, by its first line item.
func look(name string) (File, error) {
	f, err := os.Open(name)
	if err != nil {
		return File{}, err
	}
	defer func() { _ = f.Close() }() // it was only read
	r := bufio.NewReader(f)
	magic, err := r.Peek(4)
	if err != nil {
		return File{}, fmt.Errorf("too short for a bill: %w", err)
	}
	b := File{Path: name}
	switch {
	case string(magic) == "PAR1":
		b.parquet = true
		return b, b.lookParquet(f)
	case string(magic[:2]) == "\x1f\x8b":
		b.packed = true
		z, err := gzip.NewReader(r)
		if err != nil {
			return b, err
		}
		return b, b.lookCSV(z)
	case string(magic[:2]) == "PK":
		b.packed = true
		return b, b.lookZip(f)
	}
	return b, b.lookCSV(r)
}

func (b *File) lookZip(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	z, err := zip.NewReader(f, info.Size())
	if err != nil {
		return err
	}
	for _, entry := range z.File {
		if strings.HasSuffix(entry.Name, ".csv") {
			r, err := entry.Open()
			if err != nil {
				return err
			}
			return errors.Join(b.lookCSV(r), r.Close())
		}
	}
	return errors.New("there is no csv file in the archive")
}

func (b *File) lookCSV(r io.Reader) error {
	c := csv.NewReader(io.LimitReader(r, 1<<20))
	c.FieldsPerRecord = -1 // ragged bills are served too: what becomes of them is the reader's affair
	header, err := c.Read()
	if err != nil {
		return err
	}
	header[0] = strings.TrimPrefix(header[0], "\ufeff")
	row, err := c.Read()
	if err != nil {
		return fmt.Errorf("it has no line items: %w", err)
	}
	b.Columns = header
	return b.decide(header[:min(len(header), len(row))], func(i int) (time.Time, error) { return parseTime(row[i]) })
}

// decide finds the family and the month.
func (b *File) decide(columns []string, value func(i int) (time.Time, error)) error {
	for i, name := range columns {
		format, ok := periodColumns[name]
		if !ok {
			continue
		}
		t, err := value(i)
		if err != nil {
			return err
		}
		b.Format, b.Period = format, bursar.PeriodOf(t)
		switch {
		case format == bursar.FormatCUR2 && !slices.Contains(columns, "product"): // Athena's names, which legacy Parquet files have
			b.Format = bursar.FormatLegacy
		case format == bursar.FormatFOCUS12 && !slices.Contains(columns, "ServiceSubcategory"):
			b.Format = bursar.FormatFOCUS10
		}
		return nil
	}
	return errNoBill
}

var timeLayouts = []string{time.RFC3339, "2006-01-02 15:04:05", time.DateOnly}

func parseTime(s string) (time.Time, error) {
	for _, layout := range timeLayouts {
		if t, err := time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("the billing period's start %q is no time", s)
}

func (b *File) lookParquet(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	file, err := parquet.OpenFile(f, info.Size())
	if err != nil {
		return err
	}
	var names []string
	for _, field := range file.Schema().Fields() {
		names = append(names, field.Name())
	}
	return b.decide(names, func(i int) (time.Time, error) { return firstTime(file, names[i]) })
}

// firstTime reads a column's first value: a timestamp in any unit, or a text.
func firstTime(file *parquet.File, name string) (time.Time, error) {
	leaf, ok := file.Schema().Lookup(name)
	if !ok || len(file.RowGroups()) == 0 {
		return time.Time{}, errors.New("it has no line items")
	}
	pages := file.RowGroups()[0].ColumnChunks()[leaf.ColumnIndex].Pages()
	defer func() { _ = pages.Close() }() // it was only read
	p, err := pages.ReadPage()
	if err != nil {
		return time.Time{}, err
	}
	values := make([]parquet.Value, 1)
	if n, err := p.Values().ReadValues(values); n == 0 {
		return time.Time{}, fmt.Errorf("it has no line items: %w", err)
	}
	v := values[0]
	if v.Kind() != parquet.Int64 {
		return parseTime(v.String())
	}
	switch n := v.Int64(); {
	case n > 1e17:
		return time.Unix(0, n).UTC(), nil
	case n > 1e14:
		return time.UnixMicro(n).UTC(), nil
	default:
		return time.UnixMilli(n).UTC(), nil
	}
}
