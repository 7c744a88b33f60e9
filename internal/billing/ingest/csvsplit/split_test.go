package csvsplit

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// table reads everything, header first.
func table(r io.Reader) ([][]string, error) {
	s := New(r)
	names, err := s.Header()
	if err != nil {
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
		return nil, err
	}
	out := [][]string{names}
	var b Batch
	for {
		err := s.Next(&b)
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		if b.Rows == 0 || len(b.Cells) != b.Rows*len(names)+1 {
			return out, errors.New("a batch of the wrong shape")
		}
		for r := range b.Rows {
			var row []string
			for c := range names {
				k := r*len(names) + c
				text, _ := Unquote(b.Data[b.Cells[k]:b.Cells[k+1]-1], nil)
				row = append(row, string(text))
			}
			out = append(out, row)
		}
	}
}

func TestSplit(t *testing.T) {
	wide := strings.Repeat("x", 300_000)
	for _, c := range []struct {
		name, in string
		want     [][]string
	}{
		{"plain", "a,b\n1,2\n", [][]string{{"a", "b"}, {"1", "2"}}},
		{"no newline at the end", "a,b\n1,2", [][]string{{"a", "b"}, {"1", "2"}}},
		{"CRLF", "a,b\r\n1,2\r\n3,\r\n", [][]string{{"a", "b"}, {"1", "2"}, {"3", ""}}},
		{"byte order mark", "\ufeffa,b\n1,2\n", [][]string{{"a", "b"}, {"1", "2"}}},
		{"quoted header", "\"a\",\"b \"\"x\"\"\"\n1,2\n", [][]string{{"a", `b "x"`}, {"1", "2"}}},
		{"quoted", "a,b\n\"x,y\",\"p\nq\"\n\"\",\"\"\"\"\n", [][]string{{"a", "b"}, {"x,y", "p\nq"}, {"", `"`}}},
		{"quoted CRLF", "a,b\r\n\"x\r\ny\",\"z\"\r\n", [][]string{{"a", "b"}, {"x\r\ny", "z"}}},
		{"blank lines", "\n\na,b\n\n\"1\",2\n\r\n\n3,4\n\n", [][]string{{"a", "b"}, {"1", "2"}, {"3", "4"}}},
		{"header only", "a,b\n", [][]string{{"a", "b"}}},
		{"header without newline", "a,b", [][]string{{"a", "b"}}},
		{"empty", "", nil},
		{"long cell", "a,b\n" + wide + ",2\n3,4\n", [][]string{{"a", "b"}, {wide, "2"}, {"3", "4"}}},
		{"long quoted cell", "a,b\n\"" + wide + "\n\",2\n", [][]string{{"a", "b"}, {wide + "\n", "2"}}},
	} {
		got, err := table(strings.NewReader(c.in))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s: %s", c.name, d)
		}
		if got, _ := table(iotest.OneByteReader(strings.NewReader(c.in))); !cmp.Equal(c.want, got) {
			t.Errorf("%s: reads byte by byte differ", c.name)
		}
	}
}

func TestSplitRefuses(t *testing.T) {
	pad := strings.Repeat("1,2\n", 50)
	for _, c := range []struct {
		name, in, msg string
		line          int64
	}{
		{"short row", "a,b\n1,2\n3\n", "the row has 1 cells, the header has 2", 3},
		{"long row", "a,b\n1,2\n3,4,5\n", "the row has at least 3 cells", 3},
		{"short last row", "a,b,c\n1,2,3\n4,5", "the row has 2 cells", 3},
		{"short row after many", "a,b\n" + pad + "x\n", "the row has 1 cells", 52},
		{"bare quote", "a,b\n1,x\"y\n", "a quote inside a cell", 2},
		{"text after quote", "a,b\n\"1\"x,2\n", "text after the closing quote", 2},
		{"lone CR after quote", "a,b\n\"1\"\rx,2\n", "text after the closing quote", 2},
		{"open quote", "a,b\n1,2\n\"3,4\n", "a quote that is never closed", 3},
		{"line after quoted newlines", "a,b\n\"p\n\nq\",2\n3\n", "the row has 1 cells", 5},
	} {
		_, err := table(strings.NewReader(c.in))
		var e *Error
		if !errors.As(err, &e) || !strings.Contains(e.Msg, c.msg) || e.Line != c.line {
			t.Errorf("%s: got %v, want line %d: %s", c.name, err, c.line, c.msg)
		}
	}
}

