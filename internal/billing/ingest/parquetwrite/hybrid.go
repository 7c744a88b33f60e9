package parquetwrite

import "encoding/binary"

// hybrid encodes small integers as Parquet's mix of run lengths and bit packing (parquet-format, Encodings.md,
// "Run Length Encoding / Bit-Packing Hybrid").
type hybrid struct {
	out   []byte
	width int
	pack  []uint32 // values that wait to be bit packed
}

const packGroups = 63 // at most as many groups of eight as a header of one byte can say

func (h *hybrid) begin(out []byte, width int) {
	h.out, h.width, h.pack = out, width, h.pack[:0]
}

// run adds n times v.
func (h *hybrid) run(v uint32, n int) {
	if open := len(h.pack) % 8; open != 0 {
		k := min(n, 8-open)
		h.repeat(v, k)
		n -= k
	}
	if n >= 8 {
		h.flush()
		h.out = binary.AppendUvarint(h.out, uint64(n)<<1)
		for i := 0; i < h.width; i += 8 {
			h.out = append(h.out, byte(v>>i))
		}
		return
	}
	h.repeat(v, n)
}

func (h *hybrid) repeat(v uint32, n int) {
	for range n {
		h.pack = append(h.pack, v)
	}
	if len(h.pack) == packGroups*8 {
		h.flush()
	}
}

// flush writes what waits; only the last group of a page may be filled up with zeros.
func (h *hybrid) flush() {
	if len(h.pack) == 0 {
		return
	}
	for len(h.pack)%8 != 0 {
		h.pack = append(h.pack, 0)
	}
	h.out = append(h.out, byte(len(h.pack)/8<<1|1))
	var acc uint64
	have := 0
	for _, v := range h.pack {
		acc |= uint64(v) << have
		have += h.width
		for have >= 8 {
			h.out = append(h.out, byte(acc))
			acc >>= 8
			have -= 8
		}
	}
	h.pack = h.pack[:0]
}

// end finishes the page and returns its bytes.
func (h *hybrid) end() []byte {
	h.flush()
	return h.out
}
