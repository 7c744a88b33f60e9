package costexplorer_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/awsapi"
	"github.com/bursarhq/bursar/internal/sandbox/billgen"
	"github.com/bursarhq/bursar/internal/sandbox/ce"
	"github.com/bursarhq/bursar/internal/sandbox/cloud"
	"github.com/bursarhq/bursar/internal/source/costexplorer"
	"github.com/bursarhq/bursar/internal/store"
)

// TestMonthsThatSpanPages reads months whose periods go on over several pages, and holds them against the bill.
func TestMonthsThatSpanPages(t *testing.T) {
	b := setup(t, payer, "7", bursar.Stream{Name: "cost_daily", GroupBy: []string{"SERVICE", "LINKED_ACCOUNT"}, Months: 3}, bursar.Stream{Name: "cost_monthly", Months: 3})
	for name, s := range b.sync() {
		if s.State != bursar.StreamOK {
			t.Fatalf("%s: %+v", name, s)
		}
	}
	for _, month := range []string{"2026-05", "2026-06"} {
		p, _ := bursar.ParsePeriod(month)
		truth := billgen.New(b.sandbox.Billing().Spec(payer), p, billgen.StateAt(p, epoch, 0)).Truth()
		for metric, want := range map[string]bursar.Decimal{"UnblendedCost": truth.Unblended, "AmortizedCost": truth.Amortized, "NetUnblendedCost": truth.Net} {
			for _, stream := range []string{"cost_daily", "cost_monthly"} {
				if got := b.sum(stream, month, metric); !got.Equal(want) {
					t.Errorf("%s %s %s: got %s, want %s", stream, month, metric, got, want)
				}
			}
		}
	}
	for _, r := range b.rows("cost_daily") {
		open := r["period_start"] >= "2026-07"
		if r["estimated"] != fmt.Sprint(open) || r["linked_account_name"] == "" || r["source"] != "ce" || r["account_id"] != payer {
			t.Fatalf("got %v", r)
		}
	}
	if all, charged := b.requests(); all != charged || all < 20 {
		t.Errorf("%d requests, %d charged", all, charged)
	}
}

// TestEveryStream asks for all of them, and each is answered in a world where everything is switched on.
func TestEveryStream(t *testing.T) {
	var streams []bursar.Stream
	for _, o := range costexplorer.Operations() {
		streams = append(streams, bursar.Stream{Name: o.Name})
	}
	b := setup(t, payer, "500", streams...)
	for name, s := range b.sync() {
		if s.State != bursar.StreamOK {
			t.Errorf("%s: %+v", name, s)
		}
		for _, r := range b.rows(name) {
			for _, c := range costexplorer.Find(name).Columns() {
				if v := r[c.Name]; c.Type == costexplorer.Decimal && v != "" && strings.ContainsAny(v, "Ee") {
					t.Errorf("%s: %s is %q", name, c.Name, v)
				}
			}
		}
	}
	for _, name := range []string{"ri_coverage", "ri_utilization", "sp_coverage", "sp_utilization", "sp_utilization_details", "dimensions", "tags", "forecast", "cost_resource_daily", "cost_hourly", "rightsizing", "sp_recommendation", "cost_allocation_tags"} {
		rows := b.rows(name)
		if len(rows) == 0 {
			t.Errorf("%s has no rows", name)
			continue
		}
		if first := costexplorer.Find(name).Columns()[0].Name; rows[0][first] == "" {
			t.Errorf("%s: %s is empty: %v", name, first, rows[0])
		}
	}
}

