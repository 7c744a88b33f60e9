// Package meta reads what Parquet files say about themselves (parquet-format 2.12): the footer, the schema in it, the
// headers of pages.
//
// Files come from strangers. Nothing is allocated on the word of a length that the bytes do not back, and what is
// accepted has been checked: offsets lie in the file, sizes are within limits, levels within the schema.
package meta

import "io"

// File is what a file's footer says.
type File struct {
	Fields  []Field // what the file offers as columns of a bill, in its order
	Leaves  []Leaf
	Groups  []Group
	Columns int   // of the file, a struct counting as one
	End     int64 // of the file's pages
}

// Read reads the footer of a file of size bytes. What it cannot accept is an error of code invalid.
func Read(r io.ReaderAt, size int64) (*File, error) {
	foot, end, err := readFooter(r, size)
	if err != nil {
		return nil, err
	}
	t := tree{elements: foot.elements}
	if err := t.build(); err != nil {
		return nil, err
	}
	f := &File{Fields: t.fields, Leaves: t.leaves, Groups: foot.groups, Columns: foot.elements[0].children, End: end}
	for i := range f.Leaves {
		if err := f.Leaves[i].check(); err != nil {
			return nil, err
		}
		for _, g := range f.Groups {
			if g.Rows > 0 && g.Chunks[i].physical != f.Leaves[i].Physical {
				return nil, Damaged("the column %s has two types", f.Leaves[i].Path)
			}
		}
	}
	return f, nil
}
