package lake

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/billing/export"
	"github.com/bursarhq/bursar/internal/billing/ingest"
	"github.com/bursarhq/bursar/internal/store"
	"github.com/parquet-go/parquet-go"
)

// step is called at each step of an import, so that a test can cut it off there. It is nil outside of tests.
var step func(name string)

func at(name string) {
	if step != nil {
		step(name)
	}
}

// Import reads a candidate's files, writes them to the lake and publishes them: the delivery replaces its (export, period). It returns the
// delivery as it is recorded.
//
// A delivery that is incomplete or unreadable is recorded as rejected, with the reason, and returned without an error: what counted
// before still does. An error means that nothing was decided, because something else failed: S3, the disk, the state. Something that
// changed while it was read is such an error, with the code unavailable, and is worth another try.
func (l *Lake) Import(ctx context.Context, c export.Candidate, b bursar.Bucket, progress func(ingest.Progress)) (bursar.Delivery, error) {
	d := store.Delivery{Delivery: bursar.Delivery{
		ID: bursar.NewID("dlv"), WorkspaceID: c.Export.WorkspaceID, ExportID: c.Export.ID, Period: c.Period, Version: c.Manifest.Version,
		ManifestKey: c.Key, DeliveredAt: c.Object.Modified, Files: len(c.Manifest.Files),
	}}
	stage := filepath.Join(l.dir, staging, d.ID)
	defer os.RemoveAll(stage)
	if err := os.MkdirAll(stage, 0o700); err != nil {
		return d.Delivery, diskError(err)
	}
	at("staged")
	err := l.read(ctx, c, b, &d, stage, progress)
	if bursar.CodeOf(err) == bursar.Invalid {
		return l.reject(ctx, c, d, err)
	}
	if err != nil {
		return d.Delivery, diskError(err)
	}
	at("read")
	return l.publish(ctx, c, d, stage)
}

// read takes every file of the delivery in, and makes sure that what was read is what the manifest still names.
func (l *Lake) read(ctx context.Context, c export.Candidate, b bursar.Bucket, d *store.Delivery, stage string, progress func(ingest.Progress)) error {
	files, size, err := listed(ctx, c, b)
	if err != nil {
		return err
	}
	d.SourceBytes = size
	res, err := ingest.Run(ctx, ingest.Request{Files: files, Period: c.Period, Format: c.Export.Format, Dir: stage, Workers: l.options.Workers, Progress: progress})
	if err != nil {
		return err
	}
	at("ingested")
	_, body, err := b.Get(ctx, c.Key, c.Object.ETag)
	if err == nil {
		body.Close()
	}
	if !errors.Is(err, bursar.ErrNotModified) {
		return changed("the manifest of %s", err, c.Period)
	}
	return l.describe(ctx, d, res, stage)
}

// describe makes the rollups and writes down what the delivery holds.
func (l *Lake) describe(ctx context.Context, d *store.Delivery, res *ingest.Result, stage string) error {
	d.Rows, d.Totals = res.Rows, res.Totals
	k := contents{Columns: res.Columns, Summary: res.Summary, Warnings: res.Warnings, Schemas: map[string][]string{}}
	items := gathering{}
	for _, r := range res.Parts {
		p, err := describePart(r.Path, r.Rows, k.Schemas)
		if err != nil {
			return err
		}
		k.Parts = append(k.Parts, p)
		items.add(stage, []part{p}, k.Schemas)
	}
	for i, files := range items.files() {
		out := filepath.Join(stage, fmt.Sprintf("rollup-%d.parquet", i))
		if err := l.roller.Roll(ctx, files, out); err != nil {
			return fmt.Errorf("making the rollup: %w", err)
		}
		p, err := describePart(out, 0, k.Schemas)
		if err != nil {
			return err
		}
		k.Rollups = append(k.Rollups, p)
	}
	raw, err := json.Marshal(k)
	d.Contents = raw
	return err
}

// describePart reads a file's footer, and keeps its schema in schemas.
func describePart(path string, rows int64, schemas map[string][]string) (part, error) {
	f, err := os.Open(path)
	if err != nil {
		return part{}, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return part{}, err
	}
	pf, err := parquet.OpenFile(f, info.Size(), parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return part{}, err
	}
	var names, typed []string
	for _, e := range pf.Metadata().Schema[1:] { // the first is the root
		names = append(names, e.Name)
		typed = append(typed, fmt.Sprintf("%q %v %v", e.Name, e.Type, e.LogicalType.Value))
	}
	slices.Sort(names)
	slices.Sort(typed)
	sum := sha256.Sum256([]byte(strings.Join(typed, "\n")))
	digest := hex.EncodeToString(sum[:8])
	schemas[digest] = names
	return part{File: filepath.Base(path), Rows: rows, Bytes: info.Size(), Schema: digest}, nil
}

