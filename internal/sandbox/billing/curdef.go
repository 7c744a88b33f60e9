package billing

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/sandbox/billgen/report"
	"github.com/bursarhq/bursar/internal/sandbox/cloud"
)

// reportDefinition is cur's ReportDefinition:
// https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_cur_ReportDefinition.html.
type reportDefinition struct {
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
	ReportStatus             *reportStatus `json:",omitempty"`
}

type reportStatus struct {
	LastDelivery string `json:"lastDelivery,omitempty"`
	LastStatus   string `json:"lastStatus,omitempty"`
}

// bucketRegions are the values of S3Region that cur knows.
var bucketRegions = strings.Fields(`af-south-1 ap-east-1 ap-south-1 ap-south-2 ap-southeast-1 ap-southeast-2 ap-southeast-3
	ap-northeast-1 ap-northeast-2 ap-northeast-3 ca-central-1 eu-central-1 eu-central-2 eu-west-1 eu-west-2 eu-west-3
	eu-north-1 eu-south-1 eu-south-2 me-central-1 me-south-1 sa-east-1 us-east-1 us-east-2 us-west-1 us-west-2
	cn-north-1 cn-northwest-1`)

var (
	reportName   = regexp.MustCompile(`^[0-9A-Za-z!\-_.*'()]{1,256}$`)
	reportPrefix = regexp.MustCompile(`^[0-9A-Za-z!\-_.*'()/]{0,256}$`)
)

// enum refuses a value that is none of a list, in the words of AWS's request validator.
func enum(member, value string, values ...string) *cloud.Error {
	if slices.Contains(values, value) {
		return nil
	}
	return refused(member, value, "satisfy enum value set: ["+strings.Join(values, ", ")+"]")
}

func refused(member, value, constraint string) *cloud.Error {
	return validation("1 validation error detected: Value '%s' at '%s' failed to satisfy constraint: Member must %s", value, member, constraint)
}

func first(errs ...*cloud.Error) *cloud.Error {
	for _, e := range errs {
		if e != nil {
			return e
		}
	}
	return nil
}

// check proves the definition's members, each by itself and then together.
func (d *reportDefinition) check() *cloud.Error {
	if d.ReportVersioning == "" {
		d.ReportVersioning = string(bursar.CreateNew)
	}
	e := first(
		enum("reportDefinition.timeUnit", d.TimeUnit, "HOURLY", "DAILY", "MONTHLY"),
		enum("reportDefinition.format", d.Format, "textORcsv", "Parquet"),
		enum("reportDefinition.compression", d.Compression, "ZIP", "GZIP", "Parquet"),
		enum("reportDefinition.s3Region", d.S3Region, bucketRegions...),
		enum("reportDefinition.reportVersioning", d.ReportVersioning, string(bursar.CreateNew), string(bursar.Overwrite)),
	)
	for _, s := range d.AdditionalSchemaElements {
		e = first(e, enum("reportDefinition.additionalSchemaElements", s, "RESOURCES", "SPLIT_COST_ALLOCATION_DATA", "MANUAL_DISCOUNT_COMPATIBILITY"))
	}
	for _, a := range d.AdditionalArtifacts {
		e = first(e, enum("reportDefinition.additionalArtifacts", a, "REDSHIFT", "QUICKSIGHT", "ATHENA"))
	}
	if e != nil {
		return e
	}
	return d.checkTogether()
}

func (d *reportDefinition) checkTogether() *cloud.Error {
	athena := slices.Contains(d.AdditionalArtifacts, "ATHENA")
	switch {
	case !reportName.MatchString(d.ReportName):
		return refused("reportDefinition.reportName", d.ReportName, `satisfy regular expression pattern: [0-9A-Za-z!\-_.*\'()]+`)
	case !reportPrefix.MatchString(d.S3Prefix):
		return refused("reportDefinition.s3Prefix", d.S3Prefix, `satisfy regular expression pattern: [0-9A-Za-z!\-_.*\'()/]*`)
	case d.S3Bucket == "":
		return refused("reportDefinition.s3Bucket", "", "not be null")
	case (d.Format == "Parquet") != (d.Compression == "Parquet"):
		return validation("The Parquet format needs the Parquet compression, and the other way round.")
	case athena && len(d.AdditionalArtifacts) > 1:
		return validation("The ATHENA artifact cannot be combined with other artifacts.")
	case athena && (d.ReportVersioning != string(bursar.Overwrite) || d.Format != "Parquet"):
		return validation("The ATHENA artifact needs the Parquet format and OVERWRITE_REPORT.")
	}
	return nil
}

