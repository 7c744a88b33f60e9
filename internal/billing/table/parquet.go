package table

import (
	"fmt"
	"io"
	"math/big"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"
)

// rowsAtOnce is how many rows are handed over together.
const rowsAtOnce = 1024

type parquetWriter struct {
	columns []Column
	w       *parquet.GenericWriter[any]
	rows    []parquet.Row
}

// ordered is a group whose fields keep their order: parquet.Group sorts them.
type ordered struct {
	parquet.Group
	fields []parquet.Field
}

// Fields gives the fields in the order of the columns.
func (o ordered) Fields() []parquet.Field { return o.fields }

func newParquet(w io.Writer, columns []Column) (Writer, error) {
	group := parquet.Group{}
	for _, c := range columns {
		if _, twice := group[c.Name]; twice {
			return nil, bursar.Errorf(bursar.Invalid, "two columns are named %q", c.Name).WithReason("duplicate_column").WithHint("give each column a name of its own with AS")
		}
		group[c.Name] = parquet.Optional(node(c))
	}
	by := map[string]parquet.Field{}
	for _, f := range group.Fields() {
		by[f.Name()] = f
	}
	o := ordered{Group: group}
	for _, c := range columns {
		o.fields = append(o.fields, by[c.Name])
	}
	schema := parquet.NewSchema("rows", o)
	return &parquetWriter{columns: columns, w: parquet.NewGenericWriter[any](w, schema, parquet.Compression(&zstd.Codec{}))}, nil
}

func node(c Column) parquet.Node {
	switch c.Type {
	case Decimal:
		return parquet.Decimal(c.Scale, 38, parquet.FixedLenByteArrayType(16))
	case Integer:
		return parquet.Int(64)
	case Float:
		return parquet.Leaf(parquet.DoubleType)
	case Bool:
		return parquet.Leaf(parquet.BooleanType)
	case Date:
		return parquet.Date()
	case Timestamp:
		return parquet.Timestamp(parquet.Microsecond)
	}
	return parquet.String()
}

// Row adds a row. A decimal that has more digits than its column is an error: nothing is rounded.
func (p *parquetWriter) Row(cells []any) error {
	row := make(parquet.Row, len(cells))
	for i, cell := range cells {
		v, err := value(p.columns[i], cell)
		if err != nil {
			return err
		}
		defined := 1
		if v.IsNull() {
			defined = 0
		}
		row[i] = v.Level(0, defined, i)
	}
	if p.rows = append(p.rows, row); len(p.rows) < rowsAtOnce {
		return nil
	}
	return p.flush()
}

func (p *parquetWriter) flush() error {
	_, err := p.w.WriteRows(p.rows)
	p.rows = p.rows[:0]
	return err
}

func (p *parquetWriter) Close() error {
	if err := p.flush(); err != nil {
		return err
	}
	return p.w.Close()
}

func value(c Column, cell any) (parquet.Value, error) {
	switch v := cell.(type) {
	case nil:
		return parquet.NullValue(), nil
	case bursar.Decimal:
		return decimal(c, v)
	case int64:
		return parquet.Int64Value(v), nil
	case float64:
		return parquet.DoubleValue(v), nil
	case bool:
		return parquet.BooleanValue(v), nil
	case time.Time:
		if c.Type == Date {
			return parquet.Int32Value(int32(v.Unix() / int64(24*time.Hour/time.Second))), nil
		}
		return parquet.Int64Value(v.UnixMicro()), nil
	case string:
		return parquet.ByteArrayValue([]byte(v)), nil
	}
	return parquet.Value{}, fmt.Errorf("a cell of column %s is a %T", c.Name, cell)
}

// mostDecimal is the first number that DECIMAL(38) cannot hold.
var mostDecimal = new(big.Int).Exp(big.NewInt(10), big.NewInt(38), nil)

func decimal(c Column, d bursar.Decimal) (parquet.Value, error) {
	n, exact := d.Unscaled(c.Scale)
	if !exact || n.CmpAbs(mostDecimal) >= 0 {
		return parquet.Value{}, bursar.Errorf(bursar.Invalid, "%s has more digits than column %s can hold", d, c.Name).WithReason("too_many_digits").WithHint("export as csv or jsonl, which hold any")
	}
	if n.Sign() < 0 { // two's complement
		n = new(big.Int).Add(n, new(big.Int).Lsh(big.NewInt(1), 128))
	}
	return parquet.FixedLenByteArrayValue(n.FillBytes(make([]byte, 16))), nil
}
