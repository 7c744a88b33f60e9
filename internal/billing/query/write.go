package query

import (
	"io"

	"github.com/bursarhq/bursar/internal/billing/table"
)

// Write writes the whole answer in a format: a column for the time, one for each dimension, the amount, and what it is counted in.
func (a Answer) Write(w io.Writer, f table.Format) error {
	out, err := f.Open(w, a.columns())
	if err != nil {
		return err
	}
	for _, r := range a.Rows {
		if err := out.Row(a.cells(r)); err != nil {
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
	return append(out, table.Column{Name: "currency", Type: table.Text})
}

func (a Answer) cells(r Row) []any {
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
	return append(out, r.Currency)
}
