package sandbox_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/parquet-go/parquet-go"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/sandbox"
	"github.com/bursarhq/bursar/internal/sandbox/billing"
)

// smallWorld is a payer with a member and a loner, who spend little in two months, and a bucket each.
const smallWorld = `
accounts:
  - {id: "111122223333", name: Payer}
  - {id: "222233334444", name: Member}
  - {id: "777788889999", name: Loner}
organizations:
  - {id: o-example1234, management: "111122223333", members: ["222233334444"]}
billing:
  refresh: 72h
  months: 2
  lines: 2500
  payers: [{account: "111122223333", lines: 2500, edp: 5}]
`

func small(t testing.TB) func(*sandbox.Config) {
	return func(c *sandbox.Config) { c.World = mustWorld(t, smallWorld) }
}

// buckets speaks to S3 by path, as clients of the sandbox do.
func buckets(cfg aws.Config) *s3.Client {
	return s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true })
}

// deliveryPolicy lets AWS deliver into a bucket for an account, as bursar's template has it.
func deliveryPolicy(bucket, account string) string {
	condition := `"Condition":{"StringEquals":{"aws:SourceAccount":"` + account + `"},"ArnLike":{"aws:SourceArn":["arn:aws:cur:us-east-1:` + account + `:definition/*","arn:aws:bcm-data-exports:us-east-1:` + account + `:export/*"]}}`
	service := `"Principal":{"Service":["billingreports.amazonaws.com","bcm-data-exports.amazonaws.com"]}`
	return `{"Version":"2012-10-17","Statement":[
{"Effect":"Allow",` + service + `,"Action":["s3:GetBucketAcl","s3:GetBucketPolicy"],"Resource":"arn:aws:s3:::` + bucket + `",` + condition + `},
{"Effect":"Allow",` + service + `,"Action":"s3:PutObject","Resource":"arn:aws:s3:::` + bucket + `/*",` + condition + `}]}`
}

// makeBucket makes a bucket that AWS may deliver into.
func makeBucket(t testing.TB, s *sandbox.Sandbox, account, name string) {
	t.Helper()
	c := buckets(asAdmin(t, s, account))
	if _, err := c.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &name}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.PutBucketPolicy(t.Context(), &s3.PutBucketPolicyInput{Bucket: &name, Policy: aws.String(deliveryPolicy(name, account))}); err != nil {
		t.Fatal(err)
	}
}

// object reads an object over the wire.
func object(t testing.TB, c *s3.Client, bucket, key string) ([]byte, error) {
	t.Helper()
	out, err := c.GetObject(t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: &key})
	if err != nil {
		return nil, err
	}
	defer out.Body.Close()
	return io.ReadAll(out.Body)
}

// manifest is what both families' manifests say.
type manifest struct {
	AssemblyID    string   `json:"assemblyId"`
	Bucket        string   `json:"bucket"`
	ReportKeys    []string `json:"reportKeys"`
	BillingPeriod struct {
		Start string `json:"start"`
	} `json:"billingPeriod"`
	ExecutionID string   `json:"executionId"`
	DataFiles   []string `json:"dataFiles"`
}

func (m manifest) version() string { return m.AssemblyID + m.ExecutionID }

func (m manifest) keys(bucket string) []string {
	out := slices.Clone(m.ReportKeys)
	for _, f := range m.DataFiles {
		out = append(out, strings.TrimPrefix(f, "s3://"+bucket+"/"))
	}
	return out
}

func readManifest(t testing.TB, c *s3.Client, bucket, key string) manifest {
	t.Helper()
	body, err := object(t, c, bucket, key)
	if err != nil {
		t.Fatalf("%s: %v", key, err)
	}
	var m manifest
	if err := json.Unmarshal(body, &m); err != nil {
		t.Fatalf("%s: %v", key, err)
	}
	return m
}

// sums is what a reader of its own finds in data files.
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
	if s.byType == nil {
		s.byType = map[string]bursar.Decimal{}
	}
	s.rows, s.cost, s.byType[typ] = s.rows+1, s.cost.Add(d), s.byType[typ].Add(d)
}

// names are the columns of a cost and a type, in each family and file format.
func names(format bursar.Format, file bursar.FileFormat) (cost, typ string) {
	switch {
	case format == bursar.FormatFOCUS10 || format == bursar.FormatFOCUS12:
		return "BilledCost", "ChargeCategory"
	case format == bursar.FormatLegacy && file == bursar.FileCSV:
		return "lineItem/UnblendedCost", "lineItem/LineItemType"
	}
	return "line_item_unblended_cost", "line_item_line_item_type"
}

