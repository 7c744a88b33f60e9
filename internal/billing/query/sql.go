package query

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/bursarhq/bursar/internal/billing/lake"
	"github.com/bursarhq/bursar/internal/billing/schema"
)

// rolledScale is how many digits after the point the sums of a rollup have at least, so that the rollups of all deliveries are of one
// type and can be read as one relation. Sums of usage have never more: of costs no digit is given up.
const rolledScale = 18

// sql writes the statements that answer the question: over the summaries, the rollups or the line items, whichever is the least that has
// every dimension. One for each set of files.
func (q Question) sql(snap *lake.Snapshot) (statements []string) {
	for _, r := range q.readings(snap) {
		statements = append(statements, q.statement(r))
	}
	return statements
}

// counting writes the statements that add the question up, by currency or unit alone, and count its line items.
func (q Question) counting(snap *lake.Snapshot) (statements []string) {
	for _, r := range q.readings(snap) {
		statements = append(statements, fmt.Sprintf("SELECT %s AS counted, sum(%s), coalesce(sum(%s), 0)::BIGINT FROM %s WHERE %s GROUP BY ALL ORDER BY counted",
			r.counted, r.amount, r.items, r.from, strings.Join(q.limits(r), " AND ")))
	}
	return statements
}

func (q Question) readings(snap *lake.Snapshot) (out []reading) {
	least := q.least()
	if q.Metric.Quantity && finer(snap.LineItems) {
		least = ofItems
	}
	files := map[level][]lake.Files{ofSummary: snap.Summaries, ofRollup: snap.Rollups, ofItems: snap.LineItems}[least]
	for _, f := range files {
		if least == ofItems {
			out = append(out, q.overItems(f))
		} else {
			out = append(out, q.overRollup(f))
		}
	}
	return out
}

// limits are the question's time and filters.
func (q Question) limits(r reading) []string {
	return append([]string{r.day + " >= " + date(q.From), r.day + " < " + date(q.To)}, conditions(q.Filters, r.valueOf)...)
}

// finer says whether usage has more digits than a rollup keeps of it.
func finer(items []lake.Files) bool {
	return slices.ContainsFunc(items, func(f lake.Files) bool {
		return max(f.Decimals[schema.Lake("line_item_usage_amount")].Scale, f.Decimals[schema.Lake("ConsumedQuantity")].Scale) > rolledScale
	})
}

// least is the level of the smallest files that can answer.
func (q Question) least() level {
	least := ofSummary
	for _, d := range q.GroupBy {
		least = min(least, d.level)
	}
	for _, f := range q.Filters {
		least = min(least, f.Dimension.level)
	}
	if q.Metric.Quantity {
		least = min(least, ofRollup) // summaries have no units
	}
	if q.LineItems || q.Granularity == Hourly {
		least = ofItems
	}
	return least
}

// reading is how a question reads one set of files: each is an expression over them.
type reading struct {
	from      string // a relation
	day, hour string // hour is "" where only days are known
	counted   string // the currency, or the unit
	amount    string
	items     string // how many line items a row stands for
	has       func(normal string) bool
	valueOf   func(Dimension) string
}

func (q Question) overRollup(f lake.Files) reading {
	counted := "currency"
	if q.Metric.Quantity {
		counted = "unit"
	}
	return reading{from: countedSums(f), day: "day", counted: counted, amount: q.Metric.Name, items: "line_items", has: hasColumn(f), valueOf: func(d Dimension) string { return d.Name }}
}

func (q Question) overItems(f lake.Files) reading {
	has := hasColumn(f)
	counted := currencyOf(has)
	if q.Metric.Quantity {
		counted = unitOf(has)
	}
	return reading{
		from: countedItems(f), day: dayOf(f), hour: hourOf(f), counted: counted, amount: q.Metric.SQL(has), items: "1", has: has,
		valueOf: func(d Dimension) string { return d.SQL(has) },
	}
}

