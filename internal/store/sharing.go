package store

import (
	"cmp"
	"encoding/json"
	"errors"

	"github.com/bursarhq/bursar"
)

// Sharing is what a client of the Cloudcraft API keeps with an account that it has added or changed.
type Sharing struct {
	Account string   `json:"-"`     // "acc_…"
	Owner   string   `json:"owner"` // whom the key works for that added it
	KeyID   string   `json:"key"`   // of that key
	Read    []string `json:"read"`  // kept and given back; they grant nothing. nil and empty are told apart
	Write   []string `json:"write"`
}

const sharingColumns = `account, owner, key_id, read_access, write_access`

func scanSharing(r scanner) (Sharing, error) {
	var s Sharing
	var read, write string
	if err := r.Scan(&s.Account, &s.Owner, &s.KeyID, &read, &write); err != nil {
		return s, err
	}
	return s, errors.Join(json.Unmarshal([]byte(read), &s.Read), json.Unmarshal([]byte(write), &s.Write))
}

// SetSharing keeps what a client wants kept with an account.
func (tx *Tx) SetSharing(workspaceID string, s Sharing) error {
	read, err := json.Marshal(s.Read)
	if err != nil {
		return err
	}
	write, err := json.Marshal(s.Write)
	if err != nil {
		return err
	}
	err = tx.change("account", `UPDATE accounts SET updated_at = $1, version = version + 1 WHERE workspace_id = $2 AND id = $3`, stamp(tx.Now), workspaceID, s.Account)
	if err != nil {
		return err
	}
	err = tx.exec(`INSERT INTO sharings (`+sharingColumns+`, workspace_id) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (account) DO UPDATE SET owner = excluded.owner, key_id = excluded.key_id, read_access = excluded.read_access, write_access = excluded.write_access`,
		s.Account, s.Owner, s.KeyID, string(read), string(write), workspaceID)
	if err != nil {
		return err
	}
	return tx.Audit(Change{WorkspaceID: workspaceID, Action: "setSharing", Target: s.Account, After: s})
}

// Sharings returns what is kept with each account of a workspace, by the account's id. Most have nothing.
func (tx *Tx) Sharings(workspaceID string) (map[string]Sharing, error) {
	list, err := many(tx, scanSharing, `SELECT `+sharingColumns+` FROM sharings WHERE workspace_id = $1`, workspaceID)
	out := make(map[string]Sharing, len(list))
	for _, s := range list {
		out[s.Account] = s
	}
	return out, err
}

// Sharing returns what is kept with one account; nothing when nothing is.
func (tx *Tx) Sharing(workspaceID, account string) (Sharing, error) {
	s, err := one(tx, "account", scanSharing, `SELECT `+sharingColumns+` FROM sharings WHERE workspace_id = $1 AND account = $2`, workspaceID, account)
	if bursar.CodeOf(err) == bursar.NotFound {
		return Sharing{Account: account}, nil
	}
	return s, err
}

// AccountIDs lists the ids ("acc_…") of a workspace's accounts.
func (tx *Tx) AccountIDs(workspaceID string) ([]string, error) {
	return many(tx, func(r scanner) (s string, err error) { return s, r.Scan(&s) }, `SELECT id FROM accounts WHERE workspace_id = $1 AND removed_at = 0`, workspaceID)
}

// OwnerExternalID returns the external id of an owner of keys. It is NotFound before [Tx.IssueOwnerExternalID].
func (tx *Tx) OwnerExternalID(workspaceID, owner string) (string, error) {
	return one(tx, "external id", func(r scanner) (s string, err error) { return s, r.Scan(&s) },
		`SELECT external_id FROM owner_external_ids WHERE workspace_id = $1 AND owner = $2`, workspaceID, owner)
}

// IssueOwnerExternalID returns the external id of an owner of keys, and makes fresh the owner's from then on if there is none. One
// that was ever used in the installation is a Conflict.
func (tx *Tx) IssueOwnerExternalID(workspaceID, owner, fresh string) (string, error) {
	id, err := tx.OwnerExternalID(workspaceID, owner)
	if bursar.CodeOf(err) != bursar.NotFound {
		return id, err
	}
	if err := tx.spend(bursar.Account{ExternalID: fresh}); err != nil {
		return "", err
	}
	err = tx.exec(`INSERT INTO owner_external_ids (workspace_id, owner, external_id, issued_at) VALUES ($1, $2, $3, $4)`, workspaceID, owner, fresh, stamp(tx.Now))
	if err != nil {
		return "", err
	}
	return fresh, tx.Audit(Change{WorkspaceID: workspaceID, Action: "issueExternalID", Target: owner})
}

// keptExternalID says in which columns an account's external id is kept. One that belongs to an owner of keys may be had by many accounts
// of the workspace; the column that must be unique then holds a placeholder, which no role is ever assumed with.
func (tx *Tx) keptExternalID(a bursar.Account) (own, shared string, err error) {
	n := 0
	err = tx.row(`SELECT count(*) FROM owner_external_ids WHERE workspace_id = $1 AND external_id = $2`, a.WorkspaceID, a.ExternalID).Scan(&n)
	if err != nil || n == 0 {
		return a.ExternalID, "", err
	}
	return "shared " + a.ID, a.ExternalID, nil
}

// useExternalID marks an account's external id as used, unless the account may share it, and says in which columns it is kept.
func (tx *Tx) useExternalID(a bursar.Account) (own, shared string, err error) {
	own, shared, err = tx.keptExternalID(a)
	if err != nil || shared != "" {
		return own, shared, err
	}
	return own, shared, tx.spend(a)
}

// ownerOf says whom a key works for that is being made: whoever makes it, and through a key whoever that one works for.
func (tx *Tx) ownerOf(k Key) (string, error) {
	switch by := tx.Actor(); by.Kind {
	case bursar.ActorUser:
		return "user:" + by.ID, nil
	case bursar.ActorKey:
		maker, err := tx.KeyByID(by.ID)
		if err == nil || bursar.CodeOf(err) == bursar.NotFound {
			return cmp.Or(maker.Owner, "key:"+k.ID), nil
		}
		return "", err
	}
	return "key:" + k.ID, nil
}
