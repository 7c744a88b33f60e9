package ingest

import (
	"encoding/binary"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/billing/ingest/column"
	"github.com/bursarhq/bursar/internal/billing/ingest/decode"
	"github.com/bursarhq/bursar/internal/billing/schema"
)

const (
	groupRows  = 122_880 // rows of a row group: what DuckDB writes and scans in one go
	partGroups = 64      // row groups of one part

	// Of the values in memory, should rows be long or no two alike. Each worker has one row group in the making and one that
	// is being written.
	groupsBytes = 128 << 20
	leastBytes  = 8 << 20 // of one row group, however many workers there are
)

// groupBytes is how large the values of one row group may become.
func groupBytes(workers int) int { return max(leastBytes, groupsBytes/(2*workers)) }

// columnSet holds one row group in the making.
type columnSet struct {
	columns []*column.Column   // of the lake; those that are put together from entries are filled at the end
	entries [][]*column.Column // of such a column: one for each key
	inputs  []*column.Column   // for each column of the file, where its cells go; nil = nowhere
}

// newColumnSet makes the columns of a layout, or only those that totals need.
func newColumnSet(l *layout, all bool) *columnSet {
	s := &columnSet{columns: make([]*column.Column, len(l.columns)), entries: make([][]*column.Column, len(l.columns)), inputs: make([]*column.Column, len(l.names))}
	c := &l.core
	for i := range l.columns {
		if !all && i != c.cost && i != c.currency && i != c.start && i != c.kind && i != c.service && i != c.account {
			continue
		}
		s.columns[i] = column.New(l.columns[i].Type)
		if l.columns[i].keys == nil {
			s.inputs[l.columns[i].sources[0]] = s.columns[i]
			continue
		}
		for _, src := range l.columns[i].sources {
			e := column.New(schema.Text)
			s.entries[i] = append(s.entries[i], e)
			s.inputs[src] = e
		}
	}
	return s
}

// rows returns how many rows the set holds: every layout has a cost column.
func (s *columnSet) rows(l *layout) int { return s.columns[l.core.cost].Rows() }

// bytes estimates the set's values in memory.
func (s *columnSet) bytes() (n int) {
	for _, c := range s.inputs {
		if c != nil {
			n += c.Bytes()
		}
	}
	return n
}

func (s *columnSet) reset() {
	for _, c := range s.columns {
		if c != nil {
			c.Reset()
		}
	}
	for _, e := range s.entries {
		for _, c := range e {
			c.Reset()
		}
	}
}

// gather puts the map columns together that the file delivers entry by entry.
func (s *columnSet) gather(l *layout, rows int) {
	for i, e := range s.entries {
		if len(e) > 0 {
			gatherMap(s.columns[i], e, l.columns[i].keys, rows)
		}
	}
}

// gatherMap fills a map column from the columns of its entries. Rows that are alike in all entries share one text.
func gatherMap(to *column.Column, entries []*column.Column, keys []string, rows int) {
	changed := make([]bool, rows) // rows where any entry's run starts
	for _, e := range entries {
		starts, _ := e.Runs()
		for _, r := range starts {
			changed[r] = true
		}
	}
	var (
		next  = make([]int, len(entries)) // run of each entry that comes next
		tuple = make([]byte, 4*len(entries))
		seen  = map[string]uint32{}
		text  []byte
		id    uint32
		from  int
	)
	for r := range rows {
		if !changed[r] {
			continue
		}
		to.Push(id, r-from)
		from = r
		for k, e := range entries {
			starts, ids := e.Runs()
			if next[k] < len(starts) && int(starts[next[k]]) == r {
				binary.LittleEndian.PutUint32(tuple[4*k:], ids[next[k]])
				next[k]++
			}
		}
		known, ok := seen[string(tuple)]
		if !ok {
			text = mapText(text[:0], entries, keys, tuple)
			known, _ = to.Find(text)
			seen[string(tuple)] = known
		}
		id = known
	}
	to.Push(id, rows-from)
}

func mapText(dst []byte, entries []*column.Column, keys []string, tuple []byte) []byte {
	var pairs []decode.Entry
	for k, e := range entries {
		if id := binary.LittleEndian.Uint32(tuple[4*k:]); id != column.Null {
			pairs = append(pairs, decode.Entry{Key: keys[k], Value: string(e.Text(id))})
		}
	}
	return decode.AppendObject(dst, pairs)
}

// table takes the rows of one period in from one worker.
type table struct {
	period bursar.Period
	layout *layout
	write  bool // false: only totals
	limit  int  // of the set's bytes
	set    *columnSet
	spare  chan *columnSet // what the flusher gives back
	part   *part           // the open one; nil before the first row group
	needs  []need          // of the decimal columns, so far
}

func newTable(p bursar.Period, l *layout, write bool, limit int) *table {
	t := &table{period: p, layout: l, write: write, limit: limit, set: newColumnSet(l, write), spare: make(chan *columnSet, 1), needs: make([]need, len(l.columns))}
	t.spare <- newColumnSet(l, write)
	return t
}

// full says whether the row group in the making should be written.
func (t *table) full() bool {
	return t.set.rows(t.layout) >= groupRows || t.set.bytes() >= t.limit
}
