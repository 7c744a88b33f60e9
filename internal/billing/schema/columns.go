package schema

// focusNames are the columns of CUR 2.0 that mean exactly what one FOCUS 1.2 column means.
var focusNames = map[string]string{
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
	"line_item_usage_end_date":        "ChargePeriodEnd",
	"line_item_usage_start_date":      "ChargePeriodStart",
	"pricing_currency":                "PricingCurrency",
	"pricing_rate_code":               "SkuPriceId",
	"pricing_unit":                    "PricingUnit",
	"product_region_code":             "RegionId",
	"product_sku":                     "SkuId",
}

// focusExtra are AWS's own columns in FOCUS files that are columns of CUR 2.0 under another name.
var focusExtra = map[string]string{
	"x_ServiceCode": "line_item_product_code",
	"x_Operation":   "line_item_operation",
	"x_UsageType":   "line_item_usage_type",
}

// The columns of CUR 2.0 (Data Exports guide, table dictionary COST_AND_USAGE_REPORT), by what their values are.
// AWS types rates and times of commitments as text: ours are numbers and times as long as every value is one.
const (
	curText = `bill_bill_type bill_billing_entity bill_invoice_id bill_invoicing_entity bill_payer_account_id
		bill_payer_account_name identity_line_item_id identity_time_interval line_item_availability_zone
		line_item_currency_code line_item_iam_principal line_item_legal_entity line_item_line_item_description
		line_item_line_item_type line_item_operation line_item_product_code line_item_resource_id line_item_tax_type
		line_item_usage_account_id line_item_usage_account_name line_item_usage_type line_item_user_identifier
		pricing_currency pricing_lease_contract_length pricing_offering_class pricing_purchase_option
		pricing_rate_code pricing_rate_id pricing_term pricing_unit product_comment product_fee_code
		product_fee_description product_from_location product_from_location_type product_from_region_code
		product_instance_family product_instance_type product_instancesku product_location product_location_type
		product_operation product_pricing_unit product_product_family product_region_code product_servicecode
		product_sku product_to_location product_to_location_type product_to_region_code product_usagetype
		reservation_availability_zone reservation_modification_status reservation_normalized_units_per_reservation
		reservation_number_of_reservations reservation_reservation_a_r_n reservation_subscription_id
		reservation_total_reserved_normalized_units reservation_total_reserved_units
		reservation_units_per_reservation savings_plan_instance_type_family savings_plan_offering_type
		savings_plan_payment_option savings_plan_purchase_term savings_plan_region savings_plan_savings_plan_a_r_n
		split_line_item_parent_resource_id`
	curMaps    = `cost_category discount product resource_tags tags`
	curAmounts = `discount_bundled_discount discount_total_discount line_item_blended_cost
		line_item_net_unblended_cost line_item_unblended_cost line_item_usage_amount pricing_public_on_demand_cost
		reservation_amortized_upfront_cost_for_usage reservation_amortized_upfront_fee_for_billing_period
		reservation_effective_cost reservation_net_amortized_upfront_cost_for_usage
		reservation_net_amortized_upfront_fee_for_billing_period reservation_net_effective_cost
		reservation_net_recurring_fee_for_usage reservation_net_unused_amortized_upfront_fee_for_billing_period
		reservation_net_unused_recurring_fee reservation_net_upfront_value reservation_recurring_fee_for_usage
		reservation_unused_amortized_upfront_fee_for_billing_period reservation_unused_recurring_fee
		reservation_upfront_value savings_plan_amortized_upfront_commitment_for_billing_period
		savings_plan_net_amortized_upfront_commitment_for_billing_period
		savings_plan_net_recurring_commitment_for_billing_period savings_plan_net_savings_plan_effective_cost
		savings_plan_recurring_commitment_for_billing_period savings_plan_savings_plan_effective_cost
		savings_plan_total_commitment_to_date savings_plan_used_commitment split_line_item_net_split_cost
		split_line_item_net_unused_cost split_line_item_public_on_demand_split_cost
		split_line_item_public_on_demand_unused_cost split_line_item_split_cost split_line_item_unused_cost`
	curNumbers = `line_item_blended_rate line_item_net_unblended_rate line_item_normalization_factor
		line_item_normalized_usage_amount line_item_unblended_rate pricing_public_on_demand_rate
		reservation_unused_normalized_unit_quantity reservation_unused_quantity savings_plan_savings_plan_rate
		split_line_item_actual_usage split_line_item_reserved_usage split_line_item_split_usage
		split_line_item_split_usage_ratio`
	curTimes = `bill_billing_period_end_date bill_billing_period_start_date line_item_usage_end_date
		line_item_usage_start_date`
	curLooseTimes = `reservation_end_time reservation_start_time savings_plan_end_time savings_plan_start_time`
)

// The columns of FOCUS 1.2 (focus.finops.org) that are no column of CUR 2.0. x_Discounts and x_CostCategories are AWS's.
const (
	focusText = `BillingAccountType CapacityReservationId CapacityReservationStatus ChargeCategory ChargeClass
		ChargeFrequency CommitmentDiscountCategory CommitmentDiscountId CommitmentDiscountName
		CommitmentDiscountStatus CommitmentDiscountType CommitmentDiscountUnit ConsumedUnit PricingCategory
		ProviderName PublisherName RegionName ResourceName ResourceType ServiceCategory ServiceName
		ServiceSubcategory SkuMeter SubAccountType`
	focusMaps    = `SkuPriceDetails Tags x_CostCategories x_Discounts`
	focusAmounts = `ContractedCost EffectiveCost ListCost PricingCurrencyEffectiveCost`
	focusNumbers = `CommitmentDiscountQuantity ConsumedQuantity ContractedUnitPrice ListUnitPrice
		PricingCurrencyContractedUnitPrice PricingCurrencyListUnitPrice PricingQuantity`
)
