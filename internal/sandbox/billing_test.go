package sandbox_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/bcmdataexports"
	bcm "github.com/aws/aws-sdk-go-v2/service/bcmdataexports/types"
	cur "github.com/aws/aws-sdk-go-v2/service/costandusagereportservice"
	"github.com/aws/aws-sdk-go-v2/service/costandusagereportservice/types"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/sandbox"
)

// reportInput is a legacy report's definition.
func reportInput(name, bucket string, change ...func(*types.ReportDefinition)) *cur.PutReportDefinitionInput {
	d := &types.ReportDefinition{
		ReportName: &name, TimeUnit: types.TimeUnitHourly, Format: types.ReportFormatCsv, Compression: types.CompressionFormatGzip,
		AdditionalSchemaElements: []types.SchemaElement{types.SchemaElementResources}, S3Bucket: &bucket, S3Prefix: aws.String("cur"),
		S3Region: types.AWSRegionUsStandard, RefreshClosedReports: aws.Bool(true), ReportVersioning: types.ReportVersioningOverwriteReport,
	}
	for _, f := range change {
		f(d)
	}
	return &cur.PutReportDefinitionInput{ReportDefinition: d, Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("finops")}}}
}

// exportInput is an export's definition, of a few columns of a table or of all.
func exportInput(name, bucket, table, columns string, change ...func(*bcm.Export)) *bcmdataexports.CreateExportInput {
	x := &bcm.Export{
		Name: &name, DataQuery: &bcm.DataQuery{QueryStatement: aws.String("SELECT " + columns + " FROM " + table)},
		DestinationConfigurations: &bcm.DestinationConfigurations{S3Destination: &bcm.S3Destination{
			S3Bucket: &bucket, S3Prefix: aws.String("exports"), S3Region: aws.String("us-east-1"),
			S3OutputConfigurations: &bcm.S3OutputConfigurations{
				OutputType: bcm.S3OutputTypeCustom, Format: bcm.FormatOptionTextOrCsv, Compression: bcm.CompressionOptionGzip, Overwrite: bcm.OverwriteOptionOverwriteReport,
			},
		}},
		RefreshCadence: &bcm.RefreshCadence{Frequency: bcm.FrequencyOptionSynchronous},
	}
	if table == "COST_AND_USAGE_REPORT" {
		x.DataQuery.TableConfigurations = map[string]map[string]string{table: {"TIME_GRANULARITY": "HOURLY", "INCLUDE_RESOURCES": "TRUE"}}
	}
	for _, f := range change {
		f(x)
	}
	return &bcmdataexports.CreateExportInput{Export: x, ResourceTags: []bcm.ResourceTag{{Key: aws.String("team"), Value: aws.String("finops")}}}
}

