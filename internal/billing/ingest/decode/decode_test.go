package decode

import (
	"math"
	"math/big"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/bursarhq/bursar"
)

func (n Number) rat() *big.Int {
	v := new(big.Int).Lsh(big.NewInt(n.Hi), 64)
	return v.Add(v, new(big.Int).SetUint64(n.Lo))
}

func TestDecimal(t *testing.T) {
	nines := strings.Repeat("9", 38)
	for in, want := range map[string]string{
		"0": "0", "-0": "0", "-0.000": "0", "0E-10": "0", "+1": "1", "1.": "1", ".5": "0.5", "-.5": "-0.5",
		"0.0104000000": "0.0104", "-7.0E-10": "-0.0000000007", "6.123E-7": "0.0000006123", "1e3": "1000", "1.5E+2": "150",
		"123456789012345678": "123456789012345678", "1234567890123456789": "1234567890123456789",
		"18446744073709551616": "18446744073709551616", "-170141183460469231731.5": "-170141183460469231731.5",
		"0.0827499841274349353": "0.0827499841274349353", "318.255145698000000000000000000": "318.255145698",
		nines: nines, "-" + nines: "-" + nines, "0." + nines: "0." + nines, "00000000000000000000000000000000000000000001": "1",
	} {
		n, ok := Decimal([]byte(in))
		if got := bursar.NewDecimal(n.rat(), int(n.Scale)).String(); !ok || got != want {
			t.Errorf("Decimal(%q) = %s %v, want %s", in, got, ok, want)
		}
	}
	for _, in := range []string{"", "-", ".", "-.", "e", "1e", "e5", "1.2.3", "1,000", "NULL", "NaN", "Infinity", "0x10", "1 ", "--1", "1" + nines, "1E38", "1E-39", "1e999999999999", "0." + nines + "9", "1_0", "1e1_0"} {
		if n, ok := Decimal([]byte(in)); ok {
			t.Errorf("Decimal(%q) = %+v", in, n)
		}
	}
}

// The decoder agrees with the root package's decimals on everything that fits 38 digits.
func TestDecimalAgrees(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringMatching(`-?[0-9]{0,22}(\.[0-9]{0,20})?([eE][+-]?[0-9]{1,2})?`).Draw(t, "s")
		want, err := bursar.ParseDecimal(s)
		n, ok := Decimal([]byte(s))
		if ok != (err == nil) {
			if ok || len(strings.Trim(want.String(), "-")) <= MaxDigits {
				t.Fatalf("%q: %v %v", s, ok, err)
			}
			return
		}
		if !ok {
			return
		}
		if got := bursar.NewDecimal(n.rat(), int(n.Scale)); got.Cmp(want) != 0 {
			t.Fatalf("%q: %s, want %s", s, got, want)
		}
		if d := n.Digits(); want.Sign() != 0 && d != len(new(big.Int).Abs(n.rat()).String()) {
			t.Fatalf("%q: %d digits", s, d)
		}
		if n.Scale < 10 && n.Digits() < 28 {
			hi, lo := n.At(10)
			if x, _ := want.Unscaled(10); (Number{Hi: hi, Lo: lo}).rat().Cmp(x) != 0 {
				t.Fatalf("%q at scale 10", s)
			}
		}
	})
}

func TestDouble(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.Float64Range(-1e12, 1e12).Draw(t, "v")
		n, ok := Double(v)
		if !ok {
			if math.Abs(v) > 1e-15 {
				t.Fatalf("%v refused", v)
			}
			return
		}
		back, err := strconv.ParseFloat(bursar.NewDecimal(n.rat(), int(n.Scale)).String(), 64)
		if err != nil || back != v {
			t.Fatalf("%v came back as %v (%v)", v, back, err)
		}
	})
	if _, ok := Double(math.NaN()); ok {
		t.Error("NaN is a number")
	}
}

