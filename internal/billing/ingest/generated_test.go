package ingest

import (
	"io/fs"
	"maps"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/sandbox/billgen"
	"github.com/bursarhq/bursar/internal/sandbox/billgen/report"
)

var march = bursar.NewPeriod(2026, 3)

func generatedBill(lines int) *billgen.Bill {
	return billgen.New(billgen.Spec{
		Seed: 7, Payer: billgen.Account{ID: "011122223333", Name: "payer"}, Linked: []billgen.Account{{ID: "123456789012", Name: "größer, \"quoted\""}},
		Lines: lines, EDP: 9, Currency: "EUR",
	}, march, billgen.Closed(march))
}

// delivered writes a bill as AWS delivers it and returns its data files.
func delivered(t testing.TB, b *billgen.Bill, d report.Definition) []File {
	t.Helper()
	dir := t.TempDir()
	d.Name, d.Bucket, d.AccountID, d.Versioning = "e", "b", b.Spec.Payer.ID, bursar.Overwrite
	if _, err := report.Write(t.Context(), report.Folder(dir), d, b, report.Options{At: time.Date(2026, 4, 3, 0, 0, 0, 0, time.UTC)}); err != nil {
		t.Fatal(err)
	}
	var files []File
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() && !strings.HasSuffix(path, ".json") {
			files = append(files, onDisk(t, path))
		}
		return err
	})
	if err != nil || len(files) == 0 {
		t.Fatalf("%v, %d files", err, len(files))
	}
	return files
}

func costsOf(by map[string]billgen.Totals) map[string]string {
	out := map[string]string{}
	for k, t := range by {
		out[k] = t.Unblended.String()
	}
	return out
}

// Every format, in every kind of file, has the totals that were put into it: the same as every other.
func TestEveryFormat(t *testing.T) {
	bill := generatedBill(4000)
	truth := bill.Truth()
	for name, d := range map[string]report.Definition{
		"legacy csv.gz":     {Format: bursar.FormatLegacy, File: bursar.FileCSV},
		"legacy csv.zip":    {Format: bursar.FormatLegacy, File: bursar.FileCSV, Zip: true, Files: 2},
		"legacy Parquet":    {Format: bursar.FormatLegacy, File: bursar.FileParquet, Athena: true},
		"CUR 2.0 csv.gz":    {Format: bursar.FormatCUR2, File: bursar.FileCSV, Files: 3},
		"CUR 2.0 Parquet":   {Format: bursar.FormatCUR2, File: bursar.FileParquet, Files: 3},
		"FOCUS 1.0 csv.gz":  {Format: bursar.FormatFOCUS10, File: bursar.FileCSV},
		"FOCUS 1.0 Parquet": {Format: bursar.FormatFOCUS10, File: bursar.FileParquet},
		"FOCUS 1.2 csv.gz":  {Format: bursar.FormatFOCUS12, File: bursar.FileCSV},
		"FOCUS 1.2 Parquet": {Format: bursar.FormatFOCUS12, File: bursar.FileParquet},
		"few CUR 2.0 columns, Parquet": {Format: bursar.FormatCUR2, File: bursar.FileParquet, Columns: []string{
			"resource_tags", "line_item_unblended_cost", "line_item_usage_start_date", "product", "line_item_line_item_type", "line_item_usage_account_id", "line_item_product_code", "line_item_currency_code", "bill_billing_period_start_date",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			files := delivered(t, bill, d)
			rep, err := Inspect(t.Context(), Request{Files: files, Dir: t.TempDir()})
			if err != nil {
				t.Fatal(err)
			}
			res, err := Run(t.Context(), Request{Files: files, Dir: t.TempDir()})
			if err != nil {
				t.Fatal(err)
			}
			if res.Format != d.Format || res.FileFormat != d.File || rep.Files[0].FileFormat != d.File {
				t.Errorf("read as %s %s", res.Format, res.FileFormat)
			}
			for _, s := range []Summary{rep.Total, res.Summary} {
				if s.Rows != truth.Rows || len(s.Totals) != 1 || !s.Totals["EUR"].Equal(truth.Unblended) {
					t.Errorf("%d rows, %v, want %d, %s", s.Rows, s.Totals, truth.Rows, truth.Unblended)
				}
				if diff := cmp.Diff(costsOf(truth.ByAccount), costs(s.ByAccount)); diff != "" {
					t.Error(diff)
				}
				if diff := cmp.Diff(map[string]string{"2026-03": truth.Unblended.String()}, costs(s.ByPeriod)); diff != "" {
					t.Error(diff)
				}
				if strings.HasPrefix(string(d.Format), "focus") {
					continue
				}
				if diff := cmp.Diff(costsOf(truth.ByType), costs(s.ByLineItemType)) + cmp.Diff(costsOf(truth.ByService), costs(s.ByService)); diff != "" {
					t.Error(diff)
				}
			}
			checkParts(t, res)
		})
	}
}

// A bill is the same line by line whether it comes as csv or as Parquet.
func TestParquetEqualsCSV(t *testing.T) {
	bill := generatedBill(2500)
	for _, format := range []bursar.Format{bursar.FormatCUR2, bursar.FormatFOCUS12, bursar.FormatFOCUS10} {
		var results []*Result
		for _, file := range []bursar.FileFormat{bursar.FileCSV, bursar.FileParquet} {
			res, err := Run(t.Context(), Request{Files: delivered(t, bill, report.Definition{Format: format, File: file}), Dir: t.TempDir()})
			if err != nil {
				t.Fatal(err)
			}
			results = append(results, res)
		}
		if d := cmp.Diff(typesOf(results[0]), typesOf(results[1])); d != "" {
			t.Errorf("%s: %s", format, d)
		}
		for _, c := range results[0].Columns {
			count := "SELECT " + quoted(c.Name) + ", count(*) FROM "
			a, b := count+relation(results[0])+" GROUP BY 1", count+relation(results[1])+" GROUP BY 1"
			if got := duckText(t, "SELECT string_agg(x::VARCHAR, ' ') FROM (("+a+" EXCEPT "+b+") UNION ALL ("+b+" EXCEPT "+a+") LIMIT 5) x"); got != "∅" {
				t.Errorf("%s, column %s: %s", format, c.Name, got)
			}
		}
	}
}

func typesOf(r *Result) map[string]string {
	out := map[string]string{}
	for _, c := range r.Columns {
		out[c.Name] = string(c.Type)
	}
	return maps.Clone(out)
}

func quoted(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }
