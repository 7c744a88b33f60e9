package report

import (
	"time"

	"github.com/bursarhq/bursar/internal/sandbox/billgen"
)

type (
	line   = billgen.Line
	amount = billgen.Amount
	pair   = billgen.Pair
)

// column is one column of a table: exactly one of its functions is set.
type column struct {
	name    string
	varies  bool // differs within a block of lines
	text    func(dst []byte, l *line) []byte
	number  func(l *line) amount
	instant func(l *line) int64
	pairs   func(l *line) []pair
	span    func(l *line) (from, to int64)
	single  func(l *line) (key string, v amount) // a map of numbers with at most one entry: none when v is None
}

// typeName is the column's type in a manifest. Maps are strings in csv files.
func (c *column) typeName(parquet bool) string {
	switch {
	case c.number != nil:
		return "double"
	case c.instant != nil:
		return "timestamp"
	case c.pairs != nil && parquet:
		return "map<string,string>"
	case c.single != nil && parquet:
		return "map<string,double>"
	}
	return "string"
}

func text(name string, f func(l *line) string) column {
	return column{name: name, text: func(dst []byte, l *line) []byte { return append(dst, f(l)...) }}
}

// rate is a number that AWS types as a string.
func rate(name string, f func(l *line) amount) column {
	return column{name: name, text: func(dst []byte, l *line) []byte { return f(l).Append(dst) }}
}

func fixed(name string, f func(l *line) amount) column { return column{name: name, number: f} }

func hourly(name string, f func(l *line) amount) column {
	return column{name: name, number: f, varies: true}
}

func when(name string, varies bool, f func(l *line) int64) column {
	return column{name: name, instant: f, varies: varies}
}

func pairsOf(name string, f func(l *line) []pair) column { return column{name: name, pairs: f} }

func absent(name string) column { return text(name, func(*line) string { return "" }) }

func noNumber(name string) column { return fixed(name, func(*line) amount { return billgen.None }) }

// clock spells times, and remembers the last day.
type clock struct {
	millis bool
	day    int64
	date   [11]byte
	known  bool
}

func (c *clock) append(dst []byte, unix int64) []byte {
	day := unix / 86400
	if !c.known || day != c.day {
		c.day, c.known = day, true
		time.Unix(unix, 0).UTC().AppendFormat(c.date[:0], "2006-01-02T")
	}
	s := int(unix % 86400)
	dst = append(dst, c.date[:]...)
	dst = two(dst, s/3600)
	dst = append(two(append(dst, ':'), s/60%60), ':')
	dst = two(dst, s%60)
	if c.millis {
		dst = append(dst, ".000"...)
	}
	return append(dst, 'Z')
}

func two(dst []byte, n int) []byte { return append(dst, byte('0'+n/10), byte('0'+n%10)) }

// interval is identity/TimeInterval: "start/end", to the second in every family.
func interval(name string) column {
	return column{name: name, varies: true, span: func(l *line) (from, to int64) { return l.IntervalStart, l.IntervalEnd }}
}

// clocks spell the times of one file.
type clocks struct{ columns, spans clock }

// appendObject writes a JSON object whose values are strings.
func appendObject(dst []byte, pairs []pair) []byte {
	dst = append(dst, '{')
	for i, p := range pairs {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendString(dst, p.Key)
		dst = appendString(append(dst, ':'), p.Value)
	}
	return append(dst, '}')
}

// appendString writes a JSON string; text beyond ASCII stays as it is.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c < 0x20:
			dst = append(dst, `\u00`...)
			dst = append(dst, "0123456789abcdef"[c>>4], "0123456789abcdef"[c&15])
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}

// cell writes a csv cell without its quotes.
func (c *column) cell(dst []byte, l *line, t *clocks) []byte {
	switch {
	case c.text != nil:
		return c.text(dst, l)
	case c.number != nil:
		return c.number(l).Append(dst)
	case c.instant != nil:
		return t.columns.append(dst, c.instant(l))
	case c.pairs != nil:
		return appendObject(dst, c.pairs(l))
	}
	if c.span != nil {
		from, to := c.span(l)
		return t.spans.append(append(t.spans.append(dst, from), '/'), to)
	}
	key, v := c.single(l)
	if v == billgen.None {
		return append(dst, "{}"...)
	}
	dst = append(dst, `{"`...)
	dst = append(append(dst, key...), `":`...)
	return append(v.Append(dst), '}')
}

// attribute finds a value of the product's map.
func attribute(pairs []pair, key string) string {
	for _, p := range pairs {
		if p.Key == key {
			return p.Value
		}
	}
	return ""
}
