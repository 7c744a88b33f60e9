package bursar

import (
	"strings"
	"time"
	"unicode/utf8"
)

// CostRequestUSD is what AWS charges for each request that Cost Explorer answers: 0.01 USD, page by page. Failed requests are free.
// https://aws.amazon.com/aws-cost-management/aws-cost-explorer/pricing/
func CostRequestUSD() Decimal { return DecimalFromInt64(1, 2) }

// Source is where cost data is asked for: Cost Explorer, with the access role of a registered account or with a credential.
type Source struct {
	ID          string    `json:"id"` // "src_…"
	WorkspaceID string    `json:"-"`
	Name        string    `json:"name"`
	Account     string    `json:"account,omitempty"`    // the Account's ID ("acc_…") whose access it uses; "" with a credential
	Credential  string    `json:"credential,omitempty"` // the credential's id ("crd_…") that it uses; "" with an account
	AccountID   string    `json:"account_id,omitempty"` // 12 digits: the account whose costs are asked; "" until a credential's is known
	Streams     []Stream  `json:"streams"`
	EveryHours  int       `json:"every_hours"` // how often it is asked by itself; 0 = only when somebody says so
	Budget      Budget    `json:"budget"`
	Paused      bool      `json:"paused"`      // it is not asked by itself
	Preliminary bool      `json:"preliminary"` // its totals stand in for a bill that is still on its way
	CreatedAt   time.Time `json:"created_at"`
	UpdatedAt   time.Time `json:"updated_at"`
	Version     int64     `json:"version"` // grows with every change
}

// Access names what a source asks with: the id of its account or credential. Budgets of an access are shared by all its sources.
func (s Source) Access() string { return s.Account + s.Credential }

// Stream is one kind of data that a source asks for, and how.
type Stream struct {
	Name    string              `json:"name"`               // "cost_daily"; see the list of streams
	Metrics []string            `json:"metrics,omitempty"`  // of costs: "UnblendedCost". Several cost no more than one
	GroupBy []string            `json:"group_by,omitempty"` // "SERVICE", "tag:team", "category:Unit". AWS takes two; a third is asked value by value
	Filter  map[string][]string `json:"filter,omitempty"`   // by the same keys; "not:SERVICE" leaves values out. All must hold
	Months  int                 `json:"months,omitempty"`   // how far back, the current month included; 0 = the stream's default
	Key     string              `json:"key,omitempty"`      // the dimension, tag or cost category whose values are listed; a recommendation's service
}

// Budget bounds what a source may spend on requests, in US dollars. Spending stops before the request that would pass one of them.
type Budget struct {
	Run   Decimal `json:"run"`
	Day   Decimal `json:"day"`   // UTC
	Month Decimal `json:"month"` // UTC
}

// DefaultBudget is what a source may spend unless somebody says otherwise: five requests a run and a day, for a whole month.
func DefaultBudget() Budget {
	return Budget{Run: DecimalFromInt64(5, 2), Day: DecimalFromInt64(5, 2), Month: DecimalFromInt64(155, 2)}
}

// SharedBudget bounds what all sources of one access, or of a whole workspace, may spend on requests, in US dollars.
type SharedBudget struct {
	Scope string  `json:"scope"` // an account's or credential's id; "all" for the workspace
	Day   Decimal `json:"day"`
	Month Decimal `json:"month"`
}

// AllAccess is the scope of the budget that bounds a whole workspace.
const AllAccess = "all"

// DefaultSharedBudget is the budget of a scope for which nobody has set one.
func DefaultSharedBudget(scope string) SharedBudget {
	if scope == AllAccess {
		return SharedBudget{Scope: scope, Day: DecimalFromInt64(5, 0), Month: DecimalFromInt64(50, 0)}
	}
	return SharedBudget{Scope: scope, Day: DecimalFromInt64(1, 0), Month: DecimalFromInt64(10, 0)}
}

// StreamState is how a stream stood after it was asked last.
type StreamState string

// The states of a stream. Whatever it is, the last good data stays.
const (
	StreamNever      StreamState = "never"       // it has not been asked yet
	StreamOK         StreamState = "ok"          //
	StreamNoData     StreamState = "no_data"     // AWS has nothing to tell, or not yet
	StreamDenied     StreamState = "denied"      // a policy forbids it
	StreamNotEnabled StreamState = "not_enabled" // it was never switched on in AWS, or is the payer's alone
	StreamThrottled  StreamState = "throttled"   // AWS asked to slow down, again and again
	StreamBudget     StreamState = "budget"      // the next request would have passed a budget
	StreamExpired    StreamState = "expired"     // the credentials have ended, or are not valid
	StreamFailed     StreamState = "failed"      // anything else
)

