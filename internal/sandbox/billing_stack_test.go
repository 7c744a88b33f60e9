package sandbox_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/bcmdataexports"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	cur "github.com/aws/aws-sdk-go-v2/service/costandusagereportservice"

	"github.com/bursarhq/bursar/deploy"
	"github.com/bursarhq/bursar/internal/sandbox"
)

const reportTemplate = `
Parameters: {Prefix: {Type: String, Default: cur}, Unit: {Type: String, Default: HOURLY}, Bucket: {Type: String, Default: payer-bills}}
Resources:
  Report:
    Type: AWS::CUR::ReportDefinition
    Properties:
      ReportName: !Sub "stack-${Unit}"
      TimeUnit: !Ref Unit
      Format: Parquet
      Compression: Parquet
      AdditionalSchemaElements: [RESOURCES]
      AdditionalArtifacts: [ATHENA]
      RefreshClosedReports: "true"
      ReportVersioning: OVERWRITE_REPORT
      S3Bucket: !Ref Bucket
      S3Prefix: !Ref Prefix
      S3Region: us-east-1
Outputs: {Name: {Value: !Ref Report}}
`

func values(m map[string]string) (out []cfn.Parameter) {
	for k, v := range m {
		out = append(out, cfn.Parameter{ParameterKey: aws.String(k), ParameterValue: aws.String(v)})
	}
	return out
}

// makeStack makes a stack by the API and returns its status and outputs.
func makeStack(t testing.TB, c *cloudformation.Client, name, body string, parameters map[string]string) (cfn.StackStatus, map[string]string) {
	t.Helper()
	_, err := c.CreateStack(t.Context(), &cloudformation.CreateStackInput{
		StackName: &name, TemplateBody: &body, Parameters: values(parameters), Capabilities: []cfn.Capability{cfn.CapabilityCapabilityNamedIam},
	})
	if err != nil {
		t.Fatal(err)
	}
	return stack(t, c, name)
}

func stack(t testing.TB, c *cloudformation.Client, name string) (cfn.StackStatus, map[string]string) {
	t.Helper()
	out, err := c.DescribeStacks(t.Context(), &cloudformation.DescribeStacksInput{StackName: &name})
	if err != nil {
		t.Fatal(err)
	}
	outputs := map[string]string{}
	for _, o := range out.Stacks[0].Outputs {
		outputs[*o.OutputKey] = *o.OutputValue
	}
	return out.Stacks[0].StackStatus, outputs
}

func TestReportsByStack(t *testing.T) {
	s, reports, _ := billingDesk(t)
	c := cloudformation.NewFromConfig(asAdmin(t, s, payer))
	status, outputs := makeStack(t, c, "report", reportTemplate, nil)
	if status != cfn.StackStatusCreateComplete || outputs["Name"] != "stack-HOURLY" {
		t.Fatalf("%s %v", status, outputs)
	}
	s.Cloud().Clock.Advance(9 * time.Hour)
	x := listed(t, s, "stack-HOURLY")
	if d := agree(t, s, buckets(asAdmin(t, s, payer)), x, june); !strings.HasPrefix(d.DataKeys[0], "cur/stack-HOURLY/stack-HOURLY/year=2026/month=6/") {
		t.Errorf("keys %v", d.DataKeys)
	}
	update := func(parameters map[string]string) cfn.StackStatus {
		t.Helper()
		if _, err := c.UpdateStack(t.Context(), &cloudformation.UpdateStackInput{StackName: aws.String("report"), UsePreviousTemplate: aws.Bool(true), Parameters: values(parameters)}); err != nil {
			t.Fatal(err)
		}
		status, _ := stack(t, c, "report")
		return status
	}
	if st := update(map[string]string{"Prefix": "moved"}); st != cfn.StackStatusUpdateComplete {
		t.Errorf("in place: %s", st)
	}
	if y := listed(t, s, "stack-HOURLY"); y.Prefix != "moved" || !y.CreatedAt.Equal(x.CreatedAt) {
		t.Errorf("%+v", y)
	}
	if st := update(map[string]string{"Unit": "DAILY"}); st != cfn.StackStatusUpdateComplete {
		t.Errorf("by replacement: %s", st)
	}
	if names := reportNames(t, reports); names != "stack-DAILY" {
		t.Errorf("reports: %s", names)
	}
	if _, err := c.DeleteStack(t.Context(), &cloudformation.DeleteStackInput{StackName: aws.String("report")}); err != nil {
		t.Fatal(err)
	}
	if names := reportNames(t, reports); names != "" {
		t.Errorf("reports: %s", names)
	}
}

