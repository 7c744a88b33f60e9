package billing

import (
	"maps"
	"slices"
	"strings"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/sandbox/billgen/report"
	"github.com/bursarhq/bursar/internal/sandbox/cloud"
)

// table is a table of Data Exports: https://docs.aws.amazon.com/cur/latest/userguide/dataexports-table-dictionary.html.
type table struct {
	name, description string
	format            bursar.Format // "" = it has no line items, and the sandbox delivers nothing of it
	properties        []property
	other             []string // columns of a table without line items
}

// property is a table's setting; its first value is the default.
type property struct {
	name, description string
	values            []string // none = any
}

var tables = []table{
	{
		name: "COST_AND_USAGE_REPORT", description: "Cost and usage at the level of line items", format: bursar.FormatCUR2,
		properties: []property{
			{"TIME_GRANULARITY", "The granularity of line items", []string{"HOURLY", "DAILY", "MONTHLY"}},
			{"INCLUDE_RESOURCES", "Whether line items name their resource", []string{"FALSE", "TRUE"}},
			{"INCLUDE_SPLIT_COST_ALLOCATION_DATA", "Whether container hosts are split by task and pod", []string{"FALSE", "TRUE"}},
			{"INCLUDE_MANUAL_DISCOUNT_COMPATIBILITY", "Whether discounts are laid out as in legacy reports", []string{"FALSE", "TRUE"}},
			{"INCLUDE_IAM_PRINCIPAL_DATA", "Whether line items name the identity that caused them", []string{"FALSE", "TRUE"}},
			{"BILLING_VIEW_ARN", "The billing view", nil},
		},
	},
	{name: "FOCUS_1_0_AWS", description: "FOCUS 1.0 with AWS columns", format: bursar.FormatFOCUS10},
	{name: "FOCUS_1_2_AWS", description: "FOCUS 1.2 with AWS columns", format: bursar.FormatFOCUS12},
	{
		name: "COST_OPTIMIZATION_RECOMMENDATIONS", description: "Recommendations of the Cost Optimization Hub",
		properties: []property{{"INCLUDE_ALL_RECOMMENDATIONS", "Whether overlapping recommendations are kept", []string{"FALSE", "TRUE"}}, {"FILTER", "A filter of recommendations", nil}},
		other:      []string{"account_id", "action_type", "currency_code", "current_resource_type", "estimated_monthly_savings_after_discount", "recommendation_id", "region", "resource_arn"},
	},
	{
		name: "CARBON_EMISSIONS", description: "Estimated carbon emissions",
		other: []string{"last_refresh_timestamp", "location", "model_version", "payer_account_id", "product_code", "region_code", "total_mbm_emissions_unit", "total_mbm_emissions_value", "usage_account_id", "usage_period_end", "usage_period_start"},
	},
}

func tableNamed(name string) *table {
	for i := range tables {
		if tables[i].name == name {
			return &tables[i]
		}
	}
	return nil
}

// settings completes what a query's table configurations say with the defaults.
func (t *table) settings(given map[string]map[string]string) (map[string]string, *cloud.Error) {
	for name := range given {
		if name != t.name {
			return nil, validation("The table configurations name %s, and the query selects from %s.", name, t.name)
		}
	}
	return t.complete(given[t.name])
}

func (t *table) complete(given map[string]string) (map[string]string, *cloud.Error) {
	out := map[string]string{}
	for _, p := range t.properties {
		if len(p.values) > 0 {
			out[p.name] = p.values[0]
		}
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		i := slices.IndexFunc(t.properties, func(p property) bool { return p.name == name })
		if i < 0 {
			return nil, validation("The table %s has no property %s.", t.name, name)
		}
		if p := t.properties[i]; len(p.values) > 0 && !slices.Contains(p.values, given[name]) {
			return nil, validation("%q is not a value of %s: [%s].", given[name], name, strings.Join(p.values, ", "))
		}
		out[name] = given[name]
	}
	return out, nil
}

// columns lists the columns that the table has with some settings.
func (t *table) columns(settings map[string]string) []string {
	if t.format == "" {
		return t.other
	}
	return slices.DeleteFunc(report.Columns(t.format), func(name string) bool {
		return t.format == bursar.FormatCUR2 &&
			(name == "line_item_resource_id" && settings["INCLUDE_RESOURCES"] != "TRUE" ||
				strings.HasPrefix(name, "split_line_item_") && settings["INCLUDE_SPLIT_COST_ALLOCATION_DATA"] != "TRUE")
	})
}

func (t *table) columnType(name string) string {
	if typ, ok := report.ColumnType(t.format, name); ok && t.format != "" {
		return typ
	}
	return "string"
}
