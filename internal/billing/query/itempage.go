package query

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/billing/lake"
	"github.com/bursarhq/bursar/internal/billing/table"
)

// Items are line items, those that cost most first.
type Items struct {
	Question ItemQuestion
	Columns  []table.Column
	Rows     [][]any // as the columns say: see [table.Column]
	Count    int64   // of all pages
	Totals   []bursar.Money
	Next     string // the cursor of the page after this one; "" after the last
	Notes    []Note
}

// place is where a line item stands: the order of pages is by amount, the largest first, and then by place.
type place struct {
	Amount bursar.Decimal `json:"a"`
	Set    int            `json:"s"` // of files
	File   int64          `json:"f"`
	Row    int64          `json:"r"`
}

func comparePlaces(a, b place) int {
	return cmp.Or(b.Amount.Cmp(a.Amount), cmp.Compare(a.Set, b.Set), cmp.Compare(a.File, b.File), cmp.Compare(a.Row, b.Row))
}

// Items returns the line items behind a cost, at most so many, from where a cursor says: each page reads on where the one before it
// ended. A cursor of a state that a delivery has changed is a Conflict.
func (q Questions) Items(ctx context.Context, workspaceID string, question ItemQuestion, cursor string, limit int) (out Items, err error) {
	snap, err := q.snapshot(ctx, workspaceID, question.Question)
	if err != nil {
		return out, err
	}
	defer snap.Release()
	out = Items{Question: question, Notes: question.notes(snap), Rows: [][]any{}}
	state := question.state(snap)
	after, err := placeOf(cursor, state)
	if err != nil {
		return out, err
	}
	if out.Count, out.Totals, err = q.countItems(ctx, snap, question.Question); err != nil {
		return out, err
	}
	if out.Columns, err = question.columns(snap.LineItems); err != nil {
		return out, err
	}
	places, err := q.itemPage(ctx, snap, question, after, limit+1, &out.Rows)
	if err == nil && len(out.Rows) > limit {
		out.Rows = out.Rows[:limit]
		out.Next = places[limit-1].cursor(state)
	}
	return out, err
}

func (q Questions) snapshot(ctx context.Context, workspaceID string, question Question) (*lake.Snapshot, error) {
	return q.Lake.Snapshot(ctx, workspaceID, func(p bursar.Period) bool {
		return p.Start().Before(question.To) && question.From.Before(p.End())
	})
}

func (q ItemQuestion) columns(all []lake.Files) (out []table.Column, err error) {
	cells, err := q.cells(lake.Files{}, all)
	for _, c := range cells {
		out = append(out, c.Column)
	}
	return out, err
}

// itemPage reads the first rows after a place out of each set of files, and keeps the first of them all.
func (q Questions) itemPage(ctx context.Context, snap *lake.Snapshot, question ItemQuestion, after *place, limit int, rows *[][]any) ([]place, error) {
	type item struct {
		at    place
		cells []any
	}
	var found []item
	for set, f := range snap.LineItems {
		cells, err := question.cells(f, snap.LineItems)
		if err != nil {
			return nil, err
		}
		statement := question.overPlaces(f, cells, after.condition(set)) + fmt.Sprintf(" ORDER BY amount DESC, file, row LIMIT %d", limit)
		err = q.Engine.Query(ctx, statement, func(v Values) error {
			found = append(found, item{place{v.Decimal(0), set, whole(v, 1), whole(v, 2)}, itemRow(v, cells)})
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	slices.SortFunc(found, func(a, b item) int { return comparePlaces(a.at, b.at) })
	var places []place
	for _, i := range found[:min(limit, len(found))] {
		places, *rows = append(places, i.at), append(*rows, i.cells)
	}
	return places, nil
}

func whole(v Values, i int) int64 {
	n, _ := v.Decimal(i).Unscaled(0)
	return n.Int64()
}

// placeColumns is how many columns of a statement tell a row's place.
const placeColumns = 3

// overPlaces reads line items with their places.
func (q ItemQuestion) overPlaces(f lake.Files, cells []itemCell, condition string) string {
	has := hasColumn(f)
	columns := []string{
		"(" + q.Metric.SQL(has) + ") AS amount", "list_position(" + paths(f) + ", bursar_file)::BIGINT AS file", "file_row_number::BIGINT AS row",
	}
	for i, c := range cells {
		columns = append(columns, fmt.Sprintf("%s AS c%d", c.sql, i))
	}
	from := countedWith(f, ", filename = 'bursar_file', file_row_number = true")
	inner := "SELECT " + strings.Join(columns, ", ") + " FROM " + from + " WHERE " + strings.Join(q.limits(q.overItems(f)), " AND ")
	return "SELECT * FROM (" + inner + ") WHERE " + condition
}

// condition lets those rows of a set of files through that stand after the place.
func (p *place) condition(set int) string {
	switch {
	case p == nil:
		return "true"
	case set < p.Set:
		return "amount < " + p.Amount.String()
	case set > p.Set:
		return "amount <= " + p.Amount.String()
	}
	return fmt.Sprintf("(amount < %s OR amount = %s AND (file > %d OR file = %d AND row > %d))", p.Amount, p.Amount, p.File, p.File, p.Row)
}

func itemRow(v Values, cells []itemCell) []any {
	row := make([]any, len(cells))
	for i, c := range cells {
		at := i + placeColumns
		switch {
		case v.Null(at):
		case c.Type == table.Decimal:
			row[i] = v.Decimal(at)
		case c.Type == table.Date || c.Type == table.Timestamp:
			row[i] = v.Time(at)
		default:
			row[i] = v.Text(at)
		}
	}
	return row
}

// countItems counts the line items and adds them up, from sums wherever those suffice.
func (q Questions) countItems(ctx context.Context, snap *lake.Snapshot, question Question) (n int64, totals []bursar.Money, err error) {
	question.LineItems = false
	var rows []Row
	for _, statement := range question.counting(snap) {
		err := q.Engine.Query(ctx, statement, func(v Values) error {
			n += whole(v, 2)
			if currency := v.Text(0); currency != "" || !v.Decimal(1).IsZero() || !question.Metric.Quantity {
				rows = append(rows, Row{Currency: currency, Amount: v.Decimal(1)})
			}
			return nil
		})
		if err != nil {
			return 0, nil, err
		}
	}
	return n, totalled(rows), nil
}

// cursor names the place in a state.
func (p place) cursor(state string) string {
	raw, err := json.Marshal(struct {
		place
		State string `json:"v"`
	}{p, state})
	if err != nil {
		panic(err) // a decimal and numbers are always written
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

// placeOf reads a cursor. "" is no place: the beginning.
func placeOf(cursor, state string) (*place, error) {
	if cursor == "" {
		return nil, nil
	}
	var c struct {
		place
		State string `json:"v"`
	}
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err == nil {
		err = json.Unmarshal(raw, &c)
	}
	if err != nil || c.State == "" {
		return nil, malformedCursor()
	}
	if c.State != state {
		return nil, staleCursor()
	}
	return &c.place, nil
}
