package lake

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/billing/export"
	"github.com/bursarhq/bursar/internal/billing/ingest"
	"github.com/bursarhq/bursar/internal/store"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// step is called at each step of an import, so that a test can cut it off there. It is nil outside of tests.
var step func(name string)

func at(name string) {
	if step != nil {
		step(name)
	}
}

// Import reads a candidate's files, writes them to the lake and publishes them: the delivery replaces its (export, period). It returns the
// delivery as it is recorded. A candidate that was dealt with already, as when a run is cut off right after it, changes nothing.
//
// A delivery that is incomplete or unreadable is recorded as rejected, with the reason, and returned without an error: what counted
// before still does. An error means that nothing was decided, because something else failed: S3, the disk, the state. Something that
// changed while it was read is such an error, with the code unavailable, and is worth another try.
func (l *Lake) Import(ctx context.Context, c export.Candidate, b bursar.Bucket, progress func(ingest.Progress)) (bursar.Delivery, error) {
	if d, done, err := l.done(ctx, c); done || err != nil {
		return d, err
	}
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

// done says whether the catalog has dealt with this very manifest, and what it has of it. To import a manifest again, forget its ETag.
func (l *Lake) done(ctx context.Context, c export.Candidate) (d bursar.Delivery, done bool, err error) {
	err = l.store.View(ctx, func(tx *store.Tx) error {
		known, err := tx.Manifests(c.Export.WorkspaceID, c.Export.ID)
		if err != nil || !slices.ContainsFunc(known, func(m store.Manifest) bool {
			return m.Period == c.Period && m.Key == c.Key && m.ETag == c.Object.ETag && m.ETag != ""
		}) {
			return err
		}
		all, err := tx.DeliveriesOfPeriod(c.Export.WorkspaceID, c.Export.ID, c.Period)
		i := slices.IndexFunc(all, func(d store.Delivery) bool { return d.Version == c.Manifest.Version })
		if done = i >= 0; done {
			d = all[i].Delivery
		}
		return err
	})
	return d, done, err
}

// read takes every file of the delivery in, and makes sure that what was read is what the manifest still names.
func (l *Lake) read(ctx context.Context, c export.Candidate, b bursar.Bucket, d *store.Delivery, stage string, progress func(ingest.Progress)) error {
	files, size, err := l.listed(ctx, c, b)
	if err != nil {
		return err
	}
	d.SourceBytes = size
	res, err := ingest.Run(ctx, ingest.Request{Files: files, Period: c.Period, Format: c.Export.Format, Dir: stage, Workers: l.options.Workers, Progress: progress})
	if err != nil && bursar.CodeOf(err) != bursar.Invalid {
		return err
	}
	at("ingested")
	// A file that cannot be read says nothing against a delivery that AWS was replacing meanwhile.
	if err := errors.Join(export.Unchanged(ctx, b, c), err); err != nil {
		return err
	}
	return l.describe(ctx, d, res, stage)
}

// describe makes the rollup and the summary, and writes down what the delivery holds. Their sums must be those of the decoder, to the last
// decimal: two programs counted apart.
func (l *Lake) describe(ctx context.Context, d *store.Delivery, res *ingest.Result, stage string) error {
	d.Rows, d.Totals = res.Rows, res.Totals
	k := contents{Columns: res.Columns, Sums: res.Summary, Warnings: res.Warnings, Schemas: map[string]shape{}}
	items := gathering{}
	for _, r := range res.Parts {
		p, err := describePart(r.Path, r.Rows, k.Schemas)
		if err != nil {
			return err
		}
		k.Parts = append(k.Parts, p)
		items.add(d.Period, stage, nil, k.Schemas, p)
	}
	if len(k.Parts) > 0 {
		if err := l.roll(ctx, &k, items.files(), res.Totals, stage); err != nil {
			return err
		}
	}
	raw, err := json.Marshal(k)
	d.Contents = raw
	return err
}

func (l *Lake) roll(ctx context.Context, k *contents, items []Files, totals map[string]bursar.Decimal, stage string) error {
	rollup, summary := filepath.Join(stage, "_rollup.parquet"), filepath.Join(stage, "_summary.parquet")
	debug.FreeOSMemory() // what the decoder used, before the engine takes its own
	rolled, err := l.roller.Roll(ctx, items, rollup, summary)
	if err != nil {
		return fmt.Errorf("making the rollup: %w", err)
	}
	if !maps.EqualFunc(rolled.Totals, totals, bursar.Decimal.Equal) {
		return bursar.Errorf(bursar.Internal, "the rollup's totals %v are not those of the line items, %v", rolled.Totals, totals)
	}
	k.Owners = rolled.Owners
	at("rolled")
	for path, to := range map[string]**part{rollup: &k.Rollup, summary: &k.Summary} {
		p, err := describePart(path, 0, k.Schemas)
		if err != nil {
			return err
		}
		*to = &p
	}
	return nil
}

// describePart reads a file's footer, and keeps its schema in schemas.
func describePart(path string, rows int64, schemas map[string]shape) (part, error) {
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
		return part{}, fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	s, digest := shapeOf(pf.Metadata().Schema[1:]) // the first is the root
	schemas[digest] = s
	return part{File: filepath.Base(path), Rows: rows, Bytes: info.Size(), Schema: digest}, nil
}

func shapeOf(elements []format.SchemaElement) (s shape, digest string) {
	s.Decimals = map[string]Digits{}
	var typed []string
	for _, e := range elements {
		s.Columns = append(s.Columns, e.Name)
		typed = append(typed, fmt.Sprintf("%q %v %v", e.Name, e.Type, e.LogicalType.Value))
		if d, ok := e.LogicalType.Value.(*format.DecimalType); ok {
			s.Decimals[e.Name] = Digits{int(d.Precision), int(d.Scale)}
		}
	}
	slices.Sort(s.Columns)
	slices.Sort(typed)
	sum := sha256.Sum256([]byte(strings.Join(typed, "\n")))
	return s, hex.EncodeToString(sum[:8])
}

// listed is what the manifest names, as the decoder takes it.
func (l *Lake) listed(ctx context.Context, c export.Candidate, b bursar.Bucket) (files []ingest.File, size int64, err error) {
	objects, err := export.Verify(ctx, b, c, l.now())
	for _, o := range objects {
		size += o.Size
		files = append(files, ingest.File{Name: o.Key, Size: o.Size, Open: func(ctx context.Context) (io.ReadCloser, error) { return export.Open(ctx, b, o) }})
	}
	return files, size, err
}
