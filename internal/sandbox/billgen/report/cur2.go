package report

import (
	"strings"

	"github.com/bursarhq/bursar/internal/sandbox/billgen"
)

// cur2Columns are the columns of COST_AND_USAGE_REPORT with resources and split cost allocation, in AWS's order.
var cur2Columns = []column{
	text("bill_bill_type", func(l *line) string { return l.BillType }),
	text("bill_billing_entity", func(l *line) string { return l.BillingEntity }),
	when("bill_billing_period_end_date", false, func(l *line) int64 { return l.PeriodEnd }),
	when("bill_billing_period_start_date", false, func(l *line) int64 { return l.PeriodStart }),
	text("bill_invoice_id", func(l *line) string { return l.InvoiceID }),
	text("bill_invoicing_entity", func(l *line) string { return l.InvoicingEntity }),
	text("bill_payer_account_id", func(l *line) string { return l.Payer.ID }),
	text("bill_payer_account_name", func(l *line) string { return l.Payer.Name }),
	pairsOf("cost_category", func(l *line) []pair { return snakeKeys("", l.CostCategories) }),
	{name: "discount", varies: true, single: func(l *line) (string, amount) { return "edp_discount", l.Discount }},
	noNumber("discount_bundled_discount"),
	hourly("discount_total_discount", func(l *line) amount { return l.Discount }),
	{name: "identity_line_item_id", varies: true, text: func(dst []byte, l *line) []byte { return append(dst, l.ID...) }},
	interval("identity_time_interval"),
	text("line_item_availability_zone", func(l *line) string { return l.Zone }),
	hourly("line_item_blended_cost", func(l *line) amount { return l.BlendedCost }),
	rate("line_item_blended_rate", func(l *line) amount { return l.BlendedRate }),
	text("line_item_currency_code", func(l *line) string { return l.Currency }),
	text("line_item_legal_entity", func(l *line) string { return l.LegalEntity }),
	text("line_item_line_item_description", func(l *line) string { return l.Description }),
	text("line_item_line_item_type", func(l *line) string { return string(l.Type) }),
	hourly("line_item_net_unblended_cost", func(l *line) amount { return l.NetCost }),
	rate("line_item_net_unblended_rate", func(l *line) amount { return l.NetRate }),
	fixed("line_item_normalization_factor", func(l *line) amount { return l.NormalizationFactor }),
	hourly("line_item_normalized_usage_amount", func(l *line) amount { return l.NormalizedAmount }),
	text("line_item_operation", func(l *line) string { return l.Operation }),
	text("line_item_product_code", func(l *line) string { return l.ProductCode }),
	text("line_item_resource_id", func(l *line) string { return l.ResourceID }),
	text("line_item_tax_type", func(l *line) string { return l.TaxType }),
	hourly("line_item_unblended_cost", func(l *line) amount { return l.UnblendedCost }),
	rate("line_item_unblended_rate", func(l *line) amount { return l.UnblendedRate }),
	text("line_item_usage_account_id", func(l *line) string { return l.Account.ID }),
	text("line_item_usage_account_name", func(l *line) string { return l.Account.Name }),
	hourly("line_item_usage_amount", func(l *line) amount { return l.UsageAmount }),
	when("line_item_usage_end_date", true, func(l *line) int64 { return l.End }),
	when("line_item_usage_start_date", true, func(l *line) int64 { return l.Start }),
	text("line_item_usage_type", func(l *line) string { return l.UsageType }),
	text("pricing_currency", func(l *line) string { return l.Currency }),
	text("pricing_lease_contract_length", func(l *line) string { return l.LeaseLength }),
	text("pricing_offering_class", func(l *line) string { return l.Offering }),
	hourly("pricing_public_on_demand_cost", func(l *line) amount { return l.PublicCost }),
	rate("pricing_public_on_demand_rate", func(l *line) amount { return l.PublicRate }),
	text("pricing_purchase_option", func(l *line) string { return l.PurchaseOption }),
	text("pricing_rate_code", func(l *line) string { return l.RateCode }),
	text("pricing_rate_id", func(l *line) string { return l.RateID }),
	text("pricing_term", func(l *line) string { return l.Term }),
	text("pricing_unit", func(l *line) string { return l.Unit }),
	pairsOf("product", productMap),
	absent("product_comment"),
	absent("product_fee_code"),
	absent("product_fee_description"),
	text("product_from_location", func(l *line) string { return l.FromLocation }),
	text("product_from_location_type", func(l *line) string { return regional(l.FromRegion) }),
	text("product_from_region_code", func(l *line) string { return l.FromRegion }),
	text("product_instance_family", func(l *line) string { return l.InstanceFamily }),
	text("product_instance_type", func(l *line) string { return l.InstanceType }),
	absent("product_instancesku"),
	text("product_location", func(l *line) string { return l.Location }),
	text("product_location_type", locationType),
	text("product_operation", func(l *line) string { return l.Operation }),
	text("product_pricing_unit", func(l *line) string { return l.Unit }),
	text("product_product_family", func(l *line) string { return l.ProductFamily }),
	text("product_region_code", func(l *line) string { return l.Region }),
	text("product_servicecode", func(l *line) string { return l.ProductCode }),
	text("product_sku", func(l *line) string { return l.SKU }),
	text("product_to_location", func(l *line) string { return l.ToLocation }),
	text("product_to_location_type", func(l *line) string { return regional(l.ToRegion) }),
	text("product_to_region_code", func(l *line) string { return l.ToRegion }),
	text("product_usagetype", func(l *line) string { return l.UsageType }),
	hourly("reservation_amortized_upfront_cost_for_usage", func(l *line) amount { return l.Reservation.AmortizedUpfront }),
	fixed("reservation_amortized_upfront_fee_for_billing_period", func(l *line) amount { return l.Reservation.AmortizedForPeriod }),
	text("reservation_availability_zone", func(l *line) string { return l.Reservation.Zone }),
	hourly("reservation_effective_cost", func(l *line) amount { return l.Reservation.EffectiveCost }),
	text("reservation_end_time", func(l *line) string { return l.Reservation.EndTime }),
	text("reservation_modification_status", func(l *line) string { return l.Reservation.ModificationStatus }),
	hourly("reservation_net_amortized_upfront_cost_for_usage", func(l *line) amount { return net(l, l.Reservation.AmortizedUpfront) }),
	fixed("reservation_net_amortized_upfront_fee_for_billing_period", func(l *line) amount { return net(l, l.Reservation.AmortizedForPeriod) }),
	hourly("reservation_net_effective_cost", func(l *line) amount { return net(l, l.Reservation.EffectiveCost) }),
	hourly("reservation_net_recurring_fee_for_usage", func(l *line) amount { return net(l, l.Reservation.RecurringFee) }),
	fixed("reservation_net_unused_amortized_upfront_fee_for_billing_period", func(l *line) amount { return net(l, l.Reservation.UnusedAmortized) }),
	fixed("reservation_net_unused_recurring_fee", func(l *line) amount { return net(l, l.Reservation.UnusedRecurring) }),
	fixed("reservation_net_upfront_value", func(l *line) amount { return net(l, l.Reservation.UpfrontValue) }),
	text("reservation_normalized_units_per_reservation", func(l *line) string { return l.Reservation.NormalizedUnits }),
	text("reservation_number_of_reservations", func(l *line) string { return l.Reservation.Number }),
	hourly("reservation_recurring_fee_for_usage", func(l *line) amount { return l.Reservation.RecurringFee }),
	text("reservation_reservation_a_r_n", func(l *line) string { return l.Reservation.ARN }),
	text("reservation_start_time", func(l *line) string { return l.Reservation.StartTime }),
	text("reservation_subscription_id", func(l *line) string { return l.Reservation.SubscriptionID }),
	text("reservation_total_reserved_normalized_units", func(l *line) string { return l.Reservation.TotalNormalizedUnits }),
	text("reservation_total_reserved_units", func(l *line) string { return l.Reservation.TotalUnits }),
	text("reservation_units_per_reservation", func(l *line) string { return l.Reservation.Units }),
	fixed("reservation_unused_amortized_upfront_fee_for_billing_period", func(l *line) amount { return l.Reservation.UnusedAmortized }),
	fixed("reservation_unused_normalized_unit_quantity", func(l *line) amount { return l.Reservation.UnusedNormalized }),
	fixed("reservation_unused_quantity", func(l *line) amount { return l.Reservation.UnusedQuantity }),
	fixed("reservation_unused_recurring_fee", func(l *line) amount { return l.Reservation.UnusedRecurring }),
	fixed("reservation_upfront_value", func(l *line) amount { return l.Reservation.UpfrontValue }),
	pairsOf("resource_tags", func(l *line) []pair { return snakeKeys("", l.Tags) }),
	fixed("savings_plan_amortized_upfront_commitment_for_billing_period", func(l *line) amount { return l.SavingsPlan.AmortizedForPeriod }),
	text("savings_plan_end_time", func(l *line) string { return l.SavingsPlan.EndTime }),
	text("savings_plan_instance_type_family", func(l *line) string { return l.SavingsPlan.Family }),
	fixed("savings_plan_net_amortized_upfront_commitment_for_billing_period", func(l *line) amount { return net(l, l.SavingsPlan.AmortizedForPeriod) }),
	fixed("savings_plan_net_recurring_commitment_for_billing_period", func(l *line) amount { return net(l, l.SavingsPlan.RecurringForPeriod) }),
	hourly("savings_plan_net_savings_plan_effective_cost", func(l *line) amount { return net(l, l.SavingsPlan.EffectiveCost) }),
	text("savings_plan_offering_type", func(l *line) string { return l.SavingsPlan.OfferingType }),
	text("savings_plan_payment_option", func(l *line) string { return l.SavingsPlan.PaymentOption }),
	text("savings_plan_purchase_term", func(l *line) string { return l.SavingsPlan.PurchaseTerm }),
	fixed("savings_plan_recurring_commitment_for_billing_period", func(l *line) amount { return l.SavingsPlan.RecurringForPeriod }),
	text("savings_plan_region", func(l *line) string { return l.SavingsPlan.Region }),
	text("savings_plan_savings_plan_a_r_n", func(l *line) string { return l.SavingsPlan.ARN }),
	hourly("savings_plan_savings_plan_effective_cost", func(l *line) amount { return l.SavingsPlan.EffectiveCost }),
	fixed("savings_plan_savings_plan_rate", func(l *line) amount { return l.SavingsPlan.Rate }),
	text("savings_plan_start_time", func(l *line) string { return l.SavingsPlan.StartTime }),
	hourly("savings_plan_total_commitment_to_date", func(l *line) amount { return l.SavingsPlan.Commitment }),
	hourly("savings_plan_used_commitment", func(l *line) amount { return l.SavingsPlan.Used }),
	hourly("split_line_item_actual_usage", func(l *line) amount { return l.Split.Actual }),
	hourly("split_line_item_net_split_cost", func(l *line) amount { return l.Split.NetCost }),
	hourly("split_line_item_net_unused_cost", func(l *line) amount { return l.Split.NetUnused }),
	text("split_line_item_parent_resource_id", func(l *line) string { return l.Split.ParentID }),
	hourly("split_line_item_public_on_demand_split_cost", func(l *line) amount { return l.Split.PublicCost }),
	hourly("split_line_item_public_on_demand_unused_cost", func(l *line) amount { return l.Split.PublicUnused }),
	hourly("split_line_item_reserved_usage", func(l *line) amount { return l.Split.Reserved }),
	hourly("split_line_item_split_cost", func(l *line) amount { return l.Split.Cost }),
	hourly("split_line_item_split_usage", func(l *line) amount { return l.Split.Usage }),
	hourly("split_line_item_split_usage_ratio", func(l *line) amount { return l.Split.Ratio }),
	hourly("split_line_item_unused_cost", func(l *line) amount { return l.Split.Unused }),
	pairsOf("tags", func(l *line) []pair { return prefixKeys("resourceTags/", l.Tags) }),
}

