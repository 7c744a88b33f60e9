package parquetread

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"math/bits"

	"github.com/parquet-go/parquet-go/format"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/billing/ingest/parquetread/encoding"
	"github.com/bursarhq/bursar/internal/billing/ingest/parquetread/meta"
)

// pages reads the pages of one column chunk.
type pages struct {
	file  io.ReaderAt
	un    *unpacker
	leaf  *meta.Leaf
	chunk *meta.Chunk
	at    int64 // the next page
	end   int64 // of the file's pages
	left  int64 // values of the chunk in pages that were not opened yet
	buf   []byte
	dict  *encoding.Dictionary
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
		switch h.Kind {
		case format.DictionaryPage:
			if err := p.dictionary(&h, body); err != nil {
				return cursor{}, err
			}
		case format.DataPage, format.DataPageV2:
			if int64(h.Values) > p.left {
				return cursor{}, meta.Damaged("the column %s has more values than its footer says", p.leaf.Path)
			}
			p.left -= int64(h.Values)
			return p.open(&h, body)
		}
	}
}

// header reads the header at p.at. Its length is known only when it is read.
func (p *pages) header() (meta.Page, error) {
	for n := int64(512); ; n *= 8 {
		n = min(n, p.end-p.at)
		if cap(p.un.packed) < int(n) {
			p.un.packed = make([]byte, n)
		}
		data := p.un.packed[:n]
		if err := meta.ReadFull(p.file, data, p.at); err != nil {
			return meta.Page{}, err
		}
		h, used, err := meta.ParsePage(data)
		if errors.Is(err, meta.ErrShort) && n < maxHeader && p.at+n < p.end {
			continue
		}
		if bursar.CodeOf(err) == bursar.Invalid {
			return h, err
		}
		if err != nil {
			return h, meta.Damaged("the header of a page of the column %s cannot be read: %v", p.leaf.Path, err)
		}
		p.at += int64(used)
		if int64(h.Packed) > p.end-p.at {
			return h, meta.Damaged("a page of the column %s goes beyond the file's end", p.leaf.Path)
		}
		return h, nil
	}
}

// body reads and unpacks a page. The levels of version 2 are never compressed.
func (p *pages) body(h *meta.Page) ([]byte, error) {
	if cap(p.un.packed) < h.Packed {
		p.un.packed = make([]byte, h.Packed)
	}
	packed := p.un.packed[:h.Packed]
	if err := meta.ReadFull(p.file, packed, p.at); err != nil {
		return nil, err
	}
	p.at += int64(h.Packed)
	if h.HasCRC && crc32.ChecksumIEEE(packed) != h.CRC {
		return nil, meta.Damaged("a page of the column %s does not have the checksum that it says", p.leaf.Path)
	}
	codec := p.chunk.Codec
	if h.PlainBody {
		codec = format.Uncompressed
	}
	levels := h.Defs + h.Reps
	buf := p.buf
	if h.Kind == format.DictionaryPage {
		buf = nil
	}
	if levels == 0 {
		out, err := p.un.unpack(codec, buf, packed, h.Size)
		if h.Kind != format.DictionaryPage && err == nil {
			p.buf = out
		}
		return out, err
	}
	p.buf = p.un.buffer(buf, h.Size)
	copy(p.buf, packed[:levels])
	_, err := p.un.unpack(codec, p.buf[levels:], packed[levels:], h.Size-levels)
	return p.buf, err
}

func (p *pages) dictionary(h *meta.Page, body []byte) error {
	if h.Encoding != format.Plain && h.Encoding != plainDictionary {
		return meta.Damaged("the column %s has a dictionary in the encoding %v", p.leaf.Path, h.Encoding)
	}
	d, err := encoding.NewDictionary(p.leaf, body, h.Values)
	if err != nil {
		return err
	}
	p.dict = d
	return nil
}

// open prepares a page's levels and values.
func (p *pages) open(h *meta.Page, body []byte) (c cursor, err error) {
	c.left = h.Values
	reps, defs, data, err := p.levels(h, body)
	if err != nil {
		return c, err
	}
	c.reps, c.defs = encoding.NewHybrid(reps, levelWidth(p.leaf.MaxRep)), encoding.NewHybrid(defs, levelWidth(p.leaf.MaxDef))
	switch h.Encoding {
	case plainDictionary, format.RLEDictionary:
		if p.dict == nil {
			return c, meta.Damaged("the column %s has no dictionary", p.leaf.Path)
		}
		c.indexed = true
		if len(data) > 0 {
			if data[0] > 32 {
				return c, meta.Damaged("the column %s has indices of %d bits", p.leaf.Path, data[0])
			}
			c.index = encoding.NewHybrid(data[1:], uint(data[0]))
		}
		return c, nil
	}
	c.body, err = encoding.NewValues(p.leaf, h, data)
	return c, err
}

// levels cuts a page into repetition levels, definition levels and values.
func (p *pages) levels(h *meta.Page, body []byte) (reps, defs, rest []byte, err error) {
	if h.Kind == format.DataPageV2 {
		return body[:h.Reps], body[h.Reps : h.Reps+h.Defs], body[h.Reps+h.Defs:], nil
	}
	rest = body
	cut := func(wanted bool) (out []byte) {
		if !wanted || err != nil {
			return nil
		}
		if len(rest) < 4 || uint64(binary.LittleEndian.Uint32(rest)) > uint64(len(rest)-4) {
			err = meta.Damaged("the column %s has a page that is too short for its levels", p.leaf.Path)
			return nil
		}
		n := binary.LittleEndian.Uint32(rest)
		out, rest = rest[4:4+n], rest[4+n:]
		return out
	}
	reps = cut(p.leaf.MaxRep > 0)
	defs = cut(p.leaf.MaxDef > 0)
	return reps, defs, rest, err
}

func levelWidth(most int) uint { return uint(bits.Len(uint(most))) }

// maxHeader is how long the header of a page may be: it holds statistics.
const maxHeader = 4 << 20

// cursor walks over the cells of an open page.
type cursor struct {
	left       int // cells that still come, those without a value among them
	reps, defs encoding.Hybrid
	indexed    bool
	index      encoding.Hybrid
	body       encoding.Values
}

// plainDictionary is what older writers call both the encoding of dictionaries and that of indices into them.
const plainDictionary format.Encoding = 2
