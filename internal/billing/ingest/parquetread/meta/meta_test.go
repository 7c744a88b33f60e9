package meta

import (
	"bytes"
	"encoding/binary"
	"errors"
	"runtime"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"

	"github.com/bursarhq/bursar"
)

// sound is a footer of one column and one row group.
func sound() format.FileMetaData {
	return format.FileMetaData{
		Version: 2, NumRows: 3,
		Schema: []format.SchemaElement{
			{Name: "root", NumChildren: thrift.New(int32(1))},
			{Name: "a", Type: thrift.New(format.ByteArray), RepetitionType: thrift.New(format.Optional)},
		},
		RowGroups: []format.RowGroup{{NumRows: 3, Columns: []format.ColumnChunk{{MetaData: format.ColumnMetaData{
			Type: format.ByteArray, Codec: format.Snappy, NumValues: 3, DataPageOffset: 4, TotalCompressedSize: 10, PathInSchema: []string{"a"},
		}}}}},
	}
}

// file puts a footer at the end of some pages.
func file(t *testing.T, m format.FileMetaData) []byte {
	t.Helper()
	foot, err := thrift.Marshal(new(thrift.CompactProtocol), &m)
	if err != nil {
		t.Fatal(err)
	}
	return wrap(foot)
}

func wrap(foot []byte) []byte {
	out := append([]byte("PAR1 pages pages pages"), foot...)
	out = binary.LittleEndian.AppendUint32(out, uint32(len(foot)))
	return append(out, "PAR1"...)
}

func read(data []byte) (*File, error) { return Read(bytes.NewReader(data), int64(len(data))) }

func TestASoundFooter(t *testing.T) {
	f, err := read(file(t, sound()))
	if err != nil || f.Columns != 1 || len(f.Fields) != 1 || f.Leaves[0].Path != "a" || f.Leaves[0].MaxDef != 1 || f.Groups[0].Chunks[0].Start() != 4 {
		t.Errorf("%+v, %v", f, err)
	}
}

func TestSpoiledFooters(t *testing.T) {
	for name, spoil := range map[string]func(m *format.FileMetaData){
		"no schema":                func(m *format.FileMetaData) { m.Schema = nil },
		"children that are not":    func(m *format.FileMetaData) { m.Schema[0].NumChildren = thrift.New(int32(2)) },
		"2 billion children":       func(m *format.FileMetaData) { m.Schema[0].NumChildren = thrift.New(int32(2_000_000_000)) },
		"negative children":        func(m *format.FileMetaData) { m.Schema[0].NumChildren = thrift.New(int32(-1)) },
		"an element too many":      func(m *format.FileMetaData) { m.Schema = append(m.Schema, m.Schema[1]) },
		"a type that is none":      func(m *format.FileMetaData) { m.Schema[1].Type = thrift.New(format.Type(17)) },
		"values of no length":      func(m *format.FileMetaData) { m.Schema[1].Type = thrift.New(format.FixedLenByteArray) },
		"two types":                func(m *format.FileMetaData) { m.RowGroups[0].Columns[0].MetaData.Type = format.Int64 },
		"a row group without it":   func(m *format.FileMetaData) { m.RowGroups[0].Columns = nil },
		"pages beyond the end":     func(m *format.FileMetaData) { m.RowGroups[0].Columns[0].MetaData.DataPageOffset = 1 << 40 },
		"pages before the file":    func(m *format.FileMetaData) { m.RowGroups[0].Columns[0].MetaData.DataPageOffset = -9 },
		"a negative row count":     func(m *format.FileMetaData) { m.RowGroups[0].NumRows = -1 },
		"10^18 rows":               func(m *format.FileMetaData) { m.RowGroups[0].NumRows = 1e18 },
		"a column in another file": func(m *format.FileMetaData) { m.RowGroups[0].Columns[0].FilePath = "/etc/passwd" },
		"decimals of 99 digits": func(m *format.FileMetaData) {
			m.Schema[1].LogicalType = format.LogicalType{Value: &format.DecimalType{Precision: 99, Scale: 99}}
		},
		"a deep nest": func(m *format.FileMetaData) {
			leaf := m.Schema[1]
			m.Schema = m.Schema[:1]
			for range 100 {
				m.Schema = append(m.Schema, format.SchemaElement{Name: "n", NumChildren: thrift.New(int32(1)), RepetitionType: thrift.New(format.Optional)})
			}
			m.Schema = append(m.Schema, leaf)
		},
	} {
		m := sound()
		spoil(&m)
		if f, err := read(file(t, m)); bursar.CodeOf(err) != bursar.Invalid {
			t.Errorf("%s: %+v, %v", name, f, err)
		}
	}
}

