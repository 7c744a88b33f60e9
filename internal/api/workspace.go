package api

import (
	"context"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/auth"
	"github.com/bursarhq/bursar/internal/store"
)

// Workspace is a workspace that the caller is in.
type Workspace struct {
	bursar.Workspace
	Role auth.Role `json:"role,omitempty" doc:"What the caller is in it." enum:"owner,administrator,member,viewer,auditor"`
	Key  string    `json:"key,omitempty" doc:"An owner's key of it. Present in the answer to a key that made it, and never again."`
}

var noWorkspace = bursar.Errorf(bursar.NotFound, "there is no such workspace, or you are not in it").WithReason("no_such_workspace").WithHint("GET /api/v1/workspaces lists yours")

type workspaceOutput struct{ Body Workspace }

// workspacesOf lists where the caller is in: a key is in one.
func workspacesOf(tx *store.Tx, p auth.Principal) (out []Workspace, err error) {
	if p.UserID == "" {
		ws, err := tx.Workspace(p.WorkspaceID)
		return []Workspace{{Workspace: ws, Role: p.Role}}, err
	}
	places, err := tx.MembershipsOf(p.UserID)
	if err != nil {
		return nil, err
	}
	for _, m := range places {
		ws, err := tx.Workspace(m.WorkspaceID)
		if err != nil {
			return nil, err
		}
		out = append(out, Workspace{Workspace: ws, Role: auth.Role(m.Role)})
	}
	return out, nil
}

func (a *API) listWorkspaces(ctx context.Context, p auth.Principal, _ *struct{}) (*listOutput[Workspace], error) {
	var items []Workspace
	err := a.Store.View(ctx, func(tx *store.Tx) (err error) { items, err = workspacesOf(tx, p); return err })
	return listed(items, ""), err
}

type workspacePath struct {
	Workspace string `path:"workspace" doc:"The workspace's id (ws_…)."`
}

func (a *API) getWorkspace(ctx context.Context, p auth.Principal, in *workspacePath) (*workspaceOutput, error) {
	var all []Workspace
	err := a.Store.View(ctx, func(tx *store.Tx) (err error) { all, err = workspacesOf(tx, p); return err })
	if err != nil {
		return nil, err
	}
	for _, w := range all {
		if w.ID == in.Workspace {
			return &workspaceOutput{w}, nil
		}
	}
	return nil, noWorkspace
}

// NewWorkspace is what a caller says of a workspace.
type NewWorkspace struct {
	Name string `json:"name" doc:"Its name, for people: a company, or a customer."`
}

// addWorkspace is for the owners of the installation's first workspace: a customer of theirs who owns another one makes none.
func (a *API) addWorkspace(ctx context.Context, p auth.Principal, in *struct{ Body NewWorkspace }) (*workspaceOutput, error) {
	if err := bursar.CheckAccountName(in.Body.Name); err != nil { // names of workspaces follow the same rules
		return nil, err
	}
	out, err := inTx(ctx, a, func(tx *store.Tx) (out Workspace, err error) {
		home, err := tx.HomeWorkspace()
		if err != nil {
			return out, err
		}
		if home.ID != p.WorkspaceID {
			return out, bursar.Errorf(bursar.Forbidden, "workspaces cannot be made from this one").WithReason("role_forbids").WithHint("ask whoever runs this installation")
		}
		if out.Workspace, err = tx.AddWorkspace(in.Body.Name); err != nil {
			return out, err
		}
		if err := tx.Audit(store.Change{WorkspaceID: home.ID, Target: out.ID, After: out.Workspace}); err != nil {
			return out, err
		}
		out.Role = auth.Owner
		if p.UserID != "" {
			return out, tx.PutMembership(out.ID, p.UserID, string(auth.Owner), false)
		}
		key, _, err := auth.NewKey(tx, out.ID, "owner", auth.Owner, time.Time{})
		out.Key = key.Reveal()
		return out, err
	})
	return &workspaceOutput{out}, err
}

func (a *API) renameWorkspace(ctx context.Context, p auth.Principal, in *struct {
	Workspace string `path:"workspace" doc:"The workspace's id (ws_…)."`
	Body      NewWorkspace
},
) (*workspaceOutput, error) {
	if in.Workspace != p.WorkspaceID {
		return nil, noWorkspace
	}
	if err := bursar.CheckAccountName(in.Body.Name); err != nil {
		return nil, err
	}
	out, err := inTx(ctx, a, func(tx *store.Tx) (out Workspace, err error) {
		if out.Workspace, err = tx.Workspace(p.WorkspaceID); err != nil {
			return out, err
		}
		if err = unchanged(ctx, out.state()); err != nil {
			return out, err
		}
		if err = tx.RenameWorkspace(p.WorkspaceID, in.Body.Name); err != nil {
			return out, err
		}
		out.Role = p.Role
		out.Workspace, err = tx.Workspace(p.WorkspaceID)
		return out, err
	})
	return &workspaceOutput{out}, err
}
