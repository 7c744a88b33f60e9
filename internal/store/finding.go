package store

import (
	"encoding/json"
	"strconv"
	"strings"

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
	tx.judge(workspaceID, account)
	var since int64
	err := tx.row(`SELECT coalesce(min(since), 0) FROM findings WHERE workspace_id = $1 AND account = $2 AND check_name = $3 AND code = $4 AND newest = 1`,
		workspaceID, account, f.Check, f.Code).Scan(&since)
	if err != nil {
		return f, err
	}
	if since > 0 {
		f.Since = fromStamp(since)
	}
	if err := tx.exec(`UPDATE findings SET newest = 0 WHERE workspace_id = $1 AND account = $2 AND check_name = $3 AND newest = 1 AND run_id <> $4`,
		workspaceID, account, f.Check, f.RunID); err != nil {
		return f, err
	}
	evidence, err := json.Marshal(f.Evidence)
	if err != nil {
		return f, err
	}
	return f, tx.exec(`INSERT INTO findings (`+findingColumns+`, workspace_id, account, newest, seq)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 1, (SELECT coalesce(max(seq), 0) + 1 FROM findings WHERE run_id = $2 AND account = $13))`,
		f.ID, f.RunID, f.Check, f.Capability, f.Status, f.Code, f.Message, f.Remedy, string(evidence), stamp(f.At), stamp(f.Since), workspaceID, account)
}

// RetireFindings makes the newest findings of the named checks history: what they saw does not hold any more.
func (tx *Tx) RetireFindings(workspaceID, account string, checks ...string) error {
	tx.judge(workspaceID, account)
	for _, check := range checks {
		if err := tx.exec(`UPDATE findings SET newest = 0 WHERE workspace_id = $1 AND account = $2 AND check_name = $3 AND newest = 1`, workspaceID, account, check); err != nil {
			return err
		}
	}
	return nil
}

// NewestFindings returns the newest findings of each check of an account, in the order in which they were made.
func (tx *Tx) NewestFindings(workspaceID, account string) ([]bursar.Finding, error) {
	return many(tx, scanFinding, `SELECT `+findingColumns+` FROM findings WHERE workspace_id = $1 AND account = $2 AND newest = 1 ORDER BY at, seq, id`, workspaceID, account)
}

// ForStatus returns, for each of the given accounts, as much of its newest findings as a status is derived from: check,
// capability, status, code and time. An account without findings is not in the answer.
func (tx *Tx) ForStatus(workspaceID string, accounts []string) (map[string][]bursar.Finding, error) {
	type row struct {
		account string
		finding bursar.Finding
	}
	if len(accounts) == 0 {
		return map[string][]bursar.Finding{}, nil
	}
	args := []any{workspaceID}
	marks := make([]string, len(accounts))
	for i, a := range accounts {
		args = append(args, a)
		marks[i] = "$" + strconv.Itoa(i+2)
	}
	rows, err := many(tx, func(r scanner) (v row, err error) {
		var at int64
		err = r.Scan(&v.account, &v.finding.Check, &v.finding.Capability, &v.finding.Status, &v.finding.Code, &at)
		v.finding.At = fromStamp(at)
		return v, err
	}, `SELECT account, check_name, capability, status, code, at FROM findings
		WHERE workspace_id = $1 AND newest = 1 AND account IN (`+strings.Join(marks, ", ")+`)`, args...)
	if err != nil {
		return nil, err
	}
	out := make(map[string][]bursar.Finding, len(accounts))
	for _, v := range rows {
		out[v.account] = append(out[v.account], v.finding)
	}
	return out, nil
}

// FindingsOfRun returns what a run found about the account that it is about, in the order in which it was found.
func (tx *Tx) FindingsOfRun(workspaceID, runID string) ([]bursar.Finding, error) {
	return many(tx, scanFinding, `SELECT `+findingColumns+` FROM findings
		WHERE workspace_id = $1 AND run_id = $2 AND account = (SELECT account FROM runs WHERE id = $2) ORDER BY seq, id`, workspaceID, runID)
}

// FindingHistory returns an account's findings, the newest first.
func (tx *Tx) FindingHistory(workspaceID, account string, limit int) ([]bursar.Finding, error) {
	return many(tx, scanFinding, `SELECT `+findingColumns+` FROM findings WHERE workspace_id = $1 AND account = $2 ORDER BY at DESC, seq DESC, id LIMIT $3`, workspaceID, account, limit)
}

// Findings lists an account's findings page by page, the newest first: those of one check, or of all when check is "". Code narrows them too.
func (tx *Tx) Findings(workspaceID, account, check, code string, p Page) (list []bursar.Finding, next string, err error) {
	at, id, err := p.before()
	if err != nil {
		return nil, "", err
	}
	list, err = many(tx, scanFinding, `SELECT `+findingColumns+` FROM findings
		WHERE workspace_id = $1 AND account = $2 AND ($3 = '' OR check_name = $3) AND ($4 = '' OR code = $4) AND (at, id) < ($5, $6) ORDER BY at DESC, id DESC LIMIT $7`,
		workspaceID, account, check, code, at, id, p.Limit+1)
	if err == nil && len(list) > p.Limit {
		list = list[:p.Limit]
		next = cursor(list[p.Limit-1].At, list[p.Limit-1].ID)
	}
	return list, next, err
}

// DropFindingsOfRun deletes what a run found about an account: it begins again.
func (tx *Tx) DropFindingsOfRun(workspaceID, runID, account string) error {
	tx.judge(workspaceID, account)
	return tx.exec(`DELETE FROM findings WHERE workspace_id = $1 AND run_id = $2 AND account = $3`, workspaceID, runID, account)
}
