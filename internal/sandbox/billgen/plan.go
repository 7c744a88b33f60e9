package billgen

import "slices"

// kind is what a block's lines are.
type kind uint8

const (
	usageBlock kind = iota
	coveredBlock
	negationBlock
	planFeeBlock    // hourly
	planUpfront     // one line
	reservedBlock   // hourly
	reservationFee  // one line
	upfrontFee      // one line
	taxBlock        // one line
	discountBlock   // one line
	supportBlock    // one line
	creditBlock     // one line
	refundBlock     // one line
	marketplaceLine // one line
	podBlock        // hourly
)

// block is a run of lines that share all but times and amounts.
type block struct {
	kind     kind
	number   int32
	account  int32
	service  int32
	meter    int32
	from, to int32  // hours of the month
	index    int64  // the resource's, commitment's, credit's number
	sub      int32  // instance of a reservation, covered instance of a plan
	percent  int32  // a restatement's factor on usage; 0 = 100
	cost     Amount // of one line that is worked out while planning
}

func (k *block) rows() int { return int(k.to - k.from) }

type pair struct{ account, service int32 }

// plan lays the bill out: first what the organization's commitments and fixed charges give in the whole month,
// then usage until the bill has its size, then what depends on the sums of both.
func (b *Bill) plan() {
	b.commitmentBlocks()
	b.fixedBlocks()
	b.usageBlocks()
	b.restate()
	b.clip()
	b.podBlocks()
	b.dependentBlocks()
	slices.SortStableFunc(b.blocks, func(x, y block) int { return int(x.account) - int(y.account) })
	for i := range b.blocks {
		b.blocks[i].number = int32(i)
	}
}

func (b *Bill) add(k block) { b.blocks = append(b.blocks, k) }

// single adds a block of one line at an hour of the month.
func (b *Bill) single(k block, hour int) {
	k.from, k.to = int32(hour), int32(hour)+1
	b.add(k)
}

func (b *Bill) commitmentBlocks() {
	for i := range b.reservations {
		r := &b.reservations[i]
		at := block{account: int32(r.account), service: int32(r.service), meter: int32(r.meter), index: int64(i)}
		from, to := r.active(b)
		if from >= to {
			continue
		}
		for j := range r.count {
			lo, hi := r.runs(b, j)
			k := at
			k.kind, k.sub, k.from, k.to = reservedBlock, int32(j), int32(lo), int32(hi)
			b.add(k)
		}
		at.kind = reservationFee
		b.single(at, from)
		if at.kind = upfrontFee; r.bought == b.Period && r.upfront > 0 {
			b.single(at, from)
		}
	}
	for i := range b.plans {
		b.planBlocks(i)
	}
}

func (b *Bill) planBlocks(i int) {
	p := &b.plans[i]
	from, to := p.active(b)
	if from >= to {
		return
	}
	for j, c := range p.covers {
		k := block{kind: coveredBlock, account: int32(c.account), service: int32(c.service), meter: int32(c.meter), index: int64(i), sub: int32(j), from: int32(c.from), to: int32(c.to)}
		b.add(k)
		k.kind = negationBlock
		b.add(k)
	}
	b.add(block{kind: planFeeBlock, service: -1, index: int64(i), from: int32(from), to: int32(to)})
	if p.bought == b.Period && p.upfront > 0 {
		b.single(block{kind: planUpfront, service: -1, index: int64(i)}, from)
	}
}

// credits of a month: an ordinary one, and amounts that only exact arithmetic keeps.
var credits = []Amount{-amount("25"), -amount("0.0000000007"), -amount("0.0000000123")}

func (b *Bill) fixedBlocks() {
	last := int32(len(b.acc) - 1)
	b.single(block{kind: marketplaceLine, account: last, service: -1, index: 0}, 0)
	b.single(block{kind: marketplaceLine, account: last, service: -1, index: 1}, 30)
	for i, c := range credits {
		b.single(block{kind: creditBlock, account: int32(i % len(b.acc)), service: int32(i % 2), index: int64(i), cost: c}, 100+i)
	}
}

// lateLines is how many lines a closed month gets besides: support, a late credit and a late refund.
const lateLines = 3

// usageBlocks adds resources until the whole month has the lines that were asked for. Each pair of account and
// service that is used will be taxed and discounted.
func (b *Bill) usageBlocks() {
	perPair := 1
	if b.Spec.EDP > 0 {
		perPair = 2
	}
	left := b.Spec.Lines - lateLines
	seen := map[pair]bool{}
	meet := func(p pair) {
		if !seen[p] {
			seen[p] = true
			left -= perPair
		}
	}
	for i := range b.blocks {
		left -= b.blocks[i].rows()
		if b.blocks[i].kind == coveredBlock {
			meet(pair{b.blocks[i].account, b.blocks[i].service})
		}
	}
	misses := 0
	for i := int64(0); left > 0 && misses < 10_000; i++ {
		k := b.resource(i)
		if p := (pair{k.account, k.service}); !seen[p] && left <= perPair {
			misses++ // no room for a new pair's tax: fill up with what there is
			continue
		}
		meet(pair{k.account, k.service})
		k.to = min(k.to, k.from+int32(left))
		left -= k.rows()
		b.add(k)
	}
}

