package parquetread

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/bursarhq/bursar/internal/billing/ingest/column"
	"github.com/bursarhq/bursar/internal/billing/schema"
)

// However the rows of a group are asked for - in any portions, into one column or another, some passed over - the cells
// are the same.
func TestAnyPortions(t *testing.T) {
	data := duckFile(t, `SELECT i // 3 AS runs, hash(i)::VARCHAR AS ids, CASE WHEN i % 7 > 2 THEN (i % 5)::VARCHAR END AS maybe,
		MAP {'a': (i // 4)::VARCHAR, 'b': ''} AS tags, {'x': i / 8} AS s FROM range(3000) r(i)`, ", ROW_GROUP_SIZE 2048")
	f := open(t, data)
	for i := range f.Fields() {
		want, err := cells(f, i, schema.Text, 1<<20)
		check(t, err)
		rapid.Check(t, func(t *rapid.T) {
			g := f.Group(0)
			defer g.Close()
			f.Keep = rapid.SampledFrom([]int{0, 1 << 20}).Draw(t, "memory")
			c, err := g.Cells(i)
			if err != nil {
				t.Fatal(err)
			}
			to := []*column.Column{column.New(schema.Text), column.New(schema.Text), nil}
			var got [2][]string
			var expected [2][]string
			for at := 0; at < 2048; {
				n := min(rapid.IntRange(1, 900).Draw(t, "rows"), 2048-at)
				k := rapid.IntRange(0, 2).Draw(t, "column")
				if err := c.Fill(to[k], n); err != nil {
					t.Fatal(err)
				}
				if k < 2 {
					expected[k] = append(expected[k], want[at:at+n]...)
					if rapid.Bool().Draw(t, "flush") {
						got[k] = append(got[k], spelled(to[k])...)
						to[k].Reset()
					}
				}
				at += n
			}
			for k := range got {
				if got[k] = append(got[k], spelled(to[k])...); !slices.Equal(got[k], expected[k]) {
					t.Fatalf("field %d, column %d: %d cells, want %d", i, k, len(got[k]), len(expected[k]))
				}
			}
		})
	}
}
