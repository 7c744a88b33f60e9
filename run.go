package bursar

import "time"

// RunState is where a run stands.
type RunState string

// The states of a run. The last four are final.
const (
	RunQueued    RunState = "queued"
	RunRunning   RunState = "running"
	RunSucceeded RunState = "succeeded"
	RunPartial   RunState = "partial" // some of it was done, and Error says what was not
	RunFailed    RunState = "failed"
	RunCancelled RunState = "cancelled"
)

// Final says whether a run in this state will never change again.
func (s RunState) Final() bool {
	return s == RunSucceeded || s == RunPartial || s == RunFailed || s == RunCancelled
}

// Run is one execution of one job.
type Run struct {
	ID          string    `json:"id"` // "run_…"
	WorkspaceID string    `json:"-"`
	Kind        string    `json:"kind"`                 // "check", "import"
	AccountID   string    `json:"account_id,omitempty"` // what it is about, if anything: an Account's ID ("acc_…"), or a source's ("src_…")
	State       RunState  `json:"state"`
	Progress    Progress  `json:"progress"`
	Error       *RunError `json:"error,omitempty"` // why it failed
	Attempt     int       `json:"attempt"`         // 1 for the first
	CreatedAt   time.Time `json:"created_at"`
	StartedAt   time.Time `json:"started_at,omitzero"`
	FinishedAt  time.Time `json:"finished_at,omitzero"`
}

// Progress tells how far a run has come, in words and in numbers.
type Progress struct {
	Step  string `json:"step"`            // "assume_role: waiting for IAM to propagate"
	Done  int64  `json:"done"`            // of Total, in Unit
	Total int64  `json:"total,omitempty"` // 0 while unknown
	Unit  string `json:"unit,omitempty"`  // "checks", "bytes"
	Rows  int64  `json:"rows,omitempty"`  // line items read so far

	RowsPerSecond int64 `json:"rows_per_second,omitempty"` // 0 while unknown
	SecondsLeft   int64 `json:"seconds_left,omitempty"`    // at this speed; 0 while unknown
}

// RunError is why a run failed.
type RunError struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
}
