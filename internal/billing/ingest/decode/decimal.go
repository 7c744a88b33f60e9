// Package decode reads the values of bills from text: exact decimals, times, and maps written as JSON.
package decode

import (
	"math"
	"math/bits"
	"strconv"
)

// MaxDigits is how many digits a decimal may have: what DECIMAL(38) holds.
const MaxDigits = 38

// Number is an exact decimal: a mantissa of 128 bits (two's complement) divided by 10^Scale. It has no trailing
// zeros after the point, so equal numbers are equal values; zero has scale 0.
type Number struct {
	Hi    int64
	Lo    uint64
	Scale uint8
}

// Small says whether the mantissa fits 64 bits; it is then int64(n.Lo).
func (n Number) Small() bool { return n.Hi == int64(n.Lo)>>63 }

// Decimal reads a number: a sign, digits with an optional point, an optional exponent. ok is false for anything else
// and for numbers of more than 38 digits.
func Decimal(s []byte) (n Number, ok bool) {
	i, neg := 0, false
	if len(s) > 0 && (s[0] == '-' || s[0] == '+') {
		neg = s[0] == '-'
		i = 1
	}
	if len(s)-i > 19 { // up to 18 digits and a point go the short way
		return longDecimal(s[i:], neg)
	}
	var v uint64
	point := -1
	for k := i; k < len(s); k++ {
		d := s[k] - '0'
		if d > 9 {
			if s[k] == '.' && point < 0 {
				point = k
				continue
			}
			return longDecimal(s[i:], neg)
		}
		v = v*10 + uint64(d)
	}
	digits := len(s) - i
	if point >= 0 {
		digits--
	}
	if digits == 0 || digits > 18 {
		return longDecimal(s[i:], neg)
	}
	scale := 0
	if point >= 0 {
		scale = len(s) - point - 1
	}
	return small(v, scale, neg), true
}

// small makes a number of a mantissa below 10^18.
func small(v uint64, scale int, neg bool) Number {
	for scale > 0 && v%10 == 0 {
		v /= 10
		scale--
	}
	m := int64(v)
	if neg {
		m = -m
	}
	return Number{Hi: m >> 63, Lo: uint64(m), Scale: uint8(scale)}
}

// longDecimal reads what has many digits or an exponent; the sign is gone already.
func longDecimal(s []byte, neg bool) (n Number, ok bool) {
	digits := make([]byte, 0, 64)
	scale, point, i := 0, false, 0
	for ; i < len(s) && s[i] != 'e' && s[i] != 'E'; i++ {
		c := s[i]
		switch {
		case c == '.' && !point:
			point = true
		case c < '0' || c > '9':
			return n, false
		default:
			if len(digits) > 0 || c != '0' {
				digits = append(digits, c)
			}
			if point {
				scale++
			}
		}
	}
	if i == 0 || i == 1 && point {
		return n, false
	}
	if i < len(s) {
		exp, err := strconv.ParseInt(string(s[i+1:]), 10, 32)
		if err != nil {
			return n, false
		}
		scale -= int(exp)
	}
	return assemble(digits, scale, neg)
}

// assemble makes a number of digits without leading zeros.
func assemble(digits []byte, scale int, neg bool) (n Number, ok bool) {
	for len(digits) > 0 && scale > 0 && digits[len(digits)-1] == '0' {
		digits = digits[:len(digits)-1]
		scale--
	}
	if len(digits) == 0 {
		return Number{}, true
	}
	if scale > MaxDigits || len(digits) > MaxDigits || scale < 0 && len(digits)-scale > MaxDigits {
		return n, false
	}
	var hi, lo uint64
	for _, c := range digits {
		hi, lo = times10(hi, lo, uint64(c-'0'))
	}
	for ; scale < 0; scale++ {
		hi, lo = times10(hi, lo, 0)
	}
	if neg {
		var borrow uint64
		lo, borrow = bits.Sub64(0, lo, 0)
		hi, _ = bits.Sub64(0, hi, borrow)
	}
	return Number{Hi: int64(hi), Lo: lo, Scale: uint8(scale)}, true
}

