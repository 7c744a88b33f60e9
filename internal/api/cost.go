package api

import (
	"context"
	"strings"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/auth"
	"github.com/bursarhq/bursar/internal/billing/query"
)

// CostAnswer answers a question about cost.
type CostAnswer struct {
	Metric      string         `json:"metric" doc:"How cost was counted."`
	Granularity string         `json:"granularity" enum:"daily,monthly,total" doc:"How time was cut."`
	From        string         `json:"from" doc:"First day, YYYY-MM-DD."`
	To          string         `json:"to" doc:"The day after the last, YYYY-MM-DD."`
	GroupBy     []string       `json:"group_by" doc:"The dimensions of each row."`
	Rows        []CostRow      `json:"rows" doc:"By time, then by amount, the largest first."`
	Totals      []bursar.Money `json:"totals" doc:"One for each currency: currencies are never added."`
}

// CostRow is one cell of an answer.
type CostRow struct {
	Start    string            `json:"start" doc:"First day of the row's time, YYYY-MM-DD."`
	Groups   map[string]string `json:"groups,omitempty" doc:"The value of each dimension; empty where AWS gave none."`
	Amount   bursar.Decimal    `json:"amount" doc:"Exact decimal, as text."`
	Currency string            `json:"currency" doc:"ISO 4217."`
}

type costInput struct {
	GroupBy     string `query:"group_by" doc:"Up to 3 dimensions, comma-separated; none gives one row for each time."`
	Granularity string `query:"granularity" doc:"daily, monthly (the default) or total."`
	From        string `query:"from" doc:"First month or day, YYYY-MM or YYYY-MM-DD; by default the month five months ago."`
	To          string `query:"to" doc:"First month or day that is left out; by default the next month."`
	Metric      string `query:"metric" doc:"How to count cost; unblended by default."`
}

type costOutput struct{ Body CostAnswer }

func (a *API) askCosts(ctx context.Context, p auth.Principal, in *costInput) (*costOutput, error) {
	words := query.Words{Granularity: in.Granularity, From: in.From, To: in.To, Metric: in.Metric}
	for _, name := range strings.Split(in.GroupBy, ",") {
		if name = strings.TrimSpace(name); name != "" {
			words.GroupBy = append(words.GroupBy, name)
		}
	}
	q, err := query.Parse(words, a.Now())
	if err != nil {
		return nil, err
	}
	answer, err := a.Costs.Ask(ctx, p.WorkspaceID, q)
	if err != nil {
		return nil, err
	}
	return &costOutput{showCosts(answer)}, nil
}

func showCosts(answer query.Answer) CostAnswer {
	q := answer.Question
	out := CostAnswer{
		Metric: q.Metric.Name, Granularity: string(q.Granularity), From: q.From.Format(time.DateOnly), To: q.To.Format(time.DateOnly),
		GroupBy: []string{}, Rows: make([]CostRow, 0, len(answer.Rows)), Totals: answer.Totals,
	}
	for _, d := range q.GroupBy {
		out.GroupBy = append(out.GroupBy, d.Name)
	}
	if out.Totals == nil {
		out.Totals = []bursar.Money{}
	}
	for _, r := range answer.Rows {
		row := CostRow{Start: r.Start.Format(time.DateOnly), Amount: r.Amount, Currency: r.Currency}
		if len(out.GroupBy) > 0 {
			row.Groups = make(map[string]string, len(out.GroupBy))
		}
		for i, name := range out.GroupBy {
			row.Groups[name] = r.Groups[i]
		}
		out.Rows = append(out.Rows, row)
	}
	return out
}
