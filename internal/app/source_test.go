package app_test

import (
	"strings"
	"testing"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/client"
)

// ask runs a source and returns how its run ended.
func (l land) ask(source string) *bursar.Run {
	l.Helper()
	run := must[*bursar.Run](l.T)(l.RunSource(l.Context(), source))
	return must[*bursar.Run](l.T)(l.WatchRun(l.Context(), run.ID, func(client.RunEvent) {}))
}

// costs asks what each month cost, and where that comes from.
func (l land) costs() (byMonth, source map[string]string, notes []client.CostNote) {
	l.Helper()
	a := must[*client.Costs](l.T)(l.Costs(l.Context(), client.Question{Granularity: "monthly", From: "2026-02", To: "2026-08"}))
	byMonth, source = map[string]string{}, map[string]string{}
	for _, r := range a.Rows {
		if byMonth[r.Start[:7]] != "" {
			l.Errorf("%s is there twice", r.Start)
		}
		byMonth[r.Start[:7]], source[r.Start[:7]] = r.Amount.String(), r.Source
	}
	return byMonth, source, a.Notes
}

// withCostExplorer registers the lone account with a role that may ask Cost Explorer.
func (l land) withCostExplorer() *client.Account {
	l.Helper()
	a := l.register(client.NewAccount{AccountID: lone, Name: "Lone"})
	must[*client.Setup](l.T)(l.ChangeSetup(l.Context(), lone, client.NewSetup{Capabilities: &[]bursar.Capability{bursar.CapOrganization, bursar.CapBillingExport, bursar.CapCostExplorer}}))
	l.open(lone, "access")
	l.confirm(lone)
	return a
}

// TestFirstDataBeforeTheBill: Cost Explorer's totals answer within minutes, marked; the bill replaces them; then the two are compared.
func TestFirstDataBeforeTheBill(t *testing.T) {
	l := newLand(t)
	a := l.withCostExplorer()
	want := client.NewSource{Name: "first", Account: lone, Preliminary: true}
	price := must[*client.Price](t)(l.PriceNewSource(t.Context(), want))
	if price.Requests != 3 || price.USD.String() != "0.03" || !price.AtLeast || len(price.Items) != 3 {
		t.Errorf("the price: %+v", price)
	}
	if n := l.aws.Cloud().Meter.Requests("ce", ""); n != 0 {
		t.Fatalf("the price cost %d requests", n)
	}
	s := must[*client.Source](t)(l.AddSource(t.Context(), want))
	if run := l.ask(s.ID); run.State != bursar.RunSucceeded || run.AccountID != s.ID {
		t.Fatalf("%+v %+v", run, run.Error)
	}
	if got := code(must[*client.Account](t)(l.Account(t.Context(), a.ID)), "cost_explorer"); got != "ok" {
		t.Errorf("the account's finding is %q", got)
	}
	before, source, notes := l.costs()
	if len(before) != 6 || source["2026-05"] != "cost_explorer" || len(notes) == 0 || notes[len(notes)-1].Code != "preliminary" {
		t.Fatalf("%v %v %v", before, source, notes)
	}
	l.choose(lone, bursar.ExportChoice{Existing: must[*client.Candidates](t)(l.AccountExports(t.Context(), lone)).Items[0].Definition.Export.ARN})
	l.open(lone, "export")
	l.confirm(lone)
	l.bring(lone)
	after, source, _ := l.costs()
	for month, amount := range after {
		if source[month] != "" || before[month] == "" {
			t.Errorf("%s still comes from %q", month, source[month])
		}
		if month < "2026-07" && amount != before[month] {
			t.Errorf("%s: the bill says %s, Cost Explorer said %s", month, amount, before[month])
		}
	}
	l.compared(s.ID)
}

// compared holds the closed months together, and finds the cause when one of the two changes.
func (l land) compared(source string) {
	l.Helper()
	lines := must[[]client.Reconciliation](l.T)(l.Reconcile(l.Context(), source))
	if len(lines) != 15 {
		l.Errorf("%d lines for five closed months and three metrics", len(lines))
	}
	for _, x := range lines {
		if x.Cause != "equal" || !x.Difference.IsZero() || x.Bill.IsZero() {
			l.Errorf("%+v", x)
		}
	}
	p := bursar.NewPeriod(2026, 5)
	l.aws.CostExplorer().Restate(lone, p)
	l.aws.Cloud().Clock.Advance(time.Hour)
	run := must[*bursar.Run](l.T)(l.ReopenSource(l.Context(), source, "cost_monthly", p))
	must[*bursar.Run](l.T)(l.WatchRun(l.Context(), run.ID, func(client.RunEvent) {}))
	for _, x := range must[[]client.Reconciliation](l.T)(l.Reconcile(l.Context(), source)) {
		if differs := x.Period == p; differs != (x.Cause == "cost_explorer_newer") || differs && (x.Difference.IsZero() || len(x.Accounts) != 1 || x.Explanation == "") {
			l.Errorf("%+v", x)
		}
	}
}