// columnsOf asks GetTable which columns a query may name, as AWS wants it instead of SELECT *.
func columnsOf(t testing.TB, c *bcmdataexports.Client, table string) string {
	t.Helper()
	in := &bcmdataexports.GetTableInput{TableName: &table}
	if table == "COST_AND_USAGE_REPORT" {
		in.TableProperties = map[string]string{"INCLUDE_RESOURCES": "TRUE"}
	}
	out, err := c.GetTable(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, column := range out.Schema {
		names = append(names, *column.Name)
	}
	return strings.Join(names, ", ")
}

// order makes a report or an export of a kind, by the API.
func order(t testing.TB, s *sandbox.Sandbox, account, name, bucket string, format bursar.Format, file string, v bursar.Versioning) {
	t.Helper()
	cfg := asAdmin(t, s, account)
	var err error
	if format == bursar.FormatLegacy {
		_, err = cur.NewFromConfig(cfg).PutReportDefinition(t.Context(), reportInput(name, bucket, func(d *types.ReportDefinition) {
			d.ReportVersioning = types.ReportVersioning(v)
			switch file {
			case "zip":
				d.Compression = types.CompressionFormatZip
			case "parquet", "athena":
				d.Format, d.Compression = types.ReportFormatParquet, types.CompressionFormatParquet
			}
			if file == "athena" {
				d.AdditionalArtifacts = []types.AdditionalArtifact{types.AdditionalArtifactAthena}
			}
		}))
	} else {
		c := bcmdataexports.NewFromConfig(cfg)
		table := map[bursar.Format]string{bursar.FormatCUR2: "COST_AND_USAGE_REPORT", bursar.FormatFOCUS10: "FOCUS_1_0_AWS", bursar.FormatFOCUS12: "FOCUS_1_2_AWS"}[format]
		_, err = c.CreateExport(t.Context(), exportInput(name, bucket, table, columnsOf(t, c, table), func(x *bcm.Export) {
			o := x.DestinationConfigurations.S3Destination.S3OutputConfigurations
			o.Overwrite = bcm.OverwriteOption(v)
			if file == "parquet" {
				o.Format, o.Compression = bcm.FormatOptionParquet, bcm.CompressionOptionParquet
			}
		}))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestDeliveriesAddUp makes every kind of report and export by the API, lets time pass, reads the bucket with a
// reader of its own, and compares with what the sandbox says: after the first delivery, after a day, after a
// restatement, and in the next month.
func TestDeliveriesAddUp(t *testing.T) {
	for _, format := range []bursar.Format{bursar.FormatLegacy, bursar.FormatCUR2, bursar.FormatFOCUS10, bursar.FormatFOCUS12} {
		for _, file := range []string{"csv", "zip", "parquet", "athena"} {
			for _, v := range []bursar.Versioning{bursar.CreateNew, bursar.Overwrite} {
				if (file == "zip" || file == "athena") && format != bursar.FormatLegacy || file == "athena" && v == bursar.CreateNew {
					continue
				}
				t.Run(fmt.Sprint(format, " ", file, " ", v), func(t *testing.T) { addUp(t, format, file, v) })
			}
		}
	}
}

func addUp(t *testing.T, format bursar.Format, file string, v bursar.Versioning) {
	s := start(t, small(t))
	makeBucket(t, s, payer, "payer-bills")
	order(t, s, payer, "daily", "payer-bills", format, file, v)
	x, c := listed(t, s, "daily"), buckets(asAdmin(t, s, payer))

	s.Cloud().Clock.Advance(7 * time.Hour)
	if got := s.Billing().Deliveries(x.ARN); len(got) != 0 {
		t.Fatalf("%d deliveries after 7 hours", len(got))
	}
	s.Cloud().Clock.Advance(2 * time.Hour)
	firstJune, firstJuly := agree(t, s, c, x, june), agree(t, s, c, x, july)

	s.Cloud().Clock.Advance(3 * day)
	if second := agree(t, s, c, x, july); second.Truth.Rows <= firstJuly.Truth.Rows || second.Version == firstJuly.Version {
		t.Errorf("the open month did not grow: %d rows, then %d", firstJuly.Truth.Rows, second.Truth.Rows)
	}
	if err := s.Billing().Restate(x.ARN, june); err != nil {
		t.Fatal(err)
	}
	restated := agree(t, s, c, x, june)
	if restated.Truth.Unblended.Equal(firstJune.Truth.Unblended) || restated.Version == firstJune.Version {
		t.Errorf("the restatement changed nothing: %s in %s, then %s in %s", firstJune.Truth.Unblended, firstJune.Version, restated.Truth.Unblended, restated.Version)
	}
	_, old := object(t, c, x.Bucket, firstJune.DataKeys[0])
	if gone := v == bursar.CreateNew && old != nil; gone {
		t.Errorf("the former version is gone: %v", old)
	}
	s.Cloud().Clock.Advance(30 * day)
	agree(t, s, c, x, july)
	agree(t, s, c, x, bursar.NewPeriod(2026, 8))
}
