package storetest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/store"
)

// seen are findings that lead to each summary, and the codes that they have.
var seen = [][]bursar.Finding{
	nil,
	{{Check: "assume_role", Capability: bursar.CapAccess, Status: bursar.StatusOK, Code: "ok"}},
	{{Check: "assume_role", Capability: bursar.CapAccess, Status: bursar.StatusOK, Code: "ok"}, {Check: "template_version", Capability: bursar.CapAccess, Status: bursar.StatusWarning, Code: "outdated"}},
	{{Check: "assume_role", Capability: bursar.CapAccess, Status: bursar.StatusFailed, Code: "not_deployed_or_changed"}},
	{{Check: "external_id_required", Capability: bursar.CapAccess, Status: bursar.StatusFailed, Code: bursar.CodeInsecureTrust}},
	{{Check: "assume_role", Capability: bursar.CapAccess, Status: bursar.StatusOK, Code: "ok"}, {Check: "export_delivery", Capability: bursar.CapBillingExport, Status: bursar.StatusWarning, Code: "late"}},
	{{Check: "assume_role", Capability: bursar.CapAccess, Status: bursar.StatusOK, Code: "ok"}, {Check: "export_delivery", Capability: bursar.CapBillingExport, Status: bursar.StatusWaiting, Code: "awaiting_first_delivery"}},
}

// crowd registers a payer, its linked accounts and others, and returns them with the findings of each.
func crowd(t *testing.T, s *store.Store, ws string) (accounts []bursar.Account, found map[string][]bursar.Finding) {
	found = map[string][]bursar.Finding{}
	in(t, s, func(tx *store.Tx) error {
		for i := range 60 {
			a := newAccount(ws, fmt.Sprintf("%012d", (i*7919)%1000), fmt.Sprintf("%c team_%d", 'A'+i%5, i))
			a.Method = []bursar.Method{bursar.MethodConsole, bursar.MethodTerraform}[i%2]
			switch {
			case i == 0:
				a.Kind, a.PayerID = bursar.KindPayer, a.AccountID
			case i < 20:
				a.Kind, a.PayerID = bursar.KindLinked, accounts[0].AccountID
			case i < 25:
				a.Kind, a.PayerID = bursar.KindLinked, "999999999999" // which is not registered
			}
			a, err := tx.AddAccount(a)
			if err != nil {
				return err
			}
			for _, f := range seen[i%len(seen)] {
				f.RunID, f.At = "run_1", t0.Add(time.Duration(i)*time.Minute)
				if f, err = tx.AddFinding(ws, a.ID, f); err != nil {
					return err
				}
				found[a.ID] = append(found[a.ID], f)
			}
			accounts = append(accounts, a)
		}
		return nil
	})
	return accounts, found
}

