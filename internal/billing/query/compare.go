package query

import (
	"slices"
	"strings"
	"time"

	"github.com/bursarhq/bursar"
)

// before is the same question about the time before: as many months where it is about whole months, and else as many days.
func (q Question) before() Question {
	p := q
	p.To = q.From
	if q.wholeMonths() {
		p.From = q.From.AddDate(0, -months(q.From, q.To), 0)
	} else {
		p.From = q.From.Add(-q.To.Sub(q.From))
	}
	p.Compare, p.Top = false, 0
	return p
}

func (q Question) wholeMonths() bool { return q.From.Day() == 1 && q.To.Day() == 1 }

func months(from, to time.Time) int {
	return (to.Year()-from.Year())*12 + int(to.Month()) - int(from.Month())
}

// counterpart is the time of the question that a time of the one before is compared with. Days that a month lacks (the 31st, against
// February) are compared with its last, so that nothing of the time before is left out.
func (q Question) counterpart(before Question, t time.Time) time.Time {
	switch {
	case q.Granularity == Total:
		return q.From
	case q.Granularity == Monthly:
		first := time.Date(q.From.Year(), q.From.Month(), 1, 0, 0, 0, 0, time.UTC)
		most := months(q.From, q.To.AddDate(0, 0, -1))
		return first.AddDate(0, min(months(before.From, t), most), 0)
	case q.wholeMonths():
		month := bursar.PeriodOf(t).Add(months(before.From, q.From))
		last := month.End().AddDate(0, 0, -1).Day()
		return time.Date(month.Start().Year(), month.Start().Month(), min(t.Day(), last), t.Hour(), 0, 0, 0, time.UTC)
	}
	return t.Add(q.From.Sub(before.From))
}

// compare puts the amounts of the time before beside those of the question's.
func (q Question) compare(rows []Row, before Question, earlier []Row) []Row {
	for _, r := range earlier {
		r.Start, r.Previous, r.Amount = q.counterpart(before, r.Start), r.Amount, bursar.Decimal{}
		rows = append(rows, r)
	}
	return merge(rows)
}

// top keeps, for each currency, the groups with the largest amounts over the whole time, and sums the others: one row for each time.
func (q Question) top(rows []Row) []Row {
	kept := q.largest(rows)
	rest := map[string]map[string]bool{} // groups by currency
	for i, r := range rows {
		key := strings.Join(r.Groups, "\x00")
		if kept[r.Currency][key] {
			continue
		}
		if rest[r.Currency] == nil {
			rest[r.Currency] = map[string]bool{}
		}
		rest[r.Currency][key] = true
		rows[i].Groups, rows[i].Rest = make([]string, len(r.Groups)), 1
	}
	rows = merge(rows)
	for i, r := range rows {
		if r.Rest > 0 {
			rows[i].Rest = len(rest[r.Currency])
		}
	}
	return rows
}

// largest names the groups that top keeps, by currency.
func (q Question) largest(rows []Row) map[string]map[string]bool {
	sums := map[string]map[string]Row{}
	for _, r := range rows {
		key := strings.Join(r.Groups, "\x00")
		if sums[r.Currency] == nil {
			sums[r.Currency] = map[string]Row{}
		}
		sum := sums[r.Currency][key]
		sum.Groups, sum.Amount, sum.Previous = r.Groups, sum.Amount.Add(r.Amount), sum.Previous.Add(r.Previous)
		sums[r.Currency][key] = sum
	}
	kept := map[string]map[string]bool{}
	for currency, groups := range sums {
		var all []Row
		for _, sum := range groups {
			all = append(all, sum)
		}
		slices.SortFunc(all, byAmount)
		kept[currency] = map[string]bool{}
		for _, sum := range all[:min(q.Top, len(all))] {
			kept[currency][strings.Join(sum.Groups, "\x00")] = true
		}
	}
	return kept
}
