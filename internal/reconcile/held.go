// Package reconcile holds Cost Explorer and the bill together: while a bill is still on its way Cost Explorer's totals stand in for it, marked
// as what they are ([Costs]); once it is there, the two are compared month by month ([Compare]).
package reconcile

import (
	"slices"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/source/costexplorer"
	"github.com/bursarhq/bursar/internal/store"
)

// metricOf gives Cost Explorer's name of a metric of ours. What is not here is not comparable.
var metricOf = map[string]string{
	"unblended": "UnblendedCost", "amortized": "AmortizedCost", "net_unblended": "NetUnblendedCost", "net_amortized": "NetAmortizedCost",
}

// cell is one amount that a source holds.
type cell struct {
	at        time.Time
	period    bursar.Period
	group     string // the value of the first grouping
	metric    string // Cost Explorer's
	amount    bursar.Decimal
	currency  string
	estimated bool
}

// columns are where a cell's parts are in a row of costs.
var columns = func() map[string]int {
	out := map[string]int{}
	for i, c := range costexplorer.Find("cost_monthly").Columns() {
		out[c.Name] = i
	}
	return out
}()

// cells reads what a source holds of a stream in some months, both inclusive.
func cells(tx *store.Tx, sourceID, stream string, from, to bursar.Period) (out []cell, err error) {
	err = tx.CostRows(sourceID, stream, from, to, func(r store.CostRow) error {
		amount, err := bursar.ParseDecimal(r.Cells[columns["amount"]])
		out = append(out, cell{
			at: r.StartsAt, period: r.Period, group: r.Cells[columns["group1_value"]], metric: r.Cells[columns["metric"]], amount: amount, currency: r.Cells[columns["unit"]],
			estimated: r.Cells[columns["estimated"]] == "true",
		})
		return err
	})
	return out, err
}

// whole finds a stream of a source that tells everything, grouped as wanted: by one thing, or by anything when by is "".
func whole(s bursar.Source, names []string, by string) (bursar.Stream, bool) {
	for _, name := range names {
		for _, x := range s.Streams {
			alike := len(x.GroupBy) == 1 && x.GroupBy[0] == by || by == "" && len(x.GroupBy) <= 2
			if x.Name == name && len(x.Filter) == 0 && alike {
				return x, true
			}
		}
	}
	return bursar.Stream{}, false
}

// asks says whether a stream is asked for a metric.
func asks(x bursar.Stream, metric string) bool {
	return len(x.Metrics) == 0 || slices.Contains(x.Metrics, metric)
}
