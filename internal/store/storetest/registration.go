package storetest

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/store"
)

// follow has an account follow an export of a name.
func follow(t *testing.T, s *store.Store, a bursar.Account, name string) (e bursar.Export) {
	t.Helper()
	in(t, s, func(tx *store.Tx) (err error) {
		e, err = tx.FollowExport(bursar.Export{WorkspaceID: a.WorkspaceID, AccountID: a.ID, Name: name, Bucket: "b"})
		return err
	})
	return e
}

func publish(t *testing.T, s *store.Store, e bursar.Export, version string) (id string, err error) {
	t.Helper()
	d := store.Delivery{Delivery: bursar.Delivery{ID: bursar.NewID("dlv"), WorkspaceID: e.WorkspaceID, ExportID: e.ID, Period: bursar.NewPeriod(2026, 2), Version: version, Rows: 7}}
	err = s.InTx(t.Context(), func(tx *store.Tx) error { _, err := tx.Publish(d); return err })
	return d.ID, err
}

func counting(t *testing.T, s *store.Store, ws string) (ids []string) {
	t.Helper()
	in(t, s, func(tx *store.Tx) error {
		all, err := tx.AllPublished(ws)
		for _, d := range all {
			ids = append(ids, d.ID)
		}
		return err
	})
	return ids
}

// oneExportCounts: an account that changes its export has each month once, from the export that delivered it last.
func oneExportCounts(t *testing.T, s *store.Store) {
	ws := workspace(t, s, "one")
	a := mustAdd(t, s, newAccount(ws.ID, "012345678901", "payer"))
	old := follow(t, s, a, "old")
	first, err := publish(t, s, old, "1")
	if err != nil {
		t.Fatal(err)
	}
	now := follow(t, s, a, "new")
	if diff := cmp.Diff([]string{first}, counting(t, s, ws.ID)); diff != "" {
		t.Errorf("the change alone took the month away: %s", diff)
	}
	second, err := publish(t, s, now, "1")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{second}, counting(t, s, ws.ID)); diff != "" {
		t.Error(diff)
	}
	if _, err := publish(t, s, old, "2"); bursar.CodeOf(err) != bursar.Conflict {
		t.Errorf("what is not followed any more was published: %v", err)
	}
	in(t, s, func(tx *store.Tx) error { _, err := tx.Republish(ws.ID, first); return err })
	if diff := cmp.Diff([]string{first}, counting(t, s, ws.ID)); diff != "" {
		t.Errorf("after the roll back: %s", diff)
	}
	in(t, s, func(tx *store.Tx) error {
		followed, err := tx.Followed(ws.ID, a.ID)
		all, err2 := tx.Exports(ws.ID, a.ID)
		if len(followed) != 1 || followed[0].ID != now.ID || len(all) != 2 {
			t.Errorf("followed %+v of %+v", followed, all)
		}
		return errors.Join(err, err2)
	})
	if again := follow(t, s, a, "old"); again.ID != old.ID {
		t.Error("an export that is followed again lost its history")
	}
}

func renameAndChoose(t *testing.T, s *store.Store) {
	ws := workspace(t, s, "one")
	a, b := mustAdd(t, s, newAccount(ws.ID, "012345678901", "a")), mustAdd(t, s, newAccount(ws.ID, "123456789012", "b"))
	choice := bursar.Choice{Capabilities: []bursar.Capability{bursar.CapInventory}, Export: bursar.ExportChoice{BucketRegion: "eu-west-1"}}
	in(t, s, func(tx *store.Tx) error {
		renamed, err := tx.RenameAccount(ws.ID, a.ID, "c")
		if renamed.Name != "c" || renamed.Version != a.Version+1 {
			t.Errorf("%+v", renamed)
		}
		_, err2 := tx.SetChoice(ws.ID, a.ID, choice)
		return errors.Join(err, err2)
	})
	in(t, s, func(tx *store.Tx) error {
		got, err := tx.Account(ws.ID, a.ID)
		if got.Name != "c" || got.ExternalID != a.ExternalID || got.RoleARN != a.RoleARN {
			t.Errorf("%+v", got)
		}
		if diff := cmp.Diff(choice, got.Choice); diff != "" {
			t.Error(diff)
		}
		return err
	})
	err := s.InTx(t.Context(), func(tx *store.Tx) error { _, err := tx.RenameAccount(ws.ID, a.ID, b.Name); return err })
	var e *bursar.Error
	if !errors.As(err, &e) || e.Reason != "account_name_taken" {
		t.Errorf("a name was taken twice: %v", err)
	}
}

