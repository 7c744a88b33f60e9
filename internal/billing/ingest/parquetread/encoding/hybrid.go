// Package encoding reads the values of Parquet pages (parquet-format, Encodings.md), one after another or as runs of
// equal ones, without unpacking a page as a whole.
package encoding

import (
	"encoding/binary"

	"github.com/bursarhq/bursar/internal/billing/ingest/parquetread/meta"
)

// Hybrid reads Parquet's mix of run lengths and bit packing (parquet-format, Encodings.md, "Run Length Encoding /
// Bit-Packing Hybrid").
type Hybrid struct {
	data  []byte
	width uint
	value uint32
	run   int    // how often value still comes
	left  int    // bit packed values that still come
	bit   uint64 // where the next one begins
	pack  []byte // the bit packed bytes
}

// NewHybrid begins at data; values have width bits, at most 32.
func NewHybrid(data []byte, width uint) Hybrid { return Hybrid{data: data, width: width} }

// Next returns the next value and how often it comes in a row, at most limit times. n is 0 when the data ends.
func (h *Hybrid) Next(limit int) (v uint32, n int) {
	for {
		if h.run > 0 {
			n = min(h.run, limit)
			h.run -= n
			return h.value, n
		}
		if h.left > 0 {
			return h.packed(limit)
		}
		if !h.header() {
			return 0, 0
		}
	}
}

// packed reads bit packed values as long as they are equal.
func (h *Hybrid) packed(limit int) (v uint32, n int) {
	if limit > h.left {
		limit = h.left
	}
	v = h.at(h.bit)
	h.bit += uint64(h.width)
	for n = 1; n < limit && h.at(h.bit) == v; n++ {
		h.bit += uint64(h.width)
	}
	h.left -= n
	return v, n
}

func (h *Hybrid) at(bit uint64) uint32 {
	i := bit >> 3
	if i+8 <= uint64(len(h.pack)) {
		return uint32(binary.LittleEndian.Uint64(h.pack[i:])>>(bit&7)) & (1<<h.width - 1)
	}
	var v uint64
	for k, b := range h.pack[min(i, uint64(len(h.pack))):] {
		v |= uint64(b) << (8 * k)
	}
	return uint32(v>>(bit&7)) & (1<<h.width - 1)
}

// header begins the next run.
func (h *Hybrid) header() bool {
	head, n := binary.Uvarint(h.data)
	if n <= 0 {
		return false
	}
	h.data = h.data[n:]
	count := head >> 1
	if count == 0 {
		return len(h.data) > 0 // an empty run
	}
	if head&1 == 0 {
		if count > meta.MaxValues {
			return false
		}
		return h.repeat(int(count))
	}
	if count > meta.MaxValues/8 {
		return false
	}
	// The last run of a page may be cut: only as many values as its bytes hold.
	size := count * uint64(h.width)
	h.left = int(count) * 8
	if size > uint64(len(h.data)) {
		size = uint64(len(h.data))
		h.left = int(size * 8 / uint64(h.width))
	}
	h.pack, h.bit = h.data[:size], 0
	h.data = h.data[size:]
	return h.left > 0
}

func (h *Hybrid) repeat(count int) bool {
	bytes := int(h.width+7) / 8
	if bytes > len(h.data) {
		return false
	}
	h.value = 0
	for i := range bytes {
		h.value |= uint32(h.data[i]) << (8 * i)
	}
	h.data = h.data[bytes:]
	h.run = count
	return true
}