// TestSourceWithoutPermission: the run ends as failed with what to do, the account has a finding, and nothing was paid.
func TestSourceWithoutPermission(t *testing.T) {
	l := newLand(t)
	a := l.connect(lone)
	s := must[*client.Source](t)(l.AddSource(t.Context(), client.NewSource{Name: "denied", Account: lone, Streams: []bursar.Stream{{Name: "cost_monthly"}}}))
	run := l.ask(s.ID)
	if run.State != bursar.RunFailed || run.Error.Code != "denied_identity" || !strings.Contains(run.Error.Hint, "ce:GetCostAndUsage") {
		t.Errorf("%+v %+v", run, run.Error)
	}
	got := must[*client.Account](t)(l.Account(t.Context(), a.ID))
	if code(got, "cost_explorer") != "denied_identity" || got.Status.Summary != bursar.SummaryAttention {
		t.Errorf("%+v", got.Status)
	}
	if list := must[[]bursar.CostRequest](t)(l.Requests(t.Context(), client.RequestFilter{Source: s.ID}, 0)); len(list) != 1 || list[0].State != bursar.RequestFailed || !list[0].USD.IsZero() {
		t.Errorf("%+v", list)
	}
}

// TestPartialSource: one stream is not enabled, the others are answered; the schedule keeps within the day's budget.
func TestPartialSource(t *testing.T) {
	l := newLand(t)
	l.withCostExplorer()
	s := must[*client.Source](t)(l.AddSource(t.Context(), client.NewSource{Name: "mixed", Account: lone, Streams: []bursar.Stream{{Name: "cost_monthly"}, {Name: "rightsizing"}, {Name: "tags"}}}))
	run := l.ask(s.ID)
	if run.State != bursar.RunPartial || run.Error == nil || run.Error.Code != "not_enabled" || !strings.Contains(run.Error.Message, "1 of 3") {
		t.Fatalf("%+v %+v", run, run.Error)
	}
	data := must[*client.SourceData](t)(l.SourceData(t.Context(), s.ID, "tags", bursar.Period{}, bursar.Period{}))
	if len(data.Rows) == 0 || data.Columns[0].Name != "value" || data.Stream.State != bursar.StreamOK {
		t.Errorf("%+v", data)
	}
	spend := must[[]client.RequestSpend](t)(l.RequestSpend(t.Context(), client.RequestFilter{Source: s.ID}, 1))
	var sent, failed int64
	for _, x := range spend {
		sent, failed = sent+x.Requests, failed+x.Failed
	}
	if sent != 3 || failed != 1 {
		t.Errorf("%+v", spend)
	}
	if _, err := l.SetRequestBudget(t.Context(), bursar.SharedBudget{Scope: "all"}); err != nil {
		t.Fatal(err)
	}
	l.aws.Cloud().Clock.Advance(24 * time.Hour)
	if run := l.ask(s.ID); run.State != bursar.RunFailed || run.Error.Code != "budget_all_day" {
		t.Errorf("without any money: %+v %+v", run, run.Error)
	}
}

