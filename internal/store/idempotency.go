package store

import (
	"time"

	"github.com/bursarhq/bursar"
)

// Repeatable is a request that may be sent again: the same is answered, and nothing is done twice.
type Repeatable struct {
	Scope       string // names it, whoever sent it included
	WorkspaceID string
	Request     string // digest of what was asked for
	Status      int    // HTTP status of the answer; 0 while it is not known
	Answer      string // sealed by the caller
}

func scanRepeatable(r scanner) (p Repeatable, err error) {
	return p, r.Scan(&p.Scope, &p.WorkspaceID, &p.Request, &p.Status, &p.Answer)
}

// ClaimRepeatable keeps a request for some time, before it is done, and returns what was kept under its scope before. first says that
// nothing was. What is older than its time is forgotten.
func (tx *Tx) ClaimRepeatable(p Repeatable, keep time.Duration) (was Repeatable, first bool, err error) {
	if err := tx.exec(`DELETE FROM idempotency WHERE expires_at <= $1`, stamp(tx.Now)); err != nil {
		return was, false, err
	}
	was, err = one(tx, "request", scanRepeatable, `SELECT scope, workspace_id, request, status, answer FROM idempotency WHERE scope = $1 AND workspace_id = $2`, p.Scope, p.WorkspaceID)
	if err == nil || bursar.CodeOf(err) != bursar.NotFound {
		return was, false, err
	}
	return p, true, tx.exec(`INSERT INTO idempotency (scope, workspace_id, request, status, answer, expires_at) VALUES ($1, $2, $3, 0, '', $4)`,
		p.Scope, p.WorkspaceID, p.Request, stamp(tx.Now.Add(keep)))
}

// Repeatable returns what is kept under a scope. What is older than its time is not found.
func (tx *Tx) Repeatable(workspaceID, scope string) (Repeatable, error) {
	return one(tx, "request", scanRepeatable, `SELECT scope, workspace_id, request, status, answer FROM idempotency WHERE scope = $1 AND workspace_id = $2 AND expires_at > $3`,
		scope, workspaceID, stamp(tx.Now))
}

// AnswerRepeatable keeps what a claimed request was answered.
func (tx *Tx) AnswerRepeatable(p Repeatable) error {
	return tx.change("request", `UPDATE idempotency SET status = $1, answer = $2 WHERE scope = $3 AND workspace_id = $4`, p.Status, p.Answer, p.Scope, p.WorkspaceID)
}

// DropRepeatable forgets a claimed request, so that it can be tried again.
func (tx *Tx) DropRepeatable(workspaceID, scope string) error {
	return tx.exec(`DELETE FROM idempotency WHERE scope = $1 AND workspace_id = $2`, scope, workspaceID)
}
