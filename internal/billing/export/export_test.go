package export_test

import (
	"encoding/csv"
	"os"
	"strings"
	"testing"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/billing/export"
	"github.com/bursarhq/bursar/internal/shareddata"
)

func TestParseKeysThatWereSeen(t *testing.T) {
	f, err := os.Open(shareddata.Path(t, "s3-keys-seen.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.Comma, r.LazyQuotes, r.FieldsPerRecord = '\t', true, -1
	rows, err := r.ReadAll()
	if err != nil || len(rows) < 10 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	for _, row := range rows[1:] {
		k, ok := export.ParseKey(row[0])
		if !ok || k.Prefix != row[2] || k.Name != row[3] || k.Period.String() != row[4] || k.Version != row[5] {
			t.Errorf("%s\n got %+v, %v\nwant prefix %q name %q period %q version %q", row[0], k, ok, row[2], row[3], row[4], row[5])
		}
	}
}

func TestParseKey(t *testing.T) {
	for key, want := range map[string]export.Key{
		"a/b/cur/data/BILLING_PERIOD=2026-03/cur-00001.csv.gz":          {Layout: export.LayoutDataExports, Prefix: "a/b", Name: "cur", Period: bursar.NewPeriod(2026, 3), File: "cur-00001.csv.gz"},
		"cur/metadata/billing_period=2026-03/cur-Manifest.json":         {Layout: export.LayoutDataExports, Name: "cur", Period: bursar.NewPeriod(2026, 3), File: "cur-Manifest.json"},
		"data/20260101-20260201/data/data/BILLING_PERIOD=2026-03/x.csv": {Layout: export.LayoutDataExports, Prefix: "data/20260101-20260201", Name: "data", Period: bursar.NewPeriod(2026, 3), File: "x.csv"},
		"p/r/20160101-20160131/r-Manifest.json":                         {Layout: export.LayoutLegacy, Prefix: "p", Name: "r", Period: bursar.NewPeriod(2016, 1), File: "r-Manifest.json"},
		"p/r/r/year=2026/month=07/r-00001.snappy.parquet":               {Layout: export.LayoutAthena, Prefix: "p", Name: "r", Period: bursar.NewPeriod(2026, 7), File: "r-00001.snappy.parquet"},
	} {
		got, ok := export.ParseKey(key)
		if !ok || got != want {
			t.Errorf("%s:\n got %+v, %v\nwant %+v", key, got, ok, want)
		}
	}
	for _, key := range []string{
		"aws-programmatic-access-test-object", "", "/", "a/", "p/r/r/cost_and_usage_data_status/cost_and_usage_data_status.parquet",
		"p/r/20261301-20270101/x.csv", "p/r/data/BILLING_PERIOD=2026-13/x.csv", "p/r/data/BILLING_PERIOD=2026-03/a/b/x.csv", "p/r/year=2026/month=13/x", "r/year=0/month=1/x",
	} {
		if k, ok := export.ParseKey(key); ok {
			t.Errorf("%q is no export's, and reads as %+v", key, k)
		}
	}
}

func TestForPeriod(t *testing.T) {
	p := bursar.NewPeriod(2027, 1)
	for key, want := range map[string]string{
		"/r/20261201-20270101/r-Manifest.json":                 "/r/20270101-20270201/r-Manifest.json",
		"p/r/r/year=2026/month=12/r-Manifest.json":             "p/r/r/year=2027/month=1/r-Manifest.json",
		"c//e/metadata/BILLING_PERIOD=2026-12/e-Manifest.json": "c//e/metadata/BILLING_PERIOD=2027-01/e-Manifest.json",
	} {
		if got, ok := export.ForPeriod(key, p); !ok || got != want {
			t.Errorf("%s in %s: got %s, %v, want %s", key, p, got, ok, want)
		}
	}
	if _, ok := export.ForPeriod("nothing", p); ok {
		t.Error("a key without a period has no other")
	}
}

func FuzzParseKey(f *testing.F) {
	for _, s := range []string{"p/r/20260101-20260201/a/r-1.csv.gz", "/r/data/BILLING_PERIOD=2026-01/x", "r/r/year=2026/month=1/x", "//", "data/BILLING_PERIOD=2026-01/x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		k, ok := export.ParseKey(s)
		if !ok {
			return
		}
		if k.Period.IsZero() || k.File == "" || !strings.HasSuffix(s, k.File) {
			t.Fatalf("%q reads as %+v", s, k)
		}
		if next, ok := export.ForPeriod(s, k.Period.Add(1)); ok {
			if n, ok := export.ParseKey(next); !ok || n.Period != k.Period.Add(1) {
				t.Fatalf("%q in the next month is %q", s, next)
			}
		}
	})
}

func TestRealManifests(t *testing.T) {
	for _, tc := range []struct {
		path            []string
		period, version string
		files, columns  int
	}{
		{[]string{"ola-raji-cur2", "ha-project-CUR-daily-1-Manifest.json"}, "", "04e9e487-79a7-42b1-a680-1de7c660dc8f", 1, 127},
		{[]string{"ice-manifests", "manifestTest.json"}, "2017-08", "abcdefgh-e98d-48d6-86b4-29967358fe6c", 2, 0},
		{[]string{"ice-manifests", "manifest-2018-01.json"}, "2018-01", "abcdefgh-a820-4572-8c9e-df096ab9b3c4", 0, 0},
		{[]string{"ice-manifests", "ResourceTest-Manifest.json"}, "2017-08", "abcdefgh-5193-1234-abcd-ed4a1d37f7f5", 0, 0},
		{[]string{"ice-manifests", "LineItemTest-Manifest.json"}, "2017-08", "9797f397-5193-4295-8ddf-ed4a1d37fe95", 0, 0},
		{[]string{"keboola", "cur_1_0", "cur1_manifest.json"}, "2024-01", "123e4567-e89b-12d3-a456-426614174000", 1, 0},
	} {
		data, err := os.ReadFile(shareddata.Path(t, tc.path...))
		if err != nil {
			t.Fatal(err)
		}
		m, err := export.ParseManifest(data, "")
		if err != nil || m.Period.String() != tc.period || m.Version != tc.version || len(m.Files) != tc.files || tc.columns > 0 && len(m.Columns) != tc.columns {
			t.Errorf("%v: period %s version %s files %v columns %d, %v", tc.path, m.Period, m.Version, m.Files, len(m.Columns), err)
		}
	}
}

func TestParseManifestRefuses(t *testing.T) {
	for name, tc := range map[string]struct{ json, want string }{
		"another bucket":     {`{"executionId":"e","dataFiles":["s3://other/x.csv.gz"]}`, "outside its own bucket"},
		"names another home": {`{"assemblyId":"a","bucket":"other","reportKeys":["x"]}`, "lies in"},
		"no list":            {`{"executionId":"e","columns":[]}`, "no list of files"},
		"twice":              {`{"executionId":"e","dataFiles":["s3://b/x","s3://b/x"]}`, "twice"},
		"not JSON":           {`{"executionId":`, "not the JSON"},
		"an array":           {`[]`, "not the JSON"},
		"a web address":      {`{"reportKeys":["https://evil/x"]}`, "no key"},
		"no object":          {`{"dataFiles":["s3://b"]}`, "no object"},
		"period":             {`{"reportKeys":["x"],"billingPeriod":{"start":"soon"}}`, "no time"},
		"a million files":    {`{"reportKeys":[` + strings.Repeat(`"x",`, 1_000_000) + `"x"]}`, "files, more than"},
	} {
		_, err := export.ParseManifest([]byte(tc.json), "b")
		if bursar.CodeOf(err) != bursar.Invalid || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got %v, want it to say %q", name, err, tc.want)
		}
	}
}

func FuzzParseManifest(f *testing.F) {
	f.Add([]byte(`{"assemblyId":"a","bucket":"b","reportKeys":["k"],"billingPeriod":{"start":"20180101T000000.000Z"},"columns":[{"category":"c","name":"n"}]}`))
	f.Add([]byte(`{"executionId":"e","exportArn":"x","dataFiles":["s3://b/k%3A"],"columns":[{"name":"n","type":"string"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := export.ParseManifest(data, "b")
		if err != nil {
			if bursar.CodeOf(err) != bursar.Invalid {
				t.Fatalf("a refusal has the code %s: %v", bursar.CodeOf(err), err)
			}
			return
		}
		for _, k := range m.Files {
			if k == "" {
				t.Fatal("an empty key")
			}
		}
	})
}
