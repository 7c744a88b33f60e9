package lake

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/billing/export"
	"github.com/bursarhq/bursar/internal/store"
	"github.com/bursarhq/bursar/internal/tracing"
)

// publish publishes in a span of its own.
func (l *Lake) publish(ctx context.Context, c export.Candidate, d store.Delivery, stage string) (_ bursar.Delivery, err error) {
	ctx, span := tracing.Start(ctx, "publish")
	defer func() { span.End(err) }()
	return l.flip(ctx, c, d, stage)
}

// flip moves the staged files to where the catalog will name them, makes sure that they are on disk, and flips the catalog.
func (l *Lake) flip(ctx context.Context, c export.Candidate, d store.Delivery, stage string) (bursar.Delivery, error) {
	r, changes, err := l.changed(ctx, d, stage)
	if err != nil {
		return d.Delivery, err
	}
	if err := syncTree(stage); err != nil {
		return d.Delivery, diskError(err)
	}
	home := l.home(d.Delivery)
	if err := os.MkdirAll(filepath.Dir(home), 0o700); err != nil {
		return d.Delivery, diskError(err)
	}
	if err := os.Rename(stage, home); err != nil {
		return d.Delivery, diskError(err)
	}
	at("moved")
	if err := syncUp(l.dir, filepath.Dir(home)); err != nil {
		return d.Delivery, diskError(err)
	}
	d.State = bursar.DeliveryPublished
	err = l.store.InTx(ctx, func(tx *store.Tx) error {
		d.ImportedAt = tx.Now
		before, err := tx.Publish(d)
		if err != nil {
			return err
		}
		if before.ID != r.Against {
			return bursar.Errorf(bursar.Unavailable, "another delivery of %s was published meanwhile", d.Period).WithReason("delivery_overtaken").
				WithHint("the import is tried again")
		}
		if r.Against != "" {
			if err := tx.SetChanges(d.WorkspaceID, d.ID, r, changes); err != nil {
				return err
			}
		}
		at("in transaction")
		return l.remember(tx, c)
	})
	if err != nil {
		l.discard(ctx, d.Delivery)
		return d.Delivery, err
	}
	at("published")
	if err := l.Collect(ctx, d.WorkspaceID, d.ExportID, d.Period); err != nil {
		l.options.Log.WarnContext(ctx, "superseded deliveries cannot be removed", slog.Any("error", err))
	}
	at("collected")
	return d.Delivery, nil
}

// discard removes the files of a delivery whose transaction failed, unless the catalog has it in spite of the error: then they stay,
// and so they do when the catalog cannot tell; the next Open knows.
func (l *Lake) discard(ctx context.Context, d bursar.Delivery) {
	err := l.store.View(context.WithoutCancel(ctx), func(tx *store.Tx) error {
		_, err := tx.Delivery(d.WorkspaceID, d.ID)
		return err
	})
	if bursar.CodeOf(err) == bursar.NotFound {
		os.RemoveAll(l.home(d))
	}
}

// remember keeps the manifest's ETag, in the transaction that dealt with it: the same manifest then changes nothing.
func (l *Lake) remember(tx *store.Tx, c export.Candidate) error {
	return tx.SetManifest(c.Export.WorkspaceID, c.Export.ID, store.Manifest{Period: c.Period, Key: c.Key, ETag: c.Object.ETag, CheckedAt: tx.Now})
}

// reject records why a delivery does not count. A file that is missing may come yet, as in a bucket that is a copy of another: such a
// manifest is not dealt with, and is told of once.
func (l *Lake) reject(ctx context.Context, c export.Candidate, d store.Delivery, why error) (bursar.Delivery, error) {
	l.options.Log.WarnContext(ctx, "a delivery cannot be published", slog.String("export", c.Export.ID), slog.String("period", c.Period.String()), slog.Any("error", why))
	d.State, d.Reason, d.Contents, d.Rows, d.Totals = bursar.DeliveryRejected, why.Error(), nil, 0, nil
	var e *bursar.Error
	mayCome := errors.As(why, &e) && e.Reason == "file_missing"
	err := l.store.InTx(ctx, func(tx *store.Tx) error {
		before, err := tx.DeliveriesOfPeriod(d.WorkspaceID, d.ExportID, d.Period)
		if err != nil {
			return err
		}
		if len(before) > 0 && before[0].State == d.State && before[0].Version == d.Version && before[0].Reason == d.Reason {
			d = before[0]
			return nil
		}
		d.ImportedAt = tx.Now
		if err := tx.Reject(d); err != nil || mayCome {
			return err
		}
		return l.remember(tx, c)
	})
	return d.Delivery, err
}

// syncTree makes sure that a folder's files, and the folder, survive a power cut.
func syncTree(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := syncPath(filepath.Join(dir, e.Name())); err != nil {
			return err
		}
	}
	return syncPath(dir)
}

// syncUp syncs the folders from dir up to top.
func syncUp(top, dir string) error {
	for ; ; dir = filepath.Dir(dir) {
		if err := syncPath(dir); err != nil || dir == top || len(dir) <= len(top) {
			return err
		}
	}
}

func syncPath(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}
