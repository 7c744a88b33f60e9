package query

import (
	"slices"
	"strconv"
	"strings"

	"github.com/bursarhq/bursar"
)

// Operator says how a filter compares.
type Operator string

// The operators. Is and contains take what any filter of the same dimension and operator accepts; what is denied must hold for all.
const (
	Is          Operator = "is"
	IsNot       Operator = "is not"
	Contains    Operator = "contains" // upper and lower case are the same
	NotContains Operator = "not contains"
	Exists      Operator = "exists" // AWS gave a value
	NotExists   Operator = "not exists"
)

// Operators are all of them.
var Operators = []string{string(Is), string(IsNot), string(Contains), string(NotContains), string(Exists), string(NotExists)}

// Filter limits a question to some line items.
type Filter struct {
	Dimension Dimension
	Operator  Operator
	Value     string // none for exists
}

func parseFilters(texts []string) (out []Filter, err error) {
	if len(texts) > MaxFilters {
		return nil, bursar.InvalidField("filter", "%d filters are too many", len(texts)).WithReason("too_many_filters").WithHint("use at most %d", MaxFilters)
	}
	for _, s := range texts {
		f, err := ParseFilter(s)
		if err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	return out, nil
}

// ParseFilter reads a filter: a dimension, an operator and a value, as in "service is AmazonEC2", "tag:team not exists",
// "usage_type contains BoxUsage". A key with blanks in it may be quoted: tag:"cost is high" is yes. The value is everything after the
// operator, as it is. Mistakes are Invalid errors that list what is valid.
func ParseFilter(s string) (f Filter, err error) {
	name, rest := cutName(strings.TrimSpace(s))
	if f.Dimension, err = dimension("filter", name); err != nil {
		return f, err
	}
	// the longer first: "is not" begins with "is"
	for _, op := range []Operator{IsNot, NotContains, NotExists, Is, Contains, Exists} {
		value, ok := strings.CutPrefix(rest, string(op))
		if !ok || value != "" && value[0] != ' ' {
			continue
		}
		f.Operator, f.Value = op, strings.TrimPrefix(value, " ")
		return f, f.complete(s)
	}
	return f, bursar.InvalidField("filter", "%q has no operator", s).WithReason("unknown_operator").
		WithHint("write a dimension, one of %s, and a value: service is AmazonEC2", strings.Join(Operators, ", "))
}

func (f Filter) complete(s string) error {
	wants := f.Operator != Exists && f.Operator != NotExists
	switch {
	case wants && f.Value == "":
		return bursar.InvalidField("filter", "%q has no value", s).WithReason("no_value").WithHint("ask %q for what has none", f.Dimension.Name+" not exists")
	case !wants && f.Value != "":
		return bursar.InvalidField("filter", "%q has a value, which %s does not take", s, f.Operator).WithReason("value_not_wanted").WithHint("leave %q out", f.Value)
	}
	return nil
}

// cutName splits a filter after its dimension. A key ends before the first operator, so that it may have blanks.
func cutName(s string) (name, rest string) {
	prefix := ""
	for _, p := range []string{tagPrefix, categoryPrefix} {
		if strings.HasPrefix(s, p) {
			prefix = p
		}
	}
	if quoted, err := strconv.QuotedPrefix(s[len(prefix):]); prefix != "" && err == nil {
		key, err := strconv.Unquote(quoted)
		if err == nil {
			return prefix + key, strings.TrimSpace(s[len(prefix)+len(quoted):])
		}
	}
	if prefix == "" {
		name, rest, _ = strings.Cut(s, " ")
		return name, strings.TrimLeft(rest, " ")
	}
	at := -1
	for _, op := range Operators {
		i := strings.Index(s+" ", " "+op+" ")
		if i >= 0 && (at < 0 || i < at) {
			at = i
		}
	}
	if at < 0 {
		return s, ""
	}
	return s[:at], s[at+1:]
}

// conditions are what rows must fulfil, in SQL.
func conditions(filters []Filter, valueOf func(Dimension) string) (out []string) {
	done := map[string]bool{}
	for _, f := range filters {
		key := f.Dimension.Name + "\x00" + string(f.Operator)
		if done[key] {
			continue
		}
		done[key] = true
		var values []string
		for _, g := range filters {
			if g.Operator == f.Operator && g.Dimension.Name == f.Dimension.Name && !slices.Contains(values, g.Value) {
				values = append(values, g.Value)
			}
		}
		out = append(out, f.Operator.sql(valueOf(f.Dimension), values))
	}
	return out
}

func (o Operator) sql(value string, wanted []string) string {
	switch o {
	case Is, IsNot:
		quoted := make([]string, len(wanted))
		for i, w := range wanted {
			quoted[i] = text(w)
		}
		in := " IN ("
		if o == IsNot {
			in = " NOT IN ("
		}
		return "(" + value + ")" + in + strings.Join(quoted, ", ") + ")"
	case Contains, NotContains:
		var tries []string
		for _, w := range wanted {
			tries = append(tries, "position(lower("+text(w)+") IN lower("+value+")) > 0")
		}
		any := "(" + strings.Join(tries, " OR ") + ")"
		if o == NotContains {
			return "NOT " + any
		}
		return any
	case NotExists:
		return "(" + value + ") = ''"
	}
	return "(" + value + ") <> ''"
}
