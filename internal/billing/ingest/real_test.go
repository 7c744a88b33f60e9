package ingest

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bursarhq/bursar"
)

// shared returns a file of the sample data, or skips the test where the folder is absent.
func shared(t testing.TB, elem ...string) string {
	t.Helper()
	root, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(root, "go.mod")); err == nil {
			break
		}
		root = filepath.Dir(root)
	}
	dir := filepath.Join(root, "..", "shared", "data")
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		t.Skipf("sample data absent: %s not found; the test needs the shared data folder beside the checkout", dir)
	}
	p := filepath.Join(append([]string{dir}, elem...)...)
	if _, err := os.Stat(p); err != nil {
		t.Fatalf("sample data incomplete: %v", err)
	}
	return p
}

// onDisk is a file as the CLI gives it.
func onDisk(t testing.TB, path string) File {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return File{Name: filepath.Base(path), Size: info.Size(), Open: func(context.Context) (io.ReadCloser, error) { return os.Open(path) }}
}

// truth is what a truth file says about a bill.
type truth struct {
	Rows          int64             `json:"rows"`
	Columns       int               `json:"columns"`
	Total         bursar.Decimal    `json:"total_unblended"`
	ByMonth       map[string]string `json:"by_billing_month"`
	ByService     map[string]string `json:"by_service"`
	ByType        map[string]string `json:"by_line_item_type"`
	RowsByType    map[string]int64  `json:"rows_by_line_item_type"`
	ByAccount     map[string]string `json:"by_usage_account"`
	ByCurrency    map[string]string `json:"by_currency"`
	EmptyCostRows int64             `json:"empty_cost_rows"`
}

