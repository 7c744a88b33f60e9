package billgen_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/sandbox/billgen"
)

func spec(lines int) billgen.Spec {
	return billgen.Spec{
		Seed: 7, Payer: billgen.Account{ID: "123456789012", Name: "Payer"}, Lines: lines, Since: bursar.NewPeriod(2026, 1),
		Linked: []billgen.Account{{ID: "012345678901", Name: "Zero, leading"}, {ID: "210987654321", Name: "Prod"}},
	}
}

func TestSizeIsExact(t *testing.T) {
	for _, n := range []int{2_500, 10_000, 50_001, 200_000} {
		for _, edp := range []int{0, 7} {
			s := spec(n)
			s.EDP = edp
			p := bursar.NewPeriod(2026, 2)
			b := billgen.New(s, p, billgen.Closed(p))
			if got := b.Rows(); got != int64(n) {
				t.Errorf("%d lines, EDP %d: got %d", n, edp, got)
			}
			if got := b.Truth().Rows; got != int64(n) {
				t.Errorf("%d lines, EDP %d: truth has %d", n, edp, got)
			}
		}
	}
}

func TestSameSeedSameBill(t *testing.T) {
	p := bursar.NewPeriod(2026, 3)
	dump := func(seed uint64) string {
		s := spec(3_000)
		s.Seed = seed
		var b strings.Builder
		for l := range billgen.New(s, p, billgen.Closed(p)).Lines() {
			fmt.Fprintf(&b, "%+v\n", *l)
		}
		return b.String()
	}
	if first, again := dump(1), dump(1); first != again {
		t.Error("equal specs give different bills")
	}
	if dump(1) == dump(2) {
		t.Error("different seeds give the same bill")
	}
}

func TestPartsAreTheBill(t *testing.T) {
	p := bursar.NewPeriod(2026, 1)
	b := billgen.New(spec(20_000), p, billgen.Closed(p))
	for _, n := range []int{1, 2, 5, 300} {
		var rows int64
		var sum billgen.Sum
		for i := range n {
			for l := range b.Part(i, n).Lines() {
				rows++
				sum.Add(l.UnblendedCost)
			}
		}
		if rows != b.Rows() || !sum.Decimal().Equal(b.Truth().Unblended) {
			t.Errorf("%d parts: %d rows and %s, want %d and %s", n, rows, sum.Decimal(), b.Rows(), b.Truth().Unblended)
		}
	}
}

// TestConservation proves the laws that the package promises, in any state of a month.
func TestConservation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := spec(rapid.IntRange(1_000, 12_000).Draw(t, "lines"))
		s.Seed = rapid.Uint64().Draw(t, "seed")
		s.EDP = rapid.IntRange(0, 20).Draw(t, "edp")
		p := s.Since.Add(rapid.IntRange(0, 14).Draw(t, "month"))
		st := billgen.StateAt(p, p.Start().Add(time.Duration(rapid.IntRange(0, 1200).Draw(t, "hour"))*time.Hour), rapid.IntRange(0, 4).Draw(t, "restated"))
		b := billgen.New(s, p, st)
		var plans, reserved, net billgen.Sum
		for l := range b.Lines() {
			conserve(l, &plans, &reserved)
			net.Add(l.Net())
		}
		if !plans.Decimal().IsZero() {
			t.Errorf("covered usage and negation leave %s", plans.Decimal())
		}
		if !reserved.Decimal().IsZero() {
			t.Errorf("reservations leave %s", reserved.Decimal())
		}
		if !net.Decimal().Equal(b.Truth().Unblended) {
			t.Errorf("net %s, unblended with the discount rows %s", net.Decimal(), b.Truth().Unblended)
		}
	})
}

