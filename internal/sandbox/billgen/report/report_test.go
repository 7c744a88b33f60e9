package report_test

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/parquet-go/parquet-go"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/sandbox/billgen"
	"github.com/bursarhq/bursar/internal/sandbox/billgen/report"
)

// memory is a sink that keeps objects, and the order in which they were finished.
type memory struct {
	mu      sync.Mutex
	objects map[string][]byte
	order   []string
}

type object struct {
	bytes.Buffer
	key string
	m   *memory
}

func (m *memory) Create(key string) (io.WriteCloser, error) { return &object{key: key, m: m}, nil }

func (o *object) Close() error {
	o.m.mu.Lock()
	defer o.m.mu.Unlock()
	if o.m.objects == nil {
		o.m.objects = map[string][]byte{}
	}
	o.m.objects[o.key] = o.Bytes()
	o.m.order = append(o.m.order, o.key)
	return nil
}

var (
	period = bursar.NewPeriod(2026, 2)
	at     = time.Date(2026, 3, 2, 15, 24, 15, 653e6, time.UTC)
)

func bill(lines int) *billgen.Bill {
	return billgen.New(billgen.Spec{
		Seed: 11, Payer: billgen.Account{ID: "123456789012", Name: "Payer"}, Lines: lines, EDP: 5, Since: bursar.NewPeriod(2026, 1),
		Linked: []billgen.Account{{ID: "012345678901", Name: "Zero, leading"}, {ID: "210987654321", Name: "Prod"}},
	}, period, billgen.Closed(period))
}

func definition(f bursar.Format, file bursar.FileFormat) report.Definition {
	return report.Definition{
		Name: "daily", ARN: "arn:aws:bcm-data-exports:us-east-1:123456789012:export/daily-1", AccountID: "123456789012",
		Bucket: "bills", Prefix: "cur", Format: f, File: file, Versioning: bursar.CreateNew, Files: 3,
	}
}

func deliver(t testing.TB, def report.Definition, b *billgen.Bill, trouble report.Trouble) (report.Delivery, *memory) {
	t.Helper()
	m := &memory{}
	d, err := report.Write(t.Context(), m, def, b, report.Options{At: at, Trouble: trouble})
	if err != nil {
		t.Fatal(err)
	}
	return d, m
}

// sums is an independent re-sum of delivered files: text parsed by a csv reader and by ParseDecimal.
type sums struct {
	rows   int64
	cost   bursar.Decimal
	byType map[string]bursar.Decimal
}

func (s *sums) add(t testing.TB, cost, typ string) {
	t.Helper()
	d, err := bursar.ParseDecimal(cost)
	if err != nil {
		t.Fatal(err)
	}
	s.rows++
	s.cost = s.cost.Add(d)
	if s.byType == nil {
		s.byType = map[string]bursar.Decimal{}
	}
	s.byType[typ] = s.byType[typ].Add(d)
}