func reportNames(t testing.TB, c *cur.Client) string {
	t.Helper()
	out, err := c.DescribeReportDefinitions(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, d := range out.ReportDefinitions {
		names = append(names, *d.ReportName)
	}
	return strings.Join(names, " ")
}

func TestReportStacksThatFail(t *testing.T) {
	s, reports, _ := billingDesk(t)
	c := cloudformation.NewFromConfig(asAdmin(t, s, payer))
	for name, body := range map[string]string{
		"no-bucket":    strings.Replace(reportTemplate, "Default: payer-bills", "Default: nobodys-bucket", 1),
		"bad-format":   strings.Replace(reportTemplate, "Format: Parquet", "Format: csv", 1),
		"bad-key":      strings.Replace(reportTemplate, "S3Region:", "Region:", 1),
		"no-versions":  strings.Replace(reportTemplate, "      ReportVersioning: OVERWRITE_REPORT\n", "", 1),
		"athena-twice": strings.Replace(reportTemplate, "[ATHENA]", "[ATHENA, REDSHIFT]", 1),
	} {
		if status, _ := makeStack(t, c, name, body, nil); status != cfn.StackStatusRollbackComplete {
			t.Errorf("%s: %s", name, status)
		}
	}
	if names := reportNames(t, reports); names != "" {
		t.Errorf("reports: %s", names)
	}
	cfg := asAdmin(t, s, payer)
	cfg.Region = "eu-west-1"
	_, err := cloudformation.NewFromConfig(cfg).CreateStack(t.Context(), &cloudformation.CreateStackInput{StackName: aws.String("x"), TemplateBody: aws.String(reportTemplate)})
	if !strings.Contains(message(err), "Unrecognized resource types: [AWS::CUR::ReportDefinition]") {
		t.Errorf("in another region: %v", err)
	}
}

func template(t testing.TB, name string) string {
	t.Helper()
	body, err := deploy.Template(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// with adds to the parameters of an export stack.
func with(account string, more ...string) map[string]string {
	out := exportParameters(account)
	for i := 0; i < len(more); i += 2 {
		out[more[i]] = more[i+1]
	}
	return out
}

// TestABucketInAnotherRegion deploys the two shipped templates one after the other, and reads across the regions.
func TestABucketInAnotherRegion(t *testing.T) {
	s := start(t, small(t))
	far := asAdmin(t, s, payer)
	far.Region = "eu-central-1"
	status, outputs := makeStack(t, cloudformation.NewFromConfig(far), "bucket", template(t, deploy.Bucket), map[string]string{"ExpectedAccountId": payer})
	if status != cfn.StackStatusCreateComplete || outputs["BucketRegion"] != "eu-central-1" {
		t.Fatalf("%s %v", status, outputs)
	}
	home := cloudformation.NewFromConfig(asAdmin(t, s, payer))
	in := with(payer, "CurS3BucketOption", "USE_EXISTING", "CurS3BucketName", outputs["BucketName"], "CurS3BucketRegion", "us-east-1")
	if status, _ := makeStack(t, home, "wrong-region", template(t, deploy.Export), in); status != cfn.StackStatusRollbackComplete {
		t.Errorf("with the wrong region: %s", status)
	}
	in["CurS3BucketRegion"] = "eu-central-1"
	if status, _ := makeStack(t, home, "export", template(t, deploy.Export), in); status != cfn.StackStatusCreateComplete {
		t.Fatal(status)
	}
	s.Cloud().Clock.Advance(9 * time.Hour)
	reader := session(t, s, "arn:aws:iam::"+payer+":role/bursar/bursar-reader", id)
	reader.Region = "eu-central-1"
	agree(t, s, buckets(reader), listed(t, s, "bursar-cur2"), june)
}

// TestTheShippedExportInEachVariant makes, updates and deletes the shipped export stack.
func TestTheShippedExportInEachVariant(t *testing.T) {
	for _, format := range []string{"csv", "parquet"} {
		for _, versioning := range []string{"CREATE_NEW_REPORT", "OVERWRITE_REPORT"} {
			s := start(t, small(t))
			cfg := asAdmin(t, s, loner)
			c := cloudformation.NewFromConfig(cfg)
			status, _ := makeStack(t, c, "export", template(t, deploy.Export), with(loner, "ExportFileFormat", format, "ExportVersioning", versioning))
			if status != cfn.StackStatusCreateComplete {
				t.Fatalf("%s %s: %s", format, versioning, status)
			}
			s.Cloud().Clock.Advance(9 * time.Hour)
			x := listed(t, s, "bursar-cur2")
			agree(t, s, buckets(cfg), x, june)
			// without split cost the export has other table configurations, which takes a replacement under the same name
			updateFails(t, s, c, with(loner, "ExportFileFormat", format, "ExportVersioning", versioning, "SplitCostAllocation", "false"))
			out, err := bcmdataexports.NewFromConfig(cfg).ListExports(t.Context(), nil)
			if err != nil || len(out.Exports) != 1 || *out.Exports[0].ExportArn != x.ARN {
				t.Errorf("%v %+v", err, out)
			}
		}
	}
}

func updateFails(t *testing.T, s *sandbox.Sandbox, c *cloudformation.Client, parameters map[string]string) {
	t.Helper()
	_, err := c.UpdateStack(t.Context(), &cloudformation.UpdateStackInput{
		StackName: aws.String("export"), UsePreviousTemplate: aws.Bool(true), Parameters: values(parameters), Capabilities: []cfn.Capability{cfn.CapabilityCapabilityNamedIam},
	})
	if err != nil {
		t.Fatal(err)
	}
	if status, _ := stack(t, c, "export"); status != cfn.StackStatusUpdateRollbackComplete {
		t.Errorf("update: %s", status)
	}
}
