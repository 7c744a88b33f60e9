package client

import (
	"context"
	"net/url"
	"strings"

	"github.com/bursarhq/bursar"
)

// Question asks what something cost.
type Question struct {
	GroupBy     []string // up to three: "service", "account", "region"…
	Granularity string   // "daily", "monthly" or "total"
	From, To    string   // YYYY-MM or YYYY-MM-DD; To is exclusive
	Metric      string   // "unblended", "amortized"…
}

// CostRow is one cell of an answer.
type CostRow struct {
	Start    string            `json:"start"` // YYYY-MM-DD, the first day of the row's time
	Groups   map[string]string `json:"groups,omitempty"`
	Amount   bursar.Decimal    `json:"amount"`
	Currency string            `json:"currency"`
}

// Costs answers a question. Totals are per currency: currencies are never added.
type Costs struct {
	Metric      string         `json:"metric"`
	Granularity string         `json:"granularity"`
	From        string         `json:"from"`
	To          string         `json:"to"`
	GroupBy     []string       `json:"group_by"`
	Rows        []CostRow      `json:"rows"`
	Totals      []bursar.Money `json:"totals"`
}

// Costs asks what something cost. An unknown group, granularity or metric is an [*Error] that lists the valid ones.
func (c *Client) Costs(ctx context.Context, q Question) (*Costs, error) {
	v := url.Values{}
	for key, value := range map[string]string{
		"group_by": strings.Join(q.GroupBy, ","), "granularity": q.Granularity, "from": q.From, "to": q.To, "metric": q.Metric,
	} {
		if value != "" {
			v.Set(key, value)
		}
	}
	var out Costs
	return &out, c.get(ctx, "/api/v1/costs", v, &out)
}
