// Package schema is the one vocabulary of line item columns: what AWS calls them in each format, what the lake
// calls them, and what their values are. Import, questions and documentation all read this table.
//
// A column's name in the lake is its FOCUS 1.2 name where one source column means exactly what FOCUS means
// (line_item_unblended_cost is BilledCost); every other column keeps its normal name: the name that it has in
// CUR 2.0, or would have ([Normalize]). What FOCUS computes from several columns (EffectiveCost, ChargeCategory,
// ServiceName …) is no column of an imported CUR; views over the lake define it.
package schema

// Type is what the values of a column are, and how the lake stores them.
type Type string

// The types.
const (
	Text      Type = "text"      // VARCHAR
	Decimal   Type = "decimal"   // DECIMAL(p,s): p is 18 or 38, s as many digits as the file's values need
	Timestamp Type = "timestamp" // TIMESTAMP in UTC, microseconds
	Map       Type = "map"       // VARCHAR: a JSON object of text values; NULL where it has no entry
)
