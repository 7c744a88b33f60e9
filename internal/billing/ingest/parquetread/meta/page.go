package meta

import "github.com/parquet-go/parquet-go/format"

// Limits on what a page may say.
const (
	MaxPage   = 128 << 20 // bytes, unpacked
	MaxValues = 1 << 27
)

// Page is a page's header (parquet.thrift, PageHeader), of any kind.
type Page struct {
	Kind       format.PageType
	Size       int // bytes when unpacked
	Packed     int // bytes in the file
	CRC        uint32
	HasCRC     bool
	Values     int
	Encoding   format.Encoding
	Defs, Reps int  // bytes of levels: of data pages of version 2
	PlainBody  bool // of version 2: the values are not compressed
}

// ParsePage reads a page's header from its first bytes, and says how many it took. [ErrShort] says that they were too few.
func ParsePage(data []byte) (h Page, used int, err error) {
	c := &compact{data: data}
	c.fields(func(id int, kind byte) bool {
		switch {
		case kind == tStruct && (id == 5 || id == 7 || id == 8):
			c.pageFields(&h, id == 8)
		case kind != tI32:
			return false
		case id == 1:
			h.Kind = format.PageType(c.int())
		case id == 2:
			h.Size = int(c.int())
		case id == 3:
			h.Packed = int(c.int())
		case id == 4:
			h.CRC, h.HasCRC = uint32(c.int()), true
		default:
			return false
		}
		return true
	})
	if c.err != nil {
		return h, 0, c.err
	}
	return h, c.at, h.check()
}

// pageFields reads the header of a data page, a dictionary or a data page of version 2.
func (c *compact) pageFields(h *Page, v2 bool) {
	c.fields(func(id int, kind byte) bool {
		switch {
		case id == 7 && v2 && kind == tFalse:
			h.PlainBody = true
			return false
		case kind != tI32:
			return false
		case id == 1:
			h.Values = int(c.int())
		case id == 2 && !v2, id == 4 && v2:
			h.Encoding = format.Encoding(c.int())
		case id == 5 && v2:
			h.Defs = int(c.int())
		case id == 6 && v2:
			h.Reps = int(c.int())
		default:
			return false
		}
		return true
	})
}

func (h *Page) check() error {
	switch {
	case h.Size < 0 || h.Packed < 0 || h.Values < 0 || h.Defs < 0 || h.Reps < 0 || h.Defs+h.Reps > h.Size || h.Defs+h.Reps > h.Packed:
		return Damaged("a page's header has impossible sizes")
	case h.Size > MaxPage || h.Packed > 2*MaxPage || h.Values > MaxValues:
		return Damaged("a page of %d bytes and %d values is larger than bursar reads (%d MB)", h.Size, h.Values, MaxPage>>20).WithReason("too_large").
			WithHint("write the file again with pages of ordinary size")
	}
	return nil
}
