package store

import (
	"encoding/json"

	"github.com/bursarhq/bursar"
)

const findingColumns = `id, run_id, check_name, capability, status, code, message, remedy, evidence, at, since`

func scanFinding(r scanner) (bursar.Finding, error) {
	var f bursar.Finding
	var evidence string
	var at, since int64
	if err := r.Scan(&f.ID, &f.RunID, &f.Check, &f.Capability, &f.Status, &f.Code, &f.Message, &f.Remedy, &evidence, &at, &since); err != nil {
		return f, err
	}
	f.At, f.Since = fromStamp(at), fromStamp(since)
	return f, json.Unmarshal([]byte(evidence), &f.Evidence)
}

// AddFinding keeps a finding about an account and makes it one of the newest of its check: those of the same run stay beside it, those of
// earlier runs become history. It returns the finding with its id, and with the time since when the check has answered so.
func (tx *Tx) AddFinding(workspaceID, account string, f bursar.Finding) (bursar.Finding, error) {
	f.ID, f.Since = bursar.NewID("fnd"), f.At
	var since int64
	err := tx.row(`SELECT coalesce(min(since), 0) FROM findings WHERE account = $1 AND check_name = $2 AND code = $3 AND newest = 1`,
		account, f.Check, f.Code).Scan(&since)
	if err != nil {
		return f, err
	}
	if since > 0 {
		f.Since = fromStamp(since)
	}
	if err := tx.exec(`UPDATE findings SET newest = 0 WHERE account = $1 AND check_name = $2 AND newest = 1 AND run_id <> $3`, account, f.Check, f.RunID); err != nil {
		return f, err
	}
	evidence, err := json.Marshal(f.Evidence)
	if err != nil {
		return f, err
	}
	return f, tx.exec(`INSERT INTO findings (`+findingColumns+`, workspace_id, account, newest) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 1)`,
		f.ID, f.RunID, f.Check, f.Capability, f.Status, f.Code, f.Message, f.Remedy, string(evidence), stamp(f.At), stamp(f.Since), workspaceID, account)
}

// RetireFindings makes the newest findings of the named checks history: what they saw does not hold any more.
func (tx *Tx) RetireFindings(workspaceID, account string, checks ...string) error {
	for _, check := range checks {
		if err := tx.exec(`UPDATE findings SET newest = 0 WHERE workspace_id = $1 AND account = $2 AND check_name = $3 AND newest = 1`, workspaceID, account, check); err != nil {
			return err
		}
	}
	return nil
}

// NewestFindings returns the newest findings of each check of an account, in the order in which they were made.
func (tx *Tx) NewestFindings(workspaceID, account string) ([]bursar.Finding, error) {
	return many(tx, scanFinding, `SELECT `+findingColumns+` FROM findings WHERE workspace_id = $1 AND account = $2 AND newest = 1 ORDER BY at, id`, workspaceID, account)
}

// FindingsOfRun returns what a run found, in the order in which it was found.
func (tx *Tx) FindingsOfRun(workspaceID, runID string) ([]bursar.Finding, error) {
	return many(tx, scanFinding, `SELECT `+findingColumns+` FROM findings WHERE workspace_id = $1 AND run_id = $2 ORDER BY at, id`, workspaceID, runID)
}

// FindingHistory returns an account's findings, the newest first.
func (tx *Tx) FindingHistory(workspaceID, account string, limit int) ([]bursar.Finding, error) {
	return many(tx, scanFinding, `SELECT `+findingColumns+` FROM findings WHERE workspace_id = $1 AND account = $2 ORDER BY at DESC, id LIMIT $3`, workspaceID, account, limit)
}
