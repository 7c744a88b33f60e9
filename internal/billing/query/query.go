package query

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/billing/lake"
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
	Null(i int) bool
}

// Snapshots gives consistent states of the lake.
type Snapshots interface {
	Snapshot(ctx context.Context, workspaceID string, within func(bursar.Period) bool) (*lake.Snapshot, error)
}

// Questions answers questions over a lake.
type Questions struct {
	Lake   Snapshots
	Engine Engine
	Known  *KnownKeys // nil remembers nothing
}

// Ask answers a question about one workspace, from one snapshot of the lake. Files of different schemas are asked apart, and their
// sums are added here: no engine has to find a type that holds the decimals of both.
func (q Questions) Ask(ctx context.Context, workspaceID string, question Question) (Answer, error) {
	before := question
	if question.Compare {
		before = question.before()
	}
	snap, err := q.Lake.Snapshot(ctx, workspaceID, func(p bursar.Period) bool {
		return p.Start().Before(question.To) && before.From.Before(p.End())
	})
	if err != nil {
		return Answer{}, err
	}
	defer snap.Release()
	a := Answer{Question: question, Notes: question.notes(snap), State: question.state(snap)}
	if a.Rows, err = q.rows(ctx, snap, question); err != nil {
		return Answer{}, err
	}
	a.Totals = totalled(a.Rows)
	if question.Compare {
		earlier, err := q.rows(ctx, snap, before)
		if err != nil {
			return Answer{}, err
		}
		a.Previous = &Previous{From: before.From, To: before.To, Totals: totalled(earlier)}
		a.Rows = question.compare(a.Rows, before, earlier)
	}
	if question.Top > 0 {
		a.Rows = question.top(a.Rows)
	}
	return a, nil
}

func (q Questions) rows(ctx context.Context, snap *lake.Snapshot, question Question) ([]Row, error) {
	rows := []Row{}
	statements := question.sql(snap)
	for _, statement := range statements {
		err := q.Engine.Query(ctx, statement, func(v Values) error {
			if len(rows) == MaxRows {
				return bursar.InvalidField("group_by", "the answer has more than %d rows", MaxRows).WithReason("too_many_rows").
					WithHint("ask for a shorter time or fewer groups, filter, or ask in SQL")
			}
			rows = append(rows, question.row(v))
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	if len(statements) > 1 {
		rows = merge(rows)
	}
	return rows, nil
}

func (q Question) row(v Values) Row {
	n := len(q.GroupBy)
	r := Row{Start: v.Time(0), Groups: make([]string, n), Currency: v.Text(n + 1), Amount: v.Decimal(n + 2)}
	for i := range n {
		r.Groups[i] = v.Text(i + 1)
	}
	return r
}

// merge adds up rows of the same time, groups and currency, and puts them into the order that a single statement gives: by time, then by
// amount, the largest first, then by what is left, so that the same question always has the same answer. What top left over comes last.
func merge(rows []Row) []Row {
	slices.SortFunc(rows, func(a, b Row) int { return cmp.Or(a.Start.Compare(b.Start), compareCells(a, b)) })
	out := rows[:0]
	for _, r := range rows {
		if n := len(out) - 1; n >= 0 && out[n].Start.Equal(r.Start) && compareCells(out[n], r) == 0 {
			out[n].Amount, out[n].Previous = out[n].Amount.Add(r.Amount), out[n].Previous.Add(r.Previous)
			continue
		}
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b Row) int { return cmp.Or(a.Start.Compare(b.Start), a.Rest-b.Rest, byAmount(a, b)) })
	return out
}

// byAmount puts the largest first.
func byAmount(a, b Row) int {
	return cmp.Or(b.Amount.Cmp(a.Amount), b.Previous.Cmp(a.Previous), compareCells(a, b))
}

func compareCells(a, b Row) int {
	return cmp.Or(a.Rest-b.Rest, slices.Compare(a.Groups, b.Groups), strings.Compare(a.Currency, b.Currency))
}

func totalled(rows []Row) []bursar.Money {
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