func accountsFoundAsOneWouldByHand(t *testing.T, s *store.Store) {
	ws, other := workspace(t, s, "one"), workspace(t, s, "two")
	accounts, found := crowd(t, s, ws.ID)
	status := func(a bursar.Account) bursar.Status { return bursar.Summarize(found[a.ID]) }
	for name, c := range map[string]struct {
		filter store.AccountFilter
		keep   func(bursar.Account) bool
	}{
		"all": {store.AccountFilter{}, func(bursar.Account) bool { return true }},
		"text": {store.AccountFilter{Text: []string{"a TEAM_", "1"}}, func(a bursar.Account) bool {
			return strings.HasPrefix(a.Name, "A team_") && strings.Contains(a.Name+a.AccountID, "1")
		}},
		"no %":  {store.AccountFilter{Text: []string{"%"}}, func(bursar.Account) bool { return false }},
		"kinds": {store.AccountFilter{Kind: []string{"payer", "unknown"}}, func(a bursar.Account) bool { return a.Kind != bursar.KindLinked }},
		"not":   {store.AccountFilter{Kind: []string{"!linked"}, Method: []string{"!terraform"}}, func(a bursar.Account) bool { return a.Kind != bursar.KindLinked && a.Method == bursar.MethodConsole }},
		"state": {store.AccountFilter{State: []string{"insecure", "pending"}}, func(a bursar.Account) bool {
			return status(a).Summary == bursar.SummaryInsecure || status(a).Summary == bursar.SummaryPending
		}},
		"finding": {store.AccountFilter{Finding: []string{"outdated"}}, func(a bursar.Account) bool { return len(found[a.ID]) > 1 && found[a.ID][1].Code == "outdated" }},
		"capability": {store.AccountFilter{Capability: map[string][]string{"billing_export": {"late"}}}, func(a bursar.Account) bool {
			return status(a).Capabilities[bursar.CapBillingExport] == bursar.StateLate
		}},
		"data":  {store.AccountFilter{Data: []string{"!none"}}, func(a bursar.Account) bool { return status(a).DataArrival != "" }},
		"payer": {store.AccountFilter{Payer: []string{"000000000000"}}, func(a bursar.Account) bool { return a.PayerID == "000000000000" }},
		"top":   {store.AccountFilter{Top: true}, func(a bursar.Account) bool { return a.PayerID != accounts[0].AccountID || a.ID == accounts[0].ID }},
		"id":    {store.AccountFilter{AccountID: []string{"00091"}, Name: []string{"!b t"}}, func(a bursar.Account) bool { return strings.Contains(a.AccountID, "00091") && a.Name[0] != 'B' }},
	} {
		var want []string
		for _, a := range accounts {
			if c.keep(a) {
				want = append(want, a.Name)
			}
		}
		slices.Sort(want)
		for _, order := range store.AccountOrders() {
			for _, sign := range []string{"", "-"} {
				got := pagesOf(t, s, ws.ID, c.filter, sign+order)
				sorted := slices.Sorted(slices.Values(got))
				if !slices.Equal(sorted, want) {
					t.Errorf("%s by %s%s: %q, want %q", name, sign, order, got, want)
				}
				if order == "name" && sign == "" && !slices.IsSorted(got) {
					t.Errorf("%s: not sorted by name: %q", name, got)
				}
			}
		}
		if list := pagesOf(t, s, other.ID, c.filter, "name"); len(list) != 0 {
			t.Errorf("%s: another workspace sees %q", name, list)
		}
	}
	worst := pagesOf(t, s, ws.ID, store.AccountFilter{}, "-state")
	if i := slices.IndexFunc(accounts, func(a bursar.Account) bool { return a.Name == worst[0] }); status(accounts[i]).Summary != bursar.SummaryInsecure {
		t.Errorf("the worst is %s, which is %s", worst[0], status(accounts[i]).Summary)
	}
	linked := map[string]int64{}
	in(t, s, func(tx *store.Tx) (err error) {
		linked, err = tx.CountLinked(ws.ID, []string{accounts[0].ID, accounts[30].ID})
		return err
	})
	if linked[accounts[0].ID] != 19 || linked[accounts[30].ID] != 0 {
		t.Errorf("linked: %v", linked)
	}
}

// pagesOf reads a list to its end, by pages of any size, and compares with its count.
func pagesOf(t *testing.T, s *store.Store, ws string, f store.AccountFilter, order string) (names []string) {
	t.Helper()
	p := store.Page{Limit: 1 + rand.N(30)}
	for {
		var list []bursar.Account
		var n int64
		in(t, s, func(tx *store.Tx) (err error) {
			if n, err = tx.CountAccounts(ws, f); err != nil {
				return err
			}
			list, p.After, err = tx.FindAccounts(ws, f, order, p)
			return err
		})
		for _, a := range list {
			names = append(names, a.Name)
		}
		if p.After == "" {
			if int(n) != len(names) {
				t.Errorf("%+v: counted %d, listed %d", f, n, len(names))
			}
			return names
		}
	}
}

func standingsFollowFindings(t *testing.T, s *store.Store) {
	ws := workspace(t, s, "one")
	a := mustAdd(t, s, newAccount(ws.ID, "012345678901", "payer"))
	is := func(want bursar.Summary) {
		t.Helper()
		if got := pagesOf(t, s, ws.ID, store.AccountFilter{State: []string{string(want)}}, "state"); len(got) != 1 {
			t.Errorf("it is not found as %s", want)
		}
	}
	put := func(run, check, code string, status bursar.FindingStatus) {
		in(t, s, func(tx *store.Tx) error {
			_, err := tx.AddFinding(ws.ID, a.ID, bursar.Finding{RunID: run, Check: check, Capability: bursar.CapAccess, Code: code, Status: status, At: t0})
			return err
		})
	}
	is(bursar.SummaryPending)
	put("run_1", "assume_role", "ok", bursar.StatusOK)
	is(bursar.SummaryConnected)
	put("run_2", "assume_role", "denied_by_scp", bursar.StatusFailed)
	is(bursar.SummaryBroken)
	in(t, s, func(tx *store.Tx) error { return tx.RetireFindings(ws.ID, a.ID, "assume_role") })
	is(bursar.SummaryPending)
	put("run_3", "external_id_required", bursar.CodeInsecureTrust, bursar.StatusFailed)
	is(bursar.SummaryInsecure)
	in(t, s, func(tx *store.Tx) error { return tx.DropFindingsOfRun(ws.ID, "run_3", a.ID) })
	is(bursar.SummaryPending)
	put("run_4", "assume_role", "ok", bursar.StatusOK)
	in(t, s, func(tx *store.Tx) error {
		_, err := tx.FollowExport(bursar.Export{WorkspaceID: ws.ID, AccountID: a.ID, Name: "e", Format: bursar.FormatCUR2, Bucket: "b"})
		return err
	})
	in(t, s, func(tx *store.Tx) error { return tx.RemoveAccount(ws.ID, a.ID, false) })
	mustAdd(t, s, newAccount(ws.ID, "012345678901", "again"))
	is(bursar.SummaryPending)
}

