package query

import (
	"slices"
	"strings"

	"github.com/bursarhq/bursar"
)

// level says where a dimension is to be had.
type level int

const (
	ofItems   level = iota // in the line items alone
	ofRollup               // in the daily rollup too
	ofSummary              // and in its summary
)

// Dimension is something that cost can be grouped by.
type Dimension struct {
	Name  string
	Doc   string
	level level
	expr  func(has func(normal string) bool) string // SQL over line items: text, never NULL
	focus func(has func(normal string) bool) string // the same over those of a FOCUS file; nil is the same expression
}

// Dimensions are everything that cost can be grouped by, besides tags and cost categories. Those of the rollup answer at once; the others
// read line items.
var Dimensions = []Dimension{
	{Name: "service", Doc: "AWS service; for AWS Marketplace the product's name.", level: ofSummary, expr: service, focus: either("line_item_product_code", "ServiceName")},
	{Name: "account", Doc: "Account that used it: 12 digits.", level: ofRollup, expr: plain("line_item_usage_account_id")},
	{Name: "region", Doc: "AWS region; blank for global services.", level: ofSummary, expr: region},
	{Name: "line_item_type", Doc: "Usage, Tax, Credit, RIFee and so on, in AWS's words; in FOCUS the charge category.", level: ofSummary, expr: plain("line_item_line_item_type"), focus: plain("ChargeCategory")},
	{Name: "purchase_option", Doc: "OnDemand, Spot, Reserved, SavingsPlan or Other.", level: ofSummary, expr: purchaseOption, focus: focusOption},
	{Name: "usage_type", Doc: "AWS usage type.", level: ofRollup, expr: plain("line_item_usage_type")},
	{Name: "operation", Doc: "AWS operation.", level: ofRollup, expr: plain("line_item_operation")},
	{Name: "legal_entity", Doc: "The seller.", level: ofSummary, expr: plain("line_item_legal_entity"), focus: plain("bill_invoicing_entity")},
	{Name: "invoice", Doc: "Invoice id; blank while the bill is open.", level: ofSummary, expr: plain("bill_invoice_id")},
	{Name: "payer", Doc: "Account that pays: 12 digits.", level: ofSummary, expr: plain("bill_payer_account_id")},
	{Name: "resource", Doc: "Resource id.", level: ofItems, expr: plain("line_item_resource_id")},
}

// The prefixes of dimensions that are named after a key: tag:team, cost_category:Project.
const (
	tagPrefix      = "tag:"
	categoryPrefix = "cost_category:"
)

// The columns that hold tags and cost categories, by normal name.
var (
	tagMaps      = []string{"tags", "resource_tags", "Tags"}
	categoryMaps = []string{"cost_category", "x_CostCategories"}
)

// DimensionByName finds a dimension; an unknown one is an Invalid error that lists them.
func DimensionByName(name string) (Dimension, error) { return dimension("group_by", name) }

// DimensionOf does the same for any field of a request, which its error names.
func DimensionOf(field, name string) (Dimension, error) { return dimension(field, name) }

// From says what a dimension is read from: summaries, rollups or line items.
func (d Dimension) From() string {
	return map[level]string{ofSummary: "summaries", ofRollup: "rollups", ofItems: "line items"}[d.level]
}

