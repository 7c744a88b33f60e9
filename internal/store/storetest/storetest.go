// Package storetest is the suite that every engine of the store passes.
package storetest

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/store"
)

var t0 = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// Run proves that a store keeps its promises. open gives an empty one.
func Run(t *testing.T, open func(t *testing.T) *store.Store) {
	for name, test := range map[string]func(*testing.T, *store.Store){
		"OneOfManyTakesTheName":           oneOfManyTakesTheName,
		"StatusesOfManyAccounts":          statusesOfManyAccounts,
		"RunsPageByPage":                  runsPageByPage,
		"AccountConflictsSayWhich":        accountConflictsSayWhich,
		"AnotherWorkspaceSeesNothing":     anotherWorkspaceSeesNothing,
		"AccountsPageByPage":              accountsPageByPage,
		"FindingsNewestAndSince":          findingsNewestAndSince,
		"OneLiveRunPerKindAndAccount":     oneLiveRunPerKindAndAccount,
		"PublishReplaces":                 publishReplaces,
		"OneExportCounts":                 oneExportCounts,
		"RenameAndChoose":                 renameAndChoose,
		"DefinitionsNameTheFollowed":      definitionsNameTheFollowed,
		"DeregisterKeepsTheBill":          deregisterKeepsTheBill,
		"DeregisterWithTheBill":           deregisterWithTheBill,
		"FailedTransactionChangesNothing": failedTransactionChangesNothing,
		"ViewMayNotChange":                viewMayNotChange,
		"MembersKnowWhoIsRegistered":      membersKnowWhoIsRegistered,
		"EventsAreChangesOnly":            eventsAreChangesOnly,
		"DerivedIDsComeBackAndOthersNot":  derivedIDsComeBackAndOthersNever,
		"IssuedIDsAreOnesOwn":             issuedIDsAreOnesOwn,
		"SourcesLive":                     sourcesLive,
		"CostsAreReplacedWhole":           costsAreReplacedWhole,
		"LedgerAddsUp":                    ledgerAddsUp,
		"CredentialsLive":                 credentialsLive,
		"CredentialsRotate":               credentialsRotate,
		"RolesThatAreCredentialsStay":     rolesThatAreCredentialsStay,
		"SecretsAreWrappedAnew":           secretsAreWrappedAnew,
		"FoundAsOneWouldByHand":           accountsFoundAsOneWouldByHand,
		"StandingsFollowFindings":         standingsFollowFindings,
		"StrangeOrdersAreRefused":         strangeOrdersAndCursorsAreRefused,
		"WatchersHearOfTheirWorkspace":    watchersHearOfTheirWorkspace,
		"UnregisteredCouldBe":             unregisteredAreThoseThatCouldBe,
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			now := t0
			var mu sync.Mutex
			s.Now = func() time.Time { mu.Lock(); defer mu.Unlock(); now = now.Add(time.Second); return now }
			test(t, s)
		})
	}
}

