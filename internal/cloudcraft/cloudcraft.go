// Package cloudcraft is the face for programs that speak the developer API of Cloudcraft: its account routes, at / and at /api, over
// the same services as bursar's own API. What bursar does not have answers with an empty list, or does not exist.
//
// Paths, fields, statuses and errors follow https://docs.datadoghq.com/cloudcraft/api/ and what the published clients send and expect.
package cloudcraft

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/auth"
	"github.com/bursarhq/bursar/internal/register"
	"github.com/bursarhq/bursar/internal/store"
	"github.com/klauspost/compress/gzhttp"
)

// Authenticator tells who a key belongs to. A key that is not in force is an Unauthorized error. [auth.Keys] is one.
type Authenticator interface {
	Authenticate(ctx context.Context, key bursar.Secret) (auth.Principal, error)
}

// Runs are what goes on in the background.
type Runs interface {
	// Wake has what was queued begun at once.
	Wake()
	// Cancel ends a run.
	Cancel(ctx context.Context, workspaceID, id string) (bursar.Run, error)
}

// Services are what this face stands on. All of them are needed, except where it says so.
type Services struct {
	Store  *store.Store
	Keys   Authenticator
	Runs   Runs
	Config func() register.Config                            // what the operator has set, and who bursar is in AWS
	Check  func(tx *store.Tx, account bursar.Account) error  // queues a check of an account
	Log    *slog.Logger                                      // nil logs nothing
	From   func(r *http.Request) string                      // the address that a request comes from
	Refuse func(ctx context.Context, err error)              // writes a refusal into the audit log; the context's [store.Origin] says whose
	Forget func(ctx context.Context, account bursar.Account) // told of an account that was deregistered; nil does nothing more
	// Limit counts a request of a caller, says in headers how many are left, and refuses it (TooMany) when there were too many; nil limits nothing.
	Limit func(set func(header, value string), p auth.Principal) error
}

// Face is an http.Handler for the paths that [Serves] names. It never redirects.
type Face struct {
	Services
	routes  []route
	handler http.Handler
}

// New makes the face.
func New(s Services) (*Face, error) {
	s.Log = cmp.Or(s.Log, slog.New(slog.DiscardHandler))
	f := &Face{Services: s}
	f.routes = []route{
		{"GET", "/aws/account", auth.ReadAccounts, "listAccounts", f.listAccounts},
		{"POST", "/aws/account", auth.ManageAccounts, "addAccount", f.addAccount},
		{"GET", "/aws/account/iamParameters", auth.ManageAccounts, "getRoleParameters", f.roleParameters},
		{"GET", "/aws/account/iamParameters/policy/minimal", "", "", f.policy(register.StrictPermissions)},
		{"GET", "/aws/account/iamParameters/policy/custom", "", "", f.policy(register.WildcardPermissions)},
		{"PUT", "/aws/account/{account}", auth.ManageAccounts, "changeAccount", f.changeAccount},
		{"DELETE", "/aws/account/{account}", auth.ManageAccounts, "removeAccount", f.removeAccount},
		{"GET", "/aws/account/{account}/{region}/{format}", auth.ReadAccounts, "getSnapshot", f.snapshot},
		{"GET", "/user/me", auth.Self, "getMe", f.me},
		{"GET", "/team", auth.Self, "listTeams", f.teams},
		{"GET", "/azure/account", auth.ReadAccounts, "listAzureAccounts", nothing("accounts")},
		{"GET", "/blueprint", auth.ReadAccounts, "listBlueprints", nothing("blueprints")},
	}
	zip, err := gzhttp.NewWrapper(gzhttp.MinSize(1024), gzhttp.ContentTypes([]string{"application/json"}))
	if err != nil {
		return nil, err
	}
	f.handler = f.logged(zip(http.HandlerFunc(f.serve)))
	return f, nil
}

// ServeHTTP answers one request.
func (f *Face) ServeHTTP(w http.ResponseWriter, r *http.Request) { f.handler.ServeHTTP(w, r) }

// rooms are the first parts of the paths of this API.
var rooms = map[string]bool{"aws": true, "azure": true, "blueprint": true, "team": true, "user": true}

// Serves says whether a path, as in [url.URL], belongs to this face: /aws/account and /api/aws/account do, /api/v1/accounts does not.
func Serves(path string) bool {
	room, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(path, "/api/"), "/"), "/")
	return rooms[room]
}

// route is one line of the map.
type route struct {
	method, path string
	action       auth.Action // "" needs no key
	operation    string      // in the audit log
	do           func(*call) (answer, error)
}

// answer is what a route answers with. A nil body is none.
type answer struct {
	status int
	body   any
}

// match compares a path's parts with the route's. It returns the values of {names}.
func (r route) match(parts []string) (map[string]string, bool) {
	want := strings.Split(r.path, "/")[1:]
	if len(want) != len(parts) {
		return nil, false
	}
	values := map[string]string{}
	for i, w := range want {
		switch {
		case strings.HasPrefix(w, "{") && parts[i] != "":
			values[strings.Trim(w, "{}")] = parts[i]
		case w != parts[i]:
			return nil, false
		}
	}
	return values, true
}

// partsOf splits a path where it is still encoded: a part may hold anything, and is judged as it is.
func partsOf(u *url.URL) []string {
	path := strings.TrimPrefix(u.EscapedPath(), "/api/")
	parts := strings.Split(strings.TrimPrefix(path, "/"), "/")
	for i, p := range parts {
		if plain, err := url.PathUnescape(p); err == nil {
			parts[i] = plain
		}
	}
	return parts
}

// find returns the route of a request, with the values of its path; or which methods the path has.
func (f *Face) find(r *http.Request) (found *route, values map[string]string, allowed []string) {
	parts, method := partsOf(r.URL), r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	for i := range f.routes {
		v, ok := f.routes[i].match(parts)
		switch {
		case ok && f.routes[i].method == method:
			return &f.routes[i], v, nil
		case ok:
			allowed = append(allowed, f.routes[i].method)
		}
	}
	return nil, nil, allowed
}
