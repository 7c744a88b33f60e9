package sandbox_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/bcmdataexports"
	bcm "github.com/aws/aws-sdk-go-v2/service/bcmdataexports/types"
	cur "github.com/aws/aws-sdk-go-v2/service/costandusagereportservice"
	"github.com/aws/aws-sdk-go-v2/service/costandusagereportservice/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/sandbox/cloud"
)

// TestBrokenDeliveries plays each trouble, in both versioning modes, and sees that the next delivery is whole again.
func TestBrokenDeliveries(t *testing.T) {
	for _, v := range []bursar.Versioning{bursar.CreateNew, bursar.Overwrite} {
		for _, kind := range []string{"no_manifest", "missing_file", "truncated_file"} {
			t.Run(string(v)+" "+kind, func(t *testing.T) { playTrouble(t, v, kind) })
		}
	}
}

func playTrouble(t *testing.T, v bursar.Versioning, kind string) {
	s := start(t, small(t))
	makeBucket(t, s, payer, "payer-bills")
	order(t, s, payer, "daily", "payer-bills", bursar.FormatCUR2, "csv", v)
	s.Cloud().Clock.Advance(9 * time.Hour)
	x, c := listed(t, s, "daily"), buckets(asAdmin(t, s, payer))
	good := agree(t, s, c, x, june)

	s.Cloud().Faults.Add(cloud.Fault{Kind: kind, Service: "bcm-data-exports", Resource: "daily", Times: 1})
	if err := s.Billing().Deliver(x.ARN, june); err != nil {
		t.Fatal(err)
	}
	all := s.Billing().Deliveries(x.ARN)
	broken := all[len(all)-1]
	if truth, _ := s.Billing().Truth(x.ARN, june); broken.Trouble != kind || truth.Version != good.Version {
		t.Errorf("trouble %q; the truth is %s, want %s", broken.Trouble, truth.Version, good.Version)
	}
	m := readManifest(t, c, x.Bucket, broken.ManifestKey)
	last, err := object(t, c, x.Bucket, broken.DataKeys[len(broken.DataKeys)-1])
	switch kind {
	case "no_manifest":
		if m.version() != good.Version || err != nil {
			t.Errorf("the manifest says %s, want the former %s (%v)", m.version(), good.Version, err)
		}
	case "missing_file":
		if m.version() != broken.Version || code(err) != "NoSuchKey" {
			t.Errorf("the manifest says %s, and the file: %v", m.version(), err)
		}
	case "truncated_file":
		z, e := gzip.NewReader(bytes.NewReader(last))
		if e == nil {
			_, e = io.Copy(io.Discard, z)
		}
		if m.version() != broken.Version || !errors.Is(e, io.ErrUnexpectedEOF) {
			t.Errorf("the manifest says %s, and the file: %v", m.version(), e)
		}
	}
	s.Cloud().Clock.Advance(3 * day) // the next refresh makes the month whole
	if whole := agree(t, s, c, x, june); whole.Version == good.Version {
		t.Error("the month was not delivered again")
	}
}

