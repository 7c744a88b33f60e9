package storetest

import (
	"testing"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/store"
)

// addSource makes a source of a credential, which needs not be there.
func addSource(t *testing.T, s *store.Store, ws, name string) (out bursar.Source, err error) {
	t.Helper()
	err = s.InTx(t.Context(), func(tx *store.Tx) error {
		out, err = tx.AddSource(bursar.Source{
			WorkspaceID: ws, Name: name, Credential: "crd_x", Streams: []bursar.Stream{{Name: "cost_daily", GroupBy: []string{"tag:a"}, Filter: map[string][]string{"SERVICE": {"x"}}}},
			EveryHours: 24, Budget: bursar.DefaultBudget(), Preliminary: true,
		})
		return err
	})
	return out, err
}

func sourcesLive(t *testing.T, s *store.Store) {
	one, two := workspace(t, s, "one"), workspace(t, s, "two")
	a, err := addSource(t, s, one.ID, "costs")
	if err != nil || a.Version != 1 || a.ID == "" {
		t.Fatalf("added %+v, error %v", a, err)
	}
	if _, err := addSource(t, s, one.ID, "costs"); reason(err) != "source_name_taken" {
		t.Errorf("a name twice answers %v", err)
	}
	if _, err := addSource(t, s, two.ID, "costs"); err != nil {
		t.Errorf("the name in another workspace: %v", err)
	}
	in(t, s, func(tx *store.Tx) error {
		got, err := tx.Source(one.ID, "costs")
		if err != nil || got.ID != a.ID || got.Streams[0].Filter["SERVICE"][0] != "x" || !got.Budget.Day.Equal(a.Budget.Day) || !got.Preliminary {
			t.Errorf("got %+v, %v", got, err)
		}
		if _, err := tx.Source(two.ID, a.ID); bursar.CodeOf(err) != bursar.NotFound {
			t.Errorf("another workspace sees it: %v", err)
		}
		if err := tx.RemoveSource(two.ID, a.ID); bursar.CodeOf(err) != bursar.NotFound {
			t.Errorf("another workspace removes it: %v", err)
		}
		got.Paused, got.Name = true, "renamed"
		if got, err = tx.ChangeSource(got); err != nil || got.Version != 2 {
			t.Errorf("changed: %+v, %v", got, err)
		}
		if err := tx.LearnSourceAccount(a.ID, "012345678901"); err != nil {
			t.Error(err)
		}
		if err := tx.LearnSourceAccount(a.ID, "111111111111"); bursar.CodeOf(err) != bursar.NotFound {
			t.Errorf("its account was changed: %v", err)
		}
		users, err := tx.SourcesOf(one.ID, "crd_x")
		if len(users) != 1 || users[0].AccountID != "012345678901" || !users[0].Paused {
			t.Errorf("got %+v", users)
		}
		return err
	})
}

func costsAreReplacedWhole(t *testing.T, s *store.Store) {
	ws := workspace(t, s, "one")
	src, err := addSource(t, s, ws.ID, "costs")
	if err != nil {
		t.Fatal(err)
	}
	p := bursar.NewPeriod(2026, 2)
	day := func(n int) time.Time { return p.Start().AddDate(0, 0, n) }
	row := func(n int, cell string) store.CostRow {
		return store.CostRow{Period: p, StartsAt: day(n), Cells: []string{cell}}
	}
	month := bursar.CostMonth{Stream: "cost_daily", Period: p, Question: "q", FetchedAt: t0, Digest: "d", RunID: "run_1"}
	cells := func(tx *store.Tx) (out string) {
		if err := tx.CostRows(src.ID, "cost_daily", bursar.Period{}, bursar.Period{}, func(r store.CostRow) error { out += r.Cells[0]; return nil }); err != nil {
			t.Error(err)
		}
		return out
	}
	in(t, s, func(tx *store.Tx) error {
		return tx.ReplaceCosts(src.ID, month, time.Time{}, time.Time{}, []store.CostRow{row(0, "a"), row(1, "b"), row(1, "c"), row(2, "d")})
	})
	in(t, s, func(tx *store.Tx) error {
		if err := tx.ReplaceCosts(src.ID, month, day(1), day(2), []store.CostRow{row(1, "B")}); err != nil {
			return err
		}
		if got := cells(tx); got != "aBd" {
			t.Errorf("a part of it was replaced: %s", got)
		}
		months, err := tx.CostMonths(src.ID, "cost_daily")
		if len(months) != 1 || months[0].Rows != 3 || months[0].Period != p {
			t.Errorf("got %+v", months)
		}
		return err
	})
	in(t, s, func(tx *store.Tx) error {
		if err := tx.DropCostsExcept(src.ID, "cost_daily", "other"); err != nil {
			return err
		}
		if got := cells(tx); got != "" {
			t.Errorf("what another question told is left: %s", got)
		}
		return tx.RemoveSource(ws.ID, src.ID)
	})
}