// TestGroupsThatVanish: what AWS does not tell any more after a restatement is gone here too.
func TestGroupsThatVanish(t *testing.T) {
	b := setup(t, loner, "500", bursar.Stream{Name: "cost_monthly", GroupBy: []string{"tag:Name", "USAGE_TYPE"}, Metrics: []string{"UnblendedCost"}})
	b.sync()
	groups := func() map[string]bool {
		out := map[string]bool{}
		for _, r := range b.rows("cost_monthly") {
			if r["period_start"][:7] == "2026-07" {
				out[r["group1_value"]+"|"+r["group2_value"]] = true
			}
		}
		return out
	}
	before := groups()
	for range 12 {
		b.sandbox.CostExplorer().Restate(loner, bursar.NewPeriod(2026, 7))
	}
	b.sandbox.Cloud().Clock.Advance(25 * time.Hour)
	b.sync()
	gone := 0
	after := groups()
	for g := range before {
		if !after[g] {
			gone++
		}
	}
	p := bursar.NewPeriod(2026, 7)
	truth := billgen.New(b.sandbox.Billing().Spec(loner), p, billgen.StateAt(p, b.now().Truncate(8*time.Hour), 12)).Truth()
	if got := b.sum("cost_monthly", "2026-07", "UnblendedCost"); gone == 0 || !got.Equal(truth.Unblended) {
		t.Errorf("%d of %d groups vanished; got %s, want %s", gone, len(before), got, truth.Unblended)
	}
}

// TestARepeatedTokenEndsTheAnswer: what was held stays, and nothing is paid for ever.
func TestARepeatedTokenEndsTheAnswer(t *testing.T) {
	b := setup(t, loner, "5", bursar.Stream{Name: "cost_monthly", GroupBy: []string{"SERVICE"}, Months: 3})
	b.sync()
	before := b.rows("cost_monthly")
	b.sandbox.Cloud().Faults.Add(cloud.Fault{Kind: "repeated_token", Service: "ce"})
	b.sandbox.Cloud().Clock.Advance(24 * time.Hour)
	b.sandbox.Cloud().Meter.Reset()
	got := b.sync()["cost_monthly"]
	if got.State != bursar.StreamFailed || got.Code != "answer_endless" || got.OKAt.IsZero() == false && len(before) == 0 {
		t.Errorf("got %+v", got)
	}
	if all, _ := b.requests(); all != 2 {
		t.Errorf("%d requests were sent", all)
	}
	if after := b.rows("cost_monthly"); len(after) != len(before) {
		t.Errorf("held %d rows, and now %d", len(before), len(after))
	}
	b.sandbox.Cloud().Faults.Clear()
	if got := b.sync()["cost_monthly"]; got.State != bursar.StreamOK {
		t.Errorf("the bad pages were kept: %+v", got)
	}
}

// TestPaidPagesSurvive: a run that is cut off after some pages has paid for them once.
func TestPaidPagesSurvive(t *testing.T) {
	b := setup(t, loner, "5", bursar.Stream{Name: "cost_monthly", GroupBy: []string{"SERVICE"}, Months: 4})
	ctx, cancel := context.WithCancel(t.Context())
	asker := b.asker
	b.asker = &cutter{asker: asker, after: 3, cut: cancel}
	if _, err := b.try(ctx); err == nil {
		t.Fatal("it was not cut off")
	}
	if rows := b.rows("cost_monthly"); len(rows) != 0 {
		t.Errorf("%d rows of half an answer are held", len(rows))
	}
	b.asker = asker
	got := b.sync()["cost_monthly"]
	all, charged := b.requests()
	if got.State != bursar.StreamOK || int(all) != got.Requests+3 || charged != all {
		t.Errorf("%+v; %d requests, %d charged", got, all, charged)
	}
	cached := 0
	for _, r := range b.told {
		if r.State == bursar.RequestCached {
			cached++
		}
	}
	if cached != 3 {
		t.Errorf("%d pages came from those that were paid for", cached)
	}
	// the same question within six hours costs nothing
	b.sandbox.Cloud().Clock.Advance(3 * time.Hour)
	if got := b.sync()["cost_monthly"]; got.Requests != 0 || got.State != bursar.StreamOK {
		t.Errorf("got %+v", got)
	}
	b.sandbox.Cloud().Clock.Advance(4 * time.Hour)
	if got := b.sync()["cost_monthly"]; got.Requests == 0 {
		t.Error("an old answer is taken for a new one")
	}
}

// cutter ends a run after so many requests.
type cutter struct {
	asker interface {
		CostExplorer(context.Context, string, []byte) (awsapi.CostAnswer, error)
	}
	after int
	cut   func()
}

