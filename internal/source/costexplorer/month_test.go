package costexplorer_test

import (
	"testing"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/sandbox/ce"
	"github.com/bursarhq/bursar/internal/source/costexplorer"
	"github.com/bursarhq/bursar/internal/store"
)

// TestDefaultsCostLittle lets the default streams run for six weeks: never more than five requests a day.
func TestDefaultsCostLittle(t *testing.T) {
	b := setup(t, payer, "500", costexplorer.Defaults()...)
	b.source.Budget = bursar.DefaultBudget()
	most := int64(0)
	for day := range 45 {
		before, _ := b.requests()
		for name, s := range b.sync() {
			if s.State != bursar.StreamOK {
				t.Errorf("day %d: %s: %+v", day, name, s)
			}
		}
		after, _ := b.requests()
		most = max(most, after-before)
		b.sandbox.Cloud().Clock.Advance(24 * time.Hour)
	}
	if most > 5 {
		t.Errorf("%d requests on a day", most)
	}
	t.Logf("at most %d requests a day", most)
	b.tx(func(tx *store.Tx) error {
		months, err := tx.CostMonths(b.source.ID, "cost_daily")
		for _, m := range months {
			if closed := m.Period.Before(bursar.NewPeriod(2026, 7)) || m.Period == bursar.NewPeriod(2026, 7); m.Closed != closed {
				t.Errorf("at the end of %s: %+v", b.now(), m)
			}
		}
		return err
	})
}

// TestLateChangesAreSeen: a closed month that somebody wants asked again is asked, and not answered by what was kept.
func TestLateChangesAreSeen(t *testing.T) {
	b := setup(t, loner, "500", bursar.Stream{Name: "cost_monthly", Months: 3})
	b.sync()
	b.sandbox.Cloud().Clock.Advance(24 * time.Hour)
	b.sync()
	may := bursar.NewPeriod(2026, 5)
	closed := func() bool {
		var out bool
		b.tx(func(tx *store.Tx) error {
			months, err := tx.CostMonths(b.source.ID, "cost_monthly")
			for _, m := range months {
				out = out || m.Period == may && m.Closed
			}
			return err
		})
		return out
	}
	if !closed() {
		t.Fatal("May was the same twice and is not closed")
	}
	before := b.sum("cost_monthly", "2026-05", "UnblendedCost")
	b.sandbox.CostExplorer().Restate(loner, may)
	b.sync()
	if !b.sum("cost_monthly", "2026-05", "UnblendedCost").Equal(before) {
		t.Error("a closed month was asked again by itself")
	}
	b.tx(func(tx *store.Tx) error { return tx.ReopenCosts(b.source.ID, "", may) })
	b.sync()
	if b.sum("cost_monthly", "2026-05", "UnblendedCost").Equal(before) || closed() {
		t.Error("the change is not seen")
	}
}

// TestHistoryIsClamped: what AWS does not give is cut off, and said.
func TestHistoryIsClamped(t *testing.T) {
	b := setup(t, loner, "500", bursar.Stream{Name: "cost_monthly", Months: 24}, bursar.Stream{Name: "cost_daily", Months: 20})
	got := b.sync()
	if s := got["cost_monthly"]; s.State != bursar.StreamOK || s.Clamped != "2025-06-01" {
		t.Errorf("got %+v", s)
	}
	if s := got["cost_daily"]; s.State != bursar.StreamOK || s.Clamped != "2025-06-01" {
		t.Errorf("got %+v", s)
	}
	if err := b.sandbox.CostExplorer().Set(ce.Account{Account: loner, History: true}); err != nil {
		t.Fatal(err)
	}
	b.sandbox.Cloud().Clock.Advance(24 * time.Hour)
	if s := b.sync()["cost_monthly"]; s.State != bursar.StreamOK || s.Clamped != "" {
		t.Errorf("with the history switched on: %+v", s)
	}
}

