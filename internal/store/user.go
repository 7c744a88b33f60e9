package store

import (
	"time"

	"github.com/bursarhq/bursar"
)

// User is a person. One may be in several workspaces.
type User struct {
	ID           string // "usr_…"
	Email        string // in lower case
	Name         string
	PasswordHash string // of argon2id; "" for none
	Issuer       string // the identity provider that vouches for the person; "" for none
	Subject      string // the provider's name for the person
	CreatedAt    time.Time
}

const userColumns = `id, email, name, password_hash, issuer, subject, created_at`

func scanUser(r scanner) (User, error) {
	var u User
	var created int64
	err := r.Scan(&u.ID, &u.Email, &u.Name, &u.PasswordHash, &u.Issuer, &u.Subject, &created)
	u.CreatedAt = fromStamp(created)
	return u, err
}

// AddUser saves a person under a fresh id. An address that somebody has is a Conflict.
func (tx *Tx) AddUser(u User) (User, error) {
	u.ID, u.CreatedAt = bursar.NewID("usr"), tx.Now
	err := tx.exec(`INSERT INTO users (`+userColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7)`, u.ID, u.Email, u.Name, u.PasswordHash, u.Issuer, u.Subject, stamp(u.CreatedAt))
	if violates(err, "users") {
		err = bursar.Errorf(bursar.Conflict, "the person is known already").WithReason("user_known").WithHint("sign in, then try again")
	}
	return u, err
}

// User returns a person by id.
func (tx *Tx) User(id string) (User, error) {
	return one(tx, "person", scanUser, `SELECT `+userColumns+` FROM users WHERE id = $1`, id)
}

// UserByEmail returns a person by address, which is in lower case.
func (tx *Tx) UserByEmail(email string) (User, error) {
	return one(tx, "person", scanUser, `SELECT `+userColumns+` FROM users WHERE email = $1`, email)
}

// UserBySubject returns a person by what an identity provider calls them.
func (tx *Tx) UserBySubject(issuer, subject string) (User, error) {
	return one(tx, "person", scanUser, `SELECT `+userColumns+` FROM users WHERE issuer = $1 AND subject = $2 AND subject <> ''`, issuer, subject)
}

// ChangeUser saves a person's name, password and identity provider.
func (tx *Tx) ChangeUser(u User) error {
	return tx.change("person", `UPDATE users SET name = $1, password_hash = $2, issuer = $3, subject = $4 WHERE id = $5`, u.Name, u.PasswordHash, u.Issuer, u.Subject, u.ID)
}

// Membership is a person's place in a workspace.
type Membership struct {
	WorkspaceID   string
	WorkspaceName string
	UserID        string
	Email         string
	Name          string // the person's
	Role          string
	External      bool // an identity provider's groups decide
	Since         time.Time
	LastSeenAt    time.Time // of any session of the person in the workspace; zero for never
}

const membershipQuery = `SELECT m.workspace_id, w.title, m.user_id, u.email, u.name, m.role, m.external, m.since,
	coalesce((SELECT max(s.last_seen_at) FROM sessions s WHERE s.user_id = m.user_id AND s.workspace_id = m.workspace_id), 0)
	FROM memberships m JOIN users u ON u.id = m.user_id JOIN workspaces w ON w.id = m.workspace_id `

func scanMembership(r scanner) (Membership, error) {
	var m Membership
	var since, seen int64
	err := r.Scan(&m.WorkspaceID, &m.WorkspaceName, &m.UserID, &m.Email, &m.Name, &m.Role, &m.External, &since, &seen)
	m.Since, m.LastSeenAt = fromStamp(since), fromStamp(seen)
	return m, err
}

// Membership returns a person's place in a workspace.
func (tx *Tx) Membership(workspaceID, userID string) (Membership, error) {
	return one(tx, "person", scanMembership, membershipQuery+`WHERE m.workspace_id = $1 AND m.user_id = $2`, workspaceID, userID)
}

// MembershipsOf lists the workspaces that a person is in, by name.
func (tx *Tx) MembershipsOf(userID string) ([]Membership, error) {
	return many(tx, scanMembership, membershipQuery+`WHERE m.user_id = $1 ORDER BY w.title, w.id`, userID)
}

// Memberships lists who is in a workspace, by address.
func (tx *Tx) Memberships(workspaceID string, p Page) (people []Membership, next string, err error) {
	people, err = many(tx, scanMembership, membershipQuery+`WHERE m.workspace_id = $1 AND u.email > $2 ORDER BY u.email LIMIT $3`, workspaceID, p.After, p.Limit+1)
	if err == nil && len(people) > p.Limit {
		people = people[:p.Limit]
		next = people[p.Limit-1].Email
	}
	return people, next, err
}

// PutMembership gives a person a place in a workspace, or another role in it. The last owner keeps that role: anything else is a
// Conflict with the reason last_owner.
func (tx *Tx) PutMembership(workspaceID, userID, role string, external bool) error {
	before, err := tx.Membership(workspaceID, userID)
	if err != nil && bursar.CodeOf(err) != bursar.NotFound {
		return err
	}
	if err := tx.keepAnOwner(before, role); err != nil {
		return err
	}
	err = tx.exec(`INSERT INTO memberships (workspace_id, user_id, role, external, since) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (workspace_id, user_id) DO UPDATE SET role = excluded.role, external = excluded.external`, workspaceID, userID, role, external, stamp(tx.Now))
	if err != nil {
		return err
	}
	after, err := tx.Membership(workspaceID, userID)
	if err != nil {
		return err
	}
	return tx.Audit(Change{WorkspaceID: workspaceID, Action: "changeUser", Target: userID, Before: before.public(), After: after.public()})
}

// DropMembership takes a person out of a workspace. The last owner stays.
func (tx *Tx) DropMembership(workspaceID, userID string) error {
	before, err := tx.Membership(workspaceID, userID)
	if err != nil {
		return err
	}
	if err := tx.keepAnOwner(before, ""); err != nil {
		return err
	}
	if err := tx.change("person", `DELETE FROM memberships WHERE workspace_id = $1 AND user_id = $2`, workspaceID, userID); err != nil {
		return err
	}
	return tx.Audit(Change{WorkspaceID: workspaceID, Action: "removeUser", Target: userID, Before: before.public()})
}

func (tx *Tx) keepAnOwner(m Membership, role string) error {
	if m.Role != "owner" || role == "owner" {
		return nil
	}
	var owners int
	err := tx.row(`SELECT count(*) FROM memberships WHERE workspace_id = $1 AND role = 'owner'`, m.WorkspaceID).Scan(&owners)
	if err == nil && owners < 2 {
		return bursar.Errorf(bursar.Conflict, "%s is the workspace's last owner", m.Email).WithReason("last_owner").WithHint("make somebody else an owner first")
	}
	return err
}

// public is a membership as the audit log shows it.
func (m Membership) public() any {
	if m.UserID == "" {
		return nil
	}
	return struct {
		Email    string `json:"email"`
		Role     string `json:"role"`
		External bool   `json:"external,omitempty"`
	}{m.Email, m.Role, m.External}
}
