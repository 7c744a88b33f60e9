package destinationtest

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/destination"
)

func checkLeavesNothing(t *testing.T, p place) {
	for range 2 {
		found := p.open(t).Check(t.Context())
		if len(found) == 0 {
			t.Fatal("nothing was looked at")
		}
		for _, f := range found {
			if f.Status == bursar.StatusFailed || f.Code == "" || f.Message == "" || f.Check == "" {
				t.Errorf("%+v", f)
			}
		}
	}
	if held := p.versions(t); len(held) != 0 {
		t.Errorf("a check left %v", held)
	}
}

func deliversExactly(t *testing.T, p place) {
	feb, jan := key("exp_a", "2026-02"), key("exp_a", "2026-01")
	p.deliver(t, Rows(feb, "dlv_1", columns, february, nil), Rows(jan, "dlv_2", columns, january, nil))
	p.holds(t, map[string][]Row{of(feb): Want(columns, february), of(jan): Want(columns, january)})
	if held := p.versions(t); held != nil && !cmp.Equal(held, map[destination.Key]string{feb: "dlv_1", jan: "dlv_2"}) {
		t.Errorf("it says that it holds %v", held)
	}
}

func deliversAgain(t *testing.T, p place) {
	feb := key("exp_a", "2026-02")
	for range 3 {
		p.deliver(t, Rows(feb, "dlv_1", columns, february, nil))
	}
	p.holds(t, map[string][]Row{of(feb): Want(columns, february)})
}

func replaces(t *testing.T, p place) {
	feb, jan := key("exp_a", "2026-02"), key("exp_a", "2026-01")
	p.deliver(t, Rows(feb, "dlv_1", columns, february, nil), Rows(jan, "dlv_2", columns, january, nil), Rows(feb, "dlv_3", columns, february[:1], nil))
	p.holds(t, map[string][]Row{of(feb): Want(columns, february[:1]), of(jan): Want(columns, january)})
	if held := p.versions(t); held != nil && held[feb] != "dlv_3" {
		t.Errorf("it says that it holds %v", held)
	}
}

func withdraws(t *testing.T, p place) {
	feb, jan := key("exp_a", "2026-02"), key("exp_a", "2026-01")
	p.deliver(t, Rows(feb, "dlv_1", columns, february, nil), Rows(jan, "dlv_2", columns, january, nil))
	for range 2 { // the second finds nothing
		if err := p.open(t).Withdraw(t.Context(), feb); err != nil {
			t.Fatal(err)
		}
	}
	p.holds(t, map[string][]Row{of(jan): Want(columns, january)})
	if held := p.versions(t); held != nil && (held[feb] != "" || held[jan] != "dlv_2") {
		t.Errorf("it says that it holds %v", held)
	}
}

func keepsWhenCutOff(t *testing.T, p place) {
	feb, broken := key("exp_a", "2026-02"), errors.New("broken")
	p.deliver(t, Rows(feb, "dlv_1", columns, february, nil))
	fresh := append(append([][]string{}, january...), february...)
	if _, err := p.open(t).Deliver(t.Context(), Rows(feb, "dlv_2", columns, fresh, broken)); !errors.Is(err, broken) {
		t.Fatalf("a part that cannot be read to its end: %v", err)
	}
	p.holds(t, map[string][]Row{of(feb): Want(columns, february)})
	if held := p.versions(t); held != nil && held[feb] != "dlv_1" {
		t.Errorf("it says that it holds %v", held)
	}
	p.deliver(t, Rows(feb, "dlv_2", columns, fresh, nil))
	p.holds(t, map[string][]Row{of(feb): Want(columns, fresh)})
}

// evolves delivers what has a column more, one less, and wider types, beside what was there before.
func evolves(t *testing.T, p place) {
	feb, mar := key("exp_a", "2026-02"), key("exp_a", "2026-03")
	before := []destination.Column{{Name: "a", Type: destination.Text}, {Name: "cost", Type: destination.Decimal, Precision: 18, Scale: 10}, {Name: "rate", Type: destination.Decimal, Precision: 18, Scale: 10}, {Name: "gone", Type: destination.Text}}
	after := []destination.Column{{Name: "new Column", Type: destination.Text}, {Name: "cost", Type: destination.Decimal, Precision: p.Digits, Scale: 24}, {Name: "a", Type: destination.Text}, {Name: "rate", Type: destination.Text}}
	old := [][]string{{"x", "1.5", "0.25", "g"}, {"y", "-99999999.0000000001", "", ""}}
	fresh := [][]string{{"n", "0.000000000000000000000123", "z", "per hour"}, {"", "1", "", "0.5"}}
	p.deliver(t, Rows(feb, "dlv_1", before, old, nil), Rows(mar, "dlv_2", after, fresh, nil))
	p.holds(t, map[string][]Row{of(feb): Want(before, old), of(mar): Want(after, fresh)})
	p.deliver(t, Rows(feb, "dlv_3", before, old[:1], nil)) // as it was before
	p.holds(t, map[string][]Row{of(feb): Want(before, old[:1]), of(mar): Want(after, fresh)})
}

