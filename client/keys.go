package client

import (
	"context"
	"net/http"
	"net/url"
	"time"
)

// NewKey makes an API key.
type NewKey struct {
	Name      string    `json:"name"`
	Role      string    `json:"role"`                // "owner", "administrator", "member", "viewer" or "auditor": no more than the caller may
	ExpiresAt time.Time `json:"expires_at,omitzero"` // zero: never
	Format    string    `json:"format,omitempty"`    // "cloudcraft" for the 44 characters that clients of the Cloudcraft API want; "" for bursar's own
}

// Key is an API key. The key itself is known in the answer that made it, and never again.
type Key struct {
	ID         string    `json:"id"` // the 8 characters after "bur_"; not secret
	Name       string    `json:"name"`
	Role       string    `json:"role"`
	State      string    `json:"state"` // "active", "expired" or "revoked"
	CreatedBy  string    `json:"created_by"`
	CreatedAt  time.Time `json:"created_at"`
	ExpiresAt  time.Time `json:"expires_at,omitzero"`
	LastUsedAt time.Time `json:"last_used_at,omitzero"` // to the minute
	RevokedAt  time.Time `json:"revoked_at,omitzero"`
	Key        string    `json:"key,omitempty"` // "bur_…"
}

// AddKey makes an API key. Two keys of one name may be in force: the third is an [*Error] with the reason key_name_full.
func (c *Client) AddKey(ctx context.Context, k NewKey) (*Key, error) {
	var out Key
	return &out, c.post(ctx, "/api/v1/keys", k, &out)
}

// Keys lists the workspace's keys, the newest first, those that are no longer in force too.
func (c *Client) Keys(ctx context.Context) ([]Key, error) {
	return all[Key](ctx, c, "/api/v1/keys", url.Values{"limit": {"200"}})
}

// RevokeKey puts a key out of force, at once.
func (c *Client) RevokeKey(ctx context.Context, id string) (*Key, error) {
	var out Key
	return &out, c.do(ctx, http.MethodDelete, "/api/v1/keys/"+url.PathEscape(id), nil, nil, &out)
}
