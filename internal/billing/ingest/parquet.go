package ingest

import (
	"errors"
	"fmt"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/billing/ingest/column"
	"github.com/bursarhq/bursar/internal/billing/ingest/csvsplit"
	"github.com/bursarhq/bursar/internal/billing/ingest/parquetread"
	"github.com/bursarhq/bursar/internal/billing/schema"
)

// parquet reads one Parquet file, a row group after another.
func (w *worker) parquet(i int, src *source) error {
	file, err := parquetread.Open(src.parquet, src.size)
	if err != nil {
		return err
	}
	file.Keep /= max(1, min(w.run.req.Workers, len(w.run.req.Files))) // others read at the same time
	inputs := make([]input, 0, len(file.Fields()))
	for _, x := range file.Fields() {
		inputs = append(inputs, input{x.Name, x.Child})
	}
	if len(inputs) > csvsplit.MaxColumns {
		return bursar.Errorf(bursar.Invalid, "the file has more than %d columns", csvsplit.MaxColumns).WithReason("damaged")
	}
	l, err := w.run.layoutOf(i, inputs)
	if err != nil {
		return err
	}
	if err := w.use(l); err != nil {
		return err
	}
	var before int64
	for g := range file.Groups() {
		r := rowGroup{worker: w, file: file.Group(g), cells: make([]parquetread.Cells, len(inputs)), before: before}
		err := r.read(file.Rows(g))
		r.file.Close()
		if err != nil {
			return err
		}
		before += file.Rows(g)
	}
	return nil
}

// rowGroup reads one row group of a Parquet file.
type rowGroup struct {
	worker *worker
	file   *parquetread.Group
	cells  []parquetread.Cells // of each input, once it is needed
	before int64               // rows of the file before the group
	done   int64               // rows of the group that were read
	scout  *column.Column      // the window's cells of the column that tells periods
	spans  []span
}

// span is a number of rows that go to one table.
type span struct {
	table *table
	rows  int
}

// windowRows are read of every column before more are: a column's cells go to their place together, and the tables do
// not grow far beyond a row group.
const windowRows = 16 << 10

const columnBytes = 512 << 20 // of one column's values in a window

func (r *rowGroup) read(rows int64) error {
	for left := rows; left > 0; {
		if err := r.worker.ctx.Err(); err != nil {
			return err
		}
		n := int(min(left, windowRows))
		if err := r.window(n); err != nil {
			return err
		}
		r.worker.run.progress(int64(n))
		left -= int64(n)
		r.done += int64(n)
	}
	return nil
}

// window reads the next n rows, each into the table of its period.
func (r *rowGroup) window(n int) error {
	scouted, err := r.split(n)
	if err != nil {
		return err
	}
	for i := range r.cells {
		if i == scouted {
			err = r.share(i)
		} else {
			err = r.column(i)
		}
		if err != nil {
			return r.located(i, err)
		}
	}
	for _, s := range r.spans {
		if s.table.full() {
			r.worker.send(s.table)
		}
	}
	return nil
}

// column reads the window's cells of one input.
func (r *rowGroup) column(i int) error {
	wanted := false
	for _, s := range r.spans {
		wanted = wanted || s.table.set.inputs[i] != nil
	}
	if !wanted && r.cells[i] == nil {
		return nil
	}
	cells, err := r.begin(i)
	if err != nil {
		return err
	}
	for _, s := range r.spans {
		if err := cells.Fill(s.table.set.inputs[i], s.rows); err != nil {
			return err
		}
		if to := s.table.set.inputs[i]; to != nil && to.Bytes() > columnBytes {
			return bursar.Errorf(bursar.Invalid, "%d rows hold more than %d MB in one column", windowRows, columnBytes>>20).WithReason("too_large")
		}
	}
	return nil
}

// begin returns the cells of an input at the window's first row.
func (r *rowGroup) begin(i int) (parquetread.Cells, error) {
	if r.cells[i] != nil {
		return r.cells[i], nil
	}
	c, err := r.file.Cells(i)
	if err != nil {
		return nil, err
	}
	r.cells[i] = c
	for left := r.done; left > 0; left -= min(left, windowRows) {
		if err := c.Fill(nil, int(min(left, windowRows))); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// split finds out which period's table each of the next n rows belongs to. It returns the input that it had to read for
// that, -1 when none tells.
func (r *rowGroup) split(n int) (scouted int, err error) {
	w := r.worker
	r.spans = r.spans[:0]
	scouted = w.layout.telling(w.run.req.Period)
	if scouted < 0 {
		return scouted, r.span(w.run.req.Period, n)
	}
	cells, err := r.begin(scouted)
	if err != nil {
		return scouted, err
	}
	if r.scout == nil {
		r.scout = column.New(schema.Timestamp)
	}
	r.scout.Reset()
	if err := cells.Fill(r.scout, n); err != nil {
		return scouted, r.located(scouted, err)
	}
	starts, ids := r.scout.Runs()
	for k, id := range ids {
		period := w.run.req.Period
		if id != column.Null {
			period = bursar.PeriodOf(time.UnixMicro(r.scout.Micros(id)))
		}
		if err := r.span(period, runEnd(starts, k, n)-int(starts[k])); err != nil {
			return scouted, err
		}
	}
	return scouted, nil
}

func runEnd(starts []uint32, k, rows int) int {
	if k+1 < len(starts) {
		return int(starts[k+1])
	}
	return rows
}

// span says that the next n rows belong to a period.
func (r *rowGroup) span(p bursar.Period, n int) error {
	t := r.worker.table(p)
	if t == nil {
		return tooManyPeriods()
	}
	if k := len(r.spans) - 1; k >= 0 && r.spans[k].table == t {
		r.spans[k].rows += n
		return nil
	}
	r.spans = append(r.spans, span{t, n})
	return nil
}

// share hands the cells that split has read to their tables.
func (r *rowGroup) share(i int) error {
	starts, ids := r.scout.Runs()
	row, k := 0, 0
	for _, s := range r.spans {
		to := s.table.set.inputs[i]
		for end := row + s.rows; row < end; {
			next := min(end, runEnd(starts, k, r.scout.Rows()))
			if to != nil {
				id := uint32(column.Null)
				if ids[k] != column.Null {
					id = to.FindMicros(r.scout.Micros(ids[k]))
				}
				to.Push(id, next-row)
			}
			row = next
			if row == runEnd(starts, k, r.scout.Rows()) {
				k++
			}
		}
	}
	return nil
}

// located makes the error about a cell: with its row and column. In a column that may be text it is a demotion.
func (r *rowGroup) located(i int, err error) error {
	var bad *parquetread.BadCell
	if !errors.As(err, &bad) {
		return err
	}
	return r.worker.run.badValue(r.worker.layout, i, fmt.Sprintf("row %d", r.before+bad.Row+1), []byte(bad.Text))
}