// TestPodsShareTheirNode proves that split line items bill nothing, come on top, and add up to their instance's cost
// in every hour.
func TestPodsShareTheirNode(t *testing.T) {
	for _, edp := range []int{0, 7} {
		s := spec(12_000)
		s.EDP = edp
		p := bursar.NewPeriod(2026, 2)
		plain := billgen.New(s, p, billgen.Closed(p))
		s.Split = true
		b := billgen.New(s, p, billgen.Closed(p))
		type hour struct {
			id    string
			start int64
		}
		nodes, pods, rows := map[hour]*billgen.Sum{}, map[hour]*billgen.Sum{}, int64(0)
		add := func(m map[hour]*billgen.Sum, id string, start int64, a billgen.Amount) {
			if m[hour{id, start}] == nil {
				m[hour{id, start}] = &billgen.Sum{}
			}
			m[hour{id, start}].Add(a)
		}
		for l := range b.Lines() {
			if l.Split.ParentID == "" {
				add(nodes, l.ResourceID, l.Start, l.UnblendedCost)
				continue
			}
			rows++
			add(pods, l.Split.ParentID, l.Start, l.Split.Cost)
			add(pods, l.Split.ParentID, l.Start, l.Split.Unused)
			if l.UnblendedCost != 0 || l.Net() != 0 || l.Operation != "EKSPod-EC2" || l.ResourceID == l.Split.ParentID {
				t.Fatalf("%+v", *l)
			}
		}
		if rows == 0 || b.Rows() != plain.Rows()+rows || !b.Truth().Unblended.Equal(plain.Truth().Unblended) || !b.Truth().Amortized.Equal(plain.Truth().Amortized) {
			t.Errorf("%d split rows: %d rows and %s, without them %d and %s", rows, b.Rows(), b.Truth().Unblended, plain.Rows(), plain.Truth().Unblended)
		}
		for h, sum := range pods {
			if nodes[h] == nil || !nodes[h].Decimal().Equal(sum.Decimal()) {
				t.Fatalf("%v: pods have %s, the node %v", h, sum.Decimal(), nodes[h])
			}
		}
	}
}

func conserve(l *billgen.Line, plans, reserved *billgen.Sum) {
	switch l.Type {
	case billgen.SavingsPlanCoveredUsage, billgen.SavingsPlanNegation:
		plans.Add(l.UnblendedCost)
	case billgen.DiscountedUsage:
		reserved.Add(l.Reservation.EffectiveCost)
	case billgen.RIFee:
		reserved.Add(l.Reservation.UnusedAmortized + l.Reservation.UnusedRecurring)
		reserved.Add(-l.UnblendedCost - l.Reservation.AmortizedForPeriod)
	case billgen.SavingsPlanRecurringFee:
		if l.SavingsPlan.Used > l.SavingsPlan.Commitment {
			plans.Add(1) // more used than committed
		}
	}
}

// TestCommitmentLife: over the life of the commitments, unblended and amortized agree.
func TestCommitmentLife(t *testing.T) {
	var unblended, amortized billgen.Sum
	s := spec(2_000)
	for m := -3; m < 16; m++ {
		p := s.Since.Add(m)
		for l := range billgen.New(s, p, billgen.Closed(p)).Lines() {
			switch {
			case l.Reservation.ARN != "" || l.SavingsPlan.ARN != "":
				unblended.Add(l.UnblendedCost)
				amortized.Add(l.Amortized())
			}
		}
	}
	if !unblended.Decimal().Equal(amortized.Decimal()) {
		t.Errorf("unblended %s, amortized %s", unblended.Decimal(), amortized.Decimal())
	}
}

func TestEveryLineType(t *testing.T) {
	s := spec(30_000)
	s.EDP = 5
	seen := map[billgen.LineType]int64{}
	options := map[string]bool{}
	for m := range 3 {
		p := s.Since.Add(m)
		for l := range billgen.New(s, p, billgen.Closed(p)).Lines() {
			seen[l.Type]++
			if l.Type == billgen.RIFee || l.Type == billgen.SavingsPlanRecurringFee {
				options[string(l.Type)+" "+l.PurchaseOption] = true
			}
		}
	}
	for _, typ := range []billgen.LineType{
		billgen.Usage, billgen.DiscountedUsage, billgen.RIFee, billgen.Fee, billgen.SavingsPlanCoveredUsage, billgen.SavingsPlanNegation,
		billgen.SavingsPlanRecurringFee, billgen.SavingsPlanUpfrontFee, billgen.Tax, billgen.Credit, billgen.Refund, billgen.EdpDiscount,
	} {
		if seen[typ] == 0 {
			t.Errorf("no %s", typ)
		}
	}
	if len(options) != 6 {
		t.Errorf("payment options seen: %v", options)
	}
}

