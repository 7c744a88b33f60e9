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

// TestDestinationsComeDue by what counts, by the clock, or not at all.
func TestDestinationsComeDue(t *testing.T) {
	s, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "s.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	now := time.Date(2026, 7, 3, 9, 0, 0, 0, time.UTC)
	s.Now = func() time.Time { return now }
	in := func(f func(tx *store.Tx) error) {
		t.Helper()
		if err := s.InTx(t.Context(), f); err != nil {
			t.Fatal(err)
		}
	}
	var ws string
	ids := map[string]bursar.Trigger{"dst_p": bursar.TriggerPublication, "dst_h": bursar.TriggerHourly, "dst_d": bursar.TriggerDaily, "dst_m": bursar.TriggerManual, "dst_z": bursar.TriggerPublication}
	in(func(tx *store.Tx) error {
		w, err := tx.AddWorkspace("w")
		ws = w.ID
		for id, trigger := range ids {
			if err == nil {
				_, err = tx.AddDestination(bursar.Destination{ID: id, WorkspaceID: ws, Name: id, Kind: bursar.DestinationFile, Datasets: []string{"line_items"}, Trigger: trigger, Paused: id == "dst_z"})
			}
		}
		return err
	})
	due := func(how bursar.RunState) (out string) {
		t.Helper()
		in(deliveriesDue)
		in(func(tx *store.Tx) error {
			for _, id := range []string{"dst_d", "dst_h", "dst_m", "dst_p", "dst_z"} {
				runs, err := tx.LiveRuns(ws, id)
				if err != nil {
					return err
				}
				for _, r := range runs {
					out += id[4:]
					seen, err := tx.Fingerprint(ws)
					if err != nil {
						return err
					}
					if err := tx.SetAttempt(ws, id, seen); err != nil {
						return err
					}
					if err := tx.FinishRun(r.ID, how, nil); err != nil {
						return err
					}
				}
			}
			return nil
		})
		return out
	}
	for i, step := range []struct {
		after time.Duration
		ends  bursar.RunState
		want  string
	}{
		{0, bursar.RunFailed, "dhp"},
		{time.Minute, bursar.RunSucceeded, ""},
		{time.Hour, bursar.RunSucceeded, "h"},
		{6 * time.Hour, bursar.RunSucceeded, "hp"},
		{7 * time.Hour, bursar.RunSucceeded, "h"},
		{11 * time.Hour, bursar.RunSucceeded, "dh"},
	} {
		now = now.Add(step.after)
		if got := due(step.ends); got != step.want {
			t.Errorf("step %d: %q came due, want %q", i, got, step.want)
		}
	}
}
