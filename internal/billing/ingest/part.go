package ingest

import (
	"fmt"
	"path/filepath"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/billing/ingest/decode"
	"github.com/bursarhq/bursar/internal/billing/ingest/parquetwrite"
	"github.com/bursarhq/bursar/internal/billing/schema"
)

// part is a Parquet file in the making.
type part struct {
	*parquetwrite.File
	path        string
	first, last int64 // microseconds: of ChargePeriodStart
	hasStart    bool
	room        []need // what its decimal columns can hold
}

// writeGroup writes a row group to the table's part. Where it does not fit the part's types, the part is finished and
// another one begun: the types of a file are fixed.
func (r *run) writeGroup(t *table, set *columnSet) error {
	fits := t.part != nil && t.part.RowGroups() < partGroups
	for i, c := range set.columns {
		if t.layout.columns[i].Type != schema.Decimal {
			continue
		}
		n := needOf(c)
		t.needs[i] = t.needs[i].or(n)
		if t.needs[i].whole+t.needs[i].scale > decode.MaxDigits {
			return bursar.Errorf(bursar.Invalid, "the values of the column %s need %d digits before and %d after the point, which no decimal type holds", t.layout.columns[i].Lake, t.needs[i].whole, t.needs[i].scale)
		}
		if fits && (n.whole > t.part.room[i].whole || n.scale > t.part.room[i].scale) {
			fits = false
		}
	}
	if !fits {
		if err := r.finishPart(t); err != nil {
			return err
		}
		if err := r.beginPart(t); err != nil {
			return err
		}
	}
	t.part.span(t.layout, set)
	return t.part.RowGroup(set.columns)
}

// decimalType chooses how a decimal column is stored: 64 bits where all values fit 18 digits, else 128 bits. Both have
// some room, so that the parts of a bill mostly agree. A long decimal never has more digits than it needs or might
// need, for engines that unite DECIMAL(p,s) of several files keep p-s digits before the point and s after it, and cut
// off what goes beyond 38 together.
func decimalType(n need) (precision, scale int) {
	if n.whole+n.scale <= shortDigits {
		return shortDigits, max(n.scale, min(usualScale, shortDigits-n.whole))
	}
	scale = max(20, (n.scale+3)/4*4)
	whole := max(10, n.whole)
	if whole+scale > decode.MaxDigits {
		return max(shortDigits+1, n.whole+n.scale), n.scale
	}
	return whole + scale, scale
}

const (
	shortDigits = 18
	usualScale  = 10 // digits after the point that AWS's amounts have
)

func (r *run) beginPart(t *table) error {
	fields := make([]parquetwrite.Field, len(t.layout.columns))
	room := make([]need, len(fields))
	for i, c := range t.layout.columns {
		f := &fields[i]
		f.Name, f.Type = c.Lake, c.Type
		if c.Type == schema.Decimal {
			f.Precision, f.Scale = decimalType(t.needs[i])
			room[i] = need{f.Precision - f.Scale, f.Scale}
		}
	}
	path := filepath.Join(r.req.Dir, fmt.Sprintf("line_items-%05d.parquet", r.parts.Add(1)-1))
	f, err := parquetwrite.Create(path, fields)
	if err != nil {
		return err
	}
	t.part = &part{File: f, path: path, room: room}
	return nil
}

// span widens the part's range of times.
func (p *part) span(l *layout, set *columnSet) {
	if l.core.start < 0 || l.columns[l.core.start].Type != schema.Timestamp {
		return
	}
	c := set.columns[l.core.start]
	for id := uint32(1); int(id) <= c.Entries(); id++ {
		v := c.Micros(id)
		if !p.hasStart {
			p.first, p.last, p.hasStart = v, v, true
		}
		p.first, p.last = min(p.first, v), max(p.last, v)
	}
}

func (r *run) finishPart(t *table) error {
	p := t.part
	if p == nil {
		return nil
	}
	t.part = nil
	rows := p.Rows()
	size, err := p.Close()
	if err != nil {
		return err
	}
	done := Part{Path: p.path, Period: t.period, Rows: rows, Bytes: size}
	if p.hasStart {
		done.MinStart, done.MaxStart = time.UnixMicro(p.first).UTC(), time.UnixMicro(p.last).UTC()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.result.Parts = append(r.result.Parts, done)
	return nil
}
