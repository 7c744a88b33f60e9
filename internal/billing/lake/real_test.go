package lake_test

import (
	"encoding/json"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/billing/query"
	"github.com/bursarhq/bursar/internal/billing/query/duckdb"
	"github.com/bursarhq/bursar/internal/billing/table"
	"github.com/bursarhq/bursar/internal/shareddata"
	"github.com/bursarhq/bursar/internal/store"
)

// Two real months of a legacy report, in the layout that Athena reads, from the bucket to the answer.
func TestARealReport(t *testing.T) {
	w := newWorld(t)
	w.realReport(t)
	for month, want := range w.truth(t) {
		for metric, sum := range map[string]bursar.Decimal{"unblended": decimal(t, want["unblended_total"]), "amortized": decimal(t, want["amortized_total"])} {
			for _, items := range []bool{false, true} {
				if got := w.month(t, month, metric, items); !got.Equal(sum) {
					t.Errorf("%s %s (line items %v): %s, want %s", month, metric, items, got, sum)
				}
			}
		}
	}
}

// realReport imports both months.
func (w *world) realReport(t *testing.T) {
	t.Helper()
	for month, file := range map[int]string{10: "Oct2018-WorkshopCUR-00001.snappy.parquet", 11: "Nov2018-WorkshopCUR-00001.snappy.parquet"} {
		data, err := os.ReadFile(shareddata.Path(t, "wa-labs", file))
		check(t, err)
		folder := fmt.Sprintf("cur/WorkshopCUR/WorkshopCUR/year=2018/month=%d/", month)
		write(t, w.objects(), folder+file, data)
		manifest, err := json.Marshal(map[string]any{
			"assemblyId": fmt.Sprint("a", month), "reportName": "WorkshopCUR", "bucket": "b", "reportKeys": []string{folder + file},
			"billingPeriod": map[string]string{"start": fmt.Sprintf("2018%d01T000000.000Z", month)},
		})
		check(t, err)
		write(t, w.objects(), folder+"WorkshopCUR-Manifest.json", manifest)
	}
	check(t, w.store.InTx(t.Context(), func(tx *store.Tx) (err error) {
		e := w.export
		e.Name, e.Format = "WorkshopCUR", bursar.FormatLegacy
		w.export, err = tx.FollowExport(e)
		return err
	}))
	for _, d := range w.mustPoll(t) {
		if d.State != bursar.DeliveryPublished {
			t.Fatalf("%+v", d)
		}
	}
}

// truth is what is known of both months, by month.
func (w *world) truth(t *testing.T) map[string]map[string]string {
	t.Helper()
	var files map[string]json.RawMessage
	data, err := os.ReadFile(shareddata.Path(t, "truth", "wa-labs__amortized.truth.json"))
	check(t, err)
	check(t, json.Unmarshal(data, &files))
	out := map[string]map[string]string{"2018-10": {}, "2018-11": {}}
	for month, name := range map[string]string{"2018-10": "Oct2018-WorkshopCUR-00001.snappy.parquet", "2018-11": "Nov2018-WorkshopCUR-00001.snappy.parquet"} {
		facts := out[month]
		check(t, json.Unmarshal(files[name], &facts))
		out[month] = facts
	}
	return out
}

func (w *world) month(t *testing.T, month, metric string, items bool) bursar.Decimal {
	t.Helper()
	p, err := bursar.ParsePeriod(month)
	check(t, err)
	q, err := query.Parse(query.Words{From: month, To: p.Add(1).String(), Metric: metric}, time.Now())
	check(t, err)
	q.LineItems = items
	a, err := w.ask.Ask(t.Context(), w.export.WorkspaceID, q)
	check(t, err)
	if len(a.Totals) != 1 || a.Totals[0].Currency != "USD" {
		t.Fatalf("%s %s: %v", month, metric, a.Totals)
	}
	return a.Totals[0].Amount
}

// Real months of a payer with reserved instances: what is spread over usage, and what stays unused, is what was paid and what was prepaid;
// every type of line item adds up to its truth.
func TestARealReportIsConserved(t *testing.T) {
	w := newWorld(t)
	w.realReport(t)
	sums := func(month, expression string, kinds string) bursar.Decimal {
		t.Helper()
		s := one{}
		_, err := query.SQL{Lake: w.lake, Engine: duckdb.Confine(duckdb.Options{MemoryMB: 256, Threads: 1}, 1), Timeout: time.Minute}.Run(t.Context(), w.export.WorkspaceID,
			"SELECT sum("+expression+") FROM line_items WHERE billing_period = '"+month+"' AND line_item_type IN ("+kinds+")", 1, &s)
		check(t, err)
		return s.sum
	}
	for month, want := range w.truth(t) {
		for _, tc := range []struct{ expression, kinds, want string }{
			{"unblended", "'Usage'", want["usage_unblended"]},
			{"amortized", "'Usage'", want["usage_unblended"]},
			{"amortized", "'DiscountedUsage'", want["discounted_usage_effective"]},
			{"unblended", "'RIFee'", want["rifee_unblended"]},
			{"reservation_amortized_upfront_fee_for_billing_period", "'RIFee'", want["rifee_amortized_upfront_fee"]},
			{"reservation_unused_recurring_fee", "'RIFee'", want["rifee_unused_recurring_fee"]},
		} {
			if got := sums(month, tc.expression, tc.kinds); !got.Equal(decimal(t, tc.want)) {
				t.Errorf("%s: %s of %s is %s, want %s", month, tc.expression, tc.kinds, got, tc.want)
			}
		}
		spread := sums(month, "amortized", "'DiscountedUsage', 'RIFee'")
		paid := sums(month, "unblended + coalesce(reservation_amortized_upfront_fee_for_billing_period, 0)", "'DiscountedUsage', 'RIFee'")
		if off := spread.Sub(paid); off.Cmp(decimal(t, "0.00001")) > 0 || off.Cmp(decimal(t, "-0.00001")) < 0 { // AWS rounds to 8 digits
			t.Errorf("%s: %s spread, %s paid", month, spread, paid)
		}
	}
}

// one keeps a single decimal.
type one struct{ sum bursar.Decimal }

func (*one) Begin([]table.Column) error { return nil }

func (o *one) Row(cells []any) error {
	o.sum, _ = cells[0].(bursar.Decimal)
	return nil
}
