package parquetread

import (
	"encoding/binary"
	"encoding/hex"
	"math"
	"math/bits"
	"strconv"
	"time"

	"github.com/parquet-go/parquet-go/format"

	"github.com/bursarhq/bursar/internal/billing/ingest/column"
	"github.com/bursarhq/bursar/internal/billing/ingest/decode"
	"github.com/bursarhq/bursar/internal/billing/ingest/parquetread/meta"
	"github.com/bursarhq/bursar/internal/billing/schema"
)

// finder turns a value, in plain encoding, into the id of a column's entry. ok is false when the value is not of the
// column's type.
type finder func(to *column.Column, raw []byte) (id uint32, ok bool)

// cell is a leaf whose values become cells.
type cell struct{ *meta.Leaf }

// finder returns how values of the leaf become entries of a column of type t.
func (l cell) finder(t schema.Type) finder {
	if l.IsText() {
		return func(to *column.Column, raw []byte) (uint32, bool) { return to.Find(raw) }
	}
	switch t {
	case schema.Decimal:
		return func(to *column.Column, raw []byte) (uint32, bool) {
			n, ok := l.number(raw)
			if !ok {
				return column.Null, false
			}
			return to.FindNumber(n), true
		}
	case schema.Timestamp:
		return func(to *column.Column, raw []byte) (uint32, bool) {
			v, ok := l.micros(raw)
			if !ok {
				return column.Null, false
			}
			return to.FindMicros(v), true
		}
	}
	var buf []byte
	return func(to *column.Column, raw []byte) (uint32, bool) {
		buf = l.appendText(buf[:0], raw)
		return to.Find(buf)
	}
}

// number reads a value as a number. Floating point numbers are read as their shortest decimal.
func (l cell) number(raw []byte) (decode.Number, bool) {
	scale := 0
	switch l.Meaning {
	case meta.Decimal:
		scale = l.Scale
	case meta.Plain, meta.Unsigned:
	default:
		return decode.Number{}, false
	}
	switch l.Physical {
	case format.Int32:
		v := binary.LittleEndian.Uint32(raw)
		if l.Meaning == meta.Unsigned {
			return decode.Int(int64(v), 0), true
		}
		return decode.Int(int64(int32(v)), scale), true
	case format.Int64:
		v := binary.LittleEndian.Uint64(raw)
		if l.Meaning == meta.Unsigned {
			return decode.Wide(0, v, 0)
		}
		return decode.Int(int64(v), scale), true
	case format.Double:
		return decode.Double(math.Float64frombits(binary.LittleEndian.Uint64(raw)))
	case format.Float:
		return decode.Single(math.Float32frombits(binary.LittleEndian.Uint32(raw)))
	case format.ByteArray, format.FixedLenByteArray:
		if l.Meaning == meta.Decimal {
			return wideNumber(raw, scale)
		}
	}
	return decode.Number{}, false
}

// wideNumber reads a decimal of any length in bytes: big endian, two's complement.
func wideNumber(raw []byte, scale int) (n decode.Number, ok bool) {
	fill := byte(0)
	if len(raw) > 0 && raw[0] >= 0x80 {
		fill = 0xff
	}
	for len(raw) > 16 {
		if raw[0] != fill {
			return n, false
		}
		raw = raw[1:]
	}
	var b [16]byte
	for i := range b {
		b[i] = fill
	}
	copy(b[16-len(raw):], raw)
	hi := int64(binary.BigEndian.Uint64(b[:8]))
	if (hi < 0) != (fill != 0) {
		return n, false
	}
	return decode.Wide(hi, binary.BigEndian.Uint64(b[8:]), scale)
}

// The years that times may lie in. What lies outside is no time of a bill, and would overflow other units.
var (
	firstTime = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()
	lastTime  = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC).UnixMicro()
)

// micros reads a value as a time, in microseconds since 1970; what is finer is cut off. A number without a unit is no
// time: which unit it has cannot be known.
func (l cell) micros(raw []byte) (int64, bool) {
	var hi, lo uint64
	switch {
	case l.Physical == format.Int96:
		return int96(raw)
	case l.Physical == format.Int32 && l.Meaning == meta.Date:
		return int64(int32(binary.LittleEndian.Uint32(raw))) * 86_400_000_000, true
	case l.Physical != format.Int64:
		return 0, false
	}
	v := int64(binary.LittleEndian.Uint64(raw))
	switch l.Meaning {
	case meta.Millis:
		hi, lo = bits.Mul64(uint64(max(v, -v)), 1000)
		if hi != 0 || lo > math.MaxInt64 {
			return 0, false
		}
		v *= 1000
	case meta.Micros:
	case meta.Nanos:
		v = floor(v, 1000)
	default:
		return 0, false
	}
	return v, v >= firstTime && v <= lastTime
}

// int96 reads the time that Impala and Spark made up: nanoseconds of the day, then the Julian day.
func int96(raw []byte) (int64, bool) {
	day := int64(binary.LittleEndian.Uint32(raw[8:])) - 2_440_588
	of := int64(binary.LittleEndian.Uint64(raw))
	if day < -800_000 || day > 3_000_000 || of < 0 || of >= 86_400_000_000_000 {
		return 0, false
	}
	return day*86_400_000_000 + of/1000, true
}

func floor(v, by int64) int64 {
	q := v / by
	if v%by < 0 {
		q--
	}
	return q
}

// appendText spells a value as a csv file would.
func (l cell) appendText(dst, raw []byte) []byte {
	if l.IsText() {
		return append(dst, raw...)
	}
	switch l.Physical {
	case format.Boolean:
		return strconv.AppendBool(dst, raw[0] != 0)
	case format.Double, format.Float:
		return l.appendFloat(dst, raw)
	}
	if t, ok := l.micros(raw); ok {
		return time.UnixMicro(t).UTC().AppendFormat(dst, "2006-01-02T15:04:05.999999Z")
	}
	if n, ok := l.number(raw); ok {
		return decode.AppendNumber(dst, n)
	}
	switch {
	case l.Physical == format.Int64:
		return strconv.AppendInt(dst, int64(binary.LittleEndian.Uint64(raw)), 10)
	case l.Physical == format.Int32:
		return strconv.AppendInt(dst, int64(int32(binary.LittleEndian.Uint32(raw))), 10)
	case l.Meaning == meta.UUID && len(raw) == 16:
		for i, part := range [][]byte{raw[:4], raw[4:6], raw[6:8], raw[8:10], raw[10:]} {
			if i > 0 {
				dst = append(dst, '-')
			}
			dst = hex.AppendEncode(dst, part)
		}
		return dst
	case l.Meaning == meta.Text || l.Meaning == meta.Plain && l.Physical == format.FixedLenByteArray:
		return append(dst, raw...)
	}
	return hex.AppendEncode(dst, raw)
}

func (l cell) appendFloat(dst, raw []byte) []byte {
	if n, ok := l.number(raw); ok {
		return decode.AppendNumber(dst, n)
	}
	if l.Physical == format.Float {
		return strconv.AppendFloat(dst, float64(math.Float32frombits(binary.LittleEndian.Uint32(raw))), 'g', -1, 32)
	}
	return strconv.AppendFloat(dst, math.Float64frombits(binary.LittleEndian.Uint64(raw)), 'g', -1, 64)
}
