package app

import (
	"hash/fnv"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/api"
	"github.com/bursarhq/bursar/internal/store"
)

// due enqueues a run of a kind for each account that named gives and that had none for so long.
func due(kindName string, after time.Duration, named func(*store.Tx, string) ([]string, error)) func(*store.Tx) error {
	return func(tx *store.Tx) error {
		workspaces, err := tx.Workspaces()
		if err != nil {
			return err
		}
		for _, ws := range workspaces {
			accounts, err := named(tx, ws.ID)
			if err != nil {
				return err
			}
			for _, id := range accounts {
				last, err := tx.LastFinished(ws.ID, kindName, id)
				if err != nil {
					return err
				}
				if last.IsZero() && kindName == api.KindCheck || tx.Now.Sub(last) < jitter(id, last, after) {
					continue // a new account is checked when its person says so
				}
				if _, _, err := tx.Enqueue(ws.ID, kindName, id, tx.Now); err != nil {
					return err
				}
			}
		}
		return nil
	}
}

// jitter moves a span by up to a tenth, another way for each account and time: many that were looked at together come apart.
func jitter(id string, last time.Time, span time.Duration) time.Duration {
	h := fnv.New64a()
	_, _ = h.Write([]byte(id))
	_, _ = h.Write([]byte(last.Format(time.RFC3339Nano)))
	return span - span/10 + time.Duration(h.Sum64()%1000)*(span/5)/1000
}

// ownAccess names the accounts that are checked one by one. Those that a StackSet reaches are looked at together, with their payer's.
func ownAccess(tx *store.Tx, workspaceID string) ([]string, error) {
	return accountsWhere(tx, workspaceID, func(a bursar.Account) bool { return !a.ByStackSet() })
}

// payers names the accounts whose organization is looked at.
func payers(tx *store.Tx, workspaceID string) ([]string, error) {
	return accountsWhere(tx, workspaceID, func(a bursar.Account) bool { return a.Kind == bursar.KindPayer })
}

func accountsWhere(tx *store.Tx, workspaceID string, keep func(bursar.Account) bool) (ids []string, err error) {
	page := store.Page{Limit: 1000}
	for {
		accounts, next, err := tx.Accounts(workspaceID, page)
		if err != nil {
			return nil, err
		}
		for _, acct := range accounts {
			if keep(acct) {
				ids = append(ids, acct.ID)
			}
		}
		if next == "" {
			return ids, nil
		}
		page.After = next
	}
}

func accountsWithExports(tx *store.Tx, workspaceID string) (ids []string, err error) {
	exports, err := tx.Followed(workspaceID, "")
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for _, e := range exports {
		if !seen[e.AccountID] {
			seen[e.AccountID] = true
			ids = append(ids, e.AccountID)
		}
	}
	return ids, nil
}
