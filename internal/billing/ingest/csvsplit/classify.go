package csvsplit

import "encoding/binary"

const blockSize = 64

// marks says where the structural characters of one block of 64 bytes are: bit i stands for byte i.
type marks struct{ comma, newline, quote uint64 }

// classifyPortable is classify for every processor: eight bytes at a time.
func classifyPortable(src []byte, out []marks) {
	for i := range len(src) / blockSize {
		var m marks
		for w := range 8 {
			x := binary.LittleEndian.Uint64(src[i*blockSize+w*8:])
			m.comma |= equal(x, 0x2c2c2c2c2c2c2c2c) << (8 * w)
			m.newline |= equal(x, 0x0a0a0a0a0a0a0a0a) << (8 * w)
			m.quote |= equal(x, 0x2222222222222222) << (8 * w)
		}
		out[i] = m
	}
}

// equal returns one bit for each of x's bytes that equals pattern's.
func equal(x, pattern uint64) uint64 {
	const low7 = 0x7f7f7f7f7f7f7f7f
	x ^= pattern
	zero := ^(((x & low7) + low7) | x | low7) // 0x80 where a byte is zero; exact, unlike the borrowing variant
	return (zero >> 7) * 0x0102040810204080 >> 56
}

// inside turns the marks of quotes into a mask of what lies between them, the opening quote included.
func inside(quotes uint64) uint64 {
	quotes ^= quotes << 1
	quotes ^= quotes << 2
	quotes ^= quotes << 4
	quotes ^= quotes << 8
	quotes ^= quotes << 16
	quotes ^= quotes << 32
	return quotes
}
