package parquetread

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/parquet-go/parquet-go/format"

	"github.com/bursarhq/bursar/internal/billing/ingest/column"
	"github.com/bursarhq/bursar/internal/billing/ingest/decode"
	"github.com/bursarhq/bursar/internal/billing/ingest/parquetread/meta"
)

// mapping reads a field of maps: two leaves side by side, keys and values. A map becomes the JSON text of an object, as
// csv files have it; one without entries is no value. A key that comes twice in a map, which Parquet forbids, becomes two
// entries: key and key_2.
type mapping struct {
	group      *Group
	keys, vals side
	rows       int64 // that still come
	state      map[*column.Column]*known
	numbers    bool   // values are numbers
	sign       []byte // what the row's map is made of
	entries    []decode.Entry
}

// side is the keys or the values of a map column.
type side struct {
	pages    *pages
	page     cursor
	rep, def int
	has      bool // rep and def are those of a cell that was not taken yet
}

// known are the maps that a column has met, by what they are made of.
type known struct {
	generation int
	ids        map[string]uint32
	last       string
	lastID     uint32
}

const maxEntries = 100_000 // of one map

func newMapping(g *Group, f meta.Field) *mapping {
	v := g.file.meta.Leaves[f.Leaves[1]]
	return &mapping{
		numbers: v.Physical == format.Double || v.Physical == format.Float || v.Meaning == meta.Decimal,
		group:   g, keys: side{pages: g.pages(f.Leaves[0])}, vals: side{pages: g.pages(f.Leaves[1])},
		rows: g.file.Rows(g.group), state: map[*column.Column]*known{},
	}
}

// peek makes rep and def those of the next cell. ok is false after the last.
func (s *side) peek() (ok bool, err error) {
	for !s.has {
		if s.page.left == 0 {
			if s.pages.left == 0 {
				return false, nil
			}
			if s.page, err = s.pages.read(); err != nil {
				return false, err
			}
			continue
		}
		s.page.left--
		rep, n := s.page.reps.Next(1)
		def, m := s.page.defs.Next(1)
		if n == 0 || m == 0 || int(def) > s.pages.leaf.MaxDef || int(rep) > s.pages.leaf.MaxRep {
			return false, meta.Damaged("a page of the column %s ends too early", s.pages.leaf.Path)
		}
		s.rep, s.def, s.has = int(rep), int(def), true
	}
	return true, nil
}

// value takes the next cell's value.
func (s *side) value() (raw []byte, err error) {
	ok := false
	if !s.page.indexed {
		raw, ok = s.page.body.Next()
	} else if i, k := s.page.index.Next(1); k == 1 && s.pages.dict != nil && int(i) < s.pages.dict.Len() {
		raw, ok = s.pages.dict.Entry(i), true
	}
	if !ok {
		return nil, meta.Damaged("a page of the column %s ends too early", s.pages.leaf.Path)
	}
	return raw, nil
}

// Fill implements Cells.
func (m *mapping) Fill(to *column.Column, rows int) error {
	var k *known
	if to != nil {
		k = m.knownOf(to)
	}
	for range rows {
		if err := m.row(); err != nil {
			return err
		}
		if to == nil {
			continue
		}
		if string(m.sign) != k.last {
			id, err := m.find(k, to)
			if err != nil {
				return err
			}
			k.last, k.lastID = string(m.sign), id
		}
		to.Push(k.lastID, 1)
	}
	if m.rows -= int64(rows); m.rows == 0 {
		if more, err := m.keys.peek(); more || err != nil {
			return meta.Damaged("the column %s has more maps than its row group has rows", m.keys.pages.leaf.Path)
		}
	}
	return m.group.tooLarge(m.keys.pages)
}

func (m *mapping) knownOf(to *column.Column) *known {
	k := m.state[to]
	if k == nil || k.generation != to.Generation() {
		k = &known{generation: to.Generation(), ids: map[string]uint32{"": column.Null}}
		m.state[to] = k
	}
	return k
}

// row reads the next row's map into sign.
func (m *mapping) row() error {
	m.sign = m.sign[:0]
	for n := 0; ; n++ {
		ok, err := m.keys.peek()
		if err != nil {
			return err
		}
		more, err := m.vals.peek()
		if err != nil {
			return err
		}
		if ok != more || ok && (m.keys.rep != m.vals.rep) || n == 0 && (!ok || m.keys.rep != 0) || n > maxEntries {
			return meta.Damaged("the keys and values of the column %s do not fit together", m.keys.pages.leaf.Path)
		}
		if !ok || n > 0 && m.keys.rep == 0 {
			return nil
		}
		if err := m.entry(); err != nil {
			return err
		}
	}
}

// entry takes one entry, or the word that there is none.
func (m *mapping) entry() error {
	m.keys.has, m.vals.has = false, false
	if m.keys.def < m.keys.pages.leaf.MaxDef {
		return nil
	}
	key, err := m.keys.value()
	if err != nil {
		return err
	}
	m.sign = appendPart(m.sign, m.keys.pages.leaf, key)
	if m.vals.def < m.vals.pages.leaf.MaxDef {
		m.sign = binary.AppendUvarint(m.sign, 0)
		return nil
	}
	value, err := m.vals.value()
	if err != nil {
		return err
	}
	m.sign = appendPart(m.sign, m.vals.pages.leaf, value)
	if len(m.sign) > maxMap {
		return meta.Damaged("the column %s has a map of more than %d MB", m.keys.pages.leaf.Path, maxMap>>20)
	}
	return nil
}

const maxMap = 16 << 20

// appendPart adds a key or a value to a map's sign: its length and its bytes.
func appendPart(sign []byte, l *meta.Leaf, raw []byte) []byte {
	sign = binary.AppendUvarint(sign, uint64(len(raw)+1))
	return append(sign, raw...)
}

// find returns the id of the map that sign stands for.
func (m *mapping) find(k *known, to *column.Column) (uint32, error) {
	if id, ok := k.ids[string(m.sign)]; ok {
		return id, nil
	}
	m.entries = m.entries[:0]
	for rest := m.sign; len(rest) > 0; {
		var key, value string
		key, _, rest = takePart(rest, m.keys.pages.leaf)
		var has bool
		value, has, rest = takePart(rest, m.vals.pages.leaf)
		if has && value != "" {
			m.entries = append(m.entries, decode.Entry{Key: m.free(key), Value: value, Number: m.numbers && value != "NaN" && !strings.HasSuffix(value, "Inf")})
		}
	}
	id := uint32(column.Null)
	if len(m.entries) > 0 {
		id, _ = to.Find(decode.AppendObject(nil, m.entries))
	}
	if len(k.ids) < maxKnown {
		k.ids[string(m.sign)] = id
	}
	return id, nil
}

const maxKnown = 1 << 16

// free returns the key, or, where the map has it already, a name that it has not.
func (m *mapping) free(key string) string {
	first := key
	for n := 2; slices.ContainsFunc(m.entries, func(e decode.Entry) bool { return e.Key == key }); n++ {
		key = fmt.Sprintf("%s_%d", first, n)
	}
	return key
}

func takePart(sign []byte, l *meta.Leaf) (text string, has bool, rest []byte) {
	n, used := binary.Uvarint(sign)
	sign = sign[used:]
	if n == 0 {
		return "", false, sign
	}
	return string(cell{l}.appendText(nil, sign[:n-1])), true, sign[n-1:]
}
