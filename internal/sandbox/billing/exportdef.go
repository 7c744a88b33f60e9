package billing

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/sandbox/billgen"
	"github.com/bursarhq/bursar/internal/sandbox/billgen/report"
	"github.com/bursarhq/bursar/internal/sandbox/cloud"
)

// exportDefinition is Data Exports' Export:
// https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_DataExports_Export.html.
type exportDefinition struct {
	ExportArn   string `json:",omitempty"`
	Name        string
	Description string `json:",omitempty"`
	DataQuery   struct {
		QueryStatement      string
		TableConfigurations map[string]map[string]string `json:",omitempty"`
	}
	DestinationConfigurations struct{ S3Destination destination }
	RefreshCadence            struct{ Frequency string }
}

type destination struct {
	S3Bucket               string
	S3BucketOwner          string `json:",omitempty"`
	S3Prefix               string
	S3Region               string
	S3OutputConfigurations struct{ OutputType, Format, Compression, Overwrite string }
}

var (
	exportName  = regexp.MustCompile(`^[0-9A-Za-z\-_]{1,128}$`)
	regionName  = regexp.MustCompile(`^[a-z]{2,4}(-[a-z]+)+-[0-9]+$`)
	selectQuery = regexp.MustCompile(`(?is)^\s*SELECT\s+(.+?)\s+FROM\s+([A-Za-z0-9_]+)\s*;?\s*$`)
)

// check proves the definition and returns the table and the columns of its query.
func (d *exportDefinition) check() (t *table, columns []string, e *cloud.Error) {
	to := d.DestinationConfigurations.S3Destination
	o := to.S3OutputConfigurations
	e = first(
		enum("export.refreshCadence.frequency", d.RefreshCadence.Frequency, "SYNCHRONOUS"),
		enum("export.destinationConfigurations.s3Destination.s3OutputConfigurations.outputType", o.OutputType, "CUSTOM", "ATHENA", "REDSHIFT"),
		enum("export.destinationConfigurations.s3Destination.s3OutputConfigurations.format", o.Format, "TEXT_OR_CSV", "PARQUET"),
		enum("export.destinationConfigurations.s3Destination.s3OutputConfigurations.compression", o.Compression, "GZIP", "PARQUET"),
		enum("export.destinationConfigurations.s3Destination.s3OutputConfigurations.overwrite", o.Overwrite, string(bursar.CreateNew), string(bursar.Overwrite)),
	)
	switch {
	case e != nil:
	case !exportName.MatchString(d.Name):
		e = refused("export.name", d.Name, `satisfy regular expression pattern: [0-9A-Za-z\-_]+`)
	case to.S3Bucket == "":
		e = refused("export.destinationConfigurations.s3Destination.s3Bucket", "", "not be null")
	case !regionName.MatchString(to.S3Region):
		e = validation("%q is no region", to.S3Region)
	case (o.Format == "PARQUET") != (o.Compression == "PARQUET"):
		e = validation("The PARQUET format needs the PARQUET compression, and TEXT_OR_CSV needs GZIP.")
	}
	if e != nil {
		return nil, nil, e
	}
	return d.query()
}

// query reads the statement. AWS's dialect knows more (aliases, row filters, keys of maps); the sandbox refuses what
// it cannot deliver.
func (d *exportDefinition) query() (*table, []string, *cloud.Error) {
	text := d.DataQuery.QueryStatement
	if len(text) > 36_000 {
		return nil, nil, validation("The query statement is longer than 36000 characters.")
	}
	m := selectQuery.FindStringSubmatch(text)
	if m == nil {
		return nil, nil, validation("The query statement is not valid: the sandbox takes SELECT column, … FROM TABLE, without aliases and filters.")
	}
	t := tableNamed(strings.ToUpper(m[2]))
	if t == nil {
		return nil, nil, validation("The table %s does not exist.", m[2])
	}
	settings, e := t.settings(d.DataQuery.TableConfigurations)
	if e != nil {
		return nil, nil, e
	}
	var columns []string
	known := t.columns(settings)
	for name := range strings.SplitSeq(m[1], ",") {
		name = strings.TrimSpace(name)
		i := slices.IndexFunc(known, func(k string) bool { return strings.EqualFold(k, name) })
		switch {
		case name == "*":
			return nil, nil, validation("The query statement is not valid: SELECT * is not supported. Name the columns.")
		case i < 0:
			return nil, nil, validation("The query statement is not valid: the column %s does not exist in %s with these table configurations.", name, t.name)
		case slices.Contains(columns, known[i]):
			return nil, nil, validation("The query statement is not valid: the column %s is selected twice.", name)
		}
		columns = append(columns, known[i])
	}
	return t, columns, nil
}

// order says what is delivered, and where.
func (d *exportDefinition) order(account, arn string, t *table, columns []string) order {
	to := d.DestinationConfigurations.S3Destination
	def := report.Definition{
		Name: d.Name, ARN: arn, AccountID: account, Bucket: to.S3Bucket, Prefix: to.S3Prefix, Format: t.format,
		File: bursar.FileCSV, Versioning: bursar.Versioning(to.S3OutputConfigurations.Overwrite), Columns: columns,
	}
	if to.S3OutputConfigurations.Format == "PARQUET" {
		def.File = bursar.FileParquet
	}
	return order{def, to.S3Region, cmp.Or(to.S3BucketOwner, account)}
}

// createExport makes an export of an account's. It fails with ValidationException or ServiceQuotaExceededException.
func (s *Service) createExport(account string, d exportDefinition, tags map[string]string) (*export, *cloud.Error) {
	t, columns, e := d.check()
	if e != nil {
		return nil, e
	}
	now := s.cloud.Clock.Now()
	d.ExportArn = s.arn(exportsService, account, "export/"+d.Name+"-"+billgen.UUID(account+d.Name+now.String()+cloud.NewID("")))
	x := newExport(exportsService, d.order(account, d.ExportArn, t, columns))
	x.query, x.tags, x.silent = d, tags, t.format == ""
	if e := s.tryBucket(exportsService, x.order); e != nil {
		return nil, e
	}
	return x, s.add(x,
		validation("An export with the name %s already exists in the account.", d.Name),
		cloud.Errorf(0, "ServiceQuotaExceededException", "The account has reached its quota of %d exports.", limit))
}

// updateExport changes an export in place. Its name, table configurations and cadence stay.
func (s *Service) updateExport(x *export, d exportDefinition) *cloud.Error {
	t, columns, e := d.check()
	if e != nil {
		return e
	}
	s.mu.Lock()
	was := x.query
	s.mu.Unlock()
	if d.replaces(was) {
		return validation("The name, the table configurations and the refresh cadence of an export cannot be changed.")
	}
	d.ExportArn = was.ExportArn
	next := d.order(x.account, x.arn, t, columns)
	if e := s.tryBucket(exportsService, next); e != nil {
		return e
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	x.order, x.query, x.updatedAt = next, d, s.cloud.Clock.Now()
	return nil
}

// replaces says whether the definition can only be had by replacing another one.
func (d *exportDefinition) replaces(was exportDefinition) bool {
	same := maps.EqualFunc(d.DataQuery.TableConfigurations, was.DataQuery.TableConfigurations, func(a, b map[string]string) bool { return maps.Equal(a, b) })
	return d.Name != was.Name || !same || d.RefreshCadence != was.RefreshCadence
}
