package bills

import (
	"os"

	"github.com/parquet-go/parquet-go/format"

	"github.com/bursarhq/bursar/internal/billing/ingest/parquetread"
	"github.com/bursarhq/bursar/internal/billing/ingest/parquetread/meta"
	"github.com/bursarhq/bursar/internal/billing/lake"
	"github.com/bursarhq/bursar/internal/billing/schema"
	"github.com/bursarhq/bursar/internal/destination"
)

// columnsOf are all columns of some files. Files that are described together have one schema: the first of them tells.
func columnsOf(files []lake.Files) ([]destination.Column, error) {
	var lists [][]destination.Column
	for _, f := range files {
		if len(f.Paths) == 0 {
			continue
		}
		in, err := open(f.Paths[0])
		if err != nil {
			return nil, err
		}
		var list []destination.Column
		for i, field := range in.Fields() {
			list = append(list, columnOf(field, in.Leaf(i), f.Decimals[field.Name]))
		}
		in.Close()
		lists = append(lists, list)
	}
	return destination.Union(lists...), nil
}

// columnOf says what a column of a file of the lake is.
func columnOf(f meta.Field, l meta.Leaf, d lake.Digits) destination.Column {
	c := destination.Column{Name: f.Name, Type: destination.Text}
	switch {
	case f.Map():
		c.Type = destination.JSON
	case l.Meaning == meta.Decimal:
		c.Type, c.Precision, c.Scale = destination.Decimal, max(d.Precision, l.Scale), l.Scale
		if d.Precision == 0 {
			c.Precision = 38
		}
	case l.Meaning == meta.Date:
		c.Type = destination.Date
	case l.Meaning == meta.Micros || l.Meaning == meta.Millis || l.Meaning == meta.Nanos:
		c.Type = destination.Timestamp
	case l.Meaning == meta.Plain && (l.Physical == format.Int64 || l.Physical == format.Int32), l.Meaning == meta.Other && l.Physical == format.Int64:
		c.Type = destination.Integer
	case schema.Lookup(schema.Normal(f.Name)).Type == schema.Map:
		c.Type = destination.JSON
	}
	return c
}

// file is an open file of the lake.
type file struct {
	*parquetread.File
	f *os.File
}

func open(path string) (*file, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil {
		var p *parquetread.File
		if p, err = parquetread.Open(f, info.Size()); err == nil {
			return &file{p, f}, nil
		}
	}
	f.Close()
	return nil, err
}

// Close closes the file.
func (f *file) Close() error { return f.f.Close() }
