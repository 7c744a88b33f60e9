package auth

import (
	"cmp"
	"context"
	"log/slog"
	"net/mail"
	"strings"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/store"
)

// People lets persons in: by password, by invitation, or on the word of an identity provider.
//
// A session is a row of the state store and not of a session library's: it is looked up, listed, switched and ended together with the
// person and the role, in one transaction, so that every change takes effect with the next request.
type People struct {
	store    *store.Store
	idle     time.Duration
	lifetime time.Duration
	hasher   *hasher
	limit    limiter
}

// PeopleOptions say how long sessions last. What is zero has its default.
type PeopleOptions struct {
	Idle     time.Duration // a session that is not used ends after this long; 12 h
	Lifetime time.Duration // a session ends after this long whatever is done with it; 7 days
	Cost     Cost
}

// NewPeople makes the people of an installation.
func NewPeople(s *store.Store, o PeopleOptions) *People {
	return &People{
		store: s, idle: cmp.Or(o.Idle, 12*time.Hour), lifetime: cmp.Or(o.Lifetime, 7*24*time.Hour), hasher: newHasher(o.Cost),
	}
}

// Visitor is where an attempt to come in is made.
type Visitor struct {
	From  string // network address
	Agent string // the browser, in its own words
}

// SignedIn is a session that has just begun.
type SignedIn struct {
	Token     bursar.Secret // the cookie's value, which is kept nowhere
	Principal Principal
	ExpiresAt time.Time
}

// CheckEmail returns an address as it is kept, and says what is wrong with it otherwise.
func CheckEmail(email string) (string, error) {
	a, err := mail.ParseAddress(email)
	if err != nil || a.Address != email || a.Name != "" || len(email) > 254 || !strings.Contains(email, "@") {
		return "", bursar.InvalidField("email", "this is no e-mail address").WithReason("email_malformed").WithHint("it looks like ann@example.com")
	}
	return strings.ToLower(email), nil
}

var signInRefused = bursar.Errorf(bursar.Unauthorized, "the e-mail address or the password is wrong").WithReason("sign_in_refused").
	WithHint("try again; an owner or administrator can invite you anew")

// SignIn begins a session by password. Whether the person is unknown or the password wrong, the error is the same, after the same time:
// Unauthorized with the reason sign_in_refused. Too many attempts are TooMany.
func (p *People) SignIn(ctx context.Context, email string, password bursar.Secret, v Visitor) (SignedIn, error) {
	email, err := CheckEmail(email)
	if err != nil {
		return SignedIn{}, err
	}
	u, err := p.prove(ctx, email, password, v)
	if err != nil {
		return SignedIn{}, err
	}
	var in SignedIn
	err = p.store.InTx(ctx, func(tx *store.Tx) error { in, err = p.begin(tx, u, "", "password", v); return err })
	return in, err
}

// prove returns the person whose address and password were given. What is refused is in the audit log.
func (p *People) prove(ctx context.Context, email string, password bursar.Secret, v Visitor) (u store.User, err error) {
	var now time.Time
	err = p.store.View(ctx, func(tx *store.Tx) (err error) { u, err = tx.UserByEmail(email); now = tx.Now; return err })
	if err != nil && bursar.CodeOf(err) != bursar.NotFound {
		return u, err
	}
	if first, err := p.limit.take(email, v.From, now); err != nil {
		if first {
			p.refused(ctx, u, "too_many_attempts")
		}
		return u, err
	}
	ok, err := p.hasher.verify(ctx, u.PasswordHash, password)
	if err != nil {
		return u, err
	}
	if !ok {
		p.refused(ctx, u, signInRefused.Reason)
		return u, signInRefused
	}
	p.limit.forgive(email, v.From)
	return u, nil
}

// refused writes an attempt into the audit log of every workspace that the person is in; into that of the first one when the person is
// unknown. The address that was typed is not kept: people type passwords into the wrong field.
func (p *People) refused(ctx context.Context, u store.User, reason string) {
	err := p.store.InTx(context.WithoutCancel(ctx), func(tx *store.Tx) error {
		c := store.Change{Action: "signIn", Target: u.ID, Outcome: bursar.OutcomeRefused, Reason: reason}
		return everywhere(tx, u.ID, c)
	})
	if err != nil {
		slog.ErrorContext(ctx, "a refusal cannot be written into the audit log", slog.Any("error", err))
	}
}

// everywhere writes a line into the log of each workspace that a person is in, or of the first one when that is none.
func everywhere(tx *store.Tx, userID string, c store.Change) error {
	places, err := tx.MembershipsOf(userID)
	if err != nil {
		return err
	}
	if len(places) == 0 {
		home, err := tx.HomeWorkspace()
		if err != nil {
			return err
		}
		places = []store.Membership{{WorkspaceID: home.ID}}
	}
	for _, m := range places {
		c.WorkspaceID = m.WorkspaceID
		if err := tx.Audit(c); err != nil {
			return err
		}
	}
	return nil
}

