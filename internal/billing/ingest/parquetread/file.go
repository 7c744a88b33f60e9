// Package parquetread reads Parquet files (parquet-format 2.12) into columns: a row group at a time, in it a column at a
// time, in that a page at a time. Where a page holds indices into a dictionary, each entry is read once, and a run of
// equal indices costs as much as one cell.
//
// Files come from strangers. Nothing is allocated on the word of a length that the bytes do not back, and what one page
// or one file may claim is limited; see the constants. Errors about a file have the code invalid.
package parquetread

import (
	"errors"
	"io"

	"github.com/bursarhq/bursar"
)

// File is an opened Parquet file.
type File struct {
	r      io.ReaderAt
	end    int64 // of its pages
	foot   *footer
	leaves []leaf
	fields []Field
}

// Open reads the footer of a file of size bytes.
func Open(r io.ReaderAt, size int64) (*File, error) {
	foot, end, err := readFooter(r, size)
	if err != nil {
		return nil, err
	}
	t := tree{elements: foot.elements}
	if err := t.build(); err != nil {
		return nil, err
	}
	f := &File{r: r, end: end, foot: foot, leaves: t.leaves, fields: t.fields}
	for i := range f.leaves {
		if err := f.leaves[i].check(); err != nil {
			return nil, err
		}
		for g := range foot.groups {
			if foot.groups[g].chunks[i].physical != f.leaves[i].physical {
				return nil, damaged("the column %s has two types", f.leaves[i].path)
			}
		}
	}
	return f, nil
}

// Fields returns what the file offers as columns of a bill, in its order.
func (f *File) Fields() []Field { return f.fields }

// Columns returns how many columns the file has, a struct counting as one.
func (f *File) Columns() int {
	n := 0
	for i, x := range f.fields {
		if i == 0 || x.Child == "" || x.Name != f.fields[i-1].Name {
			n++
		}
	}
	return n
}

// Groups returns how many row groups the file has.
func (f *File) Groups() int { return len(f.foot.groups) }

// Rows returns how many rows a row group has.
func (f *File) Rows(group int) int64 { return f.foot.groups[group].rows }

// damaged makes the error about a file that is not as Parquet files are.
func damaged(format string, args ...any) *bursar.Error {
	return bursar.Errorf(bursar.Invalid, "the Parquet file is damaged: "+format, args...).WithReason("damaged").
		WithHint("the file was cut off or damaged on its way; deliver it again")
}

func encrypted() error {
	return bursar.Errorf(bursar.Invalid, "the Parquet file is encrypted, or keeps columns in other files").WithReason("encrypted").
		WithHint("AWS delivers bills whose pages are not encrypted; give the file as it was delivered")
}

// readFull reads at an offset. That the file ends there is the file's fault; any other error is its reader's.
func readFull(r io.ReaderAt, p []byte, at int64) error {
	n, err := r.ReadAt(p, at)
	switch {
	case n == len(p):
		return nil
	case err == nil || errors.Is(err, io.EOF):
		return damaged("it ends too early").WithReason("truncated")
	}
	return err
}