// TestSourceOfACredential: a stored key is used, its account learned, its users named; the key of another account is refused, and what is held
// is not mixed.
func TestSourceOfACredential(t *testing.T) {
	l := newLand(t)
	add := func(account, name string) *client.Credential {
		k, e := l.aws.Cloud().AdminKey(account)
		if e != nil {
			t.Fatal(e)
		}
		return must[*client.Credential](t)(l.AddCredential(t.Context(), client.NewCredential{NewKeyMaterial: client.NewKeyMaterial{AccessKeyID: k.ID, SecretAccessKey: k.Secret.Reveal()}, Name: name}))
	}
	mine := add(lone, "lone")
	s := must[*client.Source](t)(l.AddSource(t.Context(), client.NewSource{Name: "by key", Credential: "lone", Streams: []bursar.Stream{{Name: "cost_monthly", Months: 2}}}))
	if run := l.ask(s.ID); run.State != bursar.RunSucceeded {
		t.Fatalf("%+v %+v", run, run.Error)
	}
	got := must[*client.Source](t)(l.Source(t.Context(), "by key"))
	if got.AccountID != lone || got.Status[0].State != bursar.StreamOK || got.Status[0].Rows == 0 || got.SpentDay.String() != "0.01" {
		t.Errorf("%+v", got)
	}
	if err := l.DeleteCredential(t.Context(), mine.ID); bursar.CodeOf(err) != bursar.Conflict || !strings.Contains(err.Error(), "by key") {
		t.Errorf("a credential in use was deleted: %v", err)
	}
	budgets := must[[]client.RequestBudget](t)(l.RequestBudgets(t.Context()))
	if len(budgets) != 2 || budgets[1].Scope != mine.ID || budgets[1].SpentMonth.String() != "0.01" {
		t.Errorf("%+v", budgets)
	}
	theirs, e := l.aws.Cloud().AdminKey(payer)
	if e != nil {
		t.Fatal(e)
	}
	_, err := l.RotateCredential(t.Context(), mine.ID, client.NewKeyMaterial{AccessKeyID: theirs.ID, SecretAccessKey: theirs.Secret.Reveal(), Untried: true})
	if err != nil {
		return // it was refused at once: so much the better
	}
	l.aws.Cloud().Clock.Advance(24 * time.Hour)
	if run := l.ask(s.ID); run.State != bursar.RunFailed || run.Error.Code != "wrong_account" {
		t.Errorf("with the key of another account: %+v %+v", run, run.Error)
	}
	if after := must[*client.Source](t)(l.Source(t.Context(), s.ID)); after.Status[0].Rows != got.Status[0].Rows {
		t.Errorf("the last good data is gone: %+v", after.Status)
	}
}

// TestPreliminaryAnswers: by service, account, day and in all; a question that totals cannot answer says so.
func TestPreliminaryAnswers(t *testing.T) {
	l := newLand(t)
	l.withCostExplorer()
	s := must[*client.Source](t)(l.AddSource(t.Context(), client.NewSource{Name: "first", Account: lone, Preliminary: true}))
	l.ask(s.ID)
	ask := func(q client.Question) (sum bursar.Decimal, rows int, notes string) {
		q.From, q.To = "2026-05", "2026-08"
		a := must[*client.Costs](t)(l.Costs(t.Context(), q))
		for _, r := range a.Rows {
			if r.Source != "cost_explorer" {
				t.Errorf("%+v", r)
			}
			sum = sum.Add(r.Amount)
		}
		for _, n := range a.Notes {
			notes += n.Code + " "
		}
		if len(a.Rows) > 0 && !a.Totals[0].Amount.Equal(sum) {
			t.Errorf("the total is %s, the rows add up to %s", a.Totals[0].Amount, sum)
		}
		return sum, len(a.Rows), notes
	}
	all, n, _ := ask(client.Question{Granularity: "total"})
	if n != 1 || all.IsZero() {
		t.Fatalf("%d rows, %s", n, all)
	}
	for name, q := range map[string]client.Question{
		"service": {Granularity: "monthly", GroupBy: []string{"service"}}, "account": {Granularity: "monthly", GroupBy: []string{"account"}}, "payer": {Granularity: "total", GroupBy: []string{"payer"}}, "day": {Granularity: "daily"},
	} {
		if sum, n, notes := ask(q); !sum.Equal(all) || n == 0 || !strings.Contains(notes, "preliminary ") {
			t.Errorf("by %s: %s in %d rows, %s; in all it is %s", name, sum, n, notes, all)
		}
	}
	for _, q := range []client.Question{{Granularity: "monthly", GroupBy: []string{"region"}}, {Granularity: "monthly", Filters: []string{"service is AmazonEC2"}}, {Granularity: "monthly", Metric: "list"}} {
		if _, n, notes := ask(q); n != 0 || !strings.Contains(notes, "preliminary_left_out") {
			t.Errorf("%+v: %d rows, %q", q, n, notes)
		}
	}
	off := false
	must[*client.Source](t)(l.ChangeSource(t.Context(), s.ID, client.SourceChange{Preliminary: &off}))
	if _, n, notes := ask(client.Question{Granularity: "total"}); n != 0 || strings.Contains(notes, "preliminary") {
		t.Errorf("switched off: %d rows, %q", n, notes)
	}
}
