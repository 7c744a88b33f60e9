package ce

import (
	"maps"
	"slices"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/sandbox/billgen"
	"github.com/bursarhq/bursar/internal/sandbox/cloud"
)

// commitmentInput is the input of the operations about reservations and Savings Plans.
type commitmentInput struct {
	TimePeriod               *interval
	Granularity              string
	GroupBy                  []group
	Filter                   *expression
	Metrics                  []string
	DataType                 []string
	SortBy                   *struct{ Key, SortOrder string }
	MaxResults               int
	NextPageToken, NextToken string
}

// commitment reads a question and holds it against the rules that these operations share.
func (c *call) commitment(most int, allowed []string) (in commitmentInput, s span, e *cloud.Error) {
	if e = c.read(&in); e != nil {
		return in, s, e
	}
	if in.Granularity != "" && len(in.GroupBy) > 0 {
		return in, s, invalid("Granularity and GroupBy cannot be used together")
	}
	if e = checkGroups(in.GroupBy, most, allowed); e != nil {
		return in, s, e
	}
	if e = checkFilter(in.Filter); e != nil {
		return in, s, e
	}
	s, e = c.commitmentSpan(in.TimePeriod, in.Granularity)
	return in, s, e
}

// key is a group of a part of the time.
type key struct {
	part  int
	group string
}

func (k key) compare(o key) int {
	switch {
	case k.part != o.part:
		return k.part - o.part
	case k.group < o.group:
		return -1
	case k.group > o.group:
		return 1
	}
	return 0
}

// tallies add up named amounts by group.
type tallies map[key]map[string]*billgen.Sum

func (t tallies) add(k key, name string, a billgen.Amount) {
	if t[k] == nil {
		t[k] = map[string]*billgen.Sum{}
	}
	if t[k][name] == nil {
		t[k][name] = &billgen.Sum{}
	}
	t[k][name].Add(a)
}

func (t tallies) of(k key, name string) bursar.Decimal {
	if s := t[k][name]; s != nil {
		return s.Decimal()
	}
	return bursar.Decimal{}
}

func (t tallies) keys() []key { return slices.SortedFunc(maps.Keys(t), key.compare) }

// tally runs f over the lines of a span that the filter passes.
func (c *call) tally(in *commitmentInput, s span, of func(*billgen.Line) string, f func(t tallies, k key, l *billgen.Line)) (tallies, []span) {
	t, parts := tallies{}, s.cut(in.Granularity)
	c.lines(s.from, s.to, func(l *billgen.Line) {
		if in.Filter.match(l) {
			k := key{part: find(parts, l.Start)}
			if of != nil {
				k.group = of(l)
			}
			f(t, k, l)
		}
	})
	return t, parts
}

func by(groups []group) func(*billgen.Line) string {
	if len(groups) == 0 {
		return nil
	}
	return func(l *billgen.Line) string { return dimensions[groups[0].Key](l) }
}

func percent(part, whole bursar.Decimal) string { return text(quotient(part, whole, 100)) }

// quotient is part / whole times a factor, to ten digits; 0 when there is no whole.
func quotient(part, whole bursar.Decimal, factor int64) bursar.Decimal {
	if whole.IsZero() {
		return bursar.Decimal{}
	}
	a, _ := part.Unscaled(20)
	b, _ := whole.Unscaled(20)
	a.Mul(a, pow(10)).Mul(a, big64(factor))
	return bursar.NewDecimal(a.Quo(a, b), 10)
}

var coverageGroups = []string{"AZ", "INSTANCE_TYPE", "LINKED_ACCOUNT", "PLATFORM", "REGION", "TENANCY"}

func (c *call) reservationCoverage() (any, *cloud.Error) {
	in, s, e := c.commitment(2, coverageGroups)
	if e != nil {
		return nil, e
	}
	t, parts := c.tally(&in, s, by(in.GroupBy), func(t tallies, k key, l *billgen.Line) {
		switch {
		case l.InstanceType == "" || service(l) != computeService:
		case l.Type == billgen.DiscountedUsage:
			t.add(k, "reserved", l.UsageAmount)
		case l.Type == billgen.Usage && l.Term == "OnDemand":
			t.add(k, "demand", l.UsageAmount)
			t.add(k, "cost", l.UnblendedCost)
		}
	})
	coverage := func(k key) map[string]any {
		r, d := t.of(k, "reserved"), t.of(k, "demand")
		return map[string]any{
			"CoverageHours": map[string]string{"OnDemandHours": text(d), "ReservedHours": text(r), "TotalRunningHours": text(r.Add(d)), "CoverageHoursPercentage": percent(r, r.Add(d))},
			"CoverageCost":  map[string]string{"OnDemandCost": text(t.of(k, "cost"))},
		}
	}
	list, next, e := pagedTimes(c, &in, t, parts, func(k key) (string, any) {
		if k.group == "" {
			return "Total", coverage(k)
		}
		return "Groups", map[string]any{"Attributes": map[string]string{attribute(in.GroupBy): k.group}, "Coverage": coverage(k)}
	})
	return map[string]any{"CoveragesByTime": list, "NextPageToken": token(next)}, e
}

