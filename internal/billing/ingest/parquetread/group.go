package parquetread

import (
	"fmt"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/billing/ingest/column"
	"github.com/bursarhq/bursar/internal/billing/ingest/parquetread/meta"
)

// BadCell says that a cell's value is not of the type of the column that it was to go to.
type BadCell struct {
	Row  int64 // of the row group, counted from 0
	Text string
}

// Error says which row it is.
func (b *BadCell) Error() string {
	return fmt.Sprintf("row %d: %q is not of its column's type", b.Row, b.Text)
}

// Cells hands out the cells of one field of a row group, in order.
type Cells interface {
	// Fill adds the next rows to a column, or skips them where it is nil. A [BadCell] says which cell is not of the
	// column's type; then nothing more can be read.
	Fill(to *column.Column, rows int) error
}

// Group is a row group that is being read, by one goroutine.
type Group struct {
	file  *File
	group int
	un    unpacker
	held  []*pages // of all columns
}

// Group begins a row group.
func (f *File) Group(group int) *Group { return &Group{file: f, group: group} }

// Close gives back what reading took.
func (g *Group) Close() { g.un.close() }

// Cells begins one field.
func (g *Group) Cells(field int) (Cells, error) {
	f := g.file.meta.Fields[field]
	if !f.Map() {
		c := &flat{group: g, pages: g.pages(f.Leaves[0]), routes: map[*column.Column]*route{}}
		return c, c.pages.wants(g.file.Rows(g.group))
	}
	return newMapping(g, f), nil
}

func (g *Group) pages(i int) *pages {
	c := &g.file.meta.Groups[g.group].Chunks[i]
	p := &pages{file: g.file.r, un: &g.un, leaf: &g.file.meta.Leaves[i], chunk: c, at: c.Start(), end: g.file.meta.End, left: c.Values}
	g.held = append(g.held, p)
	return p
}

// wants holds how many values a chunk has against the rows of its group.
func (p *pages) wants(rows int64) error {
	if p.chunk.Values != rows {
		return meta.Damaged("the column %s has %d values, the row group %d rows", p.leaf.Path, p.chunk.Values, rows)
	}
	return nil
}

// memory returns how many bytes the open pages and dictionaries of all columns take.
func (g *Group) memory() (n int) {
	n = cap(g.un.spare) + cap(g.un.packed)
	for _, p := range g.held {
		n += cap(p.buf)
		if p.dict != nil {
			n += p.dict.Bytes()
		}
	}
	return n
}

const (
	roomyMemory = 64 << 20
	mostMemory  = 320 << 20 // beyond, the file is refused
)

// tooLarge refuses a file whose open pages take too much memory. p is what was read just now.
func (g *Group) tooLarge(p *pages) error {
	if p.dict == nil && cap(p.buf) == 0 || g.memory() <= mostMemory {
		return nil
	}
	return bursar.Errorf(bursar.Invalid, "its open pages and dictionaries take more than %d MB", mostMemory>>20).WithReason("too_large").
		WithHint("write the file again with row groups and pages of ordinary size")
}
