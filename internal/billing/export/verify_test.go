package export_test

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/billing/export"
	"github.com/bursarhq/bursar/internal/shareddata"
)

func TestDue(t *testing.T) {
	march := bursar.NewPeriod(2026, 3)
	day := 24 * time.Hour
	for _, tc := range []struct {
		name        string
		since, last time.Duration // the poll after the period's end; the look before it
		want        bool
	}{
		{"the current month, just looked at", -10 * day, time.Minute, true},
		{"a month that ended yesterday", 1 * day, time.Minute, true},
		{"five days later, looked at this morning", 5 * day, 6 * time.Hour, false},
		{"five days later, looked at yesterday", 5 * day, 24 * time.Hour, true},
		{"a month later, looked at yesterday", 31 * day, 24 * time.Hour, false},
		{"a month later, looked at a week ago", 31 * day, 7 * day, true},
		{"four months later", 120 * day, 30 * day, false},
	} {
		now := march.End().Add(tc.since)
		if got := export.Due(march, now.Add(-tc.last), now); got != tc.want {
			t.Errorf("%s: due %v, want %v", tc.name, got, tc.want)
		}
	}
	if !export.Due(bursar.NewPeriod(2019, 1), time.Time{}, march.End()) {
		t.Error("history that was never looked at is not due")
	}
}

// A layout that changes (Athena is switched on, say) is found by listing again, and the list is asked for once a day.
func TestPollFollowsAnExportThatMoved(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "p/r/20260201-20260301/r-Manifest.json", `{"assemblyId":"a","reportKeys":["p/r/20260201-20260301/a/r-1.csv.gz"]}`)
	b := folder(t, dir)
	e := bursar.Export{Name: "r", Prefix: "p"}
	now := time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC)
	known := poll(t, b, e, nil, now)
	if b.lists != 1 {
		t.Fatalf("%d listings at first, want 1", b.lists)
	}
	put(t, dir, "p/r/r/year=2026/month=3/r-Manifest.json", `{"assemblyId":"b","reportKeys":["p/r/r/year=2026/month=3/r-00001.snappy.parquet"]}`)
	known = poll(t, b, e, known, now.Add(time.Hour))
	if b.lists != 1 {
		t.Errorf("listed again on the same day")
	}
	known = poll(t, b, e, known, now.Add(25*time.Hour))
	if b.lists != 2 {
		t.Errorf("%d listings, want 2", b.lists)
	}
	for _, k := range known {
		if k.Period == bursar.NewPeriod(2026, 3) && (k.ETag == "" || !strings.Contains(k.Key, "year=2026")) {
			t.Errorf("March was not found where it is now: %+v", k)
		}
	}
}

// AWS writes past months anew on request: they are found when a month begins, though nobody knew of them.
func TestPollFindsMonthsBeforeTheFirst(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "p/e/metadata/BILLING_PERIOD=2026-03/e-Manifest.json", manifest)
	b := folder(t, dir)
	e := bursar.Export{Name: "e", Prefix: "p", Bucket: "b"}
	now := time.Date(2026, 3, 20, 0, 0, 0, 0, time.UTC)
	known := poll(t, b, e, nil, now)
	put(t, dir, "p/e/metadata/BILLING_PERIOD=2025-01/e-Manifest.json", manifest)
	known = poll(t, b, e, known, time.Date(2026, 4, 1, 0, 1, 0, 0, time.UTC))
	if known[0].Period.String() != "2025-01" || known[0].ETag == "" {
		t.Errorf("got %+v", known)
	}
	if poll(t, b, e, known, time.Date(2026, 4, 1, 1, 0, 0, 0, time.UTC)); b.lists != 2 {
		t.Errorf("%d listings, want one for each month", b.lists)
	}
}

