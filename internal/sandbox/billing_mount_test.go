package sandbox_test

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	cur "github.com/aws/aws-sdk-go-v2/service/costandusagereportservice"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/sandbox/billgen"
	"github.com/bursarhq/bursar/internal/sandbox/billgen/report"
	"github.com/bursarhq/bursar/internal/sandbox/billing"
	"github.com/bursarhq/bursar/internal/shareddata"
)

// TestRealBillsAreServed puts two real months, loose in a folder with other files, before an account as its report.
func TestRealBillsAreServed(t *testing.T) {
	dir := filepath.Dir(shareddata.Path(t, "wa-labs", "Oct2018-WorkshopCUR-00001.snappy.parquet"))
	s := start(t, small(t))
	_, out := ask(t, s.URL(), "POST", "/_sandbox/exports", `{"account":"`+loner+`","name":"workshop","bucket":"workshop-bills","prefix":"old","files":"`+dir+`"}`)
	if out["export"] != "arn:aws:cur:us-east-1:"+loner+":definition/workshop" {
		t.Fatalf("%v", out)
	}
	x, c := listed(t, s, "workshop"), buckets(asAdmin(t, s, loner))
	for month, want := range map[bursar.Period]string{bursar.NewPeriod(2018, 10): "4064.4831315379", bursar.NewPeriod(2018, 11): "3505.3269681268"} {
		key := "old/workshop/" + month.Start().Format("20060102") + "-" + month.End().Format("20060102") + "/workshop-Manifest.json"
		if _, sums := readDelivery(t, c, x, key); sums.cost.String() != want {
			t.Errorf("%s: %s in %d rows, want %s", month, sums.cost, sums.rows, want)
		}
	}
	defs, err := cur.NewFromConfig(asAdmin(t, s, loner)).DescribeReportDefinitions(t.Context(), nil)
	if err != nil || len(defs.ReportDefinitions) != 1 || defs.ReportDefinitions[0].Format != "Parquet" || defs.ReportDefinitions[0].ReportStatus.LastStatus != "SUCCESS" {
		t.Errorf("%v %+v", err, defs)
	}
	s.Cloud().Clock.Advance(3 * day)
	if n := len(s.Billing().Deliveries(x.ARN)); n != 2 || s.Billing().Restate(x.ARN, june) == nil {
		t.Errorf("%d deliveries; real bills are never written to", n)
	}
}

// TestBillsOfEveryKindAreServed mounts files of each family that the sandbox has written itself.
func TestBillsOfEveryKindAreServed(t *testing.T) {
	month := bursar.NewPeriod(2026, 2)
	b := billgen.New(billgen.Spec{Seed: 3, Payer: billgen.Account{ID: loner, Name: "Loner"}, Lines: 2_000}, month, billgen.Closed(month))
	for _, format := range []bursar.Format{bursar.FormatLegacy, bursar.FormatCUR2, bursar.FormatFOCUS10, bursar.FormatFOCUS12} {
		for _, kind := range []string{"csv", "zip", "parquet"} {
			if kind == "zip" && format != bursar.FormatLegacy {
				continue
			}
			def := report.Definition{Name: "theirs", AccountID: loner, Bucket: "x", Format: format, File: bursar.FileCSV, Zip: kind == "zip", Versioning: bursar.Overwrite, Files: 2}
			if kind == "parquet" {
				def.File = bursar.FileParquet
			}
			dir := t.TempDir()
			if _, err := report.Write(t.Context(), report.Folder(dir), def, b, report.Options{At: epoch}); err != nil {
				t.Fatal(err)
			}
			s := start(t, small(t))
			arn, err := s.Billing().Mount(billing.Export{Account: loner, Name: "ours", Bucket: "our-bills", Versioning: "CREATE_NEW_REPORT", Files: dir})
			if err != nil {
				t.Errorf("%s %s: %v", format, kind, err)
				continue
			}
			x := listed(t, s, "ours")
			d := s.Billing().Deliveries(arn)
			if len(d) != 1 || d[0].Period != month || len(d[0].DataKeys) != 2 || x.Format != format {
				t.Errorf("%s %s: %+v as %s", format, kind, d, x.Format)
			}
			_, sums := readDelivery(t, buckets(asAdmin(t, s, loner)), x, d[0].ManifestKey)
			if truth := b.Truth(); sums.rows != truth.Rows || !sums.cost.Equal(truth.Unblended) {
				t.Errorf("%s %s: read %d rows and %s, want %d and %s", format, kind, sums.rows, sums.cost, truth.Rows, truth.Unblended)
			}
		}
	}
}

