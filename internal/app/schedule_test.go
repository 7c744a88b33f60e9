package app

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/api"
	"github.com/bursarhq/bursar/internal/store"
)

// TestJitterPullsApart: accounts that were checked at the same moment come due over a fifth of the span, each within a tenth of it.
func TestJitterPullsApart(t *testing.T) {
	at, span := time.Date(2026, 7, 3, 9, 0, 0, 0, time.UTC), 6*time.Hour
	least, most := span*2, time.Duration(0)
	for i := range 1000 {
		d := jitter(fmt.Sprintf("acc_%d", i), at, span)
		least, most = min(least, d), max(most, d)
		if d != jitter(fmt.Sprintf("acc_%d", i), at, span) {
			t.Fatal("the jitter of one account and time is not always the same: it would come due early")
		}
	}
	if least < span*9/10 || most > span*11/10 || most-least < span*18/100 {
		t.Errorf("from %v to %v", least, most)
	}
}

// TestEveryAccessIsCheckedAgain: those with an access of their own one by one, those that a StackSet reaches with their payer, and none that
// nobody has set up.
func TestEveryAccessIsCheckedAgain(t *testing.T) {
	s, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "s.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	now := time.Date(2026, 7, 3, 9, 0, 0, 0, time.UTC)
	s.Now = func() time.Time { return now }
	var ws bursar.Workspace
	var payer, fresh bursar.Account
	tx := func(f func(*store.Tx) error) {
		t.Helper()
		if err := s.InTx(t.Context(), f); err != nil {
			t.Fatal(err)
		}
	}
	add := func(tx *store.Tx, a bursar.Account) (bursar.Account, error) {
		a.WorkspaceID, a.Partition, a.Name = ws.ID, bursar.PartitionAWS, a.AccountID
		return tx.AddAccount(a)
	}
	tx(func(tx *store.Tx) (err error) {
		if ws, err = tx.AddWorkspace("w"); err != nil {
			return err
		}
		if payer, err = add(tx, bursar.Account{AccountID: "111122223333", Kind: bursar.KindPayer, ExternalID: bursar.NewExternalID(), RoleARN: "arn:aws:iam::111122223333:role/bursar/bursar-x"}); err != nil {
			return err
		}
		if fresh, err = add(tx, bursar.Account{AccountID: "777788889999", ExternalID: bursar.NewExternalID()}); err != nil {
			return err
		}
		m, err := bursar.MemberOf(payer, "222233334444")
		if err == nil {
			m, err = add(tx, m)
		}
		for _, id := range []string{payer.ID, m.ID} {
			if err == nil {
				err = finished(tx, ws.ID, id)
			}
		}
		return err
	})
	queued := func() (out []string) {
		tx(func(tx *store.Tx) error {
			for _, d := range []func(*store.Tx) error{due(api.KindCheck, 6*time.Hour, ownAccess), due(api.KindSync, 6*time.Hour, payers)} {
				if err := d(tx); err != nil {
					return err
				}
			}
			runs, _, err := tx.Runs(ws.ID, "", store.Page{Limit: 100})
			for _, r := range runs {
				if r.State == bursar.RunQueued {
					out = append(out, r.Kind+" "+r.AccountID)
				}
			}
			return err
		})
		return out
	}
	if got := queued(); len(got) != 1 || got[0] != api.KindSync+" "+payer.ID {
		t.Errorf("at once: %v", got)
	}
	now = now.Add(7 * time.Hour)
	if got := queued(); len(got) != 2 {
		t.Errorf("after seven hours: %v; %s was never checked by its person", got, fresh.ID)
	}
}

// finished makes a check of an account that has ended.
func finished(tx *store.Tx, ws, account string) error {
	run, _, err := tx.Enqueue(ws, api.KindCheck, account, tx.Now)
	if err != nil {
		return err
	}
	return tx.FinishRun(run.ID, bursar.RunSucceeded, nil)
}
