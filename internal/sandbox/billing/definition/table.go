package definition

import (
	"maps"
	"slices"
	"strings"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/sandbox/billgen/report"
	"github.com/bursarhq/bursar/internal/sandbox/cloud"
)

// Table is a table of Data Exports: https://docs.aws.amazon.com/cur/latest/userguide/dataexports-table-dictionary.html.
type Table struct {
	Name, Description string
	Format            bursar.Format // "" = it has no line items, and the sandbox delivers nothing of it
	Properties        []Property
	other             []string // columns of a table without line items
}

// Property is a table's setting; its first value is the default.
type Property struct {
	Name, Description string
	Values            []string // none = any
}

var tables = []Table{
	{
		Name: "COST_AND_USAGE_REPORT", Description: "Cost and usage at the level of line items", Format: bursar.FormatCUR2,
		Properties: []Property{
			{"TIME_GRANULARITY", "The granularity of line items", []string{"HOURLY", "DAILY", "MONTHLY"}},
			{"INCLUDE_RESOURCES", "Whether line items name their resource", []string{"FALSE", "TRUE"}},
			{"INCLUDE_SPLIT_COST_ALLOCATION_DATA", "Whether container hosts are split by task and pod", []string{"FALSE", "TRUE"}},
			{"INCLUDE_MANUAL_DISCOUNT_COMPATIBILITY", "Whether discounts are laid out as in legacy reports", []string{"FALSE", "TRUE"}},
			{"INCLUDE_IAM_PRINCIPAL_DATA", "Whether line items name the identity that caused them", []string{"FALSE", "TRUE"}},
			{"BILLING_VIEW_ARN", "The billing view", nil},
		},
	},
	{Name: "FOCUS_1_0_AWS", Description: "FOCUS 1.0 with AWS columns", Format: bursar.FormatFOCUS10},
	{
		Name: "FOCUS_1_2_AWS", Description: "FOCUS 1.2 with AWS columns", Format: bursar.FormatFOCUS12,
		Properties: []Property{{"TIME_GRANULARITY", "The granularity of line items", []string{"HOURLY", "DAILY", "MONTHLY"}}},
	},
	{
		Name: "COST_OPTIMIZATION_RECOMMENDATIONS", Description: "Recommendations of the Cost Optimization Hub",
		Properties: []Property{{"INCLUDE_ALL_RECOMMENDATIONS", "Whether overlapping recommendations are kept", []string{"FALSE", "TRUE"}}, {"FILTER", "A filter of recommendations", nil}},
		other:      []string{"account_id", "action_type", "currency_code", "current_resource_type", "estimated_monthly_savings_after_discount", "recommendation_id", "region", "resource_arn"},
	},
	{
		Name: "CARBON_EMISSIONS", Description: "Estimated carbon emissions",
		other: []string{"last_refresh_timestamp", "location", "model_version", "payer_account_id", "product_code", "region_code", "total_mbm_emissions_unit", "total_mbm_emissions_value", "usage_account_id", "usage_period_end", "usage_period_start"},
	},
}

// Tables lists all tables.
func Tables() []Table { return slices.Clone(tables) }

// TableNamed finds a table; nil when there is none of the name.
func TableNamed(name string) *Table {
	for i := range tables {
		if tables[i].Name == name {
			return &tables[i]
		}
	}
	return nil
}

// settings completes what a query's table configurations say with the defaults.
func (t *Table) settings(given map[string]map[string]string) (map[string]string, *cloud.Error) {
	for name := range given {
		if name != t.Name {
			return nil, Invalid("The table configurations name %s, and the query selects from %s.", name, t.Name)
		}
	}
	return t.Complete(given[t.Name])
}

// Complete proves a table's settings and adds the defaults.
func (t *Table) Complete(given map[string]string) (map[string]string, *cloud.Error) {
	out := map[string]string{}
	for _, p := range t.Properties {
		if len(p.Values) > 0 {
			out[p.Name] = p.Values[0]
		}
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		i := slices.IndexFunc(t.Properties, func(p Property) bool { return p.Name == name })
		if i < 0 {
			return nil, Invalid("The table %s has no property %s.", t.Name, name)
		}
		if p := t.Properties[i]; len(p.Values) > 0 && !slices.Contains(p.Values, given[name]) {
			return nil, Invalid("%q is not a value of %s: [%s].", given[name], name, strings.Join(p.Values, ", "))
		}
		out[name] = given[name]
	}
	return out, nil
}

// Columns lists the columns that the table has with some settings.
func (t *Table) Columns(settings map[string]string) []string {
	if t.Format == "" {
		return t.other
	}
	return slices.DeleteFunc(report.Columns(t.Format), func(name string) bool {
		return t.Format == bursar.FormatCUR2 &&
			(name == "line_item_resource_id" && settings["INCLUDE_RESOURCES"] != "TRUE" ||
				strings.HasPrefix(name, "split_line_item_") && settings["INCLUDE_SPLIT_COST_ALLOCATION_DATA"] != "TRUE")
	})
}

// ColumnType is a column's type as GetTable spells it.
func (t *Table) ColumnType(name string) string {
	if typ, ok := report.ColumnType(t.Format, name); ok && t.Format != "" {
		return typ
	}
	return "string"
}
