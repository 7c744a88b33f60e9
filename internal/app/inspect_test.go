package app

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/billing/ingest"
	"github.com/bursarhq/bursar/internal/sandbox"
	"github.com/bursarhq/bursar/internal/sandbox/billgen"
	"github.com/bursarhq/bursar/internal/sandbox/billgen/report"
	"github.com/bursarhq/bursar/internal/shareddata"
)

var june = bursar.NewPeriod(2026, 6)

func bill(seed uint64) *billgen.Bill {
	return billgen.New(billgen.Spec{Seed: seed, Payer: billgen.Account{ID: "111122223333"}, Lines: 500}, june, billgen.Closed(june))
}

// deliver writes a bill into a folder that is laid out like the bucket.
func deliver(t *testing.T, dir string, seed uint64, d report.Definition, at time.Time) *billgen.Truth {
	t.Helper()
	d.Name, d.Bucket, d.AccountID = "costs", "some-bucket", "111122223333"
	done, err := report.Write(t.Context(), report.Folder(dir), d, bill(seed), report.Options{At: at})
	if err != nil {
		t.Fatal(err)
	}
	return done.Truth
}

// In a folder like the bucket only the newest version of a month counts, in both modes and all layouts, and bursar says so.
func TestInspectCountsTheNewestVersion(t *testing.T) {
	for name, d := range map[string]report.Definition{
		"CUR 2.0, versions kept":       {Format: bursar.FormatCUR2, File: bursar.FileParquet, Versioning: bursar.CreateNew, Prefix: "p", Files: 2},
		"CUR 2.0, overwritten":         {Format: bursar.FormatCUR2, File: bursar.FileCSV, Versioning: bursar.Overwrite, Prefix: "p"},
		"legacy, versions kept":        {Format: bursar.FormatLegacy, File: bursar.FileCSV, Versioning: bursar.CreateNew, Files: 2},
		"legacy, for Athena":           {Format: bursar.FormatLegacy, File: bursar.FileParquet, Athena: true, Versioning: bursar.Overwrite, Prefix: "a/b"},
		"FOCUS 1.2, versions kept":     {Format: bursar.FormatFOCUS12, File: bursar.FileParquet, Versioning: bursar.CreateNew},
		"legacy zip, slash in the end": {Format: bursar.FormatLegacy, File: bursar.FileCSV, Zip: true, Versioning: bursar.CreateNew, Prefix: "p/"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			deliver(t, dir, 1, d, time.Date(2026, 6, 20, 0, 0, 0, 0, time.UTC))
			truth := deliver(t, dir, 2, d, time.Date(2026, 7, 3, 0, 0, 0, 0, time.UTC))
			var told ingest.Progress
			found, err := Local{}.Inspect(t.Context(), []string{dir}, func(p ingest.Progress) { told = p })
			if err != nil {
				t.Fatal(err)
			}
			total := found.Report.Total
			if total.Rows != truth.Rows || !total.Totals["USD"].Equal(truth.Unblended) {
				t.Errorf("%d rows, %v, want %d, %s", total.Rows, total.Totals, truth.Rows, truth.Unblended)
			}
			if said := strings.Contains(strings.Join(found.Notes, "\n"), "other versions"); said != (d.Versioning == bursar.CreateNew) {
				t.Errorf("notes: %q", found.Notes)
			}
			if told.Rows != truth.Rows || told.BytesTotal == 0 || told.Bytes != told.BytesTotal {
				t.Errorf("the last progress: %+v", told)
			}
		})
	}
}

