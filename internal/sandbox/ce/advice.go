package ce

import (
	"maps"
	"slices"
	"strings"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/sandbox/billgen"
	"github.com/bursarhq/bursar/internal/sandbox/cloud"
)

// adviceInput is the input of the recommendations.
type adviceInput struct {
	Service, AccountId, AccountScope, LookbackPeriodInDays, PaymentOption, TermInYears, SavingsPlansType string
	Configuration                                                                                        map[string]any
	ServiceSpecification                                                                                 map[string]any
	Filter                                                                                               *expression
	PageSize                                                                                             int
	NextPageToken                                                                                        string
}

func (c *call) advice() (in adviceInput, s span, n int, e *cloud.Error) {
	if e = c.read(&in); e != nil {
		return in, s, 0, e
	}
	if n, e = size(in.PageSize, 20, 1000); e != nil {
		return in, s, 0, e
	}
	if e = checkFilter(in.Filter); e != nil {
		return in, s, 0, e
	}
	s, e = c.lookback(in.LookbackPeriodInDays)
	return in, s, n, e
}

// onDemand adds up what instances cost at the public rate, by region and type.
func (c *call) onDemand(s span, filter *expression) map[[2]string]*sums {
	out := map[[2]string]*sums{}
	c.lines(s.from, s.to, func(l *billgen.Line) {
		if l.Type != billgen.Usage || l.InstanceType == "" || l.Term != "OnDemand" || service(l) != computeService || !filter.match(l) {
			return
		}
		k := [2]string{l.Region, l.InstanceType}
		if out[k] == nil {
			out[k] = &sums{}
		}
		out[k].add(l)
	})
	return out
}

func pairs(m map[[2]string]*sums) [][2]string {
	return slices.SortedFunc(maps.Keys(m), func(a, b [2]string) int { return slices.Compare(a[:], b[:]) })
}

func part(d bursar.Decimal, hundredths int64) bursar.Decimal {
	return quotient(d, bursar.DecimalFromInt64(100, 0), hundredths)
}

func (c *call) reservationAdvice() (any, *cloud.Error) {
	in, s, n, e := c.advice()
	switch {
	case e != nil:
		return nil, e
	case in.Service == "":
		return nil, invalid("1 validation error detected: Value null at 'service' failed to satisfy constraint: Member must not be null")
	}
	details := []map[string]any{}
	if in.Service == computeService {
		m := c.onDemand(s, in.Filter)
		for _, k := range pairs(m) {
			cost := m[k].unblended.Decimal()
			details = append(details, map[string]any{
				"AccountId": c.account(), "CurrencyCode": "USD", "EstimatedMonthlyOnDemandCost": text(cost), "EstimatedMonthlySavingsAmount": text(part(cost, 36)),
				"EstimatedMonthlySavingsPercentage": "36", "RecommendedNumberOfInstancesToPurchase": "1", "UpfrontCost": "0", "RecurringStandardMonthlyCost": text(part(cost, 64)),
				"InstanceDetails": map[string]any{"EC2InstanceDetails": map[string]any{"InstanceType": k[1], "Region": k[0], "Platform": "Linux/UNIX", "Tenancy": "Shared"}},
			})
		}
	}
	page, next, e := paged(c, details, n, in.NextPageToken)
	if e != nil {
		return nil, e
	}
	r := map[string]any{
		"AccountScope": or(in.AccountScope, "PAYER"), "LookbackPeriodInDays": or(in.LookbackPeriodInDays, "THIRTY_DAYS"), "PaymentOption": or(in.PaymentOption, "NO_UPFRONT"),
		"TermInYears": or(in.TermInYears, "ONE_YEAR"), "RecommendationDetails": page,
	}
	return map[string]any{"Metadata": c.metadata(), "Recommendations": []any{r}, "NextPageToken": token(next)}, nil
}

func (c *call) metadata() map[string]string {
	return map[string]string{"RecommendationId": billgen.UUID("advice" + c.account()), "GenerationTimestamp": c.today().Format(hourStamp)}
}

