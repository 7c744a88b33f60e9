package encoding

import "encoding/binary"

// delta reads DELTA_BINARY_PACKED (parquet-format, Encodings.md) value by value.
type delta struct {
	data  []byte
	left  int // values that still come
	value uint64
	first bool
	ok    bool

	perMini int // values of a miniblock
	minis   int
	min     uint64
	widths  []byte
	mini    Hybrid // the open miniblock; only its bit packing is used
	inMini  int    // values left in it
}

const maxBlock = 1 << 20 // values of a block; writers use 128

// newDelta begins at data. At most limit values are accepted.
func newDelta(data []byte, limit int) (d delta) {
	d.data = data
	block, minis := d.uvarint(), d.uvarint()
	total, first := d.uvarint(), d.uvarint()
	d.ok = d.data != nil && total <= uint64(limit) && block > 0 && block <= maxBlock && minis > 0 && minis <= block && block%(minis*8) == 0
	if !d.ok {
		return d
	}
	d.left, d.minis, d.perMini = int(total), int(minis), int(block/minis)
	d.value, d.first = first>>1^-(first&1), true
	return d
}

func (d *delta) uvarint() uint64 {
	v, n := binary.Uvarint(d.data)
	if n <= 0 {
		d.data = nil
		return 0
	}
	d.data = d.data[n:]
	return v
}

// next returns the next value; ok is false when there is none, or the data ends too early.
func (d *delta) next() (v int64, ok bool) {
	if d.left == 0 || !d.ok {
		return 0, false
	}
	d.left--
	if d.first {
		d.first = false
		return int64(d.value), true
	}
	if d.inMini == 0 && !d.miniblock() {
		d.ok = false
		return 0, false
	}
	d.inMini--
	d.value += d.min + d.wide()
	return int64(d.value), true
}

// wide reads one packed difference of up to 64 bits.
func (d *delta) wide() (v uint64) {
	h := &d.mini
	for got := uint(0); got < h.width; {
		i, off := h.bit>>3, uint(h.bit&7)
		n := min(8-off, h.width-got)
		v |= uint64(h.pack[i]>>off) & (1<<n - 1) << got
		got += n
		h.bit += uint64(n)
	}
	return v
}

func (d *delta) miniblock() bool {
	if len(d.widths) == 0 {
		m := d.uvarint()
		d.min = m>>1 ^ -(m & 1)
		if d.data == nil || len(d.data) < d.minis {
			return false
		}
		d.widths, d.data = d.data[:d.minis], d.data[d.minis:]
	}
	w := uint(d.widths[0])
	d.widths = d.widths[1:]
	if w > 64 {
		return false
	}
	size := d.perMini * int(w) / 8
	if size > len(d.data) { // the last one may be cut
		if (d.left+1)*int(w) > len(d.data)*8 {
			return false
		}
		size = len(d.data)
	}
	d.mini = Hybrid{width: w, pack: d.data[:size]}
	d.data = d.data[size:]
	d.inMini = d.perMini
	return true
}

// lengths reads all values as lengths that together are at most limit, and says what lies behind them.
func (d *delta) lengths(limit int) (all []uint32, rest []byte, ok bool) {
	sum := 0
	all = make([]uint32, 0, min(d.left, 64<<10)) // what a damaged page says is not to be believed
	for d.left > 0 {
		v, ok := d.next()
		if !ok || v < 0 || v > int64(limit) {
			return nil, nil, false
		}
		if sum += int(v); sum > limit {
			return nil, nil, false
		}
		all = append(all, uint32(v))
	}
	return all, d.data, d.ok
}
