package billgen

import (
	"math"
	"math/big"
	"math/bits"
	"strconv"
	"strings"

	"github.com/bursarhq/bursar"
)

// Amount is an exact number with ten digits after the point: an amount of money, of usage, or a rate.
type Amount int64

// None is the amount of a blank cell.
const None Amount = math.MinInt64

const (
	digitsAfterPoint = 10
	one              = Amount(10_000_000_000)
	cent             = one / 100
	tiny             = one / 1_000_000 // below it, AWS writes numbers with an exponent
	wide             = 100_000 * one   // from here on amounts have no more than cents, so that a double can hold them
)

// Decimal returns a as the product's exact number. None is 0.
func (a Amount) Decimal() bursar.Decimal {
	return bursar.DecimalFromInt64(int64(a.orZero()), digitsAfterPoint)
}

// Float returns the double nearest to a, as AWS's Parquet files have it.
func (a Amount) Float() float64 { return float64(a) / float64(one) }

// String returns the csv spelling.
func (a Amount) String() string { return string(a.Append(nil)) }

// Append adds the csv spelling: nothing for None, "-7.0E-10" for what is smaller than a millionth, else plain digits.
func (a Amount) Append(dst []byte) []byte {
	switch {
	case a == None:
		return dst
	case a == 0:
		return append(dst, '0')
	case a < 0:
		dst, a = append(dst, '-'), -a
	}
	if a < tiny {
		return appendScientific(dst, a)
	}
	dst = strconv.AppendInt(dst, int64(a/one), 10)
	frac := a % one
	if frac == 0 {
		return dst
	}
	var d [digitsAfterPoint]byte
	n := len(d)
	for i := n - 1; i >= 0; i-- {
		d[i] = byte('0' + frac%10)
		frac /= 10
	}
	for d[n-1] == '0' {
		n--
	}
	return append(append(dst, '.'), d[:n]...)
}

func appendScientific(dst []byte, a Amount) []byte {
	s := strconv.FormatInt(int64(a), 10)
	exp := len(s) - 1 - digitsAfterPoint
	frac := strings.TrimRight(s[1:], "0")
	if frac == "" {
		frac = "0"
	}
	dst = append(dst, s[0], '.')
	dst = append(append(dst, frac...), 'E')
	return strconv.AppendInt(dst, int64(exp), 10)
}

// Mul returns a times b, rounded half up in magnitude to ten digits.
func (a Amount) Mul(b Amount) Amount {
	neg := (a < 0) != (b < 0)
	hi, lo := bits.Mul64(magnitude(a), magnitude(b))
	lo, carry := bits.Add64(lo, uint64(one)/2, 0)
	q, _ := bits.Div64(hi+carry, lo, uint64(one))
	if neg {
		return -Amount(q)
	}
	return Amount(q)
}

// Percent returns p hundredths of a, rounded toward zero.
func (a Amount) Percent(p int) Amount { return a.Mul(Amount(p) * cent) }

// fit drops what a double of 15 digits cannot hold.
func (a Amount) fit() Amount {
	if a >= wide || a <= -wide {
		return a / cent * cent
	}
	return a
}

// cents drops everything behind the cent.
func (a Amount) cents() Amount { return a / cent * cent }

func (a Amount) orZero() Amount {
	if a == None {
		return 0
	}
	return a
}

func magnitude(a Amount) uint64 {
	if a < 0 {
		return uint64(-a)
	}
	return uint64(a)
}

// amount reads a number of the catalogue.
func amount(s string) Amount {
	d, err := bursar.ParseDecimal(s)
	if err != nil {
		panic(err)
	}
	u, ok := d.Unscaled(digitsAfterPoint)
	if !ok || !u.IsInt64() {
		panic("billgen: " + s + " has too many digits")
	}
	return Amount(u.Int64())
}

// Sum adds amounts without overflow or rounding. The zero value is 0.
type Sum struct {
	hi int64
	lo uint64
}

// Add adds a; None adds nothing.
func (s *Sum) Add(a Amount) {
	if a == None {
		return
	}
	var c uint64
	s.lo, c = bits.Add64(s.lo, uint64(a), 0)
	s.hi += int64(a)>>63 + int64(c)
}

// Decimal returns the sum.
func (s Sum) Decimal() bursar.Decimal {
	v := new(big.Int).Lsh(big.NewInt(s.hi), 64)
	return bursar.NewDecimal(v.Add(v, new(big.Int).SetUint64(s.lo)), digitsAfterPoint)
}

// amount returns a sum that fits.
func (s Sum) amount() Amount { return Amount(s.lo) }

// mix is a hash of two numbers (the finalizer of splitmix64).
func mix(a, b uint64) uint64 {
	z := a ^ (b+1)*0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

const base32 = "abcdefghijklmnopqrstuvwxyz234567"

// letters returns n letters and digits drawn from h.
func letters(h uint64, n int) string {
	out := make([]byte, n)
	for i := range out {
		if i%12 == 0 {
			h = mix(h, uint64(i))
		}
		out[i] = base32[h>>(5*(i%12))&31]
	}
	return string(out)
}

const hexDigits = "0123456789abcdef"

func hexString(h uint64, n int) string {
	out := make([]byte, n)
	for i := range out {
		if i%16 == 0 {
			h = mix(h, uint64(i))
		}
		out[i] = hexDigits[h>>(4*(i%16))&15]
	}
	return string(out)
}

// UUID returns an id drawn from a text: the same one for the same text.
func UUID(s string) string { return uuid(hash(s)) }

func uuid(h uint64) string {
	s := hexString(h, 32)
	return s[:8] + "-" + s[8:12] + "-4" + s[13:16] + "-a" + s[17:20] + "-" + s[20:]
}

func digits(h uint64, n int) string {
	out := make([]byte, n)
	for i := range out {
		h = mix(h, uint64(i))
		out[i] = byte('0' + h%10)
	}
	out[0] = byte('1' + h%9)
	return string(out)
}