func TestAMonthGrowsAndIsRestated(t *testing.T) {
	s, p := spec(10_000), bursar.NewPeriod(2026, 2)
	at := func(day, restated int) *billgen.Truth {
		return billgen.New(s, p, billgen.StateAt(p, p.Start().AddDate(0, 0, day-1), restated)).Truth()
	}
	var rows int64
	for day := 2; day < 29; day++ {
		tr := at(day, 0)
		if tr.Rows <= rows {
			t.Fatalf("day %d: %d rows, the day before %d", day, tr.Rows, rows)
		}
		rows = tr.Rows
	}
	open, invoiced, support, late := at(29, 0), at(31, 0), at(34, 0), at(38, 0)
	if open.Rows >= invoiced.Rows || invoiced.Rows+1 != support.Rows || support.Rows+2 != late.Rows {
		t.Errorf("rows %d, %d, %d, %d", open.Rows, invoiced.Rows, support.Rows, late.Rows)
	}
	if support.Unblended.Cmp(late.Unblended) <= 0 {
		t.Errorf("late credits do not lower the bill: %s, %s", support.Unblended, late.Unblended)
	}
	totals := []string{}
	for v := range 4 {
		totals = append(totals, at(38, v).Unblended.String())
	}
	for i := 1; i < len(totals); i++ {
		if totals[i] == totals[i-1] {
			t.Errorf("restatement %d changes nothing: %v", i, totals)
		}
	}
	if diff := cmp.Diff(at(38, 3), at(38, 3)); diff != "" {
		t.Errorf("a restatement is not the same twice: %s", diff)
	}
	if at(38, 0).ByType["Usage"].Unblended.Equal(at(38, 1).ByType["Usage"].Unblended) {
		t.Error("usage is not restated")
	}
}

func TestAmountSpelling(t *testing.T) {
	for _, c := range []struct {
		a    billgen.Amount
		want string
	}{
		{0, "0"},
		{billgen.None, ""},
		{-7, "-7.0E-10"},
		{4200, "4.2E-7"},
		{123, "1.23E-8"},
		{10_000, "0.000001"},
		{10_000_000_000, "1"},
		{-12_345_000_000, "-1.2345"},
		{999_999_999_999_999, "99999.9999999999"},
	} {
		if got := c.a.String(); got != c.want {
			t.Errorf("%d: got %q, want %q", int64(c.a), got, c.want)
		}
		if c.want == "" {
			continue
		}
		if d, err := bursar.ParseDecimal(c.want); err != nil || !d.Equal(c.a.Decimal()) {
			t.Errorf("%q reads as %s, %v", c.want, d, err)
		}
	}
}

func TestSumIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s billgen.Sum
		var want bursar.Decimal
		for _, a := range rapid.SliceOf(rapid.Int64Min(-1<<62)).Draw(t, "amounts") {
			s.Add(billgen.Amount(a))
			want = want.Add(billgen.Amount(a).Decimal())
		}
		if !s.Decimal().Equal(want) {
			t.Errorf("got %s, want %s", s.Decimal(), want)
		}
	})
}

func BenchmarkLines(b *testing.B) {
	p := bursar.NewPeriod(2026, 3)
	for b.Loop() {
		start := time.Now()
		bill := billgen.New(spec(1_000_000), p, billgen.Closed(p))
		planned := time.Since(start)
		bill.Truth()
		b.ReportMetric(planned.Seconds()*1000, "plan-ms")
		b.ReportMetric((time.Since(start)-planned).Seconds()*1000, "truth-ms")
	}
}