// TestThreeGroupings: AWS takes two, and the third is asked value by value; the price says so before.
func TestThreeGroupings(t *testing.T) {
	b := setup(t, payer, "500", bursar.Stream{Name: "cost_monthly", GroupBy: []string{"SERVICE", "LINKED_ACCOUNT", "RECORD_TYPE"}, Months: 1, Metrics: []string{"UnblendedCost"}}, bursar.Stream{Name: "cost_daily", Months: 1, Metrics: []string{"UnblendedCost"}})
	price := func() (n int, atLeast bool) {
		b.tx(func(tx *store.Tx) error {
			list, err := costexplorer.Price(tx, b.source, b.now())
			for _, p := range list {
				if p.Stream == "cost_monthly" {
					n, atLeast = p.Requests, p.AtLeast
				}
			}
			return err
		})
		return n, atLeast
	}
	if n, atLeast := price(); n != 2 || !atLeast {
		t.Errorf("before anything is known: %d, %v", n, atLeast)
	}
	got := b.sync()
	if got["cost_monthly"].State != bursar.StreamOK || got["cost_monthly"].Requests < 5 {
		t.Fatalf("got %+v", got)
	}
	values := map[string]bool{}
	for _, r := range b.rows("cost_monthly") {
		values[r["group3_value"]] = true
		if r["group3_key"] != "RECORD_TYPE" || r["linked_account_name"] == "" {
			t.Fatalf("got %v", r)
		}
	}
	if a, c := b.sum("cost_monthly", "2026-07", "UnblendedCost"), b.sum("cost_daily", "2026-07", "UnblendedCost"); !a.Equal(c) {
		t.Errorf("by three: %s, by none: %s", a, c)
	}
	b.sandbox.Cloud().Clock.Advance(24 * time.Hour)
	if n, _ := price(); n != len(values)+1 || n != got["cost_monthly"].Requests {
		t.Errorf("the price is %d requests, for %d values; %d were sent", n, len(values), got["cost_monthly"].Requests)
	}
}

// TestAnotherQuestionReplaces: when a stream is asked otherwise, what it held before is not mixed with it.
func TestAnotherQuestionReplaces(t *testing.T) {
	b := setup(t, loner, "500", bursar.Stream{Name: "cost_monthly", GroupBy: []string{"SERVICE"}, Months: 5})
	b.sync()
	b.source.Streams = []bursar.Stream{{Name: "cost_monthly", GroupBy: []string{"REGION"}, Months: 2}}
	b.sync()
	for _, r := range b.rows("cost_monthly") {
		if r["group1_key"] != "REGION" || r["period_start"] < "2026-06" {
			t.Fatalf("got %v", r)
		}
	}
}

// TestPriceAsksNothing says what would be asked and sends nothing; a run then costs what was said.
func TestPriceAsksNothing(t *testing.T) {
	b := setup(t, payer, "500", costexplorer.Defaults()...)
	priced := func() (n int, usd bursar.Decimal) {
		b.tx(func(tx *store.Tx) error {
			list, err := costexplorer.Price(tx, b.source, b.now())
			n, usd = costexplorer.Total(list)
			return err
		})
		return n, usd
	}
	b.sync() // now the number of pages is known
	b.sandbox.Cloud().Clock.Advance(24 * time.Hour)
	b.sandbox.Cloud().Meter.Reset()
	n, usd := priced()
	if all, _ := b.requests(); all != 0 {
		t.Errorf("the price sent %d requests", all)
	}
	b.sync()
	if all, _ := b.requests(); int64(n) != all || !usd.Equal(bursar.DecimalFromInt64(int64(n), 2)) {
		t.Errorf("the price was %d requests and %s USD; %d were sent", n, usd, all)
	}
	if n, usd := priced(); n != 0 || !usd.IsZero() {
		t.Errorf("what was just asked costs %d requests, %s USD", n, usd)
	}
}

// TestHoldings gives every stream's rows with typed cells, as whole months.
func TestHoldings(t *testing.T) {
	b := setup(t, payer, "500", bursar.Stream{Name: "cost_monthly", Months: 2, GroupBy: []string{"LINKED_ACCOUNT"}}, bursar.Stream{Name: "tags"})
	b.sync()
	var held []costexplorer.Held
	b.tx(func(tx *store.Tx) (err error) { held, err = costexplorer.Holdings(tx, b.ws); return err })
	if len(held) != 3 {
		t.Fatalf("got %d parts", len(held))
	}
	for _, h := range held {
		rows := int64(0)
		err := h.Each(t.Context(), b.store, func(cells []string) error {
			rows++
			for i, c := range h.Columns {
				if _, err := c.Cell(cells[i]); err != nil {
					t.Errorf("%s: %s: %v", h.Stream(), c.Name, err)
				}
			}
			return nil
		})
		if err != nil || rows == 0 || rows != h.Month.Rows || h.Version() == "" {
			t.Errorf("%s %s: %d rows, %v: %+v", h.Stream(), h.Month.Period, rows, err, h.Month)
		}
	}
	b.sandbox.CostExplorer().Restate(payer, bursar.NewPeriod(2026, 7))
	b.sandbox.Cloud().Clock.Advance(24 * time.Hour)
	b.sync()
	for _, h := range held {
		err := h.Each(t.Context(), b.store, func([]string) error { return nil })
		if changed := h.Month.Period == bursar.NewPeriod(2026, 7); changed != (bursar.CodeOf(err) == bursar.Conflict) {
			t.Errorf("%s %s: %v", h.Stream(), h.Month.Period, err)
		}
	}
}
