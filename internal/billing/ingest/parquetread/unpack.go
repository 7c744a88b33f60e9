package parquetread

import (
	"bytes"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/format"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/billing/ingest/parquetread/meta"
)

// unpacker decompresses pages. It never makes more bytes than a page header announced.
type unpacker struct {
	packed []byte // a page as it is in the file; shared by all columns, for they are read one at a time
	spare  []byte // a page's buffer that nothing needs at the moment
	zstd   *zstd.Decoder
	gzip   *gzip.Reader
}

// buffer returns size bytes: dst where it is large enough, else the spare buffer or a new one.
func (u *unpacker) buffer(dst []byte, size int) []byte {
	if cap(dst) >= size {
		return dst[:size]
	}
	if dst != nil {
		u.give(dst)
	}
	if n := cap(u.spare); n >= size && n/2 <= size { // a small page in a large buffer would hold it for nothing
		dst, u.spare = u.spare, nil
		return dst[:size]
	}
	return make([]byte, size)
}

// give takes a buffer back. The largest is kept: large pages are what must not become garbage one after another.
func (u *unpacker) give(buf []byte) {
	if cap(buf) > cap(u.spare) {
		u.spare = buf
	}
}

func (u *unpacker) close() {
	if u.zstd != nil {
		u.zstd.Close()
	}
}

// unpack returns the size bytes that packed stands for, in dst where it is large enough.
func (u *unpacker) unpack(codec format.CompressionCodec, dst, packed []byte, size int) (out []byte, err error) {
	dst = u.buffer(dst, size)
	if size == 0 {
		return dst, nil
	}
	switch codec {
	case format.Uncompressed:
		if len(packed) != size {
			return nil, meta.Damaged("a page has %d bytes, its header says %d", len(packed), size)
		}
		return dst[:copy(dst, packed)], nil
	case format.Snappy:
		n, err := snappy.DecodedLen(packed)
		if err != nil || n != size {
			return nil, meta.Damaged("a page does not unpack to the %d bytes of its header", size)
		}
		out, err = snappy.Decode(dst, packed)
		if err != nil {
			return nil, meta.Damaged("a page does not unpack: %v", err)
		}
		return out, nil
	case format.Zstd:
		out, err = u.unpackZstd(dst, packed)
	case format.Gzip:
		out, err = u.unpackGzip(dst, packed)
	default:
		return nil, bursar.Errorf(bursar.Invalid, "it is compressed with %v", codec).WithReason("codec").
			WithHint("AWS delivers Parquet compressed with snappy; bursar also reads gzip, zstd and plain pages")
	}
	if err != nil || len(out) != size {
		return nil, meta.Damaged("a page does not unpack to the %d bytes of its header (%v)", size, err)
	}
	return out, nil
}

func (u *unpacker) unpackZstd(dst, packed []byte) (out []byte, err error) {
	if u.zstd == nil {
		u.zstd, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecodeAllCapLimit(true), zstd.WithDecoderMaxMemory(2*meta.MaxPage))
		if err != nil {
			return nil, err
		}
	}
	return u.zstd.DecodeAll(packed, dst[:0:len(dst)])
}

func (u *unpacker) unpackGzip(dst, packed []byte) (out []byte, err error) {
	if u.gzip == nil {
		u.gzip, err = gzip.NewReader(bytes.NewReader(packed))
	} else {
		err = u.gzip.Reset(bytes.NewReader(packed))
	}
	if err != nil {
		return nil, err
	}
	n, err := io.ReadFull(u.gzip, dst)
	if err != nil {
		return nil, err
	}
	var more [1]byte
	if k, _ := u.gzip.Read(more[:]); k > 0 {
		return nil, meta.Damaged("it is longer")
	}
	return dst[:n], nil
}