// Lengths that the bytes do not back cost nothing.
func TestEmptyPromises(t *testing.T) {
	list := func(kind byte, n uint64) []byte { return binary.AppendUvarint([]byte{0xf0 | kind}, n) }
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for name, foot := range map[string][]byte{
		"a list of 2^40 structs":  append([]byte{0x29}, list(tStruct, 1<<40)...),
		"a list of 2^60 numbers":  append([]byte{0x79}, list(tI64, 1<<60)...),
		"a list of a million":     append(append([]byte{0x29}, list(tStruct, 1_000_000)...), make([]byte, 1_000_000)...),
		"groups of a million":     append(append([]byte{0x49}, list(tStruct, 1_000_000)...), make([]byte, 1_000_000)...),
		"a text of 2^50 bytes":    binary.AppendUvarint([]byte{0x68}, 1<<50),
		"a number without an end": bytes.Repeat([]byte{0xff}, 50),
		"a map of 2^40 entries":   binary.AppendUvarint([]byte{0x8b}, 1<<40),
		"lists in lists in lists": bytes.Repeat([]byte{0x19}, 100_000),
		"structs in structs":      bytes.Repeat([]byte{0x1c}, 100_000),
	} {
		if f, err := read(wrap(foot)); bursar.CodeOf(err) != bursar.Invalid {
			t.Errorf("%s: %+v, %v", name, f, err)
		}
		if _, _, err := ParsePage(foot); err == nil && !strings.Contains(name, "million") {
			t.Errorf("%s: a page's header", name)
		}
	}
	if runtime.ReadMemStats(&after); after.TotalAlloc-before.TotalAlloc > 300<<20 {
		t.Errorf("it took %d MB", (after.TotalAlloc-before.TotalAlloc)>>20)
	}
}

func TestFilesThatAreCut(t *testing.T) {
	whole := file(t, sound())
	for n := range whole {
		if _, err := read(whole[:n]); bursar.CodeOf(err) != bursar.Invalid {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
	foot := append(bytes.Clone(whole[:len(whole)-8]), 0xff, 0xff, 0xff, 0x7f, 'P', 'A', 'R', '1')
	if _, err := read(foot); bursar.CodeOf(err) != bursar.Invalid {
		t.Errorf("a footer longer than the file: %v", err)
	}
	if _, err := read(append(bytes.Clone(whole[:len(whole)-4]), "PARE"...)); bursar.CodeOf(err) != bursar.Invalid || !strings.Contains(err.Error(), "encrypted") {
		t.Errorf("encrypted: %v", err)
	}
}

func TestPageHeaders(t *testing.T) {
	whole, err := thrift.Marshal(new(thrift.CompactProtocol), &format.PageHeader{
		Type: format.DataPage, UncompressedPageSize: 70, CompressedPageSize: 60, CRC: -5,
		DataPageHeader: thrift.New(format.DataPageHeader{NumValues: 9, Encoding: format.RLEDictionary, Statistics: format.Statistics{MaxValue: []byte("long")}}),
	})
	if err != nil {
		t.Fatal(err)
	}
	h, used, err := ParsePage(append(bytes.Clone(whole), "the page"...))
	if err != nil || used != len(whole) || h.Values != 9 || h.Size != 70 || h.Packed != 60 || h.Encoding != format.RLEDictionary || h.CRC != 0xfffffffb {
		t.Errorf("%+v, %d of %d bytes, %v", h, used, len(whole), err)
	}
	for n := range whole {
		if _, _, err := ParsePage(whole[:n]); !errors.Is(err, ErrShort) {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
	for name, p := range map[string]format.PageHeader{
		"negative": {UncompressedPageSize: -1}, "huge": {UncompressedPageSize: 1 << 30}, "huge packed": {CompressedPageSize: 1 << 30},
		"many values": {DataPageHeader: thrift.New(format.DataPageHeader{NumValues: 1 << 30})},
		"long levels": {UncompressedPageSize: 5, CompressedPageSize: 5, DataPageHeaderV2: thrift.New(format.DataPageHeaderV2{DefinitionLevelsByteLength: 6})},
	} {
		data, err := thrift.Marshal(new(thrift.CompactProtocol), &p)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := ParsePage(data); bursar.CodeOf(err) != bursar.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzFooter(f *testing.F) {
	m := sound()
	foot, err := thrift.Marshal(new(thrift.CompactProtocol), &m)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(foot)
	f.Fuzz(func(t *testing.T, foot []byte) {
		if _, err := read(wrap(foot)); err != nil && bursar.CodeOf(err) != bursar.Invalid {
			t.Fatal(err)
		}
		_, _, _ = ParsePage(foot)
	})
}
