package api

import (
	"context"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/auth"
	"github.com/bursarhq/bursar/internal/store"
)

// InvitationPath is the console's page that opens invitations. The token stands behind a #: browsers send it to no server.
const InvitationPath = "/invitation#"

// Invitation is an open invitation.
type Invitation struct {
	ID        string    `json:"id" doc:"inv_…"`
	Email     string    `json:"email,omitempty" doc:"Whom it is for. Absent for the owner's set-up link."`
	Role      auth.Role `json:"role" doc:"What the person will be." enum:"owner,administrator,member,viewer,auditor"`
	CreatedBy string    `json:"created_by" doc:"Who invited them."`
	CreatedAt time.Time `json:"created_at" doc:"When they were invited."`
	ExpiresAt time.Time `json:"expires_at" doc:"Until when the link is good."`
	Link      string    `json:"link,omitempty" doc:"The link to hand to the person. Present in the answer that made it, and never again."`
}

func showInvitation(i store.Invitation) Invitation {
	return Invitation{ID: i.ID, Email: i.Email, Role: auth.Role(i.Role), CreatedBy: i.CreatedBy, CreatedAt: i.CreatedAt, ExpiresAt: i.ExpiresAt}
}

type invitationOutput struct{ Body Invitation }

func (a *API) listInvitations(ctx context.Context, p auth.Principal, in *struct{ Paging }) (*listOutput[Invitation], error) {
	return paged(ctx, a, in.Paging, func(tx *store.Tx, page store.Page) ([]Invitation, string, error) {
		open, next, err := tx.Invitations(p.WorkspaceID, page)
		return each(open, showInvitation), next, err
	})
}

// NewInvitation is what a caller says to invite a person.
type NewInvitation struct {
	Email string    `json:"email" doc:"The person's e-mail address. bursar sends no mail: hand them the link."`
	Role  auth.Role `json:"role" doc:"What they will be: no more than the caller is."`
}

func (a *API) inviteUser(ctx context.Context, p auth.Principal, in *struct{ Body NewInvitation }) (*invitationOutput, error) {
	if err := p.MayGrant(in.Body.Role); err != nil {
		return nil, err
	}
	out, err := inTx(ctx, a, func(tx *store.Tx) (Invitation, error) {
		token, i, err := auth.Invite(tx, p.WorkspaceID, in.Body.Email, in.Body.Role)
		out := showInvitation(i)
		out.Link = a.base(callOf(ctx).http) + InvitationPath + token.Reveal()
		return out, err
	})
	return &invitationOutput{out}, err
}

func (a *API) withdrawInvitation(ctx context.Context, p auth.Principal, in *struct {
	Invitation string `path:"invitation" doc:"The invitation's id (inv_…)."`
},
) (*doneOutput, error) {
	err := a.Store.InTx(ctx, func(tx *store.Tx) error {
		i, err := tx.Invitation(p.WorkspaceID, in.Invitation)
		if err != nil {
			return err
		}
		if err := p.MayGrant(auth.Role(i.Role)); err != nil {
			return err
		}
		return tx.DropInvitation(p.WorkspaceID, i.ID)
	})
	return &doneOutput{Body: Done{in.Invitation}}, err
}

// NewLook names an invitation by its link.
type NewLook struct {
	Token bursar.Secret `json:"token" doc:"What stands behind the # of the link."`
}

// Invited is what an invitation is for.
type Invited struct {
	Workspace string    `json:"workspace" doc:"The workspace's name."`
	Email     string    `json:"email,omitempty" doc:"Whom it is for. Absent for the owner's set-up link: whoever opens it says who they are."`
	Role      auth.Role `json:"role" doc:"What the person will be." enum:"owner,administrator,member,viewer,auditor"`
	ExpiresAt time.Time `json:"expires_at" doc:"Until when the link is good."`
}

type invitedOutput struct{ Body Invited }

func (a *API) lookInvitation(ctx context.Context, in *struct{ Body NewLook }) (*invitedOutput, error) {
	i, workspace, err := a.People.Look(ctx, in.Body.Token)
	if err != nil {
		return nil, err
	}
	return &invitedOutput{Invited{workspace, i.Email, auth.Role(i.Role), i.ExpiresAt}}, nil
}

// NewAcceptance is what an invited person says.
type NewAcceptance struct {
	Token    bursar.Secret `json:"token" doc:"What stands behind the # of the link."`
	Email    string        `json:"email,omitempty" doc:"For the owner's set-up link alone: every other invitation names its person."`
	Name     string        `json:"name,omitempty" doc:"The person's name, when they are new."`
	Password bursar.Secret `json:"password,omitempty" doc:"The password that a new person chooses, 12 characters at least; the one that a known person has. Absent for a person who has signed in already."`
}

func (a *API) acceptInvitation(ctx context.Context, in *struct{ Body NewAcceptance }) (*meOutput, error) {
	if _, err := a.plainCookie(callOf(ctx).http); err != nil {
		return nil, err
	}
	b := in.Body
	if b.Password.IsZero() {
		if who, err := a.People.Authenticate(ctx, sessionCookie(callOf(ctx).http)); err == nil {
			return a.join(ctx, b.Token, who)
		}
	}
	began, err := a.People.Accept(ctx, auth.Acceptance{Token: b.Token, Email: b.Email, Name: b.Name, Password: b.Password}, visitor(ctx))
	if err != nil {
		return nil, err
	}
	return a.began(ctx, began)
}

// join is for a person who has signed in already, perhaps at an identity provider and without a password.
func (a *API) join(ctx context.Context, token bursar.Secret, who auth.Principal) (*meOutput, error) {
	joined, err := a.People.Join(ctx, token, who)
	if err != nil {
		return nil, err
	}
	return a.getMe(ctx, joined, nil)
}
