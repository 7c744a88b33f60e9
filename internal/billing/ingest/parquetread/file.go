// Package parquetread reads Parquet files (parquet-format 2.12) into columns: a row group at a time, in it a column at a
// time, in that a page at a time. Where a page holds indices into a dictionary, each entry is read once, and a run of
// equal indices costs as much as one cell.
//
// Memory is bounded whatever a file claims; errors about a file have the code invalid.
package parquetread

import (
	"io"

	"github.com/bursarhq/bursar/internal/billing/ingest/parquetread/meta"
)

// File is an opened Parquet file.
type File struct {
	// Keep is how many bytes of pages may stay unpacked at once. Beyond, pages that are not done with are unpacked again when
	// they are needed. Open sets 64 MB.
	Keep int

	r    io.ReaderAt
	meta *meta.File
}

// Open reads the footer of a file of size bytes.
func Open(r io.ReaderAt, size int64) (*File, error) {
	m, err := meta.Read(r, size)
	if err != nil {
		return nil, err
	}
	return &File{Keep: roomyMemory, r: r, meta: m}, nil
}

// Fields returns what the file offers as columns of a bill, in its order.
func (f *File) Fields() []meta.Field { return f.meta.Fields }

// Leaf describes the values of a field: of a map, its values.
func (f *File) Leaf(field int) meta.Leaf {
	leaves := f.meta.Fields[field].Leaves
	return f.meta.Leaves[leaves[len(leaves)-1]]
}

// Columns returns how many columns the file has, a struct counting as one.
func (f *File) Columns() int { return f.meta.Columns }

// Groups returns how many row groups the file has.
func (f *File) Groups() int { return len(f.meta.Groups) }

// Rows returns how many rows a row group has.
func (f *File) Rows(group int) int64 { return f.meta.Groups[group].Rows }
