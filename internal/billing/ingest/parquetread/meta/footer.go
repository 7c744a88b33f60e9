package meta

import (
	"bytes"
	"encoding/binary"
	"io"

	"github.com/parquet-go/parquet-go/format"
)

// Limits on what a footer may say. A bill of 10,000 columns and 10,000 row groups is far below.
const (
	maxFooter   = 64 << 20
	maxElements = 50_000
	maxChunks   = 4_000_000
	rowsPerByte = 1000 // a file that claims more rows than this for each of its bytes is no bill
)

// footer is what a file's footer says about it.
type footer struct {
	elements  []element
	groups    []Group
	encrypted bool
}

// element is one node of the schema, as the footer lists them: parents before their children.
type element struct {
	name      string
	children  int
	leaf      bool
	physical  format.Type
	length    int
	repeats   format.FieldRepetitionType
	meaning   Meaning
	scale     int
	converted int // -1 = none
}

// Group is a row group.
type Group struct {
	Rows   int64
	Chunks []Chunk // one for each leaf
}

// Chunk is one leaf's part of a row group.
type Chunk struct {
	Codec  format.CompressionCodec
	Values int64 // cells without a value counted too

	physical format.Type
	data     int64 // where the first data page lies
	dict     int64 // where the dictionary lies; 0 = not said
	outside  bool  // in another file, or encrypted
}

// Start is where the chunk's first page lies. Some writers do not say where the dictionary is: then it comes first.
func (c *Chunk) Start() int64 {
	if c.dict > 0 && c.dict < c.data {
		return c.dict
	}
	return c.data
}

const tail = 8 // the footer's length and the magic number

// readFooter reads the footer of a file and says where it begins.
func readFooter(r io.ReaderAt, size int64) (*footer, int64, error) {
	var end [tail]byte
	if size < 4+tail {
		return nil, 0, Damaged("the file ends too early: %d bytes are no Parquet file", size)
	}
	if err := ReadFull(r, end[:], size-tail); err != nil {
		return nil, 0, err
	}
	switch {
	case bytes.Equal(end[4:], []byte("PARE")):
		return nil, 0, encrypted()
	case !bytes.Equal(end[4:], []byte("PAR1")):
		return nil, 0, Damaged("the file ends too early: it begins as a Parquet file and does not end as one").WithReason("truncated")
	}
	n := int64(binary.LittleEndian.Uint32(end[:4]))
	at := size - tail - n
	if at < 4 || n > maxFooter {
		return nil, 0, Damaged("its footer cannot be %d bytes long", n)
	}
	data := make([]byte, n)
	if err := ReadFull(r, data, at); err != nil {
		return nil, 0, err
	}
	f, err := parseFooter(data)
	if err != nil {
		return nil, 0, err
	}
	if err := f.check(at); err != nil {
		return nil, 0, err
	}
	return f, at, nil
}

// parseFooter reads FileMetaData (parquet.thrift).
func parseFooter(data []byte) (*footer, error) {
	c := &compact{data: data}
	f := &footer{}
	chunks := 0
	c.fields(func(id int, kind byte) bool {
		switch {
		case id == 2 && kind == tList:
			c.list(tStruct, func() {
				if len(f.elements) == maxElements {
					c.fail(errCompact)
					return
				}
				f.elements = append(f.elements, c.element())
			})
		case id == 4 && kind == tList:
			c.list(tStruct, func() {
				g := c.group()
				if chunks += len(g.Chunks); chunks > maxChunks {
					c.fail(errCompact)
				}
				f.groups = append(f.groups, g)
			})
		case id == 8 && kind == tStruct:
			f.encrypted = true
			return false
		default:
			return false
		}
		return true
	})
	if c.err != nil {
		return nil, Damaged("its footer cannot be read: %v", c.err)
	}
	if f.encrypted {
		return nil, encrypted()
	}
	return f, nil
}

// check holds what the footer says about row groups against the file, which ends at end.
func (f *footer) check(end int64) error {
	leaves := 0
	for _, e := range f.elements {
		if e.leaf {
			leaves++
		}
	}
	var rows int64
	for i, g := range f.groups {
		if len(g.Chunks) != leaves {
			return Damaged("row group %d has %d columns, the schema %d", i, len(g.Chunks), leaves)
		}
		if g.Rows < 0 || g.Rows > rowsPerByte*end || rows > rowsPerByte*end {
			return Damaged("it claims more rows than a file of its size can hold")
		}
		rows += g.Rows
		for _, c := range g.Chunks {
			switch {
			case c.outside:
				return encrypted()
			case g.Rows > 0 && (c.Start() < 4 || c.Start() >= end || c.Values < 0):
				return Damaged("row group %d has a column outside of the file", i)
			}
		}
	}
	return nil
}

func (c *compact) element() element {
	e := element{converted: -1, repeats: format.Required}
	var l logical
	c.fields(func(id int, kind byte) bool {
		switch {
		case id == 4 && kind == tBinary:
			e.name = string(c.bytes())
		case id == 10 && kind == tStruct:
			l = c.logical()
		case kind != tI32:
			return false
		case id == 1:
			e.physical, e.leaf = format.Type(c.int()), true
		case id == 2:
			e.length = int(c.int())
		case id == 3:
			e.repeats = format.FieldRepetitionType(c.int())
		case id == 5:
			e.children = int(c.int())
		case id == 6:
			e.converted = int(c.int())
		case id == 7:
			e.scale = int(c.int())
		default:
			return false
		}
		return true
	})
	e.meaning = e.means(l)
	if l.meaning == Decimal {
		e.scale = l.scale
	}
	e.leaf = e.leaf && e.children == 0
	return e
}

func (c *compact) group() (g Group) {
	c.fields(func(id int, kind byte) bool {
		switch {
		case id == 1 && kind == tList:
			c.list(tStruct, func() { g.Chunks = append(g.Chunks, c.chunk()) })
		case id == 3 && kind == tI64:
			g.Rows = c.int()
		default:
			return false
		}
		return true
	})
	return g
}

func (c *compact) chunk() (k Chunk) {
	c.fields(func(id int, kind byte) bool {
		switch {
		case id == 1 && kind == tBinary:
			k.outside = k.outside || len(c.bytes()) > 0
		case id == 3 && kind == tStruct:
			c.metadata(&k)
		case id == 8 && kind == tStruct:
			k.outside = true
			return false
		default:
			return false
		}
		return true
	})
	return k
}

func (c *compact) metadata(k *Chunk) {
	c.fields(func(id int, kind byte) bool {
		if kind != tI32 && kind != tI64 {
			return false
		}
		switch id {
		case 1:
			k.physical = format.Type(c.int())
		case 4:
			k.Codec = format.CompressionCodec(c.int())
		case 5:
			k.Values = c.int()
		case 9:
			k.data = c.int()
		case 11:
			k.dict = c.int()
		default:
			return false
		}
		return true
	})
}
