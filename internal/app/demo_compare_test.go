package app

import (
	"testing"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/client"
	"github.com/bursarhq/bursar/internal/sandbox/billgen"
)

func dec(t *testing.T, s string) bursar.Decimal {
	t.Helper()
	d, err := bursar.ParseDecimal(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestDifferences proves that the demo's comparison fails where a total is wrong in its last decimal, missing or too many.
func TestDifferences(t *testing.T) {
	row := func(month, account, amount string) client.CostRow {
		return client.CostRow{Start: month + "-01", Groups: map[string]string{"account": account}, Amount: dec(t, amount), Currency: "USD"}
	}
	p, err := bursar.ParsePeriod("2026-01")
	if err != nil {
		t.Fatal(err)
	}
	delivered := func(amount string) billgen.Totals { return billgen.Totals{Unblended: dec(t, amount)} }
	truth := map[bursar.Period]*billgen.Truth{p: {Totals: delivered("3.0000000001"), ByAccount: map[string]billgen.Totals{"1": delivered("1"), "2": delivered("2.0000000001")}}}
	for name, tt := range map[string]struct {
		rows  []client.CostRow
		wrong int
	}{
		"equal":                 {[]client.CostRow{row("2026-01", "1", "1"), row("2026-01", "2", "2.0000000001")}, 0},
		"wrong in the last":     {[]client.CostRow{row("2026-01", "1", "1"), row("2026-01", "2", "2.0000000002")}, 2},
		"an account is missing": {[]client.CostRow{row("2026-01", "1", "1")}, 2},
		"an account too many":   {[]client.CostRow{row("2026-01", "1", "1"), row("2026-01", "2", "2.0000000001"), row("2026-01", "3", "1")}, 2},
		"a month too many":      {[]client.CostRow{row("2026-01", "1", "1"), row("2026-01", "2", "2.0000000001"), row("2026-02", "1", "1")}, 2},
		"nothing":               {nil, 3},
	} {
		t.Run(name, func(t *testing.T) {
			_, wrong := differences("unblended", &client.Costs{Rows: tt.rows}, truth, func(t billgen.Totals) bursar.Decimal { return t.Unblended })
			if len(wrong) != tt.wrong {
				t.Errorf("%d differences, want %d: %v", len(wrong), tt.wrong, wrong)
			}
		})
	}
}
