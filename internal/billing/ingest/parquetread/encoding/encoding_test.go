package encoding

import (
	"encoding/binary"
	"slices"
	"testing"

	packed "github.com/parquet-go/parquet-go/encoding/delta"
	"github.com/parquet-go/parquet-go/encoding/rle"
	"github.com/parquet-go/parquet-go/format"
	"pgregory.net/rapid"

	"github.com/bursarhq/bursar/internal/billing/ingest/parquetread/meta"
)

// runs draws small numbers, many of them equal to the one before.
func runs(t *rapid.T, most int32) (out []int32) {
	for len(out) < rapid.IntRange(0, 700).Draw(t, "values") {
		v, n := rapid.Int32Range(0, most).Draw(t, "value"), rapid.IntRange(1, 40).Draw(t, "times")
		for range n {
			out = append(out, v)
		}
	}
	return out
}

// What parquet-go packs is read back, whatever portions are asked for.
func TestHybrid(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		width := rapid.IntRange(1, 31).Draw(t, "bits")
		want := runs(t, 1<<width-1)
		data, err := (&rle.Encoding{BitWidth: width}).EncodeInt32(nil, want)
		if err != nil {
			t.Fatal(err)
		}
		h := NewHybrid(data, uint(width))
		var got []int32
		for len(got) < len(want) {
			v, n := h.Next(min(rapid.IntRange(1, 50).Draw(t, "limit"), len(want)-len(got)))
			if n == 0 {
				t.Fatalf("it ends after %d of %d", len(got), len(want))
			}
			for range n {
				got = append(got, int32(v))
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("got %v, want %v", got, want)
		}
	})
}

// Data that ends too early, and counts that nothing backs, give no values.
func TestHybridEnds(t *testing.T) {
	for _, data := range [][]byte{nil, {}, {0x80}, {0x02}, {0x00}, {0x03}, binary.AppendUvarint(nil, 1<<40), binary.AppendUvarint(nil, 1<<40|1)} {
		h := NewHybrid(data, 8)
		if v, n := h.Next(10); n != 0 {
			t.Errorf("%x: %d times %d", data, n, v)
		}
	}
	h := NewHybrid([]byte{0x03, 1, 2, 3}, 8) // eight values are promised, three are there
	total := 0
	for {
		_, n := h.Next(10)
		if total += n; n == 0 {
			break
		}
	}
	if total != 3 {
		t.Errorf("%d values", total)
	}
}

func TestDelta(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SliceOf(rapid.Int64()).Draw(t, "values")
		data, err := (&packed.BinaryPackedEncoding{}).EncodeInt64(nil, want)
		if err != nil {
			t.Fatal(err)
		}
		d := newDelta(data, len(want))
		for i, w := range want {
			if v, ok := d.next(); !ok || v != w {
				t.Fatalf("value %d: %d, %v, want %d", i, v, ok, w)
			}
		}
		if v, ok := d.next(); ok {
			t.Fatalf("one more: %d", v)
		}
		if len(want) > 1 {
			if d := newDelta(data, len(want)-1); d.ok {
				t.Fatal("more values than the page has are accepted")
			}
		}
	})
}

func TestTexts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SliceOf(rapid.SampledFrom([]string{"", "a", "ab", "abc", "abd", "prefix-1", "prefix-22", "é"})).Draw(t, "texts")
		var all []byte
		offsets := []uint32{0}
		for _, s := range want {
			all = append(all, s...)
			offsets = append(offsets, uint32(len(all)))
		}
		leaf, page := &meta.Leaf{Physical: format.ByteArray}, &meta.Page{Values: len(want)}
		lengths, err := (&packed.LengthByteArrayEncoding{}).EncodeByteArray(nil, all, offsets)
		if err != nil {
			t.Fatal(err)
		}
		shared, err := (&packed.ByteArrayEncoding{}).EncodeByteArray(nil, all, offsets)
		if err != nil {
			t.Fatal(err)
		}
		for encoding, data := range map[format.Encoding][]byte{format.DeltaLengthByteArray: lengths, format.DeltaByteArray: shared} {
			page.Encoding = encoding
			v, err := NewValues(leaf, page, data)
			if err != nil {
				t.Fatalf("%v: %v", encoding, err)
			}
			for i, w := range want {
				if got, ok := v.Next(); !ok || string(got) != w {
					t.Fatalf("%v: text %d is %q, %v, want %q", encoding, i, got, ok, w)
				}
			}
		}
	})
}