func (c *cutter) CostExplorer(ctx context.Context, op string, body []byte) (awsapi.CostAnswer, error) {
	out, err := c.asker.CostExplorer(ctx, op, body)
	if c.after--; c.after == 0 {
		c.cut()
	}
	return out, err
}

// TestChangedBetweenPages: AWS refuses its own token, and the question is asked once more from the beginning.
func TestChangedBetweenPages(t *testing.T) {
	for _, kind := range []string{"request_changed"} {
		b := setup(t, loner, "5", bursar.Stream{Name: "cost_monthly", GroupBy: []string{"SERVICE"}, Months: 1})
		b.sandbox.Cloud().Faults.Add(cloud.Fault{Kind: kind, Service: "ce", Times: 1})
		if got := b.sync()["cost_monthly"]; got.State != bursar.StreamOK {
			t.Errorf("%s once: %+v", kind, got)
		}
		b.sandbox.Cloud().Faults.Add(cloud.Fault{Kind: kind, Service: "ce"})
		b.sandbox.Cloud().Clock.Advance(24 * time.Hour)
		if got := b.sync()["cost_monthly"]; got.State != bursar.StreamFailed {
			t.Errorf("%s for ever: %+v", kind, got)
		}
	}
}

// TestLimitExceeded: each attempt is a line of the ledger, and only the answered one has a price.
func TestLimitExceeded(t *testing.T) {
	b := setup(t, loner, "500", bursar.Stream{Name: "cost_monthly", Months: 1})
	b.sandbox.Cloud().Faults.Add(cloud.Fault{Kind: cloud.FaultThrottle, Service: "ce", Times: 2})
	if got := b.sync()["cost_monthly"]; got.State != bursar.StreamOK || got.Requests != 3 {
		t.Errorf("got %+v", got)
	}
	var list []bursar.CostRequest
	var spent bursar.Decimal
	b.tx(func(tx *store.Tx) (err error) {
		if list, _, err = tx.Requests(b.ws, store.RequestFilter{Source: b.source.ID}, store.Page{Limit: 10}); err != nil {
			return err
		}
		spent, err = tx.Spent(b.ws, store.RequestFilter{}, time.Time{})
		return err
	})
	if len(list) != 3 || !spent.Equal(bursar.CostRequestUSD()) {
		t.Fatalf("%d lines, %s USD", len(list), spent)
	}
	states := map[bursar.CostRequestState]int{}
	for _, r := range list {
		states[r.State]++
		if r.State == bursar.RequestFailed && (r.Code != "LimitExceededException" || r.Status != 400 || !r.USD.IsZero()) {
			t.Errorf("got %+v", r)
		}
	}
	if states[bursar.RequestFailed] != 2 || states[bursar.RequestAnswered] != 1 {
		t.Errorf("got %v", states)
	}
	b.sandbox.Cloud().Faults.Add(cloud.Fault{Kind: cloud.FaultThrottle, Service: "ce"})
	b.sandbox.Cloud().Clock.Advance(24 * time.Hour)
	if got := b.sync()["cost_monthly"]; got.State != bursar.StreamThrottled || got.Requests != 4 {
		t.Errorf("got %+v", got)
	}
}

