package query

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/billing/lake"
	"github.com/bursarhq/bursar/internal/billing/schema"
)

// Engine runs SQL over Parquet files. Each kind is a folder beside this package, proven by querytest.
type Engine interface {
	// Query runs a read-only statement and hands each row to scan. Decimals arrive exactly.
	Query(ctx context.Context, sql string, scan func(Values) error) error
}

// Values are the cells of one row, in the statement's order.
type Values interface {
	Text(i int) string // "" for NULL
	Time(i int) time.Time
	Decimal(i int) bursar.Decimal // 0 for NULL
}

// Snapshots gives consistent states of the lake.
type Snapshots interface {
	Snapshot(ctx context.Context, workspaceID string, within func(bursar.Period) bool) (*lake.Snapshot, error)
}

// Questions answers questions over a lake.
type Questions struct {
	Lake   Snapshots
	Engine Engine
}

// Ask answers a question about one workspace, from one snapshot of the lake. Files whose decimals differ in type are asked apart, and
// their sums are added here: no engine has to find a type that holds both.
func (q Questions) Ask(ctx context.Context, workspaceID string, question Question) (Answer, error) {
	snap, err := q.Lake.Snapshot(ctx, workspaceID, func(p bursar.Period) bool {
		return p.Start().Before(question.To) && question.From.Before(p.End())
	})
	if err != nil {
		return Answer{}, err
	}
	defer snap.Release()
	cells := map[string]*Row{}
	for _, statement := range question.sql(snap) {
		err := q.Engine.Query(ctx, statement, func(v Values) error { addCell(cells, question.row(v)); return nil })
		if err != nil {
			return Answer{}, err
		}
	}
	a := Answer{Question: question, Rows: inOrder(cells)}
	a.Totals = totals(a.Rows)
	return a, nil
}

func (q Question) row(v Values) Row {
	n := len(q.GroupBy)
	r := Row{Start: v.Time(0), Groups: make([]string, n), Currency: v.Text(n + 1), Amount: v.Decimal(n + 2)}
	for i := range n {
		r.Groups[i] = v.Text(i + 1)
	}
	return r
}

func addCell(cells map[string]*Row, r Row) {
	key := fmt.Sprintf("%d %q %q", r.Start.Unix(), r.Groups, r.Currency)
	if have := cells[key]; have != nil {
		have.Amount = have.Amount.Add(r.Amount)
		return
	}
	cells[key] = &r
}

// inOrder sorts by time, then by amount, the largest first, then by what is left: the same question always has the same answer.
func inOrder(cells map[string]*Row) []Row {
	out := make([]Row, 0, len(cells))
	for _, r := range cells {
		out = append(out, *r)
	}
	slices.SortFunc(out, func(a, b Row) int {
		return cmp.Or(a.Start.Compare(b.Start), b.Amount.Cmp(a.Amount), slices.Compare(a.Groups, b.Groups), strings.Compare(a.Currency, b.Currency))
	})
	return out
}

func totals(rows []Row) []bursar.Money {
	out := []bursar.Money{}
	for _, r := range rows {
		i := slices.IndexFunc(out, func(m bursar.Money) bool { return m.Currency == r.Currency })
		if i < 0 {
			out = append(out, bursar.Money{Currency: r.Currency})
			i = len(out) - 1
		}
		out[i].Amount = out[i].Amount.Add(r.Amount)
	}
	slices.SortFunc(out, func(a, b bursar.Money) int { return strings.Compare(a.Currency, b.Currency) })
	return out
}

// sql writes a statement for each set of files: the rollups where they have every dimension, the line items otherwise.
func (q Question) sql(snap *lake.Snapshot) (statements []string) {
	if !slices.ContainsFunc(q.GroupBy, func(d Dimension) bool { return !d.rolled }) {
		for _, f := range snap.Rollups {
			statements = append(statements, q.statement(f, "day", "currency", q.Metric.Name, func(d Dimension) string { return d.Name }))
		}
		return statements
	}
	for _, f := range snap.LineItems {
		has := hasColumn(f.Columns)
		statements = append(statements, q.statement(f, dayOf(has), currencyOf(has), q.Metric.SQL(has), func(d Dimension) string { return d.SQL(has) }))
	}
	return statements
}

func (q Question) statement(from lake.Files, day, currency, amount string, group func(Dimension) string) string {
	start := map[Granularity]string{
		Daily: day, Monthly: "date_trunc('month', " + day + ")::DATE", Total: "DATE '" + q.From.Format(time.DateOnly) + "'",
	}[q.Granularity]
	var b strings.Builder
	fmt.Fprintf(&b, "SELECT %s AS start_day", start)
	for i, d := range q.GroupBy {
		fmt.Fprintf(&b, ", %s AS g%d", group(d), i)
	}
	fmt.Fprintf(&b, ", %s AS currency_code, sum(%s) AS amount FROM %s WHERE %s >= DATE '%s' AND %s < DATE '%s' GROUP BY ALL",
		currency, amount, relation(from), day, q.From.Format(time.DateOnly), day, q.To.Format(time.DateOnly))
	return b.String()
}

// relation names Parquet files of one schema.
func relation(f lake.Files) string {
	quoted := make([]string, len(f.Paths))
	for i, p := range f.Paths {
		quoted[i] = "'" + strings.ReplaceAll(p, "'", "''") + "'"
	}
	return "read_parquet([" + strings.Join(quoted, ", ") + "])"
}

// hasColumn says, by normal name, whether the files have a column.
func hasColumn(columns []string) func(normal string) bool {
	have := map[string]bool{}
	for _, c := range columns {
		have[strings.ToLower(c)] = true
	}
	return func(normal string) bool { return have[strings.ToLower(schema.Lake(normal))] }
}

func currencyOf(has func(string) bool) string { return plain("line_item_currency_code")(has) }

// dayOf is the day that a line item counts to: that of its usage.
func dayOf(has func(string) bool) string {
	return col("line_item_usage_start_date") + "::DATE"
}

// RollupSQL returns the statement that makes a rollup of line items: daily sums of every metric by every rolled dimension.
func RollupSQL(items lake.Files) string {
	has := hasColumn(items.Columns)
	cols := []string{dayOf(has) + " AS day", currencyOf(has) + " AS currency", plain("pricing_unit")(has) + " AS unit"}
	for _, d := range Dimensions {
		if d.rolled {
			cols = append(cols, d.SQL(has)+" AS "+d.Name)
		}
	}
	for _, m := range Metrics {
		cols = append(cols, "sum("+m.SQL(has)+") AS "+m.Name)
	}
	cols = append(cols, "sum("+money("line_item_usage_amount")(has)+") AS usage", "count(*) AS line_items")
	return "SELECT " + strings.Join(cols, ", ") + " FROM " + relation(items) + " GROUP BY ALL ORDER BY day, service, account"
}
