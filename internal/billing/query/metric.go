// Package query answers questions about cost: grouped, by time, in any metric, exactly.
//
// Amounts are decimals from the file to the answer. Currencies are never added: each row and each total has its own.
package query

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/billing/schema"
)

// Metric is a way to count cost.
type Metric struct {
	Name   string
	Doc    string
	Source string                                    // the AWS document that defines it
	expr   func(has func(normal string) bool) string // SQL over line items: a DECIMAL, never NULL
}

// Metrics are all the ways to count cost. Each is a sum over all rows of a period: credits, refunds, tax and negations are in.
var Metrics = []Metric{
	{"unblended", "What the invoice says.", "Cost and Usage Report guide, Line item details", unblended},
	{"blended", "AWS's average over the organization for each SKU. Blank for discounts, so it is not comparable with the others.", "Cost and Usage Report guide, Line item details", column("line_item_blended_cost")},
	{"net_unblended", "Unblended after discounts, where AWS delivers the net columns; unblended where it does not.", "Cost and Usage Report guide, Line item details", netUnblended},
	{"amortized", "Upfront and recurring fees of reservations and savings plans spread over the usage that they cover; what stays unused is in it.", "Cost and Usage Report guide, Understanding your amortized costs", amortized("")},
	{"net_amortized", "Amortized after discounts, where AWS delivers the net columns.", "Cost and Usage Report guide, Understanding your amortized costs", amortized("net_")},
	{"list", "What the usage would cost at public on-demand prices, savings plan negations left out.", "Cost and Usage Report guide, Pricing details", list},
}

// MetricByName finds a metric; an unknown one is an Invalid error that lists them.
func MetricByName(name string) (Metric, error) {
	i := slices.IndexFunc(Metrics, func(m Metric) bool { return m.Name == name })
	if i < 0 {
		return Metric{}, unknown("metric", name, MetricNames())
	}
	return Metrics[i], nil
}

// MetricNames lists the metrics.
func MetricNames() []string {
	var out []string
	for _, m := range Metrics {
		out = append(out, m.Name)
	}
	return out
}

func unknown(field, value string, valid []string) error {
	return bursar.InvalidField(field, "there is no %s %q", strings.ReplaceAll(field, "_", " "), value).
		WithReason("unknown_"+field).WithHint("use one of %s", strings.Join(valid, ", "))
}

// col is a column of the lake by its normal name, quoted.
func col(normal string) string { return `"` + schema.Lake(normal) + `"` }

// money is a cost column as a decimal that is never NULL; 0 where no file has the column.
func money(normal string) func(has func(string) bool) string {
	return func(has func(string) bool) string {
		if !has(normal) {
			return "0::DECIMAL(38,10)"
		}
		return "coalesce(" + col(normal) + ", 0)"
	}
}

func column(normal string) func(func(string) bool) string { return money(normal) }

func unblended(has func(string) bool) string { return money("line_item_unblended_cost")(has) }

// net prefers, row by row, the net column to the plain one.
func net(has func(string) bool, netName, plain string) string {
	if !has(netName) {
		return money(plain)(has)
	}
	if !has(plain) {
		return money(netName)(has)
	}
	return fmt.Sprintf("coalesce(%s, %s, 0)", col(netName), col(plain))
}

func netUnblended(has func(string) bool) string {
	return net(has, "line_item_net_unblended_cost", "line_item_unblended_cost")
}

// amortized follows AWS's definition, type by type. Everything that is not of a commitment counts as it is billed; a type that AWS
// invents later too.
func amortized(prefix string) func(func(string) bool) string {
	return func(has func(string) bool) string {
		pick := func(plain string) string {
			if prefix == "" {
				return money(plain)(has)
			}
			family, rest, _ := cutFamily(plain)
			return net(has, family+prefix+rest, plain)
		}
		reservation := "false"
		if has("reservation_reservation_a_r_n") {
			reservation = "coalesce(" + col("reservation_reservation_a_r_n") + ", '') <> ''"
		}
		product := "false"
		if has("line_item_product_code") {
			product = col("line_item_product_code") + " = 'ComputeSavingsPlans'"
		}
		return "CASE " + strings.Join([]string{
			"WHEN {t} = 'SavingsPlanCoveredUsage' THEN " + pick("savings_plan_savings_plan_effective_cost"),
			"WHEN {t} = 'SavingsPlanRecurringFee' THEN " + money("savings_plan_total_commitment_to_date")(has) + " - " + money("savings_plan_used_commitment")(has),
			"WHEN {t} IN ('SavingsPlanNegation', 'SavingsPlanUpfrontFee') THEN 0",
			"WHEN {t} = 'DiscountedUsage' THEN " + pick("reservation_effective_cost"),
			"WHEN {t} = 'RIFee' THEN " + pick("reservation_unused_amortized_upfront_fee_for_billing_period") + " + " + pick("reservation_unused_recurring_fee"),
			"WHEN {t} = 'Fee' AND " + reservation + " THEN 0",
			"WHEN {t} = 'Refund' AND " + product + " THEN 0",
			"ELSE " + pick("line_item_unblended_cost"),
		}, " ") + " END"
	}
}

// cutFamily splits a normal name after its category: reservation_effective_cost is reservation_ and effective_cost.
func cutFamily(normal string) (family, rest string, ok bool) {
	for _, f := range []string{"line_item_", "reservation_", "savings_plan_"} {
		if r, ok := strings.CutPrefix(normal, f); ok {
			return f, r, true
		}
	}
	return "", normal, false
}

func list(has func(string) bool) string {
	return "CASE WHEN {t} = 'SavingsPlanNegation' THEN 0 ELSE " + money("pricing_public_on_demand_cost")(has) + " END"
}

// SQL returns the metric as an expression over the lake's line items; has says which columns, by normal name, any of the files has.
func (m Metric) SQL(has func(normal string) bool) string {
	return strings.ReplaceAll(m.expr(has), "{t}", col("line_item_line_item_type"))
}
