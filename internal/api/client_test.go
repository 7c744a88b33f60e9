package api_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/client"
)

// TestTheClientKnowsPeople holds the client's types against what the API says of people, and uses each method once.
func TestTheClientKnowsPeople(t *testing.T) {
	b := start(t)
	b.owns()
	c := b.client(b.owner)
	invited, err := c.Invite(t.Context(), "bob@example.com", "member")
	if err != nil || !strings.Contains(invited.Link, "/invitation#bui_") {
		t.Fatalf("%+v, %v", invited, err)
	}
	if err := c.WithdrawInvitation(t.Context(), invited.ID); err != nil {
		t.Error(err)
	}
	if open, err := c.Invitations(t.Context()); err != nil || len(open) != 0 {
		t.Errorf("%+v, %v", open, err)
	}
	if _, err := c.Invite(t.Context(), "bob@example.com", "member"); err != nil {
		t.Error(err)
	}
	id := b.userID(b.ws)
	if u, err := c.SetRole(t.Context(), id, "auditor"); err != nil || u.Role != "auditor" {
		t.Errorf("%+v, %v", u, err)
	}
	if err := c.RemoveUser(t.Context(), id); err != nil {
		t.Error(err)
	}
	if users, err := c.Users(t.Context()); err != nil || len(users) != 1 || users[0].Email != "olga@example.com" {
		t.Errorf("%+v, %v", users, err)
	}
	me, err := c.Me(t.Context())
	if err != nil || me.Kind != "key" || me.Workspace.ID != b.ws || me.Role != "owner" {
		t.Errorf("%+v, %v", me, err)
	}
	if w, err := c.RenameWorkspace(t.Context(), b.ws, "Head Office"); err != nil || w.Name != "Head Office" {
		t.Errorf("%+v, %v", w, err)
	}
	if w, err := c.AddWorkspace(t.Context(), "Customer"); err != nil || !strings.HasPrefix(w.Key, "bur_") {
		t.Errorf("%+v, %v", w, err)
	}
	for path, into := range map[string]any{
		"/api/v1/me": &client.Me{}, "/api/v1/users": &struct{ Items []client.User }{}, "/api/v1/invitations": &struct{ Items []client.Invitation }{},
		"/api/v1/workspaces": &struct{ Items []client.Workspace }{}, "/api/v1/workspaces/" + b.ws: &client.Workspace{}, "/api/v1/keys": &struct{ Items []client.Key }{},
		"/api/v1/audit?limit=200": &struct{ Items []bursar.AuditEntry }{},
	} {
		_, body := b.raw("GET", path, "")
		dec := json.NewDecoder(strings.NewReader(body))
		dec.DisallowUnknownFields()
		if err := dec.Decode(into); err != nil {
			t.Errorf("%s: %v\n%.300s", path, err, body)
		}
	}
}
