package query

import (
	"slices"
	"strings"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/billing/lake"
	"github.com/bursarhq/bursar/internal/billing/schema"
	"github.com/bursarhq/bursar/internal/billing/table"
)

// ItemQuestion asks for the line items behind a cost: those that a question's filters and time let through.
type ItemQuestion struct {
	Question // its filters, time and metric
	Columns  []string
}

// MaxItemColumns is how many columns one question may ask for.
const MaxItemColumns = 60

// ItemColumns are the columns of a question that names none, beside the day and what is counted.
var ItemColumns = []string{"account", "service", "region", "usage_type", "operation", "line_item_type", "resource", "ChargeDescription"}

// itemWords are the columns that are neither dimensions nor metrics nor columns of the lake.
var itemWords = []string{"billing_period", "day", "hour", "currency", "unit"}

// ParseItems reads a question for line items. Groups, granularity, compare and top mean nothing to it. Columns are dimensions, metrics, tag:KEY,
// cost_category:KEY, billing_period, day, hour, currency, unit, and columns of the lake by its or AWS's name.
func ParseItems(w Words, columns []string, now time.Time) (q ItemQuestion, err error) {
	w.GroupBy, w.Granularity, w.Compare, w.Top = nil, string(Total), "", 0
	if q.Question, err = Parse(w, now); err != nil {
		return q, err
	}
	q.LineItems = true
	if len(columns) == 0 {
		columns = q.usualColumns()
	}
	if len(columns) > MaxItemColumns {
		return q, bursar.InvalidField("columns", "%d columns are too many", len(columns)).WithReason("too_many_columns").WithHint("use at most %d, or ask in SQL", MaxItemColumns)
	}
	for i, c := range columns {
		if slices.Contains(columns[:i], c) {
			return q, bursar.InvalidField("columns", "%q stands there twice", c).WithReason("column_twice").WithHint("name each column once")
		}
	}
	q.Columns = columns
	return q, nil
}

// usualColumns begin with the day and what is counted.
func (q ItemQuestion) usualColumns() []string {
	if q.Metric.Quantity {
		return slices.Concat([]string{"day", q.Metric.Name, "unit"}, ItemColumns)
	}
	return slices.Concat([]string{"day", q.Metric.Name, "currency"}, ItemColumns, []string{"usage", "unit"})
}

// itemCell is how one column is read from files of one schema.
type itemCell struct {
	table.Column
	sql string
}

// cells says how each column is read from files, and what it is in the files of all.
func (q ItemQuestion) cells(f lake.Files, all []lake.Files) (out []itemCell, err error) {
	for _, name := range q.Columns {
		c, err := cellOf(name, f, all)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}

func cellOf(name string, f lake.Files, all []lake.Files) (itemCell, error) {
	has := hasColumn(f)
	text := func(sql string) itemCell { return itemCell{table.Column{Name: name, Type: table.Text}, sql} }
	switch name {
	case "billing_period":
		return text(textLiteral(f.Period)), nil
	case "day":
		return itemCell{table.Column{Name: name, Type: table.Date}, dayOf(f)}, nil
	case "hour":
		return itemCell{table.Column{Name: name, Type: table.Timestamp}, hourOf(f)}, nil
	case "currency":
		return text(currencyOf(has)), nil
	case "unit":
		return text(unitOf(has)), nil
	}
	if m, err := MetricByName(name); err == nil {
		return itemCell{table.Column{Name: name, Type: table.Decimal, Scale: m.itemScale(all)}, m.SQL(has)}, nil
	}
	if d, err := DimensionByName(name); err == nil {
		return text("nullif(" + d.SQL(has) + ", '')"), nil
	}
	return lakeCell(name, f, all)
}

func textLiteral(p bursar.Period) string {
	if p.IsZero() {
		return "NULL"
	}
	return text(p.String())
}

// itemScale is how many digits after the point the metric of any line item has.
func (m Metric) itemScale(all []lake.Files) (scale int) {
	for _, c := range m.columns() {
		for _, f := range all {
			scale = max(scale, f.Decimals[c].Scale)
		}
	}
	return scale
}

// lakeCell is a column as AWS delivered it. It is text wherever some files have it as text.
func lakeCell(name string, f lake.Files, all []lake.Files) (itemCell, error) {
	column := schema.Lake(name)
	c := table.Column{Name: name, Type: table.Text}
	have, decimals, scale := 0, 0, 0
	for _, g := range all {
		if !slices.Contains(g.Columns, column) {
			continue
		}
		have++
		if d, ok := g.Decimals[column]; ok {
			decimals, scale = decimals+1, max(scale, d.Scale)
		}
	}
	known, vocabulary := schema.Known(schema.Normal(column)), schema.Lookup(schema.Normal(column))
	switch {
	case have == 0 && !known:
		return itemCell{}, bursar.InvalidField("columns", "there is no column %q", name).WithReason("unknown_column").
			WithHint("use one of %s, or a column that DESCRIBE line_items lists in SQL", strings.Join(slices.Concat(itemWords, DimensionNames(), MetricNames(), []string{tagPrefix + "KEY", categoryPrefix + "KEY"}), ", "))
	case have > 0 && have == decimals:
		c.Type, c.Scale = table.Decimal, scale
	case vocabulary.Type == schema.Timestamp && vocabulary.Strict:
		c.Type = table.Timestamp
	}
	switch {
	case !slices.Contains(f.Columns, column):
		return itemCell{c, "NULL"}, nil
	case c.Type == table.Text:
		return itemCell{c, quote(column) + "::VARCHAR"}, nil
	}
	return itemCell{c, quote(column)}, nil
}
