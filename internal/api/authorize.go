package api

import (
	"context"
	"log/slog"
	"net/http"
	"regexp"
	"strings"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/auth"
	"github.com/bursarhq/bursar/internal/store"
	"github.com/danielgtaylor/huma/v2"
)

type principalKey struct{}

func principalOf(ctx context.Context) auth.Principal {
	p, _ := ctx.Value(principalKey{}).(auth.Principal)
	return p
}

// authorize lets a request pass whose credential is in force and allows the action. It comes before anything of the request is read.
func (a *API) authorize(operation string, action auth.Action) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		p, err := a.who(ctx)
		if err == nil {
			err = a.Limit(ctx.SetHeader, p)
		}
		if err == nil && !p.May(action) {
			err = bursar.Errorf(bursar.Forbidden, "the role %s does not allow this", p.Role).
				WithReason("role_forbids").WithHint("ask an owner or administrator for the permission %s", action)
		}
		inner := a.identified(ctx, operation, p)
		if err != nil {
			if bursar.CodeOf(err) == bursar.Unauthorized {
				ctx.SetHeader("WWW-Authenticate", `Bearer realm="bursar"`)
			}
			a.AuditRefusal(inner.Context(), err)
			_ = huma.WriteErr(a.huma, ctx, http.StatusInternalServerError, "", err)
			return
		}
		next(inner)
	}
}

// who tells who is asking: by the key in the Authorization header, or else by the session in the cookie.
func (a *API) who(ctx huma.Context) (auth.Principal, error) {
	r := callOf(ctx.Context()).http
	cookie := sessionCookie(r)
	if ctx.Header("Authorization") != "" || cookie.IsZero() {
		return a.Keys.Authenticate(ctx.Context(), bearer(ctx.Header("Authorization")))
	}
	p, err := a.People.Authenticate(ctx.Context(), cookie)
	if err != nil {
		return p, err
	}
	return p, a.sameSite(r)
}

// identified makes the request known to the log, the audit log and the handler.
func (a *API) identified(ctx huma.Context, operation string, p auth.Principal) huma.Context {
	origin := store.Origin{WorkspaceID: p.WorkspaceID, Actor: p.Actor(), Operation: operation, Target: target(ctx)}
	if c := callOf(ctx.Context()); c != nil {
		c.key, c.user = p.KeyID, p.UserID
		origin.RequestID, origin.From = c.id, c.from
	}
	inner := store.WithOrigin(context.WithValue(ctx.Context(), principalKey{}, p), origin)
	return huma.WithContext(ctx, inner)
}

var parameterPattern = regexp.MustCompile(`\{([a-z_]+)\}`)

// target is what the path names, in its innermost part. What is no id of ours is not repeated in the audit log.
func target(ctx huma.Context) string {
	names := parameterPattern.FindAllStringSubmatch(ctx.Operation().Path, -1)
	if len(names) == 0 {
		return ""
	}
	v := ctx.Param(names[len(names)-1][1])
	if !targetPattern.MatchString(v) {
		return ""
	}
	return v
}

var targetPattern = regexp.MustCompile(`^[0-9A-Za-z_.-]{1,40}$`)

func bearer(header string) bursar.Secret {
	scheme, key, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return bursar.Secret{}
	}
	return bursar.NewSecret(strings.TrimSpace(key))
}

// AuditRefusal writes a refusal into the audit log of the caller's workspace; into that of the installation's first one when nobody
// knows whose the caller is. An error that is no refusal is left alone. What cannot be written is logged: the caller is refused all the same.
func (a *API) AuditRefusal(ctx context.Context, err error) {
	code := bursar.CodeOf(err)
	if code != bursar.Unauthorized && code != bursar.Forbidden {
		return
	}
	origin := store.OriginOf(ctx)
	times := int64(1)
	if code == bursar.Unauthorized {
		if times = a.refusals.count(origin.From+" "+origin.Actor.ID, a.Now()); times == 0 {
			return
		}
	}
	failed := a.Store.InTx(context.WithoutCancel(ctx), func(tx *store.Tx) error {
		c := store.Change{WorkspaceID: origin.WorkspaceID, Outcome: bursar.OutcomeRefused, Reason: reasonOf(err)}
		if times > 1 {
			c.Times = times
		}
		if c.WorkspaceID == "" {
			home, err := tx.HomeWorkspace()
			if err != nil {
				return err
			}
			c.WorkspaceID = home.ID
		}
		return tx.Audit(c)
	})
	if failed != nil {
		a.Log.ErrorContext(ctx, "a refusal cannot be written into the audit log", slog.String("request_id", origin.RequestID), slog.Any("error", failed))
	}
}
