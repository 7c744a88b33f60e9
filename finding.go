package bursar

import "time"

// Capability is something that an account's access allows.
type Capability string

// The capabilities, in the order in which they are set up.
const (
	CapAccess        Capability = "access"
	CapOrganization  Capability = "organization"
	CapBillingExport Capability = "billing_export"
	CapCostExplorer  Capability = "cost_explorer"
	CapInventory     Capability = "inventory"
	CapMemberAccess  Capability = "member_access"
)

// FindingStatus says how good or bad a finding is.
type FindingStatus string

// The statuses of a finding.
const (
	StatusOK      FindingStatus = "ok"
	StatusWaiting FindingStatus = "waiting" // not there yet, and that is normal
	StatusWarning FindingStatus = "warning" // works, with something to mend
	StatusFailed  FindingStatus = "failed"
	StatusUnknown FindingStatus = "unknown" // could not be told; the message says why
	StatusSkipped FindingStatus = "skipped" // not looked at; the message says why
)

// Finding is what a check saw in one account.
type Finding struct {
	ID         string            `json:"id"` // "fnd_…"
	RunID      string            `json:"run_id"`
	Check      string            `json:"check"` // "assume_role"
	Capability Capability        `json:"capability"`
	Status     FindingStatus     `json:"status"`
	Code       string            `json:"code"`               // stable, lower_snake_case: "insecure_trust"
	Message    string            `json:"message"`            // what was seen, naming the account and the AWS action
	Remedy     string            `json:"remedy,omitempty"`   // what to do, with the exact text, link or command
	Evidence   map[string]string `json:"evidence,omitempty"` // facts for people: "account_seen": "…". Never a secret
	At         time.Time         `json:"at"`
	Since      time.Time         `json:"since"` // when this check first answered with this code, without a break
}

// CodeInsecureTrust is the code of a role that can be assumed without the right external id. It outranks
// everything: nothing else runs, and nothing is enabled, until it is gone.
const CodeInsecureTrust = "insecure_trust"

// CapabilityState is the state of one capability of one account.
type CapabilityState string

// The states of a capability.
const (
	StateNotSetUp CapabilityState = "not_set_up"
	StateWaiting  CapabilityState = "waiting"
	StateOK       CapabilityState = "ok"
	StateLate     CapabilityState = "late"
	StateDegraded CapabilityState = "degraded"
	StateFailed   CapabilityState = "failed"
	StateInsecure CapabilityState = "insecure"
)

// DataArrival says whether an account's billing data comes in.
type DataArrival string

// The states of data arrival. AWS delivers within 24 hours; the 48 hours are ours.
const (
	ArrivalNone      DataArrival = ""
	ArrivalAwaiting  DataArrival = "awaiting_first_delivery" // under 24 hours
	ArrivalLate      DataArrival = "late"                    // 24 to 48 hours
	ArrivalFailed    DataArrival = "failed"                  // over 48 hours, or an error status from AWS
	ArrivalReceiving DataArrival = "receiving"
	ArrivalStale     DataArrival = "stale"
)

// Summary is the worst of an account's capabilities.
type Summary string

// The summaries, from new to worst.
const (
	SummaryPending   Summary = "pending"
	SummaryConnected Summary = "connected"
	SummaryAttention Summary = "attention"
	SummaryBroken    Summary = "broken"
	SummaryInsecure  Summary = "insecure"
)

// Status is what an account's newest findings amount to. It is derived, never stored.
type Status struct {
	Summary      Summary                        `json:"summary"`
	Capabilities map[Capability]CapabilityState `json:"capabilities"`
	DataArrival  DataArrival                    `json:"data_arrival,omitempty"`
	CheckedAt    time.Time                      `json:"checked_at,omitzero"`
}

// Summarize derives a status from the newest finding of each check. That a role may look for exports says nothing about whether
// there is one: what is not set up outweighs what works.
func Summarize(newest []Finding) Status {
	s := Status{Summary: SummaryPending, Capabilities: map[Capability]CapabilityState{CapAccess: ""}}
	for _, f := range newest {
		if f.At.After(s.CheckedAt) {
			s.CheckedAt = f.At
		}
		if f.Check == "export_delivery" {
			s.DataArrival = arrivalOf(f)
		}
		s.Capabilities[f.Capability] = worst(s.Capabilities[f.Capability], stateOf(f))
	}
	for c, state := range s.Capabilities {
		if state == "" {
			s.Capabilities[c] = StateNotSetUp
		}
	}
	for _, state := range s.Capabilities {
		if sum := summaryOf(state); summaryRank[sum] > summaryRank[s.Summary] {
			s.Summary = sum
		}
	}
	return s
}

var stateRank = map[CapabilityState]int{
	"": 0, StateOK: 1, StateNotSetUp: 2, StateWaiting: 3, StateDegraded: 4, StateLate: 5, StateFailed: 6, StateInsecure: 7,
}

var summaryRank = map[Summary]int{
	SummaryPending: 0, SummaryConnected: 1, SummaryAttention: 2, SummaryBroken: 3, SummaryInsecure: 4,
}

func worst(a, b CapabilityState) CapabilityState {
	if stateRank[b] > stateRank[a] {
		return b
	}
	return a
}

func stateOf(f Finding) CapabilityState {
	switch {
	case f.Code == CodeInsecureTrust:
		return StateInsecure
	case f.Code == "not_set_up":
		return StateNotSetUp
	case f.Status == StatusSkipped, f.Check == "permissions" && f.Status == StatusOK:
		return "" // says nothing about what is there
	case f.Code == string(ArrivalLate):
		return StateLate
	}
	return map[FindingStatus]CapabilityState{
		StatusOK: StateOK, StatusWaiting: StateWaiting, StatusWarning: StateDegraded,
		StatusUnknown: StateDegraded, StatusFailed: StateFailed,
	}[f.Status]
}

func arrivalOf(f Finding) DataArrival {
	switch a := DataArrival(f.Code); a {
	case ArrivalAwaiting, ArrivalLate, ArrivalFailed, ArrivalReceiving, ArrivalStale:
		return a
	}
	if f.Status == StatusFailed {
		return ArrivalFailed
	}
	return ArrivalNone
}

func summaryOf(s CapabilityState) Summary {
	switch s {
	case StateOK:
		return SummaryConnected
	case StateWaiting:
		return SummaryConnected
	case StateDegraded, StateLate:
		return SummaryAttention
	case StateFailed:
		return SummaryBroken
	case StateInsecure:
		return SummaryInsecure
	}
	return SummaryPending
}
