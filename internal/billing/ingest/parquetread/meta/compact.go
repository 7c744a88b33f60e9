package meta

import (
	"encoding/binary"
	"errors"
)

// compact reads Thrift's compact protocol (thrift-compact-protocol.md), in which Parquet writes its footer and page
// headers. It is our own because files come from strangers: nothing is allocated on the word of a length that the bytes
// do not back. After an error every read gives zeros.
type compact struct {
	data  []byte
	at    int
	depth int
	err   error
}

// ErrShort says that the bytes end within a value: where only a part was given, more may help.
var ErrShort = errors.New("it ends within a value")

var errCompact = errors.New("it is no Thrift")

// The types of the protocol that Parquet uses.
const (
	tTrue   = 1
	tFalse  = 2
	tByte   = 3
	tI16    = 4
	tI32    = 5
	tI64    = 6
	tDouble = 7
	tBinary = 8
	tList   = 9
	tSet    = 10
	tMap    = 11
	tStruct = 12
)

const maxDepth = 32

func (c *compact) fail(err error) {
	if c.err == nil {
		c.err = err
	}
	c.at = len(c.data)
}

func (c *compact) byte() byte {
	if c.at >= len(c.data) {
		c.fail(ErrShort)
		return 0
	}
	b := c.data[c.at]
	c.at++
	return b
}

func (c *compact) uvarint() uint64 {
	v, n := binary.Uvarint(c.data[c.at:])
	switch {
	case n == 0:
		c.fail(ErrShort)
	case n < 0:
		c.fail(errCompact)
	default:
		c.at += n
	}
	return v
}

// int reads an i16, i32 or i64.
func (c *compact) int() int64 {
	v := c.uvarint()
	return int64(v>>1) ^ -int64(v&1)
}

// bytes reads a binary; it is a part of the data.
func (c *compact) bytes() []byte {
	n := c.uvarint()
	if n > uint64(len(c.data)-c.at) {
		c.fail(ErrShort)
		return nil
	}
	b := c.data[c.at : c.at+int(n)]
	c.at += int(n)
	return b
}

// fields reads a struct. read is given each field and says whether it read it; others are skipped.
func (c *compact) fields(read func(id int, kind byte) bool) {
	if c.depth++; c.depth > maxDepth {
		c.fail(errCompact)
	}
	defer func() { c.depth-- }()
	id := 0
	for c.err == nil {
		head := c.byte()
		kind := head & 15
		if kind == 0 {
			return
		}
		if delta := int(head >> 4); delta != 0 {
			id += delta
		} else {
			id = int(c.int())
		}
		if !read(id, kind) {
			c.skip(kind)
		}
	}
}

// list reads a list of structs or numbers: each is called for every item and must read it.
func (c *compact) list(kind byte, each func()) {
	n, got := c.listHead()
	if n > 0 && got != kind {
		c.fail(errCompact)
	}
	for ; n > 0 && c.err == nil; n-- {
		each()
	}
}

func (c *compact) listHead() (n uint64, kind byte) {
	head := c.byte()
	n = uint64(head >> 4)
	if n == 15 {
		n = c.uvarint()
	}
	if n > uint64(len(c.data)-c.at) { // an item has a byte at least
		c.fail(ErrShort)
	}
	return n, head & 15
}

func (c *compact) skip(kind byte) {
	switch kind {
	case tTrue, tFalse:
	case tByte:
		c.byte()
	case tI16, tI32, tI64:
		c.uvarint()
	case tDouble:
		if c.at += 8; c.at > len(c.data) {
			c.fail(ErrShort)
		}
	case tBinary:
		c.bytes()
	case tList, tSet:
		n, item := c.listHead()
		c.skipItems(n, item)
	case tMap:
		c.skipMap()
	case tStruct:
		c.fields(func(int, byte) bool { return false })
	default:
		c.fail(errCompact)
	}
}

func (c *compact) skipItems(n uint64, kind byte) {
	if c.depth++; c.depth > maxDepth {
		c.fail(errCompact)
	}
	defer func() { c.depth-- }()
	for ; n > 0 && c.err == nil; n-- {
		c.skipItem(kind)
	}
}

// skipItem skips an item of a list or a map, where booleans have a byte of their own.
func (c *compact) skipItem(kind byte) {
	if kind == tTrue || kind == tFalse {
		kind = tByte
	}
	c.skip(kind)
}

func (c *compact) skipMap() {
	n := c.uvarint()
	if n == 0 {
		return
	}
	if n > uint64(len(c.data)-c.at) {
		c.fail(ErrShort)
	}
	kinds := c.byte()
	for ; n > 0 && c.err == nil; n-- {
		c.skipItems(1, kinds>>4)
		c.skipItems(1, kinds&15)
	}
}
