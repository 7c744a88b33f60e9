package reconcile

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/billing/query"
	"github.com/bursarhq/bursar/internal/store"
)

// FromCostExplorer is the source of a row that no bill has told yet.
const FromCostExplorer = "cost_explorer"

// Costs answers questions from the lake, and with Cost Explorer's totals where a source stands in for a bill that is still on its way. Each such
// row says so, a note names the account and the age, and the month's bill replaces them as soon as it counts.
type Costs struct {
	query.Questions
	Store *store.Store
}

// Ask answers a question about one workspace.
func (c Costs) Ask(ctx context.Context, workspaceID string, q query.Question) (query.Answer, error) {
	a, err := c.Questions.Ask(ctx, workspaceID, q)
	if err != nil {
		return a, err
	}
	err = c.Store.View(ctx, func(tx *store.Tx) error {
		sources, err := preliminary(tx, workspaceID)
		if err != nil || len(sources) == 0 {
			return err
		}
		for _, s := range sources {
			if err := stand(tx, s, &a); err != nil {
				return err
			}
		}
		return nil
	})
	// what top left over stays last
	slices.SortStableFunc(a.Rows, func(x, y query.Row) int {
		return cmp.Or(x.Start.Compare(y.Start), min(x.Rest, 1)-min(y.Rest, 1), y.Amount.Cmp(x.Amount))
	})
	return a, err
}

// preliminary lists the sources that stand in for bills: one for each account, and none of a member whose payer has one, since the payer's
// tells the member's costs too.
func preliminary(tx *store.Tx, workspaceID string) (out []bursar.Source, err error) {
	list, err := tx.AllSources(workspaceID)
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for _, s := range list {
		if s.Preliminary && s.AccountID != "" && !seen[s.AccountID] {
			seen[s.AccountID] = true
			out = append(out, s)
		}
	}
	return slices.DeleteFunc(out, func(s bursar.Source) bool {
		a, missing := tx.Account(workspaceID, s.AccountID)
		return missing == nil && a.PayerID != "" && a.PayerID != s.AccountID && seen[a.PayerID]
	}), nil
}

// stand adds to an answer what a source knows of months without a bill.
func stand(tx *store.Tx, s bursar.Source, a *query.Answer) error {
	billed, err := tx.BilledPeriods(s.WorkspaceID, s.AccountID)
	if err != nil {
		return err
	}
	x, fits := answers(s, a.Question)
	if !fits {
		return lacking(tx, s, billed, a)
	}
	list, err := cells(tx, s.ID, x.Name, bursar.PeriodOf(a.Question.From), bursar.PeriodOf(a.Question.To.Add(-1)))
	if err != nil {
		return err
	}
	rows := map[string]int{}
	shown := 0
	for _, c := range list {
		if _, there := billed[c.period]; there || c.metric != metricOf[a.Question.Metric.Name] || c.at.Before(a.Question.From) || !c.at.Before(a.Question.To) {
			continue
		}
		put(a, rows, s, c)
		shown++
	}
	if shown == 0 {
		return nil
	}
	return note(tx, s, x.Name, a)
}

// answers finds the stream of a source that can answer a question.
func answers(s bursar.Source, q query.Question) (bursar.Stream, bool) {
	metric, known := metricOf[q.Metric.Name]
	if !known || q.Compare || q.Top > 0 || len(q.Filters) > 0 || len(q.GroupBy) > 1 || q.Granularity == query.Hourly {
		return bursar.Stream{}, false
	}
	by := ""
	if len(q.GroupBy) == 1 {
		by = map[string]string{"service": "SERVICE", "account": "LINKED_ACCOUNT", "payer": ""}[q.GroupBy[0].Name]
		if by == "" && q.GroupBy[0].Name != "payer" {
			return bursar.Stream{}, false
		}
	}
	names := []string{"cost_monthly", "cost_daily"}
	if q.Granularity == query.Daily || q.From.Day() != 1 || q.To.Day() != 1 {
		names = names[1:]
	}
	x, ok := whole(s, names, by)
	return x, ok && asks(x, metric)
}

// put adds a cell to its row of the answer, and to the totals.
func put(a *query.Answer, rows map[string]int, s bursar.Source, c cell) {
	r := query.Row{Start: start(a.Question, c.at), Groups: make([]string, len(a.Question.GroupBy)), Currency: c.currency, Source: FromCostExplorer}
	if len(r.Groups) == 1 {
		r.Groups[0] = c.group
		if a.Question.GroupBy[0].Name == "payer" {
			r.Groups[0] = s.AccountID
		}
	}
	key := fmt.Sprint(r.Start, r.Groups, r.Currency)
	at, known := rows[key]
	if !known {
		at = len(a.Rows)
		rows[key] = at
		a.Rows = append(a.Rows, r)
	}
	a.Rows[at].Amount = a.Rows[at].Amount.Add(c.amount)
	i := slices.IndexFunc(a.Totals, func(m bursar.Money) bool { return m.Currency == c.currency })
	if i < 0 {
		i = len(a.Totals)
		a.Totals = append(a.Totals, bursar.Money{Currency: c.currency})
	}
	a.Totals[i].Amount = a.Totals[i].Amount.Add(c.amount)
}

func start(q query.Question, at time.Time) time.Time {
	switch q.Granularity {
	case query.Daily:
		return at
	case query.Monthly:
		return bursar.PeriodOf(at).Start()
	}
	return q.From
}

// note says what a reader should know, and makes the answer's state follow the source's data.
func note(tx *store.Tx, s bursar.Source, stream string, a *query.Answer) error {
	list, err := tx.Streams(s)
	if err != nil {
		return err
	}
	for _, x := range list {
		if x.Name != stream {
			continue
		}
		a.Notes = append(a.Notes, query.Note{Code: "preliminary", Message: fmt.Sprintf(
			"The bill of account %s is still on its way: rows with the source cost_explorer are Cost Explorer's totals as of %s, which the source %q holds from %s to %s, with its names of services. AWS may still change them, and the bill replaces them.",
			s.AccountID, x.OKAt.Format(time.RFC3339), s.Name, x.First, x.Last)})
		a.State += "+" + s.ID + x.OKAt.Format(time.RFC3339)
	}
	return nil
}

// lacking says that a source has totals of months without a bill, which do not answer the question.
func lacking(tx *store.Tx, s bursar.Source, billed map[bursar.Period]time.Time, a *query.Answer) error {
	months, err := tx.CostMonths(s.ID, "")
	for _, m := range months {
		if _, there := billed[m.Period]; m.Period.IsZero() || there || !m.Period.Start().Before(a.Question.To) || !a.Question.From.Before(m.Period.End()) {
			continue
		}
		a.Notes = append(a.Notes, query.Note{Code: "preliminary_left_out", Message: fmt.Sprintf(
			"The bill of account %s is still on its way. Cost Explorer's totals of it answer only questions without filters, by service, account or payer: this answer leaves them out.", s.AccountID)})
		return err
	}
	return err
}