func unpack(t testing.TB, key string, body []byte) io.Reader {
	t.Helper()
	if strings.HasSuffix(key, ".zip") {
		z, err := zip.NewReader(bytes.NewReader(body), int64(len(body)))
		if err != nil || len(z.File) != 1 {
			t.Fatal(err, len(z.File))
		}
		f, err := z.File[0].Open()
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	g, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func sumCSV(t testing.TB, s *sums, r io.Reader, costColumn, typeColumn string) []string {
	t.Helper()
	c := csv.NewReader(r)
	header, err := c.Read()
	if err != nil {
		t.Fatal(err)
	}
	cost, typ := slices.Index(header, costColumn), slices.Index(header, typeColumn)
	c.ReuseRecord = true
	for {
		row, err := c.Read()
		if errors.Is(err, io.EOF) {
			return slices.Clone(header)
		}
		if err != nil {
			t.Fatal(err)
		}
		s.add(t, row[cost], row[typ])
	}
}

func TestCSVAddsUpToTheTruth(t *testing.T) {
	b := bill(30_000)
	for _, c := range []struct {
		name      string
		format    bursar.Format
		zip       bool
		cost, typ string
		columns   int
	}{
		{"cur2", bursar.FormatCUR2, false, "line_item_unblended_cost", "line_item_line_item_type", 126},
		{"legacy gz", bursar.FormatLegacy, false, "lineItem/UnblendedCost", "lineItem/LineItemType", 0},
		{"legacy zip", bursar.FormatLegacy, true, "lineItem/UnblendedCost", "lineItem/LineItemType", 0},
		{"focus 1.2", bursar.FormatFOCUS12, false, "BilledCost", "ChargeCategory", 60},
		{"focus 1.0", bursar.FormatFOCUS10, false, "BilledCost", "ChargeCategory", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			def := definition(c.format, bursar.FileCSV)
			def.Zip = c.zip
			d, m := deliver(t, def, b, report.NoTrouble)
			var s sums
			for _, key := range d.DataKeys {
				header := sumCSV(t, &s, unpack(t, key, m.objects[key]), c.cost, c.typ)
				if c.columns > 0 && len(header) != c.columns {
					t.Errorf("%d columns", len(header))
				}
				if !slices.Equal(header, report.Columns(c.format)) {
					t.Errorf("header differs from Columns: %v", header)
				}
			}
			compare(t, s, d.Truth, c.typ != "ChargeCategory")
		})
	}
}

func compare(t *testing.T, s sums, truth *billgen.Truth, types bool) {
	t.Helper()
	if s.rows != truth.Rows || !s.cost.Equal(truth.Unblended) {
		t.Errorf("read %d rows and %s, truth %d and %s", s.rows, s.cost, truth.Rows, truth.Unblended)
	}
	if !types {
		return
	}
	for typ, want := range truth.ByType {
		if !s.byType[typ].Equal(want.Unblended) {
			t.Errorf("%s: read %s, truth %s", typ, s.byType[typ], want.Unblended)
		}
	}
	if len(s.byType) != len(truth.ByType) {
		t.Errorf("types read: %v", s.byType)
	}
}

func TestParquetAddsUpToTheTruth(t *testing.T) {
	b := bill(20_000)
	for _, c := range []struct {
		format    bursar.Format
		cost, typ string
	}{
		{bursar.FormatCUR2, "line_item_unblended_cost", "line_item_line_item_type"},
		{bursar.FormatLegacy, "line_item_unblended_cost", "line_item_line_item_type"},
		{bursar.FormatFOCUS12, "BilledCost", "ChargeCategory"},
	} {
		t.Run(string(c.format), func(t *testing.T) {
			d, m := deliver(t, definition(c.format, bursar.FileParquet), b, report.NoTrouble)
			var s sums
			for _, key := range d.DataKeys {
				sumParquet(t, &s, m.objects[key], c.cost, c.typ)
			}
			compare(t, s, d.Truth, c.typ != "ChargeCategory")
		})
	}
}

func sumParquet(t *testing.T, s *sums, body []byte, costColumn, typeColumn string) {
	t.Helper()
	f, err := parquet.OpenFile(bytes.NewReader(body), int64(len(body)))
	if err != nil {
		t.Fatal(err)
	}
	costs, types := values(t, f, costColumn), values(t, f, typeColumn)
	if len(costs) != len(types) || int64(len(costs)) != f.NumRows() {
		t.Fatalf("%d costs, %d types, %d rows", len(costs), len(types), f.NumRows())
	}
	for i, v := range costs {
		s.add(t, strconv.FormatFloat(v.Double(), 'g', -1, 64), types[i].String())
	}
}

func values(t *testing.T, f *parquet.File, path ...string) []parquet.Value {
	t.Helper()
	leaf, ok := f.Schema().Lookup(path...)
	if !ok {
		t.Fatalf("no column %v", path)
	}
	var out []parquet.Value
	for _, g := range f.RowGroups() {
		pages := g.ColumnChunks()[leaf.ColumnIndex].Pages()
		for {
			page, err := pages.ReadPage()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			chunk := make([]parquet.Value, page.NumValues())
			if _, err := page.Values().ReadValues(chunk); err != nil && !errors.Is(err, io.EOF) {
				t.Fatal(err)
			}
			for _, v := range chunk {
				out = append(out, v.Clone())
			}
		}
		if err := pages.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// TestParquetMaps reads the tags back row by row and compares them with the line items.
func TestParquetMaps(t *testing.T) {
	b := bill(5_000)
	def := definition(bursar.FormatCUR2, bursar.FileParquet)
	def.Files = 1
	def.Columns = []string{"tags", "line_item_unblended_cost", "discount", "bill_payer_account_id"}
	d, m := deliver(t, def, b, report.NoTrouble)
	body := m.objects[d.DataKeys[0]]
	f, err := parquet.OpenFile(bytes.NewReader(body), int64(len(body)))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, field := range f.Schema().Fields() {
		names = append(names, field.Name())
	}
	if !slices.Equal(names, def.Columns) {
		t.Errorf("columns %v, want the query's order", names)
	}
	keys, vals := values(t, f, "tags", "key_value", "key"), values(t, f, "tags", "key_value", "value")
	i := 0
	for l := range b.Lines() {
		if len(l.Tags) == 0 {
			if !keys[i].IsNull() {
				t.Fatalf("value %d: %v, want none", i, keys[i])
			}
			i++
			continue
		}
		for _, tag := range l.Tags {
			if keys[i].String() != "resourceTags/"+tag.Key || vals[i].String() != tag.Value {
				t.Fatalf("value %d: %v=%v, want %v", i, keys[i], vals[i], tag)
			}
			i++
		}
	}
	if i != len(keys) {
		t.Errorf("%d values read of %d", i, len(keys))
	}
}

func TestCSVOddities(t *testing.T) {
	d, m := deliver(t, definition(bursar.FormatCUR2, bursar.FileCSV), bill(60_000), report.NoTrouble)
	var all strings.Builder
	for _, key := range d.DataKeys {
		if _, err := io.Copy(&all, unpack(t, key, m.objects[key])); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{
		"-7.0E-10", "012345678901", `"Zero, leading"`, "Enterprise\"\"\nmonthly", `resourceTags/user:Kostenträger`, "Größe 日本, Süd",
		`Müller, \""Jörg\""`, `""user_cost_center""`, "2026-02-01T00:00:00.000Z", "SavingsPlanNegation", `""edp_discount"":-`,
	} {
		if !strings.Contains(all.String(), want) {
			t.Errorf("no %s in the csv", want)
		}
	}
}

func TestKeysAndManifests(t *testing.T) {
	version := "2026-03-02T15:24:15.653Z-"
	for _, c := range []struct {
		format     bursar.Format
		file       bursar.FileFormat
		versioning bursar.Versioning
		athena     bool
		prefix     string
		data       string // with VERSION for what is opaque
		manifest   string
	}{
		{bursar.FormatCUR2, bursar.FileCSV, bursar.CreateNew, false, "cur", "cur/daily/data/BILLING_PERIOD=2026-02/" + version + "VERSION/daily-00001.csv.gz", "cur/daily/metadata/BILLING_PERIOD=2026-02/daily-Manifest.json"},
		{bursar.FormatCUR2, bursar.FileParquet, bursar.Overwrite, false, "cost/", "cost//daily/data/BILLING_PERIOD=2026-02/daily-00001.snappy.parquet", "cost//daily/metadata/BILLING_PERIOD=2026-02/daily-Manifest.json"},
		{bursar.FormatFOCUS12, bursar.FileCSV, bursar.Overwrite, false, "", "/daily/data/BILLING_PERIOD=2026-02/daily-00001.csv.gz", "/daily/metadata/BILLING_PERIOD=2026-02/daily-Manifest.json"},
		{bursar.FormatLegacy, bursar.FileCSV, bursar.CreateNew, false, "", "/daily/20260201-20260301/VERSION/daily-00001.csv.gz", "/daily/20260201-20260301/daily-Manifest.json"},
		{bursar.FormatLegacy, bursar.FileCSV, bursar.Overwrite, false, "a/b", "a/b/daily/20260201-20260301/daily-00001.csv.gz", "a/b/daily/20260201-20260301/daily-Manifest.json"},
		{bursar.FormatLegacy, bursar.FileParquet, bursar.Overwrite, true, "cur", "cur/daily/daily/year=2026/month=2/daily-00001.snappy.parquet", "cur/daily/daily/year=2026/month=2/daily-Manifest.json"},
	} {
		t.Run(c.data, func(t *testing.T) {
			def := definition(c.format, c.file)
			def.Versioning, def.Athena, def.Prefix, def.Files = c.versioning, c.athena, c.prefix, 1
			d, m := deliver(t, def, bill(2_000), report.NoTrouble)
			if got := strings.Replace(d.DataKeys[0], d.Version, "VERSION", 1); got != c.data {
				t.Errorf("data key %s, want %s", got, c.data)
			}
			if d.ManifestKey != c.manifest || m.order[len(m.order)-1] != c.manifest {
				t.Errorf("manifest %s, written last: %s; want %s", d.ManifestKey, m.order[len(m.order)-1], c.manifest)
			}
			checkManifest(t, def, d, m.objects[d.ManifestKey])
		})
	}
}

func checkManifest(t *testing.T, def report.Definition, d report.Delivery, body []byte) {
	t.Helper()
	var v struct {
		AssemblyID, ExecutionID, ExportArn, Account, Compression, ReportName string
		Columns                                                              []map[string]string
		DataFiles, ReportKeys                                                []string
		BillingPeriod                                                        map[string]string
	}
	if err := json.Unmarshal(body, &v); err != nil {
		t.Fatal(err)
	}
	if len(v.Columns) != len(report.Columns(def.Format)) {
		t.Errorf("%d columns", len(v.Columns))
	}
	var fields map[string]any
	if err := json.Unmarshal(body, &fields); err != nil {
		t.Fatal(err)
	}
	if def.Format != bursar.FormatLegacy {
		if v.ExecutionID != d.Version || v.ExportArn != def.ARN || !slices.Equal(v.DataFiles, []string{"s3://bills/" + d.DataKeys[0]}) || len(fields) != 4 {
			t.Errorf("manifest %.300s", body)
		}
		return
	}
	if v.AssemblyID != d.Version || v.ReportName != def.Name || !slices.Equal(v.ReportKeys, d.DataKeys) || v.BillingPeriod["start"] != "20260201T000000.000Z" || len(fields) != 12 {
		t.Errorf("manifest %.300s", body)
	}
}

func TestTroubles(t *testing.T) {
	def := definition(bursar.FormatCUR2, bursar.FileCSV)
	b := bill(5_000)
	d, m := deliver(t, def, b, report.NoManifest)
	if m.objects[d.ManifestKey] != nil || len(m.objects) != 3 {
		t.Errorf("no manifest: %v", m.order)
	}
	d, m = deliver(t, def, b, report.MissingFile)
	if m.objects[d.ManifestKey] == nil || m.objects[d.DataKeys[2]] != nil {
		t.Errorf("missing file: %v", m.order)
	}
	d, m = deliver(t, def, b, report.Truncated)
	if _, err := io.Copy(io.Discard, unpack(t, d.DataKeys[2], m.objects[d.DataKeys[2]])); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("truncated: %v", err)
	}
}

func TestSameDeliverySameBytes(t *testing.T) {
	for _, file := range []bursar.FileFormat{bursar.FileCSV, bursar.FileParquet} {
		_, a := deliver(t, definition(bursar.FormatCUR2, file), bill(5_000), report.NoTrouble)
		_, b := deliver(t, definition(bursar.FormatCUR2, file), bill(5_000), report.NoTrouble)
		for key, body := range a.objects {
			if !bytes.Equal(body, b.objects[key]) {
				t.Errorf("%s differs", key)
			}
		}
	}
}

func TestColumnsOfAQuery(t *testing.T) {
	def := definition(bursar.FormatCUR2, bursar.FileCSV)
	def.Columns = []string{"line_item_unblended_cost", "tags", "line_item_line_item_type"}
	d, m := deliver(t, def, bill(3_000), report.NoTrouble)
	var s sums
	if header := sumCSV(t, &s, unpack(t, d.DataKeys[0], m.objects[d.DataKeys[0]]), def.Columns[0], def.Columns[2]); !slices.Equal(header, def.Columns) {
		t.Errorf("header %v", header)
	}
	def.Columns = []string{"no_such_column"}
	if _, err := report.Write(t.Context(), &memory{}, def, bill(2_000), report.Options{At: at}); err == nil {
		t.Error("a column that does not exist was delivered")
	}
}

func BenchmarkWrite(b *testing.B) {
	bill := bill(500_000)
	for _, f := range []struct {
		format bursar.Format
		file   bursar.FileFormat
	}{{bursar.FormatCUR2, bursar.FileCSV}, {bursar.FormatLegacy, bursar.FileCSV}, {bursar.FormatCUR2, bursar.FileParquet}} {
		b.Run(fmt.Sprintf("%s-%s", f.format, f.file), func(b *testing.B) {
			for b.Loop() {
				d, m := deliver(b, definition(f.format, f.file), bill, report.NoTrouble)
				var size, raw int64
				for _, key := range d.DataKeys {
					size += int64(len(m.objects[key]))
					if f.file == bursar.FileCSV {
						n, _ := io.Copy(io.Discard, unpack(b, key, m.objects[key]))
						raw += n
					}
				}
				b.ReportMetric(float64(size)/float64(d.Truth.Rows), "B/row")
				b.ReportMetric(float64(raw)/float64(d.Truth.Rows), "raw-B/row")
			}
		})
	}
}
