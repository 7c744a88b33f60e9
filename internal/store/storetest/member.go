package storetest

import (
	"fmt"
	"testing"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/store"
)

func addAccount(t *testing.T, s *store.Store, a bursar.Account) bursar.Account {
	t.Helper()
	in(t, s, func(tx *store.Tx) (err error) { a, err = tx.AddAccount(a); return err })
	return a
}

// membersKnowWhoIsRegistered proves that a member shows its registration in its own workspace, and pages and counts by state.
func membersKnowWhoIsRegistered(t *testing.T, s *store.Store) {
	ws, other := workspace(t, s, "one"), workspace(t, s, "two")
	payer := addAccount(t, s, newAccount(ws.ID, "111122223333", "Payer"))
	stranger := addAccount(t, s, newAccount(other.ID, "111122223333", "Payer"))
	addAccount(t, s, newAccount(other.ID, "222233334444", "Theirs"))
	ours := addAccount(t, s, newAccount(ws.ID, "333344445555", "Ours"))
	in(t, s, func(tx *store.Tx) error {
		for i, id := range []string{"222233334444", "333344445555", "444455556666"} {
			m := bursar.Member{AccountID: id, Name: fmt.Sprint(i), OrganizationState: "ACTIVE", State: bursar.MemberAssumable, FirstSeenAt: tx.Now, Since: tx.Now}
			if i == 2 {
				m.State = bursar.MemberNotDeployed
			}
			if err := tx.PutMember(ws.ID, payer.ID, m); err != nil {
				return err
			}
		}
		all, err := tx.AllMembers(ws.ID, payer.ID)
		if len(all) != 3 || all["333344445555"].RegisteredAs != ours.ID || all["222233334444"].RegisteredAs != "" {
			t.Errorf("%+v", all)
		}
		return err
	})
	in(t, s, func(tx *store.Tx) error {
		first, next, err := tx.Members(ws.ID, payer.ID, "", store.Page{Limit: 2})
		rest, end, err2 := tx.Members(ws.ID, payer.ID, "", store.Page{Limit: 2, After: next})
		some, _, err3 := tx.Members(ws.ID, payer.ID, bursar.MemberNotDeployed, store.Page{Limit: 2})
		if len(first) != 2 || len(rest) != 1 || end != "" || len(some) != 1 || some[0].AccountID != "444455556666" || err != nil || err2 != nil || err3 != nil {
			t.Errorf("%v %v %v %v %v %v", first, rest, some, err, err2, err3)
		}
		counts, err := tx.CountMembers(ws.ID, payer.ID)
		if counts[bursar.MemberAssumable] != 2 || counts[bursar.MemberNotDeployed] != 1 {
			t.Errorf("%v", counts)
		}
		if none, _, _ := tx.Members(other.ID, payer.ID, "", store.Page{Limit: 9}); len(none) != 0 {
			t.Errorf("another workspace sees %v", none)
		}
		if none, _, _ := tx.Members(other.ID, stranger.ID, "", store.Page{Limit: 9}); len(none) != 0 {
			t.Errorf("another workspace's payer has %v", none)
		}
		return err
	})
}

