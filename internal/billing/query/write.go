package query

import (
	"io"
	"slices"

	"github.com/bursarhq/bursar/internal/billing/table"
)

// Write writes the whole answer in a format: a column for the time, one for each dimension, the amount, and what it is counted in.
func (a Answer) Write(w io.Writer, f table.Format) error {
	out, err := f.Open(w, a.columns())
	if err != nil {
		return err
	}
	mixed := a.mixed()
	for _, r := range a.Rows {
		if err := out.Row(a.cells(r, mixed)); err != nil {
			return err
		}
	}
	return out.Close()
}

func (a Answer) columns() (out []table.Column) {
	q := a.Question
	start := table.Column{Name: "start", Type: table.Date}
	if q.Granularity == Hourly {
		start.Type = table.Timestamp
	}
	out = append(out, start)
	for _, d := range q.GroupBy {
		out = append(out, table.Column{Name: d.Name, Type: table.Text})
	}
	if q.Top > 0 {
		out = append(out, table.Column{Name: "rest", Type: table.Integer})
	}
	scale := 0
	for _, r := range a.Rows {
		scale = max(scale, r.Amount.Scale(), r.Previous.Scale())
	}
	out = append(out, table.Column{Name: q.Metric.Name, Type: table.Decimal, Scale: scale})
	if q.Compare {
		out = append(out, table.Column{Name: "previous", Type: table.Decimal, Scale: scale})
	}
	if q.Metric.Quantity {
		return append(out, table.Column{Name: "unit", Type: table.Text})
	}
	out = append(out, table.Column{Name: "currency", Type: table.Text})
	if a.mixed() {
		out = append(out, table.Column{Name: "source", Type: table.Text})
	}
	return out
}

// mixed says whether some rows do not come from a bill.
func (a Answer) mixed() bool {
	return slices.ContainsFunc(a.Rows, func(r Row) bool { return r.Source != "" })
}

func (a Answer) cells(r Row, mixed bool) []any {
	out := []any{r.Start}
	for _, g := range r.Groups {
		if r.Rest > 0 {
			out = append(out, nil)
			continue
		}
		out = append(out, g)
	}
	if a.Question.Top > 0 {
		out = append(out, int64(r.Rest))
	}
	out = append(out, r.Amount)
	if a.Question.Compare {
		out = append(out, r.Previous)
	}
	out = append(out, r.Currency)
	if mixed {
		out = append(out, r.Source)
	}
	return out
}
