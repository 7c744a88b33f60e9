package parquetread

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"math/bits"

	"github.com/parquet-go/parquet-go/format"
)

// Limits on what a page may say.
const (
	maxPage       = 128 << 20 // bytes, unpacked
	maxPageValues = 1 << 27
	maxHeader     = 4 << 20
)

// header is a page's header (parquet.thrift, PageHeader), of any kind.
type header struct {
	kind         format.PageType
	size, packed int
	crc          uint32
	hasCRC       bool
	values       int
	encoding     format.Encoding
	defs, reps   int  // bytes of levels: of data pages of version 2
	plainBody    bool // of version 2: the values are not compressed
}

func parseHeader(data []byte) (h header, used int, err error) {
	c := &compact{data: data}
	c.fields(func(id int, kind byte) bool {
		switch {
		case kind == tStruct && (id == 5 || id == 7 || id == 8):
			c.pageFields(&h, id == 8)
		case kind != tI32:
			return false
		case id == 1:
			h.kind = format.PageType(c.int())
		case id == 2:
			h.size = int(c.int())
		case id == 3:
			h.packed = int(c.int())
		case id == 4:
			h.crc, h.hasCRC = uint32(c.int()), true
		default:
			return false
		}
		return true
	})
	return h, c.at, c.err
}

// pageFields reads the header of a data page, a dictionary or a data page of version 2.
func (c *compact) pageFields(h *header, v2 bool) {
	c.fields(func(id int, kind byte) bool {
		switch {
		case id == 7 && v2 && kind == tFalse:
			h.plainBody = true
			return false
		case kind != tI32:
			return false
		case id == 1:
			h.values = int(c.int())
		case id == 2 && !v2, id == 4 && v2:
			h.encoding = format.Encoding(c.int())
		case id == 5 && v2:
			h.defs = int(c.int())
		case id == 6 && v2:
			h.reps = int(c.int())
		default:
			return false
		}
		return true
	})
}

func (h *header) check() error {
	switch {
	case h.size < 0 || h.packed < 0 || h.values < 0 || h.defs < 0 || h.reps < 0 || h.defs+h.reps > h.size || h.defs+h.reps > h.packed:
		return damaged("a page's header has impossible sizes")
	case h.size > maxPage || h.packed > 2*maxPage || h.values > maxPageValues:
		return damaged("a page of %d bytes and %d values is larger than bursar reads (%d MB)", h.size, h.values, maxPage>>20).WithReason("too_large").
			WithHint("write the file again with pages of ordinary size")
	}
	return nil
}

// pages reads the pages of one column chunk.
type pages struct {
	file  io.ReaderAt
	un    *unpacker
	leaf  *leaf
	chunk *chunk
	at    int64 // the next page
	end   int64 // of the file's pages
	left  int64 // values of the chunk in pages that were not opened yet
	buf   []byte
	dict  *dictionary
}

// read takes the next page that holds values, and on its way the dictionary.
func (p *pages) read() (cursor, error) {
	for {
		h, err := p.header()
		if err != nil {
			return cursor{}, err
		}
		body, err := p.body(&h)
		if err != nil {
			return cursor{}, err
		}
		switch h.kind {
		case format.DictionaryPage:
			if err := p.dictionary(&h, body); err != nil {
				return cursor{}, err
			}
		case format.DataPage, format.DataPageV2:
			if int64(h.values) > p.left {
				return cursor{}, damaged("the column %s has more values than its footer says", p.leaf.path)
			}
			p.left -= int64(h.values)
			return p.open(&h, body)
		}
	}
}

// header reads the header at p.at. Its length is known only when it is read.
func (p *pages) header() (header, error) {
	for n := int64(512); ; n *= 8 {
		n = min(n, p.end-p.at)
		if cap(p.un.packed) < int(n) {
			p.un.packed = make([]byte, n)
		}
		data := p.un.packed[:n]
		if err := readFull(p.file, data, p.at); err != nil {
			return header{}, err
		}
		h, used, err := parseHeader(data)
		if errors.Is(err, errShort) && n < maxHeader && p.at+n < p.end {
			continue
		}
		if err != nil {
			return h, damaged("the header of a page of the column %s cannot be read: %v", p.leaf.path, err)
		}
		p.at += int64(used)
		if int64(h.packed) > p.end-p.at {
			return h, damaged("a page of the column %s goes beyond the file's end", p.leaf.path)
		}
		return h, h.check()
	}
}

