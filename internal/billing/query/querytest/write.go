package querytest

import (
	"cmp"
	"maps"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/billing/lake"
	"github.com/bursarhq/bursar/internal/billing/schema"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// Line is a line item: values by normal name, as a bill would write them. What is absent is NULL.
type Line map[string]string

// Bill is a delivery of line items for the tests of an engine.
type Bill struct {
	Period string // 2026-02
	Lines  []Line
	Digits map[string]lake.Digits // of decimals that are not DECIMAL(18,10), by normal name
}

// Write writes the bill as the lake does, and returns its files.
func (b Bill) Write(t testing.TB, dir string) lake.Files {
	t.Helper()
	period, err := bursar.ParsePeriod(b.Period)
	check(t, err)
	f := lake.Files{Period: period, Decimals: map[string]lake.Digits{}}
	columns := map[string]schema.Column{}
	for _, l := range b.Lines {
		for normal := range l {
			columns[schema.Lake(normal)] = schema.Lookup(normal)
		}
	}
	group := parquet.Group{}
	for name, c := range columns {
		group[name] = parquet.Optional(b.node(c))
		if c.Type == schema.Decimal {
			f.Decimals[name] = b.digits(c)
		}
	}
	f.Columns = slices.Sorted(maps.Keys(columns))
	file, err := os.CreateTemp(dir, "line_items-*.parquet")
	check(t, err)
	w := parquet.NewWriter(file, parquet.NewSchema("line_items", group))
	for _, l := range b.Lines {
		row := make(parquet.Row, len(f.Columns))
		for i, name := range f.Columns {
			row[i] = b.value(t, columns[name], l).Level(0, 0, i)
			if v, ok := l[columns[name].Normal]; ok && v != "" {
				row[i] = b.value(t, columns[name], l).Level(0, 1, i)
			}
		}
		_, err := w.WriteRows([]parquet.Row{row})
		check(t, err)
	}
	check(t, w.Close())
	check(t, file.Close())
	f.Paths = []string{filepath.Clean(file.Name())}
	return f
}

func (b Bill) digits(c schema.Column) lake.Digits {
	return cmp.Or(b.Digits[c.Normal], lake.Digits{Precision: 18, Scale: 10})
}

func (b Bill) node(c schema.Column) parquet.Node {
	switch d := b.digits(c); {
	case c.Type == schema.Timestamp:
		return parquet.Timestamp(parquet.Microsecond)
	case c.Type == schema.Decimal && d.Precision > 18:
		return parquet.Decimal(d.Scale, d.Precision, parquet.FixedLenByteArrayType(16))
	case c.Type == schema.Decimal:
		return parquet.Decimal(d.Scale, d.Precision, parquet.Int64Type)
	}
	return parquet.String()
}

func (b Bill) value(t testing.TB, c schema.Column, l Line) parquet.Value {
	t.Helper()
	s, ok := l[c.Normal]
	if !ok || s == "" {
		return parquet.NullValue()
	}
	switch c.Type {
	case schema.Timestamp:
		at, err := time.Parse("2006-01-02 15:04:05", s)
		check(t, err)
		return parquet.Int64Value(at.UnixMicro())
	case schema.Decimal:
		d, err := bursar.ParseDecimal(s)
		check(t, err)
		digits := b.digits(c)
		n, exact := d.Unscaled(digits.Scale)
		if !exact {
			t.Fatalf("%s has more than %d digits after the point", s, digits.Scale)
		}
		if digits.Precision <= 18 {
			return parquet.Int64Value(n.Int64())
		}
		return parquet.FixedLenByteArrayValue(twosComplement(n))
	}
	return parquet.ByteArrayValue([]byte(s))
}

func twosComplement(n *big.Int) []byte {
	if n.Sign() < 0 {
		n = new(big.Int).Add(n, new(big.Int).Lsh(big.NewInt(1), 128))
	}
	return n.FillBytes(make([]byte, 16))
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// lines reads a table: a header of normal names, then a line item each; cells are separated by "|", "-" is NULL.
func lines(table string) (out []Line) {
	var header []string
	for _, row := range strings.Split(strings.TrimSpace(table), "\n") {
		cells := strings.Split(row, "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		if header == nil {
			header = cells
			continue
		}
		l := Line{}
		for i, c := range cells {
			if c == "-" {
				c = ""
			}
			l[header[i]] = c
		}
		out = append(out, l)
	}
	return out
}

func digitsOf(column string, precision, scale int) map[string]lake.Digits {
	return map[string]lake.Digits{column: {Precision: precision, Scale: scale}}
}

// described reads what a file's footer says of its columns, as the lake does.
func described(t testing.TB, path string) lake.Files {
	t.Helper()
	file, err := os.Open(path)
	check(t, err)
	defer file.Close()
	info, err := file.Stat()
	check(t, err)
	p, err := parquet.OpenFile(file, info.Size())
	check(t, err)
	out := lake.Files{Paths: []string{path}, Decimals: map[string]lake.Digits{}}
	for _, e := range p.Metadata().Schema[1:] {
		out.Columns = append(out.Columns, e.Name)
		if d, ok := e.LogicalType.Value.(*format.DecimalType); ok {
			out.Decimals[e.Name] = lake.Digits{Precision: int(d.Precision), Scale: int(d.Scale)}
		}
	}
	return out
}
