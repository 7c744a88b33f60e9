package client

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/bursarhq/bursar"
)

// Source is a source with how its streams stand, and what it has spent on requests, in US dollars.
type Source struct {
	bursar.Source
	Status     []bursar.StreamStatus `json:"status"`
	SpentDay   bursar.Decimal        `json:"spent_day"`
	SpentMonth bursar.Decimal        `json:"spent_month"`
}

// NewSource makes a source: with the access of a registered account, or with a credential.
type NewSource struct {
	Name        string          `json:"name"`
	Account     string          `json:"account,omitempty"`     // its id ("acc_…") or its 12 digits
	Credential  string          `json:"credential,omitempty"`  // its id ("crd_…") or name
	Streams     []bursar.Stream `json:"streams,omitempty"`     // nil: the default ones
	EveryHours  *int            `json:"every_hours,omitempty"` // nil: 24
	Budget      *bursar.Budget  `json:"budget,omitempty"`      // nil: five requests a day
	Paused      bool            `json:"paused,omitempty"`
	Preliminary bool            `json:"preliminary,omitempty"` // its totals stand in for a bill that is still on its way
}

// SourceChange changes a source: what is nil stays as it is.
type SourceChange struct {
	Name        *string          `json:"name,omitempty"`
	Streams     *[]bursar.Stream `json:"streams,omitempty"`
	EveryHours  *int             `json:"every_hours,omitempty"`
	Budget      *bursar.Budget   `json:"budget,omitempty"`
	Paused      *bool            `json:"paused,omitempty"`
	Preliminary *bool            `json:"preliminary,omitempty"`
}

// Column is a column of a stream. Its type is text, decimal, time, bool or json.
type Column struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

// CostStream describes a stream that a source can ask for.
type CostStream struct {
	Name      string   `json:"name"`
	About     string   `json:"about"`
	Operation string   `json:"operation"`
	Action    string   `json:"action"`
	Groups    int      `json:"groups"`
	Months    int      `json:"months,omitempty"`
	MaxMonths int      `json:"max_months,omitempty"`
	Key       string   `json:"key,omitempty"`
	Setting   string   `json:"setting,omitempty"`
	Default   bool     `json:"default"`
	Columns   []Column `json:"columns"`
}

// Price says what a run would ask, and what that costs in US dollars.
type Price struct {
	Requests int            `json:"requests"`
	AtLeast  bool           `json:"at_least"` // there may be more
	USD      bursar.Decimal `json:"usd"`
	Budget   bursar.Budget  `json:"budget"`
	Items    []PricedItem   `json:"items"`
}

// PricedItem is one question of a run.
type PricedItem struct {
	Stream    string          `json:"stream"`
	Operation string          `json:"operation"`
	Body      json.RawMessage `json:"body"`
	Requests  int             `json:"requests"`
	AtLeast   bool            `json:"at_least"`
	Cached    bool            `json:"cached"`
	USD       bursar.Decimal  `json:"usd"`
}

// SourceData is what is held of a stream.
type SourceData struct {
	Stream     bursar.StreamStatus `json:"stream"`
	Columns    []Column            `json:"columns"`
	Rows       [][]string          `json:"rows"`
	Months     []bursar.CostMonth  `json:"months"`
	NextCursor string              `json:"next_cursor,omitempty"`
}

// RequestSpend is what was spent on one day with one operation, in US dollars.
type RequestSpend struct {
	Day       string         `json:"day"`
	Operation string         `json:"operation"`
	Requests  int64          `json:"requests"`
	Cached    int64          `json:"cached"`
	Failed    int64          `json:"failed"`
	USD       bursar.Decimal `json:"usd"`
}

// RequestBudget is a budget that sources share, with what is spent of it.
type RequestBudget struct {
	bursar.SharedBudget
	SpentDay   bursar.Decimal `json:"spent_day"`
	SpentMonth bursar.Decimal `json:"spent_month"`
}

// CostStreams lists the streams that a source can ask for.
func (c *Client) CostStreams(ctx context.Context) ([]CostStream, error) {
	return all[CostStream](ctx, c, "/api/v1/streams", nil)
}

// Sources lists the sources, by name.
func (c *Client) Sources(ctx context.Context) ([]Source, error) {
	return all[Source](ctx, c, "/api/v1/sources", url.Values{"limit": {"200"}})
}

func sourcePath(id string) string { return "/api/v1/sources/" + url.PathEscape(id) }

// Source returns a source, by its id ("src_…") or name.
func (c *Client) Source(ctx context.Context, id string) (*Source, error) {
	var out Source
	return &out, c.get(ctx, sourcePath(id), nil, &out)
}

// AddSource makes a source. See [Client.PriceNewSource] first.
func (c *Client) AddSource(ctx context.Context, s NewSource) (*Source, error) {
	var out Source
	return &out, c.post(ctx, "/api/v1/sources", s, &out)
}

// ChangeSource changes a source.
func (c *Client) ChangeSource(ctx context.Context, id string, s SourceChange) (*Source, error) {
	var out Source
	return &out, c.do(ctx, http.MethodPatch, sourcePath(id), nil, s, &out)
}

// RemoveSource removes a source with its data.
func (c *Client) RemoveSource(ctx context.Context, id string) (*Source, error) {
	var out Source
	return &out, c.do(ctx, http.MethodDelete, sourcePath(id), nil, nil, &out)
}

