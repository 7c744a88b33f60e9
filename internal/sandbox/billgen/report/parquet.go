package report

import (
	"io"
	"iter"

	"github.com/parquet-go/parquet-go"

	"github.com/bursarhq/bursar/internal/sandbox/billgen"
)

const (
	linesOfBatch    = 2_048
	linesOfRowGroup = 128 * 1024
)

// writeParquet writes lines as AWS does: snappy, money as DOUBLE, times as TIMESTAMP_MILLIS, maps as MAP. In legacy
// reports every column is required, and what is missing is "" or 0; elsewhere it is null.
func writeParquet(w io.Writer, columns []column, lines iter.Seq[*line], legacy bool) error {
	p := newParquetWriter(w, columns, legacy)
	for l := range lines {
		if err := p.line(l); err != nil {
			return err
		}
	}
	if err := p.flush(); err != nil {
		return err
	}
	return p.file.Close()
}

type parquetWriter struct {
	file     *parquet.GenericWriter[any]
	columns  []column
	leaves   []leaf
	block    int
	times    clocks
	batch    int // lines in the batch
	rowGroup int
}

// leaf collects a batch of one leaf column.
type leaf struct {
	column  *column
	index   int
	part    int // of a map: 0 its keys, 1 its values
	writer  *parquet.ColumnWriter
	shared  []parquet.Value // what each line of the block has
	values  []parquet.Value
	encoder func(l *line, dst []parquet.Value) []parquet.Value
}

func newParquetWriter(w io.Writer, columns []column, legacy bool) *parquetWriter {
	schema := parquet.NewSchema("billing", inOrder(columns, legacy))
	p := &parquetWriter{columns: columns, block: -1}
	p.file = parquet.NewGenericWriter[any](w, schema, parquet.Compression(&parquet.Snappy), parquet.DataPageStatistics(false))
	writers := p.file.ColumnWriters()
	for i := range columns {
		c := &columns[i]
		parts := 1
		if c.isMap() {
			parts = 2
		}
		for part := range parts {
			n := len(p.leaves)
			p.leaves = append(p.leaves, leaf{column: c, index: n, part: part, writer: writers[n], encoder: p.encoderOf(c, n, part, legacy)})
		}
	}
	return p
}

func (c *column) isMap() bool { return c.pairs != nil || c.single != nil }

func (p *parquetWriter) line(l *line) error {
	changed := l.Block != p.block
	p.block = l.Block
	for i := range p.leaves {
		f := &p.leaves[i]
		if f.column.varies {
			f.values = f.encoder(l, f.values)
			continue
		}
		if changed {
			f.shared = f.encoder(l, f.shared[:0])
		}
		f.values = append(f.values, f.shared...)
	}
	if p.batch++; p.batch == linesOfBatch {
		return p.flush()
	}
	return nil
}

func (p *parquetWriter) flush() error {
	for i := range p.leaves {
		f := &p.leaves[i]
		if _, err := f.writer.WriteRowValues(f.values); err != nil {
			return err
		}
		f.values = f.values[:0]
	}
	p.rowGroup += p.batch
	p.batch = 0
	if p.rowGroup < linesOfRowGroup {
		return nil
	}
	p.rowGroup = 0
	return p.file.Flush()
}

// encoderOf returns how a leaf's values are made of a line.
func (p *parquetWriter) encoderOf(c *column, n, part int, legacy bool) func(*line, []parquet.Value) []parquet.Value {
	present := func(v parquet.Value) parquet.Value { return v.Level(0, 1, n) }
	null := parquet.NullValue().Level(0, 0, n)
	if legacy {
		present = func(v parquet.Value) parquet.Value { return v.Level(0, 0, n) }
	}
	switch {
	case c.isMap():
		return mapEncoder(c, n, part)
	case c.number != nil:
		return func(l *line, dst []parquet.Value) []parquet.Value {
			switch v := c.number(l); {
			case v != billgen.None:
				return append(dst, present(parquet.DoubleValue(v.Float())))
			case legacy:
				return append(dst, present(parquet.DoubleValue(0)))
			}
			return append(dst, null)
		}
	case c.instant != nil:
		return func(l *line, dst []parquet.Value) []parquet.Value {
			return append(dst, present(parquet.Int64Value(c.instant(l)*1000)))
		}
	}
	return func(l *line, dst []parquet.Value) []parquet.Value {
		text := c.cell(nil, l, &p.times)
		if len(text) == 0 && !legacy {
			return append(dst, null)
		}
		return append(dst, present(parquet.ByteArrayValue(text)))
	}
}

// mapEncoder makes the keys (part 0) or values of an optional map; a map without entries is null.
func mapEncoder(c *column, n, part int) func(*line, []parquet.Value) []parquet.Value {
	add := func(dst []parquet.Value, i int, v parquet.Value) []parquet.Value {
		return append(dst, v.Level(min(i, 1), 2, n))
	}
	null := parquet.NullValue().Level(0, 0, n)
	if c.single != nil {
		return func(l *line, dst []parquet.Value) []parquet.Value {
			key, v := c.single(l)
			switch {
			case v == billgen.None:
				return append(dst, null)
			case part == 0:
				return add(dst, 0, parquet.ByteArrayValue([]byte(key)))
			}
			return add(dst, 0, parquet.DoubleValue(v.Float()))
		}
	}
	return func(l *line, dst []parquet.Value) []parquet.Value {
		pairs := c.pairs(l)
		if len(pairs) == 0 {
			return append(dst, null)
		}
		for i, p := range pairs {
			s := p.Key
			if part == 1 {
				s = p.Value
			}
			dst = add(dst, i, parquet.ByteArrayValue([]byte(s)))
		}
		return dst
	}
}

// ordered is a group whose fields keep the order of the columns: parquet.Group would sort them.
type ordered struct {
	parquet.Group
	fields []parquet.Field
}

func (o ordered) Fields() []parquet.Field { return o.fields }

func inOrder(columns []column, legacy bool) parquet.Node {
	g := parquet.Group{}
	for i := range columns {
		g[columns[i].parquetName(legacy)] = columns[i].node(legacy)
	}
	byName := map[string]parquet.Field{}
	for _, f := range g.Fields() {
		byName[f.Name()] = f
	}
	o := ordered{Group: g}
	for i := range columns {
		o.fields = append(o.fields, byName[columns[i].parquetName(legacy)])
	}
	return o
}

// parquetName is the column's name in Parquet: Athena's for legacy reports.
func (c *column) parquetName(legacy bool) string {
	if legacy {
		return snake(c.name)
	}
	return c.name
}

func (c *column) node(legacy bool) parquet.Node {
	var n parquet.Node
	switch {
	case c.pairs != nil:
		return parquet.Optional(parquet.Map(parquet.String(), parquet.String()))
	case c.single != nil:
		return parquet.Optional(parquet.Map(parquet.String(), parquet.Leaf(parquet.DoubleType)))
	case c.number != nil:
		n = parquet.Leaf(parquet.DoubleType)
	case c.instant != nil:
		n = parquet.Timestamp(parquet.Millisecond)
	default:
		n = parquet.String()
	}
	if !c.varies || c.instant != nil || c.span != nil {
		n = parquet.Encoded(n, &parquet.RLEDictionary)
	}
	if legacy {
		return parquet.Required(n)
	}
	return parquet.Optional(n)
}
