package api

import (
	"context"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/auth"
	"github.com/bursarhq/bursar/internal/store"
)

// NewSession is what a person says to sign in.
type NewSession struct {
	Email    string        `json:"email" doc:"The person's e-mail address."`
	Password bursar.Secret `json:"password" doc:"Their password."`
}

// Me is who is asking.
type Me struct {
	Kind      bursar.ActorKind `json:"kind" doc:"What is asking." enum:"user,key"`
	ID        string           `json:"id" doc:"usr_…, or the key's id."`
	Name      string           `json:"name" doc:"The person's name, or the key's."`
	Email     string           `json:"email,omitempty" doc:"The person's e-mail address. Absent for a key."`
	Role      auth.Role        `json:"role" doc:"What they are in the workspace." enum:"owner,administrator,member,viewer,auditor"`
	Actions   []auth.Action    `json:"actions" doc:"What they may do in it: the permissions of docs/roles.md."`
	Workspace Workspace        `json:"workspace" doc:"The workspace that they look at."`
	Others    []Workspace      `json:"others,omitempty" doc:"The other workspaces that the person is in."`
}

type meOutput struct {
	SetCookie []string `header:"Set-Cookie" doc:"The session's cookie."`
	Body      Me
}

func (a *API) signIn(ctx context.Context, in *struct{ Body NewSession }) (*meOutput, error) {
	if _, err := a.plainCookie(callOf(ctx).http); err != nil {
		return nil, err
	}
	began, err := a.People.SignIn(ctx, in.Body.Email, in.Body.Password, visitor(ctx))
	if err != nil {
		return nil, err
	}
	return a.began(ctx, began)
}

// began answers with who has signed in, and their cookie.
func (a *API) began(ctx context.Context, in auth.SignedIn) (*meOutput, error) {
	cookie, err := a.cookie(callOf(ctx).http, in)
	if err != nil {
		return nil, err
	}
	out, err := a.getMe(ctx, in.Principal, nil)
	if err != nil {
		return nil, err
	}
	out.SetCookie = []string{cookie}
	return out, nil
}

// person refuses a key where only a person makes sense.
func person(p auth.Principal) error {
	if p.UserID == "" {
		return bursar.Errorf(bursar.Conflict, "a key is no person").WithReason("not_a_person").WithHint("sign in, and try again")
	}
	return nil
}

func (a *API) signOut(ctx context.Context, p auth.Principal, _ *struct{}) (*doneOutput, error) {
	if err := person(p); err != nil {
		return nil, err
	}
	err := a.Store.InTx(ctx, func(tx *store.Tx) error { return tx.DropSession(p.UserID, p.SessionID) })
	return &doneOutput{SetCookie: a.noCookie(callOf(ctx).http), Body: Done{p.SessionID}}, err
}

// Done names what was ended or removed.
type Done struct {
	ID string `json:"id" doc:"Its id."`
}

type doneOutput struct {
	SetCookie []string `header:"Set-Cookie" doc:"Takes the session's cookie away, after signing out."`
	Body      Done
}

func (a *API) switchWorkspace(ctx context.Context, p auth.Principal, in *struct{ Body NewPlace }) (*meOutput, error) {
	if err := person(p); err != nil {
		return nil, err
	}
	err := a.Store.InTx(ctx, func(tx *store.Tx) error {
		m, err := tx.Membership(in.Body.WorkspaceID, p.UserID)
		if err != nil {
			return noWorkspace
		}
		p.WorkspaceID, p.Role = m.WorkspaceID, auth.Role(m.Role)
		return tx.SwitchSession(p.SessionID, m.WorkspaceID)
	})
	if err != nil {
		return nil, err
	}
	return a.getMe(ctx, p, nil)
}

// NewPlace says where to look.
type NewPlace struct {
	WorkspaceID string `json:"workspace_id" doc:"A workspace that the person is in: ws_…"`
}

