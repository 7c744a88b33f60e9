package ingest

import (
	"cmp"
	"math/big"
	"math/bits"
	"slices"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/billing/ingest/column"
	"github.com/bursarhq/bursar/internal/billing/ingest/decode"
)

// slot is what totals are kept apart by.
type slot struct {
	period                           bursar.Period
	currency, kind, service, account string
}

// total is what belongs to one slot.
type total struct {
	rows, empty int64
	cost        bursar.Decimal
}

// sums are the exact totals of many rows.
type sums map[slot]*total

// sum is an exact sum in the making: 128 bits at one scale, and what is too large to be added there safely.
type sum struct {
	rows, empty int64
	hi          int64
	lo          uint64
	beyond      *big.Int // nil as a rule
}

// safeHigh bounds the high halves that are added in 128 bits: a row group has fewer than 2^20 rows.
const safeHigh = 1 << 40

// add adds n times v at a larger or equal scale.
func (s *sum) add(v decode.Number, scale, n int) {
	s.rows += int64(n)
	up := scale - int(v.Scale)
	if v.Small() && up < len(pow10) {
		m := uint64(v.Hi) // all ones for a negative number
		hi, lo := bits.Mul64(v.Lo^m-m, pow10[up])
		if hi < safeHigh {
			over, low := bits.Mul64(lo, uint64(n))
			hi = hi*uint64(n) + over
			var carry uint64
			s.lo, carry = bits.Add64(s.lo, low^m, m&1)
			s.hi += int64(hi^m) + int64(carry)
			return
		}
	}
	if s.beyond == nil {
		s.beyond = new(big.Int)
	}
	x := bigOf(v.Hi, v.Lo)
	x.Mul(x, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(up)), nil))
	s.beyond.Add(s.beyond, x.Mul(x, big.NewInt(int64(n))))
}

func bigOf(hi int64, lo uint64) *big.Int {
	v := new(big.Int).Lsh(big.NewInt(hi), 64)
	return v.Add(v, new(big.Int).SetUint64(lo))
}

func (s *sum) decimal(scale int) bursar.Decimal {
	v := bigOf(s.hi, s.lo)
	if s.beyond != nil {
		v.Add(v, s.beyond)
	}
	return bursar.NewDecimal(v, scale)
}

// cursor walks over the runs of a column; a nil column is all NULL.
type cursor struct {
	starts, ids []uint32
	next        int
	id          uint32
}

func newCursor(c *column.Column) cursor {
	if c == nil {
		return cursor{}
	}
	starts, ids := c.Runs()
	return cursor{starts: starts, ids: ids}
}

// move takes the run that starts at row, if there is one, and says whether it did.
func (c *cursor) move(row uint32) bool {
	if c.next < len(c.starts) && c.starts[c.next] == row {
		c.id = c.ids[c.next]
		c.next++
		return true
	}
	return false
}

func (c *cursor) until(end uint32) uint32 {
	if c.next < len(c.starts) {
		return min(end, c.starts[c.next])
	}
	return end
}

// addGroup adds a row group up.
func (s sums) addGroup(period bursar.Period, l *layout, set *columnSet) {
	cost := set.columns[l.core.cost]
	_, scale, _ := cost.Numbers()
	top := uint8(0)
	for _, x := range scale {
		top = max(top, x)
	}
	keyed := [4]int{l.core.currency, l.core.kind, l.core.service, l.core.account}
	var keys [4]cursor
	for i, k := range keyed {
		if k >= 0 {
			keys[i] = newCursor(set.columns[k])
		}
	}
	costs := newCursor(cost)
	groups := map[[4]uint32]*sum{}
	var to *sum
	end := uint32(cost.Rows())
	for row := uint32(0); row < end; {
		costs.move(row)
		moved := false
		for i := range keys {
			moved = keys[i].move(row) || moved
		}
		if moved || to == nil {
			to = sumOf(groups, [4]uint32{keys[0].id, keys[1].id, keys[2].id, keys[3].id})
		}
		next := costs.until(end)
		for i := range keys {
			next = keys[i].until(next)
		}
		n := int(next - row)
		if costs.id == column.Null {
			to.rows += int64(n)
			to.empty += int64(n)
		} else {
			to.add(cost.Number(costs.id), int(top), n)
		}
		row = next
	}
	text := func(i int, id uint32) string {
		if keyed[i] < 0 || id == column.Null {
			return ""
		}
		return string(set.columns[keyed[i]].Text(id))
	}
	for k, v := range groups {
		s.add(slot{period, text(0, k[0]), text(1, k[1]), text(2, k[2]), text(3, k[3])}, total{v.rows, v.empty, v.decimal(int(top))})
	}
}