// body reads and unpacks a page. The levels of version 2 are never compressed.
func (p *pages) body(h *header) ([]byte, error) {
	if cap(p.un.packed) < h.packed {
		p.un.packed = make([]byte, h.packed)
	}
	packed := p.un.packed[:h.packed]
	if err := readFull(p.file, packed, p.at); err != nil {
		return nil, err
	}
	p.at += int64(h.packed)
	if h.hasCRC && crc32.ChecksumIEEE(packed) != h.crc {
		return nil, damaged("a page of the column %s does not have the checksum that it says", p.leaf.path)
	}
	codec := p.chunk.codec
	if h.plainBody {
		codec = format.Uncompressed
	}
	levels := h.defs + h.reps
	buf := p.buf
	if h.kind == format.DictionaryPage {
		buf = nil
	}
	if levels == 0 {
		out, err := p.un.unpack(codec, buf, packed, h.size)
		if h.kind != format.DictionaryPage && err == nil {
			p.buf = out
		}
		return out, err
	}
	if cap(buf) < h.size {
		buf = make([]byte, h.size)
	}
	p.buf = buf[:h.size]
	copy(p.buf, packed[:levels])
	_, err := p.un.unpack(codec, p.buf[levels:], packed[levels:], h.size-levels)
	return p.buf, err
}

func (p *pages) dictionary(h *header, body []byte) error {
	if h.encoding != format.Plain && h.encoding != format.PlainDictionary {
		return damaged("the column %s has a dictionary in the encoding %v", p.leaf.path, h.encoding)
	}
	d, err := newDictionary(p.leaf, body, h.values)
	if err != nil {
		return err
	}
	p.dict = d
	return nil
}

// open prepares a page's levels and values.
func (p *pages) open(h *header, body []byte) (c cursor, err error) {
	c.left = h.values
	reps, defs, data, err := p.levels(h, body)
	if err != nil {
		return c, err
	}
	c.reps, c.defs = newHybrid(reps, levelWidth(p.leaf.maxRep)), newHybrid(defs, levelWidth(p.leaf.maxDef))
	switch h.encoding {
	case format.PlainDictionary, format.RLEDictionary:
		if p.dict == nil {
			return c, damaged("the column %s has no dictionary", p.leaf.path)
		}
		c.indexed = true
		if len(data) > 0 {
			if data[0] > 32 {
				return c, damaged("the column %s has indices of %d bits", p.leaf.path, data[0])
			}
			c.index = newHybrid(data[1:], uint(data[0]))
		}
		return c, nil
	}
	c.body, err = newValues(p.leaf, h, data)
	return c, err
}

// levels cuts a page into repetition levels, definition levels and values.
func (p *pages) levels(h *header, body []byte) (reps, defs, rest []byte, err error) {
	if h.kind == format.DataPageV2 {
		return body[:h.reps], body[h.reps : h.reps+h.defs], body[h.reps+h.defs:], nil
	}
	rest = body
	cut := func(wanted bool) (out []byte) {
		if !wanted || err != nil {
			return nil
		}
		if len(rest) < 4 || uint64(binary.LittleEndian.Uint32(rest)) > uint64(len(rest)-4) {
			err = damaged("the column %s has a page that is too short for its levels", p.leaf.path)
			return nil
		}
		n := binary.LittleEndian.Uint32(rest)
		out, rest = rest[4:4+n], rest[4+n:]
		return out
	}
	reps = cut(p.leaf.maxRep > 0)
	defs = cut(p.leaf.maxDef > 0)
	return reps, defs, rest, err
}

func levelWidth(most int) uint { return uint(bits.Len(uint(most))) }
