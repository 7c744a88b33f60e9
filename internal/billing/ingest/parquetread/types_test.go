package parquetread

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"

	"github.com/bursarhq/bursar/internal/billing/schema"
)

func timeOf(micros int64) string {
	return time.UnixMicro(micros).UTC().Format("2006-01-02 15:04:05.999999")
}

// What DuckDB writes, in every type that a bill might hold and in every way that it packs pages.
func TestTypes(t *testing.T) {
	const query = `SELECT * FROM (VALUES
		(1::INTEGER, 18446744073709551615::UBIGINT, -5::BIGINT, 0.1::DOUBLE, 0.1::FLOAT, -1.50::DECIMAL(9,2), 0.0000000001::DECIMAL(18,10), 12345678901234567890.12345678::DECIMAL(38,10),
		 'a', true, DATE '2026-04-01', TIMESTAMP_MS '2026-04-01 01:02:03.004', TIMESTAMP '2026-04-01 01:02:03.000004', TIMESTAMP_NS '2026-04-01 01:02:03.000004999', TIMESTAMPTZ '2026-04-01 01:02:03+00',
		 UUID '01234567-89ab-cdef-0123-456789abcdef', MAP {'k': 'v', 'leer': ''}, MAP {'d': 1.25::DOUBLE}, {'a': 'x', 'b': {'c': 2.5::DOUBLE}}, 7.0E-10::DOUBLE),
		(2, 0, 5, -0.0, 3e10::FLOAT, 0, 0, -0.5, '', false, DATE '1969-12-31', TIMESTAMP_MS '1969-12-31 23:59:59.999', TIMESTAMP '1969-12-31 23:59:59', TIMESTAMP_NS '1969-12-31 23:59:59.999999999', TIMESTAMPTZ '2026-04-01 01:02:03+02',
		 NULL, MAP {}, MAP {'d': NULL}, {'a': NULL, 'b': {'c': NULL}}, 1e300),
		(NULL, NULL, NULL, NULL, NULL::FLOAT, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)
	) x(i, u, b, d, f, d9, d18, d38, s, bool, day, ms, us, ns, tz, uuid, m, md, st, big)`
	type want struct {
		kind schema.Type
		rows []string
	}
	wants := map[string]want{
		"i":      {schema.Decimal, []string{"1", "2", "∅"}},
		"u":      {schema.Decimal, []string{"18446744073709551615", "0", "∅"}},
		"b":      {schema.Text, []string{"-5", "5", "∅"}},
		"d":      {schema.Decimal, []string{"0.1", "0", "∅"}},
		"f":      {schema.Decimal, []string{"0.1", "30000000000", "∅"}},
		"d9":     {schema.Decimal, []string{"-1.5", "0", "∅"}},
		"d18":    {schema.Decimal, []string{"0.0000000001", "0", "∅"}},
		"d38":    {schema.Decimal, []string{"12345678901234567890.12345678", "-0.5", "∅"}},
		"s":      {schema.Text, []string{"a", "∅", "∅"}},
		"bool":   {schema.Text, []string{"true", "false", "∅"}},
		"day":    {schema.Timestamp, []string{"2026-04-01 00:00:00", "1969-12-31 00:00:00", "∅"}},
		"ms":     {schema.Timestamp, []string{"2026-04-01 01:02:03.004", "1969-12-31 23:59:59.999", "∅"}},
		"us":     {schema.Timestamp, []string{"2026-04-01 01:02:03.000004", "1969-12-31 23:59:59", "∅"}},
		"ns":     {schema.Timestamp, []string{"2026-04-01 01:02:03.000004", "1969-12-31 23:59:59.999999", "∅"}},
		"tz":     {schema.Text, []string{"2026-04-01T01:02:03Z", "2026-03-31T23:02:03Z", "∅"}},
		"uuid":   {schema.Text, []string{"01234567-89ab-cdef-0123-456789abcdef", "∅", "∅"}},
		"m":      {schema.Map, []string{`{"k":"v"}`, "∅", "∅"}},
		"md":     {schema.Map, []string{`{"d":1.25}`, "∅", "∅"}},
		"st.a":   {schema.Text, []string{"x", "∅", "∅"}},
		"st.b.c": {schema.Text, []string{"2.5", "∅", "∅"}},
		"big":    {schema.Text, []string{"0.0000000007", "1e+300", "∅"}},
	}
	for _, options := range []string{", CODEC snappy", ", CODEC gzip", ", CODEC zstd", ", CODEC uncompressed", ", PARQUET_VERSION V2", ", PARQUET_VERSION V2, DICTIONARY_SIZE_LIMIT 1"} {
		f := open(t, duckFile(t, query, options))
		if f.Columns() != 20 || len(f.Fields()) != 21 {
			t.Errorf("%s: %d columns, %d fields", options, f.Columns(), len(f.Fields()))
		}
		for name, w := range wants {
			if d := cmp.Diff(w.rows, readField(t, f, name, w.kind)); d != "" {
				t.Errorf("%s, %s: %s", options, name, d)
			}
		}
	}
}