func TestTime(t *testing.T) {
	day := time.Date(2018, 8, 1, 0, 0, 0, 0, time.UTC)
	for in, want := range map[string]time.Time{
		"2018-08-01T00:00:00Z":           day,
		"2018-08-01 00:00:00":            day,
		"2018-08-01":                     day,
		"2018-08-01T23:59:59.999Z":       day.Add(24*time.Hour - time.Millisecond),
		"2018-08-01 01:02:03.000":        day.Add(time.Hour + 2*time.Minute + 3*time.Second),
		"2018-08-01T00:00:00.123456789Z": day.Add(123456 * time.Microsecond),
		"2018-08-01 02:00:00+02:00":      day,
		"2018-07-31T23:30:00-0030":       day,
		"2018-08-01 00:00:00 UTC":        day,
		"2024-02-29T00:00:00Z":           time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC),
	} {
		var c Clock
		for range 2 {
			if got, ok := c.Time([]byte(in)); !ok || got != want.UnixMicro() {
				t.Errorf("%s: %v %v", in, time.UnixMicro(got).UTC(), ok)
			}
		}
	}
	for _, in := range []string{"", "2018-08", "2018-13-01", "2018-02-30", "2018-08-01T", "2018-08-01T24:00:00Z", "2018-08-01T00:00:00X", "2018-08-01T00:00:00.Z", "08/01/2018 00:00:00", "2018-08-01T00:00", "20180801T000000Z", "abcd-ef-gh"} {
		var c Clock
		if got, ok := c.Time([]byte(in)); ok {
			t.Errorf("%q is %v", in, time.UnixMicro(got).UTC())
		}
	}
}

func TestObject(t *testing.T) {
	got, err := Object([]byte(`{"user:Name":"a \"b\"\u00e9","n":1.50,"b":true,"empty":"","none":null,"deep":{"x":[1]}}`))
	want := []Entry{{Key: "user:Name", Value: `a "b"é`}, {Key: "n", Value: "1.50"}, {Key: "b", Value: "true"}, {Key: "deep", Value: `{"x":[1]}`}}
	if d := cmp.Diff(want, got); err != nil || d != "" {
		t.Error(err, d)
	}
	for _, in := range []string{"", "x", "[]", `{"a":1`, `{"a":1}x`, `{"a":1,"a":2}`, `{a:1}`, `"a"`} {
		if got, err := Object([]byte(in)); err == nil {
			t.Errorf("%q is a map: %v", in, got)
		}
	}
}

func FuzzObject(f *testing.F) {
	f.Add([]byte(`{"a":"b","c":1}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := Object(data)
		if err != nil {
			return
		}
		b, err := Object(AppendObject(nil, a))
		if err != nil || !cmp.Equal(a, b) {
			t.Fatalf("%v, then %v (%v)", a, b, err)
		}
	})
}

func FuzzDecimal(f *testing.F) {
	for _, s := range []string{"0", "-7.0E-10", "1.5", "99999999999999999999999999999999999999", "1e-38"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, ok := Decimal([]byte(s))
		if !ok {
			return
		}
		want, err := bursar.ParseDecimal(s)
		if err != nil {
			return // leading zeros beyond the root package's limit
		}
		if bursar.NewDecimal(n.rat(), int(n.Scale)).Cmp(want) != 0 {
			t.Fatalf("%q", s)
		}
	})
}

func FuzzTime(f *testing.F) {
	f.Add("2018-08-01T00:00:00Z")
	f.Add("2018-08-01 00:00:00.000")
	f.Fuzz(func(t *testing.T, s string) {
		var c Clock
		got, ok := c.Time([]byte(s))
		if want, err := time.Parse(time.RFC3339Nano, s); err == nil && len(s) < 31 && want.Second() < 60 && ok && want.UnixMicro() != got {
			t.Fatalf("%q is %v, not %v", s, time.UnixMicro(got).UTC(), want)
		}
	})
}
