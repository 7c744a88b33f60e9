package querytest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/billing/lake"
	"github.com/bursarhq/bursar/internal/billing/query"
	"pgregory.net/rapid"
)

// RunRandom proves that whatever is asked of whatever bill, the rollups and summaries say what the line items say, to the last digit.
func RunRandom(t *testing.T, open func(t *testing.T, dir string) Engine) {
	rapid.Check(t, func(rt *rapid.T) {
		dir := t.TempDir()
		b := &bench{t: t, dir: dir, engine: open(t, dir)}
		for i := range rapid.IntRange(1, 3).Draw(rt, "deliveries") {
			b.publish(randomBill(rt, i))
		}
		for range 6 {
			b.ask(randomWords(rt))
		}
		if t.Failed() {
			rt.FailNow()
		}
	})
}

func pick(rt *rapid.T, what string, from ...string) string {
	return rapid.SampledFrom(from).Draw(rt, what)
}

func randomBill(rt *rapid.T, n int) Bill {
	period := bursar.NewPeriod(2026, 1).Add(n)
	scale := rapid.IntRange(2, 20).Draw(rt, "scale")
	bill := Bill{Period: period.String(), Digits: map[string]lake.Digits{}}
	columns := []string{
		"line_item_unblended_cost", "line_item_blended_cost", "line_item_net_unblended_cost", "pricing_public_on_demand_cost", "line_item_usage_amount",
		"savings_plan_savings_plan_effective_cost", "savings_plan_total_commitment_to_date", "savings_plan_used_commitment", "reservation_effective_cost",
		"reservation_unused_recurring_fee", "reservation_net_effective_cost",
	}
	columns = slices.DeleteFunc(columns, func(c string) bool {
		return c != "line_item_unblended_cost" && rapid.IntRange(0, 3).Draw(rt, "lacks "+c) == 0
	})
	for _, c := range columns {
		bill.Digits[c] = lake.Digits{Precision: 38, Scale: scale}
	}
	for range rapid.IntRange(1, 25).Draw(rt, "lines") {
		at := period.Start().Add(time.Duration(rapid.IntRange(-30, 800).Draw(rt, "hour")) * time.Hour)
		l := Line{
			"line_item_usage_start_date": at.Format("2006-01-02 15:04:05"),
			"line_item_usage_account_id": pick(rt, "account", "011111111111", "222222222222"), "line_item_currency_code": pick(rt, "currency", "USD", "USD", "CNY", ""),
			"line_item_line_item_type": pick(rt, "type", "Usage", "DiscountedUsage", "RIFee", "Fee", "Tax", "Credit", "Refund", "SavingsPlanCoveredUsage", "SavingsPlanNegation", "SavingsPlanRecurringFee", "EdpDiscount", "New"),
			"line_item_product_code":   pick(rt, "service", "AmazonEC2", "AmazonS3", "ComputeSavingsPlans", "O'Brien"), "product_region_code": pick(rt, "region", "eu-west-1", "us-east-1", ""),
			"pricing_unit": pick(rt, "unit", "Hrs", "GB", ""), "reservation_reservation_a_r_n": pick(rt, "reservation", "", "arn:ri"), "line_item_usage_type": pick(rt, "usage type", "BoxUsage", "Requests"),
		}
		for _, c := range columns {
			if rapid.IntRange(0, 4).Draw(rt, "blank") > 0 {
				l[c] = bursar.DecimalFromInt64(rapid.Int64Range(-1e12, 1e15).Draw(rt, c), rapid.IntRange(0, scale).Draw(rt, "digits")).String()
			}
		}
		bill.Lines = append(bill.Lines, l)
	}
	return bill
}

func randomWords(rt *rapid.T) query.Words {
	w := query.Words{
		Metric: pick(rt, "metric", query.MetricNames()...), Granularity: pick(rt, "granularity", "daily", "monthly", "total"),
		From: "2026-01", To: "2026-05",
	}
	if rapid.Bool().Draw(rt, "days") {
		first := rapid.IntRange(0, 100).Draw(rt, "first")
		from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, first)
		w.From, w.To = from.Format(time.DateOnly), from.AddDate(0, 0, rapid.IntRange(1, 60).Draw(rt, "length")).Format(time.DateOnly)
	}
	for range rapid.IntRange(0, query.MaxGroups).Draw(rt, "groups") {
		if g := pick(rt, "group", query.DimensionNames()...); !slices.Contains(w.GroupBy, g) {
			w.GroupBy = append(w.GroupBy, g)
		}
	}
	for range rapid.IntRange(0, 2).Draw(rt, "filters") {
		d := pick(rt, "filtered", query.DimensionNames()...)
		switch op := pick(rt, "operator", query.Operators...); query.Operator(op) {
		case query.Exists, query.NotExists:
			w.Filters = append(w.Filters, d+" "+op)
		default:
			w.Filters = append(w.Filters, fmt.Sprintf("%s %s %s", d, op, pick(rt, "value", "AmazonEC2", "eu-west-1", "usage", "011111111111", "O'Brien")))
		}
	}
	if rapid.Bool().Draw(rt, "compare") {
		w.Compare = "previous"
	}
	if len(w.GroupBy) > 0 {
		w.Top = rapid.IntRange(0, 3).Draw(rt, "top")
	}
	return w
}
