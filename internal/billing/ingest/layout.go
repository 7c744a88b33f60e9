package ingest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/billing/schema"
)

// layout says where the columns of a file go.
type layout struct {
	format   bursar.Format
	names    []string // of the file's columns, as messages call them
	targets  []target // of the same
	columns  []laid   // of the lake
	core     core
	warnings []Warning

	columnCount int // of the file, a struct counting as one
}

// target is where one column of a file goes: a column of the lake, or an entry of a map column.
type target struct {
	column int
	key    string // "" = the column itself
}

// laid is a column of the lake with the file's columns that make it.
type laid struct {
	schema.Column
	sources []int // columns of the file; several, or one with a key, make a map
	keys    []string
}

// core are the columns that totals are made of: indices into layout.columns, -1 = the file has none.
type core struct{ cost, currency, period, start, kind, service, account int }

// input is a column of a file, or one value of a struct.
type input struct {
	name  string
	child string // of a struct: which of its values; "" = the column itself
}

// inputsOf makes the inputs of a csv header.
func inputsOf(header []string) []input {
	in := make([]input, len(header))
	for i, h := range header {
		in[i].name = h
	}
	return in
}

// called is what messages call an input.
func (in input) called() string {
	if in.child == "" {
		return in.name
	}
	return in.name + "." + in.child
}

// columnNames returns the lake's names and types: what decides whether two layouts share a part.
func (l *layout) same(m *layout) bool {
	return slices.EqualFunc(l.columns, m.columns, func(a, b laid) bool { return a.Lake == b.Lake && a.Type == b.Type })
}

// newLayout lays the columns of a file out. textual are columns of the lake that are text whatever the vocabulary says, because an
// earlier look at the files found other values in them.
func newLayout(inputs []input, hint bursar.Format, textual map[string]bool) (*layout, error) {
	var header []string
	maps := map[string]bool{}
	for i, in := range inputs {
		maps[schema.Normalize(in.name)] = true
		if in.child == "" || i == 0 || in.name != inputs[i-1].name {
			header = append(header, in.name)
		}
	}
	format, err := recognise(header, hint)
	if err != nil {
		return nil, err
	}
	l := &layout{format: format, columnCount: len(header)}
	taken := map[string]int{}
	for i, in := range inputs {
		l.names = append(l.names, in.called())
		c, key := l.of(in.name, i)
		if key != "" && maps[c.Normal] { // the file has the map itself
			c, key = schema.Lookup(schema.Normalize(in.name)), ""
		}
		if in.child != "" {
			c.Type, c.Strict, key = schema.Map, false, in.child
		}
		if err := l.add(i, c, key, taken); err != nil {
			return nil, err
		}
	}
	for i := range l.columns {
		if textual[l.columns[i].Lake] {
			l.columns[i].Type = schema.Text
		}
	}
	l.findCore()
	return l, nil
}

func (l *layout) of(h string, i int) (schema.Column, string) {
	if l.format == bursar.FormatFOCUS10 || l.format == bursar.FormatFOCUS12 {
		c := schema.OfFOCUS(h)
		if c.Lake == "" {
			c = schema.Lookup(fmt.Sprintf("column_%d", i+1))
		}
		return c, ""
	}
	c, key := schema.OfCUR(h, l.format == bursar.FormatLegacy)
	if c.Lake == "" {
		c = schema.Lookup(fmt.Sprintf("column_%d", i+1))
	}
	return c, key
}

// add gives column i of the file its place. Names are compared without case, as engines do.
func (l *layout) add(i int, c schema.Column, key string, taken map[string]int) error {
	name := strings.ToLower(c.Lake)
	at, ok := taken[name]
	if key != "" {
		if !ok || l.columns[at].keys == nil {
			at = l.append(l.renamed(c, i, taken), taken)
		}
		k := &l.columns[at]
		first := key
		for n := 2; slices.Contains(k.keys, key); n++ {
			key = fmt.Sprintf("%s_%d", first, n)
		}
		if key != first {
			l.warn("duplicate_column", l.names[i], "the file has the column %q more than once; another one is kept as the entry %q", l.names[i], key)
		}
		k.sources, k.keys = append(k.sources, i), append(k.keys, key)
		l.targets = append(l.targets, target{at, key})
		return nil
	}
	if ok {
		if c.Strict {
			return bursar.Errorf(bursar.Invalid, "two columns are the same: %q and %q", l.names[l.columns[at].sources[0]], l.names[i]).
				WithReason("duplicate_column").WithHint("which of the two counts cannot be known; deliver the file with one of them")
		}
	}
	at = l.append(l.renamed(c, i, taken), taken)
	l.columns[at].sources = []int{i}
	l.targets = append(l.targets, target{column: at})
	return nil
}

// renamed gives a column another name where its own is taken, and says so.
func (l *layout) renamed(c schema.Column, i int, taken map[string]int) schema.Column {
	name := strings.ToLower(c.Lake)
	if _, ok := taken[name]; !ok {
		return c
	}
	n := 2
	for ; ; n++ {
		if _, ok := taken[fmt.Sprintf("%s_%d", name, n)]; !ok {
			break
		}
	}
	c = schema.Column{Normal: fmt.Sprintf("%s_%d", c.Normal, n), Lake: fmt.Sprintf("%s_%d", c.Lake, n), Type: c.Type}
	l.warn("duplicate_column", l.names[i], "the column %q comes a second time (AWS's naming rule makes it equal to another); it is kept as %s", l.names[i], c.Lake)
	return c
}

func (l *layout) append(c schema.Column, taken map[string]int) int {
	l.columns = append(l.columns, laid{Column: c})
	taken[strings.ToLower(c.Lake)] = len(l.columns) - 1
	return len(l.columns) - 1
}

func (l *layout) warn(code, column, format string, args ...any) {
	l.warnings = append(l.warnings, Warning{Code: code, Column: column, Message: fmt.Sprintf(format, args...)})
}

func (l *layout) find(lake string) int {
	return slices.IndexFunc(l.columns, func(c laid) bool { return c.Lake == lake })
}

func (l *layout) findCore() {
	l.core = core{
		cost: l.find("BilledCost"), currency: l.find("BillingCurrency"), period: l.find("BillingPeriodStart"), start: l.find("ChargePeriodStart"),
		kind: l.find("line_item_line_item_type"), service: l.find("line_item_product_code"), account: l.find("SubAccountId"),
	}
	if l.core.kind < 0 {
		l.core.kind = l.find("ChargeCategory")
	}
	if s := l.find("ServiceName"); s >= 0 {
		l.core.service = s
	}
}

// described returns the columns as a result shows them.
func (l *layout) described() []Column {
	out := make([]Column, 0, len(l.columns))
	for _, c := range l.columns {
		var names []string
		for _, s := range c.sources {
			names = append(names, l.names[s])
		}
		out = append(out, Column{Name: c.Lake, Source: strings.Join(names, ", "), Type: c.Type})
	}
	return out
}

// telling returns the file's column that says which period a row belongs to: the billing period's start; where there is
// none and the period is not known otherwise, the usage's. It is -1 when none is to be asked.
func (l *layout) telling(known bursar.Period) int {
	at := l.core.period
	if at < 0 && known.IsZero() {
		at = l.core.start
	}
	if at < 0 {
		return -1
	}
	return l.columns[at].sources[0]
}
