package bursar

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"
)

// ActorKind says what kind of thing acted.
type ActorKind string

// The kinds of actor.
const (
	ActorUser      ActorKind = "user"
	ActorKey       ActorKind = "key"
	ActorSystem    ActorKind = "system"    // bursar itself: schedules, jobs, the first start
	ActorAnonymous ActorKind = "anonymous" // nobody that could be recognised
)

// Actor is who did something. It holds no secret: a key is named by its id.
type Actor struct {
	Kind ActorKind `json:"kind"`
	ID   string    `json:"id,omitempty"`   // "usr_…", or a key's id
	Name string    `json:"name,omitempty"` // a person's e-mail address, or a key's name
}

// Outcome says how an audited act ended.
type Outcome string

// The outcomes.
const (
	OutcomeDone    Outcome = "done"
	OutcomeRefused Outcome = "refused"
	OutcomeFailed  Outcome = "failed" // was allowed, and did not succeed: a role that AWS refused
)

// AuditEntry is one line of a workspace's audit log. Each line holds the hash of the one before, so that none can be changed, left
// out or put in without every later hash being wrong: see [AuditChain].
type AuditEntry struct {
	WorkspaceID string          `json:"workspace_id"`
	Seq         int64           `json:"seq"` // 1, 2, 3… without a gap in its workspace
	At          time.Time       `json:"at"`  // UTC, microseconds
	Actor       Actor           `json:"actor"`
	Action      string          `json:"action"` // the operation of the API ("addAccount"), or what bursar did by itself ("assumeRole")
	Outcome     Outcome         `json:"outcome"`
	Target      string          `json:"target,omitempty"` // id of what it was done to
	Reason      string          `json:"reason,omitempty"` // why it was refused or failed; stable
	Times       int64           `json:"times,omitempty"`  // how many equal refusals the line stands for, when more than one
	RequestID   string          `json:"request_id,omitempty"`
	From        string          `json:"from,omitempty"`   // network address
	Before      json.RawMessage `json:"before,omitempty"` // the target before; secrets are redacted
	After       json.RawMessage `json:"after,omitempty"`  // the target after; secrets are redacted
	Previous    string          `json:"previous"`         // the hash of the line before; "" in the first
	Hash        string          `json:"hash"`             // see Sum
}

// Sum is the hash that the entry must have: SHA-256, in hexadecimal, of the entry as JSON with an empty hash. The JSON is what
// encoding/json makes of the struct: fields in the order above, no white space.
func (e AuditEntry) Sum() (string, error) {
	e.Hash = ""
	e.At = e.At.UTC()
	b, err := json.Marshal(e)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:]), nil
}

// AuditChain follows a log from its first line, and refuses the first that does not belong. Its zero value is an empty log.
type AuditChain struct {
	WorkspaceID string
	Seq         int64  // of the last line
	Hash        string // of the last line: whoever noted it can tell later that nothing before was changed
}

// Next takes the line that follows. The error is a Conflict that says which line is wrong, and how.
func (c *AuditChain) Next(e AuditEntry) error {
	sum, err := e.Sum()
	if err != nil {
		return err
	}
	what := ""
	switch {
	case c.WorkspaceID != "" && e.WorkspaceID != c.WorkspaceID:
		what = "it belongs to another workspace"
	case e.Seq != c.Seq+1:
		what = "a line before it is missing, or lines have changed places"
	case e.Previous != c.Hash:
		what = "the line before it is not the one that it was written after"
	case e.Hash != sum:
		what = "it was changed after it had been written"
	default:
		c.WorkspaceID, c.Seq, c.Hash = e.WorkspaceID, e.Seq, e.Hash
		return nil
	}
	return Errorf(Conflict, "line %d of the audit log is wrong: %s", e.Seq, what).WithReason("audit_broken").
		WithHint("line %d is the last that can be trusted; compare with an export or a backup from before", c.Seq)
}