// net is an amount of a commitment as its net column has it: the same, where the bill has net columns at all.
func net(l *line, a amount) amount {
	if l.NetCost == billgen.None {
		return billgen.None
	}
	return a
}

func locationType(l *line) string { return regional(l.Region) }

func regional(region string) string {
	if region == "" || region == "any" {
		return ""
	}
	return "AWS Region"
}

// productMap is the product column: the attributes that are no columns of their own.
func productMap(l *line) []pair {
	out := make([]pair, 0, len(l.Product)+2)
	for _, p := range l.Product {
		if p.Key != "instanceFamily" {
			out = append(out, pair{Key: snake(p.Key), Value: p.Value})
		}
	}
	if l.ServiceName != "" {
		out = append(out, pair{Key: "product_name", Value: l.ServiceName})
	}
	if l.Region != "" {
		out = append(out, pair{Key: "region", Value: l.Region})
	}
	return out
}

func snakeKeys(prefix string, pairs []pair) []pair {
	out := make([]pair, len(pairs))
	for i, p := range pairs {
		out[i] = pair{Key: snake(prefix + p.Key), Value: p.Value}
	}
	return out
}

func prefixKeys(prefix string, pairs []pair) []pair {
	out := make([]pair, len(pairs))
	for i, p := range pairs {
		out[i] = pair{Key: prefix + p.Key, Value: p.Value}
	}
	return out
}

// snake is AWS's rule for Athena's column names: "_" before each capital, lower case, "_" for all that is neither
// letter nor digit, no two of them in a row and none at the ends.
func snake(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r >= 'A' && r <= 'Z':
			b.WriteByte('_')
			b.WriteRune(r + 'a' - 'A')
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			b.WriteRune(r)
		default:
			b.WriteByte('_')
		}
	}
	return strings.Join(strings.FieldsFunc(b.String(), func(r rune) bool { return r == '_' }), "_")
}