func definitionsNameTheFollowed(t *testing.T, s *store.Store) {
	ws, other := workspace(t, s, "one"), workspace(t, s, "two")
	a := mustAdd(t, s, newAccount(ws.ID, "012345678901", "payer"))
	in(t, s, func(tx *store.Tx) error {
		if list, seen, err := tx.Definitions(ws.ID, a.ID); len(list) != 0 || !seen.IsZero() || err != nil {
			t.Errorf("%v %v %v", list, seen, err)
		}
		return tx.SetDefinitions(ws.ID, a.ID, []bursar.Definition{{Export: bursar.Export{Name: "x", Bucket: "b"}}, {Export: bursar.Export{Name: "y", Bucket: "b"}, Granularity: "DAILY"}})
	})
	e := follow(t, s, a, "y")
	in(t, s, func(tx *store.Tx) error {
		list, seen, err := tx.Definitions(ws.ID, a.ID)
		if len(list) != 2 || seen.IsZero() || list[0].Export.ID != "" || list[1].Export.ID != e.ID || !list[1].Export.Followed || list[1].Granularity != "DAILY" {
			t.Errorf("%+v", list)
		}
		if foreign, _, err := tx.Definitions(other.ID, a.ID); len(foreign) != 0 || err != nil {
			t.Errorf("another workspace sees %+v, %v", foreign, err)
		}
		return err
	})
}

// deregisterKeepsTheBill: the account is gone for everybody, its bill counts on, and its next registration takes it up.
func deregisterKeepsTheBill(t *testing.T, s *store.Store) {
	ws := workspace(t, s, "one")
	a := mustAdd(t, s, newAccount(ws.ID, "012345678901", "payer"))
	e := follow(t, s, a, "cur")
	id, err := publish(t, s, e, "1")
	if err != nil {
		t.Fatal(err)
	}
	in(t, s, func(tx *store.Tx) error {
		h, err := tx.Holdings(ws.ID, a.ID)
		if len(h.Exports) != 1 || h.Deliveries != 1 || h.Rows != 7 || h.First != bursar.NewPeriod(2026, 2) || h.Last != h.First {
			t.Errorf("%+v", h)
		}
		_, _, err2 := tx.Enqueue(ws.ID, "check", a.ID, tx.Now)
		_, err3 := tx.AddFinding(ws.ID, a.ID, bursar.Finding{RunID: "run_1", Check: "x", Code: "ok", At: t0})
		return errors.Join(err, err2, err3)
	})
	in(t, s, func(tx *store.Tx) error { return tx.RemoveAccount(ws.ID, a.ID, false) })
	in(t, s, func(tx *store.Tx) error {
		for _, ref := range []string{a.ID, a.AccountID} {
			if _, err := tx.Account(ws.ID, ref); bursar.CodeOf(err) != bursar.NotFound {
				t.Errorf("%s is found: %v", ref, err)
			}
		}
		list, _, err := tx.Accounts(ws.ID, store.Page{Limit: 10})
		followed, err2 := tx.Followed(ws.ID, "")
		live, err3 := tx.LiveRuns(ws.ID, a.ID)
		if len(list) != 0 || len(followed) != 0 || len(live) != 0 {
			t.Errorf("left: %v %v %v", list, followed, live)
		}
		if err := tx.SetOrganization(ws.ID, a.ID, bursar.KindPayer, "", ""); bursar.CodeOf(err) != bursar.NotFound {
			t.Errorf("a run that was late changed it: %v", err)
		}
		return errors.Join(err, err2, err3)
	})
	if got := counting(t, s, ws.ID); len(got) != 1 {
		t.Errorf("the bill is gone: %v", got)
	}
	if again, err := add(t, s, a); bursar.CodeOf(err) != bursar.Conflict {
		t.Errorf("its external id was used again: %+v %v", again, err)
	}
	mustAdd(t, s, newAccount(ws.ID, "123456789012", a.Name)) // the name is free
	fresh := newAccount(ws.ID, a.AccountID, "anew")
	back := mustAdd(t, s, fresh)
	if back.ID != a.ID || back.ExternalID != fresh.ExternalID || back.Kind != bursar.KindUnknown {
		t.Errorf("%+v", back)
	}
	if e2 := follow(t, s, back, "cur"); e2.ID != e.ID {
		t.Error("the bill was not taken up again: it would count twice")
	}
	in(t, s, func(tx *store.Tx) error {
		if d, err := tx.Published(ws.ID, e.ID, bursar.NewPeriod(2026, 2)); d.ID != id || err != nil {
			t.Errorf("%+v %v", d, err)
		}
		newest, err := tx.NewestFindings(ws.ID, back.ID)
		if len(newest) != 0 {
			t.Errorf("old findings came back: %+v", newest)
		}
		return err
	})
}

func deregisterWithTheBill(t *testing.T, s *store.Store) {
	ws := workspace(t, s, "one")
	a := mustAdd(t, s, newAccount(ws.ID, "012345678901", "payer"))
	if _, err := publish(t, s, follow(t, s, a, "cur"), "1"); err != nil {
		t.Fatal(err)
	}
	in(t, s, func(tx *store.Tx) error { return tx.RemoveAccount(ws.ID, a.ID, true) })
	in(t, s, func(tx *store.Tx) error {
		every, err := tx.EveryDelivery()
		exports, err2 := tx.Exports(ws.ID, "")
		if len(every)+len(exports) != 0 {
			t.Errorf("left: %v %v", every, exports)
		}
		return errors.Join(err, err2)
	})
	if back := mustAdd(t, s, newAccount(ws.ID, a.AccountID, a.Name)); back.ID == a.ID {
		t.Error("nothing of it was to stay")
	}
}
