package sandbox_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

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
