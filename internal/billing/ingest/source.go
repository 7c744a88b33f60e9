package ingest

import (
	"archive/zip"
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"

	"github.com/bursarhq/bursar"
)

// source is an opened file: streams of csv, or a Parquet file in place.
type source struct {
	packing string // plain, gz, zip; "" for Parquet
	parquet io.ReaderAt
	size    int64
	texts   []func() (io.ReadCloser, error)
	closers []func() error
	in      *meter
}

func (s *source) format() bursar.FileFormat {
	if s.parquet != nil {
		return bursar.FileParquet
	}
	return bursar.FileCSV
}

func (s *source) close() {
	for i := len(s.closers) - 1; i >= 0; i-- {
		_ = s.closers[i]()
	}
}

// meter counts what is read of a file, and keeps the error of its reader apart from what decoders say about it.
type meter struct {
	ctx   context.Context
	r     io.Reader
	n     int64
	err   error
	count func(n int)
}

func (m *meter) Read(p []byte) (int, error) {
	if err := m.ctx.Err(); err != nil {
		m.err = err
		return 0, err
	}
	n, err := m.r.Read(p)
	m.n += int64(n)
	m.count(n)
	if err != nil && err != io.EOF {
		m.err = err
	}
	return n, err
}

var (
	magicGzip    = []byte{0x1f, 0x8b}
	magicZip     = []byte("PK")
	magicParquet = []byte("PAR1")
)

// open finds out by its first bytes how a file is packed.
func open(ctx context.Context, f File, dir string, count func(n int)) (*source, error) {
	rc, err := f.Open(ctx)
	if err != nil {
		return nil, err
	}
	s := &source{closers: []func() error{rc.Close}, in: &meter{ctx: ctx, r: rc, count: count}}
	buf := bufio.NewReaderSize(s.in, 256<<10)
	head, err := buf.Peek(4)
	if err != nil && err != io.EOF {
		s.close()
		return nil, err
	}
	err = nil
	switch {
	case bytes.HasPrefix(head, magicParquet), bytes.HasPrefix(head, magicZip):
		err = s.inPlace(f, rc, buf, dir, bytes.HasPrefix(head, magicZip))
	case bytes.HasPrefix(head, magicGzip):
		s.packing = "gz"
		s.texts = append(s.texts, func() (io.ReadCloser, error) {
			zr, err := gzip.NewReader(buf)
			if err != nil {
				return nil, err
			}
			return &whole{&bomb{r: zr, in: func() int64 { return s.in.n }, out: new(int64)}, zr, f, s.in}, nil
		})
	default:
		s.packing = "plain"
		s.texts = append(s.texts, func() (io.ReadCloser, error) { return &whole{buf, io.NopCloser(nil), f, s.in}, nil })
	}
	if err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// whole makes the end of a text an error when the file is not as long as it was said to be.
type whole struct {
	io.Reader
	io.Closer
	f  File
	in *meter
}

func (w *whole) Read(p []byte) (int, error) {
	n, err := w.Reader.Read(p)
	if err == io.EOF {
		if wrong := wrongSize(w.f, w.in.n); wrong != nil {
			return n, wrong
		}
	}
	return n, err
}

func wrongSize(f File, n int64) error {
	if f.Size < 0 || n == f.Size {
		return nil
	}
	return bursar.Errorf(bursar.Invalid, "the file has %d bytes, not the %d that it is listed with", n, f.Size).WithReason("wrong_size").
		WithHint("the file was cut off or replaced; deliver it again")
}

const (
	bombRatio = 200 // DEFLATE cannot pack more than 1032 : 1; bills stay below 60 : 1
	bombStart = 64 << 20
)

// bomb stops reading what unpacks to far more than a bill would.
type bomb struct {
	r   io.Reader
	in  func() int64 // bytes of the packed file so far
	out *int64       // bytes that it unpacked to, all files of an archive together
}

func (b *bomb) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	*b.out += int64(n)
	if *b.out > bombStart && *b.out > bombRatio*b.in() {
		return n, bursar.Errorf(bursar.Invalid, "the file unpacks to more than %d times its size", bombRatio).WithReason("bomb").
			WithHint("no bill is that repetitive; if this one is, unpack it and import the plain file")
	}
	return n, err
}

// inPlace prepares a file that must be read at random: Parquet, or zip.
func (s *source) inPlace(f File, rc io.ReadCloser, rest io.Reader, dir string, zipped bool) error {
	at, size, err := s.readerAt(rc, rest, dir)
	if err != nil {
		return err
	}
	if err := wrongSize(f, size); err != nil {
		return err
	}
	if !zipped {
		s.parquet, s.size = at, size
		return nil
	}
	s.packing = "zip"
	zr, err := zip.NewReader(io.NewSectionReader(at, 0, size), size) // nothing outside of the file is asked for
	if err != nil {
		return err
	}
	zr.RegisterDecompressor(zip.Deflate, func(r io.Reader) io.ReadCloser { return flate.NewReader(r) })
	out := new(int64)
	for _, e := range zr.File {
		if e.Name == "[Content_Types].xml" {
			return notBill("a spreadsheet or another document of an office program", "give the file as AWS delivered it, not as a spreadsheet saved it")
		}
		if e.FileInfo().IsDir() || strings.HasPrefix(e.Name, "__MACOSX/") {
			continue
		}
		s.texts = append(s.texts, func() (io.ReadCloser, error) {
			r, err := e.Open()
			if err != nil {
				return nil, err
			}
			return struct {
				io.Reader
				io.Closer
			}{&bomb{r: r, in: func() int64 { return size }, out: out}, r}, nil
		})
	}
	if len(s.texts) == 0 {
		return bursar.Errorf(bursar.Invalid, "the zip archive holds no file").WithReason("not_a_bill")
	}
	return nil
}

// counted counts what is read of a file in place, and no more than the file has, for parts of it are read twice.
type counted struct {
	io.ReaderAt
	in   *meter
	left int64
}

func (c *counted) ReadAt(p []byte, at int64) (int, error) {
	if err := c.in.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := c.ReaderAt.ReadAt(p, at)
	if k := min(int64(n), c.left); k > 0 {
		c.left -= k
		c.in.count(int(k))
	}
	if err != nil && !errors.Is(err, io.EOF) {
		c.in.err = err
	}
	return n, err
}

// countRest counts what was left out of a file that was read in place and is done with.
func (s *source) countRest() {
	if c, ok := s.parquet.(*counted); ok {
		s.in.count(int(c.left))
		c.left = 0
	}
}

// readerAt returns the file itself where it lies on disk, else a copy of it in dir.
func (s *source) readerAt(rc io.ReadCloser, rest io.Reader, dir string) (io.ReaderAt, int64, error) {
	if f, ok := rc.(*os.File); ok {
		info, err := f.Stat()
		if err != nil {
			return nil, 0, err
		}
		if info.Mode().IsRegular() {
			return &counted{f, s.in, info.Size() - s.in.n}, info.Size(), nil
		}
	}
	tmp, err := os.CreateTemp(dir, "spool-*")
	if err != nil {
		return nil, 0, err
	}
	s.closers = append(s.closers, func() error { return errors.Join(tmp.Close(), os.Remove(tmp.Name())) })
	n, err := io.Copy(tmp, rest)
	if err != nil {
		return nil, 0, fmt.Errorf("copying the file to disk: %w", err)
	}
	return tmp, n, nil
}
