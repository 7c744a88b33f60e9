package store

import (
	"time"

	"github.com/bursarhq/bursar"
)

// Invitation is a link by which a person comes into a workspace, once.
type Invitation struct {
	ID          string // "inv_…"
	WorkspaceID string
	Role        string
	Email       string // whom it is for; "" for whoever has the owner's set-up link
	Hash        string // SHA-256 of the link's token, in hexadecimal
	CreatedBy   string
	CreatedAt   time.Time
	ExpiresAt   time.Time
	AcceptedAt  time.Time // zero: open
}

const invitationColumns = `id, workspace_id, role, email, hash, created_by, created_at, expires_at, accepted_at`

func scanInvitation(r scanner) (Invitation, error) {
	var i Invitation
	var created, expires, accepted int64
	err := r.Scan(&i.ID, &i.WorkspaceID, &i.Role, &i.Email, &i.Hash, &i.CreatedBy, &created, &expires, &accepted)
	i.CreatedAt, i.ExpiresAt, i.AcceptedAt = fromStamp(created), fromStamp(expires), fromStamp(accepted)
	return i, err
}

// public is an invitation as the audit log shows it.
func (i Invitation) public() any {
	return struct {
		Email     string    `json:"email,omitempty"`
		Role      string    `json:"role"`
		ExpiresAt time.Time `json:"expires_at"`
	}{i.Email, i.Role, i.ExpiresAt}
}

// AddInvitation saves an invitation under a fresh id. An older one for the same address ceases to be valid.
func (tx *Tx) AddInvitation(i Invitation) (Invitation, error) {
	i.ID, i.CreatedAt = bursar.NewID("inv"), tx.Now
	if err := tx.exec(`DELETE FROM invitations WHERE workspace_id = $1 AND email = $2 AND accepted_at = 0`, i.WorkspaceID, i.Email); err != nil {
		return i, err
	}
	err := tx.exec(`INSERT INTO invitations (`+invitationColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0)`,
		i.ID, i.WorkspaceID, i.Role, i.Email, i.Hash, i.CreatedBy, stamp(i.CreatedAt), stamp(i.ExpiresAt))
	if err != nil {
		return i, err
	}
	return i, tx.Audit(Change{WorkspaceID: i.WorkspaceID, Action: "inviteUser", Target: i.ID, After: i.public()})
}

// OpenInvitation returns the invitation of a link, of any workspace. One that was accepted, has expired or was withdrawn is not found.
func (tx *Tx) OpenInvitation(hash string) (Invitation, error) {
	return one(tx, "invitation", scanInvitation, `SELECT `+invitationColumns+` FROM invitations WHERE hash = $1 AND accepted_at = 0 AND expires_at > $2`, hash, stamp(tx.Now))
}

// Invitation returns one invitation of a workspace.
func (tx *Tx) Invitation(workspaceID, id string) (Invitation, error) {
	return one(tx, "invitation", scanInvitation, `SELECT `+invitationColumns+` FROM invitations WHERE workspace_id = $1 AND id = $2`, workspaceID, id)
}

// Invitations lists the open invitations of a workspace, the newest first.
func (tx *Tx) Invitations(workspaceID string, p Page) (invitations []Invitation, next string, err error) {
	at, id, err := p.before()
	if err != nil {
		return nil, "", err
	}
	invitations, err = many(tx, scanInvitation, `SELECT `+invitationColumns+` FROM invitations
		WHERE workspace_id = $1 AND accepted_at = 0 AND expires_at > $2 AND (created_at, id) < ($3, $4) ORDER BY created_at DESC, id DESC LIMIT $5`,
		workspaceID, stamp(tx.Now), at, id, p.Limit+1)
	if err == nil && len(invitations) > p.Limit {
		invitations = invitations[:p.Limit]
		next = cursor(invitations[p.Limit-1].CreatedAt, invitations[p.Limit-1].ID)
	}
	return invitations, next, err
}

// AcceptInvitation marks an open invitation as used.
func (tx *Tx) AcceptInvitation(id string) error {
	return tx.change("invitation", `UPDATE invitations SET accepted_at = $1 WHERE id = $2 AND accepted_at = 0`, stamp(tx.Now), id)
}

// DropInvitation withdraws an open invitation.
func (tx *Tx) DropInvitation(workspaceID, id string) error {
	i, err := tx.Invitation(workspaceID, id)
	if err != nil {
		return err
	}
	if err := tx.change("invitation", `DELETE FROM invitations WHERE workspace_id = $1 AND id = $2 AND accepted_at = 0`, workspaceID, id); err != nil {
		return err
	}
	return tx.Audit(Change{WorkspaceID: workspaceID, Action: "withdrawInvitation", Target: id, Before: i.public()})
}
