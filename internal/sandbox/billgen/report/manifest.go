package report

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/bursarhq/bursar"
)

// legacyManifest is <report>-Manifest.json of a Cost and Usage Report.
type legacyManifest struct {
	AssemblyID    string            `json:"assemblyId"`
	Account       string            `json:"account"`
	Columns       []legacyColumn    `json:"columns"`
	Charset       string            `json:"charset"`
	Compression   string            `json:"compression"`
	ContentType   string            `json:"contentType"`
	ReportID      string            `json:"reportId"`
	ReportName    string            `json:"reportName"`
	BillingPeriod billingPeriod     `json:"billingPeriod"`
	Bucket        string            `json:"bucket"`
	ReportKeys    []string          `json:"reportKeys"`
	Artifacts     []json.RawMessage `json:"additionalArtifactKeys"`
}

type legacyColumn struct {
	Category string `json:"category"`
	Name     string `json:"name"`
	Type     string `json:"type"`
}

type billingPeriod struct {
	Start string `json:"start"`
	End   string `json:"end"`
}

// exportManifest is <export>-Manifest.json of Data Exports: it has no billing period, that is in its key.
type exportManifest struct {
	ExecutionID string         `json:"executionId"`
	ExportARN   string         `json:"exportArn"`
	Columns     []exportColumn `json:"columns"`
	DataFiles   []string       `json:"dataFiles"`
}

type exportColumn struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

// LegacyManifest returns the manifest of a legacy delivery whose data files someone else made. Columns are csv
// names; they may be none.
func LegacyManifest(def Definition, p bursar.Period, version string, columns, keys []string) []byte {
	m := legacyManifest{
		AssemblyID: version, Account: def.AccountID, Charset: "UTF-8", Compression: "GZIP", ContentType: "text/csv",
		ReportID: version + "-" + def.AccountID, ReportName: def.Name, Bucket: def.Bucket, ReportKeys: keys,
		BillingPeriod: billingPeriod{manifestTime(p.Start()), manifestTime(p.End())},
		Columns:       []legacyColumn{}, Artifacts: []json.RawMessage{},
	}
	switch {
	case def.File == bursar.FileParquet:
		m.Compression = "Parquet"
	case def.Zip:
		m.Compression = "ZIP"
	}
	for _, name := range columns {
		category, rest, _ := strings.Cut(name, "/")
		m.Columns = append(m.Columns, legacyColumn{category, rest, legacyType(name)})
	}
	return marshal(m)
}

func manifestTime(t time.Time) string { return t.UTC().Format("20060102T150405.000Z") }

func legacyType(name string) string {
	for i := range legacyColumns {
		if c := &legacyColumns[i]; c.name == name {
			switch {
			case c.number != nil:
				return "OptionalBigDecimal"
			case c.instant != nil:
				return "DateTime"
			case c.span != nil:
				return "Interval"
			}
		}
	}
	switch name {
	case "identity/LineItemId", "lineItem/UsageAccountId", "lineItem/LineItemType", "bill/PayerAccountId":
		return "String"
	}
	return "OptionalString"
}

// ExportManifest returns the manifest of a Data Exports delivery.
func ExportManifest(def Definition, version string, keys []string) ([]byte, error) {
	columns, err := def.selected()
	if err != nil {
		return nil, err
	}
	m := exportManifest{ExecutionID: version, ExportARN: def.ARN, Columns: []exportColumn{}, DataFiles: []string{}}
	for i := range columns {
		m.Columns = append(m.Columns, exportColumn{columns[i].name, columns[i].typeName(def.File == bursar.FileParquet)})
	}
	for _, key := range keys {
		m.DataFiles = append(m.DataFiles, "s3://"+def.Bucket+"/"+key)
	}
	return marshal(m), nil
}

func marshal(v any) []byte {
	body, err := json.Marshal(v)
	if err != nil {
		panic(err) // strings and lists of strings always marshal
	}
	return body
}
