package app

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/client"
	"github.com/bursarhq/bursar/internal/api"
	"github.com/bursarhq/bursar/internal/billing/export"
	"github.com/bursarhq/bursar/internal/sandbox/billgen"
	"github.com/bursarhq/bursar/internal/store"
)

// truth is what the simulated AWS delivered last, by period.
func (j *mainJob) truth() map[bursar.Period]*billgen.Truth {
	out := map[bursar.Period]*billgen.Truth{}
	for _, d := range j.aws.Billing().Deliveries(j.export.ARN) {
		if last, ok := j.aws.Billing().Truth(j.export.ARN, d.Period); ok {
			out[d.Period] = last.Truth
		}
	}
	return out
}

func periods[V any](m map[bursar.Period]V) []bursar.Period {
	return slices.SortedFunc(maps.Keys(m), func(a, b bursar.Period) int { return strings.Compare(a.String(), b.String()) })
}

// question asks about all months that were delivered.
func (j *mainJob) question(metric string, groups ...string) client.Question {
	months := periods(j.truth())
	return client.Question{GroupBy: groups, Granularity: "monthly", Metric: metric, From: months[0].String(), To: months[len(months)-1].Add(1).String()}
}

// ask prints cost by service and month.
func (j *mainJob) ask(ctx context.Context) (string, error) {
	q := j.question("unblended", "service")
	answer, err := j.client.Costs(ctx, q)
	if err != nil {
		return "", err
	}
	if len(answer.Totals) != 1 {
		return "", fmt.Errorf("the answer has %d currencies", len(answer.Totals))
	}
	j.steps.text("\n" + costTable(answer, periods(j.truth())) + "\n")
	return fmt.Sprintf("%s %s in all, %s to %s", answer.Totals[0].Amount, answer.Totals[0].Currency, q.From, q.To), nil
}

// costTable has a row for each service and a column for each month. Amounts are exact: nothing is rounded.
func costTable(a *client.Costs, months []bursar.Period) string {
	cells := map[[2]string]string{}
	sums := map[string]bursar.Decimal{}
	for _, r := range a.Rows {
		service, month := r.Groups["service"], r.Start[:len("2006-01")]
		cells[[2]string{service, month}] = r.Amount.String()
		sums[service] = sums[service].Add(r.Amount)
		sums[month] = sums[month].Add(r.Amount)
	}
	services := map[string]bool{}
	for c := range cells {
		services[c[0]] = true
	}
	names := slices.SortedFunc(maps.Keys(services), func(x, y string) int { return sums[y].Cmp(sums[x]) })
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 4, 2, ' ', tabwriter.AlignRight)
	line := func(first string, cell func(month string) string) {
		fmt.Fprint(w, first, "\t")
		for _, p := range months {
			fmt.Fprint(w, cell(p.String()), "\t")
		}
		fmt.Fprintln(w)
	}
	line("service", func(month string) string { return month })
	for _, name := range names {
		line(name, func(month string) string { return cells[[2]string{name, month}] })
	}
	line("total "+a.Totals[0].Currency, func(month string) string { return sums[month].String() })
	_ = w.Flush() // a builder does not fail
	return b.String()
}

// compare holds every answer against what was delivered: by month and account, in three metrics, and the rows of each delivery.
func (j *mainJob) compare(ctx context.Context) (string, error) {
	truth := j.truth()
	published, err := j.published(ctx)
	if err != nil {
		return "", err
	}
	var wrong []string
	for p, t := range truth {
		if published[p].Rows != t.Rows {
			wrong = append(wrong, fmt.Sprintf("%s has %d line items, %d were delivered", p, published[p].Rows, t.Rows))
		}
	}
	compared := len(truth)
	for _, m := range []struct {
		name string
		of   func(billgen.Totals) bursar.Decimal
	}{
		{"unblended", func(t billgen.Totals) bursar.Decimal { return t.Unblended }},
		{"amortized", func(t billgen.Totals) bursar.Decimal { return t.Amortized }},
		{"net_unblended", func(t billgen.Totals) bursar.Decimal { return t.Net }},
	} {
		answer, err := j.client.Costs(ctx, j.question(m.name, "account"))
		if err != nil {
			return "", err
		}
		n, differ := differences(m.name, answer, truth, m.of)
		compared += n
		wrong = append(wrong, differ...)
	}
	if len(wrong) > 0 {
		return "", fmt.Errorf("%d of %d totals are wrong: %s", len(wrong), compared, strings.Join(wrong, "; "))
	}
	return fmt.Sprintf("%d totals compared, by month and account: all equal, to the last decimal", compared), nil
}

