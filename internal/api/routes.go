package api

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/bursarhq/bursar/internal/auth"
	"github.com/danielgtaylor/huma/v2"
)

// routes is the whole map. Each line names what the caller must be allowed to do.
func (a *API) routes() {
	accounts, runs := "Accounts", "Runs"
	handle(a, "GET /api/v1/accounts", auth.ReadAccounts, a.listAccounts, about{"listAccounts", accounts, 200, "List the registered accounts: those that are wanted, in the order that is wanted."})
	stream(a, "GET /api/v1/accounts:export", csvType, auth.ReadAccounts, a.exportAccounts, about{"exportAccounts", accounts, 200, "Download the registered accounts as CSV: the same ones, in the same order, as the list gives, but all of them."})
	handle(a, "POST /api/v1/accounts", auth.ManageAccounts, a.addAccount, about{"addAccount", accounts, 201, "Register an AWS account. bursar generates its external id; the answer says what to do next in AWS."})
	handle(a, "POST /api/v1/accounts:bulk", auth.ManageAccounts, a.addAccounts, about{"addAccounts", accounts, 200, "Register up to 5000 AWS accounts, as JSON or CSV. Each row is looked at by itself and answered; what is registered already stays as it is, so the same request may be sent again."}, a.inBulk)
	handle(a, "GET /api/v1/accounts/{account}", auth.ReadAccounts, a.getAccount, about{"getAccount", accounts, 200, "Show an account with its status and the newest finding of each check."})
	handle(a, "GET /api/v1/accounts/{account}/setup", auth.ManageAccounts, a.getSetup, about{"getSetup", accounts, 200, "Say what is left to do in AWS, with links, templates and the values for them."})
	handle(a, "PATCH /api/v1/accounts/{account}", auth.ManageAccounts, a.renameAccount, about{"renameAccount", accounts, 200, "Rename an account."}, unlessChanged)
	handle(a, "GET /api/v1/accounts/{account}/deregistration", auth.ManageAccounts, a.planDeregistration, about{"planDeregistration", accounts, 200, "Say what deregistering an account would remove, what stays, and how to take away what stays in AWS. Nothing is changed."})
	handle(a, "DELETE /api/v1/accounts/{account}", auth.ManageAccounts, a.removeAccount, about{"removeAccount", accounts, 200, "Deregister an account. Its bill is kept unless told otherwise; what was made in AWS stays, and the answer has the commands that take it away."}, unlessChanged)
	handle(a, "PATCH /api/v1/accounts/{account}/setup", auth.ManageAccounts, a.changeSetup, about{"changeSetup", accounts, 200, "Choose for an account's set-up: capabilities, the export that its bill comes from, the linked accounts. What is left out stays as it is; an export is chosen as a whole."}, unlessChanged)
	handle(a, "GET /api/v1/accounts/{account}/exports", auth.ReadAccounts, a.listCandidates, about{"listAccountExports", accounts, 200, "List the billing exports that an account has in AWS, as they were seen last, with a verdict on each property and the best one proposed."})
	handle(a, "POST /api/v1/accounts/{account}/check", auth.CheckAccounts, a.checkAccount, about{"checkAccount", accounts, 202, "Check and confirm: start a run that looks whether everything works. One that is under way is answered instead of a second one."})
	handle(a, "POST /api/v1/accounts/{account}/import", auth.CheckAccounts, a.importAccount, about{"importAccount", accounts, 202, "Look for new deliveries of the account's exports now, instead of at the next poll."})
	handle(a, "GET /api/v1/accounts/{account}/members", auth.ReadAccounts, a.listMembers, about{"listMembers", accounts, 200, "List the accounts of a payer's organization. Each with its state: whether bursar can read it, and what is missing."})
	handle(a, "POST /api/v1/accounts/{account}/members/check", auth.CheckAccounts, a.checkMembers, about{"checkMembers", accounts, 202, "Look at every active account of a payer's organization. Those whose role passes the checks are registered as linked accounts."})
	handle(a, "POST /api/v1/accounts/{account}/members/sync", auth.CheckAccounts, a.syncMembers, about{"syncMembers", accounts, 202, "Bring the list of a payer's accounts up to date now. It happens by itself every 6 hours."})
	handle(a, "GET /api/v1/members/unregistered", auth.ReadAccounts, a.listUnregistered, about{"listUnregistered", accounts, 200, "List the accounts of all registered payers' organizations that are not registered themselves, by account id."})
	handle(a, "GET /api/v1/accounts/{account}/findings", auth.ReadAccounts, a.listFindings, about{"listFindings", accounts, 200, "List what the checks of an account have found, the newest first."})
	handle(a, "GET /api/v1/accounts/{account}/events", auth.ReadAccounts, a.listAccountEvents, about{"listAccountEvents", accounts, 200, "List what has changed about an account, the newest first."})
	handle(a, "GET /api/v1/events", auth.ReadAccounts, a.listEvents, about{"listEvents", accounts, 200, "List what has changed about any account, the newest first."})
	stream(a, "GET /api/v1/changes", "text/event-stream", auth.Self, a.watchChanges, about{"watchChanges", accounts, 200, "Hear what changes in the workspace, as server-sent events. Each event `changes` lists topics, of accounts, members, events, runs, deliveries, keys, people, workspaces, audit and settings: ask again for what is of interest."})
	handle(a, "POST /api/v1/validate", auth.ManageAccounts, a.validate, about{"validateRole", accounts, 200, "Look at a role without registering its account. Without a role, say what its trust policy must be: the external id in it is bursar's, and cannot be chosen."})

	handle(a, "GET /api/v1/runs", auth.ReadRuns, a.listRuns, about{"listRuns", runs, 200, "List runs, the newest first."})
	handle(a, "GET /api/v1/runs/{run}", auth.ReadRuns, a.getRun, about{"getRun", runs, 200, "Show a run."})
	handle(a, "POST /api/v1/runs/{run}/cancel", auth.CheckAccounts, a.cancelRun, about{"cancelRun", runs, 200, "Cancel a run. One that has ended stays as it is."})
	stream(a, "GET /api/v1/runs/{run}/events", "text/event-stream", auth.ReadRuns, a.runEvents, about{"watchRun", runs, 200, "Follow a run as server-sent events. It tells everything from the run's beginning until it has ended: the event `run` holds the run, `finding` what a check saw."})

	a.billRoutes()
	a.sourceRoutes()
	a.destinationRoutes()
	a.identityRoutes()
	a.credentialRoutes()

	a.mux.HandleFunc("GET /api/v1/openapi.json", a.serveDocument)
	a.mux.HandleFunc("GET "+TemplatesPath+"{name}", a.serveTemplate)
	a.mux.HandleFunc("GET /healthz", a.healthz)
	a.mux.HandleFunc("GET /readyz", a.readyz)
	a.mux.HandleFunc("/", a.noRoute)
}

