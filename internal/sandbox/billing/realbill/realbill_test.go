package realbill_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/sandbox/billgen"
	"github.com/bursarhq/bursar/internal/sandbox/billgen/report"
	"github.com/bursarhq/bursar/internal/sandbox/billing/realbill"
	"github.com/bursarhq/bursar/internal/shareddata"
)

func TestRealFiles(t *testing.T) {
	for _, tt := range []struct {
		path   []string
		format bursar.Format
		month  bursar.Period
		served string
	}{
		{[]string{"wa-labs", "Oct2018-WorkshopCUR-00001.snappy.parquet"}, bursar.FormatLegacy, bursar.NewPeriod(2018, 10), "parquet"},
		{[]string{"koku", "test_cur.csv.gz"}, bursar.FormatLegacy, bursar.NewPeriod(2018, 6), "csv"},
		{[]string{"koku", "test_cur.csv"}, bursar.FormatLegacy, bursar.NewPeriod(2018, 6), "csv"},
		{[]string{"focus-sample", "focus_sample.csv"}, bursar.FormatFOCUS10, bursar.NewPeriod(2024, 9), "csv"},
		{[]string{"wa-labs", "BeforeCUR.gz"}, "", bursar.Period{}, ""},
		{[]string{"wa-labs", "30_day_EC2_RI_Rec.csv"}, "", bursar.Period{}, ""},
	} {
		got, err := realbill.Find(shareddata.Path(t, tt.path...))
		if tt.format == "" {
			if err == nil {
				t.Errorf("%v is taken for a bill: %+v", tt.path, got)
			}
			continue
		}
		if err != nil || len(got) != 1 || got[0].Format != tt.format || got[0].Period != tt.month || got[0].Served() != tt.served {
			t.Errorf("%v: %+v %v", tt.path, got, err)
		}
	}
}

// seeds are small bills in each packing.
func seeds(t testing.TB) [][]byte {
	t.Helper()
	month := bursar.NewPeriod(2026, 2)
	b := billgen.New(billgen.Spec{Payer: billgen.Account{ID: "777788889999"}, Lines: 1_000}, month, billgen.Closed(month))
	var out [][]byte
	for _, def := range []report.Definition{
		{Name: "a", Format: bursar.FormatLegacy, File: bursar.FileCSV, Zip: true, Versioning: bursar.Overwrite},
		{Name: "a", Format: bursar.FormatCUR2, File: bursar.FileCSV, Versioning: bursar.Overwrite},
		{Name: "a", Format: bursar.FormatFOCUS12, File: bursar.FileParquet, Versioning: bursar.Overwrite},
	} {
		dir := t.TempDir()
		d, err := report.Write(t.Context(), report.Folder(dir), def, b, report.Options{})
		if err != nil {
			t.Fatal(err)
		}
		body, err := os.ReadFile(filepath.Join(dir, d.DataKeys[0]))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, body)
	}
	return append(out, []byte("\xef\xbb\xbfbill/BillingPeriodStartDate\n2026-02-01T00:00:00Z\n"), []byte("PK\x03\x04"), []byte("PAR1PAR1"), []byte("\x1f\x8b\x08\x00"))
}

// TestBrokenFilesAreNoBills cuts files off and spoils them: whatever they are then, nothing panics.
func TestBrokenFilesAreNoBills(t *testing.T) {
	name := filepath.Join(t.TempDir(), "bill")
	try := func(body []byte) {
		if err := os.WriteFile(name, body, 0o600); err != nil {
			t.Fatal(err)
		}
		_, _ = realbill.Find(name)
	}
	for _, body := range seeds(t) {
		for i := range 40 {
			try(body[:len(body)*i/40])
			spoilt := bytes.Clone(body)
			spoilt[(len(spoilt)-1)*i/40] ^= 0xff
			try(spoilt)
		}
		for i := range min(len(body), 200) { // a Parquet file's schema is at its end
			spoilt := bytes.Clone(body)
			spoilt[len(spoilt)-1-i] ^= 0x55
			try(spoilt)
		}
	}
}

func FuzzFind(f *testing.F) {
	for _, s := range seeds(f) {
		f.Add(s)
	}
	name := filepath.Join(f.TempDir(), "bill")
	f.Fuzz(func(t *testing.T, body []byte) {
		if err := os.WriteFile(name, body, 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := realbill.Find(name)
		if err == nil && (len(got) != 1 || got[0].Period.IsZero() || got[0].Format == "") {
			t.Errorf("%+v", got)
		}
	})
}
