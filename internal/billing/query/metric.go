// Package query answers questions about cost: grouped, by time, in any metric, exactly.
//
// Amounts are decimals from the file to the answer. Currencies are never added: each row and each total has its own.
package query

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bursarhq/bursar/internal/billing/schema"
)

// Metric is a way to count cost, or usage.
type Metric struct {
	Name     string
	Doc      string
	Source   string                                    // the document that defines it
	Quantity bool                                      // it counts usage: each row of an answer has a unit where others have a currency
	expr     func(has func(normal string) bool) string // SQL over line items: a DECIMAL, never NULL
	focus    func(has func(normal string) bool) string // the same over those of a FOCUS file
}

const (
	lineItemDetails = "Cost and Usage Report guide, Line item details"
	amortizedCosts  = "Cost and Usage Report guide, Understanding your amortized costs; Savings Plans and Reservation details"
	pricingDetails  = "Cost and Usage Report guide, Pricing details"
)

// Metrics are all the ways to count cost. Each is a sum over all rows of a period: credits, refunds, tax and negations are in. FOCUS
// files answer with FOCUS's own columns (FOCUS 1.2, BilledCost, EffectiveCost, ListCost, ConsumedQuantity).
var Metrics = []Metric{
	{Name: "unblended", Doc: "What the invoice says.", Source: lineItemDetails, expr: unblended, focus: unblended},
	{
		Name: "blended", Doc: "AWS's average over the organization for each SKU. Blank for discounts, so it is not comparable with the others; 0 in FOCUS, which has none.",
		Source: lineItemDetails, expr: money("line_item_blended_cost"), focus: zero,
	},
	{Name: "net_unblended", Doc: "Unblended after discounts, where AWS delivers the net columns; unblended where it does not.", Source: lineItemDetails, expr: netUnblended, focus: unblended},
	{
		Name: "amortized", Doc: "Upfront and recurring fees of reservations and savings plans spread over the usage that they cover; what stays unused is in it.",
		Source: amortizedCosts, expr: amortized(""), focus: money("EffectiveCost"),
	},
	{
		Name: "net_amortized", Doc: "Amortized after discounts, where AWS delivers the net columns; amortized where it does not.",
		Source: amortizedCosts, expr: amortized("net_"), focus: money("EffectiveCost"),
	},
	{Name: "list", Doc: "What the usage would cost at public on-demand prices, savings plan negations left out.", Source: pricingDetails, expr: list, focus: money("ListCost")},
	{
		Name: "usage", Doc: "How much was used, in the unit that stands where costs have their currency. Fees, tax and credits count nothing, and neither do the pods and tasks of split cost allocation, which say again what their instance used.",
		Source: lineItemDetails, Quantity: true, expr: usage, focus: focusUsage,
	},
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

// col is a column of the lake by its normal name, quoted.
func col(normal string) string { return `"` + schema.Lake(normal) + `"` }

// nothing is a 0 that leaves every digit to the decimals that it meets: beside a type with more digits before the point, an engine
// would cut digits after it.
const nothing = "0::DECIMAL(1,0)"

// money is a cost column as a decimal that is never NULL; 0 where no file has the column.
func money(normal string) func(has func(string) bool) string {
	return func(has func(string) bool) string {
		if !has(normal) {
			return nothing
		}
		return "coalesce(" + col(normal) + ", " + nothing + ")"
	}
}

func zero(func(string) bool) string { return nothing }

func unblended(has func(string) bool) string { return money("line_item_unblended_cost")(has) }

// net prefers, row by row, the net column to the plain one.
func net(has func(string) bool, netName, plain string) string {
	if !has(netName) {
		return money(plain)(has)
	}
	if !has(plain) {
		return money(netName)(has)
	}
	return fmt.Sprintf("coalesce(%s, %s, %s)", col(netName), col(plain), nothing)
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
			"WHEN {t} IN ('SavingsPlanNegation', 'SavingsPlanUpfrontFee') THEN " + nothing,
			"WHEN {t} = 'DiscountedUsage' THEN " + pick("reservation_effective_cost"),
			"WHEN {t} = 'RIFee' THEN " + pick("reservation_unused_amortized_upfront_fee_for_billing_period") + " + " + pick("reservation_unused_recurring_fee"),
			"WHEN {t} = 'Fee' AND " + reservation + " THEN " + nothing,
			"WHEN {t} = 'Refund' AND " + product + " THEN " + nothing,
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
	return "CASE WHEN {t} = 'SavingsPlanNegation' THEN " + nothing + " ELSE " + money("pricing_public_on_demand_cost")(has) + " END"
}

// usage counts what was used; the amounts of other types (a fee's 1, a credit's copy of what it cancels) mean something else, and those of
// split cost allocation say again what their instance's line says (Cost and Usage Report guide, Split line item details).
func usage(has func(string) bool) string {
	return "CASE WHEN {t} IN ('Usage', 'DiscountedUsage', 'SavingsPlanCoveredUsage', 'FlatRateSubscription') AND " +
		plain("split_line_item_parent_resource_id")(has) + " = '' THEN " + money("line_item_usage_amount")(has) + " ELSE " + nothing + " END"
}

func focusUsage(has func(string) bool) string {
	return "CASE WHEN " + plain("ChargeCategory")(has) + " = 'Usage' THEN " + money("ConsumedQuantity")(has) + " ELSE " + nothing + " END"
}

// isFOCUS says whether line items come from a FOCUS file: such have no type of AWS's.
func isFOCUS(has func(string) bool) bool {
	return has("ChargeCategory") && !has("line_item_line_item_type")
}

// SQL returns the metric as an expression over the lake's line items; has says which columns, by normal name, the files have.
func (m Metric) SQL(has func(normal string) bool) string {
	if isFOCUS(has) {
		return m.focus(has)
	}
	return strings.ReplaceAll(m.expr(has), "{t}", plain("line_item_line_item_type")(has))
}
