package auth

import (
	"context"
	"strings"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/store"
)

// InvitationLasts is how long the link of an invitation is good for; the owner's set-up link lasts a day.
const (
	InvitationLasts = 7 * 24 * time.Hour
	setupLasts      = 24 * time.Hour
)

// Invite makes an invitation. The token in its link is returned once and never kept; an older link for the same address ceases to be
// valid.
func Invite(tx *store.Tx, workspaceID, email string, role Role) (bursar.Secret, store.Invitation, error) {
	email, err := CheckEmail(email)
	if err != nil {
		return bursar.Secret{}, store.Invitation{}, err
	}
	return invite(tx, workspaceID, email, role, InvitationLasts)
}

func invite(tx *store.Tx, workspaceID, email string, role Role, lasts time.Duration) (bursar.Secret, store.Invitation, error) {
	token := newToken("bui")
	i, err := tx.AddInvitation(store.Invitation{
		WorkspaceID: workspaceID, Role: string(role), Email: email, Hash: hash(token.Reveal()), CreatedBy: tx.Actor().Name, ExpiresAt: tx.Now.Add(lasts),
	})
	return token, i, err
}

// Acceptance is what a person says who opens an invitation.
type Acceptance struct {
	Token    bursar.Secret
	Email    string // only for the owner's set-up link: every other invitation names its person
	Name     string // only of a new person
	Password bursar.Secret
}

var invitationGone = bursar.Errorf(bursar.NotFound, "the invitation is not valid any more").WithReason("invitation_gone").
	WithHint("each link works once, and for a few days: ask for a new one")

// Look returns the invitation of a link. One that is not valid any more is NotFound with the reason invitation_gone.
func (p *People) Look(ctx context.Context, token bursar.Secret) (i store.Invitation, workspace string, err error) {
	err = p.store.View(ctx, func(tx *store.Tx) error {
		if i, err = tx.OpenInvitation(hash(token.Reveal())); err != nil {
			return err
		}
		ws, err := tx.Workspace(i.WorkspaceID)
		workspace = ws.Name
		return err
	})
	if bursar.CodeOf(err) == bursar.NotFound {
		err = invitationGone
	}
	return i, workspace, err
}

// Accept lets an invited person in. A new person chooses a password; one who is known already proves who they are with the one they have.
func (p *People) Accept(ctx context.Context, a Acceptance, v Visitor) (SignedIn, error) {
	i, _, err := p.Look(ctx, a.Token)
	if err != nil {
		return SignedIn{}, err
	}
	email := i.Email
	if email == "" {
		if email, err = CheckEmail(a.Email); err != nil {
			return SignedIn{}, err
		}
	}
	u, err := p.known(ctx, email)
	if err != nil {
		return SignedIn{}, err
	}
	if u.ID != "" {
		if u, err = p.prove(ctx, email, a.Password, v); err != nil {
			return SignedIn{}, err
		}
	} else if u, err = p.newcomer(ctx, email, a); err != nil {
		return SignedIn{}, err
	}
	return p.admit(ctx, a.Token, u, "invitation", v)
}

// Join lets a person who has signed in accept an invitation that names them. Their session looks at its workspace then.
func (p *People) Join(ctx context.Context, token bursar.Secret, who Principal) (Principal, error) {
	err := p.store.InTx(ctx, func(tx *store.Tx) error {
		i, err := tx.OpenInvitation(hash(token.Reveal()))
		if err != nil || i.Email != who.Name { // another's link tells nothing
			return invitationGone
		}
		u, err := tx.User(who.UserID)
		if err != nil {
			return err
		}
		tx.As(who.Actor())
		if err := take(tx, i, u); err != nil {
			return err
		}
		who.WorkspaceID, who.Role = i.WorkspaceID, Role(i.Role)
		return tx.SwitchSession(who.SessionID, i.WorkspaceID)
	})
	return who, err
}

func (p *People) known(ctx context.Context, email string) (u store.User, err error) {
	err = p.store.View(ctx, func(tx *store.Tx) error { u, err = tx.UserByEmail(email); return err })
	if bursar.CodeOf(err) == bursar.NotFound {
		return store.User{}, nil
	}
	return u, err
}

// newcomer checks what a new person said of themselves.
func (p *People) newcomer(ctx context.Context, email string, a Acceptance) (store.User, error) {
	name := strings.TrimSpace(a.Name)
	if err := bursar.CheckAccountName(name); err != nil { // names of people follow the same rules
		return store.User{}, err
	}
	if err := CheckPassword(a.Password, email); err != nil {
		return store.User{}, err
	}
	made, err := p.hasher.hash(ctx, a.Password)
	return store.User{Email: email, Name: name, PasswordHash: made}, err
}

// admit uses the invitation up, and begins a session in its workspace.
func (p *People) admit(ctx context.Context, token bursar.Secret, u store.User, method string, v Visitor) (in SignedIn, err error) {
	err = p.store.InTx(ctx, func(tx *store.Tx) error {
		i, err := tx.OpenInvitation(hash(token.Reveal()))
		if err != nil {
			return invitationGone
		}
		if u.ID == "" {
			if u, err = tx.AddUser(u); err != nil {
				return err
			}
		}
		tx.As(bursar.Actor{Kind: bursar.ActorUser, ID: u.ID, Name: u.Email})
		if err := take(tx, i, u); err != nil {
			return err
		}
		in, err = p.begin(tx, u, i.WorkspaceID, method, v)
		return err
	})
	return in, err
}

// take gives the invited person the place that the invitation promises, once.
func take(tx *store.Tx, i store.Invitation, u store.User) error {
	if err := tx.AcceptInvitation(i.ID); err != nil {
		return err
	}
	_, err := tx.Membership(i.WorkspaceID, u.ID)
	if err == nil {
		return bursar.Errorf(bursar.Conflict, "you are in this workspace already").WithReason("member_already").WithHint("sign in; an owner or administrator can change your role")
	}
	if bursar.CodeOf(err) != bursar.NotFound {
		return err
	}
	return tx.PutMembership(i.WorkspaceID, u.ID, i.Role, false)
}