func (c *call) plansAdvice() (any, *cloud.Error) {
	in, s, n, e := c.advice()
	if e != nil {
		return nil, e
	}
	for member, value := range map[string]string{"savingsPlansType": in.SavingsPlansType, "termInYears": in.TermInYears, "paymentOption": in.PaymentOption, "lookbackPeriodInDays": in.LookbackPeriodInDays} {
		if value == "" {
			return nil, invalid("1 validation error detected: Value null at '%s' failed to satisfy constraint: Member must not be null", member)
		}
	}
	m := c.onDemand(s, in.Filter)
	details := []map[string]any{}
	var all billgen.Sum
	for _, k := range pairs(m) {
		cost := m[k].unblended.Decimal()
		all = addSum(all, m[k].unblended)
		details = append(details, map[string]any{
			"AccountId": c.account(), "CurrencyCode": "USD", "CurrentAverageHourlyOnDemandSpend": text(quotient(cost, bursar.DecimalFromInt64(720, 0), 1)),
			"HourlyCommitmentToPurchase": text(quotient(part(cost, 72), bursar.DecimalFromInt64(720, 0), 1)), "EstimatedMonthlySavingsAmount": text(part(cost, 28)),
			"EstimatedSavingsPercentage": "28", "UpfrontCost": "0", "SavingsPlansDetails": map[string]string{"Region": k[0], "InstanceFamily": strings.Split(k[1], ".")[0]},
		})
	}
	page, next, e := paged(c, details, n, in.NextPageToken)
	if e != nil {
		return nil, e
	}
	r := map[string]any{
		"AccountScope": or(in.AccountScope, "PAYER"), "SavingsPlansType": in.SavingsPlansType, "TermInYears": in.TermInYears, "PaymentOption": in.PaymentOption, "LookbackPeriodInDays": in.LookbackPeriodInDays,
		"SavingsPlansPurchaseRecommendationDetails": page,
		"SavingsPlansPurchaseRecommendationSummary": map[string]string{"CurrencyCode": "USD", "EstimatedMonthlySavingsAmount": text(part(all.Decimal(), 28)), "TotalRecommendationCount": itoa(len(details))},
	}
	return map[string]any{"Metadata": c.metadata(), "SavingsPlansPurchaseRecommendation": r, "NextPageToken": token(next)}, nil
}

// addSum adds two sums. Both are small enough for one amount.
func addSum(a, b billgen.Sum) billgen.Sum {
	d, _ := b.Decimal().Unscaled(10)
	a.Add(billgen.Amount(d.Int64()))
	return a
}

func (c *call) rightsizing() (any, *cloud.Error) {
	in, s, n, e := c.advice()
	switch {
	case e != nil:
		return nil, e
	case in.Service != "AmazonEC2":
		return nil, invalid("Service %s is not supported: the only valid value is AmazonEC2", in.Service)
	case !c.prefs.Rightsizing:
		return nil, notOptedIn("Rightsizing EC2 recommendation")
	}
	type instance struct {
		line billgen.Line
		sum  sums
	}
	found := map[string]*instance{}
	c.lines(s.from, s.to, func(l *billgen.Line) {
		if l.Type != billgen.Usage || !strings.HasPrefix(l.ResourceID, "i-") || !in.Filter.match(l) {
			return
		}
		if found[l.ResourceID] == nil {
			found[l.ResourceID] = &instance{line: *l}
		}
		found[l.ResourceID].sum.add(l)
	})
	all := []map[string]any{}
	for i, id := range slices.Sorted(maps.Keys(found)) {
		if i%7 != 0 {
			continue // the others are as big as they need to be
		}
		x := found[id]
		cost := x.sum.unblended.Decimal()
		all = append(all, map[string]any{
			"AccountId": x.line.Account.ID, "RightsizingType": "Terminate", "FindingReasonCodes": []string{"CPU_OVER_PROVISIONED"},
			"CurrentInstance": map[string]any{
				"ResourceId": id, "InstanceName": pairOf(x.line.Tags, "Name"), "CurrencyCode": "USD", "MonthlyCost": text(cost), "TotalRunningHoursInLookbackPeriod": text(x.sum.usage.Decimal()),
				"ResourceDetails": map[string]any{"EC2ResourceDetails": map[string]string{"InstanceType": x.line.InstanceType, "Region": x.line.Region, "Platform": "Linux/UNIX"}},
			},
			"TerminateRecommendationDetail": map[string]string{"CurrencyCode": "USD", "EstimatedMonthlySavings": text(cost)},
		})
	}
	page, next, e := paged(c, all, n, in.NextPageToken)
	if e != nil {
		return nil, e
	}
	return map[string]any{
		"Metadata": c.metadata(), "RightsizingRecommendations": page, "NextPageToken": token(next),
		"Summary": map[string]string{"TotalRecommendationCount": itoa(len(all)), "SavingsCurrencyCode": "USD"},
	}, nil
}
