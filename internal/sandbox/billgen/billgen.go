// Package billgen makes up AWS bills: the line items of an organization's month, as typed values, as many as
// are asked for, always the same for the same seed, with the exact totals beside them ([Truth]).
//
// A bill is never held in memory: [Bill.Lines] and [Part.Lines] stream it. Lines come in blocks, one after
// another: a block is one resource, fee or discount, and its lines differ only in their times and amounts, as the
// hours of one resource do in a real report. Package report writes bills in AWS's formats.
//
// The line item types and their arithmetic follow the Cost and Usage Report's user guide ("Line item details",
// "Reservation details", "Savings Plans details", "Split line item details"). Three laws hold exactly, not to a rounding, in any state of a month:
//
//   - Split cost: the pods' costs and what they left unused add up to the cost of their instance, hour by hour.
//   - Savings Plans: covered usage and its negation add up to zero.
//   - Reservations: effective cost plus unused fees equals recurring fees plus the amortized upfront fees.
package billgen

import (
	"iter"
	"slices"
	"sync"
	"time"

	"github.com/bursarhq/bursar"
)

// Account is an account that a bill names.
type Account struct {
	ID   string `json:"id"` // 12 digits
	Name string `json:"name"`
}

// Spec says whose bills they are and how big. Equal specs give equal bills.
type Spec struct {
	Seed     uint64
	Payer    Account
	Linked   []Account     // members; the payer has usage of its own too
	Only     Account       // the bill of one member by itself: its usage alone. Zero = the whole organization
	Currency string        // "" = USD
	Lines    int           // line items of a whole, closed month: exact from about 2,000 upwards
	Since    bursar.Period // first month with usage; commitments are bought around it. Zero = 2026-01
	EDP      int           // enterprise discount in percent: EdpDiscount rows, discount and net columns. 0 = none

	// Split adds line items that split instances by the Kubernetes pods that ran on them, beside those that Lines
	// counts. They bill nothing.
	Split bool

	// UniqueIDs gives each line item its own id. Otherwise the hours of one resource share one, as they do in real
	// reports, and the files compress to half the size.
	UniqueIDs bool
}

func (s Spec) withDefaults() Spec {
	if s.Currency == "" {
		s.Currency = "USD"
	}
	if s.Since.IsZero() {
		s.Since = bursar.NewPeriod(2026, 1)
	}
	s.Linked = slices.Clone(s.Linked)
	return s
}

// accounts returns all accounts, the payer first.
func (s *Spec) accounts() []Account {
	if s.Only.ID != "" {
		return []Account{s.Only}
	}
	return append([]Account{s.Payer}, s.Linked...)
}

// State says how far a month's bill has come.
type State struct {
	Through  time.Time // usage up to here, to the hour; the period's end or later = the whole month
	Invoiced bool      // final: the invoice id is set
	Support  bool      // AWS Support has been charged (days 6 to 7 of the next month)
	Late     bool      // late credits and refunds have been applied
	Restated int       // how often AWS restated it: each time changes, removes and adds line items
}

// Closed is the final state of a month: everything has been charged, nothing restated.
func Closed(p bursar.Period) State {
	return State{Through: p.End(), Invoiced: true, Support: true, Late: true}
}

// StateAt is the state that a delivery at a given time shows: AWS's bill lags two hours behind usage, is invoiced
// on day 3 of the next month, charges support on day 6, and applies late credits and refunds on day 10.
func StateAt(p bursar.Period, now time.Time, restated int) State {
	through := now.Add(-2 * time.Hour).Truncate(time.Hour)
	if through.After(p.End()) {
		through = p.End()
	}
	day := func(n int) bool { return !now.Before(p.End().AddDate(0, 0, n-1)) }
	return State{Through: through, Invoiced: day(3), Support: day(6), Late: day(10), Restated: restated}
}

// Bill is one month of an organization in one state. It is safe for concurrent use.
type Bill struct {
	Spec   Spec
	Period bursar.Period
	State  State

	start   int64 // Unix seconds of the period's start
	hours   int   // of the whole month
	through int   // hours that have been billed
	seed    uint64
	invoice string
	acc     []Account
	riHours int // how long a reserved instance or covered one runs in a month

	reservations []reservation
	plans        []plan
	blocks       []block

	truth func() *Truth
}

// New plans a bill. It takes time in proportion to the line items, about 50 ms a million.
func New(spec Spec, p bursar.Period, st State) *Bill {
	b := &Bill{Spec: spec.withDefaults(), Period: p, State: st}
	b.start = p.Start().Unix()
	b.hours = int(p.End().Sub(p.Start()) / time.Hour)
	b.through = min(max(int(st.Through.Sub(p.Start())/time.Hour), 0), b.hours)
	b.seed = mix(mix(b.Spec.Seed, 0x6275727361720a), uint64(b.start))
	b.acc = b.Spec.accounts()
	if st.Invoiced {
		b.invoice = digits(mix(b.seed, 'i'), 10)
	}
	b.buyCommitments()
	b.plan()
	b.truth = sync.OnceValue(func() *Truth { return measure(b.Lines()) })
	return b
}

// Lines streams every line item. The line is overwritten by the next one.
func (b *Bill) Lines() iter.Seq[*Line] { return b.Part(0, 1).Lines() }

// Truth returns the exact totals of the bill, measured line by line once.
func (b *Bill) Truth() *Truth { return b.truth() }

// Rows returns how many line items the bill has.
func (b *Bill) Rows() int64 {
	var n int64
	for i := range b.blocks {
		n += int64(b.blocks[i].rows())
	}
	return n
}

// Part is one of the files that a bill is split into.
type Part struct {
	bill   *Bill
	blocks []block
}

// Part returns part i (from 0) of n parts of about the same size. Blocks are never split over two parts.
func (b *Bill) Part(i, n int) Part {
	total := b.Rows()
	from, to := total*int64(i)/int64(n), total*int64(i+1)/int64(n)
	var at int64
	lo, hi := len(b.blocks), len(b.blocks)
	for k := range b.blocks {
		if at >= from && lo == len(b.blocks) {
			lo = k
		}
		if at >= to {
			hi = k
			break
		}
		at += int64(b.blocks[k].rows())
	}
	return Part{b, b.blocks[min(lo, hi):hi]}
}

// Lines streams the part's line items. The line is overwritten by the next one; Line.Block tells when another
// block begins.
func (p Part) Lines() iter.Seq[*Line] {
	return func(yield func(*Line) bool) {
		var l Line
		for i := range p.blocks {
			if !p.bill.emit(&p.blocks[i], &l, yield) {
				return
			}
		}
	}
}