// StreamStatus tells how a stream of a source stands, and what is held of it.
type StreamStatus struct {
	Name      string      `json:"name"`
	State     StreamState `json:"state"`
	Code      string      `json:"code,omitempty"`    // stable: "denied_scp", "budget_day"
	Message   string      `json:"message,omitempty"` // what AWS, or the budget, said
	Hint      string      `json:"hint,omitempty"`    // what to do
	Clamped   string      `json:"clamped,omitempty"` // what AWS does not give: history was cut off at this day, YYYY-MM-DD
	TriedAt   time.Time   `json:"tried_at,omitzero"`
	OKAt      time.Time   `json:"ok_at,omitzero"`      // the age of the data
	Requests  int         `json:"requests"`            // that AWS was sent in the last run
	Rows      int64       `json:"rows"`                // that are held
	First     Period      `json:"first,omitzero"`      // of the data that is held
	Last      Period      `json:"last,omitzero"`       //
	Estimated bool        `json:"estimated,omitempty"` // some of it may still change
}

// CostMonth is what is held of one month of a stream. Streams that are not about times have one without a period.
type CostMonth struct {
	Stream    string    `json:"stream"`
	Period    Period    `json:"period,omitzero"`
	FetchedAt time.Time `json:"fetched_at"`
	Estimated bool      `json:"estimated"`
	Closed    bool      `json:"closed"` // it is not asked again: equal twice, final, and its month is over for 15 days
	Rows      int64     `json:"rows"`
	Digest    string    `json:"digest"` // of its rows: equal digests are equal data
	RunID     string    `json:"run_id"`
	Question  string    `json:"-"` // the hash of the question that it answers
}

// CostRequestState is what became of a request.
type CostRequestState string

// The states of a request.
const (
	RequestSent     CostRequestState = "sent"     // under way, or cut off: it counts as paid until the answer is known
	RequestAnswered CostRequestState = "answered" // AWS charges for it
	RequestFailed   CostRequestState = "failed"   // AWS answered with an error: free
	RequestCached   CostRequestState = "cached"   // answered by what had been paid for before
	RequestUnknown  CostRequestState = "unknown"  // no answer came: it counts as paid
)

// CostRequest is one line of the ledger of paid requests: one attempt at one page.
type CostRequest struct {
	ID        string           `json:"id"` // "req_…"
	Access    string           `json:"access"`
	AccountID string           `json:"account_id"`
	SourceID  string           `json:"source_id"`
	RunID     string           `json:"run_id"`
	Stream    string           `json:"stream"`
	Operation string           `json:"operation"`
	Page      int              `json:"page"`    // from 1
	Attempt   int              `json:"attempt"` // from 1
	State     CostRequestState `json:"state"`
	Status    int              `json:"status,omitempty"` // HTTP; 0 without an answer
	Code      string           `json:"code,omitempty"`   // AWS's
	USD       Decimal          `json:"usd"`              // an estimate by the price list
	TookMS    int64            `json:"took_ms"`
	At        time.Time        `json:"at"`
}

// CheckSourceName says what is wrong with the name of a source; nil when it has 1 to 100 printable characters.
func CheckSourceName(name string) error {
	switch {
	case strings.TrimSpace(name) == "":
		return InvalidField("name", "the name is empty").WithReason("name_empty").WithHint("give the source a name that people will recognise")
	case strings.TrimSpace(name) != name || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f || r == utf8.RuneError }):
		return InvalidField("name", "the name begins or ends with a space, or holds a control character").WithReason("name_malformed").WithHint("use printable characters")
	case utf8.RuneCountInString(name) > 100:
		return InvalidField("name", "the name has %d characters", utf8.RuneCountInString(name)).WithReason("name_too_long").WithHint("use at most 100")
	}
	return nil
}

// Check says what is wrong with a budget; nil when no amount is negative.
func (b Budget) Check() error {
	for field, d := range map[string]Decimal{"budget.run": b.Run, "budget.day": b.Day, "budget.month": b.Month} {
		if d.Sign() < 0 {
			return InvalidField(field, "%s is less than nothing", d).WithReason("budget_negative").WithHint("write US dollars: 0.05 is five requests; 0 allows none")
		}
	}
	return nil
}
