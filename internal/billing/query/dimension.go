package query

import "slices"

// Dimension is something that cost can be grouped by.
type Dimension struct {
	Name   string
	Doc    string
	rolled bool                                      // whether the rollup has it
	expr   func(has func(normal string) bool) string // SQL over line items: text, never NULL
}

// Dimensions are everything that cost can be grouped by. Those of the rollup answer at once; the others read line items.
var Dimensions = []Dimension{
	{"service", "AWS service; for AWS Marketplace the product's name.", true, service},
	{"account", "Account that used it: 12 digits.", true, plain("line_item_usage_account_id")},
	{"region", "AWS region; blank for global services.", true, plain("product_region_code")},
	{"line_item_type", "Usage, Tax, Credit, RIFee and so on, in AWS's words.", true, plain("line_item_line_item_type")},
	{"purchase_option", "OnDemand, Spot, Reserved, SavingsPlan or Other.", true, purchaseOption},
	{"usage_type", "AWS usage type.", true, plain("line_item_usage_type")},
	{"operation", "AWS operation.", true, plain("line_item_operation")},
	{"legal_entity", "The seller.", true, plain("line_item_legal_entity")},
	{"invoice", "Invoice id; blank while the bill is open.", true, plain("bill_invoice_id")},
	{"payer", "Account that pays: 12 digits.", true, plain("bill_payer_account_id")},
	{"resource", "Resource id.", false, plain("line_item_resource_id")},
}

// DimensionByName finds a dimension; an unknown one is an Invalid error that lists them.
func DimensionByName(name string) (Dimension, error) {
	i := slices.IndexFunc(Dimensions, func(d Dimension) bool { return d.Name == name })
	if i < 0 {
		return Dimension{}, unknown("group_by", name, DimensionNames())
	}
	return Dimensions[i], nil
}

// DimensionNames lists the dimensions.
func DimensionNames() []string {
	var out []string
	for _, d := range Dimensions {
		out = append(out, d.Name)
	}
	return out
}

// SQL returns the dimension as an expression over the lake's line items.
func (d Dimension) SQL(has func(normal string) bool) string { return d.expr(has) }

func plain(normal string) func(func(string) bool) string {
	return func(has func(string) bool) string {
		if !has(normal) {
			return "''"
		}
		return "coalesce(" + col(normal) + ", '')"
	}
}

// service is the product code; rows of AWS Marketplace go by the product's name, for their codes say nothing to people.
func service(has func(string) bool) string {
	code := plain("line_item_product_code")(has)
	name := ""
	switch {
	case has("product_product_name"):
		name = col("product_product_name")
	case has("product"):
		name = "json_extract_string(" + col("product") + ", '$.product_name')"
	}
	if name == "" || !has("bill_billing_entity") {
		return code
	}
	return "CASE WHEN " + col("bill_billing_entity") + " = 'AWS Marketplace' THEN coalesce(nullif(" + name + ", ''), " + code + ") ELSE " + code + " END"
}

func purchaseOption(has func(string) bool) string {
	option := plain("pricing_purchase_option")(has)
	if !has("pricing_purchase_option") {
		option = plain("pricing_term")(has)
	}
	t := col("line_item_line_item_type")
	return "CASE WHEN " + t + " LIKE 'SavingsPlan%' THEN 'SavingsPlan' WHEN " + t + " IN ('DiscountedUsage', 'RIFee') THEN 'Reserved' " +
		"WHEN " + t + " <> 'Usage' THEN 'Other' WHEN " + option + " IN ('Spot', 'Reserved') THEN " + option + " ELSE 'OnDemand' END"
}