// TestARealBucketIsServed: its keys begin with "/", and its one file holds line items of three months.
func TestARealBucketIsServed(t *testing.T) {
	f, err := os.Open(shareddata.Path(t, "koku", "test_local_bucket.tar.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	dir := t.TempDir()
	untar(t, f, dir)
	s := start(t, small(t))
	arn, err := s.Billing().Mount(billing.Export{Account: loner, Name: "koku", Bucket: "koku-bills", Files: dir})
	if err != nil {
		t.Fatal(err)
	}
	d := s.Billing().Deliveries(arn)
	if len(d) != 1 || d[0].Period != bursar.NewPeriod(2018, 8) {
		t.Fatalf("%+v", d)
	}
	x := listed(t, s, "koku")
	var read sums
	for _, key := range readManifest(t, buckets(asAdmin(t, s, loner)), x.Bucket, d[0].ManifestKey).keys(x.Bucket) {
		body, err := object(t, buckets(asAdmin(t, s, loner)), x.Bucket, key)
		if err != nil {
			t.Fatal(err)
		}
		read.csv(t, body, "lineItem/UnblendedCost", "lineItem/LineItemType")
	}
	if read.rows != 13380 || read.cost.String() != "143227.76367818761501799105" {
		t.Errorf("%d rows and %s", read.rows, read.cost)
	}
}

func untar(t *testing.T, r io.Reader, dir string) {
	t.Helper()
	z, err := gzip.NewReader(r)
	if err != nil {
		t.Fatal(err)
	}
	for files := tar.NewReader(z); ; {
		h, err := files.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Typeflag != tar.TypeReg || !filepath.IsLocal(h.Name) {
			continue
		}
		body, err := io.ReadAll(files)
		if err == nil {
			err = os.MkdirAll(filepath.Dir(filepath.Join(dir, h.Name)), 0o755)
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, h.Name), body, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestACopyOfABucketIsServed: of two versions of a month, the one counts that the month's manifest names.
func TestACopyOfABucketIsServed(t *testing.T) {
	month := bursar.NewPeriod(2026, 2)
	spec := billgen.Spec{Seed: 3, Payer: billgen.Account{ID: loner, Name: "Loner"}, Lines: 2_000}
	old := billgen.New(spec, month, billgen.StateAt(month, month.Start().Add(9*day), 0))
	final := billgen.New(spec, month, billgen.Closed(month))
	for _, format := range []bursar.Format{bursar.FormatLegacy, bursar.FormatCUR2} {
		def := report.Definition{Name: "theirs", AccountID: loner, Bucket: "x", Prefix: "a/b", Format: format, File: bursar.FileCSV, Versioning: bursar.CreateNew, Files: 2}
		dir := t.TempDir()
		for i, b := range []*billgen.Bill{old, final} {
			if _, err := report.Write(t.Context(), report.Folder(dir), def, b, report.Options{At: epoch.Add(time.Duration(i) * day)}); err != nil {
				t.Fatal(err)
			}
		}
		for _, root := range []string{dir, filepath.Join(dir, "a", "b", "theirs")} {
			s := start(t, small(t))
			arn, err := s.Billing().Mount(billing.Export{Account: loner, Name: "ours", Bucket: "our-bills", Files: root})
			if err != nil {
				t.Errorf("%s: %v", format, err)
				continue
			}
			d := s.Billing().Deliveries(arn)
			_, sums := readDelivery(t, buckets(asAdmin(t, s, loner)), listed(t, s, "ours"), d[0].ManifestKey)
			if truth := final.Truth(); len(d) != 1 || sums.rows != truth.Rows || !sums.cost.Equal(truth.Unblended) {
				t.Errorf("%s: %d months, %d rows and %s, want %d and %s", format, len(d), sums.rows, sums.cost, truth.Rows, truth.Unblended)
			}
		}
		if err := os.Remove(firstFile(t, dir, "-00002.csv.gz")); err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(firstFile(t, dir, "-00002.csv.gz")); err != nil {
			t.Fatal(err)
		}
		s := start(t, small(t))
		if _, err := s.Billing().Mount(billing.Export{Account: loner, Name: "ours", Bucket: "our-bills", Files: dir}); err == nil || !strings.Contains(err.Error(), "which is not in the folder") {
			t.Errorf("%s: a file is missing: %v", format, err)
		}
	}
}

// firstFile finds a file by the end of its name.
func firstFile(t *testing.T, dir, end string) string {
	t.Helper()
	var found string
	err := filepath.WalkDir(dir, func(name string, _ fs.DirEntry, err error) error {
		if strings.HasSuffix(name, end) && found == "" {
			found = name
		}
		return err
	})
	if err != nil || found == "" {
		t.Fatal(err, end)
	}
	return found
}

func TestFoldersThatAreNoBills(t *testing.T) {
	s := start(t, small(t))
	mount := func(dir, account string) error {
		_, err := s.Billing().Mount(billing.Export{Account: account, Name: "x", Bucket: "x-bills", Files: dir})
		return err
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "notes.csv"), []byte("a,b\n1,2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := mount(dir, loner); err == nil || !strings.Contains(err.Error(), "notes.csv") {
		t.Errorf("no bill: %v", err)
	}
	if err := mount(filepath.Join(dir, "gone"), loner); err == nil {
		t.Error("a folder that is not there")
	}
	if err := os.WriteFile(filepath.Join(dir, "a.csv"), []byte("bill/BillingPeriodStartDate\n2026-01-01T00:00:00Z\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := mount(dir, "121212121212"); err == nil {
		t.Error("an account that is not there")
	}
	if err := os.WriteFile(filepath.Join(dir, "b.csv"), []byte("BillingPeriodStart,ServiceSubcategory\n2026-01-01T00:00:00Z,x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := mount(dir, loner); err == nil || !strings.Contains(err.Error(), "one kind") {
		t.Errorf("two kinds: %v", err)
	}
}
