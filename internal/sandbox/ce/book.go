package ce

import (
	"strings"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/sandbox/billgen"
)

// refresh is how often AWS works Cost Explorer's data out anew.
const refresh = 8 * time.Hour

// month is one month of an account's spending, as Cost Explorer knows it now.
func (c *call) month(p bursar.Period) (*billgen.Bill, billgen.State) {
	spec := c.s.bills.Spec(c.account())
	st := billgen.StateAt(p, c.now.Truncate(refresh), c.s.bills.Restated(c.account(), p)+c.s.own(c.account(), p))
	return billgen.New(spec, p, st), st
}

func (s *Service) own(account string, p bursar.Period) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.restated[account][p]
}

// lines walks over every line item that began in a time span. The line is overwritten by the next one.
func (c *call) lines(from, to time.Time, visit func(*billgen.Line)) {
	lo, hi := from.Unix(), to.Unix()
	since := c.s.bills.Spec(c.account()).Since
	for p := bursar.PeriodOf(from); p.Start().Before(to); p = p.Add(1) {
		if p.Before(since) || !p.Start().Before(c.now) {
			continue
		}
		b, _ := c.month(p)
		for l := range b.Lines() {
			if l.Start >= lo && l.Start < hi {
				visit(l)
			}
		}
	}
}

// estimated says whether a span's amounts may still change: its month has not been invoiced.
func (c *call) estimated(from time.Time) bool {
	return !billgen.StateAt(bursar.PeriodOf(from), c.now.Truncate(refresh), 0).Invoiced
}

// sums are the metrics of a group.
type sums struct {
	unblended, blended, amortized, net, netAmortized, usage, normalized billgen.Sum
	unit                                                                string
	mixed                                                               bool
}

func (s *sums) add(l *billgen.Line) {
	s.unblended.Add(l.UnblendedCost)
	s.blended.Add(l.BlendedCost)
	s.amortized.Add(l.Amortized())
	s.net.Add(l.Net())
	s.netAmortized.Add(l.Amortized())
	if l.NetCost != billgen.None {
		s.netAmortized.Add(l.NetCost - l.UnblendedCost)
	}
	s.usage.Add(l.UsageAmount)
	s.normalized.Add(l.NormalizedAmount)
	if l.UsageAmount != billgen.None && l.UsageAmount != 0 {
		s.mixed = s.mixed || s.unit != "" && s.unit != l.Unit
		s.unit = l.Unit
	}
}

// metrics are the names that GetCostAndUsage knows, in its order.
var metrics = []string{"AmortizedCost", "BlendedCost", "NetAmortizedCost", "NetUnblendedCost", "NormalizedUsageAmount", "UnblendedCost", "UsageQuantity"}

// metric is an amount as AWS writes it.
type metric struct{ Amount, Unit string }

func (s *sums) metric(name, currency string) metric {
	switch name {
	case "BlendedCost":
		return metric{text(s.blended.Decimal()), currency}
	case "AmortizedCost":
		return metric{text(s.amortized.Decimal()), currency}
	case "NetUnblendedCost":
		return metric{text(s.net.Decimal()), currency}
	case "NetAmortizedCost":
		return metric{text(s.netAmortized.Decimal()), currency}
	case "NormalizedUsageAmount":
		return metric{text(s.normalized.Decimal()), s.usageUnit()}
	case "UsageQuantity":
		return metric{text(s.usage.Decimal()), s.usageUnit()}
	}
	return metric{text(s.unblended.Decimal()), currency}
}

func (s *sums) usageUnit() string {
	if s.mixed || s.unit == "" {
		return "N/A"
	}
	return s.unit
}

// text writes a number as AWS does: what is smaller than a millionth has an exponent.
func text(d bursar.Decimal) string {
	s := d.String()
	sign, digits := "", s
	if strings.HasPrefix(s, "-") {
		sign, digits = "-", s[1:]
	}
	frac, small := strings.CutPrefix(digits, "0.000000")
	if !small {
		return s
	}
	significant := strings.TrimLeft(frac, "0")
	exp := 7 + len(frac) - len(significant)
	rest := significant[1:]
	if rest == "" {
		rest = "0"
	}
	return sign + significant[:1] + "." + rest + "E-" + itoa(exp)
}