func times10(hi, lo, add uint64) (uint64, uint64) {
	over, low := bits.Mul64(lo, 10)
	low, carry := bits.Add64(low, add, 0)
	return hi*10 + over + carry, low
}

// Digits returns how many decimal digits the mantissa has; zero has none.
func (n Number) Digits() int {
	hi, lo := n.abs()
	if hi == 0 {
		return digits64(lo)
	}
	d := 0
	for hi != 0 {
		// divide by 10^18 until 64 bits are left
		q, r := hi/pow18, hi%pow18
		lo, _ = bits.Div64(r, lo, pow18)
		hi = q
		d += 18
	}
	return d + digits64(lo)
}

const pow18 = 1_000_000_000_000_000_000

func digits64(v uint64) int {
	d := 0
	for ; v != 0; v /= 10 {
		d++
	}
	return d
}

func (n Number) abs() (hi, lo uint64) {
	if n.Hi >= 0 {
		return uint64(n.Hi), n.Lo
	}
	lo, borrow := bits.Sub64(0, n.Lo, 0)
	hi, _ = bits.Sub64(0, uint64(n.Hi), borrow)
	return hi, lo
}

// At returns the mantissa at a larger or equal scale. The caller knows that it fits 128 bits.
func (n Number) At(scale int) (hi int64, lo uint64) {
	h, l := n.abs()
	for range scale - int(n.Scale) {
		h, l = times10(h, l, 0)
	}
	if n.Hi < 0 {
		var borrow uint64
		l, borrow = bits.Sub64(0, l, 0)
		h, _ = bits.Sub64(0, h, borrow)
	}
	return int64(h), l
}

// Double reads a floating point number as its shortest decimal: the one that its writer meant.
func Double(v float64) (n Number, ok bool) {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return n, false
	}
	var buf [32]byte
	return Decimal(strconv.AppendFloat(buf[:0], v, 'g', -1, 64))
}

// Int makes a number of an unscaled integer.
func Int(v int64, scale int) Number {
	for scale > 0 && v%10 == 0 && v != 0 {
		v /= 10
		scale--
	}
	if v == 0 {
		scale = 0
	}
	return Number{Hi: v >> 63, Lo: uint64(v), Scale: uint8(scale)}
}

// Single is Double for numbers of 32 bits.
func Single(v float32) (n Number, ok bool) {
	if f := float64(v); math.IsNaN(f) || math.IsInf(f, 0) {
		return n, false
	}
	var buf [32]byte
	return Decimal(strconv.AppendFloat(buf[:0], float64(v), 'g', -1, 32))
}

// Wide makes a number of an unscaled integer of 128 bits. ok is false when it has more than 38 digits.
func Wide(hi int64, lo uint64, scale int) (n Number, ok bool) {
	n = Number{Hi: hi, Lo: lo}
	if n.Small() {
		return Int(int64(lo), scale), true
	}
	if n.Digits() > MaxDigits {
		return n, false
	}
	h, l := n.abs()
	for scale > 0 {
		q, r := h/10, h%10
		ql, rl := bits.Div64(r, l, 10)
		if rl != 0 {
			break
		}
		h, l = q, ql
		scale--
	}
	if hi < 0 {
		var borrow uint64
		l, borrow = bits.Sub64(0, l, 0)
		h, _ = bits.Sub64(0, h, borrow)
	}
	return Number{Hi: int64(h), Lo: l, Scale: uint8(scale)}, true
}

// AppendNumber spells a number: its digits, with a point where it has a fraction.
func AppendNumber(dst []byte, n Number) []byte {
	if n.Hi < 0 {
		dst = append(dst, '-')
	}
	h, l := n.abs()
	var digits [48]byte
	at := len(digits)
	for k := 0; h != 0 || l != 0 || k <= int(n.Scale); k++ {
		if k == int(n.Scale) && k > 0 {
			at--
			digits[at] = '.'
		}
		q, r := h/10, h%10
		ql, rl := bits.Div64(r, l, 10)
		h, l = q, ql
		at--
		digits[at] = byte('0' + rl)
	}
	return append(dst, digits[at:]...)
}
