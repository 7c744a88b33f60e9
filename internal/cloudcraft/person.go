package cloudcraft

import (
	"net/http"
	"strings"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/auth"
	"github.com/bursarhq/bursar/internal/store"
)

// user is whom a key works for, as this API shows them.
type user struct {
	ID         string   `json:"id"`
	Name       string   `json:"name"`
	Email      string   `json:"email"` // "" for a key that works for no person
	Settings   settings `json:"settings"`
	CreatedAt  stamp    `json:"createdAt"`
	UpdatedAt  stamp    `json:"updatedAt"`
	AccessedAt stamp    `json:"accessedAt"`
}

type settings struct {
	Currency  string `json:"currency"`
	FirstTime bool   `json:"firstTime"`
}

// me shows the person whom the key works for; the key itself when it works for nobody else.
func (f *Face) me(c *call) (answer, error) {
	var out user
	err := f.Store.View(c.ctx, func(tx *store.Tx) error {
		k, err := tx.Key(c.who.WorkspaceID, c.who.KeyID)
		if err != nil {
			return err
		}
		out = user{idOf("user", k.Owner), k.Name, "", settings{Currency: "USD"}, stamp(k.CreatedAt), stamp(k.CreatedAt), stamp(k.LastUsedAt)}
		id, person := strings.CutPrefix(k.Owner, "user:")
		if !person {
			return nil
		}
		u, err := tx.User(id)
		if bursar.CodeOf(err) == bursar.NotFound {
			return nil
		}
		out.Name, out.Email, out.CreatedAt, out.UpdatedAt = u.Name, u.Email, stamp(u.CreatedAt), stamp(u.CreatedAt)
		return err
	})
	return answer{http.StatusOK, out}, err
}

// team is the workspace as this API shows it: a key sees one, in which everybody is.
type team struct {
	ID                  string   `json:"id"`
	Name                string   `json:"name"`
	Role                string   `json:"role"`
	CustomerID          string   `json:"customerId"`
	CrossOrganizational bool     `json:"crossOrganizational"`
	ExternalSharing     bool     `json:"externalSharing"`
	Visible             bool     `json:"visible"`
	CreatedAt           stamp    `json:"createdAt"`
	UpdatedAt           stamp    `json:"updatedAt"`
	Members             []member `json:"members"` // none for keys that may not see people
}

type member struct {
	ID         string `json:"id"`
	UserID     string `json:"userId"`
	Name       string `json:"name"`
	Email      string `json:"email"`
	Role       string `json:"role"`
	MFAEnabled bool   `json:"mfaEnabled"`
}

// roleName is what this API calls a role: it has three.
func roleName(r auth.Role) string {
	switch r {
	case auth.Owner, auth.Administrator:
		return string(r)
	}
	return "user"
}

func (f *Face) teams(c *call) (answer, error) {
	var out team
	err := f.Store.View(c.ctx, func(tx *store.Tx) error {
		w, err := tx.Workspace(c.who.WorkspaceID)
		if err != nil {
			return err
		}
		out = team{
			ID: idOf("team", w.ID), Name: w.Name, Role: roleName(c.who.Role), CustomerID: idOf("workspace", w.ID), Visible: true,
			CreatedAt: stamp(w.CreatedAt), UpdatedAt: stamp(w.CreatedAt), Members: []member{},
		}
		if !c.who.May(auth.ReadUsers) {
			return nil
		}
		out.Members, err = members(tx, w.ID)
		return err
	})
	return answer{http.StatusOK, []team{out}}, err
}

func members(tx *store.Tx, workspaceID string) ([]member, error) {
	out := []member{}
	page := store.Page{Limit: pageSize}
	for {
		some, next, err := tx.Memberships(workspaceID, page)
		if err != nil {
			return nil, err
		}
		for _, m := range some {
			out = append(out, member{
				ID: idOf("member", m.WorkspaceID+" "+m.UserID), UserID: idOf("user", "user:"+m.UserID), Name: m.Name, Email: m.Email, Role: roleName(auth.Role(m.Role)),
			})
		}
		if page.After = next; next == "" {
			return out, nil
		}
	}
}

// nothing answers with an empty list of what bursar does not have.
func nothing(name string) func(*call) (answer, error) {
	return func(*call) (answer, error) {
		return answer{http.StatusOK, map[string]any{name: []any{}}}, nil
	}
}