func strangeOrdersAndCursorsAreRefused(t *testing.T, s *store.Store) {
	ws := workspace(t, s, "one")
	crowd(t, s, ws.ID)
	in(t, s, func(tx *store.Tx) error {
		if _, _, err := tx.FindAccounts(ws.ID, store.AccountFilter{}, "colour", store.Page{Limit: 1}); bursar.CodeOf(err) != bursar.Invalid {
			t.Errorf("by colour: %v", err)
		}
		_, next, err := tx.FindAccounts(ws.ID, store.AccountFilter{}, "name", store.Page{Limit: 1})
		for _, cursor := range []string{"x", next} {
			if _, _, err := tx.FindAccounts(ws.ID, store.AccountFilter{}, "kind", store.Page{After: cursor, Limit: 1}); bursar.CodeOf(err) != bursar.Invalid {
				t.Errorf("the cursor %q: %v", cursor, err)
			}
		}
		return err
	})
}

func watchersHearOfTheirWorkspace(t *testing.T, s *store.Store) {
	ws, other := workspace(t, s, "one"), workspace(t, s, "two")
	mine, stop := s.Watch(ws.ID)
	theirs, stopTheirs := s.Watch(other.ID)
	defer stopTheirs()
	a := mustAdd(t, s, newAccount(ws.ID, "012345678901", "payer"))
	in(t, s, func(tx *store.Tx) error { _, _, err := tx.Enqueue(ws.ID, "check", a.ID, t0); return err })
	<-mine.C
	if got := mine.Changed(); !slices.Equal(got, []string{"accounts", "audit", "runs"}) {
		t.Errorf("changed: %q", got)
	}
	if got := mine.Changed(); len(got) != 0 {
		t.Errorf("told twice: %q", got)
	}
	_ = s.InTx(t.Context(), func(tx *store.Tx) error {
		_, _, err := tx.Enqueue(ws.ID, "import", a.ID, t0)
		return fmt.Errorf("no: %w", err)
	})
	if got := append(mine.Changed(), theirs.Changed()...); len(got) != 0 {
		t.Errorf("heard of what did not happen, or of another workspace: %q", got)
	}
	stop()
	in(t, s, func(tx *store.Tx) error { _, _, err := tx.Enqueue(ws.ID, "import", a.ID, t0); return err })
	if got := mine.Changed(); len(got) != 0 {
		t.Errorf("heard after it had stopped: %q", got)
	}
}

func unregisteredAreThoseThatCouldBe(t *testing.T, s *store.Store) {
	ws, other := workspace(t, s, "one"), workspace(t, s, "two")
	payer := mustAdd(t, s, newAccount(ws.ID, "111111111111", "payer"))
	mustAdd(t, s, newAccount(ws.ID, "222222222222", "known"))
	in(t, s, func(tx *store.Tx) error {
		for id, state := range map[string]bursar.MemberState{
			"222222222222": bursar.MemberAssumable, "333333333333": bursar.MemberNotDeployed, "444444444444": bursar.MemberClosed, "555555555555": bursar.MemberUnchecked, "666666666666": bursar.MemberInBill,
		} {
			if err := tx.PutMember(ws.ID, payer.ID, bursar.Member{AccountID: id, Name: "team " + id[:1], State: state}); err != nil {
				return err
			}
		}
		return nil
	})
	read := func(ws, text string) (ids []string) {
		p := store.Page{Limit: 1}
		for {
			var list []store.Unregistered
			in(t, s, func(tx *store.Tx) (err error) { list, p.After, err = tx.Unregistered(ws, text, p); return err })
			for _, u := range list {
				ids = append(ids, u.AccountID)
				if u.Payer.AccountID != payer.AccountID || u.RegisteredAs != "" {
					t.Errorf("%+v", u)
				}
			}
			if p.After == "" {
				return ids
			}
		}
	}
	if got := read(ws.ID, ""); !slices.Equal(got, []string{"333333333333", "555555555555", "666666666666"}) {
		t.Errorf("unregistered: %q", got)
	}
	if got := read(ws.ID, "TEAM 5"); !slices.Equal(got, []string{"555555555555"}) {
		t.Errorf("with a text: %q", got)
	}
	if got := read(other.ID, ""); len(got) != 0 {
		t.Errorf("another workspace sees %q", got)
	}
}