func in(t *testing.T, s *store.Store, f func(tx *store.Tx) error) {
	t.Helper()
	if err := s.InTx(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}

func workspace(t *testing.T, s *store.Store, name string) (ws bursar.Workspace) {
	t.Helper()
	in(t, s, func(tx *store.Tx) (err error) { ws, err = tx.AddWorkspace(name); return err })
	return ws
}

func newAccount(ws, id, name string) bursar.Account {
	return bursar.Account{
		WorkspaceID: ws, AccountID: id, Name: name, Partition: bursar.PartitionAWS, Kind: bursar.KindUnknown,
		Method: bursar.MethodConsole, ExternalID: bursar.NewExternalID(), RoleARN: "arn:aws:iam::" + id + ":role/bursar/bursar-x",
	}
}

func add(t *testing.T, s *store.Store, a bursar.Account) (out bursar.Account, err error) {
	t.Helper()
	err = s.InTx(t.Context(), func(tx *store.Tx) (err error) { out, err = tx.AddAccount(a); return err })
	return out, err
}

func mustAdd(t *testing.T, s *store.Store, a bursar.Account) bursar.Account {
	t.Helper()
	out, err := add(t, s, a)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func accountConflictsSayWhich(t *testing.T, s *store.Store) {
	ws, other := workspace(t, s, "one"), workspace(t, s, "two")
	first := mustAdd(t, s, newAccount(ws.ID, "012345678901", "payer"))
	for _, tc := range []struct {
		a             bursar.Account
		reason, field string
	}{
		{newAccount(ws.ID, "012345678901", "another"), "account_id_taken", "account_id"},
		{newAccount(ws.ID, "123456789012", "payer"), "account_name_taken", "name"},
		{newAccount(ws.ID, "012345678901", "payer"), "account_id_taken", "account_id"},
	} {
		_, err := add(t, s, tc.a)
		var e *bursar.Error
		if !errors.As(err, &e) || e.Code != bursar.Conflict || e.Reason != tc.reason || e.Field != tc.field {
			t.Errorf("%s %q: got %v, want %s", tc.a.AccountID, tc.a.Name, err, tc.reason)
		}
	}
	mustAdd(t, s, newAccount(other.ID, "012345678901", "payer")) // another workspace is another world
	spent := newAccount(other.ID, "123456789012", "x")
	spent.ExternalID = first.ExternalID
	if _, err := add(t, s, spent); bursar.CodeOf(err) != bursar.Conflict {
		t.Errorf("an external id was used twice: %v", err)
	}
}

func oneOfManyTakesTheName(t *testing.T, s *store.Store) {
	ws := workspace(t, s, "one")
	var won, lost atomic.Int64
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			err := s.InTx(t.Context(), func(tx *store.Tx) error {
				_, err := tx.AddAccount(newAccount(ws.ID, fmt.Sprintf("%012d", i), "the name"))
				return err
			})
			switch bursar.CodeOf(err) {
			case "":
				won.Add(1)
			case bursar.Conflict:
				lost.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	all.Wait()
	if won.Load() != 1 || lost.Load() != 19 {
		t.Errorf("%d took the name and %d were told that it is taken", won.Load(), lost.Load())
	}
}

func statusesOfManyAccounts(t *testing.T, s *store.Store) {
	ws, other := workspace(t, s, "one"), workspace(t, s, "two")
	a, b := mustAdd(t, s, newAccount(ws.ID, "012345678901", "a")), mustAdd(t, s, newAccount(ws.ID, "123456789012", "b"))
	in(t, s, func(tx *store.Tx) error {
		for _, run := range []string{"run_1", "run_2"} {
			for _, check := range []string{"z", "y", "x"} { // at one instant: the order is the run's
				if _, err := tx.AddFinding(ws.ID, a.ID, bursar.Finding{RunID: run, Check: check, Code: run, Status: bursar.StatusOK, At: t0}); err != nil {
					return err
				}
			}
		}
		return nil
	})
	in(t, s, func(tx *store.Tx) error {
		got, err := tx.ForStatus(ws.ID, []string{a.ID, b.ID})
		if len(got) != 1 || len(got[a.ID]) != 3 || got[a.ID][0].Code != "run_2" {
			t.Errorf("got %+v", got)
		}
		if foreign, err := tx.ForStatus(other.ID, []string{a.ID}); err != nil || len(foreign) != 0 {
			t.Errorf("another workspace sees %+v, %v", foreign, err)
		}
		newest, err2 := tx.NewestFindings(ws.ID, a.ID)
		order := ""
		for _, f := range newest {
			order += f.Check
		}
		if order != "zyx" {
			t.Errorf("in the order %s, want zyx", order)
		}
		return errors.Join(err, err2)
	})
}

func runsPageByPage(t *testing.T, s *store.Store) {
	ws := workspace(t, s, "one")
	now := t0
	s.Now = func() time.Time { return now } // all at one instant
	in(t, s, func(tx *store.Tx) error {
		for i := range 7 {
			if _, _, err := tx.Enqueue(ws.ID, "check", fmt.Sprint(i), tx.Now); err != nil {
				return err
			}
		}
		return nil
	})
	seen := map[string]bool{}
	for p := (store.Page{Limit: 2}); ; {
		var runs []bursar.Run
		in(t, s, func(tx *store.Tx) (err error) { runs, p.After, err = tx.Runs(ws.ID, "", p); return err })
		for _, r := range runs {
			seen[r.ID] = true
		}
		if p.After == "" {
			break
		}
	}
	if len(seen) != 7 {
		t.Errorf("saw %d runs, want 7", len(seen))
	}
	err := s.View(t.Context(), func(tx *store.Tx) error {
		_, _, err := tx.Runs(ws.ID, "", store.Page{After: "x", Limit: 1})
		return err
	})
	if bursar.CodeOf(err) != bursar.Invalid {
		t.Errorf("a strange cursor: %v", err)
	}
}

func anotherWorkspaceSeesNothing(t *testing.T, s *store.Store) {
	ws, other := workspace(t, s, "one"), workspace(t, s, "two")
	a := mustAdd(t, s, newAccount(ws.ID, "012345678901", "payer"))
	err := s.View(t.Context(), func(tx *store.Tx) error {
		for _, id := range []string{a.ID, a.AccountID} {
			if got, err := tx.Account(ws.ID, id); err != nil || got.ID != a.ID || got.AccountID != "012345678901" {
				t.Errorf("own workspace: %+v, %v", got, err)
			}
			if _, err := tx.Account(other.ID, id); bursar.CodeOf(err) != bursar.NotFound {
				t.Errorf("other workspace sees %s: %v", id, err)
			}
		}
		list, _, err := tx.Accounts(other.ID, store.Page{Limit: 10})
		if len(list) != 0 {
			t.Errorf("other workspace lists %v", list)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func accountsPageByPage(t *testing.T, s *store.Store) {
	ws := workspace(t, s, "one")
	for i := range 7 {
		mustAdd(t, s, newAccount(ws.ID, fmt.Sprintf("%012d", i), fmt.Sprint(i)))
	}
	seen := map[string]bool{}
	p := store.Page{Limit: 3}
	for pages := 1; ; pages++ {
		var list []bursar.Account
		var next string
		in(t, s, func(tx *store.Tx) (err error) { list, next, err = tx.Accounts(ws.ID, p); return err })
		for _, a := range list {
			seen[a.AccountID] = true
		}
		if next == "" {
			if pages != 3 || len(seen) != 7 {
				t.Errorf("%d pages with %d accounts, want 3 with 7", pages, len(seen))
			}
			return
		}
		p.After = next
	}
}

func findingsNewestAndSince(t *testing.T, s *store.Store) {
	ws := workspace(t, s, "one")
	a := mustAdd(t, s, newAccount(ws.ID, "012345678901", "payer"))
	put := func(run, code string, at time.Time) (f bursar.Finding) {
		in(t, s, func(tx *store.Tx) (err error) {
			f, err = tx.AddFinding(ws.ID, a.ID, bursar.Finding{RunID: run, Check: "assume_role", Code: code, Status: bursar.StatusOK, At: at, Evidence: map[string]string{"k": "v"}})
			return err
		})
		return f
	}
	put("run_1", "ok", t0)
	if f := put("run_2", "ok", t0.Add(time.Hour)); !f.Since.Equal(t0) {
		t.Errorf("the same answer holds since %s, want %s", f.Since, t0)
	}
	if f := put("run_3", "denied", t0.Add(2*time.Hour)); !f.Since.Equal(f.At) {
		t.Error("another answer holds since now")
	}
	if f := put("run_4", "ok", t0.Add(3*time.Hour)); !f.Since.Equal(f.At) {
		t.Error("an answer that was interrupted holds since now")
	}
	in(t, s, func(tx *store.Tx) error {
		newest, err := tx.NewestFindings(ws.ID, a.ID)
		if err != nil || len(newest) != 1 || newest[0].RunID != "run_4" || newest[0].Evidence["k"] != "v" {
			t.Errorf("newest: %+v, %v", newest, err)
		}
		history, err := tx.FindingHistory(ws.ID, a.ID, 10)
		if len(history) != 4 {
			t.Errorf("history has %d findings, want 4", len(history))
		}
		return err
	})
}

func oneLiveRunPerKindAndAccount(t *testing.T, s *store.Store) {
	ws := workspace(t, s, "one")
	enqueue := func() (r bursar.Run, added bool) {
		in(t, s, func(tx *store.Tx) (err error) {
			r, added, err = tx.Enqueue(ws.ID, "check", "acc_1", tx.Now)
			return err
		})
		return r, added
	}
	first, added := enqueue()
	again, addedAgain := enqueue()
	if !added || addedAgain || first.ID != again.ID {
		t.Errorf("asking twice: %v %v %v %v", first.ID, added, again.ID, addedAgain)
	}
	in(t, s, func(tx *store.Tx) error {
		r, ok, err := tx.ClaimRun()
		if !ok || r.ID != first.ID || r.Attempt != 1 || r.State != bursar.RunRunning {
			t.Errorf("claimed %+v, %v", r, ok)
		}
		if _, ok, _ := tx.ClaimRun(); ok {
			t.Error("a run was claimed twice")
		}
		return errors.Join(err, tx.SetProgress(r.ID, bursar.Progress{Done: 3}), tx.FinishRun(r.ID, bursar.RunSucceeded, nil))
	})
	if next, added := enqueue(); !added || next.ID == first.ID {
		t.Error("a finished run stood in the way of a new one")
	}
}

func publishReplaces(t *testing.T, s *store.Store) {
	ws := workspace(t, s, "one")
	a := mustAdd(t, s, newAccount(ws.ID, "012345678901", "payer"))
	var e bursar.Export
	in(t, s, func(tx *store.Tx) (err error) {
		e, err = tx.FollowExport(bursar.Export{WorkspaceID: ws.ID, AccountID: a.ID, Name: "cur", Bucket: "b", Prefix: ""})
		return err
	})
	p := bursar.NewPeriod(2026, 2)
	delivery := func(v string) store.Delivery {
		return store.Delivery{Delivery: bursar.Delivery{
			ID: bursar.NewID("dlv"), WorkspaceID: ws.ID, ExportID: e.ID, Period: p, Version: v,
			Totals: map[string]bursar.Decimal{"USD": bursar.DecimalFromInt64(12345, 2)},
		}}
	}
	d1, d2 := delivery("1"), delivery("2")
	in(t, s, func(tx *store.Tx) error { _, err := tx.Publish(d1); return err })
	in(t, s, func(tx *store.Tx) error {
		before, err := tx.Publish(d2)
		if before.ID != d1.ID {
			t.Errorf("before it stood %q", before.ID)
		}
		return err
	})
	in(t, s, func(tx *store.Tx) error {
		all, err := tx.AllPublished(ws.ID)
		if len(all) != 1 || all[0].ID != d2.ID || all[0].Totals["USD"].String() != "123.45" {
			t.Errorf("published: %+v", all)
		}
		return err
	})
	in(t, s, func(tx *store.Tx) error { _, err := tx.Republish(ws.ID, d1.ID); return err })
	in(t, s, func(tx *store.Tx) error {
		now, err := tx.Published(ws.ID, e.ID, p)
		if now.ID != d1.ID {
			t.Errorf("after the roll back %q is published", now.ID)
		}
		if err := tx.CollectDelivery(ws.ID, d1.ID); bursar.CodeOf(err) != bursar.NotFound {
			t.Errorf("a published delivery was collected: %v", err)
		}
		return err
	})
}

func failedTransactionChangesNothing(t *testing.T, s *store.Store) {
	boom := errors.New("boom")
	err := s.InTx(t.Context(), func(tx *store.Tx) error {
		if _, err := tx.AddWorkspace("gone"); err != nil {
			return err
		}
		return boom
	})
	if !errors.Is(err, boom) {
		t.Fatal(err)
	}
	in(t, s, func(tx *store.Tx) error {
		all, err := tx.Workspaces()
		if len(all) != 0 {
			t.Errorf("left behind: %v", all)
		}
		return err
	})
}

func viewMayNotChange(t *testing.T, s *store.Store) {
	if err := s.View(t.Context(), func(tx *store.Tx) error { _, err := tx.AddWorkspace("x"); return err }); err == nil {
		t.Error("a view changed the database")
	}
}
