// Package column holds the cells of one column of a row group, typed, as runs of equal values over distinct
// entries: what a Parquet column chunk is made of. Line items that follow each other are alike in most columns, so
// most cells cost one comparison with the cell above and nothing else.
package column

import (
	"hash/maphash"
	"math/bits"
	"slices"
	"unicode/utf8"

	"github.com/bursarhq/bursar/internal/billing/ingest/csvsplit"
	"github.com/bursarhq/bursar/internal/billing/ingest/decode"
	"github.com/bursarhq/bursar/internal/billing/schema"
)

// Null is the id of cells without a value; the first entry has id 1.
const Null = 0

// Column is one column of a row group in the making.
type Column struct {
	Type schema.Type

	starts []uint32 // rows at which runs start
	ids    []uint32 // of the runs
	rows   uint32

	last   []byte // the cell above, as it is in the file
	lastID uint32

	text  []byte // of all entries of Text and Map, one after another
	ends  []uint32
	nums  []int64          // of Decimal (low 64 bits of the mantissa) and Timestamp
	scale []uint8          // of Decimal
	wide  map[uint32]int64 // high 64 bits of the mantissas that need them, by id

	table    []uint64 // hash<<32 | id, 0 = free; its size is a power of two
	used     int
	looks    int
	appends  bool // nearly every cell is new, and most rows have their own: entries are not looked for any more
	groups   int
	clock    decode.Clock
	scratch  []byte
	replaced int // cells that were not UTF-8
}

// New returns an empty column.
func New(t schema.Type) *Column { return &Column{Type: t} }

// Rows returns how many rows the column has.
func (c *Column) Rows() int { return int(c.rows) }

// Entries returns how many entries there are; their ids are 1 to Entries.
func (c *Column) Entries() int {
	if c.numeric() {
		return len(c.nums)
	}
	return len(c.ends)
}

// Generation changes with every Reset: ids of another generation are void.
func (c *Column) Generation() int { return c.groups }

// Distinct says whether no two entries are equal.
func (c *Column) Distinct() bool { return !c.appends }

// Replaced returns how many entries were not UTF-8 and had bytes replaced by U+FFFD.
func (c *Column) Replaced() int { return c.replaced }

func (c *Column) numeric() bool { return c.Type == schema.Decimal || c.Type == schema.Timestamp }

// Text returns the text of an entry of a Text or Map column.
func (c *Column) Text(id uint32) []byte {
	start := uint32(0)
	if id > 1 {
		start = c.ends[id-2]
	}
	return c.text[start:c.ends[id-1]]
}

// Micros returns the value of an entry of a Timestamp column.
func (c *Column) Micros(id uint32) int64 { return c.nums[id-1] }

// Number returns the value of an entry of a Decimal column.
func (c *Column) Number(id uint32) decode.Number {
	v := c.nums[id-1]
	n := decode.Number{Hi: v >> 63, Lo: uint64(v), Scale: c.scale[id-1]}
	if len(c.wide) > 0 {
		if hi, ok := c.wide[id]; ok {
			n.Hi = hi
		}
	}
	return n
}

// Numbers returns the low halves and scales of all entries of a Decimal column, and whether these are all of them.
func (c *Column) Numbers() (low []int64, scale []uint8, whole bool) {
	return c.nums, c.scale, len(c.wide) == 0
}

// Runs returns the rows at which runs begin, and their ids. The last run ends at Rows.
func (c *Column) Runs() (starts, ids []uint32) { return c.starts, c.ids }