// billRoutes are about bills and what they say.
func (a *API) billRoutes() {
	bills := "Bills"
	handle(a, "GET /api/v1/exports", auth.ReadBills, a.listExports, about{"listExports", bills, 200, "List the billing exports that bursar follows."})
	handle(a, "POST /api/v1/exports/{export}/primary", auth.ManageBills, a.preferExport, about{"preferExport", bills, 200, "Make an export's costs count, where other exports bring the same ones. They are never added; without a choice, those of the export that was followed first count."})
	handle(a, "GET /api/v1/deliveries", auth.ReadBills, a.listDeliveries, about{"listDeliveries", bills, 200, "List what was delivered, the newest first: the import history."})
	handle(a, "GET /api/v1/deliveries/{delivery}", auth.ReadBills, a.getDelivery, about{"getDelivery", bills, 200, "Show a delivery."})
	handle(a, "GET /api/v1/deliveries/{delivery}/changes", auth.ReadBills, a.deliveryChanges, about{"deliveryChanges", bills, 200, "Say what a delivery changed against the one that counted before it, by day and service."})
	handle(a, "POST /api/v1/deliveries/{delivery}/rollback", auth.ManageBills, a.rollBack, about{"rollBack", bills, 200, "Make a superseded delivery count again, at once. AWS's next delivery takes its place as usual."})
	handle(a, "POST /api/v1/deliveries/{delivery}/reimport", auth.ManageBills, a.reimport, about{"reimport", bills, 202, "Import again what AWS has now of a delivery's export and period, changed or not. What counts, counts until that is complete."})
	handle(a, "GET /api/v1/costs", auth.ReadBills, a.askCosts, about{"askCosts", bills, 200, "Ask what something cost, or how much was used. Amounts are exact decimals as text; currencies are never added."})
	handle(a, "GET /api/v1/costs/export", auth.ReadBills, a.exportCosts, about{"exportCosts", bills, 200, "Download the whole answer to a question as a file: CSV, JSON lines or Parquet."})
	handle(a, "GET /api/v1/costs/items", auth.ReadBills, a.listCostItems, about{"listCostItems", bills, 200, "List the line items behind a cost, those that cost most first. Every amount is as AWS billed it."})
	handle(a, "GET /api/v1/costs/items/export", auth.ReadBills, a.exportCostItems, about{"exportCostItems", bills, 200, "Download all line items behind a cost as a file: CSV, JSON lines or Parquet."})
	handle(a, "GET /api/v1/costs/dimensions", auth.ReadBills, a.listDimensions, about{"listDimensions", bills, 200, "List what costs can be grouped and filtered by: dimensions, and the tags and cost categories that line items have."})
	handle(a, "GET /api/v1/costs/values", auth.ReadBills, a.listDimensionValues, about{"listDimensionValues", bills, 200, "List values that a dimension has."})
	handle(a, "GET /api/v1/costs/forecast", auth.ReadBills, a.forecastCosts, about{"forecastCosts", bills, 200, "Forecast the current month to its end, and compare it with the month before up to the same day. The answer says by which method."})
	handle(a, "GET /api/v1/sql/views", auth.ReadBills, a.listSQLViews, about{"listSQLViews", bills, 200, "List the views that statements can read, with their columns, and how long a statement may take."})
	handle(a, "POST /api/v1/sql", auth.ReadBills, a.runSQL, about{"runSQL", bills, 200, "Run one SELECT over the views of the workspace's lake: line_items, costs_daily, deliveries, files, exports, accounts. It can read nothing else, and time and memory are limited."})
	handle(a, "POST /api/v1/sql/export", auth.ReadBills, a.exportSQL, about{"exportSQL", bills, 200, "Download what a SELECT answers as a file: CSV, JSON lines or Parquet."})
}

