package billgen

import (
	"time"

	"github.com/bursarhq/bursar"
)

const hoursPerYear = 8760

// term is when a commitment runs.
type term struct {
	bought bursar.Period
	start  int64 // Unix seconds
}

// active returns the hours of the bill's month, up to what has been billed, in which the commitment runs.
func (t term) active(b *Bill) (from, to int) {
	first := -int((b.start - t.start) / 3600) // bought before the month: the hour in which it was, rounded up
	if t.start > b.start {
		first = int((t.start - b.start + 3599) / 3600)
	}
	from, to = max(first, 0), max(min(b.through, first+hoursPerYear), 0)
	return min(from, to), to
}

func (t term) times() (start, end string) {
	s := time.Unix(t.start, 0).UTC()
	return s.Format("2006-01-02T15:04:05.000Z"), s.Add(hoursPerYear*time.Hour - time.Second).Format("2006-01-02T15:04:05.000Z")
}

// payment options, in the order in which commitments take turns.
var payments = []string{"All Upfront", "Partial Upfront", "No Upfront"}

// reservation is a set of reserved instances.
type reservation struct {
	term
	item
	account   int
	count     int // instances
	payment   string
	upfront   Amount // per instance and hour
	recurring Amount // per instance and hour
	region    int
	id        uint64
}

// plan is a compute savings plan, owned by the payer.
type plan struct {
	term
	payment   string
	upfront   Amount // per hour
	recurring Amount // per hour
	covers    []covered
	id        uint64
}

// covered is an instance that a plan covers, with the hours of this month in which it runs.
type covered struct {
	item
	account, region, from, to int
	onDemand, rate            Amount
	id                        uint64
}

// buyCommitments sets up the reservations and plans of the organization. They are the same in each month.
func (b *Bill) buyCommitments() {
	n := b.Spec.Lines
	b.riHours = min(max(n/50, 8), b.hours)
	for i := range min(3+n/150_000, 200) {
		b.reservations = append(b.reservations, b.reserve(i))
	}
	plans := 1
	if n >= 4_000 {
		plans = min(2+n/25_000, 40)
	}
	each := min(max(n/30/1500/plans, 1), 60)
	for i := range plans {
		b.plans = append(b.plans, b.buyPlan(i, each))
	}
}

// boughtAt spreads purchases: in the second month at an odd second, in the first one, and before.
func (b *Bill) boughtAt(i int) term {
	switch i % 3 {
	case 0:
		p := b.Spec.Since.Add(1)
		return term{p, p.Start().Add(11*24*time.Hour + 9*time.Hour + 26*time.Minute + 53*time.Second).Unix()}
	case 1:
		return term{b.Spec.Since, b.Spec.Since.Start().Unix()}
	default:
		p := b.Spec.Since.Add(-2)
		return term{p, p.Start().Add(40 * time.Hour).Unix()}
	}
}

func (b *Bill) reserve(i int) reservation {
	id := mix(mix(b.Spec.Seed, 'r'), uint64(i))
	it := reservable[id%uint64(len(reservable))]
	rate := services[it.service].meters[it.meter].rate
	r := reservation{
		term: b.boughtAt(i), item: it, id: id, payment: payments[i%3],
		account: int(id >> 8 % uint64(len(b.acc))), region: int(id >> 16 % uint64(len(regions))),
		count: 1 + int(id>>24%3),
	}
	switch r.payment {
	case "All Upfront":
		r.upfront = rate.Percent(60)
	case "Partial Upfront":
		r.upfront, r.recurring = rate.Percent(31), rate.Percent(31)
	default:
		r.recurring = rate.Percent(64)
	}
	return r
}

// runs returns the hours in which one instance of a reservation runs in this month: not all of them, so that
// something of the reservation goes unused.
func (r *reservation) runs(b *Bill, instance int) (from, to int) {
	lo, hi := r.active(b)
	if lo >= hi {
		return 0, 0
	}
	h := mix(mix(b.seed, r.id), uint64(instance))
	idle := int(h % 40)
	return min(lo+idle, hi), min(hi, lo+idle+b.riHours)
}

// used returns the instance hours that were used.
func (r *reservation) used(b *Bill) (n int) {
	for i := range r.count {
		from, to := r.runs(b, i)
		n += to - from
	}
	return n
}

func (b *Bill) buyPlan(i, each int) plan {
	id := mix(mix(b.Spec.Seed, 'p'), uint64(i))
	p := plan{term: b.boughtAt(i + 1), id: id, payment: payments[(i+1)%3]}
	lo, hi := p.active(b)
	var all Amount
	for j := range each {
		c := b.cover(id, j, lo, hi)
		all += c.rate
		p.covers = append(p.covers, c)
	}
	commitment := all + all.Percent(8)
	switch p.payment {
	case "All Upfront":
		p.upfront = commitment
	case "Partial Upfront":
		p.upfront = commitment / 2
		p.recurring = commitment - p.upfront
	default:
		p.recurring = commitment
	}
	return p
}

func (b *Bill) cover(plan uint64, j, lo, hi int) covered {
	id := mix(plan, uint64(j))
	it := reservable[id%uint64(len(reservable))]
	rate := services[it.service].meters[it.meter].rate
	c := covered{
		item: it, id: id, onDemand: rate, rate: rate.Percent(72),
		account: int(id >> 8 % uint64(len(b.acc))), region: int(id >> 16 % uint64(len(regions))),
	}
	c.from = min(lo+int(mix(b.seed, id)%30), hi)
	c.to = min(hi, c.from+b.riHours)
	return c
}

// used returns how much of the commitment was used in an hour.
func (p *plan) used(hour int) (sum Amount) {
	for i := range p.covers {
		if c := &p.covers[i]; hour >= c.from && hour < c.to {
			sum += c.rate
		}
	}
	return sum
}