// Cells adds one column of a batch: the cells of column at, of all rows or of those in rows. bad is the row whose cell
// is not of the column's type, -1 when all are.
func (c *Column) Cells(b *csvsplit.Batch, at, columns int, rows []uint32) (bad int) {
	data, cells := b.Data, b.Cells
	cur, id := c.last, c.lastID
	row := c.rows
	n := b.Rows
	if rows != nil {
		n = len(rows)
	}
	for i, k := 0, at; i < n; i, k = i+1, k+columns {
		if rows != nil {
			k = int(rows[i])*columns + at
		}
		cell := data[cells[k] : cells[k+1]-1]
		if len(cell) != len(cur) || string(cell) != string(cur) || row == 0 {
			cur = cell
			next, ok := c.find(cell)
			if !ok {
				c.rows = row
				if rows != nil {
					return int(rows[i])
				}
				return i
			}
			if next != id || row == 0 {
				id = next
				c.startRun(row, id)
			}
		}
		row++
	}
	c.rows = row
	c.last = append(c.last[:0], cur...)
	c.lastID = id
	return -1
}

func (c *Column) startRun(row, id uint32) {
	c.starts = append(room(c.starts, 1), row)
	c.ids = append(room(c.ids, 1), id)
}

// room makes sure that n more fit. It doubles what is full: append grows large slices by a quarter, and leaves five times
// as much behind as it ends up with.
func room[T any](s []T, n int) []T {
	if len(s)+n <= cap(s) {
		return s
	}
	return slices.Grow(s, max(n, len(s)))
}

// Push adds n rows of one id, which Find gave in this row group.
func (c *Column) Push(id uint32, n int) {
	if n == 0 {
		return
	}
	if id != c.lastID || c.rows == 0 {
		c.startRun(c.rows, id)
		c.lastID = id
		c.last = c.last[:0]
	}
	c.rows += uint32(n)
}

// Find returns the id of a text's value, adding an entry when it is new. ok is false when the text is not of the
// column's type.
func (c *Column) Find(text []byte) (id uint32, ok bool) {
	switch c.Type {
	case schema.Decimal:
		n, ok := decode.Decimal(text)
		if !ok {
			return c.missing(text)
		}
		return c.FindNumber(n), true
	case schema.Timestamp:
		t, ok := c.clock.Time(text)
		if !ok {
			return c.missing(text)
		}
		return c.FindMicros(t), true
	}
	return c.findText(text), true
}

func (c *Column) find(cell []byte) (id uint32, ok bool) {
	if len(cell) == 0 {
		return Null, true
	}
	if last := cell[len(cell)-1]; cell[0] == '"' || last == '\r' {
		cell, c.scratch = csvsplit.Unquote(cell, c.scratch)
	}
	return c.Find(cell)
}

// missing accepts the spellings of "no value".
func (c *Column) missing(text []byte) (id uint32, ok bool) { return Null, Missing(text) }

// Missing says whether a text means that there is no value: nothing, NULL, or \N.
func Missing(text []byte) bool {
	return len(text) == 0 || string(text) == "NULL" || string(text) == `\N`
}

var seed = maphash.MakeSeed()

func (c *Column) findText(text []byte) uint32 {
	if len(text) == 0 {
		return Null
	}
	c.looks++
	if c.appends {
		return c.addText(text)
	}
	h := maphash.Bytes(seed, text)
	mask := uint64(len(c.table) - 1)
	slot := h & mask
	for len(c.table) > 0 {
		e := c.table[slot]
		if e == 0 {
			break
		}
		if uint32(e>>32) == uint32(h>>32) && string(c.Text(uint32(e))) == string(text) {
			return uint32(e)
		}
		slot = (slot + 1) & mask
	}
	if text = c.acceptable(text); text == nil {
		return Null
	}
	id := c.addText(text)
	c.insert(h, id)
	return id
}

// acceptable returns a new entry's text as it is kept; nil when it means that there is none.
func (c *Column) acceptable(text []byte) []byte {
	if Missing(text) || c.Type == schema.Map && string(text) == "{}" {
		return nil
	}
	if !utf8.Valid(text) {
		c.replaced++
		return toUTF8(text)
	}
	return text
}

func toUTF8(text []byte) []byte {
	var out []byte
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		out = utf8.AppendRune(out, r)
		text = text[n:]
	}
	return out
}

func (c *Column) addText(text []byte) uint32 {
	if c.appends {
		if text = c.acceptable(text); text == nil {
			return Null
		}
	}
	c.text = append(room(c.text, len(text)), text...)
	c.ends = append(room(c.ends, 1), uint32(len(c.text)))
	return uint32(len(c.ends))
}

