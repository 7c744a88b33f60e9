package client

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/bursarhq/bursar"
)

// Me is who is asking, and what they may do.
type Me struct {
	Kind      string      `json:"kind"` // "user" or "key"
	ID        string      `json:"id"`
	Name      string      `json:"name"`
	Email     string      `json:"email,omitempty"`
	Role      string      `json:"role"`
	Actions   []string    `json:"actions"`
	Workspace Workspace   `json:"workspace"`
	Others    []Workspace `json:"others,omitempty"` // the other workspaces that a person is in
}

// Workspace is a workspace that the caller is in.
type Workspace struct {
	bursar.Workspace
	Role string `json:"role,omitempty"` // what the caller is in it
	Key  string `json:"key,omitempty"`  // an owner's key, in the answer to a key that made the workspace, and never again
}

// User is a person in the workspace.
type User struct {
	ID         string    `json:"id"` // "usr_…"
	Email      string    `json:"email"`
	Name       string    `json:"name"`
	Role       string    `json:"role"`
	External   bool      `json:"external"` // the identity provider's groups decide the role
	Since      time.Time `json:"since"`
	LastSeenAt time.Time `json:"last_seen_at,omitzero"`
}

// Invitation is an open invitation.
type Invitation struct {
	ID        string    `json:"id"` // "inv_…"
	Email     string    `json:"email,omitempty"`
	Role      string    `json:"role"`
	CreatedBy string    `json:"created_by"`
	CreatedAt time.Time `json:"created_at"`
	ExpiresAt time.Time `json:"expires_at"`
	Link      string    `json:"link,omitempty"` // to hand to the person; in the answer that made it, and never again
}

// Me says who is asking.
func (c *Client) Me(ctx context.Context) (*Me, error) {
	var out Me
	return &out, c.get(ctx, "/api/v1/me", nil, &out)
}

// Users lists who is in the workspace, by e-mail address.
func (c *Client) Users(ctx context.Context) ([]User, error) {
	return all[User](ctx, c, "/api/v1/users", url.Values{"limit": {"200"}})
}

// SetRole gives a person another role. It takes effect with their next request.
func (c *Client) SetRole(ctx context.Context, userID, role string) (*User, error) {
	var out User
	return &out, c.do(ctx, http.MethodPatch, "/api/v1/users/"+url.PathEscape(userID), nil, map[string]string{"role": role}, &out)
}

// RemoveUser takes a person out of the workspace. The last owner stays: that is an [*Error] with the reason last_owner.
func (c *Client) RemoveUser(ctx context.Context, userID string) error {
	return c.do(ctx, http.MethodDelete, "/api/v1/users/"+url.PathEscape(userID), nil, nil, nil)
}

// Invite invites a person, and answers with the link to hand to them. An older link for the same address ceases to be valid.
func (c *Client) Invite(ctx context.Context, email, role string) (*Invitation, error) {
	var out Invitation
	return &out, c.post(ctx, "/api/v1/invitations", map[string]string{"email": email, "role": role}, &out)
}

// Invitations lists the open invitations, the newest first.
func (c *Client) Invitations(ctx context.Context) ([]Invitation, error) {
	return all[Invitation](ctx, c, "/api/v1/invitations", url.Values{"limit": {"200"}})
}

// WithdrawInvitation makes an open invitation's link invalid.
func (c *Client) WithdrawInvitation(ctx context.Context, id string) error {
	return c.do(ctx, http.MethodDelete, "/api/v1/invitations/"+url.PathEscape(id), nil, nil, nil)
}

// Workspaces lists the workspaces that the caller is in.
func (c *Client) Workspaces(ctx context.Context) ([]Workspace, error) {
	return all[Workspace](ctx, c, "/api/v1/workspaces", nil)
}

// AddWorkspace makes a workspace. Asked by a key, it answers with an owner's key of the new one.
func (c *Client) AddWorkspace(ctx context.Context, name string) (*Workspace, error) {
	var out Workspace
	return &out, c.post(ctx, "/api/v1/workspaces", map[string]string{"name": name}, &out)
}

// RenameWorkspace gives the caller's workspace another name.
func (c *Client) RenameWorkspace(ctx context.Context, id, name string) (*Workspace, error) {
	var out Workspace
	return &out, c.do(ctx, http.MethodPatch, "/api/v1/workspaces/"+url.PathEscape(id), nil, map[string]string{"name": name}, &out)
}
