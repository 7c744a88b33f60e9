package ce

import (
	"slices"
	"strings"

	"github.com/bursarhq/bursar/internal/sandbox/billgen"
	"github.com/bursarhq/bursar/internal/sandbox/cloud"
)

// valueInput is the input of GetDimensionValues, GetTags and GetCostCategories.
type valueInput struct {
	TimePeriod                       *interval
	Dimension, Context, SearchString string
	TagKey, CostCategoryName         string
	Filter                           *expression
	SortBy                           []struct{ Key, SortOrder string }
	MaxResults                       int
	NextPageToken, BillingViewArn    string
}

func (c *call) valueInput() (in valueInput, s span, n int, e *cloud.Error) {
	if e = c.read(&in); e != nil {
		return in, s, 0, e
	}
	if n, e = size(in.MaxResults, 1000, 1000); e != nil {
		return in, s, 0, e
	}
	if len(in.SortBy) > 0 && (in.NextPageToken != "" || in.SearchString != "" || in.MaxResults != 0) {
		return in, s, 0, invalid("SortBy cannot be used with NextPageToken, SearchString or MaxResults")
	}
	if e = checkFilter(in.Filter); e != nil {
		return in, s, 0, e
	}
	s, e = c.costSpan(in.TimePeriod, "MONTHLY")
	return in, s, n, e
}

// distinct lists what lines have, each once, sorted.
func (c *call) distinct(in *valueInput, s span, of func(*billgen.Line, func(string))) []string {
	seen := map[string]bool{}
	out := []string{}
	add := func(v string) {
		if !seen[v] && strings.Contains(strings.ToLower(v), strings.ToLower(in.SearchString)) {
			seen[v] = true
			out = append(out, v)
		}
	}
	c.lines(s.from, s.to, func(l *billgen.Line) {
		if in.Filter.match(l) {
			of(l, add)
		}
	})
	slices.Sort(out)
	return out
}

func (c *call) dimensionValues() (any, *cloud.Error) {
	in, s, n, e := c.valueInput()
	if e != nil {
		return nil, e
	}
	of, ok := dimensions[in.Dimension]
	if !ok {
		return nil, refused("dimension", in.Dimension, strings.Join(groupable, ", "))
	}
	names := map[string]string{}
	all := c.distinct(&in, s, func(l *billgen.Line, add func(string)) {
		add(of(l))
		names[l.Account.ID] = l.Account.Name
	})
	list, next, e := paged(c, all, n, in.NextPageToken)
	if e != nil {
		return nil, e
	}
	out := []described{}
	for _, v := range list {
		d := described{v, map[string]string{}}
		if in.Dimension == "LINKED_ACCOUNT" {
			d.Attributes["description"] = names[v]
		}
		out = append(out, d)
	}
	return map[string]any{"DimensionValues": out, "ReturnSize": len(out), "TotalSize": len(all), "NextPageToken": token(next)}, nil
}

// token is a token as it is written: null at the end.
func token(next string) *string {
	if next == "" {
		return nil
	}
	return &next
}

func (c *call) tags() (any, *cloud.Error) {
	in, s, n, e := c.valueInput()
	if e != nil {
		return nil, e
	}
	all := c.distinct(&in, s, keysOrValues(in.TagKey, func(l *billgen.Line) []billgen.Pair { return l.Tags }))
	list, next, e := paged(c, all, n, in.NextPageToken)
	if e != nil {
		return nil, e
	}
	return map[string]any{"Tags": list, "ReturnSize": len(list), "TotalSize": len(all), "NextPageToken": token(next)}, nil
}

// keysOrValues lists the keys of pairs, or the values of one key.
func keysOrValues(key string, of func(*billgen.Line) []billgen.Pair) func(*billgen.Line, func(string)) {
	return func(l *billgen.Line, add func(string)) {
		if key != "" {
			add(pairOf(of(l), key))
			return
		}
		for _, p := range of(l) {
			add(tagKey(p.Key))
		}
	}
}

func (c *call) costCategories() (any, *cloud.Error) {
	in, s, n, e := c.valueInput()
	if e != nil {
		return nil, e
	}
	all := c.distinct(&in, s, keysOrValues(in.CostCategoryName, func(l *billgen.Line) []billgen.Pair { return l.CostCategories }))
	list, next, e := paged(c, all, n, in.NextPageToken)
	if e != nil {
		return nil, e
	}
	name := "CostCategoryNames"
	if in.CostCategoryName != "" {
		name = "CostCategoryValues"
	}
	return map[string]any{name: list, "ReturnSize": len(list), "TotalSize": len(all), "NextPageToken": token(next)}, nil
}