func poll(t *testing.T, b bursar.Bucket, e bursar.Export, known []export.Known, now time.Time) (out []export.Known) {
	t.Helper()
	looks, err := export.Poll(t.Context(), b, e, known, now)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range looks {
		if l.New != nil {
			l.ETag, l.CheckedAt = l.New.Object.ETag, now // as its import does
		}
		out = append(out, l.Known)
	}
	return out
}

func (c *counting) List(ctx context.Context, prefix string) iter.Seq2[bursar.Object, error] {
	c.lists++
	return c.Bucket.List(ctx, prefix)
}

const (
	slashed  = "/e/20260201-20260301/"
	slashed1 = slashed + "e-1.csv.gz"
	slashed2 = slashed + "e-2.csv.gz"
)

// delivered puts a delivery of two files in a folder, the manifest last, as AWS does.
func delivered(t *testing.T) (dir string, b *counting, c export.Candidate) {
	t.Helper()
	dir = t.TempDir()
	put(t, dir, slashed1, "one")
	put(t, dir, slashed2, "two")
	put(t, dir, slashed+"e-Manifest.json", `{"assemblyId":"a","reportKeys":["`+slashed1+`","`+slashed2+`"],"billingPeriod":{"start":"20260201T000000.000Z"}}`)
	at := time.Date(2026, 2, 10, 0, 0, 0, 0, time.UTC)
	touch(t, dir, slashed1, at)
	touch(t, dir, slashed2, at.Add(time.Second))
	touch(t, dir, slashed+"e-Manifest.json", at.Add(2*time.Second))
	b = folder(t, dir)
	looks, err := export.Poll(t.Context(), b, bursar.Export{Name: "e"}, nil, at.Add(time.Hour))
	if err != nil || len(looks) != 1 || looks[0].New == nil {
		t.Fatalf("%+v, %v", looks, err)
	}
	return dir, b, *looks[0].New
}

func touch(t *testing.T, dir, key string, at time.Time) {
	t.Helper()
	if err := os.Chtimes(filepath.Join(dir, filepath.FromSlash(key)), at, at); err != nil {
		t.Fatal(err)
	}
}

func TestVerify(t *testing.T) {
	dir, b, c := delivered(t)
	now := c.Object.Modified.Add(time.Minute)
	files, err := export.Verify(t.Context(), b, c, now)
	if err != nil || len(files) != 2 || files[0].Key != slashed1 || files[1].Size != 3 {
		t.Fatalf("%+v, %v", files, err)
	}
	body, err := export.Open(t.Context(), b, files[1])
	if err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(body); err != nil || string(text) != "two" {
		t.Errorf("read %q, %v", text, err)
	}
	body.Close()
	if err := export.Unchanged(t.Context(), b, c); err != nil {
		t.Errorf("the manifest did not change: %v", err)
	}

	touch(t, dir, slashed2, c.Object.Modified.Add(30*time.Second)) // AWS begins the next delivery in place
	if _, err := export.Verify(t.Context(), b, c, now); reason(err) != "delivery_changing" {
		t.Errorf("a half-replaced month passes: %v", err)
	}
	if _, err := export.Open(t.Context(), b, files[1]); reason(err) != "delivery_changing" {
		t.Errorf("a replaced file opens: %v", err)
	}
	if _, err := export.Verify(t.Context(), b, c, now.Add(24*time.Hour)); err != nil {
		t.Errorf("a copied bucket, long at rest, is refused: %v", err)
	}
	put(t, dir, slashed+"e-Manifest.json", `{"assemblyId":"b","reportKeys":[]}`)
	if err := export.Unchanged(t.Context(), b, c); reason(err) != "delivery_changing" {
		t.Errorf("the manifest changed: %v", err)
	}
	if err := os.Remove(filepath.Join(dir, filepath.FromSlash(slashed2))); err != nil {
		t.Fatal(err)
	}
	if _, err := export.Open(t.Context(), b, files[1]); reason(err) != "delivery_changing" {
		t.Errorf("a file that went away: %v", err)
	}
	if _, err := export.Verify(t.Context(), b, c, now); reason(err) != "file_missing" || bursar.CodeOf(err) != bursar.Invalid || !strings.Contains(err.Error(), "e-2.csv.gz") {
		t.Errorf("a missing file: %v", err)
	}
}

