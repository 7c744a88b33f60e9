// Package parquetwrite writes Parquet files from typed columns (parquet-format 2.12): one data page per column and
// row group, dictionaries where they pay, zstd, statistics. Columns without values cost some 150 bytes per row group.
package parquetwrite

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"os"

	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"

	"github.com/bursarhq/bursar/internal/billing/ingest/column"
	"github.com/bursarhq/bursar/internal/billing/schema"
)

// File is a Parquet file in the making. Its methods are called by one goroutine at a time.
type File struct {
	Fields []Field

	f    *os.File
	w    *bufio.Writer
	at   int64
	meta format.FileMetaData
	enc  *encoder
}

const magic = "PAR1"

// Create begins a file, which must not exist yet.
func Create(path string, fields []Field) (*File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	enc, err := newEncoder()
	if err != nil {
		return nil, err
	}
	w := &File{Fields: fields, f: f, w: bufio.NewWriterSize(f, 1<<18), enc: enc}
	w.meta.Version = 2
	w.meta.CreatedBy = "bursar"
	w.meta.Schema = append(w.meta.Schema, format.SchemaElement{Name: "line_items", NumChildren: thrift.New(int32(len(fields)))})
	for i := range fields {
		w.meta.Schema = append(w.meta.Schema, fields[i].element())
		w.meta.ColumnOrders = append(w.meta.ColumnOrders, format.ColumnOrder{Value: &format.TypeDefinedOrder{}})
	}
	return w, w.write([]byte(magic))
}

// element describes the field in the footer. Timestamps are UTC by convention and not "adjusted to UTC", for that is
// what engines read as a plain TIMESTAMP, whose days and months do not depend on the reader's time zone.
func (f *Field) element() format.SchemaElement {
	e := format.SchemaElement{Name: f.Name, Type: thrift.New(f.physical()), RepetitionType: thrift.New(format.Optional)}
	switch f.Type {
	case schema.Timestamp:
		e.LogicalType.Value = &format.TimestampType{Unit: format.TimeUnit{Value: &format.MicroSeconds{}}}
	case schema.Decimal:
		e.LogicalType.Value = &format.DecimalType{Precision: int32(f.Precision), Scale: int32(f.Scale)}
		e.ConvertedType = thrift.New(deprecated.Decimal)
		e.Precision, e.Scale = thrift.New(int32(f.Precision)), thrift.New(int32(f.Scale))
		if f.Precision > 18 {
			e.TypeLength = thrift.New(int32(16))
		}
	default:
		e.LogicalType.Value = &format.StringType{}
		e.ConvertedType = thrift.New(deprecated.UTF8)
	}
	return e
}

func (w *File) write(p []byte) error {
	n, err := w.w.Write(p)
	w.at += int64(n)
	return err
}

// RowGroup writes a row group: a column for each field, all of the same number of rows.
func (w *File) RowGroup(columns []*column.Column) error {
	g := format.RowGroup{Columns: make([]format.ColumnChunk, 0, len(columns)), NumRows: int64(columns[0].Rows()), FileOffset: w.at, Ordinal: int16(len(w.meta.RowGroups))}
	for i, c := range columns {
		if c.Rows() != columns[0].Rows() {
			return fmt.Errorf("column %s has %d rows, not %d", w.Fields[i].Name, c.Rows(), columns[0].Rows())
		}
		k := chunk{file: w}
		if err := w.enc.encode(&k, &w.Fields[i], c); err != nil {
			return err
		}
		g.TotalByteSize += k.meta.TotalUncompressedSize
		g.TotalCompressedSize += k.meta.TotalCompressedSize
		g.Columns = append(g.Columns, format.ColumnChunk{MetaData: k.meta})
	}
	w.meta.RowGroups = append(w.meta.RowGroups, g)
	w.meta.NumRows += g.NumRows
	return nil
}

// Rows returns how many rows the file has so far.
func (w *File) Rows() int64 { return w.meta.NumRows }

// RowGroups returns how many row groups the file has so far.
func (w *File) RowGroups() int { return len(w.meta.RowGroups) }

// Close writes the footer, makes the file durable and returns its size.
func (w *File) Close() (size int64, err error) {
	defer w.f.Close()
	footer, err := thrift.Marshal(new(thrift.CompactProtocol), &w.meta)
	if err != nil {
		return 0, err
	}
	footer = binary.LittleEndian.AppendUint32(footer, uint32(len(footer)))
	if err := w.write(append(footer, magic...)); err != nil {
		return 0, err
	}
	if err := w.w.Flush(); err != nil {
		return 0, err
	}
	if err := w.f.Sync(); err != nil {
		return 0, err
	}
	return w.at, w.f.Close()
}

// Abandon closes the file and removes it.
func (w *File) Abandon() {
	w.f.Close()
	os.Remove(w.f.Name())
}
