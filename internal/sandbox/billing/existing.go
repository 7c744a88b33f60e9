package billing

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/sandbox/billing/definition"
	"github.com/bursarhq/bursar/internal/sandbox/cloud"
)

// existing makes an export of the world's, with its bucket. What it delivered before the world began is written when
// somebody looks: most worlds are gone before anybody does.
func (s *Service) existing(in Export) error {
	if _, ok := s.cloud.Account(in.Account); !ok {
		return fmt.Errorf("there is no account %q", in.Account)
	}
	if in.Files != "" {
		_, err := s.Mount(in)
		return err
	}
	x, err := s.register(in)
	if err != nil {
		return err
	}
	x.delivered = in.Delivered
	if in.Delivered {
		start := s.Spec(in.Account).Since.Start()
		x.createdAt, x.updatedAt = start, start
		s.buckets.BeforeUse(x.def.Bucket, func() { s.stand(x) })
	}
	s.plan(x)
	return nil
}

// register makes the bucket and the definition of an export that exists already.
func (s *Service) register(in Export) (*export, error) {
	in.Region, in.Kind = cmp.Or(in.Region, s.home()), cmp.Or(in.Kind, string(bursar.FormatCUR2))
	in.File, in.Versioning = cmp.Or(in.File, string(bursar.FileCSV)), cmp.Or(in.Versioning, string(bursar.Overwrite))
	if in.File != "csv" && in.File != "zip" && in.File != "parquet" {
		return nil, fmt.Errorf("file %q is none of csv, zip, parquet", in.File)
	}
	if err := s.prepareBucket(in); err != nil {
		return nil, err
	}
	var x *export
	var e *cloud.Error
	if in.Kind == string(bursar.FormatLegacy) {
		x, e = s.putReport(in.Account, in.report(), nil)
	} else {
		var d definition.Export
		if d, e = in.export(); e == nil {
			x, e = s.createExport(in.Account, d, nil)
		}
	}
	if e != nil {
		return nil, e
	}
	return x, nil
}

// prepareBucket makes the bucket, unless the account has it, with a policy that lets AWS deliver.
func (s *Service) prepareBucket(in Export) error {
	e := s.buckets.CreateBucket(in.Account, in.Region, in.Bucket)
	switch {
	case e == nil:
	case e.Code == "BucketAlreadyOwnedByYou":
		return nil
	default:
		return e
	}
	bucket := "arn:" + s.cloud.Partition() + ":s3:::" + in.Bucket
	text := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[
{"Sid":"Check","Effect":"Allow","Principal":{"Service":["%[1]s","%[2]s"]},"Action":["s3:GetBucketAcl","s3:GetBucketPolicy"],"Resource":"%[3]s",%[4]s},
{"Sid":"Write","Effect":"Allow","Principal":{"Service":["%[1]s","%[2]s"]},"Action":"s3:PutObject","Resource":"%[3]s/*",%[4]s}]}`,
		legacyPrincipal, exportPrincipal, bucket, fmt.Sprintf(`"Condition":{"StringEquals":{"aws:SourceAccount":"%s"},"ArnLike":{"aws:SourceArn":["%s","%s"]}}`,
			in.Account, s.reportARN(in.Account, "*"), s.arn(exportsService, in.Account, "export/*")))
	if e := s.buckets.PutBucketPolicy(in.Bucket, text); e != nil {
		return e
	}
	return nil
}

// report is the definition of a legacy report.
func (in Export) report() definition.Report {
	d := definition.Report{
		ReportName: in.Name, TimeUnit: "HOURLY", Format: "textORcsv", Compression: "GZIP", AdditionalSchemaElements: []string{"RESOURCES"},
		S3Bucket: in.Bucket, S3Prefix: in.Prefix, S3Region: in.Region, RefreshClosedReports: true, ReportVersioning: in.Versioning,
	}
	switch in.File {
	case "zip":
		d.Compression = "ZIP"
	case "parquet":
		d.Format, d.Compression = "Parquet", "Parquet"
	}
	if in.Athena {
		d.AdditionalArtifacts = []string{"ATHENA"}
	}
	return d
}

// export is the definition of a data export.
func (in Export) export() (d definition.Export, e *cloud.Error) {
	var t *definition.Table
	for _, x := range definition.Tables() {
		if x.Format != "" && string(x.Format) == in.Kind {
			t = &x
		}
	}
	if t == nil {
		return d, definition.Invalid("kind %q is none of legacy, cur2, focus-1.0, focus-1.2", in.Kind)
	}
	settings := map[string]string{}
	if t.Format == bursar.FormatCUR2 {
		settings = map[string]string{"TIME_GRANULARITY": "HOURLY", "INCLUDE_RESOURCES": "TRUE", "INCLUDE_SPLIT_COST_ALLOCATION_DATA": "TRUE"}
	}
	columns := in.Columns
	if columns == nil {
		columns = t.Columns(settings)
	}
	d.Name, d.RefreshCadence.Frequency = in.Name, "SYNCHRONOUS"
	d.DataQuery.QueryStatement = "SELECT " + strings.Join(columns, ", ") + " FROM " + t.Name
	if len(settings) > 0 {
		d.DataQuery.TableConfigurations = map[string]map[string]string{t.Name: settings}
	}
	to := &d.DestinationConfigurations.S3Destination
	to.S3Bucket, to.S3BucketOwner, to.S3Prefix, to.S3Region = in.Bucket, in.Account, in.Prefix, in.Region
	o := &to.S3OutputConfigurations
	o.OutputType, o.Format, o.Compression, o.Overwrite = "CUSTOM", "TEXT_OR_CSV", "GZIP", in.Versioning
	if in.File == "parquet" {
		o.Format, o.Compression = "PARQUET", "PARQUET"
	}
	return d, nil
}
