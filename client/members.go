package client

import (
	"context"
	"net/url"

	"github.com/bursarhq/bursar"
)

// Members lists the accounts of a payer's organization, by account id; an empty state means every state.
func (c *Client) Members(ctx context.Context, payer string, state bursar.MemberState) ([]bursar.Member, error) {
	q := url.Values{"limit": {"200"}}
	if state != "" {
		q.Set("state", string(state))
	}
	return all[bursar.Member](ctx, c, "/api/v1/accounts/"+url.PathEscape(payer)+"/members", q)
}

// Unregistered is an account of an organization that is not registered.
type Unregistered struct {
	bursar.Member
	Partition string `json:"partition"`
	Payer     Payer  `json:"payer"`
}

// Unregistered lists the accounts of every payer's organization that are not registered; words narrow them down by name and account id.
func (c *Client) Unregistered(ctx context.Context, words string) ([]Unregistered, error) {
	q := url.Values{"limit": {"200"}}
	if words != "" {
		q.Set("q", words)
	}
	return all[Unregistered](ctx, c, "/api/v1/members/unregistered", q)
}

// CheckMembers starts a look at every active account of a payer's organization, or only at those that cannot be read yet. Those that pass
// are registered.
func (c *Client) CheckMembers(ctx context.Context, payer string, failedOnly bool) (*bursar.Run, error) {
	q := url.Values{}
	if failedOnly {
		q.Set("failed", "true")
	}
	var out bursar.Run
	return &out, c.postTo(ctx, "/api/v1/accounts/"+url.PathEscape(payer)+"/members/check", q, nil, &out)
}

// SyncMembers brings the list of a payer's accounts up to date now.
func (c *Client) SyncMembers(ctx context.Context, payer string) (*bursar.Run, error) {
	var out bursar.Run
	return &out, c.post(ctx, "/api/v1/accounts/"+url.PathEscape(payer)+"/members/sync", nil, &out)
}

// Events lists what has changed, the newest first; an empty account means every account's.
func (c *Client) Events(ctx context.Context, account string) ([]bursar.Event, error) {
	path := "/api/v1/events"
	if account != "" {
		path = "/api/v1/accounts/" + url.PathEscape(account) + "/events"
	}
	return all[bursar.Event](ctx, c, path, url.Values{"limit": {"200"}})
}

// NewValidation asks what a role is good for. Without a role it asks what its trust policy must be.
type NewValidation struct {
	RoleARN   string `json:"role_arn,omitempty"`
	AccountID string `json:"account_id,omitempty"` // needed only without RoleARN
	Partition string `json:"partition,omitempty"`  // "aws" when empty; needed only without RoleARN
}

// Validation says what a role is good for.
type Validation struct {
	AccountID   string           `json:"account_id"`
	RoleARN     string           `json:"role_arn,omitempty"`
	ExternalID  string           `json:"external_id"` // that the role must require; bursar's own
	TrustPolicy string           `json:"trust_policy"`
	Registered  bool             `json:"registered"` // the account is registered in this workspace
	Trusted     bool             `json:"trusted"`
	Kind        bursar.Kind      `json:"kind"`
	PayerID     string           `json:"payer_id,omitempty"`
	Status      bursar.Status    `json:"status"`
	Findings    []bursar.Finding `json:"findings"`
}

// Validate looks at a role without registering its account; nothing is kept.
func (c *Client) Validate(ctx context.Context, v NewValidation) (*Validation, error) {
	var out Validation
	return &out, c.post(ctx, "/api/v1/validate", v, &out)
}
