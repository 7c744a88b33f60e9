package bills

import (
	"context"
	"slices"

	"github.com/bursarhq/bursar/internal/billing/ingest/column"
	"github.com/bursarhq/bursar/internal/billing/ingest/parquetread"
	"github.com/bursarhq/bursar/internal/billing/lake"
	"github.com/bursarhq/bursar/internal/destination"
)

// batchRows are decoded at a time. One batch is decoded while the one before it is used.
const batchRows = 16 << 10

// read gives the rows of files, those of owners that do not count left out.
func read(ctx context.Context, files []lake.Files, columns []destination.Column, o owner, yield func(destination.Batch) error) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	full, empty, failed := make(chan destination.Batch), make(chan destination.Batch, 2), make(chan error, 1)
	for range cap(empty) {
		empty <- newBatch(columns)
	}
	go func() {
		defer close(full)
		r := reader{ctx: ctx, columns: columns, owner: o, full: full, empty: empty}
		failed <- r.files(files)
	}()
	var refused error
	for b := range full {
		if refused == nil && b.Rows() > 0 {
			if refused = yield(b); refused != nil {
				stop()
			}
		}
		empty <- b
	}
	if refused != nil {
		<-failed
		return refused
	}
	return <-failed
}

func newBatch(columns []destination.Column) destination.Batch {
	b := make(destination.Batch, len(columns))
	for i, c := range columns {
		b[i] = column.New(c.Storage())
	}
	return b
}

// reader decodes batches.
type reader struct {
	ctx         context.Context
	columns     []destination.Column
	owner       owner
	full, empty chan destination.Batch
}

func (r *reader) files(files []lake.Files) error {
	for _, f := range files {
		for _, path := range f.Paths {
			if err := r.file(path, f.Without); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *reader) file(path string, without []lake.Owner) error {
	in, err := open(path)
	if err != nil {
		return err
	}
	defer in.Close()
	fields := make([]int, len(r.columns)) // -1 where the file has no such column
	for i, c := range r.columns {
		fields[i] = -1
		for k, f := range in.Fields() {
			if f.Name == c.Name {
				fields[i] = k
			}
		}
	}
	for g := range in.Groups() {
		if err := r.group(in.File, g, fields, without); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) group(in *parquetread.File, g int, fields []int, without []lake.Owner) error {
	group := in.Group(g)
	defer group.Close()
	cells := make([]parquetread.Cells, len(fields))
	for i, f := range fields {
		if f < 0 {
			continue
		}
		var err error
		if cells[i], err = group.Cells(f); err != nil {
			return err
		}
	}
	for left := int(in.Rows(g)); left > 0; {
		n := min(left, batchRows)
		left -= n
		if err := r.batch(cells, n, without); err != nil {
			return err
		}
	}
	return nil
}

// batch decodes the next n rows.
func (r *reader) batch(cells []parquetread.Cells, n int, without []lake.Owner) error {
	var b destination.Batch
	select {
	case b = <-r.empty:
	case <-r.ctx.Done():
		return r.ctx.Err()
	}
	for i, c := range b {
		c.Reset()
		if cells[i] == nil {
			c.Push(column.Null, n)
			continue
		}
		if err := cells[i].Fill(c, n); err != nil {
			return err
		}
	}
	if len(without) > 0 {
		spans := r.counting(b, n, without)
		for _, c := range b {
			c.Retain(spans)
		}
	}
	select {
	case r.full <- b:
		return nil
	case <-r.ctx.Done():
		return r.ctx.Err()
	}
}

// counting finds the rows of a batch whose costs count.
func (r *reader) counting(b destination.Batch, n int, without []lake.Owner) (spans []column.Span) {
	payers, accounts := r.texts(b, r.owner.payer, n), r.texts(b, r.owner.account, n)
	for row := range n {
		if slices.Contains(without, lake.Owner{Payer: payers[row], Account: accounts[row]}) {
			continue
		}
		if k := len(spans); k > 0 && spans[k-1].To == row {
			spans[k-1].To++
			continue
		}
		spans = append(spans, column.Span{From: row, To: row + 1})
	}
	return spans
}

// texts are the cells of a text column, "" where there is none.
func (r *reader) texts(b destination.Batch, name string, n int) []string {
	out := make([]string, n)
	i := slices.IndexFunc(r.columns, func(c destination.Column) bool { return c.Name == name })
	if i < 0 {
		return out
	}
	starts, ids := b[i].Runs()
	for k, id := range ids {
		end := n
		if k+1 < len(starts) {
			end = int(starts[k+1])
		}
		text := ""
		if id != column.Null {
			text = string(b[i].Text(id))
		}
		for row := int(starts[k]); row < end; row++ {
			out[row] = text
		}
	}
	return out
}