var pow10 = func() (p [20]uint64) {
	p[0] = 1
	for i := 1; i < len(p); i++ {
		p[i] = p[i-1] * 10
	}
	return p
}()

func sumOf(groups map[[4]uint32]*sum, key [4]uint32) *sum {
	g := groups[key]
	if g == nil {
		g = &sum{}
		groups[key] = g
	}
	return g
}

func (s sums) add(k slot, t total) {
	have := s[k]
	if have == nil {
		have = &total{}
		s[k] = have
	}
	have.rows += t.rows
	have.empty += t.empty
	have.cost = have.cost.Add(t.cost)
}

func (s sums) merge(other sums) {
	for k, t := range other {
		s.add(k, *t)
	}
}

// summary makes the totals of the slots that keep accepts.
func (s sums) summary(keep func(slot) bool) Summary {
	out := Summary{Totals: map[string]bursar.Decimal{}}
	for k, t := range s {
		if keep(k) {
			out.Rows += t.rows
			out.EmptyCosts += t.empty
			out.Totals[k.currency] = out.Totals[k.currency].Add(t.cost)
		}
	}
	out.ByPeriod = s.groups(keep, func(k slot) string { return k.period.String() })
	out.ByLineItemType = s.groups(keep, func(k slot) string { return k.kind })
	out.ByService = s.groups(keep, func(k slot) string { return k.service })
	out.ByAccount = s.groups(keep, func(k slot) string { return k.account })
	return out
}

func (s sums) groups(keep func(slot) bool, key func(slot) string) []Group {
	type pair struct{ key, currency string }
	at := map[pair]int{}
	out := []Group{}
	for k, t := range s {
		if !keep(k) {
			continue
		}
		p := pair{key(k), k.currency}
		i, ok := at[p]
		if !ok {
			i = len(out)
			at[p] = i
			out = append(out, Group{Key: p.key, Currency: p.currency})
		}
		out[i].Rows += t.rows
		out[i].Cost = out[i].Cost.Add(t.cost)
	}
	slices.SortFunc(out, func(a, b Group) int {
		return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.Currency, b.Currency))
	})
	return out
}

// need is what a decimal column has to hold: digits before and after the point.
type need struct{ whole, scale int }

// needOf measures a decimal column.
func needOf(c *column.Column) (n need) {
	low, scale, small := c.Numbers()
	if !small {
		for id := uint32(1); int(id) <= c.Entries(); id++ {
			v := c.Number(id)
			n = n.or(need{whole: max(0, v.Digits()-int(v.Scale)), scale: int(v.Scale)})
		}
		return n
	}
	var most [decode.MaxDigits + 1]uint64
	for i, v := range low {
		if v < 0 {
			v = -v
		}
		s := scale[i]
		most[s] = max(most[s], uint64(v))
	}
	for s, v := range most {
		if v > 0 {
			n = n.or(need{whole: max(0, decode.Number{Lo: v}.Digits()-s), scale: s})
		}
	}
	return n
}

func (n need) or(m need) need { return need{max(n.whole, m.whole), max(n.scale, m.scale)} }
