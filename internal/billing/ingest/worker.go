package ingest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/billing/ingest/column"
	"github.com/bursarhq/bursar/internal/billing/ingest/csvsplit"
	"github.com/bursarhq/bursar/internal/billing/ingest/decode"
	"github.com/bursarhq/bursar/internal/billing/schema"
)

// worker reads one file after another. Row groups that it fills are written by a goroutine of its own, so that one
// file keeps two processors busy: one unpacks and splits, the other types, encodes and compresses.
type worker struct {
	run     *run
	ctx     context.Context
	tables  map[bursar.Period]*table
	layout  *layout
	flushes chan flush
	flushed chan error // the flusher's first error, when it ends
	sums    sums
	periods periodReader
}

type flush struct {
	t   *table
	set *columnSet
}

func (r *run) newWorker(ctx context.Context) *worker {
	w := &worker{run: r, ctx: ctx, tables: map[bursar.Period]*table{}, flushes: make(chan flush), flushed: make(chan error, 1), sums: sums{}}
	go w.flusher()
	return w
}

// flusher writes row groups until flushes is closed. After an error it only gives sets back.
func (w *worker) flusher() {
	var failed error
	for f := range w.flushes {
		if failed == nil {
			if failed = w.flush(f); failed != nil {
				w.run.fail(failed)
			}
		}
		f.set.reset()
		f.t.spare <- f.set
	}
	w.flushed <- failed
}

func (w *worker) flush(f flush) error {
	rows := f.set.rows(f.t.layout)
	if rows == 0 {
		return nil
	}
	if f.t.write {
		f.set.gather(f.t.layout, rows)
		w.run.notice(f.t.layout, f.set)
	}
	w.sums.addGroup(f.t.period, f.t.layout, f.set)
	if !f.t.write {
		return nil
	}
	return w.run.writeGroup(f.t, f.set)
}

// send hands a row group to the flusher and takes an empty one.
func (w *worker) send(t *table) {
	w.flushes <- flush{t, t.set}
	t.set = <-t.spare
}

// use makes l the layout of the rows that follow. Tables of another layout are finished.
func (w *worker) use(l *layout) error {
	if w.layout != nil && w.layout.same(l) && sameInputs(w.layout, l) {
		return nil
	}
	err := w.drain()
	w.layout = l
	return err
}

func sameInputs(a, b *layout) bool {
	return slices.Equal(a.names, b.names) && slices.Equal(a.targets, b.targets)
}

// drain writes what the tables hold and finishes their parts.
func (w *worker) drain() error {
	for _, t := range w.tables {
		w.send(t)
		// The flusher has taken the set above; when it gives it back, it has written it.
		second := <-t.spare
		t.spare <- second
		if w.ctx.Err() != nil {
			return context.Cause(w.ctx)
		}
		if err := w.run.finishPart(t); err != nil {
			return err
		}
	}
	clear(w.tables)
	return nil
}

// end drains the worker and hands its totals over.
func (w *worker) end(err error) error {
	if err == nil {
		err = w.drain()
	}
	close(w.flushes)
	err = errors.Join(err, <-w.flushed)
	for _, t := range w.tables {
		if t.part != nil {
			t.part.Abandon()
		}
	}
	w.run.mu.Lock()
	defer w.run.mu.Unlock()
	w.run.sums.merge(w.sums)
	return err
}

func (w *worker) table(p bursar.Period) *table {
	t := w.tables[p]
	if t == nil && len(w.tables) < maxPeriods {
		t = newTable(p, w.layout, w.run.keeps(p), groupBytes(w.run.req.Workers))
		w.tables[p] = t
	}
	return t
}

const maxPeriods = 240 // months of one file: each takes memory

func tooManyPeriods() error {
	return bursar.Errorf(bursar.Invalid, "the file holds more than %d billing periods", maxPeriods).WithReason("damaged")
}

// csv reads one text.
func (w *worker) csv(i int, f File, text io.Reader) error {
	s := csvsplit.New(text)
	head, err := s.Peek(4 << 10)
	if err != nil {
		return err
	}
	if err := refuseText(head); err != nil {
		return err
	}
	names, err := s.Header()
	if errors.Is(err, io.EOF) {
		return bursar.Errorf(bursar.Invalid, "the file is empty: it has not even a header").WithReason("not_a_bill").WithHint(wantBill)
	}
	if err != nil {
		return err
	}
	l, err := w.run.layoutOf(i, inputsOf(names))
	if err != nil {
		return err
	}
	if err := w.use(l); err != nil {
		return err
	}
	return w.rows(f, s)
}

const batchesAhead = 3