// TestStreamsAreIndependent: what one may not hinders no other, and what was held stays with its age.
func TestStreamsAreIndependent(t *testing.T) {
	b := setup(t, member, "500", bursar.Stream{Name: "cost_allocation_tags"}, bursar.Stream{Name: "rightsizing"}, bursar.Stream{Name: "cost_hourly"}, bursar.Stream{Name: "cost_resource_daily"}, bursar.Stream{Name: "cost_monthly"})
	got := b.sync()
	for name, want := range map[string]bursar.StreamState{
		"cost_allocation_tags": bursar.StreamNotEnabled, "rightsizing": bursar.StreamNotEnabled, "cost_hourly": bursar.StreamNotEnabled, "cost_resource_daily": bursar.StreamNotEnabled, "cost_monthly": bursar.StreamOK,
	} {
		if got[name].State != want || want != bursar.StreamOK && got[name].Hint == "" {
			t.Errorf("%s: %+v", name, got[name])
		}
	}
	if !strings.Contains(got["cost_hourly"].Hint, "hourly granularity") && !strings.Contains(got["cost_hourly"].Hint, "Cost Explorer") {
		t.Errorf("got %q", got["cost_hourly"].Hint)
	}
	held := len(b.rows("cost_monthly"))
	key := b.sandbox.Cloud().BursarKey() // may assume roles, and nothing else
	b.asker = b.with(key.ID, key.Secret)
	b.sandbox.Cloud().Clock.Advance(24 * time.Hour)
	denied := b.sync()["cost_monthly"]
	if denied.State != bursar.StreamDenied || denied.Code != "denied_identity" || strings.Contains(denied.Message, "arn:aws:iam") || !strings.Contains(denied.Hint, "ce:GetCostAndUsage") {
		t.Errorf("got %+v", denied)
	}
	if len(b.rows("cost_monthly")) != held {
		t.Error("the last good data is gone")
	}
	b.tx(func(tx *store.Tx) error {
		list, err := tx.Streams(b.source)
		if s := list[4]; err == nil && (!s.OKAt.Equal(epoch) || s.Rows != int64(held)) {
			t.Errorf("got %+v", s)
		}
		return err
	})
	if err := b.sandbox.CostExplorer().Set(ce.Account{Account: member, Disabled: true}); err != nil {
		t.Fatal(err)
	}
	b.asker = b.as(member)
	if got := b.sync()["cost_monthly"]; got.State != bursar.StreamNotEnabled || !strings.Contains(got.Hint, "open Cost Explorer once") {
		t.Errorf("got %+v", got)
	}
	b.sandbox.Cloud().Faults.Add(cloud.Fault{Kind: cloud.FaultSCP, Service: "ce"})
	if got := b.sync()["cost_monthly"]; got.Code != "denied_scp" {
		t.Errorf("got %+v", got)
	}
}

// TestBudgets stops before the request that would pass one, and goes on when there is money again.
func TestBudgets(t *testing.T) {
	b := setup(t, loner, "5", bursar.Stream{Name: "cost_monthly", GroupBy: []string{"SERVICE"}, Months: 4})
	cents := func(n int64) bursar.Decimal { return bursar.DecimalFromInt64(n, 2) }
	b.source.Budget.Run = cents(3)
	got := b.sync()["cost_monthly"]
	if all, _ := b.requests(); got.State != bursar.StreamBudget || got.Code != "budget_run" || all != 3 || got.Hint == "" {
		t.Fatalf("got %+v; %d requests", got, all)
	}
	b.source.Budget.Day = cents(5)
	if got := b.sync()["cost_monthly"]; got.Code != "budget_day" || got.Requests != 2 {
		t.Errorf("got %+v", got)
	}
	b.source.Budget.Day = cents(1000)
	b.tx(func(tx *store.Tx) error {
		return tx.SetRequestBudget(b.ws, bursar.SharedBudget{Scope: "crd_1", Day: cents(5), Month: cents(1000)})
	})
	if got := b.sync()["cost_monthly"]; got.Code != "budget_access_day" || got.Requests != 0 {
		t.Errorf("got %+v", got)
	}
	b.tx(func(tx *store.Tx) error {
		return tx.SetRequestBudget(b.ws, bursar.SharedBudget{Scope: "crd_1", Day: cents(1000), Month: cents(1000)})
	})
	b.tx(func(tx *store.Tx) error {
		return tx.SetRequestBudget(b.ws, bursar.SharedBudget{Scope: bursar.AllAccess, Day: cents(6), Month: cents(6)})
	})
	if got := b.sync()["cost_monthly"]; got.Code != "budget_all_day" || got.Requests != 1 {
		t.Errorf("got %+v", got)
	}
}

