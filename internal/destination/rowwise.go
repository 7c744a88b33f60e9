package destination

import (
	"context"
	"io"
	"slices"

	"github.com/bursarhq/bursar/internal/billing/ingest/column"
)

// Rowwise writes parts row by row, in a form that its fields say. Each distinct cell of a batch is encoded once, and rows are
// put together from what was encoded: that is what makes a wide part cheap.
type Rowwise struct {
	Columns []Column
	Before  []byte // of a row
	After   []byte // of a row
	// Cell appends a cell of a column, with all that stands between it and its neighbours. At the id [column.Null] it is NULL.
	Cell func(dst []byte, at int, c *column.Column, id uint32) []byte

	cells []encoded
	live  []int // segments whose cells change within the batch
	segs  []segment
}

// encoded are the cells of one column in one batch.
type encoded struct {
	bytes []byte
	ends  []uint32 // by id; NULL is 0
}

func (e *encoded) of(id uint32) []byte {
	from := uint32(0)
	if id > 0 {
		from = e.ends[id-1]
	}
	return e.bytes[from:e.ends[id]]
}

// segment is what one column, or several that are the same in every row of the batch, put into a row.
type segment struct {
	now    []byte
	cells  *encoded
	starts []uint32
	ids    []uint32
	run    int
}

// Append appends rows of a batch, from one row up to another, to dst. Batches are taken from their first row on.
func (r *Rowwise) Append(dst []byte, b Batch, from, to int) []byte {
	if from == 0 {
		r.begin(b)
	}
	for row := from; row < to; row++ {
		for _, i := range r.live {
			s := &r.segs[i]
			if next := s.run + 1; next < len(s.starts) && int(s.starts[next]) == row {
				s.run = next
				s.now = s.cells.of(s.ids[next])
			}
		}
		dst = append(dst, r.Before...)
		for i := range r.segs {
			dst = append(dst, r.segs[i].now...)
		}
		dst = append(dst, r.After...)
	}
	return dst
}

// begin encodes the distinct cells of a batch.
func (r *Rowwise) begin(b Batch) {
	if len(r.cells) != len(b) {
		r.cells = make([]encoded, len(b))
	}
	r.segs, r.live = r.segs[:0], r.live[:0]
	for i, c := range b {
		e := &r.cells[i]
		e.bytes, e.ends = r.Cell(e.bytes[:0], i, c, column.Null), e.ends[:0]
		e.ends = append(e.ends, uint32(len(e.bytes)))
		for id := uint32(1); int(id) <= c.Entries(); id++ {
			e.bytes = r.Cell(e.bytes, i, c, id)
			e.ends = append(e.ends, uint32(len(e.bytes)))
		}
		r.add(c, e)
	}
}

// add adds a column to the segments; one that does not change is joined to one before it that does not either.
func (r *Rowwise) add(c *column.Column, e *encoded) {
	starts, ids := c.Runs()
	if len(ids) == 0 {
		return
	}
	now := e.of(ids[0])
	if len(ids) > 1 {
		r.live = append(r.live, len(r.segs))
		r.segs = append(r.segs, segment{now: now, cells: e, starts: starts, ids: ids})
		return
	}
	if n := len(r.segs); n > 0 && r.segs[n-1].cells == nil {
		r.segs[n-1].now = append(slices.Clip(r.segs[n-1].now), now...)
		return
	}
	r.segs = append(r.segs, segment{now: now})
}

const writeAt = 256 << 10 // bytes that are gathered before they are written

// Write writes every row of a part, and returns how many they are.
func (r *Rowwise) Write(ctx context.Context, w io.Writer, p *Part) (rows int64, err error) {
	var buf []byte
	err = p.Read(ctx, func(b Batch) error {
		for from := 0; from < b.Rows(); {
			to := min(b.Rows(), from+256)
			buf = r.Append(buf, b, from, to)
			from = to
			if len(buf) >= writeAt {
				if _, err := w.Write(buf); err != nil {
					return err
				}
				buf = buf[:0]
			}
		}
		rows += int64(b.Rows())
		return nil
	})
	if err == nil {
		_, err = w.Write(buf)
	}
	return rows, err
}