func unpack(t testing.TB, body []byte) io.Reader {
	t.Helper()
	switch {
	case bytes.HasPrefix(body, []byte("PK")):
		z, err := zip.NewReader(bytes.NewReader(body), int64(len(body)))
		if err != nil {
			t.Fatal(err)
		}
		f, err := z.File[0].Open()
		if err != nil {
			t.Fatal(err)
		}
		return f
	case bytes.HasPrefix(body, []byte("\x1f\x8b")):
		z, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		return z
	}
	return bytes.NewReader(body)
}

func (s *sums) csv(t testing.TB, body []byte, cost, typ string) {
	t.Helper()
	c := csv.NewReader(unpack(t, body))
	header, err := c.Read()
	if err != nil {
		t.Fatal(err)
	}
	i, j := slices.Index(header, cost), slices.Index(header, typ)
	c.ReuseRecord = true
	for {
		row, err := c.Read()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		s.add(t, row[i], row[j])
	}
}

func (s *sums) parquet(t testing.TB, body []byte, cost, typ string) {
	t.Helper()
	f, err := parquet.OpenFile(bytes.NewReader(body), int64(len(body)))
	if err != nil {
		t.Fatal(err)
	}
	i, _ := f.Schema().Lookup(cost)
	j, _ := f.Schema().Lookup(typ)
	for _, g := range f.RowGroups() {
		rows := g.Rows()
		buf := make([]parquet.Row, 256)
		for {
			n, err := rows.ReadRows(buf)
			for _, row := range buf[:n] {
				var amount, name string
				row.Range(func(column int, v []parquet.Value) bool {
					switch column {
					case i.ColumnIndex:
						amount = v[0].String()
					case j.ColumnIndex:
						name = v[0].String()
					}
					return true
				})
				s.add(t, amount, name)
			}
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := rows.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// readDelivery reads a month as an importer would: its manifest, and every file that it names.
func readDelivery(t testing.TB, c *s3.Client, x billing.Listed, manifestKey string) (manifest, sums) {
	t.Helper()
	m := readManifest(t, c, x.Bucket, manifestKey)
	cost, typ := names(x.Format, x.File)
	var s sums
	for _, key := range m.keys(x.Bucket) {
		body, err := object(t, c, x.Bucket, key)
		if err != nil {
			t.Fatalf("%s: %v", key, err)
		}
		if bytes.HasPrefix(body, []byte("PAR1")) {
			s.parquet(t, body, cost, typ)
		} else {
			s.csv(t, body, cost, typ)
		}
	}
	return m, s
}

// listed finds an export by name.
func listed(t testing.TB, s *sandbox.Sandbox, name string) billing.Listed {
	t.Helper()
	for _, x := range s.Billing().Exports("") {
		if x.Name == name {
			return x
		}
	}
	t.Fatalf("there is no export %s", name)
	return billing.Listed{}
}

// agree compares what lies in the bucket with what the sandbox says that it delivered.
func agree(t testing.TB, s *sandbox.Sandbox, c *s3.Client, x billing.Listed, p bursar.Period) billing.Delivery {
	t.Helper()
	truth, ok := s.Billing().Truth(x.ARN, p)
	if !ok {
		t.Fatalf("nothing of %s in %s", x.Name, p)
	}
	m, read := readDelivery(t, c, x, truth.ManifestKey)
	if m.version() != truth.Version {
		t.Errorf("%s: the manifest says %s, delivered was %s", p, m.version(), truth.Version)
	}
	if read.rows != truth.Truth.Rows || !read.cost.Equal(truth.Truth.Unblended) {
		t.Errorf("%s %s: read %d rows and %s, truth %d and %s", x.Name, p, read.rows, read.cost, truth.Truth.Rows, truth.Truth.Unblended)
	}
	if _, typ := names(x.Format, x.File); typ != "ChargeCategory" {
		for name, want := range truth.Truth.ByType {
			if !read.byType[name].Equal(want.Unblended) {
				t.Errorf("%s %s %s: read %s, truth %s", x.Name, p, name, read.byType[name], want.Unblended)
			}
		}
	}
	return truth
}

var (
	june, july = bursar.NewPeriod(2026, 6), bursar.NewPeriod(2026, 7)
	day        = 24 * time.Hour
)
