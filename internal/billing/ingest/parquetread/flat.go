package parquetread

import (
	"bytes"

	"github.com/bursarhq/bursar/internal/billing/ingest/column"
	"github.com/bursarhq/bursar/internal/billing/ingest/parquetread/encoding"
	"github.com/bursarhq/bursar/internal/billing/ingest/parquetread/meta"
	"github.com/bursarhq/bursar/internal/billing/schema"
)

// flat reads a field of one leaf.
type flat struct {
	group  *Group
	pages  *pages
	page   cursor
	routes map[*column.Column]*route
	row    int64
	begun  int64 // where the open page's header lies
	taken  int   // cells of the open page that were handed out
	parked bool
}

// route is how entries of the dictionary map to entries of a column, as far as they were met.
type route struct {
	generation int
	dict       *encoding.Dictionary
	kind       schema.Type
	find       finder
	ids        []uint32
}

const unmet = ^uint32(0)

// begin makes the route fit the column's and the dictionary's state.
func (r *route) begin(l *meta.Leaf, to *column.Column, d *encoding.Dictionary) {
	if r.find == nil || r.kind != to.Type {
		r.find, r.kind = cell{l}.finder(to.Type), to.Type
	}
	if r.dict == d && r.generation == to.Generation() {
		return
	}
	r.dict, r.generation = d, to.Generation()
	n := 0
	if d != nil {
		n = d.Len()
	}
	if cap(r.ids) < n {
		r.ids = make([]uint32, n)
	}
	r.ids = r.ids[:n]
	for i := range r.ids {
		r.ids[i] = unmet
	}
}

// Fill implements Cells.
func (f *flat) Fill(to *column.Column, rows int) error {
	if err := f.resume(); err != nil {
		return err
	}
	if err := f.fill(to, rows); err != nil {
		return err
	}
	f.park()
	return f.group.tooLarge(f.pages)
}

func (f *flat) fill(to *column.Column, rows int) error {
	for rows > 0 {
		if f.page.left == 0 {
			if err := f.next(); err != nil {
				return err
			}
			continue
		}
		present, n, err := f.span(rows)
		if err != nil {
			return err
		}
		switch {
		case !present && to != nil:
			to.Push(column.Null, n)
		case !present:
		case to == nil:
			err = f.skip(n)
		default:
			err = f.values(to, n)
		}
		if err != nil {
			return err
		}
		rows -= n
		f.row += int64(n)
		f.taken += n
	}
	return nil
}

func (f *flat) next() (err error) {
	f.begun, f.taken = f.pages.at, 0
	f.page, err = f.pages.read()
	return err
}

// span takes cells of the open page that all have a value, or have none.
func (f *flat) span(limit int) (present bool, n int, err error) {
	n = min(limit, f.page.left)
	present = true
	if most := f.pages.leaf.MaxDef; most > 0 {
		var level uint32
		level, n = f.page.defs.Next(n)
		present = int(level) == most
		if n == 0 || int(level) > most {
			return false, 0, f.broken()
		}
	}
	f.page.left -= n
	return present, n, nil
}

func (f *flat) broken() error {
	return meta.Damaged("a page of the column %s ends before its %d cells", f.pages.leaf.Path, f.page.left+f.taken)
}

// values adds n cells that have a value.
func (f *flat) values(to *column.Column, n int) error {
	r := f.routes[to]
	if r == nil {
		r = &route{}
		f.routes[to] = r
	}
	r.begin(f.pages.leaf, to, f.pages.dict)
	if f.page.indexed {
		return f.indexed(r, to, n)
	}
	var last []byte
	var id uint32
	for i := range n {
		raw, ok := f.page.body.Next()
		if !ok {
			return f.broken()
		}
		if i == 0 || !bytes.Equal(raw, last) {
			if id, ok = r.find(to, raw); !ok {
				return f.bad(i, raw)
			}
			last = append(last[:0], raw...)
		}
		to.Push(id, 1)
	}
	return nil
}

func (f *flat) indexed(r *route, to *column.Column, n int) error {
	for done := 0; done < n; {
		i, k := f.page.index.Next(n - done)
		if k == 0 || int(i) >= len(r.ids) {
			return f.broken()
		}
		id := r.ids[i]
		if id == unmet {
			raw, ok := f.pages.dict.Entry(i), false
			if id, ok = r.find(to, raw); !ok {
				return f.bad(done, raw)
			}
			r.ids[i] = id
		}
		to.Push(id, k)
		done += k
	}
	return nil
}

func (f *flat) bad(after int, raw []byte) error {
	return &BadCell{Row: f.row + int64(after), Text: string(cell{f.pages.leaf}.appendText(nil, raw))}
}

// skip passes over n cells that have a value.
func (f *flat) skip(n int) error {
	for n > 0 {
		k := 1
		if f.page.indexed {
			if _, k = f.page.index.Next(n); k == 0 {
				return f.broken()
			}
		} else if _, ok := f.page.body.Next(); !ok {
			return f.broken()
		}
		n -= k
	}
	return nil
}

// park lets the open page go where pages take too much memory. It is unpacked again when it is needed.
func (f *flat) park() {
	if f.group.memory() <= f.group.file.Keep {
		return
	}
	f.parked = f.page.left > 0
	f.pages.un.give(f.pages.buf)
	f.page, f.pages.buf = cursor{}, nil
}

func (f *flat) resume() error {
	if !f.parked {
		return nil
	}
	f.parked = false
	taken := f.taken
	f.pages.at = f.begun
	if err := f.reopen(); err != nil {
		return err
	}
	f.row -= int64(taken)
	return f.fill(nil, taken)
}

// reopen reads the page at begun again.
func (f *flat) reopen() error {
	before := f.pages.left
	f.pages.left = f.pages.chunk.Values
	err := f.next()
	f.pages.left = before
	return err
}
