package api

import (
	"context"
	"strings"

	"github.com/bursarhq/bursar/internal/auth"
	"github.com/bursarhq/bursar/internal/store"
	"github.com/danielgtaylor/huma/v2"
)

// identityRoutes are those about who may come in, and what they did.
func (a *API) identityRoutes() {
	session, people, workspaces, keys, audit := "Session", "People", "Workspaces", "Keys", "Audit"
	public(a, "POST /api/v1/session", a.signIn, about{"signIn", session, 200, "Sign in with a password. The answer sets the session's cookie, which authenticates the same routes as a key does."})
	public(a, "GET /api/v1/session/methods", a.listMethods, about{"listMethods", session, 200, "List the ways to sign in."})
	public(a, "POST /api/v1/invitation/look", a.lookInvitation, about{"lookInvitation", session, 200, "Say what the link of an invitation is for."})
	public(a, "POST /api/v1/invitation/accept", a.acceptInvitation, about{"acceptInvitation", session, 200, "Accept an invitation, and sign in. A new person chooses a password; one who is known gives theirs."})
	a.mux.HandleFunc("GET "+signOnPath, a.beginSignOn)
	a.mux.HandleFunc("GET "+signedOnPath, a.finishSignOn)
	handle(a, "DELETE /api/v1/session", auth.Self, a.signOut, about{"signOut", session, 200, "Sign out: end the session that asks."})
	handle(a, "PUT /api/v1/session/workspace", auth.Self, a.switchWorkspace, about{"switchWorkspace", session, 200, "Look at another workspace that the person is in."})

	handle(a, "GET /api/v1/me", auth.Self, a.getMe, about{"getMe", session, 200, "Say who is asking, in which workspace, and what they may do."})
	handle(a, "PATCH /api/v1/me", auth.Self, a.changeMe, about{"changeMe", session, 200, "Change one's own name."}, unlessChanged)
	handle(a, "PUT /api/v1/me/password", auth.Self, a.changePassword, about{"changePassword", session, 200, "Change one's own password. Every other session of the person ends."})
	handle(a, "GET /api/v1/me/sessions", auth.Self, a.listSessions, about{"listSessions", session, 200, "List one's own sessions, the newest first."})
	handle(a, "DELETE /api/v1/me/sessions/{session}", auth.Self, a.endSession, about{"endSession", session, 200, "End one of one's own sessions, at once."})

	handle(a, "GET /api/v1/users", auth.ReadUsers, a.listUsers, about{"listUsers", people, 200, "List who is in the workspace, by e-mail address."})
	handle(a, "GET /api/v1/users/{user}", auth.ReadUsers, a.getUser, about{"getUser", people, 200, "Show one person."})
	handle(a, "PATCH /api/v1/users/{user}", auth.ManageUsers, a.changeUser, about{"changeUser", people, 200, "Give a person another role in the workspace. It takes effect with their next request."}, unlessChanged)
	handle(a, "DELETE /api/v1/users/{user}", auth.ManageUsers, a.removeUser, about{"removeUser", people, 200, "Take a person out of the workspace. It takes effect with their next request."}, unlessChanged)
	handle(a, "GET /api/v1/invitations", auth.ReadUsers, a.listInvitations, about{"listInvitations", people, 200, "List the open invitations, the newest first. Their links are kept nowhere."})
	handle(a, "POST /api/v1/invitations", auth.ManageUsers, a.inviteUser, about{"inviteUser", people, 201, "Invite a person. The answer is the only place where the link is ever shown; an older one for the same address ceases to be valid."})
	handle(a, "DELETE /api/v1/invitations/{invitation}", auth.ManageUsers, a.withdrawInvitation, about{"withdrawInvitation", people, 200, "Withdraw an open invitation."})

	handle(a, "GET /api/v1/workspaces", auth.Self, a.listWorkspaces, about{"listWorkspaces", workspaces, 200, "List the workspaces that the caller is in."})
	handle(a, "POST /api/v1/workspaces", auth.CreateWorkspaces, a.addWorkspace, about{"addWorkspace", workspaces, 201, "Make a workspace. A person becomes its owner; a key is answered with an owner's key of it, shown this once."})
	handle(a, "GET /api/v1/workspaces/{workspace}", auth.Self, a.getWorkspace, about{"getWorkspace", workspaces, 200, "Show a workspace that the caller is in."})
	handle(a, "PATCH /api/v1/workspaces/{workspace}", auth.ManageWorkspace, a.renameWorkspace, about{"renameWorkspace", workspaces, 200, "Give the caller's workspace another name."}, unlessChanged)

	handle(a, "GET /api/v1/keys", auth.ManageKeys, a.listKeys, about{"listKeys", keys, 200, "List the workspace's API keys, the newest first. The keys themselves are kept nowhere."})
	handle(a, "POST /api/v1/keys", auth.ManageKeys, a.addKey, about{"addKey", keys, 201, "Make an API key. The answer is the only place where it is ever shown. Two keys of one name may be in force, so that they can be rotated."})
	handle(a, "DELETE /api/v1/keys/{key}", auth.ManageKeys, a.revokeKey, about{"revokeKey", keys, 200, "Revoke an API key, at once."})

	handle(a, "GET /api/v1/audit", auth.ReadAudit, a.listAudit, about{"listAudit", audit, 200, "List what was done, tried and refused in the workspace, the newest first."})
	stream(a, "GET /api/v1/audit/export", jsonLines, auth.ReadAudit, a.exportAudit, about{"exportAudit", audit, 200, "Export the audit log as JSON lines, the oldest first. Each line holds the hash of the one before, so that anybody can verify it."})
}

// public registers a route that needs no credential: it is the way to get one. What is refused there is written into the audit log by
// those who refuse.
func public[I, O any](a *API, route string, h func(context.Context, *I) (*O, error), ab about) {
	op := a.operation(route, auth.Self, ab)
	op.Middlewares[0] = a.knock(ab.id) // in place of the one that asks for a credential
	op.Security = []map[string][]string{}
	_, description, _ := strings.Cut(ab.text, ". ")
	op.Description = strings.TrimSpace(description + "\n\nNeeds no credential.")
	addRoute(a, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := h(ctx, in)
		if err != nil {
			return nil, problemOf(ctx, op.Method, err)
		}
		return out, nil
	})
}

// knock lets a request without a credential pass, unless a page of another site sent it.
func (a *API) knock(operation string) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		inner := a.identified(ctx, operation, auth.Principal{})
		if err := a.sameSite(callOf(ctx.Context()).http); err != nil {
			a.AuditRefusal(inner.Context(), err)
			_ = huma.WriteErr(a.huma, ctx, 0, "", err)
			return
		}
		next(inner)
	}
}

// visitor is where a request comes from, for those who let people in.
func visitor(ctx context.Context) auth.Visitor {
	c := callOf(ctx)
	return auth.Visitor{From: c.from, Agent: c.http.UserAgent()}
}

// inTx changes something for a handler that answers with it.
func inTx[T any](ctx context.Context, a *API, f func(*store.Tx) (T, error)) (out T, err error) {
	err = a.Store.InTx(ctx, func(tx *store.Tx) (err error) { out, err = f(tx); return err })
	return out, err
}