// attribute is how these operations spell a group's key: "instanceType".
func attribute(groups []group) string {
	names := map[string]string{"AZ": "availabilityZone", "INSTANCE_TYPE": "instanceType", "LINKED_ACCOUNT": "linkedAccount", "PLATFORM": "platform", "REGION": "region", "TENANCY": "tenancy", "SERVICE": "service", "INSTANCE_TYPE_FAMILY": "instanceFamily"}
	if len(groups) == 0 {
		return ""
	}
	return names[groups[0].Key]
}

// pagedTimes puts tallies into AWS's lists by time. A page ends after so many groups, in the midst of a period if need be.
func pagedTimes(c *call, in *commitmentInput, t tallies, parts []span, show func(key) (string, any)) ([]map[string]any, string, *cloud.Error) {
	n, e := size(in.MaxResults, 100, 1000)
	if e != nil {
		return nil, "", e
	}
	page, next, e := paged(c, t.keys(), n, or(in.NextPageToken, in.NextToken))
	if e != nil {
		return nil, "", e
	}
	list, last := []map[string]any{}, -1
	for _, k := range page {
		if k.part != last {
			list = append(list, map[string]any{"TimePeriod": parts[k.part].interval(""), "Groups": []any{}})
			last = k.part
		}
		at := list[len(list)-1]
		if name, v := show(k); name == "Groups" {
			at["Groups"] = append(at["Groups"].([]any), v)
		} else {
			at[name] = v
		}
	}
	return list, next, nil
}

func (c *call) reservationUtilization() (any, *cloud.Error) {
	in, s, e := c.commitment(1, []string{"SUBSCRIPTION_ID"})
	if e != nil {
		return nil, e
	}
	arns := map[string]string{}
	t, parts := c.tally(&in, s, by(in.GroupBy), func(t tallies, k key, l *billgen.Line) {
		if l.Reservation.ARN == "" {
			return
		}
		arns[l.Reservation.SubscriptionID] = l.Reservation.ARN
		switch l.Type {
		case billgen.DiscountedUsage:
			t.add(k, "used", l.UsageAmount)
			t.add(k, "purchased", l.UsageAmount)
			t.add(k, "demand", l.PublicCost)
			t.add(k, "fee", l.Reservation.EffectiveCost)
		case billgen.RIFee:
			t.add(k, "purchased", l.Reservation.UnusedQuantity)
			t.add(k, "unused", l.Reservation.UnusedQuantity)
			t.add(k, "fee", l.Reservation.UnusedAmortized+l.Reservation.UnusedRecurring)
		}
	})
	list, next, e := pagedTimes(c, &in, t, parts, func(k key) (string, any) {
		if k.group == "" {
			return "Total", utilization(t, k)
		}
		return "Groups", map[string]any{
			"Key": "SUBSCRIPTION_ID", "Value": k.group, "Attributes": map[string]string{"leaseId": arns[k.group], "subscriptionId": k.group}, "Utilization": utilization(t, k),
		}
	})
	return map[string]any{"UtilizationsByTime": list, "NextPageToken": token(next)}, e
}

func utilization(t tallies, k key) map[string]string {
	used, all := t.of(k, "used"), t.of(k, "purchased")
	return map[string]string{
		"UtilizationPercentage": percent(used, all), "PurchasedHours": text(all), "TotalActualHours": text(used), "UnusedHours": text(t.of(k, "unused")),
		"OnDemandCostOfRIHoursUsed": text(t.of(k, "demand")), "TotalAmortizedFee": text(t.of(k, "fee")),
		"NetRISavings": text(t.of(k, "demand").Sub(t.of(k, "fee"))),
	}
}
