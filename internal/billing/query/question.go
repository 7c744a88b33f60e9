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
	Hourly  Granularity = "hourly" // from the line items: rollups have days
	Daily   Granularity = "daily"
	Monthly Granularity = "monthly"
	Total   Granularity = "total" // one row for the whole time
)

// Granularities are all of them, the finest first.
var Granularities = []string{string(Hourly), string(Daily), string(Monthly), string(Total)}

// What one question may ask for.
const (
	MaxGroups  = 3         // dimensions to group by
	MaxFilters = 50        // filters
	MaxRows    = 1_000_000 // rows of an answer
)

// Question asks what something cost.
type Question struct {
	GroupBy     []Dimension
	Filters     []Filter
	Granularity Granularity
	From, To    time.Time // midnight UTC; To is exclusive
	Metric      Metric
	Compare     bool // each row, and each total, has the amount of the time before too
	Top         int  // groups that are told apart, those with the largest amounts; the others are summed. 0 is all
	LineItems   bool // read the line items even where a rollup has the answer: the answer is the same, and slower
}

// Words are a question as people and programs write it.
type Words struct {
	GroupBy     []string // none is a single row for each time
	Granularity string   // "" is monthly
	From        string   // YYYY-MM or YYYY-MM-DD; "" is the first day of the month 5 months ago
	To          string   // the same, exclusive; "" is the first day of the next month
	Metric      string   // "" is unblended
	Filters     []string // "service is AmazonEC2": see [ParseFilter]
	Compare     string   // "previous" compares with the time before; "" does not
	Top         int      // 0 is all
}

// Parse reads a question. Every mistake is an Invalid error that names the field and, where there is a list, lists what is valid.
func Parse(w Words, now time.Time) (q Question, err error) {
	if q.Metric, err = MetricByName(or(w.Metric, "unblended")); err != nil {
		return q, err
	}
	if q.Granularity = Granularity(or(w.Granularity, string(Monthly))); !slices.Contains(Granularities, string(q.Granularity)) {
		return q, unknown("granularity", w.Granularity, Granularities)
	}
	if q.GroupBy, err = parseGroups(w.GroupBy); err != nil {
		return q, err
	}
	if q.Filters, err = parseFilters(w.Filters); err != nil {
		return q, err
	}
	if w.Compare != "" && w.Compare != "previous" {
		return q, unknown("compare", w.Compare, []string{"previous"})
	}
	if w.Top < 0 || w.Top > 0 && len(w.GroupBy) == 0 {
		return q, bursar.InvalidField("top", "there is nothing to take the top %d of", w.Top).WithReason("bad_top").WithHint("group by something, and take at least 1")
	}
	q.Compare, q.Top = w.Compare != "", w.Top
	q.From, q.To, err = parseTime(w.From, w.To, now)
	return q, err
}

func parseGroups(names []string) (out []Dimension, err error) {
	if len(names) > MaxGroups {
		return nil, bursar.InvalidField("group_by", "%d dimensions are too many", len(names)).WithReason("too_many_groups").WithHint("use at most %d", MaxGroups)
	}
	for i, name := range names {
		d, err := DimensionByName(name)
		if err != nil {
			return nil, err
		}
		if slices.Contains(names[:i], name) {
			return nil, bursar.InvalidField("group_by", "%q stands there twice", name).WithReason("group_twice").WithHint("name each dimension once")
		}
		out = append(out, d)
	}
	return out, nil
}

func parseTime(first, end string, now time.Time) (from, to time.Time, err error) {
	month := bursar.PeriodOf(now)
	if from, err = day("from", first, month.Add(-5).Start()); err != nil {
		return from, to, err
	}
	if to, err = day("to", end, month.End()); err != nil {
		return from, to, err
	}
	if !from.Before(to) {
		return from, to, bursar.InvalidField("to", "the time ends (%s) before it begins (%s)", to.Format(time.DateOnly), from.Format(time.DateOnly)).
			WithReason("empty_time").WithHint("the end is exclusive: from=2026-01&to=2026-02 is January")
	}
	return from, to, nil
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
	Start    time.Time // when the row's time begins
	Groups   []string  // one value for each dimension of the question; "" where AWS gave none
	Rest     int       // how many groups are summed here, beyond the top ones; its Groups are then ""
	Amount   bursar.Decimal
	Previous bursar.Decimal // of the time before, when the question compares
	Currency string         // of a quantity: the unit
	Source   string         // where it comes from when no bill has told it yet: "cost_explorer"; "" is a bill
}

// Answer answers a question: rows by time, then by amount, the largest first, and a total for each currency.
type Answer struct {
	Question Question
	Rows     []Row
	Totals   []bursar.Money
	Previous *Previous // when the question compares
	Notes    []Note
	State    string // changes whenever the question or the deliveries that count change
}

// Previous is the time before the question's: as many months where the question is about whole months, and else as many days.
type Previous struct {
	From, To time.Time
	Totals   []bursar.Money
}

// Note is something that a reader of the amounts should know.
type Note struct {
	Code    string `json:"code"` // stable, lower_snake_case
	Message string `json:"message"`
}