// listed matches the manifest's files with what lies in the bucket. A file that is missing makes the delivery invalid.
func listed(ctx context.Context, c export.Candidate, b bursar.Bucket) (files []ingest.File, size int64, err error) {
	there := map[string]bursar.Object{}
	for folder := range folders(c.Manifest.Files) {
		for o, err := range b.List(ctx, folder) {
			if err != nil {
				return nil, 0, fmt.Errorf("listing %s: %w", folder, err)
			}
			there[strings.TrimPrefix(o.Key, "/")] = o
		}
	}
	for _, key := range c.Manifest.Files {
		o, ok := there[strings.TrimPrefix(key, "/")]
		if !ok {
			return nil, 0, bursar.Errorf(bursar.Invalid, "the file %q, which the manifest names, is missing", key).WithReason("file_missing").
				WithHint("wait for AWS's next delivery; if it stays so, look whether something deletes objects from the bucket")
		}
		size += o.Size
		files = append(files, ingest.File{Name: key, Size: o.Size, Open: opener(b, key, o)})
	}
	return files, size, nil
}

func folders(keys []string) map[string]bool {
	out := map[string]bool{}
	for _, k := range keys {
		dir := path.Dir(k)
		if i := strings.LastIndexByte(k, '/'); i >= 0 {
			dir = k[:i+1]
		} else {
			dir = ""
		}
		out[dir] = true
	}
	return out
}

// opener opens the very object that was listed: another one under the same key means that AWS is writing.
func opener(b bursar.Bucket, key string, want bursar.Object) func(context.Context) (io.ReadCloser, error) {
	return func(ctx context.Context) (io.ReadCloser, error) {
		o, body, err := b.Get(ctx, key, "")
		if err != nil {
			return nil, err
		}
		if o.ETag != want.ETag || o.Size != want.Size {
			body.Close()
			return nil, changed("the file %q", nil, key)
		}
		return body, nil
	}
}

func changed(what string, err error, args ...any) error {
	if err != nil && !errors.Is(err, bursar.ErrNoObject) {
		return fmt.Errorf("asking again for "+what+": %w", append(args, err)...)
	}
	return bursar.Errorf(bursar.Unavailable, what+" changed while it was read", args...).WithReason("delivery_changing").
		WithHint("AWS is writing a newer delivery; the import is tried again")
}

// publish moves the staged files to where the catalog will name them, makes sure that they are on disk, and flips the catalog.
func (l *Lake) publish(ctx context.Context, c export.Candidate, d store.Delivery, stage string) (bursar.Delivery, error) {
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
	err := l.store.InTx(ctx, func(tx *store.Tx) error {
		d.ImportedAt = tx.Now
		if _, err := tx.Publish(d); err != nil {
			return err
		}
		at("in transaction")
		return l.remember(tx, c)
	})
	if err != nil {
		os.RemoveAll(home)
		return d.Delivery, err
	}
	at("published")
	if err := l.Collect(ctx, d.WorkspaceID, d.ExportID, d.Period); err != nil {
		l.options.Log.Warn("superseded deliveries cannot be removed", slog.Any("error", err))
	}
	at("collected")
	return d.Delivery, nil
}

// remember keeps the manifest's ETag, in the transaction that dealt with it: the same manifest then changes nothing.
func (l *Lake) remember(tx *store.Tx, c export.Candidate) error {
	return tx.SetManifest(c.Export.WorkspaceID, c.Export.ID, store.Manifest{Period: c.Period, Key: c.Key, ETag: c.Object.ETag, CheckedAt: tx.Now})
}

func (l *Lake) reject(ctx context.Context, c export.Candidate, d store.Delivery, why error) (bursar.Delivery, error) {
	l.options.Log.Warn("a delivery cannot be published", slog.String("export", c.Export.ID), slog.String("period", c.Period.String()), slog.Any("error", why))
	d.State, d.Reason, d.Contents, d.Rows, d.Totals = bursar.DeliveryRejected, why.Error(), nil, 0, nil
	err := l.store.InTx(ctx, func(tx *store.Tx) error {
		d.ImportedAt = tx.Now
		return errors.Join(tx.Reject(d), l.remember(tx, c))
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