type plainRow struct {
	Text   string           `parquet:"text,plain"`
	Dict   string           `parquet:"dict,dict"`
	Length string           `parquet:"length,delta"`
	Int    int64            `parquet:"int,delta"`
	Small  int32            `parquet:"small,delta,optional"`
	Double float64          `parquet:"double,split"`
	Old    deprecated.Int96 `parquet:"old"`
	Fixed  [16]byte         `parquet:"fixed,dict"`
	Maybe  *string          `parquet:"maybe,dict"`
	Bool   bool             `parquet:"bool"`
	Money  int32            `parquet:"money,decimal(2:9)"`
	Tags   map[string]string
}

// What parquet-go writes: other encodings, both versions of pages, many small pages, nested optional columns.
func TestEncodings(t *testing.T) {
	rows := make([]plainRow, 1500)
	want := map[string][]string{}
	for i := range rows {
		r := &rows[i]
		r.Text, r.Dict, r.Length = fmt.Sprint("text", i%7), fmt.Sprint("d", i/10%5), fmt.Sprint("prefix-", i)
		r.Int, r.Small, r.Double, r.Bool, r.Money = int64(i)*int64(i)*1_000_003-7, int32(i%3), float64(i)/8, i%3 == 0, int32(i)
		r.Old = deprecated.Int96{uint32(1000 * i), 0, 2_440_588 + uint32(i)}
		r.Fixed[15] = byte(i % 11)
		tags := "∅"
		if i%4 > 0 {
			r.Tags = map[string]string{"team": fmt.Sprint(i / 100)}
			tags = fmt.Sprintf(`{"team":"%d"}`, i/100)
		}
		maybe := "∅"
		if i%5 != 2 {
			maybe = fmt.Sprint("m", i%2)
			r.Maybe = &maybe
		}
		small := "∅" // parquet-go writes the zero of an optional field as no value
		if r.Small != 0 {
			small = fmt.Sprint(r.Small)
		}
		for name, v := range map[string]string{
			"text": r.Text, "dict": r.Dict, "length": r.Length, "int": fmt.Sprint(r.Int), "small": small, "double": fmt.Sprint(r.Double),
			"old":   time.Unix(int64(i)*86_400, 1000*int64(i)).UTC().Format("2006-01-02T15:04:05.999999Z"),
			"maybe": maybe, "bool": fmt.Sprint(r.Bool), "money": fmt.Sprint(float64(i) / 100), "Tags": tags,
		} {
			want[name] = append(want[name], v)
		}
	}
	for _, version := range []int{1, 2} {
		for _, codec := range []parquet.WriterOption{parquet.Compression(&parquet.Snappy), parquet.Compression(&parquet.Zstd), parquet.Compression(&parquet.Gzip), parquet.Compression(&parquet.Uncompressed)} {
			var out bytes.Buffer
			w := parquet.NewGenericWriter[plainRow](&out, parquet.DataPageVersion(version), codec, parquet.PageBufferSize(512), parquet.MaxRowsPerRowGroup(400))
			_, err := w.Write(rows)
			check(t, err)
			check(t, w.Close())
			f := open(t, out.Bytes())
			if f.Groups() != 4 {
				t.Errorf("%d row groups", f.Groups())
			}
			for name, rows := range want {
				if d := cmp.Diff(rows, readField(t, f, name, schema.Text)); d != "" {
					t.Errorf("version %d, %s: %s", version, name, d)
				}
			}
		}
	}
}

func TestWrongTypes(t *testing.T) {
	f := open(t, duckFile(t, "SELECT 'x' AS a, 'NaN'::DOUBLE AS b, 5::BIGINT AS c, true AS d", ""))
	for name, kind := range map[string]schema.Type{"a": schema.Decimal, "b": schema.Decimal, "c": schema.Timestamp, "d": schema.Decimal} {
		for i, x := range f.Fields() {
			if x.Name != name {
				continue
			}
			if _, err := cells(f, i, kind, 1); !isBad(err) {
				t.Errorf("%s as %s: %v", name, kind, err)
			}
		}
	}
}

func TestNestedColumnsAreRefused(t *testing.T) {
	for _, query := range []string{"SELECT [1, 2] AS l", "SELECT MAP {'a': [1]} AS m", "SELECT {'a': [1]} AS s", "SELECT MAP {'a': {'b': 1}} AS m"} {
		data := duckFile(t, query, "")
		if _, err := Open(bytes.NewReader(data), int64(len(data))); err == nil {
			t.Errorf("%s is accepted", query)
		}
	}
}
