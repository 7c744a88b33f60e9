package client

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/bursarhq/bursar"
)

// CostItems is a page of the line items behind a cost. Decimals are exact, as text; times are UTC, as text; nil is NULL.
type CostItems struct {
	Metric     string      `json:"metric"`
	From       string      `json:"from"`
	To         string      `json:"to"`
	Columns    []SQLColumn `json:"columns"`
	Rows       [][]any     `json:"rows"`
	Count      int64       `json:"count"`  // of all pages
	Totals     []CostTotal `json:"totals"` // of all pages
	Notes      []CostNote  `json:"notes"`
	NextCursor string      `json:"next_cursor,omitempty"`
}

func (q Question) itemValues(columns []string) url.Values {
	v := Question{Filters: q.Filters, From: q.From, To: q.To, Metric: q.Metric}.values()
	if len(columns) > 0 {
		v.Set("columns", strings.Join(columns, ","))
	}
	return v
}

// CostItems returns a page of the line items behind a cost, those that cost most first: of the question its filters, time and metric. No
// columns are the usual ones; "" is the first page; a limit of 0 is the server's.
func (c *Client) CostItems(ctx context.Context, q Question, columns []string, cursor string, limit int) (*CostItems, error) {
	v := q.itemValues(columns)
	if cursor != "" {
		v.Set("cursor", cursor)
	}
	if limit != 0 {
		v.Set("limit", strconv.Itoa(limit))
	}
	var out CostItems
	return &out, c.get(ctx, "/api/v1/costs/items", v, &out)
}

// ExportCostItems writes all line items behind a cost to w, as "csv", "jsonl" or "parquet".
func (c *Client) ExportCostItems(ctx context.Context, q Question, columns []string, format string, w io.Writer) error {
	v := q.itemValues(columns)
	v.Set("format", format)
	return c.download(ctx, "/api/v1/costs/items/export", v, w)
}

func (c *Client) download(ctx context.Context, path string, v url.Values, w io.Writer) error {
	resp, err := c.send(ctx, request{method: http.MethodGet, path: path, query: v, accept: "*/*"})
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, err = io.Copy(w, resp.Body)
	return err
}

// CostDimensions are everything that costs can be grouped and filtered by, and counted in.
type CostDimensions struct {
	Dimensions     []CostDimension `json:"dimensions"`
	Tags           []string        `json:"tags"`            // keys: the dimension is "tag:KEY"
	CostCategories []string        `json:"cost_categories"` // keys: the dimension is "cost_category:KEY"
	Metrics        []CostMetric    `json:"metrics"`
	Operators      []string        `json:"operators"`
}

// CostDimension is something that costs can be grouped by.
type CostDimension struct {
	Name string `json:"name"`
	Doc  string `json:"doc"`
	From string `json:"from"` // "summaries", "rollups" or "line items"
}

// CostMetric is a way to count cost.
type CostMetric struct {
	Name string `json:"name"`
	Doc  string `json:"doc"`
}

// CostDimensions lists what the costs of a time can be asked by. From and to are as in a [Question].
func (c *Client) CostDimensions(ctx context.Context, from, to string) (*CostDimensions, error) {
	var out CostDimensions
	return &out, c.get(ctx, "/api/v1/costs/dimensions", Question{From: from, To: to}.values(), &out)
}

// CostValues are values of a dimension, sorted.
type CostValues struct {
	Dimension string   `json:"dimension"`
	Values    []string `json:"values"`
	More      bool     `json:"more"` // there are others
}

// CostValues lists the values of a dimension that contain a text, in a time. A limit of 0 is the server's.
func (c *Client) CostValues(ctx context.Context, dimension, contains, from, to string, limit int) (*CostValues, error) {
	v := Question{From: from, To: to}.values()
	v.Set("dimension", dimension)
	if contains != "" {
		v.Set("contains", contains)
	}
	if limit != 0 {
		v.Set("limit", strconv.Itoa(limit))
	}
	var out CostValues
	return &out, c.get(ctx, "/api/v1/costs/values", v, &out)
}

// CostForecast is what the current month is expected to cost.
type CostForecast struct {
	Period     string             `json:"period"` // YYYY-MM
	Metric     string             `json:"metric"`
	Through    string             `json:"through,omitempty"` // the last complete day of the bill
	DaysLeft   int                `json:"days_left"`         // of the month, after it
	Method     string             `json:"method"`            // in words
	Currencies []CurrencyForecast `json:"currencies"`
	Notes      []CostNote         `json:"notes"`
}

// CurrencyForecast is the forecast in one currency.
type CurrencyForecast struct {
	Currency    string          `json:"currency"`
	ToDate      bursar.Decimal  `json:"to_date"`
	Running     bursar.Decimal  `json:"running"`  // of it, what goes on from day to day
	Standing    bursar.Decimal  `json:"standing"` // of it, what does not
	HistoryDays int             `json:"history_days"`
	Expected    *bursar.Decimal `json:"expected,omitempty"` // nil where there is too little to say
	Low         *bursar.Decimal `json:"low,omitempty"`
	High        *bursar.Decimal `json:"high,omitempty"`
	Daily       *bursar.Decimal `json:"daily,omitempty"`
	Lacking     string          `json:"lacking,omitempty"` // why there is no forecast
	LastMonth   bursar.Decimal  `json:"last_month"`
	SameDays    *SameDays       `json:"same_days,omitempty"`
}

// SameDays compares this month with the one before, up to the same day.
type SameDays struct {
	Days        int            `json:"days"`
	Through     string         `json:"through"`
	LastThrough string         `json:"last_through"`
	This        bursar.Decimal `json:"this"`
	Last        bursar.Decimal `json:"last"`
}

// CostForecast forecasts the current month, for what the filters let through. "" is unblended cost.
func (c *Client) CostForecast(ctx context.Context, metric string, filters []string) (*CostForecast, error) {
	var out CostForecast
	return &out, c.get(ctx, "/api/v1/costs/forecast", Question{Metric: metric, Filters: filters}.values(), &out)
}
