package parquetwrite

import (
	"bytes"
	"encoding/binary"
	"slices"

	"github.com/bursarhq/bursar/internal/billing/ingest/column"
	"github.com/bursarhq/bursar/internal/billing/ingest/decode"
	"github.com/bursarhq/bursar/internal/billing/schema"
)

// Field is a column of a file: its name and what it stores. Every field may be NULL.
type Field struct {
	Name string
	Type schema.Type
	// Of a Decimal: up to 18 digits are stored as INT64, more as 16 bytes.
	Precision, Scale int
}

// plain appends an entry in Parquet's plain encoding.
func (f *Field) plain(dst []byte, c *column.Column, id uint32) []byte {
	switch {
	case f.Type == schema.Timestamp:
		return binary.LittleEndian.AppendUint64(dst, uint64(c.Micros(id)))
	case f.Type == schema.Decimal:
		return f.decimal(dst, c.Number(id))
	}
	s := c.Text(id)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(s)))
	return append(dst, s...)
}

func (f *Field) decimal(dst []byte, n decode.Number) []byte {
	if f.Precision <= 18 {
		return binary.LittleEndian.AppendUint64(dst, uint64(int64(n.Lo)*pow10[f.Scale-int(n.Scale)]))
	}
	hi, lo := n.At(f.Scale)
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(dst, uint64(hi)), lo)
}

var pow10 = func() (p [19]int64) {
	p[0] = 1
	for i := 1; i < len(p); i++ {
		p[i] = p[i-1] * 10
	}
	return p
}()

// entries appends all entries in plain encoding: a dictionary page.
func (f *Field) entries(dst []byte, c *column.Column) []byte {
	dst = slices.Grow(dst, c.Bytes())
	for id := uint32(1); int(id) <= c.Entries(); id++ {
		dst = f.plain(dst, c, id)
	}
	return dst
}

// bounds returns the smallest and the largest value as statistics spell them; nil where texts are long or there is
// no value.
func (f *Field) bounds(c *column.Column) (low, high []byte) {
	n := uint32(c.Entries())
	if n == 0 {
		return nil, nil
	}
	lo, hi := uint32(1), uint32(1)
	less := f.less(c)
	for id := uint32(2); id <= n; id++ {
		if less(id, lo) {
			lo = id
		} else if less(hi, id) {
			hi = id
		}
	}
	low, high = f.plain(nil, c, lo), f.plain(nil, c, hi)
	if f.Type == schema.Text || f.Type == schema.Map {
		low, high = low[4:], high[4:]
		if len(low) > maxBound || len(high) > maxBound {
			return nil, nil
		}
	}
	return low, high
}

const maxBound = 64

func (f *Field) less(c *column.Column) func(a, b uint32) bool {
	switch f.Type {
	case schema.Timestamp:
		return func(a, b uint32) bool { return c.Micros(a) < c.Micros(b) }
	case schema.Decimal:
		if f.Precision <= 18 {
			low, scale, _ := c.Numbers()
			return func(a, b uint32) bool {
				return low[a-1]*pow10[f.Scale-int(scale[a-1])] < low[b-1]*pow10[f.Scale-int(scale[b-1])]
			}
		}
		return func(a, b uint32) bool {
			ah, al := c.Number(a).At(f.Scale)
			bh, bl := c.Number(b).At(f.Scale)
			return ah < bh || ah == bh && al < bl
		}
	}
	return func(a, b uint32) bool { return bytes.Compare(c.Text(a), c.Text(b)) < 0 }
}
