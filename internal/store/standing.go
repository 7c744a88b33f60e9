package store

import (
	"slices"

	"github.com/bursarhq/bursar"
)

// standingRules numbers the rules of [bursar.Summarize]. Whoever changes them adds one, and every standing is derived anew at the next start.
const standingRules = 1

// severities are the summaries from new to worst.
var severities = []bursar.Summary{bursar.SummaryPending, bursar.SummaryConnected, bursar.SummaryAttention, bursar.SummaryBroken, bursar.SummaryInsecure}

// standingColumns are the columns of the index that hold a capability's state, named as the capabilities are.
var standingColumns = []bursar.Capability{
	bursar.CapAccess, bursar.CapOrganization, bursar.CapBillingExport, bursar.CapCostExplorer, bursar.CapInventory, bursar.CapMemberAccess,
}

// judge remembers that the findings of an account change: its standing is derived again before the transaction ends.
func (tx *Tx) judge(workspaceID, account string) {
	if tx.judged == nil {
		tx.judged = map[string]string{}
	}
	tx.judged[account] = workspaceID
	tx.touch(workspaceID, TopicAccounts)
}

// setStandings writes the standing of every account whose findings the transaction has changed.
func (tx *Tx) setStandings() error {
	for account, workspaceID := range tx.judged {
		if err := tx.setStanding(workspaceID, account); err != nil {
			return err
		}
	}
	return nil
}

func (tx *Tx) setStanding(workspaceID, account string) error {
	newest, err := tx.ForStatus(workspaceID, []string{account})
	if err != nil {
		return err
	}
	if err := tx.exec(`DELETE FROM standings WHERE account = $1`, account); err != nil {
		return err
	}
	s := bursar.Summarize(newest[account])
	args := []any{account, workspaceID, standingRules, s.Summary, slices.Index(severities, s.Summary), s.DataArrival, stamp(s.CheckedAt)}
	for _, c := range standingColumns {
		state := s.Capabilities[c]
		if state == "" {
			state = bursar.StateNotSetUp
		}
		args = append(args, state)
	}
	return tx.exec(`INSERT INTO standings (account, workspace_id, rules, summary, severity, data_arrival, checked_at, access, organization, billing_export, cost_explorer, inventory, member_access)
		SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13 WHERE EXISTS (SELECT 1 FROM accounts WHERE id = $1)`, args...)
}

// restand derives the standings that are missing, or that other rules made.
func (tx *Tx) restand() error {
	type place struct{ account, workspace string }
	old, err := many(tx, func(r scanner) (p place, err error) { return p, r.Scan(&p.account, &p.workspace) },
		`SELECT a.id, a.workspace_id FROM accounts a LEFT JOIN standings s ON s.account = a.id
		WHERE s.rules <> $1 OR s.rules IS NULL AND EXISTS (SELECT 1 FROM findings f WHERE f.account = a.id AND f.newest = 1)`, standingRules)
	if err != nil {
		return err
	}
	for _, p := range old {
		if err := tx.setStanding(p.workspace, p.account); err != nil {
			return err
		}
	}
	return nil
}
