package definition

import (
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/sandbox/billgen/report"
	"github.com/bursarhq/bursar/internal/sandbox/cloud"
)

// Report is cur's ReportDefinition:
// https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_cur_ReportDefinition.html.
type Report struct {
	ReportName               string
	TimeUnit                 string
	Format                   string
	Compression              string
	AdditionalSchemaElements []string
	S3Bucket                 string
	S3Prefix                 string
	S3Region                 string
	AdditionalArtifacts      []string      `json:",omitempty"`
	RefreshClosedReports     bool          //
	ReportVersioning         string        `json:",omitempty"`
	BillingViewArn           string        `json:",omitempty"`
	ReportStatus             *ReportStatus `json:",omitempty"`
}

// ReportStatus says how the last delivery went.
type ReportStatus struct {
	LastDelivery string `json:"lastDelivery,omitempty"`
	LastStatus   string `json:"lastStatus,omitempty"`
}

// bucketRegions are the values of S3Region that cur knows.
var bucketRegions = strings.Fields(`af-south-1 ap-east-1 ap-south-1 ap-south-2 ap-southeast-1 ap-southeast-2 ap-southeast-3
	ap-northeast-1 ap-northeast-2 ap-northeast-3 ca-central-1 eu-central-1 eu-central-2 eu-west-1 eu-west-2 eu-west-3
	eu-north-1 eu-south-1 eu-south-2 me-central-1 me-south-1 sa-east-1 us-east-1 us-east-2 us-west-1 us-west-2
	cn-north-1 cn-northwest-1`)

var (
	reportName   = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[0-9A-Za-z!\-_.*'()]{1,256}$`) })
	reportPrefix = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[0-9A-Za-z!\-_.*'()/]{0,256}$`) })
)

// Check proves the definition's members, each by itself and then together. It fails with ValidationException.
func (d *Report) Check() *cloud.Error {
	if d.ReportVersioning == "" {
		d.ReportVersioning = string(bursar.CreateNew)
	}
	e := First(
		enum("reportDefinition.timeUnit", d.TimeUnit, "HOURLY", "DAILY", "MONTHLY"),
		enum("reportDefinition.format", d.Format, "textORcsv", "Parquet"),
		enum("reportDefinition.compression", d.Compression, "ZIP", "GZIP", "Parquet"),
		enum("reportDefinition.s3Region", d.S3Region, bucketRegions...),
		enum("reportDefinition.reportVersioning", d.ReportVersioning, string(bursar.CreateNew), string(bursar.Overwrite)),
	)
	for _, s := range d.AdditionalSchemaElements {
		e = First(e, enum("reportDefinition.additionalSchemaElements", s, "RESOURCES", "SPLIT_COST_ALLOCATION_DATA", "MANUAL_DISCOUNT_COMPATIBILITY"))
	}
	for _, a := range d.AdditionalArtifacts {
		e = First(e, enum("reportDefinition.additionalArtifacts", a, "REDSHIFT", "QUICKSIGHT", "ATHENA"))
	}
	if e != nil {
		return e
	}
	return d.checkTogether()
}

func (d *Report) checkTogether() *cloud.Error {
	athena := slices.Contains(d.AdditionalArtifacts, "ATHENA")
	switch {
	case !reportName().MatchString(d.ReportName):
		return Refused("reportDefinition.reportName", d.ReportName, `satisfy regular expression pattern: [0-9A-Za-z!\-_.*\'()]+`)
	case !reportPrefix().MatchString(d.S3Prefix):
		return Refused("reportDefinition.s3Prefix", d.S3Prefix, `satisfy regular expression pattern: [0-9A-Za-z!\-_.*\'()/]*`)
	case d.S3Bucket == "":
		return Refused("reportDefinition.s3Bucket", "", "not be null")
	case (d.Format == "Parquet") != (d.Compression == "Parquet"):
		return Invalid("The Parquet format needs the Parquet compression, and the other way round.")
	case athena && len(d.AdditionalArtifacts) > 1:
		return Invalid("The ATHENA artifact cannot be combined with other artifacts.")
	case athena && (d.ReportVersioning != string(bursar.Overwrite) || d.Format != "Parquet"):
		return Invalid("The ATHENA artifact needs the Parquet format and OVERWRITE_REPORT.")
	}
	return nil
}

// Definition says what is delivered. Line items are hourly, whatever the time unit; the resource's column is there
// with RESOURCES alone.
func (d *Report) Definition(account, arn string) report.Definition {
	def := report.Definition{
		Name: d.ReportName, ARN: arn, AccountID: account, Bucket: d.S3Bucket, Prefix: d.S3Prefix, Format: bursar.FormatLegacy,
		File: bursar.FileCSV, Zip: d.Compression == "ZIP", Versioning: bursar.Versioning(d.ReportVersioning),
		Athena: slices.Contains(d.AdditionalArtifacts, "ATHENA"), NoResources: !slices.Contains(d.AdditionalSchemaElements, "RESOURCES"),
	}
	if d.Format == "Parquet" {
		def.File = bursar.FileParquet
	}
	return def
}
