package store

import (
	"encoding/json"

	"github.com/bursarhq/bursar"
)

// Holdings is what bursar holds of an account's bill.
type Holdings struct {
	Exports    []bursar.Export
	Sources    []bursar.Source // of Cost Explorer, that use the account's access
	Deliveries int64           // of every state
	Rows       int64           // line items of the deliveries that count
	First      bursar.Period
	Last       bursar.Period // of the deliveries that count; zero when there are none
}

// Holdings says what bursar holds of an account's bill.
func (tx *Tx) Holdings(workspaceID, account string) (h Holdings, err error) {
	if h.Exports, err = tx.Exports(workspaceID, account); err != nil {
		return h, err
	}
	if h.Sources, err = tx.SourcesOf(workspaceID, account); err != nil {
		return h, err
	}
	var first, last string
	err = tx.row(`SELECT count(*), coalesce(sum(CASE WHEN state = 'published' THEN rows ELSE 0 END), 0),
		coalesce(min(CASE WHEN state = 'published' THEN period END), ''), coalesce(max(CASE WHEN state = 'published' THEN period END), '')
		FROM deliveries WHERE workspace_id = $1 AND export_id IN (SELECT id FROM exports WHERE workspace_id = $1 AND account = $2)`, workspaceID, account).
		Scan(&h.Deliveries, &h.Rows, &first, &last)
	if err != nil || first == "" {
		return h, err
	}
	if err := h.First.UnmarshalText([]byte(first)); err != nil {
		return h, err
	}
	return h, h.Last.UnmarshalText([]byte(last))
}

// RemoveAccount deregisters an account: its findings go, what is queued for it ends, and nothing finds it any more. Its exports and their
// deliveries stay, not followed any more, unless withBill says that they go too. Its external id is never used again. An account whose role is a
// credential is a Conflict with the reason account_in_use.
func (tx *Tx) RemoveAccount(workspaceID, id string, withBill bool) error {
	a, err := tx.Account(workspaceID, id)
	if err != nil {
		return err
	}
	if err := tx.notACredential(a); err != nil {
		return err
	}
	if err := tx.Audit(Change{WorkspaceID: workspaceID, Action: "removeAccount", Target: a.ID, Before: a, After: map[string]bool{"bill_kept": !withBill}}); err != nil {
		return err
	}
	failure, err := json.Marshal(bursar.RunError{Code: string(bursar.Conflict), Message: "the account was deregistered"})
	if err != nil {
		return err
	}
	err = tx.exec(`UPDATE runs SET state = 'cancelled', error = $1, finished_at = $2 WHERE workspace_id = $3 AND account = $4 AND state = 'queued'`,
		string(failure), stamp(tx.Now), workspaceID, a.ID)
	if err != nil {
		return err
	}
	if err := tx.exec(`DELETE FROM sources WHERE workspace_id = $1 AND account = $2`, workspaceID, a.ID); err != nil { // they cannot ask any more
		return err
	}
	exports, err := tx.Exports(workspaceID, a.ID)
	if err != nil {
		return err
	}
	if !withBill && len(exports) > 0 {
		return tx.setAside(a)
	}
	if err := tx.exec(`DELETE FROM exports WHERE workspace_id = $1 AND account = $2`, workspaceID, a.ID); err != nil {
		return err
	}
	return tx.change("account", `DELETE FROM accounts WHERE workspace_id = $1 AND id = $2`, workspaceID, a.ID)
}

// notACredential refuses an account whose role somebody has made a credential.
func (tx *Tx) notACredential(a bursar.Account) error {
	made, err := tx.CredentialsOfAccount(a.WorkspaceID, a.ID)
	if err != nil || len(made) == 0 {
		return err
	}
	return bursar.Errorf(bursar.Conflict, "the role of account %s is the credential \"%s\"", a.AccountID, made[0].Name).WithReason("account_in_use").
		WithHint("delete that credential first (\"bursar credential delete\"): sources and destinations may use it")
}

// setAside hides an account whose bill is kept. Its name is free again: the mark before it is one that no name can hold.
func (tx *Tx) setAside(a bursar.Account) error {
	for _, q := range []string{
		`DELETE FROM findings WHERE workspace_id = $1 AND account = $2`,
		`DELETE FROM standings WHERE workspace_id = $1 AND account = $2`,
		`DELETE FROM events WHERE workspace_id = $1 AND account = $2`,
		`DELETE FROM members WHERE workspace_id = $1 AND payer = $2`,
		`DELETE FROM definitions WHERE workspace_id = $1 AND account = $2`,
		`DELETE FROM sharings WHERE workspace_id = $1 AND account = $2`,
		`UPDATE exports SET followed = 0 WHERE workspace_id = $1 AND account = $2`,
	} {
		if err := tx.exec(q, a.WorkspaceID, a.ID); err != nil {
			return err
		}
	}
	return tx.change("account", `UPDATE accounts SET name = $1, removed_at = $2, updated_at = $2, version = version + 1 WHERE workspace_id = $3 AND id = $4`,
		"\x1f"+a.ID+" "+a.Name, stamp(tx.Now), a.WorkspaceID, a.ID)
}
