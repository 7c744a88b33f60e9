package client

import (
	"context"
	"errors"
	"io"
	"net/url"
	"strconv"
	"strings"

	"github.com/bursarhq/bursar"
)

// Question asks what something cost.
type Question struct {
	GroupBy     []string // up to three: "service", "account", "tag:team"…
	Filters     []string // "service is AmazonEC2", "tag:team not exists"…: all must hold
	Granularity string   // "hourly", "daily", "monthly" or "total"
	From, To    string   // YYYY-MM or YYYY-MM-DD; To is exclusive
	Metric      string   // "unblended", "amortized"…
	Compare     bool     // with the time before
	Top         int      // groups that are told apart; 0 is all
}

func (q Question) values() url.Values {
	v := url.Values{}
	for key, value := range map[string]string{
		"group_by": strings.Join(q.GroupBy, ","), "granularity": q.Granularity, "from": q.From, "to": q.To, "metric": q.Metric,
	} {
		if value != "" {
			v.Set(key, value)
		}
	}
	for _, f := range q.Filters {
		v.Add("filter", f)
	}
	if q.Compare {
		v.Set("compare", "previous")
	}
	if q.Top != 0 {
		v.Set("top", strconv.Itoa(q.Top))
	}
	return v
}

// CostRow is one cell of an answer.
type CostRow struct {
	Start    string            `json:"start"` // YYYY-MM-DD, the first day of the row's time; for hours in RFC 3339
	Groups   map[string]string `json:"groups,omitempty"`
	Rest     int               `json:"rest,omitempty"` // how many groups are summed here, beyond the top ones
	Amount   bursar.Decimal    `json:"amount"`
	Previous *bursar.Decimal   `json:"previous,omitempty"` // of the time before
	Currency string            `json:"currency,omitempty"`
	Unit     string            `json:"unit,omitempty"`   // of usage, which has no currency
	Source   string            `json:"source,omitempty"` // "cost_explorer" while the bill is still on its way; "" is a bill
}

// CostTotal is what rows add up to, in one currency or one unit.
type CostTotal struct {
	Amount   bursar.Decimal `json:"amount"`
	Currency string         `json:"currency,omitempty"`
	Unit     string         `json:"unit,omitempty"`
}

// Costs answers a question. Totals are per currency: currencies are never added.
type Costs struct {
	Metric      string        `json:"metric"`
	Granularity string        `json:"granularity"`
	From        string        `json:"from"`
	To          string        `json:"to"`
	GroupBy     []string      `json:"group_by"`
	Rows        []CostRow     `json:"rows"`
	Totals      []CostTotal   `json:"totals"`
	Previous    *CostPrevious `json:"previous,omitempty"`
	Notes       []CostNote    `json:"notes"`
	NextCursor  string        `json:"next_cursor,omitempty"`
}

// CostPrevious is the time before the question's.
type CostPrevious struct {
	From   string      `json:"from"`
	To     string      `json:"to"`
	Totals []CostTotal `json:"totals"`
}

// CostNote is something that a reader of the amounts should know.
type CostNote struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

const (
	rowsOfAPage = "10000"
	beginAgain  = 3 // times, when deliveries change the answer between its pages
)

// Costs asks what something cost, and returns every page's rows. An unknown group, filter, granularity or metric is an [*Error] that lists
// the valid ones.
func (c *Client) Costs(ctx context.Context, q Question) (out *Costs, err error) {
	for range beginAgain {
		out, err = c.costs(ctx, q)
		var e *Error
		if err == nil || !errors.As(err, &e) || e.Reason != "cursor_stale" {
			break
		}
	}
	return out, err
}

func (c *Client) costs(ctx context.Context, q Question) (*Costs, error) {
	v := q.values()
	v.Set("limit", rowsOfAPage)
	var all *Costs
	for {
		page := &Costs{}
		if err := c.get(ctx, "/api/v1/costs", v, page); err != nil {
			return nil, err
		}
		if all == nil {
			all = page
		} else {
			all.Rows = append(all.Rows, page.Rows...)
		}
		if page.NextCursor == "" {
			all.NextCursor = ""
			return all, nil
		}
		v.Set("cursor", page.NextCursor)
	}
}

// ExportCosts writes the whole answer to a question to w, as "csv", "jsonl" or "parquet".
func (c *Client) ExportCosts(ctx context.Context, q Question, format string, w io.Writer) error {
	v := q.values()
	v.Set("format", format)
	return c.download(ctx, "/api/v1/costs/export", v, w)
}
