package client

import (
	"context"
	"net/url"

	"github.com/bursarhq/bursar"
)

// Exports lists the exports that bursar follows, with the others that bring the same costs.
func (c *Client) Exports(ctx context.Context) ([]bursar.Export, error) {
	return all[bursar.Export](ctx, c, "/api/v1/exports", nil)
}

// PreferExport makes an export's costs count, where other exports bring the same ones.
func (c *Client) PreferExport(ctx context.Context, id string) (*bursar.Export, error) {
	var out bursar.Export
	return &out, c.post(ctx, "/api/v1/exports/"+url.PathEscape(id)+"/primary", nil, &out)
}

// Deliveries lists what was delivered, the newest first: the import history. An empty exportID means every export's.
func (c *Client) Deliveries(ctx context.Context, exportID string) ([]bursar.Delivery, error) {
	q := url.Values{"limit": {"200"}}
	if exportID != "" {
		q.Set("export_id", exportID)
	}
	return all[bursar.Delivery](ctx, c, "/api/v1/deliveries", q)
}

func deliveryPath(id string) string { return "/api/v1/deliveries/" + url.PathEscape(id) }

// Delivery returns one delivery.
func (c *Client) Delivery(ctx context.Context, id string) (*bursar.Delivery, error) {
	var out bursar.Delivery
	return &out, c.get(ctx, deliveryPath(id), nil, &out)
}

// DeliveryChanges is what a delivery changed against the one that counted before it.
type DeliveryChanges struct {
	Changed *bursar.Restatement `json:"changed,omitempty"` // nil when it was the first of its period
	Items   []bursar.Change     `json:"items"`
}

// DeliveryChanges says what a delivery changed, by day and service.
func (c *Client) DeliveryChanges(ctx context.Context, id string) (*DeliveryChanges, error) {
	var out DeliveryChanges
	return &out, c.get(ctx, deliveryPath(id)+"/changes", nil, &out)
}

// RollBack makes a superseded delivery count again.
func (c *Client) RollBack(ctx context.Context, id string) (*bursar.Delivery, error) {
	var out bursar.Delivery
	return &out, c.post(ctx, deliveryPath(id)+"/rollback", nil, &out)
}

// Reimport starts a run that imports again what AWS has now of a delivery's export and period.
func (c *Client) Reimport(ctx context.Context, id string) (*bursar.Run, error) {
	var out bursar.Run
	return &out, c.post(ctx, deliveryPath(id)+"/reimport", nil, &out)
}
