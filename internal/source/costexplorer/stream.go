package costexplorer

import (
	"slices"
	"strings"

	"github.com/bursarhq/bursar"
)

// ColumnType says what the text of a cell is.
type ColumnType string

// The types of a cell. An empty cell of any type but Text has no value.
const (
	Text    ColumnType = "text"
	Decimal ColumnType = "decimal" // exact, without an exponent
	Time    ColumnType = "time"    // RFC 3339, UTC
	Bool    ColumnType = "bool"    // true or false
	JSON    ColumnType = "json"
)

// Column is one column of a stream.
type Column struct {
	Name string     `json:"name"`
	Type ColumnType `json:"type"`

	path string // where the cell is in an item of AWS's answer
}

// The times that a stream is about.
const (
	Timeless  = ""        // what there is now
	Daily     = "DAILY"   //
	Monthly   = "MONTHLY" // aligned to months
	Hourly    = "HOURLY"  // of the last 14 days
	Resources = "days"    // days of the last 14 days
	Future    = "future"  // what is expected
	Recent    = "recent"  // days of the last 90 days
)

// Operation describes one stream: which operation of AWS answers it, how it is asked, paged and read, and what AWS does not allow.
// One table holds them all: [Operations].
type Operation struct {
	Name    string // the stream's
	About   string // for people
	Action  string // the operation; "ce:" and it is the IAM action
	Times   string // what times it is about
	Settled bool   // it tells of days that are over: its windows end today and not tomorrow
	Months  int    // how far back by default, the current month included
	Most    int    // how far back at most; 0 = it has no past
	Groups  int    // how many groupings AWS takes at once
	Beyond  bool   // one more grouping can be asked value by value
	Metrics bool   // it is asked for metrics
	Key     string // what Stream.Key is: "dimension", "tag", "category", "service"; "" = it has none
	KeyBy   string // the default of it
	Filters bool   // it takes a filter
	Setting string // what must be switched on in AWS; "" = nothing more than Cost Explorer

	token   string // the name of the token's member; "" = it is not paged
	size    string // the name of the page size's member; "" = it cannot be asked for
	largest int    // the largest page
	fixed   map[string]any
	columns []Column
	list    []string // the members that lead to the items; each may be a list
	whole   string   // the member that stands for a single item where the last list is empty
}

// Columns are those of the stream's rows.
func (o *Operation) Columns() []Column {
	if o.costs() {
		return slices.Clone(costColumns)
	}
	return slices.Concat(o.columns, common)
}

// costs says whether the answer is one of GetCostAndUsage's.
func (o *Operation) costs() bool { return o.Metrics }

// IAM is the action that a policy must allow.
func (o *Operation) IAM() string { return "ce:" + o.Action }

// Find returns the operation of a stream; nil when there is none.
func Find(stream string) *Operation {
	if i := slices.IndexFunc(operations, func(o Operation) bool { return o.Name == stream }); i >= 0 {
		return &operations[i]
	}
	return nil
}

// Operations are all streams, in the order in which people look for them.
func Operations() []*Operation {
	out := make([]*Operation, len(operations))
	for i := range operations {
		out[i] = &operations[i]
	}
	return out
}

// Names lists the names of all streams.
func Names() string {
	var out []string
	for _, o := range operations {
		out = append(out, o.Name)
	}
	return strings.Join(out, ", ")
}

// Defaults are the streams of a source for which nobody has chosen any: at most five requests a day, while a page is enough for each.
func Defaults() []bursar.Stream {
	return []bursar.Stream{
		{Name: "cost_daily", GroupBy: []string{"SERVICE"}},
		{Name: "cost_monthly", GroupBy: []string{"LINKED_ACCOUNT"}},
		{Name: "forecast"},
	}
}

// Totals are the streams that show what a month costs before its bill has come, and that a bill is held against.
func Totals() []bursar.Stream {
	return []bursar.Stream{{Name: "cost_monthly", GroupBy: []string{"LINKED_ACCOUNT"}}, {Name: "cost_daily", GroupBy: []string{"SERVICE"}}}
}

// common are the last columns of every stream.
var common = []Column{
	{Name: "account_id", Type: Text}, {Name: "fetched_at", Type: Time}, {Name: "run_id", Type: Text}, {Name: "query_hash", Type: Text}, {Name: "source", Type: Text},
}

var costColumns = slices.Concat([]Column{
	{Name: "period_start", Type: Time},
	{Name: "period_end", Type: Time},
	{Name: "granularity", Type: Text},
	{Name: "group1_type", Type: Text},
	{Name: "group1_key", Type: Text},
	{Name: "group1_value", Type: Text},
	{Name: "group2_type", Type: Text},
	{Name: "group2_key", Type: Text},
	{Name: "group2_value", Type: Text},
	{Name: "group3_type", Type: Text},
	{Name: "group3_key", Type: Text},
	{Name: "group3_value", Type: Text},
	{Name: "linked_account_id", Type: Text},
	{Name: "linked_account_name", Type: Text},
	{Name: "metric", Type: Text},
	{Name: "amount", Type: Decimal},
	{Name: "unit", Type: Text},
	{Name: "estimated", Type: Bool},
}, common)

func text(name, path string) Column     { return Column{name, Text, path} }
func decimal(name, path string) Column  { return Column{name, Decimal, path} }
func moment(name, path string) Column   { return Column{name, Time, path} }
func document(name, path string) Column { return Column{name, JSON, path} }

// days are the columns of a period, which lies beside an item or around it.
func days() []Column {
	return []Column{moment("period_start", "TimePeriod.Start"), moment("period_end", "TimePeriod.End")}
}
