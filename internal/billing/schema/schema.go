// Package schema is the one vocabulary of line item columns: what AWS calls them in each format, what the lake
// calls them, and what their values are. Import, questions and documentation all read this table.
//
// A column's name in the lake is its FOCUS 1.2 name where one source column means exactly what FOCUS means
// (line_item_unblended_cost is BilledCost); every other column keeps its normal name: the name that it has in
// CUR 2.0, or would have ([Normalize]). What FOCUS computes from several columns (EffectiveCost, ChargeCategory,
// ServiceName …) is no column of an imported CUR; views over the lake define it.
//
// Columns that CUR 2.0 gathers in maps become entries of the same map when a legacy report delivers them one by
// one ([Flattened]): resourceTags/user:CostCenter is the entry "user:CostCenter" of resource_tags, product/vcpu is
// the entry "vcpu" of product.
package schema

import (
	"slices"
	"strings"
)

// Type is what the values of a column are, and how the lake stores them.
type Type string

// The types.
const (
	Text      Type = "text"      // VARCHAR
	Decimal   Type = "decimal"   // DECIMAL(p,s): p is 18 or 38, s as many digits as the file's values need
	Timestamp Type = "timestamp" // TIMESTAMP in UTC, microseconds
	Map       Type = "map"       // VARCHAR: a JSON object of text values; NULL where it has no entry
)

// Column is one column of the vocabulary.
type Column struct {
	Normal string // its name in CUR 2.0; for what only FOCUS has, the FOCUS name
	Lake   string // its name in the lake
	Type   Type
	// Strict says that a value of another type makes the import fail. In other columns it makes the whole column text.
	Strict bool
}

// Lookup returns the column of a normal name. A column that the vocabulary does not have is text under its own name.
func Lookup(normal string) Column {
	if c, ok := vocabulary[normal]; ok {
		return c
	}
	return Column{Normal: normal, Lake: normal, Type: Text}
}

// Lake returns the name that a column has in the lake: Lake("line_item_unblended_cost") is "BilledCost".
func Lake(normal string) string { return Lookup(normal).Lake }

// Normal returns the normal name of a column of the lake: Normal("BilledCost") is "line_item_unblended_cost".
func Normal(lake string) string {
	if n, ok := normals[lake]; ok {
		return n
	}
	return lake
}

// Known says whether CUR 2.0 or FOCUS has a column of this normal name.
func Known(normal string) bool { _, ok := vocabulary[normal]; return ok }

// Columns returns the whole vocabulary, sorted by normal name.
func Columns() []Column {
	out := make([]Column, 0, len(vocabulary))
	for _, c := range vocabulary {
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b Column) int { return strings.Compare(a.Normal, b.Normal) })
	return out
}

// Required are the columns without which a file is no bill, by normal name.
var Required = []string{"line_item_usage_account_id", "line_item_line_item_type", "line_item_unblended_cost", "line_item_usage_start_date"}

// RequiredFOCUS are the same for FOCUS files.
var RequiredFOCUS = []string{"SubAccountId", "ChargeCategory", "BilledCost", "ChargePeriodStart"}

var (
	vocabulary = build()
	normals    = invert()
)

func build() map[string]Column {
	v := map[string]Column{}
	add := func(names string, t Type, strict bool) {
		for _, n := range strings.Fields(names) {
			lake := n
			if f, ok := focusNames[n]; ok {
				lake = f
			}
			v[n] = Column{Normal: n, Lake: lake, Type: t, Strict: strict}
		}
	}
	add(curText, Text, false)
	add(curMaps, Map, false)
	add(curAmounts, Decimal, true)
	add(curNumbers, Decimal, false)
	add(curTimes, Timestamp, true)
	add(curLooseTimes, Timestamp, false)
	add(focusText, Text, false)
	add(focusMaps, Map, false)
	add(focusAmounts, Decimal, true)
	add(focusNumbers, Decimal, false)
	return v
}

func invert() map[string]string {
	m := map[string]string{}
	for n, c := range vocabulary {
		m[c.Lake] = n
	}
	return m
}
