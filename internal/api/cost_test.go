package api_test

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/client"
	"github.com/bursarhq/bursar/internal/billing/lake"
	"github.com/bursarhq/bursar/internal/billing/query"
	"github.com/bursarhq/bursar/internal/billing/table"
)

// nothing is a lake with nothing in it.
type nothing struct{}

func (nothing) Snapshot(context.Context, string, func(bursar.Period) bool) (*lake.Snapshot, error) {
	return &lake.Snapshot{}, nil
}

// Items answers with one line item, and a second page.
func (b *bench) Items(ctx context.Context, ws string, q query.ItemQuestion, cursor string, limit int) (query.Items, error) {
	if ws != b.ws || cursor == "bad" {
		return query.Questions{Lake: nothing{}}.Items(ctx, ws, q, cursor, limit)
	}
	amount, err := bursar.ParseDecimal("0.0000000001")
	out := query.Items{
		Question: q, Columns: []table.Column{{Name: "day", Type: table.Date}, {Name: "unblended", Type: table.Decimal}, {Name: "resource", Type: table.Text}},
		Rows: [][]any{{q.From, amount, nil}}, Count: 2, Totals: []bursar.Money{{Amount: amount, Currency: "USD"}},
	}
	if cursor == "" {
		out.Next = "more"
	}
	return out, err
}

func (b *bench) ItemFile(ctx context.Context, ws string, q query.ItemQuestion) (*query.ItemFile, error) {
	return query.Questions{Lake: nothing{}}.ItemFile(ctx, ws, q)
}

func (b *bench) Keys(_ context.Context, ws string, _ query.Question) (query.Keys, error) {
	if ws != b.ws {
		return query.Keys{}, nil
	}
	return query.Keys{Tags: []string{"team"}}, nil
}

func (b *bench) ValuesOf(_ context.Context, ws string, _ query.Question, d query.Dimension, contains string, limit int) ([]string, bool, error) {
	if ws != b.ws {
		return nil, false, nil
	}
	return []string{d.Name + contains}, limit == 1, nil
}

func TestLineItemsBehindACost(t *testing.T) {
	b := start(t)
	c := b.client(b.owner)
	q := client.Question{Filters: []string{"service is AmazonEC2"}, From: "2026-05", To: "2026-06"}
	page, err := c.CostItems(t.Context(), q, []string{"day", "unblended", "resource"}, "", 1)
	if err != nil || page.Count != 2 || page.NextCursor != "more" || fmt.Sprint(page.Rows) != "[[2026-05-01 0.0000000001 <nil>]]" || page.Totals[0].Amount.String() != "0.0000000001" {
		t.Errorf("got %+v, %v", page, err)
	}
	if page, err = c.CostItems(t.Context(), q, nil, page.NextCursor, 1); err != nil || page.NextCursor != "" {
		t.Errorf("the last page: %+v, %v", page, err)
	}
	for query, reason := range map[string]string{
		"columns=colour&cursor=bad": "cursor_malformed", "columns=day,day": "column_twice", "filter=x": "unknown_filter", "limit=1001": "out_of_range", "granularity=daily": "unknown_field",
	} {
		if resp, body := b.raw("GET", "/api/v1/costs/items?"+query, ""); resp.StatusCode/100 != 4 || !strings.Contains(body, `"`+reason+`"`) {
			t.Errorf("%s: %d %s", query, resp.StatusCode, body)
		}
	}
	for format, want := range map[string]string{"csv": "day,service\n", "jsonl": "", "parquet": "PAR1"} {
		var out bytes.Buffer
		if err := c.ExportCostItems(t.Context(), q, []string{"day", "service"}, format, &out); err != nil || !strings.HasPrefix(out.String(), want) {
			t.Errorf("%s: %v %q", format, err, out.String())
		}
	}
	if resp, body := b.raw("GET", "/api/v1/costs/items/export?columns=colour", ""); resp.StatusCode != 400 || !strings.Contains(body, "unknown_column") {
		t.Errorf("%d %s", resp.StatusCode, body)
	}
}

func TestWhatCostsCanBeAskedBy(t *testing.T) {
	b := start(t)
	c := b.client(b.owner)
	d, err := c.CostDimensions(t.Context(), "", "")
	if err != nil || len(d.Dimensions) != len(query.Dimensions) || fmt.Sprint(d.Tags, d.CostCategories) != "[team] []" || len(d.Metrics) != len(query.Metrics) {
		t.Errorf("got %+v, %v", d, err)
	}
	v, err := c.CostValues(t.Context(), "tag:team", "ed", "2026-01", "2026-02", 1)
	if err != nil || fmt.Sprint(v.Values) != "[tag:teamed]" || !v.More {
		t.Errorf("got %+v, %v", v, err)
	}
	resp, body := b.raw("GET", "/api/v1/costs/values?dimension="+url.QueryEscape("colour"), "")
	if resp.StatusCode != 400 || !strings.Contains(body, `"field":"dimension"`) || !strings.Contains(body, "cost_category:KEY") {
		t.Errorf("%d %s", resp.StatusCode, body)
	}
}

func TestForecast(t *testing.T) {
	b := start(t)
	f, err := b.client(b.owner).CostForecast(t.Context(), "amortized", []string{"service is AmazonEC2"})
	if err != nil || f.Metric != "amortized" || len(f.Currencies) != 1 || f.Currencies[0].Lacking == "" || f.Currencies[0].Expected != nil || f.Method == "" {
		t.Errorf("got %+v, %v", f, err)
	}
	if q := b.asked[len(b.asked)-1]; q.Granularity != query.Daily || len(q.Filters) != 1 || !q.To.After(q.From.AddDate(0, 1, 27)) {
		t.Errorf("asked %+v", q)
	}
	if resp, body := b.raw("GET", "/api/v1/costs/forecast?metric=usage", ""); resp.StatusCode != 400 || !strings.Contains(body, "metric_not_forecast") {
		t.Errorf("%d %s", resp.StatusCode, body)
	}
}

func TestViewsAreTold(t *testing.T) {
	b := start(t)
	v, err := b.client(b.owner).SQLViews(t.Context())
	if err != nil || len(v.Views) != len(query.Views()) || v.Views[0].Name != "line_items" || v.Views[0].Columns[0].Doc == "" || v.Seconds != 30 {
		t.Errorf("got %+v, %v", v, err)
	}
}
