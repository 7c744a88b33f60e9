package clickhouse

import (
	"context"
	"encoding/binary"
	"io"
	"math/big"
	"math/bits"
	"strconv"
	"time"

	"github.com/bursarhq/bursar/internal/billing/ingest/column"
	"github.com/bursarhq/bursar/internal/billing/ingest/decode"
	"github.com/bursarhq/bursar/internal/destination"
)

// native writes a part in the Native format (ClickHouse documentation, Formats, Native; NativeWriter.cpp): blocks of columns.
type native struct {
	columns []nativeColumn
	rows    int64
	buf     []byte
	cells   []byte // the distinct cells of a column
	ends    []uint32
}

// nativeColumn is a column of the table, and how a cell that is not NULL is written into it.
type nativeColumn struct {
	name, is string
	encode   func(dst []byte, c *column.Column, id uint32) []byte
	empty    []byte // what stands in the place of NULL
}

func newNative(have map[string]string, p *destination.Part) (*native, error) {
	n := &native{}
	for _, c := range p.Columns {
		nc := nativeColumn{name: c.Name, is: have[c.Name]}
		switch want := typeOf(c); {
		case nc.is == text:
			nc.encode = func(dst []byte, cells *column.Column, id uint32) []byte {
				var buf [64]byte
				s := destination.AppendText(buf[:0], c, cells, id)
				return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
			}
			nc.empty = []byte{0}
		case nc.is == wide && want == narrow || nc.is == want:
			nc.encode, nc.empty = encoderOf(c, nc.is)
		default:
			return nil, destination.Refused("column_type", "the table's column %s is %s and not %s", c.Name, nc.is, want).WithHint("rename that column, or deliver to another database")
		}
		n.columns = append(n.columns, nc)
	}
	return n, nil
}

// encoderOf writes cells of a type with a fixed width, in little endian.
func encoderOf(c destination.Column, is string) (encode func([]byte, *column.Column, uint32) []byte, empty []byte) {
	switch {
	case is == narrow:
		return func(dst []byte, cells *column.Column, id uint32) []byte { return appendInt128(dst, cells.Number(id)) }, make([]byte, 16)
	case is == wide:
		return func(dst []byte, cells *column.Column, id uint32) []byte { return appendInt256(dst, cells.Number(id)) }, make([]byte, 32)
	case c.Type == destination.Timestamp:
		return func(dst []byte, cells *column.Column, id uint32) []byte {
			return binary.LittleEndian.AppendUint64(dst, uint64(cells.Micros(id)))
		}, make([]byte, 8)
	case c.Type == destination.Date:
		return func(dst []byte, cells *column.Column, id uint32) []byte {
			const day = int64(24 * time.Hour / time.Microsecond)
			return binary.LittleEndian.AppendUint32(dst, uint32(int32(cells.Micros(id)/day)))
		}, make([]byte, 4)
	}
	return func(dst []byte, cells *column.Column, id uint32) []byte {
		v, _ := strconv.ParseInt(string(decode.AppendNumber(nil, cells.Number(id))), 10, 64) // an integer, as its column says
		return binary.LittleEndian.AppendUint64(dst, uint64(v))
	}, make([]byte, 8)
}

// appendInt128 appends a number of at most 20 digits before the point and 18 behind it, times 10^18.
func appendInt128(dst []byte, n decode.Number) []byte {
	hi, lo := uint64(n.Hi), n.Lo
	for scale := int(n.Scale); scale < 18; scale++ {
		over, low := bits.Mul64(lo, 10)
		hi, lo = hi*10+over, low
	}
	return binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(dst, lo), hi)
}

// appendInt256 appends a number times 10^38.
func appendInt256(dst []byte, n decode.Number) []byte {
	v := new(big.Int).Lsh(big.NewInt(n.Hi), 64)
	v.Add(v, new(big.Int).SetUint64(n.Lo))
	v.Mul(v, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(38-int(n.Scale))), nil))
	if v.Sign() < 0 { // two's complement
		v.Add(v, new(big.Int).Lsh(big.NewInt(1), 256))
	}
	var b [32]byte
	v.FillBytes(b[:])
	for i := range 32 {
		dst = append(dst, b[31-i])
	}
	return dst
}

// write writes every row of a part.
func (n *native) write(ctx context.Context, w io.Writer, p *destination.Part) error {
	return p.Read(ctx, func(b destination.Batch) error {
		n.buf = binary.AppendUvarint(n.buf[:0], uint64(len(b)+2))
		n.buf = binary.AppendUvarint(n.buf, uint64(b.Rows()))
		n.constant(sourceColumn, p.Source, b.Rows())
		n.constant(periodColumn, p.Period, b.Rows())
		for i, c := range b {
			n.column(&n.columns[i], c)
			if len(n.buf) > 1<<20 {
				if _, err := w.Write(n.buf); err != nil {
					return err
				}
				n.buf = n.buf[:0]
			}
		}
		n.rows += int64(b.Rows())
		_, err := w.Write(n.buf)
		return err
	})
}

func (n *native) head(name, is string) {
	for _, s := range []string{name, is} {
		n.buf = append(binary.AppendUvarint(n.buf, uint64(len(s))), s...)
	}
}

func (n *native) constant(name, value string, rows int) {
	n.head(name, "String")
	for range rows {
		n.buf = append(binary.AppendUvarint(n.buf, uint64(len(value))), value...)
	}
}

// column appends a column: which rows are NULL, and then a value for each row. Each distinct cell is encoded once.
func (n *native) column(nc *nativeColumn, c *column.Column) {
	n.head(nc.name, nc.is)
	n.cells, n.ends = append(n.cells[:0], nc.empty...), append(n.ends[:0], uint32(len(nc.empty)))
	for id := uint32(1); int(id) <= c.Entries(); id++ {
		n.cells = nc.encode(n.cells, c, id)
		n.ends = append(n.ends, uint32(len(n.cells)))
	}
	starts, ids := c.Runs()
	each := func(f func(id uint32, rows int)) {
		for i, id := range ids {
			end := c.Rows()
			if i+1 < len(starts) {
				end = int(starts[i+1])
			}
			f(id, end-int(starts[i]))
		}
	}
	each(func(id uint32, rows int) {
		null := byte(0)
		if id == column.Null {
			null = 1
		}
		for range rows {
			n.buf = append(n.buf, null)
		}
	})
	each(func(id uint32, rows int) {
		from := uint32(0)
		if id > 0 {
			from = n.ends[id-1]
		}
		cell := n.cells[from:n.ends[id]]
		for range rows {
			n.buf = append(n.buf, cell...)
		}
	})
}
