package costexplorer_test

import (
	"strings"
	"testing"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/deploy"
	"github.com/bursarhq/bursar/internal/permission"
	"github.com/bursarhq/bursar/internal/source/costexplorer"
	"pgregory.net/rapid"
)

// TestWindows plans at any time, with anything held, and holds the windows against AWS's rules.
func TestWindows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(rapid.Int64Range(0, 3*366*24*3600).Draw(t, "second")) * time.Second)
		o := rapid.SampledFrom(costexplorer.Operations()).Draw(t, "stream")
		s := bursar.Stream{Name: o.Name, Months: rapid.IntRange(0, 38).Draw(t, "months")}
		var held []bursar.CostMonth
		for i := range rapid.IntRange(0, 15).Draw(t, "held") {
			p := bursar.PeriodOf(now).Add(-i)
			held = append(held, bursar.CostMonth{
				Stream: o.Name, Period: p, Question: rapid.SampledFrom([]string{"q", "other"}).Draw(t, "question"), Closed: rapid.Bool().Draw(t, "closed") && i > 0,
				FetchedAt: now.Add(-time.Duration(rapid.IntRange(1, 90*24).Draw(t, "hours")) * time.Hour),
			})
		}
		windows, clamped := o.Plan(s, "q", held, now)
		for _, w := range windows {
			rules(t, o, w, now)
		}
		if o.Most > 0 && (s.Months > o.Most) != (clamped != "") {
			t.Errorf("%s with %d months: clamped is %q", o.Name, s.Months, clamped)
		}
		if o.Most > 0 {
			covers(t, o, s, windows, held, now)
		}
	})
}

// rules are AWS's.
func rules(t *rapid.T, o *costexplorer.Operation, w costexplorer.Window, now time.Time) {
	if o.Times == costexplorer.Timeless {
		if w != (costexplorer.Window{}) {
			t.Errorf("%s has no time: %v", o.Name, w)
		}
		return
	}
	today := now.Truncate(24 * time.Hour)
	nextMonth := bursar.PeriodOf(now).End()
	switch {
	case !w.From.Before(w.To):
		t.Errorf("%s: %v is empty", o.Name, w)
	case o.Times == costexplorer.Future && (w.From.Before(today) || w.To.After(today.AddDate(0, 12, 0))):
		t.Errorf("%s: %v", o.Name, w)
	case o.Times != costexplorer.Future && w.From.After(now):
		t.Errorf("%s begins after today: %v", o.Name, w)
	case o.Times != costexplorer.Future && !o.Settled && w.To.After(nextMonth):
		t.Errorf("%s ends past the beginning of next month: %v", o.Name, w)
	case o.Settled && w.To.After(today):
		t.Errorf("%s ends after today: %v", o.Name, w)
	case (o.Times == costexplorer.Hourly || o.Times == costexplorer.Resources) && w.From.Before(today.AddDate(0, 0, -14)):
		t.Errorf("%s begins more than 14 days ago: %v", o.Name, w)
	case (o.Times == costexplorer.Daily || o.Times == costexplorer.Monthly) && w.From.Day() != 1:
		t.Errorf("%s does not begin with a month: %v", o.Name, w)
	case o.Times == costexplorer.Daily && w.From.AddDate(0, 3, 0).Before(w.To):
		t.Errorf("%s has more than three months: %v", o.Name, w)
	case o.Times == costexplorer.Daily && w.From.Before(today.AddDate(0, -14, 0)):
		t.Errorf("%s begins more than 14 months ago: %v", o.Name, w)
	}
}

// covers proves that each month that must be asked is, once, and that no closed one is.
func covers(t *rapid.T, o *costexplorer.Operation, s bursar.Stream, windows []costexplorer.Window, held []bursar.CostMonth, now time.Time) {
	known := map[bursar.Period]bursar.CostMonth{}
	for _, m := range held {
		if m.Question == "q" {
			known[m.Period] = m
		}
	}
	months := s.Months
	if months == 0 {
		months = o.Months
	}
	for i := range min(months, o.Most) {
		p := bursar.PeriodOf(now).Add(-i)
		n := 0
		for _, w := range windows {
			if !p.Start().Before(w.From) && p.Start().Before(w.To) {
				n++
			}
		}
		m, ok := known[p]
		must := !ok || i == 0 || i == 1 && now.Day() <= 10 && !m.Closed
		if ok && now.Sub(m.FetchedAt) < 6*time.Hour {
			must = false // it cannot have changed
		}
		if o.Settled && i == 0 && now.Day() == 1 {
			must = false // no day of it is over
		}
		if n > 1 || must && n == 0 || ok && m.Closed && n > 0 {
			t.Errorf("%s at %s: %s is asked %d times; held: %+v", o.Name, now, p, n, m)
		}
	}
}

// TestEveryStreamsActionIsKnown: what a stream needs is what permissions are checked for, and what the access template grants.
func TestEveryStreamsActionIsKnown(t *testing.T) {
	template, err := deploy.Template(deploy.Access)
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, a := range permission.CostExplorer() {
		known[a.Name] = true
	}
	for _, o := range costexplorer.Operations() {
		if !known[o.IAM()] || !strings.Contains(string(template), "- "+o.IAM()+"\n") {
			t.Errorf("%s needs %s: checked %v", o.Name, o.IAM(), known[o.IAM()])
		}
	}
}
