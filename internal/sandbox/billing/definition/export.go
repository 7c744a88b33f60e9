package definition

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/sandbox/billgen/report"
	"github.com/bursarhq/bursar/internal/sandbox/cloud"
)

// Export is Data Exports' Export:
// https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_DataExports_Export.html.
type Export struct {
	ExportArn   string `json:",omitempty"`
	Name        string
	Description string `json:",omitempty"`
	DataQuery   struct {
		QueryStatement      string
		TableConfigurations map[string]map[string]string `json:",omitempty"`
	}
	DestinationConfigurations struct{ S3Destination Destination }
	RefreshCadence            struct{ Frequency string }
}

// Destination is an S3Destination.
type Destination struct {
	S3Bucket               string
	S3BucketOwner          string `json:",omitempty"`
	S3Prefix               string
	S3Region               string
	S3OutputConfigurations struct{ OutputType, Format, Compression, Overwrite string }
}

var (
	exportName  = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[0-9A-Za-z\-_]{1,128}$`) })
	regionName  = regexp.MustCompile(`^[a-z]{2,4}(-[a-z]+)+-[0-9]+$`)
	selectQuery = regexp.MustCompile(`(?is)^\s*SELECT\s+(.+?)\s+FROM\s+([A-Za-z0-9_]+)\s*;?\s*$`)
)

// check proves the definition and returns the table and the columns of its query.
func (d *Export) check() (t *Table, columns []string, e *cloud.Error) {
	to := d.DestinationConfigurations.S3Destination
	o := to.S3OutputConfigurations
	e = First(
		enum("export.refreshCadence.frequency", d.RefreshCadence.Frequency, "SYNCHRONOUS"),
		enum("export.destinationConfigurations.s3Destination.s3OutputConfigurations.outputType", o.OutputType, "CUSTOM", "ATHENA", "REDSHIFT"),
		enum("export.destinationConfigurations.s3Destination.s3OutputConfigurations.format", o.Format, "TEXT_OR_CSV", "PARQUET"),
		enum("export.destinationConfigurations.s3Destination.s3OutputConfigurations.compression", o.Compression, "GZIP", "PARQUET"),
		enum("export.destinationConfigurations.s3Destination.s3OutputConfigurations.overwrite", o.Overwrite, string(bursar.CreateNew), string(bursar.Overwrite)),
	)
	switch {
	case e != nil:
	case !exportName().MatchString(d.Name):
		e = Refused("export.name", d.Name, `satisfy regular expression pattern: [0-9A-Za-z\-_]+`)
	case to.S3Bucket == "":
		e = Refused("export.destinationConfigurations.s3Destination.s3Bucket", "", "not be null")
	case !regionName.MatchString(to.S3Region):
		e = Invalid("%q is no region", to.S3Region)
	case (o.Format == "PARQUET") != (o.Compression == "PARQUET"):
		e = Invalid("The PARQUET format needs the PARQUET compression, and TEXT_OR_CSV needs GZIP.")
	}
	if e != nil {
		return nil, nil, e
	}
	return d.query()
}

// query reads the statement. AWS's dialect knows more (aliases, row filters, keys of maps); the sandbox refuses what
// it cannot deliver.
func (d *Export) query() (*Table, []string, *cloud.Error) {
	text := d.DataQuery.QueryStatement
	if len(text) > 36_000 {
		return nil, nil, Invalid("The query statement is longer than 36000 characters.")
	}
	m := selectQuery.FindStringSubmatch(text)
	if m == nil {
		return nil, nil, Invalid("The query statement is not valid: the sandbox takes SELECT column, … FROM TABLE, without aliases and filters.")
	}
	t := TableNamed(strings.ToUpper(m[2]))
	if t == nil {
		return nil, nil, Invalid("The table %s does not exist.", m[2])
	}
	settings, e := t.settings(d.DataQuery.TableConfigurations)
	if e != nil {
		return nil, nil, e
	}
	var columns []string
	known := t.Columns(settings)
	for name := range strings.SplitSeq(m[1], ",") {
		name = strings.TrimSpace(name)
		i := slices.IndexFunc(known, func(k string) bool { return strings.EqualFold(k, name) })
		switch {
		case name == "*":
			return nil, nil, Invalid("The query statement is not valid: SELECT * is not supported. Name the columns.")
		case i < 0:
			return nil, nil, Invalid("The query statement is not valid: the column %s does not exist in %s with these table configurations.", name, t.Name)
		case slices.Contains(columns, known[i]):
			return nil, nil, Invalid("The query statement is not valid: the column %s is selected twice.", name)
		}
		columns = append(columns, known[i])
	}
	return t, columns, nil
}

// Definition proves the export and says what is delivered; its format is "" when nothing is, as of tables without line
// items. It fails with ValidationException.
func (d *Export) Definition(account, arn string) (report.Definition, *cloud.Error) {
	t, columns, e := d.check()
	if e != nil {
		return report.Definition{}, e
	}
	to := d.DestinationConfigurations.S3Destination
	def := report.Definition{
		Name: d.Name, ARN: arn, AccountID: account, Bucket: to.S3Bucket, Prefix: to.S3Prefix, Format: t.Format,
		File: bursar.FileCSV, Versioning: bursar.Versioning(to.S3OutputConfigurations.Overwrite), Columns: columns,
	}
	if to.S3OutputConfigurations.Format == "PARQUET" {
		def.File = bursar.FileParquet
	}
	return def, nil
}

// TableName returns the table that the query selects from, as it is written; "" when the query cannot be read.
func (d *Export) TableName() string {
	if m := selectQuery.FindStringSubmatch(d.DataQuery.QueryStatement); m != nil {
		return m[2]
	}
	return ""
}

// Splits says whether split cost allocation data is included.
func (d *Export) Splits() bool {
	return d.DataQuery.TableConfigurations["COST_AND_USAGE_REPORT"]["INCLUDE_SPLIT_COST_ALLOCATION_DATA"] == "TRUE"
}

// Replaces says whether the definition can only be had by replacing another one.
func (d *Export) Replaces(was Export) bool {
	same := maps.EqualFunc(d.DataQuery.TableConfigurations, was.DataQuery.TableConfigurations, func(a, b map[string]string) bool { return maps.Equal(a, b) })
	return d.Name != was.Name || !same || d.RefreshCadence != was.RefreshCadence
}