func TestInspectReadsS3(t *testing.T) {
	sim, err := sandbox.New(sandbox.Config{})
	must(t, err)
	t.Cleanup(func() { _ = sim.Close() })
	must(t, sim.Start(t.Context(), "127.0.0.1:0"))
	key := sim.Cloud().BursarKey()
	t.Setenv("BURSAR_AWS_ENDPOINT", sim.URL())
	t.Setenv("BURSAR_AWS_REGION", "us-east-1")
	t.Setenv("AWS_ACCESS_KEY_ID", key.ID)
	t.Setenv("AWS_SECRET_ACCESS_KEY", key.Secret.Reveal())
	if err := sim.S3().CreateBucket("999900001111", "us-east-1", "our-bills"); err != nil {
		t.Fatal(err)
	}
	policy := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::999900001111:user/bursar"},"Action":["s3:GetObject","s3:ListBucket","s3:GetBucketLocation"],"Resource":["arn:aws:s3:::our-bills","arn:aws:s3:::our-bills/*"]}]}`
	if err := sim.S3().PutBucketPolicy("our-bills", policy); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	truth := deliver(t, dir, 3, report.Definition{Format: bursar.FormatCUR2, File: bursar.FileParquet, Versioning: bursar.CreateNew, Prefix: "p"}, time.Date(2026, 7, 3, 0, 0, 0, 0, time.UTC))
	must(t, filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		must(t, err)
		name, err := filepath.Rel(dir, path)
		must(t, err)
		if _, err := sim.S3().Put("our-bills", filepath.ToSlash(name), data); err != nil {
			t.Fatal(err)
		}
		return nil
	}))
	for _, address := range []string{"s3://our-bills", "s3://our-bills/p/", "s3://our-bills/p/costs/data/BILLING_PERIOD=2026-06/"} {
		found, err := Local{}.Inspect(t.Context(), []string{address}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if total := found.Report.Total; total.Rows != truth.Rows || !total.Totals["USD"].Equal(truth.Unblended) || !strings.HasPrefix(found.Report.Files[0].Path, "s3://our-bills/p/costs/data/") {
			t.Errorf("%s: %+v, %s", address, total, found.Report.Files[0].Path)
		}
	}
	for _, address := range []string{"s3://our-bills/elsewhere/", "s3://nobodys-bucket/x"} {
		if _, err := (Local{}).Inspect(t.Context(), []string{address}, nil); bursar.CodeOf(err) != bursar.Invalid || !strings.Contains(err.Error(), address[:10]) {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func gzipped(t *testing.T, text string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, err := w.Write([]byte(text))
	must(t, errors.Join(err, w.Close()))
	return out.Bytes()
}

// What people offer that is no bill is refused with a word that says what it is.
func TestInspectSaysWhatElseItIs(t *testing.T) {
	const bill = "identity/LineItemId,lineItem/UsageAccountId,lineItem/LineItemType,lineItem/UsageStartDate,lineItem/UnblendedCost,lineItem/CurrencyCode\n" +
		"a,011122223333,Usage,2026-06-01T00:00:00Z,1.5,USD\n"
	manifest, err := json.Marshal(map[string]any{"assemblyId": "a", "reportKeys": []string{"x.csv.gz"}})
	must(t, err)
	dir := t.TempDir()
	for name, c := range map[string]struct{ content, want string }{
		"invoice.pdf":    {"%PDF-1.7\n%\xe2\xe3\xcf\xd3", "PDF"},
		"login.csv":      {"<!DOCTYPE html>\n<html><head>", "HTML"},
		"denied.csv.gz":  {`<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>`, "error message of S3"},
		"prices.csv":     {"\"FormatVersion\",\"v1.0\"\n\"Disclaimer\",\"This pricing list is for informational purposes only\"\n", "price list"},
		"prices.json":    {`{ "formatVersion" : "v1.0", "disclaimer" : "…", "offerCode" : "AmazonEC2"`, "price list"},
		"costs.csv":      {"\"Service\",\"EC2-Instances($)\",\"Total costs($)\"\n\"Service total\",\"1\",\"1\"\n", "Cost Explorer"},
		"ce.json":        {`{"ResultsByTime":[]}`, "Cost Explorer"},
		"people.csv":     {"name,age\nx,1\n", `"age", "name"`},
		"notes.txt":      {"buy milk\n", "plain text"},
		"Manifest.json":  {string(manifest), "manifest"},
		"empty.csv":      {"", "empty"},
		"empty.csv.gz":   {string(gzipped(t, "")), "empty"},
		"cut.csv.gz":     {string(gzipped(t, strings.Repeat(bill, 50)))[:60], "ends too early"},
		"cut.parquet":    {"PAR1 and no more", "ends too early"},
		"book.xlsx":      {"PK\x03\x04 no archive", "damaged"},
		"twice.csv.gz":   {string(gzipped(t, string(gzipped(t, bill)))), "packed twice"},
		"semicolons.csv": {strings.ReplaceAll(bill, ",", ";"), "semicolons"},
		"tabs.csv":       {strings.ReplaceAll(bill, ",", "\t"), "tabs"},
		"utf16.csv":      {"\xff\xfei\x00d\x00", "UTF-16"},
		"azure.csv":      {"InvoiceSectionName,MeterId,SubscriptionId,CostInBillingCurrency\n", "Azure"},
		"part.csv":       {"lineItem/UsageAccountId,lineItem/UnblendedCost,lineItem/UsageStartDate\n", "line_item_line_item_type"},
	} {
		path := filepath.Join(dir, name)
		must(t, os.WriteFile(path, []byte(c.content), 0o600))
		_, err := Local{}.Inspect(t.Context(), []string{path}, nil)
		if bursar.CodeOf(err) != bursar.Invalid || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
		var e *bursar.Error
		if errors.As(err, &e) && e.Hint == "" {
			t.Errorf("%s: nothing says what to do", name)
		}
	}
	if _, err := (Local{}).Inspect(t.Context(), []string{t.TempDir()}, nil); bursar.CodeOf(err) != bursar.Invalid || !strings.Contains(err.Error(), "there is no bill in") {
		t.Errorf("an empty folder: %v", err)
	}
	must(t, os.WriteFile(filepath.Join(dir, "bill.csv"), []byte(bill), 0o600))
	found, err := Local{}.Inspect(t.Context(), []string{dir}, nil)
	if err != nil || len(found.Report.Files) != 1 || found.Report.Total.Totals["USD"].String() != "1.5" || len(found.Skipped) < 10 {
		t.Errorf("a bill among other things: %v, %+v", err, found)
	}
}

// A link, and a pipe, are as good as a file when somebody names them.
func TestInspectFollowsLinks(t *testing.T) {
	dir := t.TempDir()
	truth := deliver(t, filepath.Join(dir, "bucket"), 4, report.Definition{Format: bursar.FormatFOCUS10, File: bursar.FileParquet, Versioning: bursar.Overwrite}, time.Now())
	files, err := filepath.Glob(filepath.Join(dir, "bucket", "costs", "data", "*", "*.parquet"))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	link := filepath.Join(dir, "latest.parquet")
	must(t, os.Symlink(files[0], link))
	found, err := Local{}.Inspect(t.Context(), []string{link}, nil)
	must(t, err)
	if got := fmt.Sprint(found.Report.Total.Rows, found.Report.Total.Totals); got != fmt.Sprint(truth.Rows, map[string]bursar.Decimal{"USD": truth.Unblended}) {
		t.Error(got)
	}
}

// A real tree: the manifest lies in it twice, in the month's folder and in its version's, and counts once.
func TestInspectARealTree(t *testing.T) {
	dir := t.TempDir()
	unpack(t, shareddata.Path(t, "koku", "test_local_bucket.tar.gz"), dir)
	raw, err := os.ReadFile(shareddata.Path(t, "truth", "koku__test_local_bucket.tar.gz.truth.json"))
	must(t, err)
	var truths map[string]struct {
		Rows  int64          `json:"rows"`
		Total bursar.Decimal `json:"total_unblended"`
	}
	must(t, json.Unmarshal(raw, &truths))
	for _, truth := range truths {
		if truth.Rows == 0 {
			continue
		}
		found, err := Local{}.Inspect(t.Context(), []string{dir}, nil)
		must(t, err)
		if total := found.Report.Total; total.Rows != truth.Rows || !total.Totals["USD"].Equal(truth.Total) {
			t.Errorf("%d rows, %v, want %d, %s", total.Rows, total.Totals, truth.Rows, truth.Total)
		}
		if notes := strings.Join(found.Notes, "\n"); !strings.Contains(notes, "belong to 2018-06") || !strings.Contains(notes, "belong to 2018-07") {
			t.Errorf("nothing is said of the other months: %s", notes)
		}
	}
}

func unpack(t *testing.T, archive, dir string) {
	t.Helper()
	f, err := os.Open(archive)
	must(t, err)
	defer f.Close()
	z, err := gzip.NewReader(f)
	must(t, err)
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		must(t, err)
		if h.Typeflag != tar.TypeReg {
			continue
		}
		to := filepath.Join(dir, filepath.FromSlash(h.Name))
		must(t, os.MkdirAll(filepath.Dir(to), 0o700))
		data, err := io.ReadAll(r)
		must(t, err)
		must(t, os.WriteFile(to, data, 0o600))
	}
}
