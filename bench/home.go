package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/billing/export"
	"github.com/bursarhq/bursar/internal/billing/lake"
	"github.com/bursarhq/bursar/internal/billing/query/duckdb"
	"github.com/bursarhq/bursar/internal/store"
)

// home is a data folder as `bursar serve` has it, opened with the settings that it has by default.
type home struct {
	store  *store.Store
	engine *duckdb.Engine
	lake   *lake.Lake
	export bursar.Export
	files  string
}

const (
	questionMB = 256 // memory_limit_mb by default
	versions   = 3   // keep_versions by default
)

func openHome(ctx context.Context, dir string) (_ *home, err error) {
	h := &home{files: filepath.Join(dir, "lake")}
	defer func() {
		if err != nil {
			h.close()
		}
	}()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	if h.store, err = store.Open(ctx, filepath.Join(dir, "state.db")); err != nil {
		return nil, err
	}
	h.engine = duckdb.Open(duckdb.Options{Folder: h.files, MemoryMB: questionMB})
	if h.lake, err = lake.Open(ctx, h.files, h.store, h.engine, lake.Options{Keep: versions}); err != nil {
		return nil, err
	}
	return h, h.store.InTx(ctx, h.follow)
}

// follow makes the account and the export that the bills are of, in the workspace that is there.
func (h *home) follow(tx *store.Tx) error {
	all, err := tx.Workspaces()
	if err != nil {
		return err
	}
	if len(all) == 0 {
		ws, err := tx.AddWorkspace("bench")
		if err != nil {
			return err
		}
		all = append(all, ws)
	}
	if followed, err := tx.Exports(all[0].ID, ""); err != nil || len(followed) > 0 {
		if err == nil {
			h.export = followed[0]
		}
		return err
	}
	a, err := tx.AddAccount(bursar.Account{
		WorkspaceID: all[0].ID, AccountID: payerID, Name: "payer", Partition: bursar.PartitionAWS,
		Kind: bursar.KindPayer, Method: bursar.MethodConsole, ExternalID: bursar.NewExternalID(),
	})
	if err != nil {
		return err
	}
	h.export, err = tx.FollowExport(bursar.Export{WorkspaceID: all[0].ID, AccountID: a.ID, Name: exportName, Prefix: "cur", Bucket: "b", Format: bursar.FormatCUR2})
	return err
}

func (h *home) close() {
	if h.engine != nil {
		h.engine.Close()
	}
	if h.store != nil {
		h.store.Close()
	}
}

// take polls a bucket and imports what is new in it, as a run of the kind import does, and holds it against the truth.
func (h *home) take(ctx context.Context, d *delivered) error {
	bucket, err := export.OpenFolder(d.Dir)
	if err != nil {
		return err
	}
	defer bucket.Close()
	looks, err := export.Poll(ctx, bucket, h.export, nil, midMonth(d.Period))
	if err != nil {
		return err
	}
	for _, l := range looks {
		if l.Err != nil {
			return l.Err
		}
		if l.New == nil {
			continue
		}
		got, err := h.lake.Import(ctx, *l.New, bucket, nil)
		if err != nil {
			return err
		}
		return d.check(got)
	}
	return fmt.Errorf("no delivery was found in %s", d.Dir)
}

// check holds a published delivery against what the generator says, exactly.
func (d *delivered) check(got bursar.Delivery) error {
	want := d.Truth
	if got.State != bursar.DeliveryPublished {
		return fmt.Errorf("%s was not published: %s", d.Period, got.Reason)
	}
	if got.Rows != want.Rows || len(got.Totals) != 1 || !got.Totals[want.Currency].Equal(want.Unblended) {
		return fmt.Errorf("wrong totals of %s: %d line items and %v, not %d and %s %s", d.Period, got.Rows, got.Totals, want.Rows, want.Unblended, want.Currency)
	}
	return nil
}

// size is how many bytes the lake has on disk: line items, rollup and summary.
func (h *home) size() (bytes int64, err error) {
	err = filepath.WalkDir(h.files, func(_ string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		info, err := e.Info()
		if err == nil {
			bytes += info.Size()
		}
		return err
	})
	return bytes, err
}

// midMonth is a time at which a month is open.
func midMonth(p bursar.Period) time.Time { return p.Start().AddDate(0, 0, 14) }