func (q Question) statement(r reading) string {
	start := map[Granularity]string{
		Hourly: r.hour, Daily: r.day, Monthly: "date_trunc('month', " + r.day + ")::DATE", Total: date(q.From),
	}[q.Granularity]
	var b, order strings.Builder
	fmt.Fprintf(&b, "SELECT %s AS start_time", start)
	for i, d := range q.GroupBy {
		fmt.Fprintf(&b, ", %s AS g%d", r.valueOf(d), i)
		fmt.Fprintf(&order, ", g%d", i)
	}
	having := ""
	if q.Metric.Quantity { // rows that count nothing have no unit to speak of
		having = " HAVING counted <> '' OR sum_amount <> 0"
	}
	fmt.Fprintf(&b, ", %s AS counted, sum(%s) AS sum_amount FROM %s WHERE %s", r.counted, r.amount, r.from, strings.Join(q.limits(r), " AND "))
	b.WriteString(" GROUP BY ALL" + having + " ORDER BY start_time, sum_amount DESC" + order.String() + ", counted")
	return b.String()
}

func date(t time.Time) string { return "DATE '" + t.Format(time.DateOnly) + "'" }

// relation names Parquet files of one schema. Where some costs have more digits than others can take, all are given the same type
// first: an expression over two of them could otherwise lose digits, while a cast that does not fit is an error.
func relation(f lake.Files) string { return relationWith(f, "") }

// relationWith does the same with options of the reader.
func relationWith(f lake.Files, options string) string {
	from := "read_parquet(" + paths(f) + options + ")"
	wide, scale := false, 0
	var costs []string
	for _, c := range costColumns {
		if d, ok := f.Decimals[c]; ok {
			costs = append(costs, c)
			wide, scale = wide || d.Precision > 18, max(scale, d.Scale)
		}
	}
	if !wide || len(costs) < 2 {
		return from
	}
	for i, c := range costs {
		costs[i] = fmt.Sprintf("%s::DECIMAL(38,%d) AS %s", quote(c), scale, quote(c))
	}
	return "(SELECT * REPLACE (" + strings.Join(costs, ", ") + ") FROM " + from + ")"
}