func ledgerAddsUp(t *testing.T, s *store.Store) {
	one, two := workspace(t, s, "one"), workspace(t, s, "two")
	cent := bursar.CostRequestUSD()
	in(t, s, func(tx *store.Tx) error {
		for i, state := range []bursar.CostRequestState{bursar.RequestAnswered, bursar.RequestFailed, bursar.RequestCached, bursar.RequestUnknown} {
			r := bursar.CostRequest{Access: "crd_x", SourceID: "src_1", RunID: "run_1", Stream: "tags", Operation: "GetTags", Page: i + 1, Attempt: 1, State: bursar.RequestSent, USD: cent}
			r, err := tx.AddRequest(one.ID, r)
			if err != nil {
				return err
			}
			r.State, r.Status = state, 200
			if state == bursar.RequestFailed || state == bursar.RequestCached {
				r.USD = bursar.Decimal{}
			}
			if err := tx.SettleRequest(two.ID, r); bursar.CodeOf(err) != bursar.NotFound {
				t.Errorf("another workspace settles it: %v", err)
			}
			if err := tx.SettleRequest(one.ID, r); err != nil {
				return err
			}
		}
		return nil
	})
	in(t, s, func(tx *store.Tx) error {
		for name, f := range map[string]store.RequestFilter{"all": {}, "source": {Source: "src_1"}, "access": {Access: "crd_x"}, "run": {Run: "run_1"}} {
			if spent, err := tx.Spent(one.ID, f, time.Time{}); err != nil || spent.String() != "0.02" {
				t.Errorf("%s: spent %s, %v", name, spent, err)
			}
		}
		if spent, err := tx.Spent(two.ID, store.RequestFilter{}, time.Time{}); err != nil || !spent.IsZero() {
			t.Errorf("another workspace has spent %s, %v", spent, err)
		}
		days, err := tx.SpendByDay(one.ID, store.RequestFilter{}, time.Time{})
		if err != nil || len(days) != 1 || days[0].Day != "2026-03-01" || days[0].Requests != 3 || days[0].Cached != 1 || days[0].Failed != 1 || days[0].USD.String() != "0.02" {
			t.Errorf("got %+v, %v", days, err)
		}
		list, next, err := tx.Requests(one.ID, store.RequestFilter{}, store.Page{Limit: 3})
		if err != nil || len(list) != 3 || next == "" { // all were asked at one time: which comes first is open
			t.Errorf("got %+v, %v", list, err)
		}
		pages, err := tx.LastPages("src_1", "tags")
		if pages != 3 {
			t.Errorf("the last answer had %d pages", pages)
		}
		return err
	})
	pagesExpire(t, s)
}

func pagesExpire(t *testing.T, s *store.Store) {
	t.Helper()
	in(t, s, func(tx *store.Tx) error {
		if err := tx.KeepPage("p1", "q", "body", tx.Now.Add(time.Hour)); err != nil {
			return err
		}
		return tx.KeepPage("p2", "q", "old", tx.Now)
	})
	in(t, s, func(tx *store.Tx) error {
		body, ok, err := tx.CostPage("p1")
		if err != nil || !ok || body != "body" {
			t.Errorf("got %q %v %v", body, ok, err)
		}
		if _, ok, err := tx.CostPage("p2"); ok || err != nil {
			t.Errorf("an old page is used: %v", err)
		}
		if err := tx.SweepPages(); err != nil {
			return err
		}
		if err := tx.DropPages("q"); err != nil {
			return err
		}
		_, ok, err = tx.CostPage("p1")
		if ok {
			t.Error("a page that was dropped is used")
		}
		return err
	})
}
