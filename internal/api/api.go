// Package api is the REST face of bursar, under /api/v1.
//
// routes.go is the whole map; each noun has one file. A handler returns an error, and one function renders it as a problem document
// (RFC 9457). Everything a caller sees is of its own workspace; what belongs to another does not exist for it.
package api

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/auth"
	"github.com/bursarhq/bursar/internal/billing/query"
	"github.com/bursarhq/bursar/internal/job"
	"github.com/bursarhq/bursar/internal/reconcile"
	"github.com/bursarhq/bursar/internal/register"
	"github.com/bursarhq/bursar/internal/store"
	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

// Authenticator tells who a key belongs to. A key that is not in force is an Unauthorized error. [auth.Keys] is one.
type Authenticator interface {
	Authenticate(ctx context.Context, key bursar.Secret) (auth.Principal, error)
}

// Runs starts, ends and follows runs. [job.Runner] does.
type Runs interface {
	Enqueue(ctx context.Context, workspaceID, kind, account string) (bursar.Run, error)
	Cancel(ctx context.Context, workspaceID, id string) (bursar.Run, error)
	Listen(runID string) (happening <-chan job.Event, stop func())
}

// Guide says what is left to do in AWS to finish an account's registration. [register.Config] does.
type Guide interface {
	Setup(a bursar.Account, s bursar.Status, seen []bursar.Definition) ([]register.Step, error)
}

// Costs answers questions about cost.
type Costs interface {
	// Ask answers from one snapshot of the workspace's published deliveries. What is wrong with the question is an Invalid error with
	// the question's field, and a hint that lists the valid values.
	Ask(ctx context.Context, workspaceID string, q query.Question) (query.Answer, error)
	// Items returns a page of the line items behind a cost, and ItemFile all of them, to be written once.
	Items(ctx context.Context, workspaceID string, q query.ItemQuestion, cursor string, limit int) (query.Items, error)
	ItemFile(ctx context.Context, workspaceID string, q query.ItemQuestion) (*query.ItemFile, error)
	// Keys tells which tags and cost categories there are in a question's time, and ValuesOf which values of a dimension.
	Keys(ctx context.Context, workspaceID string, q query.Question) (query.Keys, error)
	ValuesOf(ctx context.Context, workspaceID string, q query.Question, d query.Dimension, contains string, limit int) (found []string, more bool, err error)
}

// Statements runs people's SQL. [query.SQL] does.
type Statements interface {
	// Run runs one SELECT over the workspace's views. more says that there were more rows than maxRows. What is wrong with the SQL is an
	// Invalid error with the field sql.
	Run(ctx context.Context, workspaceID, statement string, maxRows int, out query.Results) (more bool, err error)
}

// Lake keeps deliveries. [lake.Lake] does. What another workspace has is NotFound.
type Lake interface {
	// Changes tells what a delivery changed against the one before it; nil where it was the first of its period.
	Changes(ctx context.Context, workspaceID, deliveryID string) (*bursar.Restatement, []bursar.Change, error)
	// Republish makes a superseded delivery count again. One that is not superseded, or has no files any more, is a Conflict.
	Republish(ctx context.Context, workspaceID, deliveryID string) (bursar.Delivery, error)
	// Reimport makes the next import of the export that it returns take a delivery's period in again.
	Reimport(ctx context.Context, workspaceID, deliveryID string) (bursar.Export, error)
	// Prefer makes an export's costs count where others bring the same.
	Prefer(ctx context.Context, workspaceID, exportID string) error
	// Overlaps tells by export which others bring the same costs, and which count.
	Overlaps(ctx context.Context, workspaceID string) (map[string][]bursar.Overlap, error)
}

// The kinds of runs that the API starts. The app registers a handler for each.
const (
	KindCheck  = "check"  // check and confirm an account
	KindSource = "source" // ask Cost Explorer for a source's streams
	KindImport = "import" // look for new deliveries of an account's exports, and import them

	KindMembers       = "members"        // look at every account of a payer's organization
	KindMembersFailed = "members_failed" // look at those that cannot be read yet
	KindRotateKeys    = "rotate_keys"    // wrap every stored secret with a fresh key
	KindSync          = "sync"           // bring the list up to date, and look at those that should be readable

	KindDeliver = "deliver" // deliver to a destination
)

// Services are what the API stands on.
type Services struct {
	Store *store.Store
	Keys  Authenticator
	Runs  Runs
	Guide Guide
	Costs Costs
	SQL   Statements
	// SQLTimeout is how long a statement may take. It is said, and kept by SQL.
	SQLTimeout   time.Duration
	Lake         Lake
	Destinations Destinations
	Ready        func(ctx context.Context) error // says whether requests can be served; nil asks the store
	Identified   func() bool                     // says whether AWS has said who bursar is; nil says nothing of it
	Now          func() time.Time                // nil is the clock
	Log          *slog.Logger                    // nil logs nothing
	// Answered is told of each request with the pattern of its route, "" where none matched; nil tells nobody.
	Answered func(method, pattern string, status int, took time.Duration)

	People    *auth.People // lets persons in; nil makes one with the defaults
	SignOn    SignOn       // an identity provider; nil for none
	PublicURL string       // where people reach the server, when that is not where it listens; "" otherwise

	TrustedProxies []netip.Prefix // proxies whose X-Forwarded-For is believed
	Looker         Looker

	Credentials Credentials
	SealingKey  func() string // names the key that secrets are sealed with now

	RequestsPerMinute int64 // of one key or person; 0 is no limit
	// Compare holds a source's closed months against the bill; nil compares nothing.
	Compare func(ctx context.Context, s bursar.Source) ([]reconcile.Line, error)
	// Removed is told of an account that was deregistered, with the exports that are gone with their deliveries; nil does nothing more.
	Removed func(ctx context.Context, a bursar.Account, gone []bursar.Export)
}

// API is an http.Handler for /api/, /healthz and /readyz; anything else is a problem document that says 404. The server
// that serves it needs no write timeout: event streams are long, and have deadlines of their own.
type API struct {
	Services
	huma     huma.API
	mux      *http.ServeMux
	handler  http.Handler
	document []byte // OpenAPI

	refusals refusals
	underWay underWay
	rates    rates
	cross    *http.CrossOriginProtection
	stopping chan struct{}
	stop     func()
}

// New makes the API.
func New(s Services) (_ *API, err error) {
	useProblems()
	s.Log = cmp.Or(s.Log, slog.New(slog.DiscardHandler))
	if s.Now == nil {
		s.Now = time.Now
	}
	if s.People == nil {
		s.People = auth.NewPeople(s.Store, auth.PeopleOptions{})
	}
	if s.Ready == nil {
		s.Ready = s.Store.Ping
	}
	a := &API{Services: s, mux: http.NewServeMux(), stopping: make(chan struct{})}
	a.stop = sync.OnceFunc(func() { close(a.stopping) })
	if a.cross, err = crossOrigin(s.PublicURL); err != nil {
		return nil, err
	}
	a.huma = humago.New(a.mux, humaConfig())
	a.routes()
	doc, err := document(a.huma.OpenAPI())
	if err != nil {
		return nil, err
	}
	a.document = doc
	a.handler, err = a.wrap(a.mux)
	return a, err
}

// ServeHTTP answers one request.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.handler.ServeHTTP(w, r) }

// Close ends open event streams. Hand it to http.Server.RegisterOnShutdown: Shutdown waits for requests, and streams would not end by
// themselves.
func (a *API) Close() { a.stop() }
