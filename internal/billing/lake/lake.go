// Package lake holds the published line items: Parquet files, and the catalog in the state store that says which delivery of each
// (export, period) counts.
//
// A delivery replaces its (export, period) as a whole. Its files are written and synced under a name that no reader knows; then one
// transaction flips the catalog. Readers take a [Snapshot], which is one read of the catalog, and hold its files until they release it: they
// see the old delivery or the new one, never a mix. Whatever a crash leaves behind is in no catalog, and is removed at the
// next [Open].
//
// On disk: <dir>/<workspace>/<export>/<period>/<delivery>/line_items-NNNNN.parquet, _rollup.parquet and _summary.parquet. Engines that read
// a folder as a table leave out names that begin with an underscore.
package lake

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/billing/ingest"
	"github.com/bursarhq/bursar/internal/store"
)

// Roller makes a delivery's rollup from its line items. The query room implements it.
type Roller interface {
	// Roll writes, as Parquet, the daily sums over a delivery's line items: to rollup by everything that questions group by often, to
	// summary by the few things that they group by most.
	Roll(ctx context.Context, items []Files, rollup, summary string) (Rolled, error)
	// Days reads unblended cost by day and service from a summary: as changes from nothing.
	Days(ctx context.Context, summary string) ([]bursar.Change, error)
}

// Rolled is what a rollup says.
type Rolled struct {
	Totals map[string]bursar.Decimal // unblended cost by currency
	Owners []Owner                   // whose costs they are, each once
}

// Owner is an account whose costs a delivery brings, and who pays for it; blank where AWS says neither.
type Owner struct {
	Payer   string `json:"payer"`
	Account string `json:"account"`
}

// Options say how a lake behaves.
type Options struct {
	Keep    int // superseded deliveries of each period that are kept
	Workers int // cores that an import may use; 0 is all
	Log     *slog.Logger
	Now     func() time.Time // nil is the clock
}

// Lake is the lake of one installation. It is safe for concurrent use; one process at a time may hold a folder.
type Lake struct {
	dir     string
	store   *store.Store
	roller  Roller
	options Options

	mu     sync.Mutex
	leases map[string]int       // readers by delivery
	known  map[string]*contents // by delivery
}

const staging = "staging"

func (l *Lake) now() time.Time {
	if l.options.Now != nil {
		return l.options.Now()
	}
	return time.Now()
}

// Open opens the lake in a folder, creates it when absent, and removes what an interrupted import left behind.
func Open(ctx context.Context, dir string, s *store.Store, r Roller, o Options) (*Lake, error) {
	o.Log = cmp.Or(o.Log, slog.New(slog.DiscardHandler))
	l := &Lake{dir: dir, store: s, roller: r, options: o, leases: map[string]int{}, known: map[string]*contents{}}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("the lake's folder cannot be made: %w", err)
	}
	return l, l.sweep(ctx)
}

// contents is what the catalog keeps of a delivery for the lake itself.
type contents struct {
	Parts    []part           `json:"parts"`
	Rollup   *part            `json:"rollup,omitempty"` // none where there are no rows
	Summary  *part            `json:"summary,omitempty"`
	Columns  []ingest.Column  `json:"columns"`
	Schemas  map[string]shape `json:"schemas"` // by a digest of the columns' names and types
	Sums     ingest.Summary   `json:"sums"`
	Owners   []Owner          `json:"owners"`
	Warnings []ingest.Warning `json:"warnings,omitempty"`
}

// shape is what a question must know of a file's schema.
type shape struct {
	Columns  []string          `json:"columns"`
	Decimals map[string]Digits `json:"decimals"`
}

type part struct {
	File   string `json:"file"`
	Rows   int64  `json:"rows"`
	Bytes  int64  `json:"bytes"`
	Schema string `json:"schema"` // names the entry of contents.Schemas that it has
}

func (l *Lake) home(d bursar.Delivery) string {
	return filepath.Join(l.dir, d.WorkspaceID, d.ExportID, d.Period.String(), d.ID)
}

// sweep removes staged files, and folders that no catalog names. It runs before any import does.
func (l *Lake) sweep(ctx context.Context) error {
	if err := os.RemoveAll(filepath.Join(l.dir, staging)); err != nil {
		return err
	}
	var known []store.Delivery
	err := l.store.View(ctx, func(tx *store.Tx) (err error) { known, err = tx.EveryDelivery(); return err })
	if err != nil {
		return err
	}
	keep := map[string]bool{}
	for _, d := range known {
		keep[l.home(d.Delivery)] = d.CollectedAt.IsZero()
	}
	homes, err := filepath.Glob(filepath.Join(l.dir, "*", "*", "*", "dlv_*"))
	if err != nil {
		return err
	}
	for _, h := range homes {
		if keep[h] {
			continue
		}
		l.options.Log.Info("removing files that no delivery names", slog.String("folder", h))
		if err := os.RemoveAll(h); err != nil {
			return err
		}
	}
	return l.present(known)
}

// present says so when files of a published delivery are gone: a lake that lost files must not answer with less.
func (l *Lake) present(known []store.Delivery) error {
	for _, d := range known {
		if d.State != bursar.DeliveryPublished {
			continue
		}
		var c contents
		if err := json.Unmarshal(d.Contents, &c); err != nil {
			return err
		}
		for _, p := range c.Parts {
			info, err := os.Stat(filepath.Join(l.home(d.Delivery), p.File))
			if errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() != p.Bytes {
				return bursar.Errorf(bursar.Unavailable, "the lake lost a file of delivery %s (%s, %s)", d.ID, d.Period, p.File).
					WithReason("lake_damaged").WithHint("restore %s from a backup", l.home(d.Delivery))
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}