// sourceRoutes are about costs that are asked for at AWS, for money.
func (a *API) sourceRoutes() {
	sources := "Sources"
	handle(a, "GET /api/v1/streams", auth.ReadBills, a.listStreams, about{"listStreams", sources, 200, "List the streams that a source can ask Cost Explorer for, with their columns."})
	handle(a, "GET /api/v1/sources", auth.ReadBills, a.listSources, about{"listSources", sources, 200, "List the sources, by name, each with how its streams stand."})
	handle(a, "POST /api/v1/sources", auth.ManageBills, a.addSource, about{"addSource", sources, 201, "Make a source that asks Cost Explorer, with the role of a registered account or a credential. AWS charges 0.01 USD for each request that it answers; see its price first."})
	handle(a, "POST /api/v1/sources:price", auth.ManageBills, a.priceNewSource, about{"priceNewSource", sources, 200, "Say what the first run of such a source would ask, and what that costs. Nothing is saved, and AWS is not asked."})
	handle(a, "GET /api/v1/sources/{source}", auth.ReadBills, a.getSource, about{"getSource", sources, 200, "Show a source, with how its streams stand and what it has spent."})
	handle(a, "PATCH /api/v1/sources/{source}", auth.ManageBills, a.changeSource, about{"changeSource", sources, 200, "Change a source. What a stream held for another question is replaced once the new one was answered."}, unlessChanged)
	handle(a, "DELETE /api/v1/sources/{source}", auth.ManageBills, a.removeSource, about{"removeSource", sources, 200, "Remove a source with its data. The ledger of its requests stays."}, unlessChanged)
	handle(a, "GET /api/v1/sources/{source}/price", auth.ReadBills, a.priceSource, about{"priceSource", sources, 200, "Say what a run would ask now, request by request, and what that costs. AWS is not asked."})
	handle(a, "POST /api/v1/sources/{source}/run", auth.ManageBills, a.runSource, about{"runSource", sources, 202, "Ask for every stream of a source now. A run that some streams did not answer ends as partial; their last good data stays."})
	handle(a, "POST /api/v1/sources/{source}/reopen", auth.ManageBills, a.reopenSource, about{"reopenSource", sources, 202, "Ask for a month again although it is closed, as for late credits, and start a run."})
	handle(a, "GET /api/v1/sources/{source}/data/{stream}", auth.ReadBills, a.sourceData, about{"sourceData", sources, 200, "Read what is held of a stream, with its age."})
	handle(a, "GET /api/v1/sources/{source}/reconciliation", auth.ReadBills, a.reconcileSource, about{"reconcileSource", sources, 200, "Compare each closed month with the bill: both amounts, the difference, and its likely cause. AWS is not asked."})
	handle(a, "GET /api/v1/requests", auth.ReadBills, a.listRequests, about{"listRequests", sources, 200, "List the ledger of paid requests, the newest first: a line for each attempt at each page."})
	handle(a, "GET /api/v1/requests/spend", auth.ReadBills, a.requestSpend, about{"requestSpend", sources, 200, "Say what was spent on requests, by day and operation."})
	handle(a, "GET /api/v1/request-budgets", auth.ReadBills, a.listRequestBudgets, about{"listRequestBudgets", sources, 200, "List the budgets that sources share: of the workspace, and of each access."})
	handle(a, "PUT /api/v1/request-budgets/{scope}", auth.ManageBills, a.setRequestBudget, about{"setRequestBudget", sources, 200, "Set what all sources of an access, or of the workspace, may spend on requests."})
}