// paths is the list of the files.
func paths(f lake.Files) string {
	quoted := make([]string, len(f.Paths))
	for i, p := range f.Paths {
		quoted[i] = text(p)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

// costColumns are the columns of the lake that metrics of cost read.
var costColumns = func() []string {
	var out []string
	for _, m := range Metrics {
		if !m.Quantity {
			out = append(out, m.columns()...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}()

// columns are the columns of the lake that the metric may read.
func (m Metric) columns() (out []string) {
	has := func(normal string) bool {
		if t := schema.Lookup(normal).Type; t == schema.Decimal {
			out = append(out, schema.Lake(normal))
		}
		return true
	}
	m.expr(has)
	m.focus(has)
	return out
}

// scale is how many digits after the point the metric's sums have in a rollup of the files.
func (m Metric) scale(items []lake.Files) int {
	scale := rolledScale
	if m.Quantity {
		return scale
	}
	for _, f := range items {
		for _, c := range costColumns { // of any cost: that is what relation gives to all
			scale = max(scale, f.Decimals[c].Scale)
		}
	}
	return scale
}

func quote(column string) string { return `"` + strings.ReplaceAll(column, `"`, `""`) + `"` }

// hasColumn says, by normal name, whether the files have a column.
func hasColumn(f lake.Files) func(normal string) bool {
	have := map[string]bool{}
	for _, c := range f.Columns {
		have[strings.ToLower(c)] = true
	}
	return func(normal string) bool { return have[strings.ToLower(schema.Lake(normal))] }
}

func currencyOf(has func(string) bool) string { return plain("line_item_currency_code")(has) }

func unitOf(has func(string) bool) string {
	if isFOCUS(has) {
		return plain("ConsumedUnit")(has)
	}
	return plain("pricing_unit")(has)
}

// dayOf is the day that a line item counts to: that on which its usage began. Usage that began outside of the billing period (a fee of the
// year before, a late correction) counts to the period's first or last day, so that the days of a month add up to its bill.
func dayOf(f lake.Files) string {
	day := col("line_item_usage_start_date") + "::DATE"
	if f.Period.IsZero() {
		return day
	}
	first, last := date(f.Period.Start()), date(f.Period.End().AddDate(0, 0, -1))
	return "least(greatest(coalesce(" + day + ", " + first + "), " + first + "), " + last + ")"
}

// hourOf is the hour that a line item counts to, which lies in the day that it counts to.
func hourOf(f lake.Files) string {
	hour := "date_trunc('hour', " + col("line_item_usage_start_date") + ")"
	if f.Period.IsZero() {
		return hour
	}
	first, last := timestamp(f.Period.Start()), timestamp(f.Period.End().Add(-time.Hour))
	return "least(greatest(coalesce(" + hour + ", " + first + "), " + first + "), " + last + ")"
}

func timestamp(t time.Time) string { return "TIMESTAMP '" + t.Format(time.DateTime) + "'" }

// RollupSQL returns the statement that makes a rollup of a delivery's line items: daily sums of every metric by every dimension that is
// rolled, all of one type.
func RollupSQL(items []lake.Files) string {
	var parts []string
	for _, f := range items {
		has := hasColumn(f)
		cols := []string{dayOf(f) + " AS day", currencyOf(has) + " AS currency", unitOf(has) + " AS unit"}
		for _, d := range Dimensions {
			if d.level >= ofRollup {
				cols = append(cols, d.SQL(has)+" AS "+d.Name)
			}
		}
		for _, m := range Metrics {
			cols = append(cols, m.rolled(has, items))
		}
		parts = append(parts, "SELECT "+strings.Join(append(cols, "count(*) AS line_items"), ", ")+" FROM "+relation(f)+" GROUP BY ALL")
	}
	from := strings.Join(parts, " UNION ALL ")
	if len(parts) > 1 {
		from = sums("("+from+")", ofRollup)
	}
	return from + " ORDER BY day, service, account"
}

// rolled is the metric's column of a rollup. Usage is cut to its type before it is added up, so that bytes beside fractions of hours
// fit; cost after, for the sum of many small numbers is quicker.
func (m Metric) rolled(has func(string) bool, items []lake.Files) string {
	if m.Quantity {
		return fmt.Sprintf("sum((%s)::DECIMAL(38,%d)) AS %s", m.SQL(has), m.scale(items), m.Name)
	}
	return fmt.Sprintf("sum(%s)::DECIMAL(38,%d) AS %s", m.SQL(has), m.scale(items), m.Name)
}

// SummarySQL returns the statement that makes a summary of a rollup.
func SummarySQL(rollup string) string {
	return sums("read_parquet("+text(rollup)+")", ofSummary) + " ORDER BY day, service"
}

func sums(from string, least level) string {
	cols := []string{"day", "currency"}
	if least == ofRollup {
		cols = append(cols, "unit")
	}
	for _, d := range Dimensions {
		if d.level >= least {
			cols = append(cols, d.Name)
		}
	}
	for _, m := range Metrics {
		if !m.Quantity || least == ofRollup {
			cols = append(cols, "sum("+m.Name+") AS "+m.Name)
		}
	}
	return "SELECT " + strings.Join(append(cols, "sum(line_items)::BIGINT AS line_items"), ", ") + " FROM " + from + " GROUP BY ALL"
}

// TotalsSQL returns the statement that adds up unblended cost by currency over a rollup.
func TotalsSQL(rollup string) string {
	return "SELECT currency, sum(unblended) FROM read_parquet(" + text(rollup) + ") GROUP BY ALL"
}

// OwnersSQL returns the statement that lists whose costs a rollup has: payer and account.
func OwnersSQL(rollup string) string {
	return "SELECT DISTINCT payer, account FROM read_parquet(" + text(rollup) + ") ORDER BY ALL"
}

// DaysSQL returns the statement that adds up a summary's unblended cost by day, service and currency.
func DaysSQL(summary string) string {
	return "SELECT day, service, currency, sum(unblended) FROM read_parquet(" + text(summary) + ") GROUP BY ALL"
}

// without leaves out of a relation the owners whose costs another export brings.
func without(from string, owners []lake.Owner, account, payer string) string {
	if len(owners) == 0 {
		return from
	}
	conditions := make([]string, len(owners))
	for i, o := range owners {
		conditions[i] = "(" + account + " = " + text(o.Account) + " AND " + payer + " = " + text(o.Payer) + ")"
	}
	return "(SELECT * FROM " + from + " WHERE NOT (" + strings.Join(conditions, " OR ") + "))"
}

// countedItems are the line items that count.
func countedItems(f lake.Files) string { return countedWith(f, "") }

func countedWith(f lake.Files, options string) string {
	has := hasColumn(f)
	return without(relationWith(f, options), f.Without, plain("line_item_usage_account_id")(has), plain("bill_payer_account_id")(has))
}

// countedSums are the sums that count, of rollups and summaries.
func countedSums(f lake.Files) string { return without(relation(f), f.Without, "account", "payer") }