// TestTheBucketMustLetAWSWrite: at creation, and at each delivery.
func TestTheBucketMustLetAWSWrite(t *testing.T) {
	s, reports, exports := billingDesk(t)
	c := buckets(asAdmin(t, s, payer))
	put := func(policy string) {
		t.Helper()
		if _, err := c.PutBucketPolicy(t.Context(), &s3.PutBucketPolicyInput{Bucket: aws.String("payer-bills"), Policy: &policy}); err != nil {
			t.Fatal(err)
		}
	}
	good := deliveryPolicy("payer-bills", payer)
	for name, policy := range map[string]string{
		"another account":        strings.ReplaceAll(good, payer, loner),
		"another source account": strings.Replace(good, `"aws:SourceAccount":"`+payer, `"aws:SourceAccount":"`+loner, 2),
		"another region's ARNs":  strings.ReplaceAll(good, ":us-east-1:", ":eu-west-1:"),
		"no writing":             strings.Replace(good, "s3:PutObject", "s3:PutObjectAcl", 1),
		"no policy to read":      strings.Replace(good, "s3:GetBucketPolicy", "s3:GetBucketLocation", 1),
		"another service":        strings.NewReplacer("billingreports.amazonaws.com", "ec2.amazonaws.com", "bcm-data-exports.amazonaws.com", "sns.amazonaws.com").Replace(good),
	} {
		put(policy)
		if _, err := reports.PutReportDefinition(t.Context(), reportInput("r", "payer-bills")); code(err) != "ValidationException" || !strings.Contains(message(err), "verify customer bucket permission") {
			t.Errorf("%s: report: %v", name, err)
		}
		if _, err := exports.CreateExport(t.Context(), exportInput("x", "payer-bills", "FOCUS_1_2_AWS", "BilledCost")); message(err) != "S3 bucket permission validation failed" {
			t.Errorf("%s: export: %v", name, err)
		}
	}
	put(good)
	if _, err := reports.PutReportDefinition(t.Context(), reportInput("r", "payer-bills")); err != nil {
		t.Fatal(err)
	}
	made, err := exports.CreateExport(t.Context(), exportInput("x", "payer-bills", "FOCUS_1_2_AWS", "BilledCost, ChargeCategory"))
	if err != nil {
		t.Fatal(err)
	}
	put(strings.ReplaceAll(good, payer, loner))
	s.Cloud().Clock.Advance(9 * time.Hour)
	wantUnhealthy(t, reports, exports, *made.ExportArn)
	put(good)
	s.Cloud().Clock.Advance(3 * day)
	agree(t, s, c, listed(t, s, "x"), july)
	got, err := exports.GetExport(t.Context(), &bcmdataexports.GetExportInput{ExportArn: made.ExportArn})
	if err != nil || got.ExportStatus.StatusCode != bcm.ExportStatusCodeHealthy {
		t.Errorf("after the policy was mended: %v %+v", err, got.ExportStatus)
	}
}

func wantUnhealthy(t *testing.T, reports *cur.Client, exports *bcmdataexports.Client, arn string) {
	t.Helper()
	got, err := exports.GetExport(t.Context(), &bcmdataexports.GetExportInput{ExportArn: &arn})
	if err != nil || got.ExportStatus.StatusCode != bcm.ExportStatusCodeUnhealthy || got.ExportStatus.StatusReason != bcm.ExecutionStatusReasonInsufficientPermission {
		t.Errorf("%v %+v", err, got.ExportStatus)
	}
	runs, err := exports.ListExecutions(t.Context(), &bcmdataexports.ListExecutionsInput{ExportArn: &arn})
	if err != nil || len(runs.Executions) != 1 || runs.Executions[0].ExecutionStatus.StatusCode != bcm.ExecutionStatusCodeDeliveryFailure {
		t.Fatalf("%v %+v", err, runs)
	}
	run, err := exports.GetExecution(t.Context(), &bcmdataexports.GetExecutionInput{ExportArn: &arn, ExecutionId: runs.Executions[0].ExecutionId})
	if err != nil || *run.Export.Name != "x" {
		t.Errorf("%v %+v", err, run)
	}
	list, err := reports.DescribeReportDefinitions(t.Context(), nil)
	if err != nil || list.ReportDefinitions[0].ReportStatus.LastStatus != types.LastStatusErrorPermissions {
		t.Errorf("%v %+v", err, list.ReportDefinitions[0].ReportStatus)
	}
}

// TestTheBucketIsGone is ERROR_NO_BUCKET.
func TestTheBucketIsGone(t *testing.T) {
	s, reports, _ := billingDesk(t)
	if _, err := reports.PutReportDefinition(t.Context(), reportInput("r", "payer-bills")); err != nil {
		t.Fatal(err)
	}
	c := buckets(asAdmin(t, s, payer))
	for _, key := range s.S3().Keys("payer-bills", "") {
		if !strings.HasSuffix(key, "/aws-programmatic-access-test-object") {
			t.Errorf("the bucket holds %s", key)
		}
		if _, err := c.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: aws.String("payer-bills"), Key: &key}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.DeleteBucket(t.Context(), &s3.DeleteBucketInput{Bucket: aws.String("payer-bills")}); err != nil {
		t.Fatal(err)
	}
	s.Cloud().Clock.Advance(9 * time.Hour)
	list, err := reports.DescribeReportDefinitions(t.Context(), nil)
	if err != nil || list.ReportDefinitions[0].ReportStatus.LastStatus != types.LastStatusErrorNoBucket {
		t.Errorf("%v %+v", err, list.ReportDefinitions[0].ReportStatus)
	}
}

