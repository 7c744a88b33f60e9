package report

import "github.com/bursarhq/bursar/internal/sandbox/billgen"

// legacyNames are the columns of a legacy report that always look the same, with the CUR 2.0 column that has the
// same content. A name after "#" is an attribute of the product.
var legacyNames = [][2]string{
	{"identity/LineItemId", "identity_line_item_id"},
	{"identity/TimeInterval", "identity_time_interval"},
	{"bill/InvoiceId", "bill_invoice_id"},
	{"bill/InvoicingEntity", "bill_invoicing_entity"},
	{"bill/BillingEntity", "bill_billing_entity"},
	{"bill/BillType", "bill_bill_type"},
	{"bill/PayerAccountId", "bill_payer_account_id"},
	{"bill/BillingPeriodStartDate", "bill_billing_period_start_date"},
	{"bill/BillingPeriodEndDate", "bill_billing_period_end_date"},
	{"lineItem/UsageAccountId", "line_item_usage_account_id"},
	{"lineItem/LineItemType", "line_item_line_item_type"},
	{"lineItem/UsageStartDate", "line_item_usage_start_date"},
	{"lineItem/UsageEndDate", "line_item_usage_end_date"},
	{"lineItem/ProductCode", "line_item_product_code"},
	{"lineItem/UsageType", "line_item_usage_type"},
	{"lineItem/Operation", "line_item_operation"},
	{"lineItem/AvailabilityZone", "line_item_availability_zone"},
	{"lineItem/ResourceId", "line_item_resource_id"},
	{"lineItem/UsageAmount", "line_item_usage_amount"},
	{"lineItem/NormalizationFactor", "line_item_normalization_factor"},
	{"lineItem/NormalizedUsageAmount", "line_item_normalized_usage_amount"},
	{"lineItem/CurrencyCode", "line_item_currency_code"},
	{"lineItem/UnblendedRate", "line_item_unblended_rate"},
	{"lineItem/UnblendedCost", "line_item_unblended_cost"},
	{"lineItem/BlendedRate", "line_item_blended_rate"},
	{"lineItem/BlendedCost", "line_item_blended_cost"},
	{"lineItem/LineItemDescription", "line_item_line_item_description"},
	{"lineItem/TaxType", "line_item_tax_type"},
	{"lineItem/NetUnblendedRate", "line_item_net_unblended_rate"},
	{"lineItem/NetUnblendedCost", "line_item_net_unblended_cost"},
	{"lineItem/LegalEntity", "line_item_legal_entity"},
	{"discount/TotalDiscount", "discount_total_discount"},
	{"product/availability", "#availability"},
	{"product/currentGeneration", "#currentGeneration"},
	{"product/durability", "#durability"},
	{"product/fromLocation", "product_from_location"},
	{"product/fromLocationType", "product_from_location_type"},
	{"product/fromRegionCode", "product_from_region_code"},
	{"product/group", "#group"},
	{"product/groupDescription", "#groupDescription"},
	{"product/instanceFamily", "#instanceFamily"},
	{"product/instanceType", "product_instance_type"},
	{"product/licenseModel", "#licenseModel"},
	{"product/location", "product_location"},
	{"product/locationType", "product_location_type"},
	{"product/marketoption", "#marketoption"},
	{"product/memory", "#memory"},
	{"product/networkPerformance", "#networkPerformance"},
	{"product/normalizationSizeFactor", "#normalizationSizeFactor"},
	{"product/operatingSystem", "#operatingSystem"},
	{"product/operation", "product_operation"},
	{"product/physicalProcessor", "#physicalProcessor"},
	{"product/preInstalledSw", "#preInstalledSw"},
	{"product/processorArchitecture", "#processorArchitecture"},
	{"product/productFamily", "product_product_family"},
	{"product/region", "product_region_code"},
	{"product/regionCode", "product_region_code"},
	{"product/servicecode", "product_servicecode"},
	{"product/servicename", "#servicename"},
	{"product/sku", "product_sku"},
	{"product/storage", "#storage"},
	{"product/storageClass", "#storageClass"},
	{"product/storageMedia", "#storageMedia"},
	{"product/tenancy", "#tenancy"},
	{"product/toLocation", "product_to_location"},
	{"product/toLocationType", "product_to_location_type"},
	{"product/toRegionCode", "product_to_region_code"},
	{"product/transferType", "#transferType"},
	{"product/usagetype", "product_usagetype"},
	{"product/vcpu", "#vcpu"},
	{"product/volumeType", "#volumeType"},
	{"pricing/LeaseContractLength", "pricing_lease_contract_length"},
	{"pricing/OfferingClass", "pricing_offering_class"},
	{"pricing/PurchaseOption", "pricing_purchase_option"},
	{"pricing/RateCode", "pricing_rate_code"},
	{"pricing/RateId", "pricing_rate_id"},
	{"pricing/currency", "pricing_currency"},
	{"pricing/publicOnDemandCost", "pricing_public_on_demand_cost"},
	{"pricing/publicOnDemandRate", "pricing_public_on_demand_rate"},
	{"pricing/term", "pricing_term"},
	{"pricing/unit", "pricing_unit"},
	{"reservation/AmortizedUpfrontCostForUsage", "reservation_amortized_upfront_cost_for_usage"},
	{"reservation/AmortizedUpfrontFeeForBillingPeriod", "reservation_amortized_upfront_fee_for_billing_period"},
	{"reservation/AvailabilityZone", "reservation_availability_zone"},
	{"reservation/EffectiveCost", "reservation_effective_cost"},
	{"reservation/EndTime", "reservation_end_time"},
	{"reservation/ModificationStatus", "reservation_modification_status"},
	{"reservation/NetAmortizedUpfrontCostForUsage", "reservation_net_amortized_upfront_cost_for_usage"},
	{"reservation/NetAmortizedUpfrontFeeForBillingPeriod", "reservation_net_amortized_upfront_fee_for_billing_period"},
	{"reservation/NetEffectiveCost", "reservation_net_effective_cost"},
	{"reservation/NetRecurringFeeForUsage", "reservation_net_recurring_fee_for_usage"},
	{"reservation/NetUnusedAmortizedUpfrontFeeForBillingPeriod", "reservation_net_unused_amortized_upfront_fee_for_billing_period"},
	{"reservation/NetUnusedRecurringFee", "reservation_net_unused_recurring_fee"},
	{"reservation/NetUpfrontValue", "reservation_net_upfront_value"},
	{"reservation/NormalizedUnitsPerReservation", "reservation_normalized_units_per_reservation"},
	{"reservation/NumberOfReservations", "reservation_number_of_reservations"},
	{"reservation/RecurringFeeForUsage", "reservation_recurring_fee_for_usage"},
	{"reservation/ReservationARN", "reservation_reservation_a_r_n"},
	{"reservation/StartTime", "reservation_start_time"},
	{"reservation/SubscriptionId", "reservation_subscription_id"},
	{"reservation/TotalReservedNormalizedUnits", "reservation_total_reserved_normalized_units"},
	{"reservation/TotalReservedUnits", "reservation_total_reserved_units"},
	{"reservation/UnitsPerReservation", "reservation_units_per_reservation"},
	{"reservation/UnusedAmortizedUpfrontFeeForBillingPeriod", "reservation_unused_amortized_upfront_fee_for_billing_period"},
	{"reservation/UnusedNormalizedUnitQuantity", "reservation_unused_normalized_unit_quantity"},
	{"reservation/UnusedQuantity", "reservation_unused_quantity"},
	{"reservation/UnusedRecurringFee", "reservation_unused_recurring_fee"},
	{"reservation/UpfrontValue", "reservation_upfront_value"},
	{"savingsPlan/AmortizedUpfrontCommitmentForBillingPeriod", "savings_plan_amortized_upfront_commitment_for_billing_period"},
	{"savingsPlan/EndTime", "savings_plan_end_time"},
	{"savingsPlan/InstanceTypeFamily", "savings_plan_instance_type_family"},
	{"savingsPlan/NetAmortizedUpfrontCommitmentForBillingPeriod", "savings_plan_net_amortized_upfront_commitment_for_billing_period"},
	{"savingsPlan/NetRecurringCommitmentForBillingPeriod", "savings_plan_net_recurring_commitment_for_billing_period"},
	{"savingsPlan/NetSavingsPlanEffectiveCost", "savings_plan_net_savings_plan_effective_cost"},
	{"savingsPlan/OfferingType", "savings_plan_offering_type"},
	{"savingsPlan/PaymentOption", "savings_plan_payment_option"},
	{"savingsPlan/PurchaseTerm", "savings_plan_purchase_term"},
	{"savingsPlan/RecurringCommitmentForBillingPeriod", "savings_plan_recurring_commitment_for_billing_period"},
	{"savingsPlan/Region", "savings_plan_region"},
	{"savingsPlan/SavingsPlanARN", "savings_plan_savings_plan_a_r_n"},
	{"savingsPlan/SavingsPlanEffectiveCost", "savings_plan_savings_plan_effective_cost"},
	{"savingsPlan/SavingsPlanRate", "savings_plan_savings_plan_rate"},
	{"savingsPlan/StartTime", "savings_plan_start_time"},
	{"savingsPlan/TotalCommitmentToDate", "savings_plan_total_commitment_to_date"},
	{"savingsPlan/UsedCommitment", "savings_plan_used_commitment"},
}

// legacyColumns are the columns of a legacy report: names as csv files have them, and one column for each
// tag and cost category.
var legacyColumns = legacyTable()

func legacyTable() []column {
	byName := map[string]column{}
	for _, c := range cur2Columns {
		byName[c.name] = c
	}
	var out []column
	for _, n := range legacyNames {
		c := byName[n[1]]
		if key := n[1][1:]; n[1][0] == '#' {
			c = text("", func(l *line) string { return attribute(l.Product, key) })
		}
		c.name = n[0]
		if n[0] == "product/availability" {
			out = append(out, text("product/ProductName", func(l *line) string { return l.ServiceName }))
		}
		out = append(out, c)
	}
	for _, key := range billgen.CostCategoryKeys() {
		out = append(out, text("costCategory/"+key, func(l *line) string { return attribute(l.CostCategories, key) }))
	}
	for _, key := range billgen.TagKeys() {
		out = append(out, text("resourceTags/"+key, func(l *line) string { return attribute(l.Tags, key) }))
	}
	return out
}
