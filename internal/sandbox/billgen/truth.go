package billgen

import (
	"iter"
	"time"

	"github.com/bursarhq/bursar"
)

// Totals are exact sums over line items.
type Totals struct {
	Rows      int64          `json:"rows"`
	Unblended bursar.Decimal `json:"unblended_cost"`
	Amortized bursar.Decimal `json:"amortized_cost"`
	Net       bursar.Decimal `json:"net_unblended_cost"`
}

// Truth is what a bill adds up to. A bill has one currency.
type Truth struct {
	Currency string `json:"currency"`
	Totals
	ByType    map[string]Totals `json:"by_line_item_type"`
	ByService map[string]Totals `json:"by_service"` // by line_item_product_code
	ByAccount map[string]Totals `json:"by_account"` // by line_item_usage_account_id
	ByDay     map[string]Totals `json:"by_day"`     // by the UTC day of line_item_usage_start_date, YYYY-MM-DD
}

type sums struct {
	rows                      int64
	unblended, amortized, net Sum
}

func (s *sums) add(l *Line) {
	s.rows++
	s.unblended.Add(l.UnblendedCost)
	s.amortized.Add(l.Amortized())
	s.net.Add(l.Net())
}

func (s *sums) totals() Totals {
	return Totals{s.rows, s.unblended.Decimal(), s.amortized.Decimal(), s.net.Decimal()}
}

type sumsBy[K comparable] map[K]*sums

func (m sumsBy[K]) at(k K) *sums {
	s := m[k]
	if s == nil {
		s = &sums{}
		m[k] = s
	}
	return s
}

func totalsOf[K comparable](m sumsBy[K], name func(K) string) map[string]Totals {
	out := make(map[string]Totals, len(m))
	for k, s := range m {
		out[name(k)] = s.totals()
	}
	return out
}

// measure adds up a bill.
func measure(lines iter.Seq[*Line]) *Truth {
	const day = 24 * 3600
	var (
		t                     Truth
		all                   sums
		types                 = sumsBy[LineType]{}
		services, accounts    = sumsBy[string]{}, sumsBy[string]{}
		days                  = sumsBy[int64]{}
		byType, bySvc, byAcct *sums
		byDay                 *sums
		block, today          = -1, int64(-1)
	)
	for l := range lines {
		if l.Block != block {
			block, t.Currency = l.Block, l.Currency
			byType, bySvc, byAcct = types.at(l.Type), services.at(l.ProductCode), accounts.at(l.Account.ID)
		}
		if d := l.Start / day; d != today {
			today, byDay = d, days.at(d)
		}
		all.add(l)
		byType.add(l)
		bySvc.add(l)
		byAcct.add(l)
		byDay.add(l)
	}
	t.Totals = all.totals()
	t.ByType = totalsOf(types, func(k LineType) string { return string(k) })
	t.ByService = totalsOf(services, func(k string) string { return k })
	t.ByAccount = totalsOf(accounts, func(k string) string { return k })
	t.ByDay = totalsOf(days, func(k int64) string { return time.Unix(k*day, 0).UTC().Format(time.DateOnly) })
	return &t
}
