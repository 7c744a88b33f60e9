// Package forecast says what the current month will have cost at its end, from what the days before cost: by a method that a person can
// follow with a pencil, in exact decimals.
package forecast

import (
	"context"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/billing/query"
)

// The numbers of the method.
const (
	Week    = 7  // days whose average is the daily cost; fewer complete days are too little to say anything
	History = 28 // days that the range is looked for in
)

// Method says in words how it is done.
const Method = "What runs by the day (usage, with its discounts and what savings plans and reservations do to it) goes on as on the average of the last 7 complete days. " +
	"What does not (tax, credits, refunds, fees, monthly fees of reservations) counts as it is billed so far. " +
	"The range is what it would be if the days left were like the cheapest, and like the dearest, 7 days in a row of the last 28. " +
	"The last day that the bill has is not complete yet: it counts as its average, or as what is billed of it already when that is more."

// running are the types of line items that go on from day to day; in FOCUS the charge category Usage.
var running = []string{
	"Usage", "DiscountedUsage", "SavingsPlanCoveredUsage", "SavingsPlanNegation", "SavingsPlanRecurringFee", "FlatRateSubscription",
	"EdpDiscount", "PrivateRateDiscount", "BundledDiscount", "DistributorDiscount", "RiVolumeDiscount", "SppDiscount", "Discount",
}

// Forecast is what a month is expected to cost.
type Forecast struct {
	Period     bursar.Period
	Metric     query.Metric
	Through    time.Time // the last complete day; zero where there is none
	DaysLeft   int       // of the month, after it
	Currencies []Currency
	Notes      []query.Note
}

// Currency is the forecast in one currency.
type Currency struct {
	Currency string
	ToDate   bursar.Decimal // of the month, all that is billed
	Running  bursar.Decimal // of it, what goes on from day to day
	Standing bursar.Decimal // of it, what does not
	Days     int            // complete days of history, at most History
	Expected *Expected      // nil where there is too little to say

	LastMonth bursar.Decimal // the whole month before
	// SameDays compares like with like: both months up to the same day, the last complete one. Nil while this month has none.
	SameDays *SameDays
}

// Expected is what the whole month is expected to cost, between Low and High.
type Expected struct {
	Amount, Low, High bursar.Decimal
	Daily             bursar.Decimal // what runs on the average day, rounded to 10 digits after the point, or as many as the bill has
}

// SameDays are the first days of this month and of the one before.
type SameDays struct {
	Days        int
	This, Last  bursar.Decimal
	Through     time.Time // the last of this month's
	LastThrough time.Time // the last of the other's: earlier where that month is shorter
}

// Asker answers questions about cost. [query.Questions] does.
type Asker interface {
	Ask(ctx context.Context, workspaceID string, q query.Question) (query.Answer, error)
}

// Make forecasts the month of now, for what the filters let through. Usage is not forecast: a metric that counts it is an Invalid error.
func Make(ctx context.Context, costs Asker, workspaceID, metric string, filters []string, now time.Time) (Forecast, error) {
	month := bursar.PeriodOf(now)
	q, err := query.Parse(query.Words{
		GroupBy: []string{"line_item_type"}, Granularity: string(query.Daily), From: month.Add(-1).String(), To: month.Add(1).String(), Metric: metric, Filters: filters,
	}, now)
	if err != nil {
		return Forecast{}, err
	}
	if q.Metric.Quantity {
		return Forecast{}, bursar.InvalidField("metric", "usage is not forecast").WithReason("metric_not_forecast").WithHint("use unblended, amortized or another cost")
	}
	answer, err := costs.Ask(ctx, workspaceID, q)
	if err != nil {
		return Forecast{}, err
	}
	return of(month, answer), nil
}

// of forecasts a month from the daily costs of it and the one before, by type of line item.
func of(month bursar.Period, answer query.Answer) Forecast {
	out := Forecast{Period: month, Metric: answer.Question.Metric, Notes: answer.Notes, Currencies: []Currency{}}
	byCurrency := map[string]*ledger{}
	var last time.Time
	for _, r := range answer.Rows {
		l := byCurrency[r.Currency]
		if l == nil {
			l = &ledger{all: map[time.Time]bursar.Decimal{}, running: map[time.Time]bursar.Decimal{}}
			byCurrency[r.Currency] = l
		}
		l.all[r.Start] = l.all[r.Start].Add(r.Amount)
		if slices.Contains(running, r.Groups[0]) {
			l.running[r.Start] = l.running[r.Start].Add(r.Amount)
			if r.Start.After(last) {
				last = r.Start
			}
		}
	}
	out.Through, out.DaysLeft = complete(month, last)
	for _, currency := range slices.Sorted(maps.Keys(byCurrency)) {
		out.Currencies = append(out.Currencies, byCurrency[currency].forecast(currency, month, out.Through, out.DaysLeft))
	}
	return out
}

