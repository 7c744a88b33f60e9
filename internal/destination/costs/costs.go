// Package costs offers the streams of Cost Explorer to destinations: a dataset for each, named "ce_" and the stream's name.
package costs

import (
	"context"
	"fmt"
	"slices"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/billing/ingest/column"
	"github.com/bursarhq/bursar/internal/destination"
	"github.com/bursarhq/bursar/internal/source/costexplorer"
	"github.com/bursarhq/bursar/internal/store"
)

// Prefix is how the datasets' names begin.
const Prefix = "ce_"

// timeless stands for the period of streams that are not about times.
const timeless = "latest"

// Dataset is one stream, of all sources that ask for it.
type Dataset struct {
	store *store.Store
	op    *costexplorer.Operation
}

// Datasets are those of all streams.
func Datasets(s *store.Store) (out []destination.Dataset) {
	for _, op := range costexplorer.Operations() {
		out = append(out, Dataset{s, op})
	}
	return out
}

// Name is the dataset's name.
func (d Dataset) Name() string { return Prefix + d.op.Name }

// Parts tells every month that is held of the stream: a part for each source and month.
func (d Dataset) Parts(ctx context.Context, workspaceID string) (parts []*destination.Part, release func(), err error) {
	columns := columnsOf(d.op)
	err = d.store.View(ctx, func(tx *store.Tx) error {
		sources, err := tx.AllSources(workspaceID)
		if err != nil {
			return err
		}
		for _, s := range sources {
			months, err := tx.CostMonths(s.ID, d.op.Name)
			if err != nil {
				return err
			}
			for _, m := range months {
				parts = append(parts, d.part(s.ID, m, columns))
			}
		}
		return nil
	})
	return parts, func() {}, err
}

func (d Dataset) part(sourceID string, m bursar.CostMonth, columns []destination.Column) *destination.Part {
	period := m.Period.String()
	if m.Period.IsZero() {
		period = timeless
	}
	return &destination.Part{
		Key: destination.Key{Dataset: d.Name(), Source: sourceID, Period: period}, Version: versionOf(d.op, m), Columns: columns,
		Read: func(ctx context.Context, yield func(destination.Batch) error) error {
			return d.read(ctx, sourceID, m, columns, yield)
		},
	}
}

// versionOf is a short name for what is held of a month. Streams that are asked window by window know the digest of the newest window alone.
func versionOf(op *costexplorer.Operation, m bursar.CostMonth) string {
	v := fmt.Sprintf("%.12s-%s-%d", m.Question, m.Digest, m.Rows)
	if op.Times != costexplorer.Monthly && op.Times != costexplorer.Timeless {
		v += fmt.Sprintf("-%d", m.FetchedAt.Unix())
	}
	return v
}

// scale is how many digits after the point there is room for: AWS gives about a dozen.
const scale = 20

func columnsOf(op *costexplorer.Operation) (out []destination.Column) {
	for _, c := range op.Columns() {
		col := destination.Column{Name: c.Name, Type: destination.Text}
		switch c.Type {
		case costexplorer.Decimal:
			col.Type, col.Precision, col.Scale = destination.Decimal, 38, scale
		case costexplorer.Time:
			col.Type = destination.Timestamp
		case costexplorer.JSON:
			col.Type = destination.JSON
		}
		out = append(out, col)
	}
	return out
}

// read gives the rows of a month, if they are still those that its version names.
func (d Dataset) read(ctx context.Context, sourceID string, m bursar.CostMonth, columns []destination.Column, yield func(destination.Batch) error) error {
	b := make(destination.Batch, len(columns))
	for i, c := range columns {
		b[i] = column.New(c.Storage())
	}
	err := d.store.View(ctx, func(tx *store.Tx) error {
		held, err := tx.CostMonths(sourceID, d.op.Name)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(held, func(h bursar.CostMonth) bool { return h.Period == m.Period && versionOf(d.op, h) == versionOf(d.op, m) }) {
			return destination.Away("changed_meanwhile", "%s was asked for anew meanwhile", d.op.Name).WithHint("it is tried again")
		}
		return tx.CostRows(sourceID, d.op.Name, m.Period, m.Period, func(r store.CostRow) error {
			if r.Period != m.Period { // without a period there are no bounds
				return nil
			}
			return add(b, columns, r.Cells)
		})
	})
	if err != nil || b.Rows() == 0 {
		return err
	}
	return yield(b)
}

func add(b destination.Batch, columns []destination.Column, cells []string) error {
	for i, c := range columns {
		text := ""
		if i < len(cells) {
			text = cells[i]
		}
		id, ok := b[i].Find([]byte(text))
		if !ok && text != "" || id != column.Null && c.Type == destination.Decimal && b[i].Number(id).Scale > scale {
			return destination.Refused("cell_not_of_its_type", "the column %s holds %q, which is no %s of at most %d digits after the point", c.Name, text, c.Type, scale).WithHint("ask for that month again: bursar source reopen")
		}
		b[i].Push(id, 1)
	}
	return nil
}
