package client

import (
	"context"
	"net/http"
	"net/url"

	"github.com/bursarhq/bursar"
)

// Destination is where data is delivered to, as the API shows it.
type Destination struct {
	bursar.Destination
	Usable        bool   `json:"usable"`                   // its newest check found nothing that would keep data from being delivered
	SigningSecret string `json:"signing_secret,omitempty"` // only in the answer that made it
}

// DestinationWish is what is wanted of a destination. What is nil stays as it is, or has its default.
type DestinationWish struct {
	Name     *string                `json:"name,omitempty"`
	Kind     bursar.DestinationKind `json:"kind,omitempty"` // of a new one only
	Datasets *[]string              `json:"datasets,omitempty"`
	Trigger  *bursar.Trigger        `json:"trigger,omitempty"`
	Full     *bool                  `json:"full,omitempty"`
	Paused   *bool                  `json:"paused,omitempty"`
	Target   *bursar.TargetSettings `json:"target,omitempty"` // as a whole
	Secret   *string                `json:"secret,omitempty"` // the password or signing secret
}

func destinationPath(idOrName string) string {
	return "/api/v1/destinations/" + url.PathEscape(idOrName)
}

// Destinations lists the destinations, by name.
func (c *Client) Destinations(ctx context.Context) ([]Destination, error) {
	return all[Destination](ctx, c, "/api/v1/destinations", url.Values{"limit": {"200"}})
}

// Destination returns a destination by its id or name.
func (c *Client) Destination(ctx context.Context, idOrName string) (*Destination, error) {
	var out Destination
	return &out, c.get(ctx, destinationPath(idOrName), nil, &out)
}

// AddDestination adds a destination.
func (c *Client) AddDestination(ctx context.Context, w DestinationWish) (*Destination, error) {
	var out Destination
	return &out, c.post(ctx, "/api/v1/destinations", w, &out)
}

// ChangeDestination changes a destination.
func (c *Client) ChangeDestination(ctx context.Context, idOrName string, w DestinationWish) (*Destination, error) {
	var out Destination
	return &out, c.do(ctx, http.MethodPatch, destinationPath(idOrName), nil, w, &out)
}

// RemoveDestination forgets a destination. What it holds stays there.
func (c *Client) RemoveDestination(ctx context.Context, idOrName string) (*Destination, error) {
	var out Destination
	return &out, c.do(ctx, http.MethodDelete, destinationPath(idOrName), nil, nil, &out)
}

// CheckDestination looks whether data could be delivered to a destination.
func (c *Client) CheckDestination(ctx context.Context, idOrName string) (*Destination, error) {
	var out Destination
	return &out, c.post(ctx, destinationPath(idOrName)+"/check", nil, &out)
}

// RunDestination delivers now what a destination does not hold yet.
func (c *Client) RunDestination(ctx context.Context, idOrName string) (*bursar.Run, error) {
	var out bursar.Run
	return &out, c.post(ctx, destinationPath(idOrName)+"/run", nil, &out)
}

// DestinationDeliveries lists what was delivered to a destination, the newest first.
func (c *Client) DestinationDeliveries(ctx context.Context, idOrName string) ([]bursar.Handover, error) {
	return all[bursar.Handover](ctx, c, destinationPath(idOrName)+"/deliveries", url.Values{"limit": {"200"}})
}