// complete is the last complete day: AWS still adds to the last day that a bill has, save once its month is over.
func complete(month bursar.Period, last time.Time) (through time.Time, left int) {
	if last.IsZero() {
		return last, days(month.Start(), month.End())
	}
	if !last.Before(month.Start()) {
		last = last.AddDate(0, 0, -1)
	}
	next := last.AddDate(0, 0, 1)
	if next.Before(month.Start()) {
		next = month.Start()
	}
	return last, days(next, month.End())
}

func days(from, to time.Time) int { return int(to.Sub(from) / (24 * time.Hour)) }

// ledger is what days cost in one currency.
type ledger struct {
	all, running map[time.Time]bursar.Decimal
}

func (l *ledger) sum(of map[time.Time]bursar.Decimal, from, to time.Time) (s bursar.Decimal) {
	for day, amount := range of {
		if !day.Before(from) && day.Before(to) {
			s = s.Add(amount)
		}
	}
	return s
}

func (l *ledger) forecast(currency string, month bursar.Period, through time.Time, left int) Currency {
	before := month.Add(-1)
	c := Currency{
		Currency: currency, ToDate: l.sum(l.all, month.Start(), month.End()), Running: l.sum(l.running, month.Start(), month.End()),
		LastMonth: l.sum(l.all, before.Start(), before.End()),
	}
	c.Standing = c.ToDate.Sub(c.Running)
	if n := days(month.Start(), through.AddDate(0, 0, 1)); !through.IsZero() && n > 0 {
		end := before.Start().AddDate(0, 0, n)
		if end.After(before.End()) {
			end = before.End()
		}
		c.SameDays = &SameDays{
			Days: n, Through: through, LastThrough: end.AddDate(0, 0, -1),
			This: l.sum(l.all, month.Start(), through.AddDate(0, 0, 1)), Last: l.sum(l.all, before.Start(), end),
		}
	}
	if through.IsZero() {
		return c
	}
	c.Days = l.history(through)
	if c.Days >= Week {
		c.Expected = l.expect(c, month, through, left)
	}
	return c
}

// history is how many days there are up to the last complete one, from the first that has any cost.
func (l *ledger) history(through time.Time) int {
	first := through.AddDate(0, 0, 1)
	for day := range l.running {
		if day.Before(first) {
			first = day
		}
	}
	return min(History, days(first, through)+1)
}

// expect adds the days left to what there is.
func (l *ledger) expect(c Currency, month bursar.Period, through time.Time, left int) *Expected {
	week := func(last time.Time) bursar.Decimal {
		return l.sum(l.running, last.AddDate(0, 0, 1-Week), last.AddDate(0, 0, 1))
	}
	now := week(through)
	low, high := now, now
	for i := range c.Days - Week + 1 {
		w := week(through.AddDate(0, 0, -i))
		if w.Cmp(low) < 0 {
			low = w
		}
		if w.Cmp(high) > 0 {
			high = w
		}
	}
	complete := c.Standing.Add(l.sum(l.running, month.Start(), through.AddDate(0, 0, 1)))
	begun := bursar.Decimal{} // of the day that is not complete
	if today := through.AddDate(0, 0, 1); !today.Before(month.Start()) {
		begun = l.running[today]
	}
	whole := func(week bursar.Decimal) bursar.Decimal {
		if left == 0 {
			return complete
		}
		rest := times(week, left-1)
		if today := times(week, 1); today.Cmp(begun) > 0 {
			return complete.Add(rest).Add(today)
		}
		return complete.Add(rest).Add(begun)
	}
	return &Expected{Amount: whole(now), Low: whole(low), High: whole(high), Daily: times(now, 1)}
}

// digitsAfterPoint is what averages have at least.
const digitsAfterPoint = 10

// times is a week's cost for so many days, rounded half away from zero.
func times(week bursar.Decimal, days int) bursar.Decimal {
	scale := max(digitsAfterPoint, week.Scale())
	n, _ := week.Unscaled(scale)
	n.Mul(n, big.NewInt(int64(2*days)))
	if n.Sign() < 0 {
		n.Sub(n, big.NewInt(Week))
	} else {
		n.Add(n, big.NewInt(Week))
	}
	return bursar.NewDecimal(n.Quo(n, big.NewInt(2*Week)), scale) // Quo cuts towards zero
}

// Lacking says what is missing where there is no forecast; "" where there is one.
func (c Currency) Lacking() string {
	if c.Expected != nil {
		return ""
	}
	return fmt.Sprintf("%d complete days of usage are needed before the month can be forecast; the bill has %d", Week, c.Days)
}
