package query

import (
	"context"
	"fmt"
	"io"

	"github.com/bursarhq/bursar/internal/billing/lake"
	"github.com/bursarhq/bursar/internal/billing/table"
)

// chunkRows is how many line items are read at once while they are written.
const chunkRows = 20_000

// ItemFile is an answer that can be written: everything that may be wrong with its question has been looked at. It holds a snapshot of the
// lake until it is written, once.
type ItemFile struct {
	questions Questions
	question  ItemQuestion
	columns   []table.Column
	snap      *lake.Snapshot
}

// ItemFile makes all line items behind a cost ready to be written. They come in the order of the lake's files.
func (q Questions) ItemFile(ctx context.Context, workspaceID string, question ItemQuestion) (*ItemFile, error) {
	snap, err := q.snapshot(ctx, workspaceID, question.Question)
	if err != nil {
		return nil, err
	}
	columns, err := question.columns(snap.LineItems)
	if err != nil {
		snap.Release()
		return nil, err
	}
	return &ItemFile{q, question, columns, snap}, nil
}

// Write writes the line items bit by bit, so that any number of them fits into memory.
func (i *ItemFile) Write(ctx context.Context, w io.Writer, format table.Format) error {
	defer i.snap.Release()
	out, err := format.Open(w, i.columns)
	if err != nil {
		return err
	}
	for _, f := range i.snap.LineItems {
		cells, err := i.question.cells(f, i.snap.LineItems)
		if err != nil {
			return err
		}
		for _, path := range f.Paths {
			one := f
			one.Paths = []string{path}
			if err := i.file(ctx, one, cells, out); err != nil {
				return err
			}
		}
	}
	return out.Close()
}

func (i *ItemFile) file(ctx context.Context, f lake.Files, cells []itemCell, out table.Writer) error {
	last, n := int64(-1), chunkRows
	for n == chunkRows {
		n = 0
		statement := i.question.overPlaces(f, cells, fmt.Sprintf("row > %d", last)) + fmt.Sprintf(" ORDER BY row LIMIT %d", chunkRows)
		err := i.questions.Engine.Query(ctx, statement, func(v Values) error {
			n, last = n+1, whole(v, 2)
			return out.Row(itemRow(v, cells))
		})
		if err != nil {
			return err
		}
	}
	return nil
}