// rows takes all rows in. Another goroutine cuts them into batches meanwhile.
func (w *worker) rows(f File, s *csvsplit.Splitter) error {
	full, empty := make(chan *csvsplit.Batch, batchesAhead), make(chan *csvsplit.Batch, batchesAhead+1)
	for range batchesAhead + 1 {
		empty <- &csvsplit.Batch{}
	}
	stop := make(chan struct{})
	ended := make(chan error, 1)
	go func() {
		defer close(full)
		for {
			select {
			case <-stop:
				ended <- nil
				return
			case b := <-empty:
				if err := s.Next(b); err != nil {
					ended <- err
					return
				}
				full <- b
			}
		}
	}()
	var failed error
	for b := range full {
		if failed == nil {
			if failed = w.batch(f, b, s.Columns()); failed != nil {
				close(stop)
			}
		}
		empty <- b
	}
	err := <-ended
	if failed != nil {
		return failed
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// batch takes the rows of a batch in, each into the table of its period.
func (w *worker) batch(f File, b *csvsplit.Batch, columns int) error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	defer w.run.progress(int64(b.Rows))
	p, mixed, err := w.periods.of(w.run, w.layout, b, columns)
	if err != nil {
		return w.located(f, b, columns, err)
	}
	if mixed == nil {
		return w.fill(f, p, b, columns, nil)
	}
	for p, rows := range mixed {
		if err := w.fill(f, p, b, columns, rows); err != nil {
			return err
		}
	}
	return nil
}

func (w *worker) fill(f File, p bursar.Period, b *csvsplit.Batch, columns int, rows []uint32) error {
	t := w.table(p)
	if t == nil {
		return tooManyPeriods()
	}
	for i, c := range t.set.inputs {
		if c == nil {
			continue
		}
		if row := c.Cells(b, i, columns, rows); row >= 0 {
			return w.located(f, b, columns, badCell{row, i})
		}
	}
	if t.full() {
		w.send(t)
	}
	return nil
}

// badCell says that a cell is not of its column's type.
type badCell struct{ row, column int }

func (badCell) Error() string { return "not a value of its column's type" }

// located makes the error about a cell: with its line and column. In a column that may be text it is a demotion.
func (w *worker) located(f File, b *csvsplit.Batch, columns int, err error) error {
	var bad badCell
	if !errors.As(err, &bad) {
		return err
	}
	k := bad.row*columns + bad.column
	text, _ := csvsplit.Unquote(b.Data[b.Cells[k]:b.Cells[k+1]-1], nil)
	where := fmt.Sprintf("line %d", b.LineOf(bad.row, columns))
	return w.run.badValue(w.layout, bad.column, where, text)
}

// badValue is what becomes of a value that is not of its column's type: an error where the column is strict; elsewhere
// the column is text, and the run starts again.
func (r *run) badValue(l *layout, column int, where string, text []byte) error {
	c := l.columns[l.targets[column].column]
	if !c.Strict {
		return &demotion{column: c.Lake, example: clip(text)}
	}
	what := "a number of at most 38 digits"
	if c.Type == schema.Timestamp {
		what = "a time"
	}
	return bursar.Errorf(bursar.Invalid, "%s, column %s: %q is not %s", where, l.names[column], clip(text), what).WithReason("bad_value").
		WithHint("the file is damaged, or was changed after AWS delivered it")
}

func clip(text []byte) string {
	if len(text) > 60 {
		return string(text[:60]) + "…"
	}
	return string(text)
}

// demotion says that a column turned out to be text.
type demotion struct{ column, example string }

func (d *demotion) Error() string { return "the column " + d.column + " holds text: " + d.example }

// periodReader finds the billing period of rows.
type periodReader struct {
	known map[string]bursar.Period // by the cell as it is written
	clock decode.Clock
}

// of returns the period that all rows of a batch belong to, or the rows of each.
func (p *periodReader) of(r *run, l *layout, b *csvsplit.Batch, columns int) (one bursar.Period, mixed map[bursar.Period][]uint32, err error) {
	at := l.telling(r.req.Period)
	if at < 0 {
		return r.req.Period, nil, nil
	}
	var last []byte
	for row, k := 0, at; row < b.Rows; row, k = row+1, k+columns {
		cell := b.Data[b.Cells[k] : b.Cells[k+1]-1]
		if row > 0 && string(cell) == string(last) {
			if mixed != nil {
				mixed[one] = append(mixed[one], uint32(row))
			}
			continue
		}
		last = cell
		next, ok := p.read(r, cell)
		if !ok {
			return one, nil, badCell{row, at}
		}
		if mixed == nil && row > 0 && next != one {
			mixed = map[bursar.Period][]uint32{}
			for i := range row {
				mixed[one] = append(mixed[one], uint32(i))
			}
		}
		one = next
		if mixed != nil {
			mixed[one] = append(mixed[one], uint32(row))
		}
	}
	return one, mixed, nil
}

func (p *periodReader) read(r *run, cell []byte) (bursar.Period, bool) {
	if known, ok := p.known[string(cell)]; ok {
		return known, true
	}
	text, _ := csvsplit.Unquote(cell, nil)
	period := r.req.Period
	if !column.Missing(text) {
		t, ok := p.clock.Time(text)
		if !ok {
			return period, false
		}
		period = bursar.PeriodOf(time.UnixMicro(t))
	}
	if p.known == nil || len(p.known) > 10_000 {
		p.known = map[string]bursar.Period{}
	}
	p.known[string(cell)] = period
	return period, true
}
