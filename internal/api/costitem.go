package api

import (
	"context"
	"io"
	"strings"
	"time"

	"github.com/bursarhq/bursar/internal/auth"
	"github.com/bursarhq/bursar/internal/billing/query"
	"github.com/bursarhq/bursar/internal/billing/table"
	"github.com/danielgtaylor/huma/v2"
)

// CostItems are the line items behind a cost.
type CostItems struct {
	Metric     string       `json:"metric" doc:"How cost was counted."`
	From       string       `json:"from" doc:"First day, YYYY-MM-DD."`
	To         string       `json:"to" doc:"The day after the last, YYYY-MM-DD."`
	Columns    []SQLColumn  `json:"columns" doc:"The columns, in the order that was asked for."`
	Rows       [][]any      `json:"rows" doc:"A list of cells for each line item; those that cost most come first. Decimals are exact, as text; times are UTC; null is NULL."`
	Count      int64        `json:"count" doc:"Line items of all pages."`
	Totals     []CostTotal  `json:"totals" doc:"Of all pages: one for each currency, or unit."`
	Notes      []query.Note `json:"notes" doc:"What a reader of the amounts should know."`
	NextCursor string       `json:"next_cursor,omitempty" doc:"Gives the next page as cursor. Absent on the last one."`
}

// ItemSelection is which line items a request asks for.
type ItemSelection struct {
	Filter  []string `query:"filter,explode" doc:"DIMENSION OPERATOR VALUE, as of costs: \"service is AmazonEC2\". Repeated, all must hold."`
	From    string   `query:"from" doc:"First month or day, YYYY-MM or YYYY-MM-DD; by default the month five months ago."`
	To      string   `query:"to" doc:"First month or day that is left out; by default the next month."`
	Metric  string   `query:"metric" doc:"How to count cost; unblended by default."`
	Columns string   `query:"columns" doc:"Columns, comma-separated: dimensions, metrics, tag:KEY, cost_category:KEY, billing_period, day, hour, currency, unit, and columns of the lake such as ChargeDescription, by that name or AWS's. By default those that people look for."`
}

func (in ItemSelection) parse(now time.Time) (query.ItemQuestion, error) {
	return query.ParseItems(query.Words{From: in.From, To: in.To, Metric: in.Metric, Filters: in.Filter}, commaSeparated(in.Columns), now)
}

func commaSeparated(s string) (out []string) {
	for _, name := range strings.Split(s, ",") {
		if name = strings.TrimSpace(name); name != "" {
			out = append(out, name)
		}
	}
	return out
}

type itemInput struct {
	ItemSelection
	Cursor string `query:"cursor" doc:"The next_cursor of the page before. Opaque, and good for as long as no delivery changes the answer."`
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"Line items at most."`
}

type itemOutput struct{ Body CostItems }

func (a *API) listCostItems(ctx context.Context, p auth.Principal, in *itemInput) (*itemOutput, error) {
	q, err := in.parse(a.Now())
	if err != nil {
		return nil, err
	}
	items, err := a.Costs.Items(ctx, p.WorkspaceID, q, in.Cursor, in.Limit)
	if err != nil {
		return nil, err
	}
	out := CostItems{
		Metric: q.Metric.Name, From: q.From.Format(time.DateOnly), To: q.To.Format(time.DateOnly), Columns: []SQLColumn{}, Rows: [][]any{},
		Count: items.Count, Totals: showTotals(q.Question, items.Totals), Notes: items.Notes, NextCursor: items.Next,
	}
	if out.Notes == nil {
		out.Notes = []query.Note{}
	}
	for _, c := range items.Columns {
		out.Columns = append(out.Columns, SQLColumn{c.Name, c.Type})
	}
	for _, cells := range items.Rows {
		row := make([]any, len(cells))
		for i, cell := range cells {
			row[i] = table.JSON(items.Columns[i], cell)
		}
		out.Rows = append(out.Rows, row)
	}
	return &itemOutput{out}, nil
}

type itemExport struct {
	ItemSelection
	Format string `query:"format" default:"csv" doc:"csv, jsonl or parquet."`
}

// exportCostItems writes as it reads: what is wrong with the question is known before the first byte goes out.
func (a *API) exportCostItems(ctx context.Context, p auth.Principal, in *itemExport) (*huma.StreamResponse, error) {
	format, err := table.FormatByName(in.Format)
	if err != nil {
		return nil, err
	}
	q, err := in.parse(a.Now())
	if err != nil {
		return nil, err
	}
	file, err := a.Costs.ItemFile(ctx, p.WorkspaceID, q)
	if err != nil {
		return nil, err
	}
	return download("line-items", format, func(w io.Writer, f table.Format) error { return file.Write(ctx, w, f) }), nil
}
