package sandbox_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/bcmdataexports"
	bcm "github.com/aws/aws-sdk-go-v2/service/bcmdataexports/types"
	cur "github.com/aws/aws-sdk-go-v2/service/costandusagereportservice"
	"github.com/aws/aws-sdk-go-v2/service/costandusagereportservice/types"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/sandbox"
)

// billingDesk is a payer with an empty bucket, and the clients of both services.
func billingDesk(t testing.TB) (*sandbox.Sandbox, *cur.Client, *bcmdataexports.Client) {
	t.Helper()
	s := start(t, small(t))
	makeBucket(t, s, payer, "payer-bills")
	cfg := asAdmin(t, s, payer)
	return s, cur.NewFromConfig(cfg), bcmdataexports.NewFromConfig(cfg)
}

func TestReportDefinitions(t *testing.T) {
	_, c, _ := billingDesk(t)
	ctx := t.Context()
	for i := range 10 {
		if _, err := c.PutReportDefinition(ctx, reportInput(fmt.Sprintf("report-%d", i), "payer-bills")); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.PutReportDefinition(ctx, reportInput("report-10", "payer-bills")); code(err) != "ReportLimitReachedException" {
		t.Errorf("one too many: %v", err)
	}
	if _, err := c.PutReportDefinition(ctx, reportInput("report-3", "payer-bills")); code(err) != "DuplicateReportNameException" {
		t.Errorf("twice: %v", err)
	}
	var names []string
	pages := cur.NewDescribeReportDefinitionsPaginator(c, &cur.DescribeReportDefinitionsInput{MaxResults: aws.Int32(5)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil || len(page.ReportDefinitions) > 5 {
			t.Fatal(err, len(page.ReportDefinitions))
		}
		for _, d := range page.ReportDefinitions {
			names = append(names, *d.ReportName)
		}
	}
	if len(names) != 10 || !slices.IsSorted(names) {
		t.Errorf("listed %v", names)
	}
	if _, err := c.DescribeReportDefinitions(ctx, &cur.DescribeReportDefinitionsInput{MaxResults: aws.Int32(20)}); code(err) != "ValidationException" {
		t.Errorf("20 a page: %v", err)
	}
	if _, err := c.DescribeReportDefinitions(ctx, &cur.DescribeReportDefinitionsInput{NextToken: aws.String("mine")}); code(err) != "ValidationException" {
		t.Errorf("a token of our own: %v", err)
	}
	tags, err := c.ListTagsForResource(ctx, &cur.ListTagsForResourceInput{ReportName: aws.String("report-0")})
	if err != nil || len(tags.Tags) != 1 || *tags.Tags[0].Value != "finops" {
		t.Errorf("%v %v", err, tags)
	}
	changeAndDelete(t, c)
}

func changeAndDelete(t *testing.T, c *cur.Client) {
	t.Helper()
	ctx := t.Context()
	changed := reportInput("report-0", "payer-bills", func(d *types.ReportDefinition) { d.S3Prefix = aws.String("moved") }).ReportDefinition
	if _, err := c.ModifyReportDefinition(ctx, &cur.ModifyReportDefinitionInput{ReportName: aws.String("report-0"), ReportDefinition: changed}); err != nil {
		t.Error(err)
	}
	out, err := c.DescribeReportDefinitions(ctx, nil)
	if err != nil || *out.ReportDefinitions[0].S3Prefix != "moved" || out.ReportDefinitions[0].ReportStatus != nil {
		t.Errorf("%v %+v", err, out.ReportDefinitions[0])
	}
	if _, err := c.DeleteReportDefinition(ctx, &cur.DeleteReportDefinitionInput{ReportName: aws.String("report-0")}); err != nil {
		t.Error(err)
	}
	if _, err := c.DeleteReportDefinition(ctx, &cur.DeleteReportDefinitionInput{ReportName: aws.String("report-0")}); code(err) != "ResourceNotFoundException" {
		t.Errorf("deleted twice: %v", err)
	}
}

func TestReportDefinitionsThatAWSRefuses(t *testing.T) {
	_, c, _ := billingDesk(t)
	for name, change := range map[string]func(*types.ReportDefinition){
		"name with a space":    func(d *types.ReportDefinition) { d.ReportName = aws.String("a b") },
		"time unit":            func(d *types.ReportDefinition) { d.TimeUnit = "WEEKLY" },
		"region of the bucket": func(d *types.ReportDefinition) { d.S3Region = "il-central-1" },
		"bucket elsewhere":     func(d *types.ReportDefinition) { d.S3Region = "eu-west-1" },
		"no such bucket":       func(d *types.ReportDefinition) { d.S3Bucket = aws.String("nobodys-bucket") },
		"parquet in gzip":      func(d *types.ReportDefinition) { d.Format = types.ReportFormatParquet },
		"csv in parquet":       func(d *types.ReportDefinition) { d.Compression = types.CompressionFormatParquet },
		"athena with csv":      func(d *types.ReportDefinition) { d.AdditionalArtifacts = []types.AdditionalArtifact{"ATHENA"} },
		"unknown schema":       func(d *types.ReportDefinition) { d.AdditionalSchemaElements = []types.SchemaElement{"TAGS"} },
		"prefix with a space":  func(d *types.ReportDefinition) { d.S3Prefix = aws.String("a b") },
		"versioning":           func(d *types.ReportDefinition) { d.ReportVersioning = "APPEND" },
		"athena with quicksight": func(d *types.ReportDefinition) {
			d.Format, d.Compression = types.ReportFormatParquet, types.CompressionFormatParquet
			d.AdditionalArtifacts = []types.AdditionalArtifact{"ATHENA", "QUICKSIGHT"}
		},
	} {
		if _, err := c.PutReportDefinition(t.Context(), reportInput("report", "payer-bills", change)); code(err) != "ValidationException" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestExportsByTheAPI(t *testing.T) {
	_, _, c := billingDesk(t)
	ctx := t.Context()
	made, err := c.CreateExport(ctx, exportInput("focus", "payer-bills", "FOCUS_1_2_AWS", "BilledCost, ChargeCategory, BillingPeriodStart"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(*made.ExportArn, "arn:aws:bcm-data-exports:us-east-1:"+payer+":export/focus-") {
		t.Errorf("ARN %s", *made.ExportArn)
	}
	got, err := c.GetExport(ctx, &bcmdataexports.GetExportInput{ExportArn: made.ExportArn})
	if err != nil || got.ExportStatus.StatusCode != bcm.ExportStatusCodeHealthy || got.ExportStatus.LastRefreshedAt != nil || *got.Export.Name != "focus" {
		t.Fatalf("%v %+v", err, got)
	}
	next := exportInput("focus", "payer-bills", "FOCUS_1_2_AWS", "BilledCost, ChargeCategory").Export
	next.Description = aws.String("fewer columns")
	if _, err := c.UpdateExport(ctx, &bcmdataexports.UpdateExportInput{ExportArn: made.ExportArn, Export: next}); err != nil {
		t.Error(err)
	}
	next.Name = aws.String("other")
	if _, err := c.UpdateExport(ctx, &bcmdataexports.UpdateExportInput{ExportArn: made.ExportArn, Export: next}); code(err) != "ValidationException" {
		t.Errorf("another name: %v", err)
	}
	tags, err := c.ListTagsForResource(ctx, &bcmdataexports.ListTagsForResourceInput{ResourceArn: made.ExportArn})
	if err != nil || *tags.ResourceTags[0].Key != "team" {
		t.Errorf("%v %v", err, tags)
	}
	if _, err := c.DeleteExport(ctx, &bcmdataexports.DeleteExportInput{ExportArn: made.ExportArn}); err != nil {
		t.Error(err)
	}
	if _, err := c.GetExport(ctx, &bcmdataexports.GetExportInput{ExportArn: made.ExportArn}); code(err) != "ResourceNotFoundException" {
		t.Errorf("after it is gone: %v", err)
	}
}

func TestExportsInPages(t *testing.T) {
	_, _, c := billingDesk(t)
	ctx := t.Context()
	for i := range 10 {
		if _, err := c.CreateExport(ctx, exportInput(fmt.Sprintf("x%d", i), "payer-bills", "FOCUS_1_0_AWS", "BilledCost")); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.CreateExport(ctx, exportInput("x10", "payer-bills", "FOCUS_1_0_AWS", "BilledCost")); code(err) != "ServiceQuotaExceededException" {
		t.Errorf("one too many: %v", err)
	}
	n := 0
	pages := bcmdataexports.NewListExportsPaginator(c, &bcmdataexports.ListExportsInput{MaxResults: aws.Int32(3)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil || len(page.Exports) > 3 {
			t.Fatal(err, len(page.Exports))
		}
		for _, x := range page.Exports {
			if *x.ExportName != fmt.Sprintf("x%d", n) {
				t.Errorf("%d: %s", n, *x.ExportName)
			}
			n++
		}
	}
	if n != 10 {
		t.Errorf("%d exports", n)
	}
	if _, err := c.ListExports(ctx, &bcmdataexports.ListExportsInput{MaxResults: aws.Int32(101)}); code(err) != "ValidationException" {
		t.Errorf("101 a page: %v", err)
	}
}

func TestTables(t *testing.T) {
	_, _, c := billingDesk(t)
	ctx := t.Context()
	list, err := c.ListTables(ctx, nil)
	if err != nil || len(list.Tables) != 5 {
		t.Fatal(err, list)
	}
	columns := func(settings map[string]string) int {
		out, err := c.GetTable(ctx, &bcmdataexports.GetTableInput{TableName: aws.String("COST_AND_USAGE_REPORT"), TableProperties: settings})
		if err != nil {
			t.Fatal(err)
		}
		return len(out.Schema)
	}
	if n := columns(map[string]string{"INCLUDE_RESOURCES": "TRUE", "INCLUDE_SPLIT_COST_ALLOCATION_DATA": "TRUE"}); n != 126 {
		t.Errorf("%d columns with everything", n)
	}
	if n := columns(nil); n != 114 {
		t.Errorf("%d columns without resources and split cost", n)
	}
	for _, in := range []*bcmdataexports.GetTableInput{
		{TableName: aws.String("NO_TABLE")},
		{TableName: aws.String("COST_AND_USAGE_REPORT"), TableProperties: map[string]string{"INCLUDE_RESOURCES": "yes"}},
		{TableName: aws.String("FOCUS_1_2_AWS"), TableProperties: map[string]string{"INCLUDE_RESOURCES": "TRUE"}},
	} {
		if _, err := c.GetTable(ctx, in); code(err) != "ValidationException" {
			t.Errorf("%s: %v", *in.TableName, err)
		}
	}
}

func TestExportsThatAWSRefuses(t *testing.T) {
	_, _, c := billingDesk(t)
	const full = "COST_AND_USAGE_REPORT"
	query := func(q string) func(*bcm.Export) {
		return func(x *bcm.Export) { x.DataQuery.QueryStatement = &q }
	}
	to := func(f func(*bcm.S3Destination)) func(*bcm.Export) {
		return func(x *bcm.Export) { f(x.DestinationConfigurations.S3Destination) }
	}
	for name, change := range map[string]func(*bcm.Export){
		"all columns":         query("SELECT * FROM " + full),
		"no such column":      query("SELECT line_item_colour FROM " + full),
		"a column twice":      query("SELECT line_item_unblended_cost, line_item_unblended_cost FROM " + full),
		"no such table":       query("SELECT a FROM BILLS"),
		"no query":            query("DROP TABLE bills"),
		"split cost not on":   query("SELECT split_line_item_split_cost FROM " + full),
		"another table's":     func(x *bcm.Export) { x.DataQuery.QueryStatement = aws.String("SELECT BilledCost FROM FOCUS_1_2_AWS") },
		"unknown property":    func(x *bcm.Export) { x.DataQuery.TableConfigurations[full]["COLOUR"] = "RED" },
		"value of a property": func(x *bcm.Export) { x.DataQuery.TableConfigurations[full]["INCLUDE_RESOURCES"] = "true" },
		"name":                func(x *bcm.Export) { x.Name = aws.String("a.b") },
		"frequency":           func(x *bcm.Export) { x.RefreshCadence.Frequency = "DAILY" },
		"no such bucket":      to(func(d *bcm.S3Destination) { d.S3Bucket = aws.String("nobodys-bucket") }),
		"bucket elsewhere":    to(func(d *bcm.S3Destination) { d.S3Region = aws.String("eu-west-1") }),
		"somebody else's":     to(func(d *bcm.S3Destination) { d.S3BucketOwner = aws.String(loner) }),
		"csv in parquet":      to(func(d *bcm.S3Destination) { d.S3OutputConfigurations.Compression = bcm.CompressionOptionParquet }),
		"region that is none": to(func(d *bcm.S3Destination) { d.S3Region = aws.String("US Standard") }),
		"unknown overwrite":   to(func(d *bcm.S3Destination) { d.S3OutputConfigurations.Overwrite = "APPEND" }),
		"unknown output type": to(func(d *bcm.S3Destination) { d.S3OutputConfigurations.OutputType = "SNOWFLAKE" }),
		"statement too long":  query("SELECT " + strings.Repeat("line_item_usage_type, ", 2_000) + "tags FROM " + full),
		"resources not on":    func(x *bcm.Export) { delete(x.DataQuery.TableConfigurations[full], "INCLUDE_RESOURCES") },
	} {
		if _, err := c.CreateExport(t.Context(), exportInput("x", "payer-bills", full, "line_item_unblended_cost, line_item_resource_id", change)); code(err) != "ValidationException" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := c.CreateExport(t.Context(), exportInput("x", "payer-bills", full, "line_item_unblended_cost")); err != nil {
		t.Fatal(err)
	}
	if _, err := c.CreateExport(t.Context(), exportInput("x", "payer-bills", full, "line_item_unblended_cost")); code(err) != "ValidationException" {
		t.Errorf("a name twice: %v", err)
	}
}

// TestExportsWithoutLineItems are there, and set aside: nothing is delivered.
func TestExportsWithoutLineItems(t *testing.T) {
	s, _, c := billingDesk(t)
	made, err := c.CreateExport(t.Context(), exportInput("advice", "payer-bills", "COST_OPTIMIZATION_RECOMMENDATIONS", "recommendation_id, region"))
	if err != nil {
		t.Fatal(err)
	}
	s.Cloud().Clock.Advance(2 * day)
	if n := len(s.Billing().Deliveries(*made.ExportArn)); n != 0 {
		t.Errorf("%d deliveries", n)
	}
	if err := s.Billing().Restate(*made.ExportArn, july); err == nil {
		t.Error("it was restated")
	}
}

// TestBillingHasOneRegion: elsewhere there is no endpoint.
func TestBillingHasOneRegion(t *testing.T) {
	s, _, _ := billingDesk(t)
	cfg := asAdmin(t, s, payer)
	cfg.Region = "eu-west-1"
	if _, err := cur.NewFromConfig(cfg).DescribeReportDefinitions(t.Context(), nil); code(err) != "UnknownEndpoint" {
		t.Errorf("cur: %v", err)
	}
	if _, err := bcmdataexports.NewFromConfig(cfg).ListExports(t.Context(), nil); code(err) != "UnknownEndpoint" {
		t.Errorf("bcm-data-exports: %v", err)
	}
}

// TestAMembersReport has the member's own line items alone.
func TestAMembersReport(t *testing.T) {
	s := start(t, small(t))
	makeBucket(t, s, member, "member-bills")
	order(t, s, member, "mine", "member-bills", bursar.FormatCUR2, "csv", bursar.Overwrite)
	s.Cloud().Clock.Advance(9 * 3600e9)
	x := listed(t, s, "mine")
	d := agree(t, s, buckets(asAdmin(t, s, member)), x, june)
	if len(d.Truth.ByAccount) != 1 || d.Truth.ByAccount[member].Rows == 0 {
		t.Errorf("accounts: %v", d.Truth.ByAccount)
	}
}
