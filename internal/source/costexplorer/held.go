package costexplorer

import (
	"context"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/store"
)

// Held is what is held of one stream of one source in one month; the month has no period where the stream is not about times. It is a whole:
// a window is replaced in one transaction.
type Held struct {
	Source  bursar.Source
	Month   bursar.CostMonth
	Columns []Column
}

// Stream is the name of the stream.
func (h Held) Stream() string { return h.Month.Stream }

// Version differs as soon as the data does, and is the same for the same data, whenever and by whichever run it was asked. An answer to another
// question has another version.
func (h Held) Version() string { return h.Month.Question + "-" + h.Month.Digest }

// Holdings tells everything that a workspace's sources hold, by source, stream and month.
func Holdings(tx *store.Tx, workspaceID string) (out []Held, err error) {
	sources, err := tx.AllSources(workspaceID)
	if err != nil {
		return nil, err
	}
	for _, s := range sources {
		months, err := tx.CostMonths(s.ID, "")
		if err != nil {
			return nil, err
		}
		for _, m := range months {
			if o := Find(m.Stream); o != nil {
				out = append(out, Held{s, m, o.Columns()})
			}
		}
	}
	return out, nil
}

// Each gives every row to f, in order: its cells are texts in the order of the columns, and an empty cell of any type but [Text] has no value.
// What has changed since it was listed is a Conflict with the reason changed_meanwhile: list again. An error of f ends it.
func (h Held) Each(ctx context.Context, st *store.Store, f func(cells []string) error) error {
	return st.View(ctx, func(tx *store.Tx) error {
		months, err := tx.CostMonths(h.Source.ID, h.Month.Stream)
		if err != nil {
			return err
		}
		for _, m := range months {
			if m.Period != h.Month.Period {
				continue
			}
			if m.Digest != h.Month.Digest || m.Question != h.Month.Question {
				break
			}
			return tx.CostRows(h.Source.ID, h.Month.Stream, h.Month.Period, h.Month.Period, func(r store.CostRow) error { return f(r.Cells) })
		}
		return bursar.Errorf(bursar.Conflict, "what %s holds of %s has changed meanwhile", h.Source.ID, h.Month.Stream).WithReason("changed_meanwhile")
	})
}

// Cell reads the text of a cell as its column's type says: nil for no value, else a string, a [bursar.Decimal], a [time.Time] or a bool. JSON
// stays text.
func (c Column) Cell(text string) (any, error) {
	switch {
	case c.Type == Text:
		return text, nil
	case text == "":
		return nil, nil
	case c.Type == Decimal:
		return bursar.ParseDecimal(text)
	case c.Type == Time:
		return time.Parse(time.RFC3339, text)
	case c.Type == Bool:
		return text == "true", nil
	}
	return text, nil
}
