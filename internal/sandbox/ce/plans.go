package ce

import (
	"math/big"
	"time"

	"github.com/bursarhq/bursar/internal/sandbox/billgen"
	"github.com/bursarhq/bursar/internal/sandbox/cloud"
)

func pow(n int64) *big.Int   { return new(big.Int).Exp(big.NewInt(10), big.NewInt(n), nil) }
func big64(n int64) *big.Int { return big.NewInt(n) }

func (c *call) plansCoverage() (any, *cloud.Error) {
	in, s, e := c.commitment(1, []string{"INSTANCE_TYPE_FAMILY", "REGION", "SERVICE"})
	if e != nil {
		return nil, e
	}
	n, e := size(in.MaxResults, 20, 1000) // AWS's own page is small, and each one costs
	if e != nil {
		return nil, e
	}
	t, parts := c.tally(&in, s, by(in.GroupBy), func(t tallies, k key, l *billgen.Line) {
		switch {
		case l.Type == billgen.SavingsPlanCoveredUsage:
			t.add(k, "covered", l.SavingsPlan.EffectiveCost)
			t.add(k, "total", l.SavingsPlan.EffectiveCost)
		case l.Type == billgen.Usage && l.InstanceType != "" && l.Term == "OnDemand":
			t.add(k, "demand", l.UnblendedCost)
			t.add(k, "total", l.UnblendedCost)
		}
	})
	page, next, e := paged(c, t.keys(), n, in.NextToken)
	if e != nil {
		return nil, e
	}
	list := []map[string]any{}
	for _, k := range page {
		x := map[string]any{"TimePeriod": parts[k.part].interval(""), "Coverage": map[string]string{
			"SpendCoveredBySavingsPlans": text(t.of(k, "covered")), "OnDemandCost": text(t.of(k, "demand")), "TotalCost": text(t.of(k, "total")),
			"CoveragePercentage": percent(t.of(k, "covered"), t.of(k, "total")),
		}}
		if k.group != "" {
			x["Attributes"] = map[string]string{in.GroupBy[0].Key: k.group}
		}
		list = append(list, x)
	}
	return map[string]any{"SavingsPlansCoverages": list, "NextToken": token(next)}, nil
}

// planTally adds up what plans were committed to, and used.
func planTally(t tallies, k key, l *billgen.Line) {
	switch l.Type {
	case billgen.SavingsPlanRecurringFee:
		t.add(k, "commitment", l.SavingsPlan.Commitment)
		t.add(k, "used", l.SavingsPlan.Used)
		t.add(k, "recurring", l.SavingsPlan.RecurringForPeriod)
		t.add(k, "upfront", l.SavingsPlan.AmortizedForPeriod)
	case billgen.SavingsPlanCoveredUsage:
		t.add(k, "demand", l.PublicCost)
	}
}

func planShow(t tallies, k key) map[string]any {
	all, used, demand := t.of(k, "commitment"), t.of(k, "used"), t.of(k, "demand")
	return map[string]any{
		"Utilization": map[string]string{"TotalCommitment": text(all), "UsedCommitment": text(used), "UnusedCommitment": text(all.Sub(used)), "UtilizationPercentage": percent(used, all)},
		"Savings":     map[string]string{"NetSavings": text(demand.Sub(all)), "OnDemandCostEquivalent": text(demand)},
		"AmortizedCommitment": map[string]string{
			"AmortizedRecurringCommitment": text(t.of(k, "recurring")), "AmortizedUpfrontCommitment": text(t.of(k, "upfront")), "TotalAmortizedCommitment": text(t.of(k, "recurring").Add(t.of(k, "upfront"))),
		},
	}
}

func (c *call) plansUtilization() (any, *cloud.Error) {
	in, s, e := c.commitment(0, nil)
	if e != nil {
		return nil, e
	}
	t, parts := c.tally(&in, s, nil, planTally)
	list := []map[string]any{}
	for _, k := range t.keys() {
		x := planShow(t, k)
		x["TimePeriod"] = parts[k.part].interval("")
		list = append(list, x)
	}
	whole, _ := c.tally(&commitmentInput{Filter: in.Filter}, s, nil, planTally)
	if len(list) == 0 {
		return nil, cloud.Errorf(400, "DataUnavailableException", "Savings Plans data is unavailable: there is no Savings Plan in this time period")
	}
	return map[string]any{"SavingsPlansUtilizationsByTime": list, "Total": planShow(whole, key{})}, nil
}

func (c *call) plansDetails() (any, *cloud.Error) {
	in, s, e := c.commitment(0, nil)
	if e != nil {
		return nil, e
	}
	n, e := size(in.MaxResults, 20, 1000)
	if e != nil {
		return nil, e
	}
	attributes := map[string]map[string]string{}
	t, _ := c.tally(&in, s, func(l *billgen.Line) string { return l.SavingsPlan.ARN }, func(t tallies, k key, l *billgen.Line) {
		if k.group == "" {
			return
		}
		planTally(t, k, l)
		attributes[k.group] = map[string]string{
			"SavingsPlansType": l.SavingsPlan.OfferingType, "PaymentOption": l.SavingsPlan.PaymentOption, "PurchaseTerm": l.SavingsPlan.PurchaseTerm,
			"StartDateTime": l.SavingsPlan.StartTime, "EndDateTime": l.SavingsPlan.EndTime, "AccountId": l.Payer.ID,
		}
	})
	page, next, e := paged(c, t.keys(), n, in.NextToken)
	if e != nil {
		return nil, e
	}
	list := []map[string]any{}
	for _, k := range page {
		x := planShow(t, k)
		x["SavingsPlanArn"], x["Attributes"] = k.group, attributes[k.group]
		list = append(list, x)
	}
	return map[string]any{"SavingsPlansUtilizationDetails": list, "TimePeriod": s.interval(""), "NextToken": token(next)}, nil
}

// lookback reads "THIRTY_DAYS" and its like.
func (c *call) lookback(text string) (span, *cloud.Error) {
	days, ok := map[string]int{"SEVEN_DAYS": 7, "THIRTY_DAYS": 30, "SIXTY_DAYS": 60}[or(text, "THIRTY_DAYS")]
	if !ok {
		return span{}, refused("lookbackPeriodInDays", text, "SEVEN_DAYS, THIRTY_DAYS, SIXTY_DAYS")
	}
	today := c.today()
	return span{today.Add(-time.Duration(days) * 24 * time.Hour), today}, nil
}
