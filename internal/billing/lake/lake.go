// Package lake holds the published line items: Parquet files, and the catalog in the state store that says which delivery of each
// (export, period) counts.
//
// A delivery replaces its (export, period) as a whole. Its files are written and synced under a name that no reader knows; then one
// transaction flips the catalog. Readers take a [Snapshot], which is one read of the catalog, and hold its files until they release it: they
// see the old delivery or the new one, never a mix. Whatever a crash leaves behind is in no catalog, and is removed at the
// next [Open].
//
// On disk: <dir>/<workspace>/<export>/<period>/<delivery>/line_items-NNNNN.parquet, rollup.parquet and summary.parquet.
package lake

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/billing/ingest"
	"github.com/bursarhq/bursar/internal/store"
)

// Roller makes a delivery's rollup from its line items. The query room implements it.
type Roller interface {
	// Roll writes, as Parquet, the daily sums over a delivery's line items: to rollup by everything that questions group by often, to
	// summary by the few things that they group by most. It returns the sum of unblended cost by currency, from the rollup.
	Roll(ctx context.Context, items []Files, rollup, summary string) (map[string]bursar.Decimal, error)
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
	Sums     ingest.Summary   `json:"sums"`    // for what changed against the delivery before
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
		keep[l.home(d.Delivery)] = true
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

// Files are Parquet files of one schema: the same columns, of the same types. Files of different schemas are never read as one
// relation: an engine that has to find a common type of two decimals may give up digits.
type Files struct {
	Period   bursar.Period     // of line items: the billing period that they are published in
	Paths    []string          // absolute
	Columns  []string          // names, sorted
	Decimals map[string]Digits // of the columns that are decimals
}

// Digits are a decimal column's type: how many digits it has, and how many of them after the point.
type Digits struct {
	Precision int `json:"precision"`
	Scale     int `json:"scale"`
}

// Snapshot is one state of a workspace's part of the lake. Its files stay where they are until Release.
type Snapshot struct {
	LineItems []Files
	Rollups   []Files // daily sums
	Summaries []Files // daily sums by less
	Version   string  // changes whenever the deliveries that count change

	release func()
}

// Release lets go of the snapshot's files. A snapshot that no lake gave holds nothing.
func (s *Snapshot) Release() {
	if s.release != nil {
		s.release()
	}
}

// Snapshot reads the catalog once. within limits it to deliveries of periods that a reader wants; nil means all.
func (l *Lake) Snapshot(ctx context.Context, workspaceID string, within func(bursar.Period) bool) (*Snapshot, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var published []store.Delivery
	err := l.store.View(ctx, func(tx *store.Tx) (err error) { published, err = tx.AllPublished(workspaceID); return err })
	if err != nil {
		return nil, err
	}
	s := &Snapshot{}
	items, rollups, summaries := gathering{}, gathering{}, gathering{}
	var held []string
	for _, d := range published {
		if within != nil && !within(d.Period) {
			continue
		}
		c, err := l.contentsOf(d)
		if err != nil {
			return nil, err
		}
		home := l.home(d.Delivery)
		items.add(d.Period, home, c.Schemas, c.Parts...)
		if c.Rollup != nil {
			rollups.add(bursar.Period{}, home, c.Schemas, *c.Rollup)
			summaries.add(bursar.Period{}, home, c.Schemas, *c.Summary)
		}
		held = append(held, d.ID)
		s.Version += d.ID
	}
	s.LineItems, s.Rollups, s.Summaries = items.files(), rollups.files(), summaries.files()
	for _, id := range held {
		l.leases[id]++
	}
	s.release = sync.OnceFunc(func() { l.letGo(held) })
	return s, nil
}

// contentsOf reads what the catalog keeps for the lake. What a delivery holds never changes, so it is read once.
func (l *Lake) contentsOf(d store.Delivery) (*contents, error) {
	if c := l.known[d.ID]; c != nil {
		return c, nil
	}
	c := &contents{}
	if err := json.Unmarshal(d.Contents, c); err != nil {
		return nil, fmt.Errorf("the catalog's entry of delivery %s: %w", d.ID, err)
	}
	l.known[d.ID] = c
	return c, nil
}

// gathering collects files by their period and schema.
type gathering map[string]Files

func (g gathering) add(p bursar.Period, home string, schemas map[string]shape, parts ...part) {
	for _, part := range parts {
		key, s := p.String()+part.Schema, schemas[part.Schema]
		f, ok := g[key]
		if !ok {
			f = Files{Period: p, Columns: s.Columns, Decimals: s.Decimals}
		}
		f.Paths = append(f.Paths, filepath.Join(home, part.File))
		g[key] = f
	}
}

func (g gathering) files() []Files {
	var out []Files
	for _, key := range slices.Sorted(maps.Keys(g)) {
		out = append(out, g[key])
	}
	return out
}

func (l *Lake) letGo(deliveries []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, id := range deliveries {
		if l.leases[id]--; l.leases[id] == 0 {
			delete(l.leases, id)
		}
	}
}

// Collect removes superseded deliveries beyond those that are kept of each period, unless a reader holds them: those go next time.
func (l *Lake) Collect(ctx context.Context, workspaceID, exportID string, p bursar.Period) error {
	gone, err := l.forget(ctx, workspaceID, exportID, p)
	if err != nil {
		return err
	}
	for _, d := range gone {
		if err := os.RemoveAll(l.home(d.Delivery)); err != nil {
			return err
		}
	}
	return nil
}

// forget takes deliveries out of the catalog before their files go: a crash between leaves files that no catalog names.
func (l *Lake) forget(ctx context.Context, workspaceID, exportID string, p bursar.Period) (gone []store.Delivery, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	err = l.store.InTx(ctx, func(tx *store.Tx) error {
		all, err := tx.DeliveriesOfPeriod(workspaceID, exportID, p)
		if err != nil {
			return err
		}
		kept := 0
		for _, d := range all {
			if d.State != bursar.DeliverySuperseded {
				continue
			}
			if kept++; kept <= l.options.Keep || l.leases[d.ID] > 0 {
				continue
			}
			if err := tx.ForgetDelivery(workspaceID, d.ID); err != nil {
				return err
			}
			gone = append(gone, d)
			delete(l.known, d.ID)
		}
		return nil
	})
	return gone, err
}

// Republish makes a superseded delivery count again: a roll back, in one transaction.
func (l *Lake) Republish(ctx context.Context, workspaceID, deliveryID string) (d bursar.Delivery, err error) {
	err = l.store.InTx(ctx, func(tx *store.Tx) error {
		full, err := tx.Republish(workspaceID, deliveryID)
		d = full.Delivery
		return err
	})
	return d, err
}

// recordsShown bounds the deliveries that Records gives.
const recordsShown = 10_000

// Records gives what bursar remembers of a workspace, for SQL: accounts, exports, and the newest deliveries.
func (l *Lake) Records(ctx context.Context, workspaceID string) (accounts []bursar.Account, exports []bursar.Export, deliveries []bursar.Delivery, err error) {
	err = l.store.View(ctx, func(tx *store.Tx) error {
		if accounts, _, err = tx.Accounts(workspaceID, store.Page{Limit: recordsShown}); err != nil {
			return err
		}
		if exports, err = tx.Exports(workspaceID, ""); err != nil {
			return err
		}
		kept, _, err := tx.Deliveries(workspaceID, "", store.Page{Limit: recordsShown})
		for _, d := range kept {
			deliveries = append(deliveries, d.Delivery)
		}
		return err
	})
	return accounts, exports, deliveries, err
}