// definition says what is delivered. Line items are hourly, whatever the time unit; the resource's column is there
// with RESOURCES alone.
func (d *reportDefinition) definition(account, arn string) report.Definition {
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

// putReport makes a report definition of an account's. It fails with ValidationException,
// DuplicateReportNameException or ReportLimitReachedException.
func (s *Service) putReport(account string, d reportDefinition, tags map[string]string) (*export, *cloud.Error) {
	if e := d.check(); e != nil {
		return nil, e
	}
	d.ReportStatus = nil
	x := newExport(curService, order{d.definition(account, s.reportARN(account, d.ReportName)), d.S3Region, account})
	x.report, x.tags, x.closing = d, tags, !d.RefreshClosedReports
	if e := s.tryBucket(curService, x.order); e != nil {
		return nil, e
	}
	return x, s.add(x,
		cloud.Errorf(0, "DuplicateReportNameException", "A report with the name %s already exists in the account.", d.ReportName),
		cloud.Errorf(0, "ReportLimitReachedException", "This account has reached its limit of %d reports. Delete one to make another.", limit))
}

// modifyReport changes a report definition in place. Its name stays.
func (s *Service) modifyReport(x *export, d reportDefinition) *cloud.Error {
	if d.ReportName != x.name {
		return validation("The report name cannot be changed: delete %s and make %s.", x.name, d.ReportName)
	}
	if e := d.check(); e != nil {
		return e
	}
	d.ReportStatus = nil
	next := order{d.definition(x.account, x.arn), d.S3Region, x.account}
	if e := s.tryBucket(curService, next); e != nil {
		return e
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	x.order, x.report, x.closing, x.updatedAt = next, d, !d.RefreshClosedReports, s.cloud.Clock.Now()
	return nil
}

func (s *Service) reportARN(account, name string) string {
	return s.arn(curService, account, "definition/"+name)
}

// tryBucket proves that the delivering service may write, as AWS does when a definition is made: cur leaves an object
// behind.
func (s *Service) tryBucket(service string, o order) *cloud.Error {
	def := o.def
	switch problem := s.bucketProblem(service, o); {
	case problem != "" && service == curService:
		return validation("Failed to verify customer bucket permission. accountId: %s, bucket name: %s, bucket region: %s", def.AccountID, def.Bucket, o.region)
	case problem != "":
		return validation("S3 bucket permission validation failed")
	case service != curService:
		return nil
	}
	w, err := s.buckets.CreateAs(principalOf(service, def.AccountID, def.ARN), def.Bucket, testKey(def))
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return validation("Failed to verify customer bucket permission. %v", err)
	}
	return nil
}

// shown is the definition as DescribeReportDefinitions tells it, with the last delivery's status.
func (s *Service) shown(x *export) reportDefinition {
	s.stand(x)
	s.mu.Lock()
	defer s.mu.Unlock()
	d := x.report
	if len(x.executions) == 0 {
		return d
	}
	words := map[string]string{"": "SUCCESS", problemNoBucket: "ERROR_NO_BUCKET", problemPermissions: "ERROR_PERMISSIONS", problemInternal: "ERROR_PERMISSIONS"}
	d.ReportStatus = &reportStatus{LastStatus: words[x.problem]}
	for _, e := range x.executions {
		if e.problem == "" {
			d.ReportStatus.LastDelivery = e.at.UTC().Format("20060102T150405Z")
		}
	}
	return d
}

// read decodes JSON strictly: what the sandbox does not know must not seem to work.
func read(text []byte, v any) error {
	dec := json.NewDecoder(strings.NewReader(string(text)))
	dec.DisallowUnknownFields()
	return dec.Decode(v)
}