func awkward(t *testing.T, p place) {
	feb := key("exp_a", "2026-02")
	cols := []destination.Column{{Name: "order", Type: destination.Text}, {Name: `na"me`, Type: destination.Text}, {Name: "cost", Type: destination.Decimal, Precision: p.Digits, Scale: 4}}
	rows := [][]string{
		{"a,b", "line\nbreak\r\n", "1"},
		{`"quoted"`, `back\slash`, "0.0001"},
		{"\t tab ", "é€𝄞 ", strings.Repeat("9", p.Digits-4) + ".9999"},
		{`\.`, `\N`, "-" + strings.Repeat("9", p.Digits-4)},
		{strings.Repeat("long ", 20_000), "'", "0"},
		{"NULLs", "", ""},
	}
	rows[3][1] = `\\N` // a lone \N is how bills write NULL
	p.deliver(t, Rows(feb, "dlv_1", cols, rows, nil))
	p.holds(t, map[string][]Row{of(feb): Want(cols, rows)})
}

func withoutRows(t *testing.T, p place) {
	feb := key("exp_a", "2026-02")
	p.deliver(t, Rows(feb, "dlv_1", columns, february, nil), Rows(feb, "dlv_2", columns, nil, nil))
	p.holds(t, map[string][]Row{})
	if held := p.versions(t); held != nil && held[feb] != "dlv_2" {
		t.Errorf("it says that it holds %v", held)
	}
	p.deliver(t, Rows(key("exp_a", "2026-04"), "dlv_3", nil, nil, nil)) // a bill without a file
}

// sourcesApart has two sources, and two destinations, in one place.
func sourcesApart(t *testing.T, p place) {
	a, b := key("exp_a", "2026-02"), key("exp_b", "2026-02")
	p.deliver(t, Rows(a, "dlv_1", columns, february, nil))
	other := p.Open(t, Origin("dst_b"))
	defer other.Close()
	if err := other.Prepare(t.Context(), dataset, columns); err != nil {
		t.Fatal(err)
	}
	if _, err := other.Deliver(t.Context(), Rows(b, "dlv_2", columns, january, nil)); err != nil {
		t.Fatal(err)
	}
	p.deliver(t, Rows(a, "dlv_3", columns, february[:2], nil))
	p.holds(t, map[string][]Row{of(a): Want(columns, february[:2]), of(b): Want(columns, january)})
	if held := p.versions(t); held != nil && len(held) != 1 {
		t.Errorf("it says that it holds %v", held)
	}
}

// comparesByRun goes the way that the product goes.
func comparesByRun(t *testing.T, p place) {
	feb, jan := key("exp_a", "2026-02"), key("exp_a", "2026-01")
	s := &source{parts: []*destination.Part{Rows(jan, "dlv_1", columns, january, nil), Rows(feb, "dlv_2", columns, february, nil)}}
	var memory []destination.Manifest
	run := func(want ...string) {
		t.Helper()
		var did []string
		err := destination.Run(t.Context(), p.open(t), destination.Plan{
			Datasets: []destination.Dataset{s}, Delivered: memory,
			Delivery: func(m destination.Manifest, withdrawn bool) error {
				memory = remember(memory, m, withdrawn)
				did = append(did, map[bool]string{true: "-", false: "+"}[withdrawn]+m.Period)
				return nil
			},
		})
		if err != nil || !cmp.Equal(did, want) {
			t.Fatalf("did %v, want %v: %v", did, want, err)
		}
	}
	run("+2026-01", "+2026-02")
	run()
	s.parts[1] = Rows(feb, "dlv_3", columns, february[:1], nil)
	run("+2026-02")
	s.parts = s.parts[1:]
	run("-2026-01")
	p.holds(t, map[string][]Row{of(feb): Want(columns, february[:1])})
}

func remember(memory []destination.Manifest, m destination.Manifest, withdrawn bool) (out []destination.Manifest) {
	for _, x := range memory {
		if x.Key != m.Key {
			out = append(out, x)
		}
	}
	if !withdrawn {
		out = append(out, m)
	}
	return out
}