// differences compares an answer by account and month, and the sums of its months.
func differences(metric string, answer *client.Costs, truth map[bursar.Period]*billgen.Truth, of func(billgen.Totals) bursar.Decimal) (compared int, wrong []string) {
	got := map[[2]string]bursar.Decimal{}
	for _, r := range answer.Rows {
		month := r.Start[:len("2006-01")]
		for _, key := range [][2]string{{month, r.Groups["account"]}, {month, ""}} {
			got[key] = got[key].Add(r.Amount)
		}
	}
	want := map[[2]string]bursar.Decimal{}
	for p, t := range truth {
		want[[2]string{p.String(), ""}] = of(t.Totals)
		for account, totals := range t.ByAccount {
			want[[2]string{p.String(), account}] = of(totals)
		}
	}
	for key := range got {
		if _, known := want[key]; !known {
			want[key] = bursar.Decimal{}
		}
	}
	for key, amount := range want {
		if got[key].Cmp(amount) != 0 {
			wrong = append(wrong, fmt.Sprintf("%s %s: %s, delivered %s", metric, strings.TrimSpace(key[0]+" "+key[1]), got[key], amount))
		}
	}
	return len(want), wrong
}

// poll looks again as the schedule does, and counts what that costs in AWS requests.
func (j *mainJob) poll(ctx context.Context) (string, error) {
	before, err := j.client.Deliveries(ctx, j.export.ID)
	if err != nil {
		return "", err
	}
	if err := j.scheduled(ctx); err != nil { // the look that the check asked for may be under way
		return "", err
	}
	j.aws.Cloud().Meter.Reset()
	if err := j.scheduled(ctx); err != nil {
		return "", err
	}
	after, err := j.client.Deliveries(ctx, j.export.ID)
	if err != nil {
		return "", err
	}
	requests, open := j.aws.Cloud().Meter.Requests("s3", ""), j.open()
	if len(after) != len(before) || requests != open {
		return "", fmt.Errorf("%d new deliveries and %d requests for %d open months", len(after)-len(before), requests, open)
	}
	return fmt.Sprintf("open months: %d; conditional requests to S3: %d; nothing was read, nothing imported", open, requests), nil
}

// scheduled runs what the schedule would.
func (j *mainJob) scheduled(ctx context.Context) error {
	a, err := j.client.Account(ctx, j.account)
	if err != nil {
		return err
	}
	var workspaces []bursar.Workspace
	err = j.app.store.View(ctx, func(tx *store.Tx) error { workspaces, err = tx.Workspaces(); return err })
	if err != nil {
		return err
	}
	run, err := j.app.runner.Enqueue(ctx, workspaces[0].ID, api.KindImport, a.ID)
	if err != nil {
		return err
	}
	return j.finish(ctx, &run)
}

// open counts the months that AWS still writes.
func (j *mainJob) open() (n int64) {
	now := j.aws.Cloud().Clock.Now()
	for p := range j.truth() {
		if export.Due(p, now, now) {
			n++
		}
	}
	return n
}

// lastMonth is the newest month that is over.
func (j *mainJob) lastMonth() bursar.Period {
	return bursar.PeriodOf(j.aws.Cloud().Clock.Now()).Add(-1)
}

func (j *mainJob) restate(context.Context) (string, error) {
	p := j.lastMonth()
	before := j.truth()[p]
	if err := j.aws.Billing().Restate(j.export.ARN, p); err != nil {
		return "", err
	}
	after := j.truth()[p]
	if before == nil || after.Unblended.Cmp(before.Unblended) == 0 {
		return "", fmt.Errorf("the restatement of %s changes nothing", p)
	}
	return fmt.Sprintf("%s was %s and is %s %s now", p, before.Unblended, after.Unblended, after.Currency), nil
}

func (j *mainJob) follow(ctx context.Context) (string, error) {
	if _, err := j.importNew(ctx); err != nil {
		return "", err
	}
	result, err := j.compare(ctx)
	if err != nil {
		return "", err
	}
	answer, err := j.client.Costs(ctx, client.Question{Granularity: "total", From: j.lastMonth().String(), To: j.lastMonth().Add(1).String()})
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s is %s %s; %s", j.lastMonth(), answer.Totals[0].Amount, answer.Totals[0].Currency, result), nil
}
