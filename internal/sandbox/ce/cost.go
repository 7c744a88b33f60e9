package ce

import (
	"maps"
	"slices"
	"strings"

	"github.com/bursarhq/bursar/internal/sandbox/billgen"
	"github.com/bursarhq/bursar/internal/sandbox/cloud"
)

// costInput is the input of GetCostAndUsage and GetCostAndUsageWithResources.
type costInput struct {
	TimePeriod     *interval
	Granularity    string
	Metrics        []string
	GroupBy        []group
	Filter         *expression
	NextPageToken  string
	BillingViewArn string
}

type costGroup struct {
	Keys    []string
	Metrics map[string]metric
}

type costResult struct {
	TimePeriod interval
	Total      map[string]metric
	Groups     []costGroup
	Estimated  bool
}

type described struct {
	Value      string
	Attributes map[string]string
}

func (c *call) costAndUsage() (any, *cloud.Error) {
	var in costInput
	if e := c.read(&in); e != nil {
		return nil, e
	}
	s, e := c.checkCost(&in, groupable)
	if e != nil {
		return nil, e
	}
	return c.costs(&in, s)
}

// computeService is the one service whose resources AWS tells hours of.
const computeService = "Amazon Elastic Compute Cloud - Compute"

func (c *call) costWithResources() (any, *cloud.Error) {
	var in costInput
	if e := c.read(&in); e != nil {
		return nil, e
	}
	switch {
	case in.Filter == nil:
		return nil, invalid("1 validation error detected: Value null at 'filter' failed to satisfy constraint: Member must not be null")
	case !c.prefs.Resources:
		return nil, notOptedIn("Resource level data")
	case !in.Filter.names("SERVICE"):
		return nil, invalid("The filter must name the SERVICE %s", computeService)
	}
	s, e := c.checkCost(&in, append(slices.Clone(groupable), "RESOURCE_ID"))
	if e == nil && in.Granularity != "HOURLY" {
		e = c.recent(s, "Resource level data")
	}
	if e != nil {
		return nil, e
	}
	return c.costs(&in, s)
}

// names says whether an expression requires a dimension.
func (x *expression) names(dimension string) bool {
	return x.Dimensions != nil && x.Dimensions.Key == dimension || slices.ContainsFunc(x.And, func(y *expression) bool { return y.names(dimension) })
}

func (c *call) checkCost(in *costInput, allowed []string) (span, *cloud.Error) {
	s, e := c.costSpan(in.TimePeriod, in.Granularity)
	if e != nil {
		return s, e
	}
	if len(in.Metrics) == 0 {
		return s, invalid("At least one metric is required")
	}
	for _, m := range in.Metrics {
		if !slices.Contains(metrics, m) {
			return s, invalid("Metric %s is invalid. Valid values are: %s", m, strings.Join(metrics, ", "))
		}
	}
	if e := checkGroups(in.GroupBy, 2, allowed); e != nil {
		return s, e
	}
	return s, checkFilter(in.Filter)
}

// row is one group of one part of the time.
type row struct {
	part int
	keys [2]string
}

// costs answers a question that is sound. A page ends after so many groups, wherever in a period that is.
func (c *call) costs(in *costInput, s span) (any, *cloud.Error) {
	parts := s.cut(in.Granularity)
	sum, names := c.sum(in, s, parts)
	rows := slices.SortedFunc(maps.Keys(sum), func(a, b row) int {
		if a.part != b.part {
			return a.part - b.part
		}
		return slices.Compare(a.keys[:], b.keys[:])
	})
	seen := map[int]bool{}
	for _, r := range rows {
		seen[r.part] = true
	}
	for i := range parts { // a period without anything has a place of its own
		if !seen[i] {
			rows = append(rows, row{part: i, keys: [2]string{nothing}})
		}
	}
	slices.SortStableFunc(rows, func(a, b row) int { return a.part - b.part })
	page, next, e := paged(c, rows, c.s.page, in.NextPageToken)
	if e != nil {
		return nil, e
	}
	out := struct {
		GroupDefinitions         []group `json:",omitempty"`
		ResultsByTime            []costResult
		DimensionValueAttributes []described
		NextPageToken            string `json:",omitempty"`
	}{in.GroupBy, c.results(in, parts, page, sum), c.describe(in, page, names), next}
	return out, nil
}

// nothing stands for a period without groups.
const nothing = "\x00nothing"

func (c *call) sum(in *costInput, s span, parts []span) (map[row]*sums, map[string]string) {
	out, names := map[row]*sums{}, map[string]string{}
	c.lines(s.from, s.to, func(l *billgen.Line) {
		if !in.Filter.match(l) {
			return
		}
		r := row{part: find(parts, l.Start)}
		for i, g := range in.GroupBy {
			r.keys[i] = g.of(l)
		}
		if out[r] == nil {
			out[r] = &sums{}
			names[l.Account.ID] = l.Account.Name
		}
		out[r].add(l)
	})
	return out, names
}

func (c *call) results(in *costInput, parts []span, page []row, sum map[row]*sums) []costResult {
	currency := or(c.s.bills.Spec(c.account()).Currency, "USD")
	list := []costResult{}
	last := -1
	for _, r := range page {
		if r.part != last {
			p := parts[r.part]
			list = append(list, costResult{p.interval(in.Granularity), map[string]metric{}, []costGroup{}, c.estimated(p.from)})
			last = r.part
		}
		at := &list[len(list)-1]
		amounts := map[string]metric{}
		s := sum[r]
		if s == nil {
			s = &sums{}
		}
		for _, m := range in.Metrics {
			amounts[m] = s.metric(m, currency)
		}
		switch {
		case len(in.GroupBy) == 0:
			at.Total = amounts
		case r.keys[0] != nothing:
			at.Groups = append(at.Groups, costGroup{r.keys[:len(in.GroupBy)], amounts})
		}
	}
	return list
}

// describe names the accounts of a page's groups.
func (c *call) describe(in *costInput, page []row, names map[string]string) []described {
	out, seen := []described{}, map[string]bool{}
	for i, g := range in.GroupBy {
		if g.Key != "LINKED_ACCOUNT" {
			continue
		}
		for _, r := range page {
			if id := r.keys[i]; !seen[id] && names[id] != "" {
				seen[id] = true
				out = append(out, described{id, map[string]string{"description": names[id]}})
			}
		}
	}
	return out
}