// about is what the document says of a route.
type about struct {
	id     string
	tag    string
	status int // of success
	text   string
}

const maxBody = 64 << 10

// bodyTimeout is how long a body may take to arrive. Once it has passed, net/http takes the caller for gone, even when the body is read: so
// it is longer than any answer takes.
const bodyTimeout = 30 * time.Second

// sqlTimeout is the same for statements, which may take as long as their setting says: 10 minutes at most.
const sqlTimeout = 11 * time.Minute

func (a *API) operation(route string, action auth.Action, ab about) huma.Operation {
	method, path, _ := strings.Cut(route, " ")
	summary, description, _ := strings.Cut(ab.text, ". ")
	wait := bodyTimeout
	if strings.HasPrefix(path, "/api/v1/sql") {
		wait = sqlTimeout
	}
	op := huma.Operation{
		OperationID: ab.id, Method: method, Path: path, DefaultStatus: ab.status, Tags: []string{ab.tag},
		Summary: strings.TrimSuffix(summary, "."), Description: strings.TrimSpace(description + "\n\nNeeds the permission `" + string(action) + "`."),
		MaxBodyBytes: maxBody, BodyReadTimeout: wait, RejectUnknownQueryParameters: true, Middlewares: huma.Middlewares{a.authorize(ab.id, action)},
		Security: []map[string][]string{{"key": {}}, {"session": {}}},
	}
	if method == http.MethodPost {
		onceDescribed(&op, wait != sqlTimeout)
	}
	if method == http.MethodPost && wait != sqlTimeout { // a statement changes nothing, and its answer may be large: it is simply run again
		op.Middlewares = append(op.Middlewares, a.repeatable)
	}
	if method == http.MethodPatch || method == http.MethodPut || method == http.MethodDelete {
		op.Middlewares = append(op.Middlewares, a.preconditioned)
	}
	return op
}

// handle registers a route whose handler answers, or returns an error that is rendered as a problem. changes are what the route has that
// others have not.
func handle[I, O any](a *API, route string, action auth.Action, h func(context.Context, auth.Principal, *I) (*O, error), ab about, changes ...func(*huma.Operation)) {
	op := a.operation(route, action, ab)
	for _, change := range changes {
		change(&op)
	}
	addRoute(a, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := h(ctx, principalOf(ctx), in)
		if err != nil {
			a.AuditRefusal(ctx, err)
			return nil, problemOf(ctx, op.Method, err)
		}
		return out, nil
	})
}

// addRoute registers a route, with what every one has that answers with JSON: entity tags and, to read, the choice of fields.
func addRoute[I, O any](a *API, op huma.Operation, h func(context.Context, *I) (*O, error)) {
	_, hasState := any((*O)(nil)).(stated)
	_, isFile := any((*O)(nil)).(*huma.StreamResponse)
	reads := op.Method == http.MethodGet && !isFile
	if reads || hasState {
		op.Middlewares = append(op.Middlewares, a.tagged)
	}
	var described func(*huma.Operation)
	if reads {
		described = a.sparse(&op)
	}
	huma.Register(a.huma, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := h(ctx, in)
		if s, ok := any(out).(stated); ok && err == nil {
			callOf(ctx).state = s.state()
		}
		return out, err
	})
	if reads {
		told := a.huma.OpenAPI().Paths[op.Path].Get
		described(told)
		tagDescribed(told)
	}
}

// stream registers a route that writes its answer itself, once its handler has agreed.
func stream[I any](a *API, route, mediaType string, action auth.Action, h func(context.Context, auth.Principal, *I) (func(huma.Context), error), ab about) {
	op := a.operation(route, action, ab)
	op.Responses = map[string]*huma.Response{"200": {Description: "OK", Content: map[string]*huma.MediaType{mediaType: {Schema: &huma.Schema{Type: "string"}}}}}
	huma.Register(a.huma, op, func(ctx context.Context, in *I) (*huma.StreamResponse, error) {
		body, err := h(ctx, principalOf(ctx), in)
		if err != nil {
			return nil, problemOf(ctx, op.Method, err)
		}
		return &huma.StreamResponse{Body: body}, nil
	})
}