func TestSplitRefusesHugeRowsAndHeaders(t *testing.T) {
	if _, err := table(io.MultiReader(strings.NewReader("a,b\n1,"), endless('x'))); err == nil || !strings.Contains(err.Error(), "MB") {
		t.Errorf("an endless cell: %v", err)
	}
	if _, err := table(endless(',')); err == nil || !strings.Contains(err.Error(), "columns") {
		t.Errorf("an endless header: %v", err)
	}
	if _, err := table(io.MultiReader(strings.NewReader("a,b\n1"), endless(','))); err == nil || !strings.Contains(err.Error(), "cells") {
		t.Errorf("an endless row: %v", err)
	}
}

type endless byte

func (e endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(e)
	}
	return len(p), nil
}

func TestSplitPassesReadErrorsOn(t *testing.T) {
	_, err := table(io.MultiReader(strings.NewReader("a,b\n1,2\n"), iotest.ErrReader(io.ErrUnexpectedEOF)))
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %v", err)
	}
}

func TestLineOf(t *testing.T) {
	s := New(strings.NewReader("a\n\n\"x\ny\"\n2\n"))
	if _, err := s.Header(); err != nil {
		t.Fatal(err)
	}
	var b Batch
	if err := s.Next(&b); err != nil {
		t.Fatal(err)
	}
	if got := [2]int64{b.LineOf(0, 1), b.LineOf(1, 1)}; got != [2]int64{3, 5} {
		t.Errorf("rows begin on lines %v", got)
	}
}

func TestClassifyAgreesWithPortable(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	src := make([]byte, 64*64)
	for range 50 {
		for i := range src {
			src[i] = ",\n\"ab\x00\xff\x2d\x0b\x23\xac\x8a\xa2"[rng.IntN(13)]
		}
		a, b := make([]marks, 64), make([]marks, 64)
		classify(src, a)
		classifyPortable(src, b)
		if d := cmp.Diff(a, b, cmp.AllowUnexported(marks{})); d != "" {
			t.Fatal(d)
		}
	}
}

// Random tables come back as encoding/csv writes and reads them, wherever the buffers end.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		columns := rapid.IntRange(2, 8).Draw(t, "columns")
		cell := rapid.OneOf(rapid.Just(""), rapid.StringMatching(`[a-c,"\n é{}:]{0,80}`))
		rows := rapid.SliceOfN(rapid.SliceOfN(cell, columns, columns), 1, 40).Draw(t, "rows")
		for i := range rows[0] {
			rows[0][i] = strings.TrimSpace(rows[0][i])
		}
		var buf bytes.Buffer
		w := csv.NewWriter(&buf)
		w.UseCRLF = false
		if err := w.WriteAll(rows); err != nil {
			t.Fatal(err)
		}
		got, err := table(iotest.HalfReader(bytes.NewReader(buf.Bytes())))
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(rows, got); d != "" {
			t.Fatal(d)
		}
	})
}

// Whatever the splitter accepts, encoding/csv accepts and reads the same way.
func FuzzSplit(f *testing.F) {
	for _, s := range []string{"a,b\n1,2\n", "a,b\r\n\"x\"\"\",2", "a\n\n\"\n\"\n", "a,b\n1,\"2\n", "\ufeffa,b\n,\n", "a,b\n\"1\"\r,2\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := table(bytes.NewReader(data))
		if err != nil || len(got) == 0 || bytes.ContainsRune(data, '\r') {
			return // encoding/csv drops carriage returns inside quotes
		}
		r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(data, []byte("\ufeff"))))
		want, err := r.ReadAll()
		if err != nil {
			t.Fatalf("encoding/csv refuses what the splitter accepts: %v", err)
		}
		for i := range want[0] {
			want[0][i] = strings.TrimSpace(want[0][i])
		}
		if len(want[0]) > 1 && !cmp.Equal(want, got) {
			t.Fatal(cmp.Diff(want, got))
		}
	})
}