// eventsAreChangesOnly proves that what stays as it is makes no event, and that each begins where the one before ended.
func eventsAreChangesOnly(t *testing.T, s *store.Store) {
	ws := workspace(t, s, "one")
	a := addAccount(t, s, newAccount(ws.ID, "111122223333", "Payer"))
	add := func(subject, to string) (added bool) {
		in(t, s, func(tx *store.Tx) (err error) {
			added, err = tx.AddEvent(ws.ID, bursar.Event{AccountID: a.ID, About: bursar.AboutCapability, Subject: subject, From: "made up", To: to})
			return err
		})
		return added
	}
	for i, step := range []struct {
		subject, to string
		added       bool
	}{{"access", "ok", true}, {"access", "ok", false}, {"organization", "ok", true}, {"access", "failed", true}, {"access", "ok", true}} {
		if got := add(step.subject, step.to); got != step.added {
			t.Errorf("%d: added %v", i, got)
		}
	}
	in(t, s, func(tx *store.Tx) error {
		events, next, err := tx.Events(ws.ID, a.ID, store.Page{Limit: 3})
		if len(events) != 3 || next == "" || events[0].From != "failed" || events[0].To != "ok" || events[1].From != "ok" || events[1].Since.IsZero() {
			t.Errorf("%+v", events)
		}
		rest, end, err2 := tx.Events(ws.ID, "", store.Page{Limit: 3, After: next})
		if len(rest) != 1 || end != "" || rest[0].From != "made up" || err2 != nil {
			t.Errorf("%+v %v", rest, err2)
		}
		newest, err3 := tx.NewestEvents(ws.ID, a.ID)
		if len(newest) != 2 || err3 != nil {
			t.Errorf("%+v %v", newest, err3)
		}
		if none, _, _ := tx.Events("ws_other", a.ID, store.Page{Limit: 3}); len(none) != 0 {
			t.Error("another workspace sees events")
		}
		return err
	})
}

// derivedIDsComeBackAndOthersNever proves whose external id may be used again.
func derivedIDsComeBackAndOthersNever(t *testing.T, s *store.Store) {
	ws := workspace(t, s, "one")
	payer := addAccount(t, s, newAccount(ws.ID, "111122223333", "Payer"))
	lone := addAccount(t, s, newAccount(ws.ID, "222233334444", "Before"))
	m, err := bursar.MemberOf(payer, "222233334444")
	if err != nil {
		t.Fatal(err)
	}
	m.ID = lone.ID
	for range 2 {
		in(t, s, func(tx *store.Tx) error { return tx.SetAccess(m) })
	}
	in(t, s, func(tx *store.Tx) error {
		got, err := tx.Account(ws.ID, lone.ID)
		if got.Name != "Before" || got.ExternalID != m.ExternalID || got.RoleARN != m.RoleARN || !got.ByStackSet() {
			t.Errorf("%+v", got)
		}
		return err
	})
	again := newAccount(ws.ID, "333344445555", "Again")
	again.ExternalID = lone.ExternalID
	if err := s.InTx(t.Context(), func(tx *store.Tx) error { _, err := tx.AddAccount(again); return err }); bursar.CodeOf(err) != bursar.Conflict {
		t.Errorf("a used external id came back: %v", err)
	}
}

// issuedIDsAreOnesOwn proves that the id for trying a role is the same each time, and another in each workspace.
func issuedIDsAreOnesOwn(t *testing.T, s *store.Store) {
	a, b := workspace(t, s, "one"), workspace(t, s, "two")
	issue := func(ws string) (id string) {
		in(t, s, func(tx *store.Tx) (err error) {
			id, err = tx.IssuedExternalID(ws, bursar.PartitionAWS, "111122223333")
			return err
		})
		return id
	}
	first := issue(a.ID)
	if issue(a.ID) != first || issue(b.ID) == first {
		t.Error("the same workspace gets another id, or another one the same")
	}
	in(t, s, func(tx *store.Tx) error {
		got, err := tx.TakeIssuedExternalID(a.ID, bursar.PartitionAWS, "111122223333")
		if got != first {
			t.Errorf("took %q", got)
		}
		taken := newAccount(a.ID, "111122223333", "Tried")
		taken.ExternalID = got
		if _, err := tx.AddAccount(taken); err != nil {
			t.Errorf("the id that was tried cannot be registered with: %v", err)
		}
		if twice, err := tx.TakeIssuedExternalID(a.ID, bursar.PartitionAWS, "111122223333"); twice != "" || err != nil {
			t.Errorf("took %q again, %v", twice, err)
		}
		return err
	})
	if issue(a.ID) == first {
		t.Error("an id that was taken was issued again")
	}
}