// TestTwoCannotHaveTheLastCent asks from many sides at once.
func TestTwoCannotHaveTheLastCent(t *testing.T) {
	b := setup(t, loner, "500")
	b.source.Budget.Day = bursar.DecimalFromInt64(3, 2)
	b.desk.Told = nil
	var wg sync.WaitGroup
	for i := range 12 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			source := b.source
			source.Streams = []bursar.Stream{{Name: "tags", Key: fmt.Sprint("key", i)}}
			s := &costexplorer.Sync{Desk: b.desk, Asker: b.asker, Source: source, RunID: fmt.Sprint("run_", i), Now: b.now}
			if _, err := s.Run(t.Context()); err != nil {
				t.Error(err)
			}
		}()
	}
	wg.Wait()
	if all, charged := b.requests(); all != 3 || charged != 3 {
		t.Errorf("%d requests were sent, %d charged", all, charged)
	}
}

// TestIdenticalQuestionsAtOnce are paid for once.
func TestIdenticalQuestionsAtOnce(t *testing.T) {
	b := setup(t, loner, "500", bursar.Stream{Name: "tags"})
	b.desk.Told = nil
	var wg sync.WaitGroup
	for i := range 6 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			s := &costexplorer.Sync{Desk: b.desk, Asker: b.asker, Source: b.source, RunID: fmt.Sprint("run_", i), Now: b.now}
			if _, err := s.Run(t.Context()); err != nil {
				t.Error(err)
			}
		}()
	}
	wg.Wait()
	if all, _ := b.requests(); all != 1 {
		t.Errorf("%d requests were sent", all)
	}
}

// TestNoDataYet: AWS has nothing to tell, which is no failure, and what was held stays.
func TestNoDataYet(t *testing.T) {
	b := setup(t, loner, "500", bursar.Stream{Name: "sp_utilization"}, bursar.Stream{Name: "cost_monthly", Months: 2})
	b.sync()
	held := len(b.rows("sp_utilization"))
	b.sandbox.Cloud().Clock.Advance(24 * time.Hour)
	b.sandbox.Cloud().Faults.Add(cloud.Fault{Kind: "data_unavailable", Service: "ce", Action: "GetSavingsPlansUtilization"})
	got := b.sync()
	if s := got["sp_utilization"]; s.State != bursar.StreamNoData || s.Code != "no_data" || s.Hint == "" || s.Requests == 0 || !s.OKAt.IsZero() {
		t.Errorf("got %+v", s)
	}
	if got["cost_monthly"].State != bursar.StreamOK || len(b.rows("sp_utilization")) != held || held == 0 {
		t.Errorf("held %d rows, now %d; %+v", held, len(b.rows("sp_utilization")), got["cost_monthly"])
	}
}

// TestCredentialsThatEnded: nothing is tried again, nothing is paid, and what to do is said.
func TestCredentialsThatEnded(t *testing.T) {
	b := setup(t, loner, "500", bursar.Stream{Name: "cost_monthly"})
	k, e := b.sandbox.Cloud().AdminKey(loner)
	if e != nil {
		t.Fatal(e)
	}
	b.asker = b.with(k.ID, bursar.NewSecret("another"))
	if s := b.sync()["cost_monthly"]; s.State != bursar.StreamExpired || s.Hint == "" || s.Requests != 1 {
		t.Errorf("got %+v", s)
	}
	if _, charged := b.requests(); charged != 0 {
		t.Errorf("%d requests were paid", charged)
	}
}

// TestWhoseAnswers: what one workspace has paid for, another one does not see, and neither does another account.
func TestWhoseAnswers(t *testing.T) {
	b := setup(t, loner, "500", bursar.Stream{Name: "tags"})
	b.sync()
	for _, change := range []func(*bursar.Source){func(s *bursar.Source) { s.WorkspaceID = "ws_other" }, func(s *bursar.Source) { s.AccountID = payer }} {
		source := b.source
		change(&source)
		before, _ := b.requests()
		s := &costexplorer.Sync{Desk: b.desk, Asker: b.asker, Source: source, RunID: "run_other", Now: b.now}
		if _, err := s.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if after, _ := b.requests(); after != before+1 {
			t.Errorf("%s %s was answered with what another has paid for", source.WorkspaceID, source.AccountID)
		}
	}
}