func truthOf(t testing.TB, name string) truth {
	t.Helper()
	raw, err := os.ReadFile(shared(t, "truth", strings.ReplaceAll(name, "/", "__")+".truth.json"))
	if err != nil {
		t.Fatal(err)
	}
	var out truth
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatal(err)
	}
	if out.Rows == 0 { // archives: one truth for each member
		var members map[string]json.RawMessage
		if err := json.Unmarshal(raw, &members); err != nil {
			t.Fatal(err)
		}
		for _, k := range slices.Sorted(maps.Keys(members)) {
			if strings.Contains(k, ".csv") {
				if err := json.Unmarshal(members[k], &out); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	return out
}

func costs(groups []Group) map[string]string {
	out := map[string]string{}
	for _, g := range groups {
		out[g.Key] = g.Cost.String()
	}
	return out
}

func (want truth) check(t *testing.T, got Summary) {
	t.Helper()
	total := bursar.Decimal{}
	currencies := map[string]string{}
	for c, v := range got.Totals {
		total = total.Add(v)
		currencies[c] = v.String()
	}
	rows := map[string]int64{}
	for _, g := range got.ByLineItemType {
		rows[g.Key] += g.Rows
	}
	if got.Rows != want.Rows || got.EmptyCosts != want.EmptyCostRows || !total.Equal(want.Total) {
		t.Errorf("rows %d, empty costs %d, total %s; want %d, %d, %s", got.Rows, got.EmptyCosts, total, want.Rows, want.EmptyCostRows, want.Total)
	}
	for name, d := range map[string]string{
		"month": cmp.Diff(want.ByMonth, costs(got.ByPeriod)), "service": cmp.Diff(want.ByService, costs(got.ByService)),
		"type": cmp.Diff(want.ByType, costs(got.ByLineItemType)), "account": cmp.Diff(want.ByAccount, costs(got.ByAccount)),
		"currency": cmp.Diff(want.ByCurrency, currencies), "rows by type": cmp.Diff(want.RowsByType, rows),
	} {
		if d != "" {
			t.Errorf("by %s: %s", name, d)
		}
	}
}

// member takes one file out of a tar.gz.
func member(t *testing.T, path, suffix string) File {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	zr, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	for r := tar.NewReader(zr); ; {
		h, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(h.Name, suffix) {
			data, err := io.ReadAll(r)
			if err != nil {
				t.Fatal(err)
			}
			return inMemory(h.Name, data)
		}
	}
}

// inMemory is a file as S3 gives it: nothing that could be read at random.
func inMemory(name string, data []byte) File {
	return File{Name: name, Size: int64(len(data)), Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }}
}

func TestRealBills(t *testing.T) {
	for _, c := range []struct {
		path    string
		format  bursar.Format
		packing string
	}{
		{"koku/2022-07-01-alt-columns.csv", bursar.FormatLegacy, "plain"},
		{"keboola/cur_1_0/MockTestReport-00001.csv.zip", bursar.FormatLegacy, "zip"},
		{"keboola/cur_1_0/sample_billing_data.csv", bursar.FormatLegacy, "plain"},
		{"fivetran/aws_cost_report.csv", bursar.FormatCUR2, "plain"},
		{"wa-labs/Oct2018-WorkshopCUR-00001.snappy.parquet", bursar.FormatLegacy, ""},
		{"wa-labs/Nov2018-WorkshopCUR-00001.snappy.parquet", bursar.FormatLegacy, ""},
	} {
		t.Run(c.path, func(t *testing.T) {
			f, want := onDisk(t, shared(t, strings.Split(c.path, "/")...)), truthOf(t, c.path)
			rep, err := Inspect(t.Context(), Request{Files: []File{f}, Dir: t.TempDir()})
			if err != nil {
				t.Fatal(err)
			}
			got := rep.Files[0]
			if got.Format != c.format || got.Packing != c.packing || got.Columns != want.Columns {
				t.Errorf("it is %s %s with %d columns", got.Format, got.Packing, got.Columns)
			}
			want.check(t, got.Summary)
			want.check(t, rep.Total)
			res, err := Run(t.Context(), Request{Files: []File{f}, Dir: t.TempDir()})
			if err != nil {
				t.Fatal(err)
			}
			want.check(t, res.Summary)
			checkParts(t, res)
		})
	}
}

func TestRealBillOfThreeMonths(t *testing.T) {
	f := member(t, shared(t, "koku", "test_local_bucket.tar.gz"), ".csv.gz")
	want := truthOf(t, "koku/test_local_bucket.tar.gz")
	res, err := Run(t.Context(), Request{Files: []File{f}, Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	want.check(t, res.Summary)
	checkParts(t, res)
	one, err := Run(t.Context(), Request{Files: []File{f}, Dir: t.TempDir(), Period: bursar.NewPeriod(2018, 8)})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(map[string]string{"2018-08": want.ByMonth["2018-08"]}, costs(one.ByPeriod)); d != "" {
		t.Error(d)
	}
	if got := costs(one.Other); len(got) != 2 || got["2018-06"] != want.ByMonth["2018-06"] || got["2018-07"] != want.ByMonth["2018-07"] {
		t.Errorf("left out: %v", got)
	}
	if !slices.ContainsFunc(one.Warnings, func(w Warning) bool { return w.Code == "other_period" }) {
		t.Errorf("no warning about other months: %v", one.Warnings)
	}
	checkParts(t, one)
}

func TestRealFOCUS(t *testing.T) {
	f := onDisk(t, shared(t, "focus-sample", "focus_sample.csv"))
	raw, err := os.ReadFile(shared(t, "truth", "focus-sample__focus_sample.csv.truth.json"))
	if err != nil {
		t.Fatal(err)
	}
	var want struct {
		Sums      map[string]map[string]bursar.Decimal `json:"sums_by_provider"`
		ByService map[string]bursar.Decimal            `json:"billed_by_service"` // "AWS / AWS CloudTrail"
		ByMonth   map[string]bursar.Decimal            `json:"billed_by_billing_month"`
	}
	if err := json.Unmarshal(raw, &want); err != nil {
		t.Fatal(err)
	}
	res, err := Run(t.Context(), Request{Files: []File{f}, Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	sum, total := bursar.Decimal{}, bursar.Decimal{}
	for _, p := range want.Sums {
		sum = sum.Add(p["BilledCost"])
	}
	for _, v := range res.Totals {
		total = total.Add(v)
	}
	if res.Format != bursar.FormatFOCUS10 || res.Rows != 1000 || !total.Equal(sum) {
		t.Errorf("%s, %d rows, %s, want %s", res.Format, res.Rows, total, sum)
	}
	checkParts(t, res)
	if d := cmp.Diff(overProviders(want.ByService), costs(res.ByService)) + cmp.Diff(overProviders(want.ByMonth), costs(res.ByPeriod)); d != "" {
		t.Error(d)
	}
	list := duckText(t, "SELECT CAST(sum(ListCost) AS VARCHAR) FROM "+relation(res)+" WHERE ProviderName = 'AWS'")
	if got, _ := bursar.ParseDecimal(list); !got.Equal(want.Sums["AWS"]["ListCost"]) {
		t.Errorf("list cost %s, want %s", list, want.Sums["AWS"]["ListCost"])
	}
}

// overProviders adds up what a truth keeps by provider.
func overProviders(by map[string]bursar.Decimal) map[string]string {
	sums := map[string]bursar.Decimal{}
	for k, v := range by {
		_, name, _ := strings.Cut(k, " / ")
		sums[name] = sums[name].Add(v)
	}
	out := map[string]string{}
	for k, v := range sums {
		out[k] = v.String()
	}
	return out
}

func TestRealWrongFiles(t *testing.T) {
	for path, want := range map[string]string{
		"wa-labs/BeforeCUR.gz":                               "Ctrl-A",
		"wa-labs/30_day_EC2_RI_Rec.csv":                      "Reserved Instance recommendations",
		"focus-validator/all_pass_0.5.csv":                   "FOCUS 0.5",
		"focus-validator/sample.parquet":                     "FOCUS 0.5",
		"sbroenne/sample-cur20.csv":                          "line_item_line_item_type",
		"sbroenne/sample-legacy-csv.csv":                     "line_item_line_item_type",
		"koku/test_cur.csv":                                  "line 2",
		"koku/test_cur.csv.gz":                               "line 2",
		"koku/test_local_bucket.tar.gz":                      "tar archive",
		"ola-raji-cur2/ha-project-CUR-daily-1-Manifest.json": "manifest",
	} {
		dir := t.TempDir()
		_, err := Run(t.Context(), Request{Files: []File{onDisk(t, shared(t, strings.Split(path, "/")...))}, Dir: dir})
		if bursar.CodeOf(err) != bursar.Invalid || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), filepath.Base(path)) {
			t.Errorf("%s: %v", path, err)
		}
		if left, _ := os.ReadDir(dir); len(left) > 0 {
			t.Errorf("%s leaves %v behind", path, left)
		}
	}
}
