// Package csvsplit cuts csv into rows and cells at memory speed. It follows RFC 4180 strictly where it matters for
// money: a row with another number of cells than the header, a quote inside an unquoted cell, and anything between
// a closing quote and the next comma are errors with their line, never guesses. Blank lines are skipped; CRLF and LF
// both end rows; the last row needs no line end.
//
// It finds commas, newlines and quotes 64 bytes at a time as bit masks, the way simdjson (Langdale and Lemire,
// "Parsing Gigabytes of JSON per Second") and simdcsv do, and works out what lies inside quotes by a prefix xor.
package csvsplit

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// Limits on what a file may hold.
const (
	MaxRow     = 16 << 20 // bytes of one row
	MaxColumns = 10_000
	batchBytes = 256 << 10 // of text in one batch: batch and cells together stay in a second-level cache
)

// An Error says what is wrong with a file, and where.
type Error struct {
	Line int64 // counted from 1, the header being line 1
	Msg  string
}

// Error gives the line and what is wrong.
func (e *Error) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Msg) }

// Batch is a run of whole rows.
type Batch struct {
	Data  []byte
	Cells []uint32 // row by row: cell k is Data[Cells[k]:Cells[k+1]-1], with its quotes; see [Unquote]
	Rows  int
	Line  int64 // of Data's first byte
	marks []marks
}

// LineOf returns the line on which a row of the batch begins.
func (b *Batch) LineOf(row, columns int) int64 {
	return b.Line + int64(bytes.Count(b.Data[:b.Cells[row*columns]], []byte{'\n'}))
}

// Splitter reads one csv file. Its methods are called by one goroutine.
type Splitter struct {
	r       io.Reader
	rest    []byte // read, and not yet part of a batch
	eof     bool
	line    int64 // of the first byte of rest
	columns int
}

// New returns a splitter of what r reads. An error of r other than io.EOF is the splitter's error.
func New(r io.Reader) *Splitter { return &Splitter{r: r, line: 1} }

// Columns returns how many cells a row has, once the header is read.
func (s *Splitter) Columns() int { return s.columns }

// fill reads until buf is full or the file ends.
func (s *Splitter) fill(buf []byte) (int, error) {
	n := 0
	for n < len(buf) && !s.eof {
		m, err := s.r.Read(buf[n:])
		n += m
		if errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			s.eof = true
		} else if err != nil {
			return n, err
		}
	}
	return n, nil
}

// Next reads the next rows into b, which is the caller's to reuse. It returns io.EOF after the last row.
func (s *Splitter) Next(b *Batch) error {
	size := batchBytes
	for {
		if err := s.load(b, size); err != nil {
			return err
		}
		if len(b.Data) == 0 {
			return io.EOF
		}
		used, err := s.cut(b)
		if err != nil {
			return err
		}
		s.rest = append(s.rest[:0], b.Data[used:]...)
		if b.Rows > 0 || used > 0 {
			b.Line = s.line
			s.line += int64(bytes.Count(b.Data[:used], []byte{'\n'}))
			b.Data = b.Data[:used]
			if b.Rows == 0 {
				continue // only blank lines
			}
			return nil
		}
		if s.eof {
			return &Error{s.line, "a quote that is never closed"}
		}
		if size > MaxRow {
			return &Error{s.line, fmt.Sprintf("a row of more than %d MB", MaxRow>>20)}
		}
		size *= 4
	}
}

// load fills b.Data with the rest and new text, and ends the last row of the file with a newline.
func (s *Splitter) load(b *Batch, size int) error {
	size = max(size, len(s.rest)+blockSize)
	if cap(b.Data) < size+2*blockSize {
		b.Data = make([]byte, size+2*blockSize)
	}
	buf := b.Data[:size]
	n := copy(buf, s.rest)
	m, err := s.fill(buf[n:])
	if err != nil {
		return err
	}
	b.Data = b.Data[:n+m]
	if s.eof && n+m > 0 && b.Data[n+m-1] != '\n' {
		b.Data = append(b.Data, '\n')
	}
	return nil
}
