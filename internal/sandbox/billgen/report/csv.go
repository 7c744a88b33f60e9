package report

import (
	"bytes"
	"io"
	"iter"
)

// writeCSV writes a header and lines. Cells that a block's lines share are spelled once for the block: a line is
// its shared pieces with the varying cells between them.
func writeCSV(w io.Writer, columns []column, lines iter.Seq[*line], millis bool) error {
	c := csvWriter{w: w, columns: columns, block: -1, buf: make([]byte, 0, 1<<17)}
	c.times.columns.millis = millis
	c.header()
	for l := range lines {
		if l.Block != c.block {
			c.shared(l)
		}
		if err := c.line(l); err != nil {
			return err
		}
	}
	return c.flush()
}

type csvWriter struct {
	w       io.Writer
	columns []column
	buf     []byte
	times   clocks
	block   int
	pieces  []byte  // the shared pieces, one after another
	ends    []piece // where each ends, and the varying column that follows it
	quoted  []byte
}

type piece struct {
	end    int
	column *column // nil after the last piece
}

func (c *csvWriter) header() {
	for i := range c.columns {
		if i > 0 {
			c.buf = append(c.buf, ',')
		}
		c.buf = appendQuoted(c.buf, []byte(c.columns[i].name))
	}
	c.buf = append(c.buf, '\n')
}

func (c *csvWriter) shared(l *line) {
	c.block = l.Block
	c.pieces, c.ends = c.pieces[:0], c.ends[:0]
	for i := range c.columns {
		if i > 0 {
			c.pieces = append(c.pieces, ',')
		}
		col := &c.columns[i]
		if col.varies {
			c.ends = append(c.ends, piece{len(c.pieces), col})
			continue
		}
		c.quoted = col.cell(c.quoted[:0], l, &c.times)
		c.pieces = appendQuoted(c.pieces, c.quoted)
	}
	c.pieces = append(c.pieces, '\n')
	c.ends = append(c.ends, piece{len(c.pieces), nil})
}

func (c *csvWriter) line(l *line) error {
	at := 0
	for _, p := range c.ends {
		c.buf = append(c.buf, c.pieces[at:p.end]...)
		at = p.end
		switch {
		case p.column == nil:
		case p.column.single != nil:
			c.quoted = p.column.cell(c.quoted[:0], l, &c.times)
			c.buf = appendQuoted(c.buf, c.quoted)
		default:
			c.buf = p.column.cell(c.buf, l, &c.times)
		}
	}
	if len(c.buf) < 1<<16 {
		return nil
	}
	return c.flush()
}

func (c *csvWriter) flush() error {
	_, err := c.w.Write(c.buf)
	c.buf = c.buf[:0]
	return err
}

// appendQuoted writes a cell, in quotes where it must be (RFC 4180).
func appendQuoted(dst, cell []byte) []byte {
	if !bytes.ContainsAny(cell, ",\"\r\n") {
		return append(dst, cell...)
	}
	dst = append(dst, '"')
	for _, b := range cell {
		if b == '"' {
			dst = append(dst, '"')
		}
		dst = append(dst, b)
	}
	return append(dst, '"')
}
