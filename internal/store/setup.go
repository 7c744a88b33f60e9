package store

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/bursarhq/bursar"
)

// RenameAccount gives an account another name, and returns it. A name that the workspace has already is a Conflict with the reason
// account_name_taken.
func (tx *Tx) RenameAccount(workspaceID, id, name string) (bursar.Account, error) {
	a, err := tx.Account(workspaceID, id)
	if err != nil || a.Name == name {
		return a, err
	}
	before := a
	a.Name, a.UpdatedAt, a.Version = name, tx.Now, a.Version+1
	if err := tx.Free(a); err != nil {
		return a, err
	}
	err = tx.change("account", `UPDATE accounts SET name = $1, updated_at = $2, version = $3 WHERE workspace_id = $4 AND id = $5`,
		a.Name, stamp(a.UpdatedAt), a.Version, workspaceID, a.ID)
	if err != nil {
		return a, err
	}
	return a, tx.Audit(Change{WorkspaceID: workspaceID, Action: "renameAccount", Target: a.ID, Before: before, After: a})
}

// SetChoice keeps what was chosen for the set-up of an account, and returns the account.
func (tx *Tx) SetChoice(workspaceID, id string, c bursar.Choice) (bursar.Account, error) {
	a, err := tx.Account(workspaceID, id)
	if err != nil {
		return a, err
	}
	text, err := json.Marshal(c)
	if err != nil {
		return a, err
	}
	before := a.Choice
	a.Choice, a.UpdatedAt, a.Version = c, tx.Now, a.Version+1
	err = tx.change("account", `UPDATE accounts SET choice = $1, updated_at = $2, version = $3 WHERE workspace_id = $4 AND id = $5`,
		string(text), stamp(a.UpdatedAt), a.Version, workspaceID, a.ID)
	if err != nil {
		return a, err
	}
	return a, tx.Audit(Change{WorkspaceID: workspaceID, Action: "changeSetup", Target: a.ID, Before: before, After: c})
}

// SetDefinitions keeps the billing exports that an account has in AWS, all of them, as they were seen now.
func (tx *Tx) SetDefinitions(workspaceID, account string, list []bursar.Definition) error {
	text, err := json.Marshal(list)
	if err != nil {
		return err
	}
	return tx.exec(`INSERT INTO definitions (account, workspace_id, list, seen_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (account) DO UPDATE SET list = excluded.list, seen_at = excluded.seen_at`, account, workspaceID, string(text), stamp(tx.Now))
}

// Definitions returns the billing exports that an account was last seen to have, and when: the zero time when nobody has looked. Those that are
// followed have their ids.
func (tx *Tx) Definitions(workspaceID, account string) (list []bursar.Definition, seen time.Time, err error) {
	type row struct {
		list string
		seen int64
	}
	r, err := one(tx, "list", func(s scanner) (r row, err error) { err = s.Scan(&r.list, &r.seen); return r, err },
		`SELECT list, seen_at FROM definitions WHERE workspace_id = $1 AND account = $2`, workspaceID, account)
	if bursar.CodeOf(err) == bursar.NotFound {
		return nil, time.Time{}, nil
	}
	if err == nil {
		err = json.Unmarshal([]byte(r.list), &list)
	}
	exports, err2 := tx.Exports(workspaceID, account)
	if err == nil {
		err = err2
	}
	for i := range list {
		e := &list[i].Export
		e.WorkspaceID, e.ID, e.Followed = workspaceID, "", false
		at := slices.IndexFunc(exports, func(x bursar.Export) bool { return x.Bucket == e.Bucket && x.Prefix == e.Prefix && x.Name == e.Name })
		if at >= 0 {
			e.ID, e.Followed = exports[at].ID, exports[at].Followed
		}
	}
	return list, fromStamp(r.seen), err
}
