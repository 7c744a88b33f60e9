package postgres

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/bursarhq/bursar/internal/billing/ingest/column"
	"github.com/bursarhq/bursar/internal/billing/ingest/decode"
	"github.com/bursarhq/bursar/internal/destination"
)

// write writes a part in COPY's binary form (PostgreSQL documentation, COPY, Binary Format).
func write(ctx context.Context, w io.Writer, have map[string]string, p *destination.Part) (rows int64, err error) {
	const signature = "PGCOPY\n\xff\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	if _, err := io.WriteString(w, signature); err != nil {
		return 0, err
	}
	r := &destination.Rowwise{Columns: p.Columns}
	r.Before = binary.BigEndian.AppendUint16(nil, uint16(len(p.Columns)+2))
	for _, key := range []string{p.Source, p.Period} {
		r.Before = append(binary.BigEndian.AppendUint32(r.Before, uint32(len(key))), key...)
	}
	encoders := make([]encoder, len(p.Columns))
	for i, c := range p.Columns {
		if encoders[i], err = encoderOf(c, have[ColumnName(c.Name)]); err != nil {
			return 0, err
		}
	}
	r.Cell = func(dst []byte, at int, c *column.Column, id uint32) []byte {
		if id == column.Null {
			return append(dst, 0xff, 0xff, 0xff, 0xff)
		}
		start := len(dst)
		dst = encoders[at](append(dst, 0, 0, 0, 0), c, id)
		binary.BigEndian.PutUint32(dst[start:], uint32(len(dst)-start-4))
		return dst
	}
	if rows, err = r.Write(ctx, w, p); err == nil {
		_, err = w.Write([]byte{0xff, 0xff})
	}
	return rows, err
}

// encoder appends a cell that is not NULL as its type's binary form.
type encoder func(dst []byte, c *column.Column, id uint32) []byte

// encoderOf writes a column into a table's column of a type.
func encoderOf(c destination.Column, is string) (encoder, error) {
	switch want := typeOf(c); {
	case is == "text":
		return func(dst []byte, cells *column.Column, id uint32) []byte {
			start := len(dst)
			dst = destination.AppendText(dst, c, cells, id)
			return append(dst[:start], withoutZeros(dst[start:])...)
		}, nil
	case is != want:
		return nil, destination.Refused("column_type", "the table's column %s is %s and not %s", c.Name, is, want).WithHint("rename that column, or deliver to another schema")
	}
	switch c.Type {
	case destination.Decimal:
		return func(dst []byte, cells *column.Column, id uint32) []byte { return appendNumeric(dst, cells.Number(id)) }, nil
	case destination.Integer:
		return appendBigint, nil
	case destination.Timestamp:
		return func(dst []byte, cells *column.Column, id uint32) []byte {
			return binary.BigEndian.AppendUint64(dst, uint64(cells.Micros(id)-epoch))
		}, nil
	case destination.Date:
		return func(dst []byte, cells *column.Column, id uint32) []byte {
			const day = int64(24 * time.Hour / time.Microsecond)
			return binary.BigEndian.AppendUint32(dst, uint32(int32((cells.Micros(id)-epoch)/day)))
		}, nil
	case destination.JSON:
		return func(dst []byte, cells *column.Column, id uint32) []byte {
			return append(append(dst, 1), withoutEscapedZeros(cells.Text(id))...)
		}, nil
	}
	return nil, fmt.Errorf("a column of type %s", c.Type)
}

// epoch is PostgreSQL's: 2000-01-01.
var epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()

func appendBigint(dst []byte, c *column.Column, id uint32) []byte {
	n, _ := strconv.ParseInt(string(decode.AppendNumber(nil, c.Number(id))), 10, 64) // an integer, as its column says
	return binary.BigEndian.AppendUint64(dst, uint64(n))
}

// withoutZeros replaces what no text of PostgreSQL can hold.
func withoutZeros(text []byte) []byte {
	if bytes.IndexByte(text, 0) < 0 {
		return text
	}
	return bytes.ReplaceAll(text, []byte{0}, []byte("\uFFFD"))
}

func withoutEscapedZeros(text []byte) []byte {
	if !bytes.Contains(text, []byte(`\u0000`)) {
		return text
	}
	var out []byte
	for i := 0; i < len(text); i++ {
		switch {
		case bytes.HasPrefix(text[i:], []byte(`\u0000`)):
			out = append(out, `\ufffd`...)
			i += 5
		case text[i] == '\\' && i+1 < len(text):
			out = append(out, text[i], text[i+1])
			i++
		default:
			out = append(out, text[i])
		}
	}
	return out
}

// appendNumeric writes a number as groups of four decimal digits around the point (numeric_recv in PostgreSQL's numeric.c).
func appendNumeric(dst []byte, n decode.Number) []byte {
	var buf [64]byte
	text := decode.AppendNumber(buf[:0], n)
	sign := uint16(0)
	if text[0] == '-' {
		sign, text = 0x4000, text[1:]
	}
	whole, frac, _ := bytes.Cut(text, []byte("."))
	scale := len(frac)
	whole = bytes.TrimLeft(whole, "0")
	var groups [24]uint16
	count, weight := 0, (len(whole)+3)/4-1
	for at := len(whole) - 4*(weight+1); at < len(whole); at += 4 {
		groups[count] = group(whole[max(at, 0) : at+4])
		count++
	}
	for at := 0; at < len(frac); at += 4 {
		g := group(frac[at:min(at+4, len(frac))])
		for range at + 4 - min(at+4, len(frac)) {
			g *= 10
		}
		groups[count] = g
		count++
	}
	from := 0
	for from < count && groups[from] == 0 {
		from++
		weight--
	}
	for count > from && groups[count-1] == 0 {
		count--
	}
	if from == count {
		weight, sign = 0, 0
	}
	dst = binary.BigEndian.AppendUint16(dst, uint16(count-from))
	dst = binary.BigEndian.AppendUint16(dst, uint16(int16(weight)))
	dst = binary.BigEndian.AppendUint16(dst, sign)
	dst = binary.BigEndian.AppendUint16(dst, uint16(scale))
	for _, g := range groups[from:count] {
		dst = binary.BigEndian.AppendUint16(dst, g)
	}
	return dst
}

func group(digits []byte) (g uint16) {
	for _, d := range digits {
		g = g*10 + uint16(d-'0')
	}
	return g
}
