package ce

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/bursarhq/bursar/internal/sandbox/billgen"
	"github.com/bursarhq/bursar/internal/sandbox/cloud"
)

// expression is AWS's Expression: exactly one of its members is set.
type expression struct {
	Or, And        []*expression
	Not            *expression
	Dimensions     *values
	Tags           *values
	CostCategories *values
}

type values struct {
	Key          string
	Values       []string
	MatchOptions []string
}

var matchOptions = []string{"EQUALS", "CASE_SENSITIVE", "ABSENT", "STARTS_WITH", "ENDS_WITH", "CONTAINS", "CASE_INSENSITIVE", "GREATER_THAN_OR_EQUAL"}

func (x *expression) roots() (n int) {
	for _, set := range []bool{x.Or != nil, x.And != nil, x.Not != nil, x.Dimensions != nil, x.Tags != nil, x.CostCategories != nil} {
		if set {
			n++
		}
	}
	return n
}

// check says what AWS does not accept.
func (x *expression) check() *cloud.Error {
	if x.roots() != 1 {
		return invalid("Expression Should Have At Least One And Only One Root: Or, And, Not, Dimensions, Tags, CostCategories")
	}
	for name, list := range map[string][]*expression{"Or": x.Or, "And": x.And} {
		if list != nil && len(list) < 2 {
			return invalid("%s Expression Should Have At Least Two Operands", name)
		}
		for _, y := range list {
			if e := y.check(); e != nil {
				return e
			}
		}
	}
	if x.Not != nil {
		return x.Not.check()
	}
	if x.Dimensions != nil {
		if _, ok := dimensions[x.Dimensions.Key]; !ok {
			return invalid("Dimension %s is invalid in a filter", x.Dimensions.Key)
		}
	}
	for _, v := range []*values{x.Dimensions, x.Tags, x.CostCategories} {
		if e := v.check(); e != nil {
			return e
		}
	}
	return nil
}

func (v *values) check() *cloud.Error {
	if v == nil {
		return nil
	}
	for _, o := range v.MatchOptions {
		if !slices.Contains(matchOptions, o) {
			return invalid("Match option %s is invalid", o)
		}
	}
	if len(v.Values) == 0 && !slices.Contains(v.MatchOptions, "ABSENT") {
		return invalid("Filter values should not be empty for %s", v.Key)
	}
	return nil
}

// match says whether a line passes. A nil expression passes all.
func (x *expression) match(l *billgen.Line) bool {
	switch {
	case x == nil:
		return true
	case x.Or != nil:
		return slices.ContainsFunc(x.Or, func(y *expression) bool { return y.match(l) })
	case x.And != nil:
		return !slices.ContainsFunc(x.And, func(y *expression) bool { return !y.match(l) })
	case x.Not != nil:
		return !x.Not.match(l)
	case x.Tags != nil:
		return x.Tags.match(pairOf(l.Tags, x.Tags.Key))
	case x.CostCategories != nil:
		return x.CostCategories.match(pairOf(l.CostCategories, x.CostCategories.Key))
	}
	return x.Dimensions.match(dimensions[x.Dimensions.Key](l))
}

func (v *values) match(have string) bool {
	has := func(o string) bool { return slices.Contains(v.MatchOptions, o) }
	if has("ABSENT") {
		return have == ""
	}
	return slices.ContainsFunc(v.Values, func(want string) bool {
		if has("CASE_INSENSITIVE") {
			have, want = strings.ToLower(have), strings.ToLower(want)
		}
		switch {
		case has("STARTS_WITH"):
			return strings.HasPrefix(have, want)
		case has("ENDS_WITH"):
			return strings.HasSuffix(have, want)
		case has("CONTAINS"):
			return strings.Contains(have, want)
		}
		return have == want
	})
}

// count is how many filters there are: at most 100.
func (x *expression) count() (n int) {
	if x == nil {
		return 0
	}
	for _, y := range slices.Concat(x.Or, x.And) {
		n += y.count()
	}
	for _, v := range []*values{x.Dimensions, x.Tags, x.CostCategories} {
		if v != nil {
			n += max(len(v.Values), 1)
		}
	}
	return n + x.Not.count()
}

func (c *call) read(v any) *cloud.Error {
	dec := json.NewDecoder(strings.NewReader(string(c.Body)))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return cloud.Errorf(400, "SerializationException", "the request body cannot be read: %v", err)
	}
	return nil
}
