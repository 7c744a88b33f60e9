package query

import (
	"slices"
	"strings"
	"time"

	"github.com/bursarhq/bursar"
)

// Granularity says how time is cut.
type Granularity string

// The granularities. Days and months are UTC.
const (
	Daily   Granularity = "daily"
	Monthly Granularity = "monthly"
	Total   Granularity = "total" // one row for the whole time
)

var granularities = []string{string(Daily), string(Monthly), string(Total)}

// MaxGroups is how many dimensions a question may group by.
const MaxGroups = 3

// Question asks what something cost.
type Question struct {
	GroupBy     []Dimension
	Granularity Granularity
	From, To    time.Time // midnight UTC; To is exclusive
	Metric      Metric
	LineItems   bool // read the line items even where a rollup has the answer: the answer is the same, and slower
}

// Words are a question as people and programs write it.
type Words struct {
	GroupBy     []string // none is a single row for each time
	Granularity string   // "" is monthly
	From        string   // YYYY-MM or YYYY-MM-DD; "" is the first day of the month 5 months ago
	To          string   // the same, exclusive; "" is the first day of the next month
	Metric      string   // "" is unblended
}

// Parse reads a question. Every mistake is an Invalid error that names the field and, where there is a list, lists what is valid.
func Parse(w Words, now time.Time) (q Question, err error) {
	if q.Metric, err = MetricByName(or(w.Metric, "unblended")); err != nil {
		return q, err
	}
	if q.Granularity = Granularity(or(w.Granularity, string(Monthly))); !slices.Contains(granularities, string(q.Granularity)) {
		return q, unknown("granularity", w.Granularity, granularities)
	}
	if len(w.GroupBy) > MaxGroups {
		return q, bursar.InvalidField("group_by", "%d dimensions are too many", len(w.GroupBy)).WithReason("too_many_groups").WithHint("use at most %d", MaxGroups)
	}
	for i, name := range w.GroupBy {
		d, err := DimensionByName(name)
		if err != nil {
			return q, err
		}
		if slices.Contains(w.GroupBy[:i], name) {
			return q, bursar.InvalidField("group_by", "%q stands there twice", name).WithReason("group_twice").WithHint("name each dimension once")
		}
		q.GroupBy = append(q.GroupBy, d)
	}
	month := bursar.PeriodOf(now)
	if q.From, err = day("from", w.From, month.Add(-5).Start()); err != nil {
		return q, err
	}
	if q.To, err = day("to", w.To, month.End()); err != nil {
		return q, err
	}
	if !q.From.Before(q.To) {
		return q, bursar.InvalidField("to", "the time ends (%s) before it begins (%s)", q.To.Format(time.DateOnly), q.From.Format(time.DateOnly)).
			WithReason("empty_time").WithHint("the end is exclusive: from=2026-01&to=2026-02 is January")
	}
	return q, nil
}

func or(s, otherwise string) string {
	if s = strings.TrimSpace(s); s != "" {
		return s
	}
	return otherwise
}

func day(field, s string, otherwise time.Time) (time.Time, error) {
	if s == "" {
		return otherwise, nil
	}
	for _, form := range []string{"2006-01", time.DateOnly} {
		if t, err := time.Parse(form, s); err == nil && len(s) == len(form) {
			return t, nil
		}
	}
	return time.Time{}, bursar.InvalidField(field, "%q is neither a month nor a day", s).WithReason("bad_time").WithHint("write YYYY-MM or YYYY-MM-DD")
}

// Row is one cell of an answer.
type Row struct {
	Start    time.Time // first day of the row's time
	Groups   []string  // one value for each dimension of the question; "" where AWS gave none
	Amount   bursar.Decimal
	Currency string
}

// Answer answers a question: rows by time, then by amount, the largest first, and a total for each currency.
type Answer struct {
	Question Question
	Rows     []Row
	Totals   []bursar.Money
}