// dimension finds the dimension that a field of a question names.
func dimension(field, name string) (Dimension, error) {
	if key, ok := strings.CutPrefix(name, tagPrefix); ok && key != "" {
		return Dimension{Name: name, Doc: "The tag's value.", expr: tag(key)}, nil
	}
	if key, ok := strings.CutPrefix(name, categoryPrefix); ok && key != "" {
		return Dimension{Name: name, Doc: "The cost category's value.", expr: entry(key, categoryMaps...)}, nil
	}
	i := slices.IndexFunc(Dimensions, func(d Dimension) bool { return d.Name == name })
	if i < 0 {
		return Dimension{}, unknown(field, name, append(DimensionNames(), tagPrefix+"KEY", categoryPrefix+"KEY"))
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
func (d Dimension) SQL(has func(normal string) bool) string {
	if d.focus != nil && isFOCUS(has) {
		return d.focus(has)
	}
	return d.expr(has)
}

func plain(normal string) func(func(string) bool) string {
	return func(has func(string) bool) string {
		if !has(normal) {
			return "''"
		}
		return "coalesce(" + col(normal) + ", '')"
	}
}

// either is the first of two columns that has a text.
func either(first, second string) func(func(string) bool) string {
	return func(has func(string) bool) string {
		return "coalesce(nullif(" + plain(first)(has) + ", ''), " + plain(second)(has) + ")"
	}
}

// entry is the value of a key in the first of the map columns that has it. Keys are whatever people chose, so they go by pointer
// (RFC 6901), which has but two characters to escape.
func entry(key string, maps ...string) func(func(string) bool) string {
	pointer := text("/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(key))
	return func(has func(string) bool) string {
		tries := make([]string, 0, len(maps)+1)
		for _, m := range maps {
			if has(m) {
				tries = append(tries, "json_extract_string("+col(m)+", "+pointer+")")
			}
		}
		return "coalesce(" + strings.Join(append(tries, "''"), ", ") + ")"
	}
}

// tag finds a user's tag by its key as people write it, however the source spells it: "user:team" in csv of legacy reports and in
// FOCUS, "user_team" in CUR 2.0, "resourceTags/user:team" in its newer column.
func tag(key string) func(func(string) bool) string {
	spellings := []string{key, "user:" + key, "user_" + key, "resourceTags/" + key, "resourceTags/user:" + key}
	return func(has func(string) bool) string {
		var tries []string
		for _, k := range spellings {
			tries = append(tries, "nullif("+entry(k, tagMaps...)(has)+", '')")
		}
		return "coalesce(" + strings.Join(tries, ", ") + ", '')"
	}
}

// text is a text as SQL writes it.
func text(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// region is a column of CUR 2.0; a legacy report has it among the product's attributes.
func region(has func(string) bool) string {
	return "coalesce(nullif(" + plain("product_region_code")(has) + ", ''), " + entry("region", "product")(has) + ")"
}

// service is the product code; rows of AWS Marketplace go by the product's name, for their codes say nothing to people.
func service(has func(string) bool) string {
	code := plain("line_item_product_code")(has)
	if !has("bill_billing_entity") {
		return code
	}
	name := "coalesce(nullif(" + plain("product_product_name")(has) + ", ''), nullif(" + entry("product_name", "product")(has) + ", ''), " + code + ")"
	return "CASE WHEN " + col("bill_billing_entity") + " = 'AWS Marketplace' THEN " + name + " ELSE " + code + " END"
}

func purchaseOption(has func(string) bool) string {
	option := either("pricing_purchase_option", "pricing_term")(has)
	t := plain("line_item_line_item_type")(has)
	return "CASE WHEN " + t + " LIKE 'SavingsPlan%' THEN 'SavingsPlan' WHEN " + t + " IN ('DiscountedUsage', 'RIFee') THEN 'Reserved' " +
		"WHEN " + t + " <> 'Usage' THEN 'Other' WHEN " + option + " IN ('Spot', 'Reserved') THEN " + option + " ELSE 'OnDemand' END"
}

func focusOption(has func(string) bool) string {
	return "CASE WHEN " + plain("CommitmentDiscountType")(has) + " ILIKE 'savings%' THEN 'SavingsPlan' WHEN " + plain("CommitmentDiscountId")(has) + " <> '' THEN 'Reserved' " +
		"WHEN " + plain("ChargeCategory")(has) + " <> 'Usage' THEN 'Other' WHEN " + plain("PricingCategory")(has) + " = 'Dynamic' THEN 'Spot' ELSE 'OnDemand' END"
}

func unknown(field, value string, valid []string) error {
	return bursar.InvalidField(field, "there is no %s %q", strings.ReplaceAll(field, "_", " "), value).
		WithReason("unknown_"+field).WithHint("use one of %s", strings.Join(valid, ", "))
}