// insert enters a new entry into the table.
func (c *Column) insert(h uint64, id uint32) {
	c.used++
	if 2*c.used > len(c.table) {
		c.grow()
	}
	c.put(h, id)
	if c.looks > 4096 && c.used > c.looks/4*3 && c.looks > int(c.rows)/2 {
		c.appends = true
	}
}

func (c *Column) put(h uint64, id uint32) {
	mask := uint64(len(c.table) - 1)
	slot := h & mask
	for c.table[slot] != 0 {
		slot = (slot + 1) & mask
	}
	c.table[slot] = h&^0xffffffff | uint64(id)
}

func (c *Column) grow() {
	c.table = make([]uint64, max(64, 2*len(c.table)))
	for id := uint32(1); int(id) < c.used; id++ {
		c.put(c.hash(id), id)
	}
}

func (c *Column) hash(id uint32) uint64 {
	if c.numeric() {
		return hashNumber(c.nums[id-1], c.scaleOf(id))
	}
	return maphash.Bytes(seed, c.Text(id))
}

func (c *Column) scaleOf(id uint32) uint8 {
	if c.scale == nil {
		return 0
	}
	return c.scale[id-1]
}

func hashNumber(v int64, scale uint8) uint64 {
	hi, lo := bits.Mul64(uint64(v)^0x9e3779b97f4a7c15, 0xd6e8feb86659fd93+uint64(scale)<<1)
	return hi ^ lo
}

// FindMicros returns the id of a time.
func (c *Column) FindMicros(v int64) uint32 { return c.findNumber(v, 0, v>>63) }

// FindNumber returns the id of a number.
func (c *Column) FindNumber(n decode.Number) uint32 {
	return c.findNumber(int64(n.Lo), n.Scale, n.Hi)
}

func (c *Column) findNumber(v int64, scale uint8, hi int64) uint32 {
	c.looks++
	if c.appends {
		return c.addNumber(v, scale, hi)
	}
	h := hashNumber(v, scale)
	mask := uint64(len(c.table) - 1)
	slot := h & mask
	for len(c.table) > 0 {
		e := c.table[slot]
		if e == 0 {
			break
		}
		id := uint32(e)
		if c.nums[id-1] == v && c.scaleOf(id) == scale && c.high(id) == hi {
			return id
		}
		slot = (slot + 1) & mask
	}
	id := c.addNumber(v, scale, hi)
	c.insert(h, id)
	return id
}

func (c *Column) high(id uint32) int64 {
	if len(c.wide) > 0 {
		if hi, ok := c.wide[id]; ok {
			return hi
		}
	}
	return c.nums[id-1] >> 63
}

func (c *Column) addNumber(v int64, scale uint8, hi int64) uint32 {
	c.nums = append(room(c.nums, 1), v)
	if c.Type == schema.Decimal {
		c.scale = append(room(c.scale, 1), scale)
	}
	id := uint32(len(c.nums))
	if hi != v>>63 {
		if c.wide == nil {
			c.wide = map[uint32]int64{}
		}
		c.wide[id] = hi
	}
	return id
}

// Reset empties the column for the next row group and keeps its memory.
func (c *Column) Reset() {
	c.starts, c.ids, c.rows = c.starts[:0], c.ids[:0], 0
	c.last, c.lastID = c.last[:0], Null
	c.text, c.ends = c.text[:0], c.ends[:0]
	c.nums, c.scale = c.nums[:0], c.scale[:0]
	clear(c.wide)
	if len(c.table) > 1<<16 && c.used < len(c.table)/8 {
		c.table = nil
	}
	clear(c.table)
	c.used, c.looks = 0, 0
	c.groups++
	c.appends = c.appends && c.groups%16 != 0 // look again from time to time
}

// Bytes estimates the memory that the column's values take.
func (c *Column) Bytes() int {
	return len(c.text) + 4*len(c.ends) + 9*len(c.nums) + 8*len(c.starts)
}
