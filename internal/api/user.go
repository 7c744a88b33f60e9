package api

import (
	"context"
	"time"

	"github.com/bursarhq/bursar/internal/auth"
	"github.com/bursarhq/bursar/internal/store"
)

// User is a person in the workspace.
type User struct {
	ID         string    `json:"id" doc:"usr_…"`
	Email      string    `json:"email" doc:"The person's e-mail address."`
	Name       string    `json:"name" doc:"The person's name."`
	Role       auth.Role `json:"role" doc:"What they are in the workspace." enum:"owner,administrator,member,viewer,auditor"`
	External   bool      `json:"external" doc:"Whether the identity provider's groups decide their role, at each sign-in."`
	Since      time.Time `json:"since" doc:"When they came in."`
	LastSeenAt time.Time `json:"last_seen_at,omitzero" doc:"When they looked at the workspace last, as far as their sessions tell. Absent before the first time."`
}

func showUser(m store.Membership) User {
	return User{m.UserID, m.Email, m.Name, auth.Role(m.Role), m.External, m.Since, m.LastSeenAt}
}

type userPath struct {
	User string `path:"user" doc:"The person's id (usr_…)."`
}

type userOutput struct{ Body User }

func (a *API) listUsers(ctx context.Context, p auth.Principal, in *struct{ Paging }) (*listOutput[User], error) {
	return paged(ctx, a, in.Paging, func(tx *store.Tx, page store.Page) ([]User, string, error) {
		people, next, err := tx.Memberships(p.WorkspaceID, page)
		return each(people, showUser), next, err
	})
}

func (a *API) getUser(ctx context.Context, p auth.Principal, in *userPath) (*userOutput, error) {
	var out userOutput
	err := a.Store.View(ctx, func(tx *store.Tx) error {
		m, err := tx.Membership(p.WorkspaceID, in.User)
		out.Body = showUser(m)
		return err
	})
	return &out, err
}

// NewRole is what a person becomes.
type NewRole struct {
	Role auth.Role `json:"role" doc:"What the person becomes: no more than the caller is."`
}

func (a *API) changeUser(ctx context.Context, p auth.Principal, in *struct {
	User string `path:"user" doc:"The person's id (usr_…)."`
	Body NewRole
},
) (*userOutput, error) {
	if err := p.MayGrant(in.Body.Role); err != nil {
		return nil, err
	}
	m, err := inTx(ctx, a, func(tx *store.Tx) (m store.Membership, err error) {
		if m, err = a.inReach(ctx, tx, p, in.User); err != nil {
			return m, err
		}
		if err := tx.PutMembership(p.WorkspaceID, in.User, string(in.Body.Role), false); err != nil {
			return m, err
		}
		return tx.Membership(p.WorkspaceID, in.User)
	})
	return &userOutput{showUser(m)}, err
}

// inReach returns a person of the workspace whose role the caller may take away, and has not been changed meanwhile.
func (a *API) inReach(ctx context.Context, tx *store.Tx, p auth.Principal, userID string) (store.Membership, error) {
	m, err := tx.Membership(p.WorkspaceID, userID)
	if err != nil {
		return m, err
	}
	if err := unchanged(ctx, showUser(m).state()); err != nil {
		return m, err
	}
	return m, p.MayGrant(auth.Role(m.Role))
}

func (a *API) removeUser(ctx context.Context, p auth.Principal, in *userPath) (*doneOutput, error) {
	err := a.Store.InTx(ctx, func(tx *store.Tx) error {
		if _, err := a.inReach(ctx, tx, p, in.User); err != nil {
			return err
		}
		return tx.DropMembership(p.WorkspaceID, in.User)
	})
	return &doneOutput{Body: Done{in.User}}, err
}
