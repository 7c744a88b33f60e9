package parquetwrite

import (
	"encoding/binary"
	"math/bits"
	"slices"

	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"

	"github.com/bursarhq/bursar/internal/billing/ingest/column"
	"github.com/bursarhq/bursar/internal/billing/schema"
)

// encoder turns columns into column chunks. It keeps its buffers from one to the next.
type encoder struct {
	zstd   *zstd.Encoder
	page   []byte
	small  []byte
	packed []byte
	ints   hybrid
}

func newEncoder() (*encoder, error) {
	z, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1),
		zstd.WithLowerEncoderMem(true), zstd.WithWindowSize(1<<20), zstd.WithEncoderCRC(false))
	return &encoder{zstd: z}, err
}

// chunk is a column chunk in the making: the file that its pages go to, and what the footer says about them.
type chunk struct {
	file *File
	meta format.ColumnMetaData
}

// encode writes the chunk of a column.
func (e *encoder) encode(k *chunk, f *Field, c *column.Column) error {
	nulls := e.levels(c)
	dictionary := useDictionary(c, c.Rows()-int(nulls))
	k.meta = format.ColumnMetaData{
		Type: f.physical(), PathInSchema: []string{f.Name}, Codec: format.Zstd, // even for small pages: some readers expect one codec in all row groups
		NumValues: int64(c.Rows()), Encoding: []format.Encoding{format.RLE, format.Plain},
	}
	k.meta.Statistics.NullCount = nulls
	k.meta.Statistics.MinValue, k.meta.Statistics.MaxValue = f.bounds(c)
	var dict []byte
	if dictionary && c.Entries() > 0 {
		k.meta.Encoding = append(k.meta.Encoding, format.RLEDictionary)
		e.small = f.entries(e.small[:0], c)
		dict = e.small
	}
	e.values(f, c, dictionary)
	if dict != nil {
		k.meta.DictionaryPageOffset = k.file.at
		if err := e.write(k, dict, format.PageHeader{Type: format.DictionaryPage, DictionaryPageHeader: thrift.New(format.DictionaryPageHeader{
			NumValues: int32(c.Entries()), Encoding: format.Plain,
		})}); err != nil {
			return err
		}
	}
	k.meta.DataPageOffset = k.file.at
	header := format.DataPageHeader{NumValues: int32(c.Rows()), Encoding: format.Plain, DefinitionLevelEncoding: format.RLE, RepetitionLevelEncoding: format.RLE}
	header.Statistics.NullCount = nulls // it is written in any case, so it has to be right
	if dict != nil {
		header.Encoding = format.RLEDictionary
	}
	return e.write(k, e.page, format.PageHeader{Type: format.DataPage, DataPageHeader: thrift.New(header)})
}

// useDictionary says whether indices into the distinct values are smaller than the values themselves, each as often as
// it occurs.
func useDictionary(c *column.Column, values int) bool {
	return c.Distinct() && c.Entries() <= values*2/3+16
}

// levels begins a data page in e.page: which rows have a value. It returns how many have none.
func (e *encoder) levels(c *column.Column) (nulls int64) {
	e.page = append(e.page[:0], 0, 0, 0, 0)
	e.ints.begin(e.page, 1)
	starts, ids := c.Runs()
	for i := 0; i < len(ids); {
		j := i + 1
		for j < len(ids) && (ids[i] == column.Null) == (ids[j] == column.Null) {
			j++
		}
		end := c.Rows()
		if j < len(ids) {
			end = int(starts[j])
		}
		n := end - int(starts[i])
		if ids[i] == column.Null {
			nulls += int64(n)
			e.ints.run(0, n)
		} else {
			e.ints.run(1, n)
		}
		i = j
	}
	e.page = e.ints.end()
	binary.LittleEndian.PutUint32(e.page, uint32(len(e.page)-4))
	return nulls
}

// values appends the values to the data page in e.page.
func (e *encoder) values(f *Field, c *column.Column, dictionary bool) {
	starts, ids := c.Runs()
	end := func(i int) int {
		if i+1 < len(starts) {
			return int(starts[i+1])
		}
		return c.Rows()
	}
	if !dictionary {
		e.page = slices.Grow(e.page, c.Bytes())
		for i, id := range ids {
			if id != column.Null {
				for range end(i) - int(starts[i]) {
					e.page = f.plain(e.page, c, id)
				}
			}
		}
		return
	}
	if c.Entries() == 0 {
		return
	}
	width := max(1, bits.Len(uint(c.Entries()-1)))
	e.ints.begin(append(e.page, byte(width)), width)
	for i, id := range ids {
		if id != column.Null {
			e.ints.run(id-1, end(i)-int(starts[i]))
		}
	}
	e.page = e.ints.end()
}

// write writes a page with its header.
func (e *encoder) write(k *chunk, page []byte, h format.PageHeader) error {
	h.UncompressedPageSize = int32(len(page))
	e.packed = e.zstd.EncodeAll(page, e.packed[:0])
	page = e.packed
	h.CompressedPageSize = int32(len(page))
	head, err := thrift.Marshal(new(thrift.CompactProtocol), &h)
	if err != nil {
		return err
	}
	k.meta.TotalCompressedSize += int64(len(head)) + int64(len(page))
	k.meta.TotalUncompressedSize += int64(len(head)) + int64(h.UncompressedPageSize)
	if err := k.file.write(head); err != nil {
		return err
	}
	return k.file.write(page)
}

func (f *Field) physical() format.Type {
	switch {
	case f.Type == schema.Timestamp, f.Type == schema.Decimal && f.Precision <= 18:
		return format.Int64
	case f.Type == schema.Decimal:
		return format.FixedLenByteArray
	}
	return format.ByteArray
}
