package column_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/bursarhq/bursar/internal/billing/ingest/column"
	"github.com/bursarhq/bursar/internal/billing/schema"
)

// cells writes a column out, a text for each row.
func cells(c *column.Column) (out []string) {
	starts, ids := c.Runs()
	for i, id := range ids {
		end := c.Rows()
		if i+1 < len(starts) {
			end = int(starts[i+1])
		}
		for range end - int(starts[i]) {
			if id == column.Null {
				out = append(out, "")
				continue
			}
			out = append(out, string(c.Text(id)))
		}
	}
	return out
}

func TestRetainKeepsTheRowsOfTheSpans(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := column.New(schema.Text)
		values := rapid.SliceOfN(rapid.IntRange(0, 3), 1, 60).Draw(t, "values")
		for _, v := range values {
			text := ""
			if v > 0 {
				text = fmt.Sprint(v)
			}
			id, _ := c.Find([]byte(text))
			c.Push(id, 1)
		}
		all := cells(c)
		keep := rapid.SliceOfN(rapid.Bool(), len(values), len(values)).Draw(t, "keep")
		var spans []column.Span
		var want []string
		for i, k := range keep {
			if !k {
				continue
			}
			want = append(want, all[i])
			if n := len(spans); n > 0 && spans[n-1].To == i {
				spans[n-1].To++
				continue
			}
			spans = append(spans, column.Span{From: i, To: i + 1})
		}
		c.Retain(spans)
		if got := cells(c); !slices.Equal(got, want) || c.Rows() != len(want) {
			t.Fatalf("got %v, want %v", got, want)
		}
	})
}