func (a *API) getMe(ctx context.Context, p auth.Principal, _ *struct{}) (*meOutput, error) {
	me := Me{Kind: p.Actor().Kind, ID: p.Actor().ID, Name: p.Name, Role: p.Role, Actions: p.Actions()}
	err := a.Store.View(ctx, func(tx *store.Tx) error {
		ws, err := tx.Workspace(p.WorkspaceID)
		if err != nil {
			return err
		}
		me.Workspace = Workspace{Workspace: ws, Role: p.Role}
		if p.UserID == "" {
			return nil
		}
		u, err := tx.User(p.UserID)
		if err != nil {
			return err
		}
		me.Name, me.Email = u.Name, u.Email
		all, err := workspacesOf(tx, p)
		for _, w := range all {
			if w.ID != p.WorkspaceID {
				me.Others = append(me.Others, w)
			}
		}
		return err
	})
	return &meOutput{Body: me}, err
}

// NewMe is what a person changes of themselves.
type NewMe struct {
	Name string `json:"name" doc:"The person's name."`
}

func (a *API) changeMe(ctx context.Context, p auth.Principal, in *struct{ Body NewMe }) (*meOutput, error) {
	if err := person(p); err != nil {
		return nil, err
	}
	if err := bursar.CheckAccountName(in.Body.Name); err != nil { // names of people follow the same rules
		return nil, err
	}
	err := a.Store.InTx(ctx, func(tx *store.Tx) error {
		u, err := tx.User(p.UserID)
		if err != nil {
			return err
		}
		if err := unchanged(ctx, Me{ID: u.ID, Name: u.Name}.state()); err != nil {
			return err
		}
		before := u.Name
		u.Name = in.Body.Name
		if err := tx.ChangeUser(u); err != nil {
			return err
		}
		return tx.Audit(store.Change{Target: u.ID, Before: NewMe{before}, After: NewMe{u.Name}})
	})
	if err != nil {
		return nil, err
	}
	return a.getMe(ctx, p, nil)
}

// NewPassword is what a person says to change their password.
type NewPassword struct {
	Current  bursar.Secret `json:"current" doc:"The password that is in force."`
	Password bursar.Secret `json:"password" doc:"The new one: 12 characters at least."`
}

func (a *API) changePassword(ctx context.Context, p auth.Principal, in *struct{ Body NewPassword }) (*doneOutput, error) {
	if err := person(p); err != nil {
		return nil, err
	}
	err := a.People.ChangePassword(ctx, p, in.Body.Current, in.Body.Password, visitor(ctx))
	if bursar.CodeOf(err) == bursar.Unauthorized { // the session is in force: it is the field that is wrong
		err = bursar.InvalidField("current", "the current password is wrong").WithReason("password_wrong").WithHint("type it again")
	}
	return &doneOutput{Body: Done{p.UserID}}, err
}

// Session is one of the caller's sessions.
type Session struct {
	ID         string    `json:"id" doc:"ses_…"`
	Current    bool      `json:"current" doc:"Whether it is the one that asks."`
	Method     string    `json:"method" doc:"How it began." enum:"password,oidc,invitation"`
	CreatedAt  time.Time `json:"created_at" doc:"When it began."`
	LastSeenAt time.Time `json:"last_seen_at" doc:"When it was used last, to the minute."`
	ExpiresAt  time.Time `json:"expires_at" doc:"When it ends at the latest."`
	From       string    `json:"from" doc:"The network address at its beginning."`
	Agent      string    `json:"agent" doc:"The browser, in its own words."`
}

func (a *API) listSessions(ctx context.Context, p auth.Principal, _ *struct{}) (*listOutput[Session], error) {
	if err := person(p); err != nil {
		return nil, err
	}
	var items []Session
	err := a.Store.View(ctx, func(tx *store.Tx) error {
		all, err := tx.SessionsOf(p.UserID)
		for _, s := range all {
			items = append(items, Session{s.ID, s.ID == p.SessionID, s.Method, s.CreatedAt, s.LastSeenAt, s.ExpiresAt, s.From, s.Agent})
		}
		return err
	})
	return listed(items, ""), err
}

func (a *API) endSession(ctx context.Context, p auth.Principal, in *struct {
	Session string `path:"session" doc:"The session's id (ses_…)."`
},
) (*doneOutput, error) {
	if err := person(p); err != nil {
		return nil, err
	}
	err := a.Store.InTx(ctx, func(tx *store.Tx) error { return tx.DropSession(p.UserID, in.Session) })
	return &doneOutput{Body: Done{in.Session}}, err
}
