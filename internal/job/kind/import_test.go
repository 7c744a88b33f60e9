package kind_test

import (
	"context"
	"errors"
	"io"
	"iter"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/billing/export"
	"github.com/bursarhq/bursar/internal/billing/ingest"
	"github.com/bursarhq/bursar/internal/job/kind"
	"github.com/bursarhq/bursar/internal/store"
)

const (
	manifestKey  = "cur/e/metadata/BILLING_PERIOD=2026-02/e-Manifest.json"
	manifestText = `{"executionId":"v1","dataFiles":["s3://b/cur/e/data/BILLING_PERIOD=2026-02/e-00001.csv.gz"]}`
)

// unchanging is a bucket with one manifest. asked is called at each look at it.
type unchanging struct{ asked func() }

func (u unchanging) Get(_ context.Context, key, etag string) (bursar.Object, io.ReadCloser, error) {
	if key != manifestKey {
		return bursar.Object{}, nil, bursar.ErrNoObject
	}
	u.asked()
	if etag == "same" {
		return bursar.Object{}, nil, bursar.ErrNotModified
	}
	return bursar.Object{Key: key, ETag: "same"}, io.NopCloser(strings.NewReader(manifestText)), nil
}

func (unchanging) List(context.Context, string) iter.Seq2[bursar.Object, error] {
	return func(yield func(bursar.Object, error) bool) { yield(bursar.Object{Key: manifestKey}, nil) }
}

// imported counts imports, and remembers their manifests as the lake does.
type imported struct {
	store *store.Store
	n     int
}

func (i *imported) Import(ctx context.Context, c export.Candidate, _ bursar.Bucket, _ func(ingest.Progress)) (bursar.Delivery, error) {
	i.n++
	return bursar.Delivery{State: bursar.DeliveryPublished}, i.store.InTx(ctx, func(tx *store.Tx) error {
		return tx.SetManifest(c.Export.WorkspaceID, c.Export.ID, store.Manifest{Period: c.Period, Key: c.Key, ETag: c.Object.ETag, CheckedAt: tx.Now})
	})
}

func (*imported) Overlaps(context.Context, string) (map[string][]bursar.Overlap, error) {
	return nil, nil
}

// A wish to import again that comes while a run looks at that very manifest is not lost.
func TestReimportWhileARunLooks(t *testing.T) {
	s, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "s.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var a bursar.Account
	var e bursar.Export
	err = s.InTx(t.Context(), func(tx *store.Tx) error {
		ws, err := tx.AddWorkspace("one")
		if err != nil {
			return err
		}
		a, err = tx.AddAccount(bursar.Account{WorkspaceID: ws.ID, AccountID: "012345678901", Name: "payer", Partition: bursar.PartitionAWS, Method: bursar.MethodConsole, ExternalID: bursar.NewExternalID()})
		if err != nil {
			return err
		}
		e, err = tx.FollowExport(bursar.Export{WorkspaceID: ws.ID, AccountID: a.ID, Name: "e", Prefix: "cur", Bucket: "b", Format: bursar.FormatCUR2})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	into, wish := &imported{store: s}, func() {}
	run := kind.Import{
		Store: s, Lake: into, Now: func() time.Time { return time.Date(2026, 2, 10, 0, 0, 0, 0, time.UTC) },
		Open: func(context.Context, bursar.Account, bursar.Export) (bursar.Bucket, error) {
			return unchanging{func() { wish() }}, nil
		},
	}
	look := func(want int) {
		t.Helper()
		n, err := run.One(t.Context(), func(bursar.Progress) {}, a, e)
		if err != nil || n != want {
			t.Errorf("published %d, want %d: %v", n, want, err)
		}
	}
	look(1)
	look(0)
	wish = func() {
		wish = func() {}
		err = errors.Join(err, s.InTx(t.Context(), func(tx *store.Tx) error { return tx.ForgetManifest(e.WorkspaceID, e.ID, bursar.NewPeriod(2026, 2)) }))
	}
	look(1)
	look(0)
	if err != nil || into.n != 2 {
		t.Errorf("%d imports, %v", into.n, err)
	}
}
