package client

import (
	"context"

	"github.com/bursarhq/bursar"
)

// SealingKey is a key that stored secrets are sealed with.
type SealingKey struct {
	ID      string `json:"id"`     // "local:…", "awskms:arn…", "transit:…"
	InUse   bool   `json:"in_use"` // it seals what is stored now
	Secrets int64  `json:"secrets"`
}

// SealingKeys lists the keys that stored secrets of the whole installation are sealed with.
func (c *Client) SealingKeys(ctx context.Context) ([]SealingKey, error) {
	return all[SealingKey](ctx, c, "/api/v1/sealing-keys", nil)
}

// RotateSealingKeys starts a run that wraps every stored secret with a fresh key.
func (c *Client) RotateSealingKeys(ctx context.Context) (*bursar.Run, error) {
	var out bursar.Run
	return &out, c.post(ctx, "/api/v1/sealing-keys:rotate", nil, &out)
}