func reason(err error) string {
	var e *bursar.Error
	if !errors.As(err, &e) {
		return ""
	}
	return e.Reason
}

func TestBillsOfABucket(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "p/e/metadata/BILLING_PERIOD=2026-02/e-Manifest.json", `{"executionId":"v1","dataFiles":["s3://any/p/e/data/BILLING_PERIOD=2026-02/v1/e-00001.csv.gz","s3://any/p/e/data/BILLING_PERIOD=2026-02/v1/e-00002.csv.gz"]}`)
	put(t, dir, "p/e/data/BILLING_PERIOD=2026-02/v1/e-00001.csv.gz", "x")
	put(t, dir, "p/e/data/BILLING_PERIOD=2026-02/v0/e-00001.csv.gz", "x") // superseded: counted once at most
	put(t, dir, "q/e/data/BILLING_PERIOD=2026-03/old/e-00001.csv.gz", "x")
	put(t, dir, "q/e/data/BILLING_PERIOD=2026-03/new/e-00001.csv.gz", "x")
	put(t, dir, "r/r/year=2026/month=3/r-00001.snappy.parquet", "x")
	put(t, dir, "r/r/cost_and_usage_data_status/cost_and_usage_data_status.parquet", "x")
	put(t, dir, "loose/bill.gz", "x")
	put(t, dir, "loose/README.md", "x")
	put(t, dir, "loose/app-Manifest.json", `{"files":[]}`)
	put(t, dir, "aws-programmatic-access-test-object", "x")
	touch(t, dir, "q/e/data/BILLING_PERIOD=2026-03/old/e-00001.csv.gz", time.Unix(1, 0))
	bills, err := export.Bills(t.Context(), folder(t, dir), "")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, b := range bills {
		line := b.Name + " " + b.Period.String()
		for _, f := range b.Files {
			line += " " + f.Key
		}
		for _, m := range b.Missing {
			line += " missing " + m
		}
		for _, l := range b.LeftOut {
			line += " without " + l
		}
		got = append(got, line)
	}
	want := []string{
		"  loose/bill.gz",
		"e 2026-02 p/e/data/BILLING_PERIOD=2026-02/v1/e-00001.csv.gz missing p/e/data/BILLING_PERIOD=2026-02/v1/e-00002.csv.gz without p/e/data/BILLING_PERIOD=2026-02/v0/e-00001.csv.gz",
		"e 2026-03 q/e/data/BILLING_PERIOD=2026-03/new/e-00001.csv.gz without q/e/data/BILLING_PERIOD=2026-03/old/e-00001.csv.gz",
		"r 2026-03 r/r/year=2026/month=3/r-00001.snappy.parquet",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// A real tree, with a leading slash in its keys; and only the innermost folder of it.
func TestBillsOfARealTree(t *testing.T) {
	dir := t.TempDir()
	untar(t, shareddata.Path(t, "koku", "test_local_bucket.tar.gz"), dir)
	for _, sub := range []string{"", "koku-local/20180801-20180901"} {
		bills, err := export.Bills(t.Context(), folder(t, filepath.Join(dir, sub)), "")
		if err != nil || len(bills) != 1 || bills[0].Period.String() != "2018-08" || len(bills[0].Files) != 1 || len(bills[0].Missing) != 0 {
			t.Errorf("in %q: %+v, %v", sub, bills, err)
		}
	}
}

func untar(t *testing.T, archive, dir string) {
	t.Helper()
	f, err := os.Open(archive)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Typeflag == tar.TypeReg {
			text, err := io.ReadAll(r)
			if err != nil {
				t.Fatal(err)
			}
			put(t, dir, h.Name, string(text))
		}
	}
}
