// Package querytest is the suite that every engine of the query room passes.
package querytest

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/billing/lake"
	"github.com/bursarhq/bursar/internal/billing/query"
)

// Engine is what an engine must be: it answers statements, and makes rollups.
type Engine interface {
	query.Engine
	lake.Roller
}

// Run proves that an engine answers exactly. open gives one that may read and write dir.
func Run(t *testing.T, open func(t *testing.T, dir string) Engine) {
	for name, test := range map[string]func(*testing.T, *bench){
		"EachLineItemTypeInEachMetric":     eachType,
		"CommitmentsAreConserved":          conserved,
		"AbsentColumnsAreNothing":          absent,
		"CurrenciesAreNeverAdded":          currencies,
		"DaysAddUpToTheBillingPeriod":      days,
		"NoDigitIsLost":                    digits,
		"UsageHasItsUnit":                  usage,
		"Dimensions":                       dimensions,
		"TagsByAnyKey":                     tags,
		"FOCUS":                            focus,
		"Filters":                          filters,
		"Hours":                            hours,
		"TheTimeBefore":                    compared,
		"TopAndTheRest":                    top,
		"NothingPublished":                 nothing,
		"NamesThatLookLikeSQLAreOnlyNames": quoting,
		"LineItemsPageByPage":              items,
		"LineItemsAsFiles":                 itemFiles,
		"KnownKeysAndValues":               known,
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			test(t, &bench{t: t, dir: dir, engine: open(t, dir)})
		})
	}
}

// bench has an engine and what is published.
type bench struct {
	t      *testing.T
	dir    string
	engine Engine
	snap   lake.Snapshot
	sums   []map[string]bursar.Decimal // of each publication
}

// Snapshot gives what was published.
func (b *bench) Snapshot(context.Context, string, func(bursar.Period) bool) (*lake.Snapshot, error) {
	s := b.snap
	return &s, nil
}

// publish adds deliveries, each with its rollup and summary, as the lake does.
func (b *bench) publish(bills ...Bill) {
	b.t.Helper()
	var items []lake.Files
	for _, bill := range bills {
		items = append(items, bill.Write(b.t, b.dir))
	}
	n := len(b.snap.Rollups)
	rollup, summary := filepath.Join(b.dir, fmt.Sprintf("rollup%d.parquet", n)), filepath.Join(b.dir, fmt.Sprintf("summary%d.parquet", n))
	rolled, err := b.engine.Roll(b.t.Context(), items, rollup, summary)
	check(b.t, err)
	b.sums = append(b.sums, rolled.Totals)
	b.snap.LineItems = append(b.snap.LineItems, items...)
	b.snap.Rollups = append(b.snap.Rollups, described(b.t, rollup))
	b.snap.Summaries = append(b.snap.Summaries, described(b.t, summary))
}

// ask answers as text, a row each, and makes sure that the line items say the same as what was rolled.
func (b *bench) ask(w query.Words) string {
	b.t.Helper()
	rolled, items := b.rows(w, false), b.rows(w, true)
	if rolled != items {
		b.t.Errorf("%+v:\nfrom the rollup\n%s\nfrom the line items\n%s", w, rolled, items)
	}
	return rolled
}

func (b *bench) rows(w query.Words, items bool) string {
	b.t.Helper()
	if w.From == "" {
		w.From, w.To = "2026-01", "2026-07"
	}
	q, err := query.Parse(w, time.Date(2026, 6, 15, 0, 0, 0, 0, time.UTC))
	check(b.t, err)
	q.LineItems = items
	a, err := query.Questions{Lake: b, Engine: b.engine}.Ask(b.t.Context(), "ws", q)
	check(b.t, err)
	var out []string
	for _, r := range a.Rows {
		out = append(out, row(q, r))
	}
	return strings.Join(out, "\n")
}

func row(q query.Question, r query.Row) string {
	var cells []string
	switch q.Granularity {
	case query.Total:
	case query.Hourly:
		cells = append(cells, r.Start.Format("2006-01-02T15"))
	default:
		cells = append(cells, r.Start.Format(time.DateOnly))
	}
	if r.Rest > 0 {
		cells = append(cells, fmt.Sprintf("(%d more)", r.Rest))
	} else {
		cells = append(cells, r.Groups...)
	}
	cells = append(cells, r.Amount.String())
	if q.Compare {
		cells = append(cells, "was "+r.Previous.String())
	}
	return strings.Join(append(cells, r.Currency), " ")
}

// want compares an answer.
func (b *bench) want(w query.Words, want string) {
	b.t.Helper()
	want = strings.Trim(want, "\n")
	if got := b.ask(w); got != want {
		b.t.Errorf("%+v:\ngot\n%s\nwant\n%s", w, got, want)
	}
}
