package api

import (
	"context"
	"io"
	"net/http"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/auth"
	"github.com/bursarhq/bursar/internal/billing/query"
	"github.com/bursarhq/bursar/internal/billing/table"
	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

// CostAnswer answers a question about cost.
type CostAnswer struct {
	Metric      string        `json:"metric" doc:"How cost was counted."`
	Granularity string        `json:"granularity" enum:"hourly,daily,monthly,total" doc:"How time was cut."`
	From        string        `json:"from" doc:"First day, YYYY-MM-DD."`
	To          string        `json:"to" doc:"The day after the last, YYYY-MM-DD."`
	GroupBy     []string      `json:"group_by" doc:"The dimensions of each row."`
	Rows        []CostRow     `json:"rows" doc:"By time, then by amount, the largest first; what top left over comes last."`
	Totals      []CostTotal   `json:"totals" doc:"Of all pages: one for each currency. Currencies are never added, and neither are units."`
	Previous    *CostPrevious `json:"previous,omitempty" doc:"The time before. Present when the question compares."`
	Notes       []query.Note  `json:"notes" doc:"What a reader of the amounts should know."`
	NextCursor  string        `json:"next_cursor,omitempty" doc:"Gives the next page as cursor. Absent on the last one."`
}

// CostRow is one cell of an answer.
type CostRow struct {
	Start    string            `json:"start" doc:"When the row's time begins: YYYY-MM-DD, and for hours YYYY-MM-DDTHH:00:00Z."`
	Groups   map[string]string `json:"groups,omitempty" doc:"The value of each dimension; empty where AWS gave none."`
	Rest     int               `json:"rest,omitempty" doc:"How many groups are summed in this row, beyond the top ones. Such a row has no groups."`
	Amount   bursar.Decimal    `json:"amount" doc:"Exact decimal, as text."`
	Previous *bursar.Decimal   `json:"previous,omitempty" doc:"The same of the time before. Present when the question compares."`
	Currency string            `json:"currency,omitempty" doc:"ISO 4217. Absent when usage was asked for."`
	Unit     string            `json:"unit,omitempty" doc:"What usage is counted in. Absent when cost was asked for."`
	Source   string            `json:"source,omitempty" doc:"cost_explorer where the bill is still on its way and Cost Explorer's totals stand in for it: see the notes. Absent for what a bill says."`
}

// CostTotal is what an answer's rows add up to.
type CostTotal struct {
	Amount   bursar.Decimal `json:"amount" doc:"Exact decimal, as text."`
	Currency string         `json:"currency,omitempty" doc:"ISO 4217. Absent when usage was asked for."`
	Unit     string         `json:"unit,omitempty" doc:"What usage is counted in. Absent when cost was asked for."`
}

// CostPrevious is the time before the question's.
type CostPrevious struct {
	From   string      `json:"from" doc:"First day, YYYY-MM-DD."`
	To     string      `json:"to" doc:"The day after the last, YYYY-MM-DD."`
	Totals []CostTotal `json:"totals" doc:"One for each currency."`
}

// CostQuestion is a question as a request asks it.
type CostQuestion struct {
	GroupBy     string   `query:"group_by" doc:"Up to 3 dimensions, comma-separated; none gives one row for each time."`
	Filter      []string `query:"filter,explode" doc:"DIMENSION OPERATOR VALUE: \"service is AmazonEC2\", \"tag:team not exists\". Operators: is, is not, contains, not contains, exists, not exists. Repeated, all must hold; of one dimension and operator, is and contains take either."`
	Granularity string   `query:"granularity" doc:"hourly, daily, monthly (the default) or total."`
	From        string   `query:"from" doc:"First month or day, YYYY-MM or YYYY-MM-DD; by default the month five months ago."`
	To          string   `query:"to" doc:"First month or day that is left out; by default the next month."`
	Metric      string   `query:"metric" doc:"How to count cost; unblended by default."`
	Compare     string   `query:"compare" doc:"previous adds the time before to each row: as many months where the question is about whole months, else as many days."`
	Top         int      `query:"top" doc:"Tell only so many groups apart, those with the largest amounts over the whole time, and sum the others as one row. 0 is all."`
}

func (in CostQuestion) parse(now time.Time) (query.Question, error) {
	words := query.Words{
		Granularity: in.Granularity, From: in.From, To: in.To, Metric: in.Metric, Filters: in.Filter, Compare: in.Compare, Top: in.Top,
	}
	words.GroupBy = commaSeparated(in.GroupBy)
	return query.Parse(words, now)
}

type costInput struct {
	CostQuestion
	Cursor string `query:"cursor" doc:"The next_cursor of the page before. Opaque, and good for as long as no delivery changes the answer."`
	Limit  int    `query:"limit" minimum:"1" maximum:"10000" default:"1000" doc:"Rows at most."`
}

type costOutput struct{ Body CostAnswer }

func (a *API) askCosts(ctx context.Context, p auth.Principal, in *costInput) (*costOutput, error) {
	q, err := in.parse(a.Now())
	if err != nil {
		return nil, err
	}
	answer, err := a.Costs.Ask(ctx, p.WorkspaceID, q)
	if err != nil {
		return nil, err
	}
	rows, next, err := answer.Page(in.Cursor, in.Limit)
	return &costOutput{showCosts(answer, rows, next)}, err
}

func showCosts(answer query.Answer, rows []query.Row, next string) CostAnswer {
	q := answer.Question
	out := CostAnswer{
		Metric: q.Metric.Name, Granularity: string(q.Granularity), From: q.From.Format(time.DateOnly), To: q.To.Format(time.DateOnly),
		GroupBy: []string{}, Rows: make([]CostRow, 0, len(rows)), Totals: showTotals(q, answer.Totals), Notes: answer.Notes, NextCursor: next,
	}
	if out.Notes == nil {
		out.Notes = []query.Note{}
	}
	for _, d := range q.GroupBy {
		out.GroupBy = append(out.GroupBy, d.Name)
	}
	if p := answer.Previous; p != nil {
		out.Previous = &CostPrevious{p.From.Format(time.DateOnly), p.To.Format(time.DateOnly), showTotals(q, p.Totals)}
	}
	for _, r := range rows {
		out.Rows = append(out.Rows, showRow(q, out.GroupBy, r))
	}
	return out
}

func showRow(q query.Question, groups []string, r query.Row) CostRow {
	row := CostRow{Start: r.Start.Format(time.DateOnly), Amount: r.Amount, Rest: r.Rest, Source: r.Source}
	if q.Granularity == query.Hourly {
		row.Start = r.Start.Format(time.RFC3339)
	}
	if q.Compare {
		row.Previous = &r.Previous
	}
	if row.Currency = r.Currency; q.Metric.Quantity {
		row.Currency, row.Unit = "", r.Currency
	}
	if len(groups) > 0 && r.Rest == 0 {
		row.Groups = make(map[string]string, len(groups))
		for i, name := range groups {
			row.Groups[name] = r.Groups[i]
		}
	}
	return row
}

func showTotals(q query.Question, totals []bursar.Money) []CostTotal {
	out := make([]CostTotal, 0, len(totals))
	for _, t := range totals {
		if q.Metric.Quantity {
			out = append(out, CostTotal{Amount: t.Amount, Unit: t.Currency})
			continue
		}
		out = append(out, CostTotal{Amount: t.Amount, Currency: t.Currency})
	}
	return out
}

type costExport struct {
	CostQuestion
	Format string `query:"format" default:"csv" doc:"csv, jsonl or parquet."`
}

// exportCosts writes the whole answer. It is known before the first byte goes out, so that what is wrong with it is a problem document.
func (a *API) exportCosts(ctx context.Context, p auth.Principal, in *costExport) (*huma.StreamResponse, error) {
	format, err := table.FormatByName(in.Format)
	if err != nil {
		return nil, err
	}
	q, err := in.parse(a.Now())
	if err != nil {
		return nil, err
	}
	answer, err := a.Costs.Ask(ctx, p.WorkspaceID, q)
	if err != nil {
		return nil, err
	}
	return download("costs", format, answer.Write), nil
}

// download answers with a file. When it breaks off, so does the connection: a caller must not take half for the whole.
func download(name string, format table.Format, write func(io.Writer, table.Format) error) *huma.StreamResponse {
	return &huma.StreamResponse{Body: func(ctx huma.Context) {
		_, w := humago.Unwrap(ctx)
		w.Header().Set("Content-Type", format.ContentType)
		w.Header().Set("Content-Disposition", `attachment; filename="`+name+"."+format.Name+`"`)
		if err := write(w, format); err != nil {
			callOf(ctx.Context()).logger().Warn("a download broke off", "error", err)
			panic(http.ErrAbortHandler)
		}
	}}
}
