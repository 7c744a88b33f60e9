package api

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/auth"
	"github.com/bursarhq/bursar/internal/store"
)

// SignOn lets people sign in at an identity provider.
type SignOn interface {
	Name() string
	// Begin returns where to send the browser, and what it must keep until it comes back to redirect.
	Begin(ctx context.Context, redirect string) (to string, keep bursar.Secret, err error)
	// Finish takes what the browser came back with. What is not exactly as it must be is an Unauthorized error.
	Finish(ctx context.Context, redirect string, keep bursar.Secret, answer url.Values) (auth.Vouched, error)
}

// The browser is sent to the first by a link, and to the second by the identity provider. They are pages rather than operations, and so not in the
// document.
const (
	signOnPath   = "/api/v1/session/oidc"
	signedOnPath = "/api/v1/session/oidc/callback"
)

// signInPage is the console's. What went wrong stands behind a #, as a reason that is stable.
const signInPage = "/signin"

// Methods are the ways to sign in.
type Methods struct {
	Password bool      `json:"password" doc:"Whether people can sign in with a password: POST /api/v1/session."`
	OIDC     *Provider `json:"oidc,omitempty" doc:"The identity provider. Absent when there is none."`
}

// Provider is an identity provider.
type Provider struct {
	Name string `json:"name" doc:"What people call it."`
	URL  string `json:"url" doc:"Where to send the browser to sign in."`
}

func (a *API) listMethods(context.Context, *struct{}) (*struct{ Body Methods }, error) {
	out := Methods{Password: true}
	if a.SignOn != nil {
		out.OIDC = &Provider{a.SignOn.Name(), signOnPath}
	}
	return &struct{ Body Methods }{out}, nil
}

// signOnLasts is how long a person may take at the identity provider.
const signOnLasts = 10 * time.Minute

func (a *API) beginSignOn(w http.ResponseWriter, r *http.Request) {
	if a.SignOn == nil {
		a.noRoute(w, r)
		return
	}
	to, keep, err := a.SignOn.Begin(r.Context(), a.base(r)+signedOnPath)
	if err != nil {
		a.failSignOn(w, r, err)
		return
	}
	cookie, err := a.soon(r, "signon", keep.Reveal(), signOnLasts)
	if err != nil {
		a.failSignOn(w, r, err)
		return
	}
	w.Header().Add("Set-Cookie", cookie)
	http.Redirect(w, r, to, http.StatusFound)
}

func (a *API) finishSignOn(w http.ResponseWriter, r *http.Request) {
	if a.SignOn == nil {
		a.noRoute(w, r)
		return
	}
	if gone, err := a.soon(r, "signon", "", -time.Second); err == nil { // each sign-in is finished once
		w.Header().Add("Set-Cookie", gone)
	}
	cookie, err := a.signedOn(r)
	if err != nil {
		a.failSignOn(w, r, err)
		return
	}
	w.Header().Add("Set-Cookie", cookie)
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// signedOn returns the cookie of the session that begins.
func (a *API) signedOn(r *http.Request) (string, error) {
	c := callOf(r.Context())
	ctx := store.WithOrigin(r.Context(), store.Origin{Actor: bursar.Actor{Kind: bursar.ActorAnonymous}, Operation: "signIn", RequestID: c.id, From: c.from})
	vouched, err := a.SignOn.Finish(ctx, a.base(r)+signedOnPath, keptCookie(r, "signon"), r.URL.Query())
	if err != nil {
		a.AuditRefusal(ctx, err)
		return "", err
	}
	in, err := a.People.SignInVouched(ctx, vouched, visitor(ctx))
	if err != nil {
		return "", err
	}
	return a.cookie(r, in)
}

// failSignOn sends the person back to the sign-in page.
func (a *API) failSignOn(w http.ResponseWriter, r *http.Request, err error) {
	a.Log.WarnContext(r.Context(), "somebody could not sign in at the identity provider", slog.String("request_id", callOf(r.Context()).requestID()), slog.Any("error", err))
	http.Redirect(w, r, signInPage+"#failed="+url.QueryEscape(reasonOf(err)), http.StatusSeeOther)
}