// resource plans one resource's hours. What it is depends on its number alone, so that it is met again in the
// next month; when it runs depends on the month.
func (b *Bill) resource(i int64) block {
	id := mix(mix(b.Spec.Seed, 'u'), uint64(i))
	it := bag[id%uint64(len(bag))]
	k := block{account: int32(b.pickAccount(id >> 32)), service: int32(it.service), meter: int32(it.meter), index: i}
	month := mix(b.seed, uint64(i))
	length := b.hours
	switch month % 10 {
	case 3, 4, 5:
		length = 24 + int(month>>8%216)
	case 6, 7, 8, 9:
		length = 4 + int(month>>8%44)
	}
	start := int(month >> 32 % uint64(b.hours-length+1))
	k.from, k.to = int32(start), int32(start+length)
	return k
}

// pickAccount prefers the first accounts, as organizations do.
func (b *Bill) pickAccount(h uint64) int {
	n := uint64(len(b.acc))
	return int(min(h%n, h>>10%n))
}

// restate applies what AWS changed since the first version of the month: some usage is corrected, some is gone,
// some is new. The n-th restatement does the same whichever follow it.
func (b *Bill) restate() {
	if b.State.Restated == 0 {
		return
	}
	kept := b.blocks[:0]
	resources := 0
	for _, k := range b.blocks {
		if k.kind == usageBlock {
			resources++
			if b.changed(&k) {
				continue
			}
		}
		kept = append(kept, k)
	}
	b.blocks = kept
	for n := 1; n <= b.State.Restated; n++ {
		for j := range 1 + resources/40 {
			b.add(b.resource(int64(n)<<40 | int64(j)))
		}
		b.single(block{kind: refundBlock, service: 0, index: int64(n), cost: -amount("3.1415926535") - Amount(n)*cent}, 200)
	}
}

// changed corrects a block for each restatement and says whether one of them removed it.
func (b *Bill) changed(k *block) bool {
	for n := 1; n <= b.State.Restated; n++ {
		h := mix(mix(b.seed, uint64(k.index)), 'v'+uint64(n)<<8)
		switch {
		case h%37 == 5:
			return true
		case h%11 == 1:
			k.percent = 80 + int32(h>>16%50)
		}
	}
	return false
}

// clip cuts off what has not happened yet.
func (b *Bill) clip() {
	through := int32(b.through)
	b.blocks = slices.DeleteFunc(b.blocks, func(k block) bool { return min(k.to, through) <= k.from })
	for i := range b.blocks {
		b.blocks[i].to = min(b.blocks[i].to, through)
	}
}

// dependentBlocks adds what is worked out from the month's sums: tax and discount by account and service,
// support and the late credit and refund by the total.
func (b *Bill) dependentBlocks() {
	type sum struct{ cost, discount Sum }
	sums := map[pair]*sum{}
	var pairs []pair
	var total Sum
	var l Line
	for i := range b.blocks {
		k := &b.blocks[i]
		if k.kind > negationBlock {
			continue
		}
		p := pair{k.account, k.service}
		s := sums[p]
		if s == nil {
			s = &sum{}
			sums[p] = s
			pairs = append(pairs, p)
		}
		b.emit(k, &l, func(l *Line) bool {
			s.cost.Add(l.UnblendedCost)
			s.discount.Add(l.Discount)
			return true
		})
	}
	for _, p := range pairs {
		s := sums[p]
		total.Add(s.cost.amount())
		k := block{kind: taxBlock, account: p.account, service: p.service, cost: max(s.cost.amount().Percent(10), 0).cents()}
		b.single(k, 0)
		if k.kind, k.cost = discountBlock, s.discount.amount().fit(); b.Spec.EDP > 0 {
			b.single(k, 0)
		}
	}
	b.lateBlocks(total.amount())
}

func (b *Bill) lateBlocks(total Amount) {
	if b.State.Support {
		b.single(block{kind: supportBlock, service: -1, cost: (max(total, 0).Percent(10) + 29*one).cents()}, 0)
	}
	if b.State.Late {
		b.single(block{kind: creditBlock, service: 1, index: 99, cost: -max(total, 0).Percent(3).fit()}, 400)
		b.single(block{kind: refundBlock, service: 0, index: 0, cost: -amount("12.3456789")}, 410)
	}
}
