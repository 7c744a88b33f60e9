// Package schema is the one table of columns: what each source calls a column, what the lake calls it, and of which type it is.
//
// Every source column has a normal name: the CUR 2.0 name, which legacy names become by AWS's own rule (Cost and Usage Report
// guide, "Setting up Athena": an underscore before each upper-case letter, lower case, everything else that is no letter or digit to an
// underscore, squeezed and trimmed). In the lake a column that corresponds one to one to a column of FOCUS 1.2 carries that name; every
// other keeps its normal name. Nothing that AWS delivered is lost.
package schema

import "strings"

// Type is the type of a column in the lake.
type Type string

// The types of columns. Numbers are exact decimals; times are microseconds in UTC; maps are JSON objects of text.
const (
	Text    Type = "text"
	Decimal Type = "decimal"
	Time    Type = "time"
	Map     Type = "map"
)

// focus names the columns of the lake that are FOCUS 1.2's, by their normal names. Columns that FOCUS computes from several (its
// EffectiveCost, ChargeCategory, ServiceName) are not here: views compute them.
var focus = map[string]string{
	"bill_billing_period_end_date":    "BillingPeriodEnd",
	"bill_billing_period_start_date":  "BillingPeriodStart",
	"bill_invoice_id":                 "InvoiceId",
	"bill_invoicing_entity":           "InvoiceIssuerName",
	"bill_payer_account_id":           "BillingAccountId",
	"bill_payer_account_name":         "BillingAccountName",
	"line_item_availability_zone":     "AvailabilityZone",
	"line_item_currency_code":         "BillingCurrency",
	"line_item_line_item_description": "ChargeDescription",
	"line_item_resource_id":           "ResourceId",
	"line_item_unblended_cost":        "BilledCost",
	"line_item_usage_account_id":      "SubAccountId",
	"line_item_usage_account_name":    "SubAccountName",
	"line_item_usage_amount":          "PricingQuantity",
	"line_item_usage_end_date":        "ChargePeriodEnd",
	"line_item_usage_start_date":      "ChargePeriodStart",
	"pricing_currency":                "PricingCurrency",
	"pricing_rate_code":               "SkuPriceId",
	"pricing_unit":                    "PricingUnit",
	"product_region_code":             "RegionId",
	"product_sku":                     "SkuId",
	"resource_tags":                   "Tags",
	// AWS's newer column beside resource_tags; names of columns are compared without regard to case, so it cannot stay "tags".
	"tags": "aws_tags",
}

// Lake returns the lake's name of a column, from its normal name.
func Lake(normal string) string {
	if f, ok := focus[normal]; ok {
		return f
	}
	return normal
}

// older maps normal names that a source used before to those of CUR 2.0.
var older = map[string]string{
	"savings_plan_savings_plan_arn": "savings_plan_savings_plan_a_r_n",
	"reservation_reservation_arn":   "reservation_reservation_a_r_n",
	"product_region":                "product_region_code",
}

// Normal returns the normal name of a source's column: "lineItem/UnblendedCost" and "line_item_unblended_cost" both become
// line_item_unblended_cost. A FOCUS name stays as it is: see [IsFOCUS].
func Normal(source string) string {
	n := normalise(source)
	if o, ok := older[n]; ok {
		return o
	}
	return n
}

// normalise applies AWS's rule.
func normalise(source string) string {
	var b strings.Builder
	b.Grow(len(source) + 8)
	for i := range len(source) {
		c := source[i]
		switch {
		case c >= 'A' && c <= 'Z':
			b.WriteByte('_')
			b.WriteByte(c + 'a' - 'A')
		case c >= 'a' && c <= 'z' || c >= '0' && c <= '9':
			b.WriteByte(c)
		default:
			b.WriteByte('_')
		}
	}
	out := b.String()
	for strings.Contains(out, "__") {
		out = strings.ReplaceAll(out, "__", "_")
	}
	return strings.Trim(out, "_")
}

// TypeOf returns the type of a column by its normal name. What is not known to be a number, a time or a map is text: account ids are
// text, and so is everything that AWS invents later.
func TypeOf(normal string) Type {
	switch {
	case maps[normal]:
		return Map
	case times[normal]:
		return Time
	case decimals[normal]:
		return Decimal
	}
	return Text
}

func set(names string) map[string]bool {
	out := map[string]bool{}
	for _, n := range strings.Fields(names) {
		out[n] = true
	}
	return out
}

var maps = set(`resource_tags tags product cost_category discount`)

var times = set(`bill_billing_period_end_date bill_billing_period_start_date line_item_usage_end_date line_item_usage_start_date
	reservation_end_time reservation_start_time savings_plan_end_time savings_plan_start_time`)

var decimals = set(`discount_bundled_discount discount_total_discount line_item_blended_cost line_item_blended_rate
	line_item_net_unblended_cost line_item_net_unblended_rate line_item_normalization_factor line_item_normalized_usage_amount
	line_item_unblended_cost line_item_unblended_rate line_item_usage_amount pricing_public_on_demand_cost pricing_public_on_demand_rate
	reservation_amortized_upfront_cost_for_usage reservation_amortized_upfront_fee_for_billing_period reservation_effective_cost
	reservation_net_amortized_upfront_cost_for_usage reservation_net_amortized_upfront_fee_for_billing_period reservation_net_effective_cost
	reservation_net_recurring_fee_for_usage reservation_net_unused_amortized_upfront_fee_for_billing_period reservation_net_unused_recurring_fee
	reservation_net_upfront_value reservation_recurring_fee_for_usage reservation_unused_amortized_upfront_fee_for_billing_period
	reservation_unused_normalized_unit_quantity reservation_unused_quantity reservation_unused_recurring_fee reservation_upfront_value
	savings_plan_amortized_upfront_commitment_for_billing_period savings_plan_net_amortized_upfront_commitment_for_billing_period
	savings_plan_net_recurring_commitment_for_billing_period savings_plan_net_savings_plan_effective_cost
	savings_plan_recurring_commitment_for_billing_period savings_plan_savings_plan_effective_cost savings_plan_savings_plan_rate
	savings_plan_total_commitment_to_date savings_plan_used_commitment split_line_item_actual_usage split_line_item_net_split_cost
	split_line_item_net_unused_cost split_line_item_public_on_demand_split_cost split_line_item_public_on_demand_unused_cost
	split_line_item_reserved_usage split_line_item_split_cost split_line_item_split_usage split_line_item_split_usage_ratio
	split_line_item_unused_cost`)

// Required are the columns, by normal name, without which a bill of AWS's own formats is no bill.
var Required = []string{"line_item_usage_account_id", "line_item_line_item_type", "line_item_unblended_cost", "line_item_usage_start_date"}
