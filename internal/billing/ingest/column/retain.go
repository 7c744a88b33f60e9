package column

// Span is a stretch of rows; To is exclusive.
type Span struct{ From, To int }

// Retain keeps the rows of the spans, which are in order and do not overlap, and drops all others. Entries that no row has any more stay
// in the dictionary.
func (c *Column) Retain(spans []Span) {
	starts, ids, rows := c.starts, c.ids, int(c.rows)
	c.starts, c.ids, c.rows = make([]uint32, 0, len(starts)), make([]uint32, 0, len(ids)), 0
	run := 0
	for _, s := range spans {
		for run+1 < len(starts) && int(starts[run+1]) <= s.From {
			run++
		}
		for at := s.From; at < s.To; {
			end := rows
			if run+1 < len(starts) {
				end = int(starts[run+1])
			}
			n := min(end, s.To) - at
			c.Push(ids[run], n)
			if at += n; at == end {
				run++
			}
		}
	}
}
