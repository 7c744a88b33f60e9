package export_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/billing/export"
)

// counting counts what is asked of a bucket.
type counting struct {
	bursar.Bucket
	gets, lists int
}

func (c *counting) Get(ctx context.Context, key, etag string) (bursar.Object, io.ReadCloser, error) {
	c.gets++
	return c.Bucket.Get(ctx, key, etag)
}

func put(t *testing.T, dir, key, content string) {
	t.Helper()
	path := filepath.Join(dir, filepath.FromSlash(key))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func folder(t *testing.T, dir string) *counting {
	t.Helper()
	b, err := export.OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return &counting{Bucket: b}
}

const manifest = `{"executionId":"one","dataFiles":["s3://b/p/e/data/BILLING_PERIOD=2026-02/e-00001.csv.gz"]}`

func TestPollAsksOnceForEachOpenPeriod(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "p/e/metadata/BILLING_PERIOD=2026-02/e-Manifest.json", manifest)
	put(t, dir, "p/e/metadata/BILLING_PERIOD=2025-10/e-Manifest.json", manifest)
	put(t, dir, "p/other/metadata/BILLING_PERIOD=2026-02/other-Manifest.json", manifest)
	put(t, dir, "aws-programmatic-access-test-object", "x")
	b := folder(t, dir)
	e := bursar.Export{Name: "e", Prefix: "p", Bucket: "b"}
	now := time.Date(2026, 3, 5, 0, 0, 0, 0, time.UTC)

	first, err := export.Poll(t.Context(), b, e, nil, now)
	if err != nil {
		t.Fatal(err)
	}
	var known []export.Known
	found := map[string]bool{}
	for _, l := range first {
		if l.New != nil {
			found[l.Period.String()] = true
			if l.ETag != "" {
				t.Errorf("%s counts as dealt with before it was", l.Period)
			}
			l.ETag, l.CheckedAt = l.New.Object.ETag, now // as its import does
		}
		known = append(known, l.Known)
	}
	if len(found) != 2 || !found["2026-02"] || !found["2025-10"] {
		t.Errorf("new at the first look: %v", found)
	}
	// Months without a manifest are asked for once more: AWS may have been about to write them.
	settling, err := export.Poll(t.Context(), b, e, known, now.Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	known = nil
	for _, l := range settling {
		known = append(known, l.Known)
	}
	b.gets = 0
	again, err := export.Poll(t.Context(), b, e, known, now.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range again {
		if l.New != nil {
			t.Errorf("%s is new again", l.Period)
		}
	}
	if b.gets != 1 { // March, the open period
		t.Errorf("an unchanged export cost %d requests, want one for its one open period", b.gets)
	}

	put(t, dir, "p/e/metadata/BILLING_PERIOD=2026-02/e-Manifest.json", strings.Replace(manifest, "one", "two", 1)+" ")
	changed, err := export.Poll(t.Context(), b, e, known, now.Add(25*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, l := range changed {
		if l.New != nil {
			n++
			if l.New.Manifest.Version != "two" || l.Period.String() != "2026-02" {
				t.Errorf("got %+v", l.New)
			}
		}
	}
	if n != 1 {
		t.Errorf("%d periods are new, want 1", n)
	}
}

func TestPollReportsABadManifest(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "p/e/20260301-20260401/e-Manifest.json", `{"assemblyId":"a","reportKeys":["p/e/20260301-20260401/x"],"billingPeriod":{"start":"20260101T000000.000Z"}}`)
	looks, err := export.Poll(t.Context(), folder(t, dir), bursar.Export{Name: "e", Prefix: "p"}, nil, time.Date(2026, 3, 5, 0, 0, 0, 0, time.UTC))
	if err != nil || len(looks) != 1 || looks[0].New != nil || looks[0].Err == nil || !strings.Contains(looks[0].Err.Error(), "2026-01") {
		t.Errorf("got %+v, %v", looks, err)
	}
}

// Exports of several customers may share a bucket: a manifest that names another's file is refused.
func TestAManifestStaysInItsExport(t *testing.T) {
	for file, fine := range map[string]bool{
		"cost//e/20260301-20260401/a/e-1.csv.gz": true, "/cost//e/20260301-20260401/e-1.csv.gz": true,
		"cost//f/20260301-20260401/e-1.csv.gz": false, "e-1.csv.gz": false, "cost//e/../f/e-1.csv.gz": false, "other/cost//e/e-1.csv.gz": false, "cost//ee/e-1.csv.gz": false,
	} {
		dir := t.TempDir()
		put(t, dir, "cost/e/20260301-20260401/e-Manifest.json", `{"assemblyId":"a","reportKeys":["`+file+`"]}`)
		known := []export.Known{{Period: bursar.NewPeriod(2026, 3), Key: "cost//e/20260301-20260401/e-Manifest.json"}}
		looks, err := export.Poll(t.Context(), folder(t, dir), bursar.Export{Name: "e", Prefix: "cost/"}, known, time.Date(2026, 3, 5, 0, 0, 0, 0, time.UTC))
		if err != nil || len(looks) != 1 || (looks[0].New != nil) != fine || (looks[0].Err == nil) != fine {
			t.Errorf("%s: %+v, %v", file, looks, err)
		}
	}
}

func TestFolderStaysInside(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "in/x", "hello")
	put(t, dir, "secret", "no")
	b := folder(t, filepath.Join(dir, "in"))
	for _, key := range []string{"../secret", "/../secret", "a/../../secret"} {
		if _, body, err := b.Get(t.Context(), key, ""); err == nil {
			body.Close()
			t.Errorf("%s was opened", key)
		}
	}
	if _, _, err := b.Get(t.Context(), "missing", ""); !errors.Is(err, bursar.ErrNoObject) {
		t.Errorf("missing: %v", err)
	}
	o, body, err := b.Get(t.Context(), "/x", "")
	if err != nil || o.Size != 5 {
		t.Fatalf("%+v, %v", o, err)
	}
	body.Close()
	if _, _, err := b.Get(t.Context(), "x", o.ETag); !errors.Is(err, bursar.ErrNotModified) {
		t.Errorf("unchanged: %v", err)
	}
}

// TestPollFindsAMonthThatIsBeingWritten: a look in the middle of a first delivery must not let the months rest that come next.
func TestPollFindsAMonthThatIsBeingWritten(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "p/e/metadata/BILLING_PERIOD=2026-01/e-Manifest.json", strings.ReplaceAll(manifest, "2026-02", "2026-01"))
	b := folder(t, dir)
	e := bursar.Export{Name: "e", Prefix: "p", Bucket: "b"}
	now := time.Date(2026, 3, 25, 0, 0, 0, 0, time.UTC)
	first, err := export.Poll(t.Context(), b, e, nil, now)
	if err != nil {
		t.Fatal(err)
	}
	var known []export.Known
	for _, l := range first {
		if l.New != nil {
			l.ETag, l.CheckedAt = l.New.Object.ETag, now
		}
		known = append(known, l.Known)
	}
	put(t, dir, "p/e/metadata/BILLING_PERIOD=2026-02/e-Manifest.json", manifest)
	second, err := export.Poll(t.Context(), b, e, known, now.Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range second {
		if l.Period.String() == "2026-02" && l.New == nil {
			t.Errorf("February was written a minute after the first look and is not found: %+v", l)
		}
	}
}