// begin makes a session of a person who has proven who they are. It looks at the named workspace, or at the first.
func (p *People) begin(tx *store.Tx, u store.User, workspaceID, method string, v Visitor) (SignedIn, error) {
	places, err := tx.MembershipsOf(u.ID)
	if err != nil {
		return SignedIn{}, err
	}
	at, ok := placeIn(places, workspaceID)
	if !ok {
		return SignedIn{}, bursar.Errorf(bursar.Unauthorized, "you are in no workspace any more").WithReason("no_workspace").WithHint("ask an owner or administrator to invite you")
	}
	token := newToken("bus")
	s := store.Session{
		ID: bursar.NewID("ses"), Hash: hash(token.Reveal()), UserID: u.ID, WorkspaceID: at.WorkspaceID, Method: method,
		ExpiresAt: tx.Now.Add(p.lifetime), From: v.From, Agent: clip(v.Agent, 200),
	}
	if err := tx.AddSession(s, tx.Now.Add(-p.idle)); err != nil {
		return SignedIn{}, err
	}
	tx.As(bursar.Actor{Kind: bursar.ActorUser, ID: u.ID, Name: u.Email})
	err = everywhere(tx, u.ID, store.Change{Action: "signIn", Target: s.ID, After: map[string]string{"method": method}})
	return SignedIn{token, principalOf(at, s), s.ExpiresAt}, err
}

// newToken makes 256 random bits with a prefix and a checksum: a form that secret scanners find.
func newToken(prefix string) bursar.Secret {
	body := prefix + "_" + random62(256, 43)
	return bursar.NewSecret(body + checksum(body))
}

func clip(s string, most int) string {
	return strings.ToValidUTF8(s[:min(len(s), most)], "")
}

// placeIn finds the membership in a workspace; the first one when the person is not, or no longer, in it.
func placeIn(places []store.Membership, workspaceID string) (store.Membership, bool) {
	for _, m := range places {
		if m.WorkspaceID == workspaceID {
			return m, true
		}
	}
	if len(places) == 0 {
		return store.Membership{}, false
	}
	return places[0], true
}

func principalOf(m store.Membership, s store.Session) Principal {
	return Principal{WorkspaceID: m.WorkspaceID, Role: Role(m.Role), Name: m.Email, UserID: m.UserID, SessionID: s.ID}
}

// Authenticate tells whose session a cookie's value is, and in which role and workspace the person is now. Every refusal is the same
// Unauthorized error.
func (p *People) Authenticate(ctx context.Context, token bursar.Secret) (who Principal, err error) {
	refused := bursar.Errorf(bursar.Unauthorized, "the session has ended").WithReason("session_ended").WithHint("sign in again")
	var s store.Session
	var now time.Time
	err = p.store.View(ctx, func(tx *store.Tx) error {
		now = tx.Now
		if s, err = tx.SessionByHash(hash(token.Reveal())); err != nil {
			return err
		}
		places, err := tx.MembershipsOf(s.UserID)
		if at, ok := placeIn(places, s.WorkspaceID); ok {
			who = principalOf(at, s)
		}
		return err
	})
	if err != nil && bursar.CodeOf(err) != bursar.NotFound {
		return Principal{}, err
	}
	if who.UserID == "" || !now.Before(s.ExpiresAt) || now.Sub(s.LastSeenAt) >= p.idle {
		return who, refused // whose it was is for the audit log
	}
	if now.Sub(s.LastSeenAt) >= time.Minute { // a read must not cost a write each time
		err = p.store.InTx(ctx, func(tx *store.Tx) error { return tx.TouchSession(s.ID) })
		if err != nil && bursar.CodeOf(err) != bursar.NotFound {
			slog.WarnContext(ctx, "the use of a session cannot be recorded", slog.String("session", s.ID), slog.Any("error", err))
		}
	}
	return who, nil
}

// ChangePassword gives a person another password, and ends all their other sessions. The error for a wrong current one is that of
// [People.SignIn].
func (p *People) ChangePassword(ctx context.Context, who Principal, current, next bursar.Secret, v Visitor) error {
	if err := CheckPassword(next, who.Name); err != nil {
		return err
	}
	if _, err := p.prove(ctx, who.Name, current, v); err != nil {
		return err
	}
	made, err := p.hasher.hash(ctx, next)
	if err != nil {
		return err
	}
	return p.store.InTx(ctx, func(tx *store.Tx) error {
		u, err := tx.User(who.UserID)
		if err != nil {
			return err
		}
		u.PasswordHash = made
		if err := tx.ChangeUser(u); err != nil {
			return err
		}
		if err := tx.DropOtherSessions(u.ID, who.SessionID); err != nil {
			return err
		}
		return everywhere(tx, u.ID, store.Change{Action: "changePassword", Target: u.ID})
	})
}
