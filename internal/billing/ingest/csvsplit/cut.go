package csvsplit

import (
	"bytes"
	"fmt"
	"math/bits"
)

// cutter walks over the blocks of one batch. It lives on the stack.
type cutter struct {
	b       *Batch
	columns int
	line    int64
	cells   int // found so far
	want    int // number of the cell that must end at the next newline
	end     int // where the last whole row ends
	quoted  uint64
	before  uint64 // bit 0: the byte before the block allows a quote to open
	closed  uint64 // bit 0: the byte before the block is a closing quote
	done    bool   // a blank line ends the batch
}

const chunkBlocks = 128 // marks of one chunk stay in the first-level cache

// cut finds the whole rows of b.Data, and says how many bytes they and blank lines around them are.
func (s *Splitter) cut(b *Batch) (used int, err error) {
	n := len(b.Data)
	blocks := (n + blockSize - 1) / blockSize
	clear(b.Data[n : blocks*blockSize])
	b.Data = b.Data[:blocks*blockSize]
	defer func() { b.Data = b.Data[:n] }()
	if b.marks == nil {
		b.marks = make([]marks, chunkBlocks)
	}
	first := blank(b.Data[:n], 0)
	c := cutter{b: b, columns: s.columns, line: s.line, want: s.columns - 1, end: first, before: 1}
	b.Cells = append(b.Cells[:0], uint32(first))
	for at := 0; at < blocks && !c.done; at += chunkBlocks {
		m := min(chunkBlocks, blocks-at)
		classify(b.Data[at*blockSize:(at+m)*blockSize], b.marks)
		if err := c.chunk(at*blockSize, m, first, n); err != nil {
			return 0, err
		}
	}
	b.Rows = (c.want+1)/s.columns - 1
	b.Cells = b.Cells[:b.Rows*s.columns+1]
	return blank(b.Data[:n], c.end), nil
}

// blank returns where the blank lines that begin at i end.
func blank(data []byte, i int) int {
	for {
		switch {
		case i < len(data) && data[i] == '\n':
			i++
		case i+1 < len(data) && data[i] == '\r' && data[i+1] == '\n':
			i += 2
		default:
			return i
		}
	}
}

// chunk finds the cells of m blocks that begin at base. Bytes before first are blank lines, bytes from n on padding.
func (c *cutter) chunk(base, m, first, n int) error {
	for i := range m {
		k := &c.b.marks[i]
		blanks := uint64(0) // bytes that belong to blank lines
		if base < first {
			blanks = 1<<min(uint(first-base), blockSize) - 1
		}
		structural, newline := (k.comma|k.newline)&^blanks, k.newline&^blanks
		if k.quote|c.quoted|c.closed != 0 {
			in := inside(k.quote) ^ c.quoted
			structural &^= in
			newline &^= in
			if err := c.quotes(base, n, k.quote, in, structural|blanks); err != nil {
				return err
			}
		} else {
			c.before = (structural | blanks) >> 63
		}
		if newline != 0 {
			keep, err := c.rows(base, structural, newline)
			if err != nil {
				return err
			}
			structural &= keep
		}
		c.store(base, structural)
		if c.done {
			return nil
		}
		if c.cells > c.want {
			return c.ragged(c.cells - c.want + c.columns)
		}
		base += blockSize
	}
	return nil
}

// store writes down where the cells after each structural character begin.
func (c *cutter) store(base int, structural uint64) {
	n := bits.OnesCount64(structural)
	cells := c.b.Cells
	if len(cells)+n > cap(cells) {
		cells = append(make([]uint32, 0, 2*cap(cells)+blockSize), cells...)
	}
	at := len(cells)
	cells = cells[:at+n]
	for new := cells[at:]; structural != 0; structural &= structural - 1 {
		new[0] = uint32(base + bits.TrailingZeros64(structural) + 1)
		new = new[1:]
	}
	c.b.Cells = cells
	c.cells += n
}

// rows checks that each newline ends a row of the right width. A blank line ends the batch: then keep masks what
// lies before it.
func (c *cutter) rows(base int, structural, newline uint64) (keep uint64, err error) {
	for newline != 0 {
		bit := newline & -newline
		cell := c.cells + bits.OnesCount64(structural&(bit-1))
		at := base + bits.TrailingZeros64(bit)
		if cell != c.want {
			width := cell - c.want + c.columns
			if width == 1 && (at == c.end || at == c.end+1 && c.b.Data[c.end] == '\r') {
				c.done = true
				return bit - 1, nil
			}
			return 0, c.ragged(width)
		}
		c.want += c.columns
		c.end = at + 1
		newline &= newline - 1
	}
	return ^uint64(0), nil
}

func (c *cutter) ragged(width int) error {
	more := ""
	if width > c.columns {
		more = "at least "
	}
	return c.fail(c.end, fmt.Sprintf("the row has %s%d cells, the header has %d", more, width, c.columns))
}

// fail makes an error about the line on which byte at lies.
func (c *cutter) fail(at int, msg string) error {
	return &Error{c.line + int64(bytes.Count(c.b.Data[:at], []byte{'\n'})), msg}
}

// quotes checks that quotes open only at the beginning of a cell and close only at its end.
func (c *cutter) quotes(base, n int, quote, in, structural uint64) error {
	opens, closes := quote&in, quote&^in
	if bad := opens &^ ((structural|quote)<<1 | c.before); bad != 0 {
		return c.fail(base+bits.TrailingZeros64(bad), "a quote inside a cell that is not quoted")
	}
	bad := (closes<<1 | c.closed) &^ (structural | quote)
	for ; bad != 0; bad &= bad - 1 {
		at := base + bits.TrailingZeros64(bad)
		if at >= n {
			break
		}
		if c.b.Data[at] != '\r' || at+1 < n && c.b.Data[at+1] != '\n' {
			return c.fail(at, "text after the closing quote of a cell")
		}
	}
	c.quoted = uint64(int64(in) >> 63)
	c.before = (structural | quote) >> 63
	c.closed = closes >> 63
	return nil
}
