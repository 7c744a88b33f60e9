package csvsplit

import (
	"bytes"
	"fmt"
	"io"
	"strings"
)

const maxHeader = 4 << 20

// Header reads the first row: the names of the columns. A byte order mark before it is dropped. It must be called
// once, before Next. io.EOF says that the file is empty.
func (s *Splitter) Header() ([]string, error) {
	for size := 64 << 10; ; size *= 4 {
		if err := s.peek(size); err != nil {
			return nil, err
		}
		if len(s.rest) == 0 {
			return nil, io.EOF
		}
		names, used, err := header(s.rest, s.eof)
		if err != nil {
			return nil, err
		}
		if used > 0 {
			s.columns = len(names)
			if err := s.checkQuotes(s.rest[:used]); err != nil {
				return nil, err
			}
			s.line += int64(bytes.Count(s.rest[:used], []byte{'\n'}))
			s.rest = s.rest[used:]
			return names, nil
		}
		if len(s.rest) >= maxHeader {
			return nil, &Error{1, fmt.Sprintf("the first line is longer than %d MB", maxHeader>>20)}
		}
	}
}

// Peek returns the file's first bytes, at most n, without taking them.
func (s *Splitter) Peek(n int) ([]byte, error) {
	err := s.peek(n)
	return s.rest[:min(n, len(s.rest))], err
}

func (s *Splitter) peek(n int) error {
	if len(s.rest) >= n || s.eof {
		return nil
	}
	buf := make([]byte, n)
	k := copy(buf, s.rest)
	m, err := s.fill(buf[k:])
	s.rest = buf[:k+m]
	return err
}

// header cuts the first row into names. used is 0 when the row does not end within data.
func header(data []byte, eof bool) (names []string, used int, err error) {
	at := 0
	if bytes.HasPrefix(data, []byte("\ufeff")) {
		at = 3
	}
	at = blank(data, at)
	for start := at; ; {
		end, ok := cellEnd(data, start)
		if !ok && !eof {
			return nil, 0, nil
		}
		text, _ := Unquote(data[start:end], nil)
		names = append(names, strings.TrimSpace(string(text)))
		if len(names) > MaxColumns {
			return nil, 0, &Error{1, fmt.Sprintf("the header has more than %d columns", MaxColumns)}
		}
		if end >= len(data) || data[end] == '\n' {
			return names, min(end+1, len(data)), nil
		}
		start = end + 1
	}
}

// cellEnd finds the comma or newline that ends the cell at i. ok is false when there is none.
func cellEnd(data []byte, i int) (end int, ok bool) {
	quoted := false
	for ; i < len(data); i++ {
		switch c := data[i]; {
		case c == '"':
			quoted = !quoted
		case !quoted && (c == ',' || c == '\n'):
			return i, true
		}
	}
	return i, false
}

// checkQuotes holds the header against the rules that rows obey.
func (s *Splitter) checkQuotes(line []byte) error {
	data := append(bytes.Clone(bytes.TrimPrefix(line, []byte("\ufeff"))), '\n')
	b := Batch{Data: append(data, make([]byte, blockSize)...)[:len(data)]}
	if _, err := s.cut(&b); err != nil {
		return err
	}
	if b.Rows == 0 {
		return &Error{s.line, "a quote that is never closed"}
	}
	return nil
}
