package encoding

import (
	"encoding/binary"

	"github.com/parquet-go/parquet-go/format"

	"github.com/bursarhq/bursar/internal/billing/ingest/parquetread/meta"
)

// Dictionary is the dictionary page of a chunk.
type Dictionary struct {
	data   []byte
	width  int
	starts []uint32 // of values that have their own length
	n      int
}

// NewDictionary reads a dictionary page of plain values.
func NewDictionary(l *meta.Leaf, data []byte, values int) (*Dictionary, error) {
	d := &Dictionary{data: data, width: l.Width(), n: values}
	switch {
	case d.width > 0:
		if values > len(data)/d.width {
			return nil, meta.Damaged("the dictionary of the column %s is shorter than it says", l.Path)
		}
		return d, nil
	case d.width < 0 || l.Physical != format.ByteArray:
		return nil, meta.Damaged("the column %s cannot have a dictionary", l.Path)
	case values > len(data)/4:
		return nil, meta.Damaged("the dictionary of the column %s is shorter than it says", l.Path)
	}
	d.starts = make([]uint32, 0, values)
	for at := 0; len(d.starts) < values; {
		if at+4 > len(data) || uint64(binary.LittleEndian.Uint32(data[at:])) > uint64(len(data)-at-4) {
			return nil, meta.Damaged("the dictionary of the column %s is shorter than it says", l.Path)
		}
		d.starts = append(d.starts, uint32(at))
		at += 4 + int(binary.LittleEndian.Uint32(data[at:]))
	}
	return d, nil
}

// Len returns how many entries there are.
func (d *Dictionary) Len() int { return d.n }

// Bytes returns how much memory the dictionary takes.
func (d *Dictionary) Bytes() int { return cap(d.data) + 4*cap(d.starts) }

// Entry returns the value at an index below Len.
func (d *Dictionary) Entry(i uint32) []byte {
	if d.width > 0 {
		return d.data[int(i)*d.width : (int(i)+1)*d.width]
	}
	at := d.starts[i]
	return d.data[at+4 : at+4+binary.LittleEndian.Uint32(d.data[at:])]
}

// Values hands out the values of a page that has no indices, one after another, each in plain encoding and without
// its length. A value is good until the next call.
type Values struct {
	encoding format.Encoding
	width    int
	data     []byte
	bits     Hybrid // booleans
	ints     delta
	lengths  []uint32 // of the texts that still come
	prefixes []uint32
	count    int // of a byte stream split
	at       int
	scratch  []byte
}

// NewValues begins the values of a page.
func NewValues(l *meta.Leaf, h *meta.Page, data []byte) (v Values, err error) {
	v = Values{encoding: h.Encoding, width: l.Width(), data: data}
	ok := true
	switch {
	case h.Encoding == format.Plain && v.width < 0:
		v.bits = Hybrid{width: 1, pack: data, left: len(data) * 8}
	case h.Encoding == format.Plain && (v.width > 0 || l.Physical == format.ByteArray):
	case h.Encoding == format.RLE && v.width < 0:
		if ok = len(data) >= 4; ok {
			v.bits = NewHybrid(data[4:], 1)
		}
	case h.Encoding == format.DeltaBinaryPacked && (l.Physical == format.Int32 || l.Physical == format.Int64):
		v.ints = newDelta(data, h.Values)
		ok = v.ints.ok
	case h.Encoding == format.DeltaLengthByteArray && l.Physical == format.ByteArray:
		ok = v.textLengths(h.Values)
	case h.Encoding == format.DeltaByteArray && (l.Physical == format.ByteArray || l.Physical == format.FixedLenByteArray):
		ok = v.sharedPrefixes(h.Values)
	case h.Encoding == format.ByteStreamSplit && v.width > 0:
		v.count = len(data) / v.width
	default:
		return v, meta.Damaged("the column %s is encoded as %v, which its type cannot be", l.Path, h.Encoding)
	}
	if !ok {
		return v, meta.Damaged("the values of the column %s cannot be read", l.Path)
	}
	return v, nil
}

func (v *Values) textLengths(limit int) (ok bool) {
	d := newDelta(v.data, limit)
	v.lengths, v.data, ok = d.lengths(len(v.data))
	return ok
}

func (v *Values) sharedPrefixes(limit int) (ok bool) {
	d := newDelta(v.data, limit)
	if v.prefixes, v.data, ok = d.lengths(maxPrefixes); !ok || !v.textLengths(limit) {
		return false
	}
	return len(v.prefixes) == len(v.lengths)
}

const maxPrefixes = 1 << 30 // bytes of a page that values share with those before them

// Next returns the next value; ok is false when there is none.
func (v *Values) Next() (raw []byte, ok bool) {
	switch v.encoding {
	case format.DeltaBinaryPacked:
		return v.nextInt()
	case format.DeltaLengthByteArray:
		if len(v.lengths) == 0 || int(v.lengths[0]) > len(v.data) {
			return nil, false
		}
		raw, v.data = v.data[:v.lengths[0]], v.data[v.lengths[0]:]
		v.lengths = v.lengths[1:]
		return raw, true
	case format.DeltaByteArray:
		return v.nextShared()
	case format.ByteStreamSplit:
		return v.nextSplit()
	}
	switch {
	case v.width < 0:
		b, n := v.bits.Next(1)
		v.scratch = append(v.scratch[:0], byte(b))
		return v.scratch, n == 1
	case v.width > 0:
		if len(v.data) < v.width {
			return nil, false
		}
		raw, v.data = v.data[:v.width], v.data[v.width:]
		return raw, true
	}
	if len(v.data) < 4 || uint64(binary.LittleEndian.Uint32(v.data)) > uint64(len(v.data)-4) {
		return nil, false
	}
	n := binary.LittleEndian.Uint32(v.data)
	raw, v.data = v.data[4:4+n], v.data[4+n:]
	return raw, true
}

func (v *Values) nextInt() ([]byte, bool) {
	n, ok := v.ints.next()
	v.scratch = binary.LittleEndian.AppendUint64(v.scratch[:0], uint64(n))
	return v.scratch[:v.width], ok
}

func (v *Values) nextShared() ([]byte, bool) {
	if len(v.lengths) == 0 || int(v.prefixes[0]) > len(v.scratch) || int(v.lengths[0]) > len(v.data) {
		return nil, false
	}
	v.scratch = append(v.scratch[:v.prefixes[0]], v.data[:v.lengths[0]]...)
	v.data = v.data[v.lengths[0]:]
	v.prefixes, v.lengths = v.prefixes[1:], v.lengths[1:]
	return v.scratch, v.width == 0 || v.width == len(v.scratch)
}

func (v *Values) nextSplit() ([]byte, bool) {
	if v.at >= v.count {
		return nil, false
	}
	v.scratch = v.scratch[:0]
	for k := range v.width {
		v.scratch = append(v.scratch, v.data[k*v.count+v.at])
	}
	v.at++
	return v.scratch, true
}
