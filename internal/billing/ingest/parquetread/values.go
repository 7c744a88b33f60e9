package parquetread

import (
	"encoding/binary"

	"github.com/parquet-go/parquet-go/format"
)

// width is how many bytes a plain value has; 0 = its own length, -1 = one bit.
func (l *leaf) width() int {
	switch l.physical {
	case format.Boolean:
		return -1
	case format.Int32, format.Float:
		return 4
	case format.Int64, format.Double:
		return 8
	case format.Int96:
		return 12
	case format.FixedLenByteArray:
		return l.length
	}
	return 0
}

// dictionary is the dictionary page of a chunk.
type dictionary struct {
	data   []byte
	width  int
	starts []uint32 // of values that have their own length
	n      int
}

func newDictionary(l *leaf, data []byte, values int) (*dictionary, error) {
	d := &dictionary{data: data, width: l.width(), n: values}
	switch {
	case d.width > 0:
		if values > len(data)/d.width {
			return nil, damaged("the dictionary of the column %s is shorter than it says", l.path)
		}
		return d, nil
	case d.width < 0 || l.physical != format.ByteArray:
		return nil, damaged("the column %s cannot have a dictionary", l.path)
	case values > len(data)/4:
		return nil, damaged("the dictionary of the column %s is shorter than it says", l.path)
	}
	d.starts = make([]uint32, 0, values)
	for at := 0; len(d.starts) < values; {
		if at+4 > len(data) || uint64(binary.LittleEndian.Uint32(data[at:])) > uint64(len(data)-at-4) {
			return nil, damaged("the dictionary of the column %s is shorter than it says", l.path)
		}
		d.starts = append(d.starts, uint32(at))
		at += 4 + int(binary.LittleEndian.Uint32(data[at:]))
	}
	return d, nil
}

// entry returns the value at an index below n.
func (d *dictionary) entry(i uint32) []byte {
	if d.width > 0 {
		return d.data[int(i)*d.width : (int(i)+1)*d.width]
	}
	at := d.starts[i]
	return d.data[at+4 : at+4+binary.LittleEndian.Uint32(d.data[at:])]
}

// values hands out the values of a page that has no indices, one after another, each in plain encoding and without
// its length. A value is good until the next call.
type values struct {
	encoding format.Encoding
	width    int
	data     []byte
	bits     hybrid // booleans
	ints     delta
	lengths  []uint32 // of the texts that still come
	prefixes []uint32
	count    int // of a byte stream split
	at       int
	scratch  []byte
}

func newValues(l *leaf, h *header, data []byte) (v values, err error) {
	v = values{encoding: h.encoding, width: l.width(), data: data}
	ok := true
	switch {
	case h.encoding == format.Plain && v.width < 0:
		v.bits = hybrid{width: 1, pack: data, left: len(data) * 8}
	case h.encoding == format.Plain && (v.width > 0 || l.physical == format.ByteArray):
	case h.encoding == format.RLE && v.width < 0:
		if ok = len(data) >= 4; ok {
			v.bits = newHybrid(data[4:], 1)
		}
	case h.encoding == format.DeltaBinaryPacked && (l.physical == format.Int32 || l.physical == format.Int64):
		v.ints = newDelta(data, h.values)
		ok = v.ints.ok
	case h.encoding == format.DeltaLengthByteArray && l.physical == format.ByteArray:
		ok = v.textLengths(h.values)
	case h.encoding == format.DeltaByteArray && (l.physical == format.ByteArray || l.physical == format.FixedLenByteArray):
		ok = v.sharedPrefixes(h.values)
	case h.encoding == format.ByteStreamSplit && v.width > 0:
		v.count = len(data) / v.width
	default:
		return v, damaged("the column %s is encoded as %v, which its type cannot be", l.path, h.encoding)
	}
	if !ok {
		return v, damaged("the values of the column %s cannot be read", l.path)
	}
	return v, nil
}

func (v *values) textLengths(limit int) (ok bool) {
	d := newDelta(v.data, limit)
	v.lengths, v.data, ok = d.lengths(len(v.data))
	return ok
}

func (v *values) sharedPrefixes(limit int) (ok bool) {
	d := newDelta(v.data, limit)
	if v.prefixes, v.data, ok = d.lengths(maxPrefixes); !ok || !v.textLengths(limit) {
		return false
	}
	return len(v.prefixes) == len(v.lengths)
}

const maxPrefixes = 1 << 30 // bytes of a page that values share with those before them

// next returns the next value; ok is false when there is none.
func (v *values) next() (raw []byte, ok bool) {
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
		b, n := v.bits.next(1)
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

func (v *values) nextInt() ([]byte, bool) {
	n, ok := v.ints.next()
	v.scratch = binary.LittleEndian.AppendUint64(v.scratch[:0], uint64(n))
	return v.scratch[:v.width], ok
}

func (v *values) nextShared() ([]byte, bool) {
	if len(v.lengths) == 0 || int(v.prefixes[0]) > len(v.scratch) || int(v.lengths[0]) > len(v.data) {
		return nil, false
	}
	v.scratch = append(v.scratch[:v.prefixes[0]], v.data[:v.lengths[0]]...)
	v.data = v.data[v.lengths[0]:]
	v.prefixes, v.lengths = v.prefixes[1:], v.lengths[1:]
	return v.scratch, v.width == 0 || v.width == len(v.scratch)
}

func (v *values) nextSplit() ([]byte, bool) {
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

// cursor walks over the cells of an open page.
type cursor struct {
	left       int // cells that still come, those without a value among them
	reps, defs hybrid
	indexed    bool
	index      hybrid
	body       values
}
