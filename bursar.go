// Package bursar is the vocabulary of the system that connects AWS accounts safely and owns their bills:
// its words and their rules, and no machinery. It imports the standard library only; every other package
// imports it.
//
// A [Workspace] holds accounts. An [Account] is registered by a method and reached by an access; checks
// look at it and leave findings ([Finding]), from which its status is derived ([Summarize]). An [Export] delivers
// bills; each [Delivery] is one complete version of one billing period of one export.
//
// Account ids are text of 12 digits, never numbers. Amounts are exact decimals with a currency
// ([Decimal], [Money]). Times are UTC. Billing periods are months, their end exclusive ([Period]).
package bursar

import (
	"crypto/rand"
	"strings"
	"time"
)

// Workspace is the isolation boundary: one company, or one customer of an MSP. Everything belongs to
// exactly one.
type Workspace struct {
	ID        string    `json:"id"` // "ws_…"
	Name      string    `json:"name"`
	CreatedAt time.Time `json:"created_at"`
}

// NewID returns a fresh random id with a prefix that names its kind: "acc_", "run_", "exp_"….
// It holds 130 random bits in lower-case letters and digits.
func NewID(prefix string) string { return prefix + "_" + strings.ToLower(rand.Text()) }
