package auth

import (
	"cmp"
	"context"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/store"
)

// Vouched is a person for whom an identity provider vouches.
type Vouched struct {
	Issuer        string
	Subject       string // the provider's own name for the person, which never changes
	Email         string
	EmailVerified bool
	Name          string
	Role          Role // what the person's groups give in the installation's first workspace; "" for nothing
}

// SignInVouched begins a session on the word of an identity provider. A person is known by issuer and subject; one who has no such yet is
// known by an address that the provider has verified. What the groups give counts from this sign-in on, and what they no longer give
// is gone; a role that somebody in bursar gave stays as it is.
func (p *People) SignInVouched(ctx context.Context, v Vouched, at Visitor) (in SignedIn, err error) {
	u, err := p.vouchedUser(ctx, v)
	if err != nil {
		p.refused(ctx, u, reasonOf(err))
		return SignedIn{}, err
	}
	err = p.store.InTx(ctx, func(tx *store.Tx) error {
		if u, err = settle(tx, u, v); err != nil {
			return err
		}
		tx.As(bursar.Actor{Kind: bursar.ActorUser, ID: u.ID, Name: u.Email})
		if err := follow(tx, u, v.Role); err != nil {
			return err
		}
		in, err = p.begin(tx, u, "", "oidc", at)
		return err
	})
	if err != nil {
		p.refused(ctx, u, reasonOf(err))
	}
	return in, err
}

func reasonOf(err error) string {
	if e, ok := err.(*bursar.Error); ok {
		return cmp.Or(e.Reason, string(e.Code))
	}
	return string(bursar.CodeOf(err))
}

// vouchedUser finds the person; one without an id is new.
func (p *People) vouchedUser(ctx context.Context, v Vouched) (u store.User, err error) {
	err = p.store.View(ctx, func(tx *store.Tx) error { u, err = tx.UserBySubject(v.Issuer, v.Subject); return err })
	if bursar.CodeOf(err) != bursar.NotFound {
		return u, err
	}
	email, bad := CheckEmail(v.Email)
	if bad != nil || !v.EmailVerified {
		return store.User{}, bursar.Errorf(bursar.Unauthorized, "the identity provider has verified no e-mail address of yours").
			WithReason("email_unverified").WithHint("verify it there, then sign in again")
	}
	if u, err = p.known(ctx, email); err != nil {
		return u, err
	}
	if u.Subject != "" { // somebody else's address now, at the provider: nobody inherits a person's rights with it
		return u, bursar.Errorf(bursar.Unauthorized, "the address belongs to somebody else here").WithReason("email_taken").
			WithHint("ask an owner to remove the person who had the address before")
	}
	u.Email, u.Issuer, u.Subject = email, v.Issuer, v.Subject
	return u, nil
}

// settle keeps what the provider says of the person. Who is new and given no role is not kept.
func settle(tx *store.Tx, u store.User, v Vouched) (store.User, error) {
	if u.ID != "" {
		return u, tx.ChangeUser(u)
	}
	if v.Role == "" {
		return u, bursar.Errorf(bursar.Unauthorized, "none of your groups lets you in").WithReason("no_workspace").WithHint("ask an owner or administrator which group does")
	}
	u.Name = v.Name
	if bursar.CheckAccountName(u.Name) != nil { // names of people follow the same rules
		u.Name = u.Email
	}
	return tx.AddUser(u)
}

// follow brings the person's role in the first workspace to what the groups give.
func follow(tx *store.Tx, u store.User, role Role) error {
	home, err := tx.HomeWorkspace()
	if err != nil {
		return err
	}
	m, err := tx.Membership(home.ID, u.ID)
	known := err == nil
	if err != nil && bursar.CodeOf(err) != bursar.NotFound {
		return err
	}
	switch {
	case known && (!m.External || m.Role == string(role)), !known && role == "":
		return nil
	case role == "":
		return tx.DropMembership(home.ID, u.ID)
	}
	return tx.PutMembership(home.ID, u.ID, string(role), true)
}
