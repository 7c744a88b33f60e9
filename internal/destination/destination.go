// Package destination delivers data to where people want it: files, S3, PostgreSQL, ClickHouse, a webhook.
//
// What is delivered is cut into parts: the rows of one dataset, source and period. A part is replaced as a whole, or not at all. Its version
// says which state of the source it shows; a target remembers the versions that it holds in manifests, so that only what has changed is
// delivered again, and a delivery that was cut off is simply made once more.
//
// [Target] is the contract; each kind has a folder of its own and passes the suite of destinationtest. [Run] is the one way that data
// takes: it compares, withdraws, prepares and delivers.
package destination

import (
	"context"
	"errors"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/billing/ingest/column"
	"github.com/bursarhq/bursar/internal/billing/schema"
)

// Target is a place that data is delivered to. A target serves one run, or one check, at a time.
//
// Errors that may pass by themselves (a server that does not answer, a throttle) are [bursar.Unavailable]; the run is then tried again.
// Any other ends the run: it says what was refused, why, and what to do. No error holds a secret.
type Target interface {
	// Check looks whether data could be delivered, as far as that can be seen without delivering any, and leaves nothing behind. It
	// answers with a finding for each thing that it looked at; the first that failed is the last.
	Check(ctx context.Context) []bursar.Probe

	// Held tells which parts the target holds from this destination, a manifest for each. A target that cannot be asked answers
	// [ErrForgets]: then bursar's own record of what it delivered counts.
	Held(ctx context.Context) ([]Manifest, error)

	// Prepare makes room for a dataset: what is missing is created, and columns that are new are added. It never removes a column and never
	// narrows a type; a column whose type has become wider is widened, without a loss. Columns are those of all parts that will come.
	Prepare(ctx context.Context, dataset string, columns []Column) error

	// Deliver replaces a part as a whole: who reads the target sees the old one or the new one, or is told by the manifest which files
	// belong together. The manifest comes last, or with the rows in one transaction. Delivering a part again, after a crash at any moment
	// too, leaves it there once. It reads the part no faster than the target takes it.
	Deliver(ctx context.Context, p *Part) (Manifest, error)

	// Withdraw removes a part that does not count any more, as a whole. One that is not there is no error.
	Withdraw(ctx context.Context, k Key) error

	// Close lets go of connections.
	Close() error
}

// ErrForgets is what a target that cannot be asked answers to [Target.Held].
var ErrForgets = errors.New("this kind of destination cannot be asked what it holds")

// Key names a part.
type Key struct {
	Dataset string `json:"dataset"` // line_items
	Source  string `json:"source"`  // the id of what the rows come from: exp_…
	Period  string `json:"period"`  // YYYY-MM; for what has no periods, a word of the dataset's own
}

// Part is what is replaced as a whole.
type Part struct {
	Key
	Version string                    // changes whenever the rows, or the columns, may have changed
	Columns []Column                  // in their order; names are unique
	Totals  map[string]bursar.Decimal // unblended cost by currency, where the dataset has it
	// Read gives the rows, batch after batch. A batch is valid until yield returns. An error of yield ends the reading and is returned.
	Read func(ctx context.Context, yield func(Batch) error) error
}

// Batch is some rows of a part, column by column: one for each of the part's columns, all of as many rows. Each holds what its
// [Column.Storage] says.
type Batch []*column.Column

// Rows returns how many rows the batch has.
func (b Batch) Rows() int {
	if len(b) == 0 {
		return 0
	}
	return b[0].Rows()
}

// Type is what the values of a column are. No type is a float.
type Type string

// The types.
const (
	Text      Type = "text"
	JSON      Type = "json"      // an object of texts
	Decimal   Type = "decimal"   // exact
	Integer   Type = "integer"   // 64 bits
	Timestamp Type = "timestamp" // UTC, microseconds
	Date      Type = "date"      // UTC
)

// Column is a column of a dataset. Every cell may be NULL.
type Column struct {
	Name string `json:"name"`
	Type Type   `json:"type"`
	// Of a decimal: at most so many digits, and so many of them after the point.
	Precision int `json:"precision,omitempty"`
	Scale     int `json:"scale,omitempty"`
}

// Storage says what a batch holds for the column: dates are timestamps at midnight, integers are decimals.
func (c Column) Storage() schema.Type {
	switch c.Type {
	case Decimal, Integer:
		return schema.Decimal
	case Timestamp, Date:
		return schema.Timestamp
	case JSON:
		return schema.Map
	}
	return schema.Text
}

// Manifest says what a target holds of a part. It is written with the rows, or after them.
type Manifest struct {
	Destination string `json:"destination"` // dst_…
	Key
	Version     string                    `json:"version"`
	Run         string                    `json:"run,omitempty"` // run_…: the run that delivered it
	Rows        int64                     `json:"rows"`
	Totals      map[string]bursar.Decimal `json:"totals,omitempty"`
	Format      string                    `json:"format,omitempty"`
	Files       []File                    `json:"files,omitempty"` // of targets that keep files
	Columns     []Column                  `json:"columns"`
	DeliveredAt time.Time                 `json:"delivered_at"`
}

// File is a file of a delivery.
type File struct {
	Name   string `json:"name"` // beside the manifest
	Rows   int64  `json:"rows"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"` // in hexadecimal
}

// Origin says for which destination, and in which run, something is delivered: manifests carry it.
type Origin struct {
	Destination string
	Run         string
	Now         func() time.Time
}

// Manifest begins the manifest of a part.
func (o Origin) Manifest(p *Part) Manifest {
	return Manifest{Destination: o.Destination, Key: p.Key, Version: p.Version, Run: o.Run, Totals: p.Totals, Columns: p.Columns, DeliveredAt: o.Now().UTC()}
}

// Union is all columns of several parts, in the order in which they are met. Where two differ in what a column is, it becomes what holds
// both: decimals get room for both, and all else becomes text.
func Union(lists ...[]Column) (out []Column) {
	at := map[string]int{}
	for _, list := range lists {
		for _, c := range list {
			i, known := at[c.Name]
			if !known {
				at[c.Name] = len(out)
				out = append(out, c)
				continue
			}
			out[i] = wider(out[i], c)
		}
	}
	return out
}

func wider(a, b Column) Column {
	if a.Type != b.Type {
		return Column{Name: a.Name, Type: Text}
	}
	if a.Type == Decimal {
		whole := max(a.Precision-a.Scale, b.Precision-b.Scale)
		a.Scale = max(a.Scale, b.Scale)
		a.Precision = whole + a.Scale
	}
	return a
}
