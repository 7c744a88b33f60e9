package bursar

import (
	"math/big"
	"strings"
)

// maxDecimalDigits bounds what ParseDecimal accepts, so that "1E999999999" cannot fill the memory.
const maxDecimalDigits = 128

// Decimal is an exact decimal number: no operation on it rounds. The zero value is 0. Decimals are values;
// methods never change their receiver.
type Decimal struct {
	coef  *big.Int // nil is 0
	scale int      // digits after the point, at least 0
}

// NewDecimal returns coef / 10^scale. It keeps no reference to coef.
func NewDecimal(coef *big.Int, scale int) Decimal {
	c := new(big.Int).Set(coef)
	if scale < 0 {
		c.Mul(c, pow10(-scale))
		scale = 0
	}
	return Decimal{c, scale}
}

// DecimalFromInt64 returns coef / 10^scale.
func DecimalFromInt64(coef int64, scale int) Decimal { return NewDecimal(big.NewInt(coef), scale) }

// ParseDecimal reads an optional sign, digits with an optional point, and an optional exponent: "-0.5",
// "4064.4831315379", "-7.0E-10". At most 128 digits are accepted once the exponent is written out.
func ParseDecimal(s string) (Decimal, error) {
	d, ok := parseDecimal(s)
	if !ok {
		return Decimal{}, Errorf(Invalid, "%q is not a decimal number", clip(s, 40))
	}
	return d, nil
}

func parseDecimal(s string) (Decimal, bool) {
	mantissa, exp, hasExp := s, 0, false
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		mantissa, hasExp = s[:i], true
		e, ok := parseExponent(s[i+1:])
		if !ok {
			return Decimal{}, false
		}
		exp = e
	}
	digits := strings.TrimLeft(mantissa, "+-")
	if len(mantissa)-len(digits) > 1 || hasExp && digits == "" {
		return Decimal{}, false
	}
	whole, frac, _ := strings.Cut(digits, ".")
	if whole+frac == "" || !onlyDigits(whole) || !onlyDigits(frac) || len(whole)+len(frac) > maxDecimalDigits {
		return Decimal{}, false
	}
	coef, _ := new(big.Int).SetString(whole+frac, 10)
	if strings.HasPrefix(mantissa, "-") {
		coef.Neg(coef)
	}
	scale := len(frac) - exp
	if scale > maxDecimalDigits || scale < -maxDecimalDigits {
		return Decimal{}, coef.Sign() == 0
	}
	return NewDecimal(coef, scale), true
}

func parseExponent(s string) (int, bool) {
	digits := strings.TrimPrefix(s, "-")
	neg := digits != s
	if !neg {
		digits = strings.TrimPrefix(s, "+")
	}
	if digits == "" || !onlyDigits(digits) || len(strings.TrimLeft(digits, "0")) > 6 {
		return 0, false
	}
	n := 0
	for _, c := range digits {
		n = n*10 + int(c-'0')
	}
	if neg {
		n = -n
	}
	return n, true
}

func onlyDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return s[:n] + "…"
}

func pow10(n int) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil) }

func (d Decimal) big() *big.Int {
	if d.coef == nil {
		return new(big.Int)
	}
	return d.coef
}

// unscaledAt returns d's coefficient at a scale that is at least d's own.
func (d Decimal) unscaledAt(scale int) *big.Int {
	if scale == d.scale {
		return d.big()
	}
	return new(big.Int).Mul(d.big(), pow10(scale-d.scale))
}

// Unscaled returns the coefficient at the given number of digits after the point. It reports false when
// digits would be lost.
func (d Decimal) Unscaled(scale int) (*big.Int, bool) {
	if scale >= d.scale {
		return new(big.Int).Set(d.unscaledAt(scale)), true
	}
	q, r := new(big.Int).QuoRem(d.big(), pow10(d.scale-scale), new(big.Int))
	return q, r.Sign() == 0
}

// Add returns d + e.
func (d Decimal) Add(e Decimal) Decimal {
	s := max(d.scale, e.scale)
	return Decimal{new(big.Int).Add(d.unscaledAt(s), e.unscaledAt(s)), s}
}

// Sub returns d - e.
func (d Decimal) Sub(e Decimal) Decimal { return d.Add(e.Neg()) }

// Neg returns -d.
func (d Decimal) Neg() Decimal { return Decimal{new(big.Int).Neg(d.big()), d.scale} }

// Cmp compares numbers, not spellings: 1.0 equals 1. It returns -1, 0 or +1.
func (d Decimal) Cmp(e Decimal) int {
	s := max(d.scale, e.scale)
	return d.unscaledAt(s).Cmp(e.unscaledAt(s))
}

// Equal says whether both are the same number.
func (d Decimal) Equal(e Decimal) bool { return d.Cmp(e) == 0 }

// Sign returns -1, 0 or +1.
func (d Decimal) Sign() int { return d.big().Sign() }

// IsZero says whether d is 0.
func (d Decimal) IsZero() bool { return d.Sign() == 0 }

// Scale returns how many digits after the point the number has, trailing zeros left out.
func (d Decimal) Scale() int {
	_, frac, _ := strings.Cut(d.String(), ".")
	return len(frac)
}

// String writes the number without exponent and without trailing zeros: "-0.5", "4064.4831315379", "0".
func (d Decimal) String() string {
	digits := new(big.Int).Abs(d.big()).String()
	if len(digits) <= d.scale {
		digits = strings.Repeat("0", d.scale-len(digits)+1) + digits
	}
	whole, frac := digits[:len(digits)-d.scale], strings.TrimRight(digits[len(digits)-d.scale:], "0")
	if frac != "" {
		whole += "." + frac
	}
	if d.Sign() < 0 {
		whole = "-" + whole
	}
	return whole
}

// MarshalText writes the number as String does; in JSON it is a string, so that no reader makes it a float.
func (d Decimal) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what ParseDecimal reads.
func (d *Decimal) UnmarshalText(text []byte) error {
	v, err := ParseDecimal(string(text))
	if err == nil {
		*d = v
	}
	return err
}

// Money is an amount in one currency. Amounts of two currencies are never added.
type Money struct {
	Amount   Decimal `json:"amount"`
	Currency string  `json:"currency"` // ISO 4217, as AWS delivered it: "USD"
}
