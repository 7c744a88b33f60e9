package lake_test

import (
	"encoding/json"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/billing/query"
	"github.com/bursarhq/bursar/internal/shareddata"
	"github.com/bursarhq/bursar/internal/store"
)

// Two real months of a legacy report, in the layout that Athena reads, from the bucket to the answer.
func TestARealReport(t *testing.T) {
	w := newWorld(t)
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
	var truth map[string]json.RawMessage
	data, err := os.ReadFile(shareddata.Path(t, "truth", "wa-labs__amortized.truth.json"))
	check(t, err)
	check(t, json.Unmarshal(data, &truth))
	for month, file := range map[string]string{"2018-10": "Oct2018-WorkshopCUR-00001.snappy.parquet", "2018-11": "Nov2018-WorkshopCUR-00001.snappy.parquet"} {
		var want struct {
			Amortized bursar.Decimal `json:"amortized_total"`
			Unblended bursar.Decimal `json:"unblended_total"`
		}
		check(t, json.Unmarshal(truth[file], &want))
		for metric, sum := range map[string]bursar.Decimal{"unblended": want.Unblended, "amortized": want.Amortized} {
			for _, items := range []bool{false, true} {
				got := w.month(t, month, metric, items)
				if off := got.Sub(sum); off.Cmp(decimal(t, "0.000001")) > 0 || off.Cmp(decimal(t, "-0.000001")) < 0 {
					t.Errorf("%s %s (line items %v): %s, want %s", month, metric, items, got, sum)
				}
				if metric == "unblended" && !got.Equal(sum) {
					t.Errorf("%s %s (line items %v): %s, want %s to the last decimal", month, metric, items, got, sum)
				}
			}
		}
	}
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