// TestWhoMayMakeExports: making an export takes the legacy action too, and each action its resource.
func TestWhoMayMakeExports(t *testing.T) {
	s, _, all := billingDesk(t)
	made, err := all.CreateExport(t.Context(), exportInput("theirs", "payer-bills", "FOCUS_1_2_AWS", "BilledCost"))
	if err != nil {
		t.Fatal(err)
	}
	admin := iam.NewFromConfig(asAdmin(t, s, payer))
	name := aws.String("clerk")
	if _, err := admin.CreateUser(t.Context(), &iam.CreateUserInput{UserName: name}); err != nil {
		t.Fatal(err)
	}
	key, err := admin.CreateAccessKey(t.Context(), &iam.CreateAccessKeyInput{UserName: name})
	if err != nil {
		t.Fatal(err)
	}
	cfg := config(s, *key.AccessKey.AccessKeyId, *key.AccessKey.SecretAccessKey, "")
	exports, reports := bcmdataexports.NewFromConfig(cfg), cur.NewFromConfig(cfg)
	may := func(statement string) {
		t.Helper()
		doc := `{"Version":"2012-10-17","Statement":{"Effect":"Allow",` + statement + `}}`
		if _, err := admin.PutUserPolicy(t.Context(), &iam.PutUserPolicyInput{UserName: name, PolicyName: aws.String("p"), PolicyDocument: &doc}); err != nil {
			t.Fatal(err)
		}
	}
	may(`"Action":"bcm-data-exports:*","Resource":"*"`)
	if _, err := exports.CreateExport(t.Context(), exportInput("x", "payer-bills", "FOCUS_1_2_AWS", "BilledCost")); code(err) != "AccessDeniedException" || !strings.Contains(message(err), "cur:PutReportDefinition") {
		t.Errorf("without the legacy action: %v", err)
	}
	if _, err := reports.DescribeReportDefinitions(t.Context(), nil); code(err) != "AccessDeniedException" {
		t.Errorf("cur: %v", err)
	}
	may(`"Action":["bcm-data-exports:CreateExport","cur:PutReportDefinition"],"Resource":"*"`)
	if _, err := exports.CreateExport(t.Context(), exportInput("x", "payer-bills", "FOCUS_1_2_AWS", "BilledCost")); err != nil {
		t.Error(err)
	}
	may(`"Action":"bcm-data-exports:Get*","Resource":"` + *made.ExportArn + `"`)
	if _, err := exports.GetExport(t.Context(), &bcmdataexports.GetExportInput{ExportArn: made.ExportArn}); err != nil {
		t.Error(err)
	}
	if _, err := exports.ListExports(t.Context(), nil); code(err) != "AccessDeniedException" {
		t.Errorf("list: %v", err)
	}
	if _, err := exports.DeleteExport(t.Context(), &bcmdataexports.DeleteExportInput{ExportArn: made.ExportArn}); code(err) != "AccessDeniedException" {
		t.Errorf("delete: %v", err)
	}
	other := bcmdataexports.NewFromConfig(asAdmin(t, s, loner))
	if _, err := other.GetExport(t.Context(), &bcmdataexports.GetExportInput{ExportArn: made.ExportArn}); code(err) != "ResourceNotFoundException" {
		t.Errorf("from another account: %v", err)
	}
}

// TestReportsThatStayClosed do not see what AWS changes after the invoice.
func TestReportsThatStayClosed(t *testing.T) {
	for _, refresh := range []bool{false, true} {
		s, reports, _ := billingDesk(t)
		if _, err := reports.PutReportDefinition(t.Context(), reportInput("r", "payer-bills", func(d *types.ReportDefinition) { d.RefreshClosedReports = &refresh })); err != nil {
			t.Fatal(err)
		}
		s.Cloud().Clock.Advance(9 * time.Hour) // the 3rd: June is invoiced, support and late credits are to come
		x := listed(t, s, "r")
		before, _ := s.Billing().Truth(x.ARN, june)
		s.Cloud().Clock.Advance(12 * day)
		after, _ := s.Billing().Truth(x.ARN, june)
		if changed := before.Version != after.Version; changed != refresh {
			t.Errorf("RefreshClosedReports %v: delivered again %v", refresh, changed)
		}
	}
}