// PriceSource says what a run would ask now, and what that costs. AWS is not asked.
func (c *Client) PriceSource(ctx context.Context, id string) (*Price, error) {
	var out Price
	return &out, c.get(ctx, sourcePath(id)+"/price", nil, &out)
}

// PriceNewSource says what the first run of such a source would cost. Nothing is saved.
func (c *Client) PriceNewSource(ctx context.Context, s NewSource) (*Price, error) {
	var out Price
	return &out, c.post(ctx, "/api/v1/sources:price", s, &out)
}

// RunSource starts a run that asks for every stream.
func (c *Client) RunSource(ctx context.Context, id string) (*bursar.Run, error) {
	var out bursar.Run
	return &out, c.post(ctx, sourcePath(id)+"/run", nil, &out)
}

// ReopenSource asks for a month again although it is closed. An empty stream means every stream.
func (c *Client) ReopenSource(ctx context.Context, id, stream string, p bursar.Period) (*bursar.Run, error) {
	var out bursar.Run
	return &out, c.post(ctx, sourcePath(id)+"/reopen", map[string]any{"period": p, "stream": stream}, &out)
}

// SourceData reads all rows that are held of a stream between two months, both inclusive and zero for no bound.
func (c *Client) SourceData(ctx context.Context, id, stream string, from, to bursar.Period) (*SourceData, error) {
	q := url.Values{"limit": {"10000"}}
	for name, p := range map[string]bursar.Period{"from": from, "to": to} {
		if !p.IsZero() {
			q.Set(name, p.String())
		}
	}
	var out SourceData
	for {
		var page SourceData
		if err := c.get(ctx, sourcePath(id)+"/data/"+url.PathEscape(stream), q, &page); err != nil {
			return nil, err
		}
		page.Rows = append(out.Rows, page.Rows...)
		out = page
		if page.NextCursor == "" {
			return &out, nil
		}
		q.Set("cursor", page.NextCursor)
	}
}

// RequestFilter chooses lines of the ledger of paid requests; what is empty chooses all.
type RequestFilter struct{ Source, Access, Run, Stream string }

func (f RequestFilter) values() url.Values {
	q := url.Values{}
	for name, v := range map[string]string{"source": f.Source, "access": f.Access, "run": f.Run, "stream": f.Stream} {
		if v != "" {
			q.Set(name, v)
		}
	}
	return q
}

// Requests lists the ledger, the newest first, as many lines as limit says; 0 is all of them.
func (c *Client) Requests(ctx context.Context, f RequestFilter, limit int) ([]bursar.CostRequest, error) {
	q := f.values()
	if limit > 0 && limit <= 200 {
		q.Set("limit", strconv.Itoa(limit))
		var p page[bursar.CostRequest]
		err := c.get(ctx, "/api/v1/requests", q, &p)
		return p.Items, err
	}
	q.Set("limit", "200")
	list, err := all[bursar.CostRequest](ctx, c, "/api/v1/requests", q)
	if limit > 0 && len(list) > limit {
		list = list[:limit]
	}
	return list, err
}

// RequestSpend says what was spent on requests in so many days, today included.
func (c *Client) RequestSpend(ctx context.Context, f RequestFilter, days int) ([]RequestSpend, error) {
	q := f.values()
	q.Set("days", strconv.Itoa(days))
	return all[RequestSpend](ctx, c, "/api/v1/requests/spend", q)
}

// RequestBudgets lists the budgets that sources share.
func (c *Client) RequestBudgets(ctx context.Context) ([]RequestBudget, error) {
	return all[RequestBudget](ctx, c, "/api/v1/request-budgets", nil)
}

// SetRequestBudget sets what all sources of an access, or with "all" of the workspace, may spend on requests.
func (c *Client) SetRequestBudget(ctx context.Context, b bursar.SharedBudget) (*RequestBudget, error) {
	var out RequestBudget
	in := map[string]bursar.Decimal{"day": b.Day, "month": b.Month}
	return &out, c.do(ctx, http.MethodPut, "/api/v1/request-budgets/"+url.PathEscape(b.Scope), nil, in, &out)
}

// Reconciliation is one metric of one closed month, as the bill and as Cost Explorer tell it.
type Reconciliation struct {
	SourceID       string              `json:"source_id"`
	AccountID      string              `json:"account_id"`
	Period         bursar.Period       `json:"period"`
	Metric         string              `json:"metric"`
	Currency       string              `json:"currency"`
	Bill           bursar.Decimal      `json:"bill"`
	CostExplorer   bursar.Decimal      `json:"cost_explorer"`
	Difference     bursar.Decimal      `json:"difference"` // the bill less Cost Explorer
	Cause          string              `json:"cause"`
	Explanation    string              `json:"explanation"`
	BillAt         time.Time           `json:"bill_at,omitzero"`
	CostExplorerAt time.Time           `json:"cost_explorer_at"`
	Accounts       []AccountDifference `json:"accounts,omitempty"`
}

// AccountDifference is what one linked account differs by.
type AccountDifference struct {
	AccountID    string         `json:"account_id"`
	Bill         bursar.Decimal `json:"bill"`
	CostExplorer bursar.Decimal `json:"cost_explorer"`
}

// Reconcile compares a source's closed months with the bill. AWS is not asked.
func (c *Client) Reconcile(ctx context.Context, id string) ([]Reconciliation, error) {
	return all[Reconciliation](ctx, c, sourcePath(id)+"/reconciliation", nil)
}
