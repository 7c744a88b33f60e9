package costexplorer

import (
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/source/costexplorer/paid"
)

// Window is a span of time that is asked for at once, and replaced at once. Times are UTC, the end is exclusive. The zero window has no time.
type Window struct{ From, To time.Time }

// lookBack says how long the month before the current one is asked for again: until its bill is final.
const lookBack = 10

// settled is how long after its end a month is taken for final.
const settled = 15 * 24 * time.Hour

// proven is how far apart two answers are, at least, of which the second proves the first.
const proven = 20 * time.Hour

// Plan says which windows of a stream must be asked for now, given what is held already. Months that are closed are not asked again. clamped
// is the first day of what AWS gives, where more was wanted than that.
func (o *Operation) Plan(s bursar.Stream, question string, held []bursar.CostMonth, now time.Time) (windows []Window, clamped string) {
	now = now.UTC()
	today := now.Truncate(24 * time.Hour)
	switch o.Times {
	case Daily, Monthly:
		if o.Most == 0 {
			return []Window{{bursar.PeriodOf(now).Add(-2).Start(), tomorrow(now)}}, ""
		}
		return o.months(s, question, held, now)
	case Hourly:
		return []Window{{now.Truncate(time.Hour).AddDate(0, 0, -13), now.Truncate(time.Hour)}}, ""
	case Resources:
		return []Window{{today.AddDate(0, 0, -13), tomorrow(now)}}, ""
	case Recent:
		return []Window{{today.AddDate(0, 0, -89), today}}, ""
	case Future:
		return []Window{{today, bursar.PeriodOf(now).Add(3).Start()}}, ""
	}
	return []Window{{}}, ""
}

// tomorrow is the furthest end of a question about costs: never past the first of the next month.
func tomorrow(now time.Time) time.Time { return now.UTC().Truncate(24*time.Hour).AddDate(0, 0, 1) }

// end is where the last window of a stream ends. What is only told of whole days ends today.
func (o *Operation) end(now time.Time) time.Time {
	if o.Settled {
		return now.UTC().Truncate(24 * time.Hour)
	}
	if o.Times == Monthly {
		return bursar.PeriodOf(now).End()
	}
	return tomorrow(now)
}

func (o *Operation) months(s bursar.Stream, question string, held []bursar.CostMonth, now time.Time) (windows []Window, clamped string) {
	current := bursar.PeriodOf(now)
	want := s.Months
	if want <= 0 {
		want = o.Months
	}
	first := current.Add(1 - want)
	if oldest := current.Add(1 - o.Most); first.Before(oldest) {
		first, clamped = oldest, oldest.Start().Format(time.DateOnly)
	}
	known := map[bursar.Period]bursar.CostMonth{}
	for _, m := range held {
		if m.Question == question {
			known[m.Period] = m
		}
	}
	var due []bursar.Period
	for p := first; !current.Before(p); p = p.Add(1) {
		if m, ok := known[p]; mustAsk(p, m, ok, now) {
			due = append(due, p)
		}
	}
	return o.join(due, now), clamped
}

// mustAsk says whether a month must be asked for. One is asked until it is closed: while it goes on, until the tenth of the next month, and
// then when its bill is final.
func mustAsk(p bursar.Period, m bursar.CostMonth, held bool, now time.Time) bool {
	age := now.Sub(m.FetchedAt)
	switch {
	case !held || m.FetchedAt.IsZero():
		return true
	case m.Closed || age < paid.Fresh && age >= 0:
		return false
	case p.Contains(now):
		return true
	}
	if p.Add(1).Contains(now) && now.UTC().Day() <= lookBack {
		return true
	}
	return !now.Before(p.End().Add(settled)) && (age < 0 || age > proven)
}

// join makes windows of months: days of at most three months at once.
func (o *Operation) join(due []bursar.Period, now time.Time) (windows []Window) {
	most := 3
	if o.Times == Monthly {
		most = 38
	}
	if o.Action == "GetSavingsPlansUtilizationDetails" { // it answers for the whole window: each month needs its own
		most = 1
	}
	end := o.end(now)
	for i := 0; i < len(due); {
		j := i + 1
		for j < len(due) && j-i < most && due[j] == due[j-1].Add(1) {
			j++
		}
		w := Window{due[i].Start(), due[j-1].End()}
		if w.To.After(end) {
			w.To = end
		}
		if w.From.Before(w.To) {
			windows = append(windows, w)
		}
		i = j
	}
	return windows
}

// periods are the months that a window touches; one zero period for what has no months.
func (o *Operation) periods(w Window) []bursar.Period {
	if o.snapshot() {
		return []bursar.Period{{}}
	}
	var out []bursar.Period
	for p := bursar.PeriodOf(w.From); p.Start().Before(w.To); p = p.Add(1) {
		out = append(out, p)
	}
	return out
}

// snapshot says whether each answer replaces everything that was held.
func (o *Operation) snapshot() bool {
	switch o.Times {
	case Daily, Monthly:
		return o.Most == 0
	case Hourly, Resources:
		return false
	}
	return true
}

// interval writes a window as AWS wants it.
func (o *Operation) interval(w Window) map[string]any {
	layout := time.DateOnly
	if o.Times == Hourly {
		layout = time.RFC3339
	}
	return map[string]any{"Start": w.From.Format(layout), "End": w.To.Format(layout)}
}
