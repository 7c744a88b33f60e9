package bursar

import "time"

// EventAbout is what an event is about.
type EventAbout string

// The things whose changes are events.
const (
	AboutSummary    EventAbout = "summary"      // the account as a whole
	AboutCapability EventAbout = "capability"   // Subject names it
	AboutArrival    EventAbout = "data_arrival" // whether billing data comes in
	AboutKind       EventAbout = "kind"
	AboutPayer      EventAbout = "payer"  // From and To are account ids
	AboutAccess     EventAbout = "access" // From and To are the ARNs of roles
	AboutMember     EventAbout = "member" // Subject is the member's account id
)

// Event is a change of state that bursar saw.
type Event struct {
	ID        string     `json:"id"`         // "evt_…"
	AccountID string     `json:"account_id"` // the Account's ID ("acc_…")
	About     EventAbout `json:"about"`
	Subject   string     `json:"subject,omitempty"`
	From      string     `json:"from,omitempty"` // "" = it had no state before
	To        string     `json:"to"`
	Since     time.Time  `json:"since"`                // since when it has been so
	FindingID string     `json:"finding_id,omitempty"` // the finding behind it
	Code      string     `json:"code,omitempty"`       // that finding's
	Message   string     `json:"message,omitempty"`    // that finding's
	RunID     string     `json:"run_id,omitempty"`     // the run that saw it
	At        time.Time  `json:"at"`                   // when bursar saw it
}
