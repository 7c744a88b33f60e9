package reconcile

import (
	"testing"
	"time"

	"github.com/bursarhq/bursar"
)

func amount(t *testing.T, s string) bursar.Decimal {
	t.Helper()
	d, err := bursar.ParseDecimal(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestCauses names the likeliest reason of every kind of difference.
func TestCauses(t *testing.T) {
	asked := time.Date(2026, 7, 3, 9, 0, 0, 0, time.UTC)
	before, after := asked.Add(-time.Hour), asked.Add(time.Hour)
	one := func(bill, ce string) []Difference {
		return []Difference{{"111122223333", amount(t, bill), amount(t, ce)}}
	}
	for _, tt := range []struct {
		name, bill, ce string
		at             time.Time
		accounts       []Difference
		estimated      bool
		want           string
	}{
		{"the same", "1.5", "1.50", before, nil, false, "equal"},
		{"no bill", "0", "1", time.Time{}, nil, false, "bill_missing"},
		{"less than a cent", "1.501", "1.5", before, one("1.501", "1.5"), false, "rounding"},
		{"a cent", "1.51", "1.5", before, one("1.51", "1.5"), false, "cost_explorer_newer"},
		{"less, and negative", "-1.501", "-1.5", before, nil, false, "rounding"},
		{"estimated", "2", "1", before, one("2", "1"), true, "estimated"},
		{"an account of the bill alone", "2", "1", before, one("1", "0"), false, "accounts"},
		{"equal sums of different accounts", "1", "1", before, append(one("1", "0"), Difference{"222233334444", amount(t, "0"), amount(t, "1")}), false, "accounts"},
		{"the bill is newer", "2", "1", after, one("2", "1"), false, "bill_newer"},
		{"Cost Explorer is newer", "2", "1", before, one("2", "1"), false, "cost_explorer_newer"},
	} {
		l := Line{Bill: amount(t, tt.bill), CostExplorer: amount(t, tt.ce), BillAt: tt.at, CostExplorerAt: asked, Accounts: tt.accounts}
		l.Difference = l.Bill.Sub(l.CostExplorer)
		if got := (&comparison{}).cause(l, tt.estimated); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
		l.Cause = tt.want
		if explanation(l) == "" {
			t.Errorf("%s is not explained", tt.want)
		}
	}
}

// TestCountingOtherwise: where the invoice's amount agrees, another metric differs by how it is counted.
func TestCountingOtherwise(t *testing.T) {
	p, q := bursar.NewPeriod(2026, 5), bursar.NewPeriod(2026, 6)
	lines := []Line{
		{Period: p, Metric: "unblended", Cause: "equal"},
		{Period: p, Metric: "amortized", Cause: "cost_explorer_newer"},
		{Period: q, Metric: "unblended", Cause: "bill_newer"},
		{Period: q, Metric: "amortized", Cause: "bill_newer"},
	}
	(&comparison{}).explain(lines)
	for i, want := range []string{"equal", "counting", "bill_newer", "bill_newer"} {
		if lines[i].Cause != want || lines[i].Explanation == "" {
			t.Errorf("%d: %+v, want %s", i, lines[i], want)
		}
	}
}

func TestDifferencesByAccount(t *testing.T) {
	got := differences(map[string]bursar.Decimal{"a": amount(t, "1"), "b": amount(t, "2")}, map[string]bursar.Decimal{"a": amount(t, "1.0"), "c": amount(t, "3")})
	if len(got) != 2 || got[0].AccountID != "b" || got[1].AccountID != "c" || len(oneSided(got)) != 2 {
		t.Errorf("got %+v", got)
	}
	if got := differences(nil, nil); got != nil {
		t.Errorf("got %+v", got)
	}
}
