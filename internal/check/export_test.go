package check_test

import (
	"context"
	"errors"
	"io"
	"iter"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/smithy-go"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/awsapi"
	"github.com/bursarhq/bursar/internal/check"
)

// aws answers as one account does, from its fields. What is not asked by the export checks is not there.
type aws struct {
	account    string
	exports    []awsapi.DataExport
	reports    []awsapi.ReportDefinition
	runs       []awsapi.Execution
	errExports error
	errReports error
	errRuns    error
	bucket     bucket
	assume     func(awsapi.AssumeRequest) error // nil = denies what lacks the right external id
}

func denied(service, operation, code, message string) error {
	return &smithy.OperationError{ServiceID: service, OperationName: operation, Err: &smithy.GenericAPIError{Code: code, Message: message}}
}

func (a *aws) Identity(context.Context) (awsapi.Identity, error) {
	return awsapi.Identity{AccountID: own, ARN: "arn:aws:iam::" + own + ":user/bursar", PrincipalARN: "arn:aws:iam::" + own + ":user/bursar", PrincipalExact: true}, nil
}

func (a *aws) Assume(_ context.Context, r awsapi.AssumeRequest) (check.Session, error) {
	if a.assume != nil {
		if err := a.assume(r); err != nil {
			return nil, err
		}
	} else if r.ExternalID != extID {
		return nil, denied("STS", "AssumeRole", "AccessDenied", "not authorized")
	}
	return inAccount{aws: a, role: r.RoleARN}, nil
}

type inAccount struct {
	*aws
	check.OrganizationSession // an account in no organization: nothing is asked of it
	role                      string
}

func (s inAccount) Identity(context.Context) (awsapi.Identity, error) {
	_, name, _ := strings.Cut(s.role, "role/bursar/")
	return awsapi.Identity{AccountID: s.account, ARN: "arn:aws:sts::" + s.account + ":assumed-role/" + name + "/bursar-acc_1"}, nil
}

func (s inAccount) Organization(context.Context) (awsapi.Organization, error) {
	return awsapi.Organization{}, denied("Organizations", "DescribeOrganization", "AWSOrganizationsNotInUseException", "")
}

func (s inAccount) Role(context.Context, string) (awsapi.Role, error) {
	return awsapi.Role{}, denied("IAM", "GetRole", "AccessDenied", "")
}

func (s inAccount) Simulate(context.Context, string, []string, []string) ([]awsapi.Simulation, error) {
	return nil, denied("IAM", "SimulatePrincipalPolicy", "AccessDenied", "")
}

func (s inAccount) ReportDefinitions(context.Context) ([]awsapi.ReportDefinition, error) {
	return s.reports, s.errReports
}

func (s inAccount) DataExports(context.Context) ([]awsapi.DataExport, error) {
	return s.exports, s.errExports
}

func (s inAccount) Executions(context.Context, string) ([]awsapi.Execution, error) {
	return s.runs, s.errRuns
}
func (s inAccount) Bucket(string, string, string) (check.Bucket, error) { return s.aws.bucket, nil }

type bucket struct {
	region, policy            string
	keys                      []string
	errLocation, errList, get error
}

func (b bucket) Location(context.Context) (string, error) { return b.region, b.errLocation }
func (b bucket) Policy(context.Context) (string, error)   { return b.policy, nil }
func (b bucket) Encryption(context.Context) (string, string, error) {
	return "AES256", "", nil
}

func (b bucket) List(_ context.Context, prefix string) iter.Seq2[bursar.Object, error] {
	return func(yield func(bursar.Object, error) bool) {
		if b.errList != nil {
			yield(bursar.Object{}, b.errList)
			return
		}
		for _, k := range b.keys {
			if strings.HasPrefix(k, prefix) && !yield(bursar.Object{Key: k, Size: 1}, nil) {
				return
			}
		}
	}
}

func (b bucket) Get(_ context.Context, key, _ string) (bursar.Object, io.ReadCloser, error) {
	return bursar.Object{Key: key, Size: 1}, io.NopCloser(strings.NewReader("x")), b.get
}

const delivers = `{"Statement":{"Effect":"Allow","Principal":{"Service":["bcm-data-exports.amazonaws.com","billingreports.amazonaws.com"]},"Action":["s3:GetBucketPolicy","s3:PutObject"],"Resource":"*"}}`

// stacks is the export that our stack makes, an hour old.
func stacks() awsapi.DataExport {
	return awsapi.DataExport{
		ARN: "arn:aws:bcm-data-exports:us-east-1:" + payer + ":export/bursar-cur2-1", Name: "bursar-cur2", Query: "SELECT a, b\nFROM COST_AND_USAGE_REPORT",
		TableConfigurations: map[string]map[string]string{"COST_AND_USAGE_REPORT": {"TIME_GRANULARITY": "HOURLY", "INCLUDE_RESOURCES": "TRUE", "INCLUDE_SPLIT_COST_ALLOCATION_DATA": "FALSE"}},
		Bucket:              "bursar-cur-" + payer + "-us-east-1", BucketOwner: payer, Prefix: "bursar", Region: "us-east-1",
		OutputType: "CUSTOM", Format: "TEXT_OR_CSV", Compression: "GZIP", Overwrite: "OVERWRITE_REPORT", Status: "HEALTHY", CreatedAt: now.Add(-time.Hour),
	}
}

func account(change func(*aws)) *aws {
	a := &aws{account: payer, exports: []awsapi.DataExport{stacks()}, bucket: bucket{region: "us-east-1", policy: delivers, keys: []string{"bursar/bursar-cur2/data/x"}}}
	if change != nil {
		change(a)
	}
	return a
}

// look runs the whole suite on a made-up account.
func look(t testing.TB, a *aws, followed ...bursar.Export) (check.Result, map[string][]bursar.Finding) {
	t.Helper()
	tg := target(a, payer, "arn:aws:iam::"+payer+":role/bursar/bursar-x")
	tg.Exports = followed
	return run(t, check.All(), tg)
}

func TestDefinitionOfOurStack(t *testing.T) {
	res, found := look(t, account(func(a *aws) {
		old := stacks()
		old.Name, old.ARN, old.CreatedAt = "bursar-old", "arn:old", now.Add(-time.Hour*99)
		other := stacks()
		other.Name, other.Bucket = "finance", "finance-bills"
		emissions := stacks()
		emissions.Query = "SELECT x FROM CARBON_EMISSIONS"
		a.exports = append(a.exports, old, other, emissions)
		a.reports = []awsapi.ReportDefinition{{Name: "legacy", TimeUnit: "DAILY", Format: "Parquet", Bucket: "finance-bills", Prefix: "p", Region: "eu-west-1", Versioning: "OVERWRITE_REPORT", Elements: []string{"RESOURCES"}}}
	}))
	if len(res.Definitions) != 4 {
		t.Errorf("%d definitions, want 4: emissions are no bill", len(res.Definitions))
	}
	want := bursar.Export{
		WorkspaceID: "ws_1", AccountID: "acc_1", Name: "bursar-cur2", ARN: stacks().ARN, Format: bursar.FormatCUR2, FileFormat: bursar.FileCSV, Versioning: bursar.Overwrite,
		Bucket: stacks().Bucket, BucketOwner: payer, Region: "us-east-1", Prefix: "bursar", RoleARN: "arn:aws:iam::" + payer + ":role/bursar/bursar-x-export",
	}
	if res.Chosen == nil || !reflect.DeepEqual(res.Chosen.Export, want) {
		t.Errorf("chosen %+v, want %+v", res.Chosen, want)
	}
	legacy := res.Definitions[3]
	if e := legacy.Export; e.Format != bursar.FormatLegacy || e.FileFormat != bursar.FileParquet || e.Region != "eu-west-1" || legacy.Granularity != "DAILY" || !legacy.ResourceIDs {
		t.Errorf("%+v", legacy)
	}
	for name, code := range map[string]string{"export_definition": "ok", "export_bucket": "ok", "export_delivery": "awaiting_first_delivery"} {
		if got := codes(found, name); got != code {
			t.Errorf("%s: %s, want %s: %v", name, got, code, found[name])
		}
	}
}

func TestExportTrouble(t *testing.T) {
	noPolicy := errors.New("made up")
	for name, tt := range map[string]struct {
		change                        func(*aws)
		definition, bucket, delivered string
	}{
		"nothing set up":   {func(a *aws) { a.exports = nil }, "not_set_up", "not_set_up", "not_set_up"},
		"another's export": {func(a *aws) { a.exports[0].Name, a.exports[0].Bucket = "finance", "finance" }, "not_set_up", "not_set_up", "not_set_up"},
		"listing denied": {func(a *aws) {
			a.exports, a.errExports = nil, denied("BCM Data Exports", "ListExports", "AccessDeniedException", "")
		}, "permission_missing", "not_set_up", "not_set_up"},
		"legacy list denied": {func(a *aws) {
			a.errReports = denied("Cost and Usage Report Service", "DescribeReportDefinitions", "AccessDeniedException", "")
		}, "ok", "ok", "awaiting_first_delivery"},
		"unhealthy": {func(a *aws) { a.exports[0].Status, a.exports[0].StatusReason = "UNHEALTHY", "INSUFFICIENT_PERMISSION" }, "unhealthy", "ok", "failed"},
		"monthly": {func(a *aws) {
			a.exports[0].TableConfigurations["COST_AND_USAGE_REPORT"]["TIME_GRANULARITY"] = "MONTHLY"
		}, "coarse", "ok", "awaiting_first_delivery"},
		"no resources":     {func(a *aws) { a.exports[0].TableConfigurations["COST_AND_USAGE_REPORT"]["INCLUDE_RESOURCES"] = "FALSE" }, "without_resource_ids", "ok", "awaiting_first_delivery"},
		"bucket gone":      {func(a *aws) { a.bucket.errLocation = denied("S3", "GetBucketLocation", "NoSuchBucket", "") }, "ok", "bucket_gone", "awaiting_first_delivery"},
		"bucket elsewhere": {func(a *aws) { a.bucket.region = "eu-west-1" }, "ok", "wrong_region", "awaiting_first_delivery"},
		"bucket denied":    {func(a *aws) { a.bucket.errList = denied("S3", "ListObjectsV2", "AccessDenied", "Access Denied") }, "ok", "wrong_owner_or_denied", "awaiting_first_delivery"},
		"key denied": {func(a *aws) {
			a.bucket.get = denied("S3", "GetObject", "AccessDenied", "User: u is not authorized to perform: kms:Decrypt on resource: k")
		}, "ok", "kms_denied", "awaiting_first_delivery"},
		"strange error":      {func(a *aws) { a.bucket.get = noPolicy }, "ok", "unknown_error", "awaiting_first_delivery"},
		"no delivery policy": {func(a *aws) { a.bucket.policy = "" }, "ok", "delivery_not_allowed", "awaiting_first_delivery"},
		"empty bucket":       {func(a *aws) { a.bucket.keys = nil }, "ok", "ok", "awaiting_first_delivery"},
		"export role missing": {func(a *aws) {
			a.assume = func(r awsapi.AssumeRequest) error {
				if strings.HasSuffix(r.RoleARN, "-export") || r.ExternalID != extID {
					return denied("STS", "AssumeRole", "AccessDenied", "")
				}
				return nil
			}
		}, "ok", "not_deployed_or_changed", "awaiting_first_delivery"},
		"export role insecure": {func(a *aws) {
			a.assume = func(r awsapi.AssumeRequest) error {
				if !strings.HasSuffix(r.RoleARN, "-export") && r.ExternalID != extID {
					return denied("STS", "AssumeRole", "AccessDenied", "")
				}
				return nil
			}
		}, "ok", "insecure_trust", ""},
	} {
		t.Run(name, func(t *testing.T) {
			res, found := look(t, account(tt.change))
			for check, code := range map[string]string{"export_definition": tt.definition, "export_bucket": tt.bucket, "export_delivery": tt.delivered} {
				if got := codes(found, check); got != code {
					t.Errorf("%s: %s, want %s: %v", check, got, code, found[check])
				}
			}
			if insecure := tt.bucket == "insecure_trust"; res.Insecure != insecure || res.Trusted == insecure {
				t.Errorf("%+v", res)
			}
		})
	}
}

func TestFollowedExport(t *testing.T) {
	e := bursar.Export{ID: "exp_1", Name: "finance", Bucket: "finance-bills", RoleARN: "arn:aws:iam::" + payer + ":role/bursar/bursar-other"}
	res, _ := look(t, account(func(a *aws) {
		x := stacks()
		x.Name, x.Bucket = e.Name, e.Bucket
		a.exports = append(a.exports, x)
	}), e)
	if res.Chosen == nil || res.Chosen.Export.ID != "exp_1" || res.Chosen.Export.RoleARN != e.RoleARN {
		t.Errorf("chosen %+v: what is followed goes first", res.Chosen)
	}
	if _, found := look(t, account(nil), e); codes(found, "export_definition") != "export_gone" {
		t.Errorf("%v", found["export_definition"])
	}
}

func TestArrival(t *testing.T) {
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	success := func(d time.Duration) awsapi.Execution {
		return awsapi.Execution{Status: "DELIVERY_SUCCESS", CreatedAt: ago(d), CompletedAt: ago(d)}
	}
	failure := func(d time.Duration) awsapi.Execution {
		return awsapi.Execution{Status: "DELIVERY_FAILURE", Reason: "INSUFFICIENT_PERMISSION", CreatedAt: ago(d)}
	}
	for name, tt := range map[string]struct {
		age  time.Duration
		runs []awsapi.Execution
		want bursar.DataArrival
	}{
		"new":                      {time.Hour, nil, bursar.ArrivalAwaiting},
		"just under a day":         {24*time.Hour - time.Second, nil, bursar.ArrivalAwaiting},
		"a day":                    {24 * time.Hour, nil, bursar.ArrivalLate},
		"two days":                 {48 * time.Hour, nil, bursar.ArrivalLate},
		"more":                     {48*time.Hour + time.Second, nil, bursar.ArrivalFailed},
		"under way":                {time.Hour, []awsapi.Execution{{Status: "QUERY_IN_PROCESS", CreatedAt: ago(time.Minute)}}, bursar.ArrivalAwaiting},
		"delivered":                {99 * time.Hour, []awsapi.Execution{success(5 * time.Hour)}, bursar.ArrivalReceiving},
		"long ago":                 {999 * time.Hour, []awsapi.Execution{success(73 * time.Hour)}, bursar.ArrivalStale},
		"failed at once":           {time.Hour, []awsapi.Execution{failure(time.Minute)}, bursar.ArrivalFailed},
		"failed after a success":   {99 * time.Hour, []awsapi.Execution{failure(time.Hour), success(5 * time.Hour)}, bursar.ArrivalFailed},
		"mended after the failure": {99 * time.Hour, []awsapi.Execution{success(time.Hour), failure(5 * time.Hour)}, bursar.ArrivalReceiving},
	} {
		t.Run(name, func(t *testing.T) {
			res, found := look(t, account(func(a *aws) { a.exports[0].CreatedAt, a.runs = ago(tt.age), tt.runs }))
			if res.Arrival != tt.want || codes(found, "export_delivery") != string(tt.want) {
				t.Errorf("%s, want %s: %v", res.Arrival, tt.want, found["export_delivery"])
			}
			if status := bursar.Summarize(found["export_delivery"]); status.DataArrival != tt.want {
				t.Errorf("the account's status says %s", status.DataArrival)
			}
		})
	}
}

func TestLegacyArrival(t *testing.T) {
	for name, tt := range map[string]struct {
		status string
		last   time.Time
		want   bursar.DataArrival
	}{
		"first seen": {"", time.Time{}, bursar.ArrivalAwaiting},
		"success":    {"SUCCESS", now.Add(-time.Hour), bursar.ArrivalReceiving},
		"stale":      {"SUCCESS", now.Add(-100 * time.Hour), bursar.ArrivalStale},
		"no bucket":  {"ERROR_NO_BUCKET", now.Add(-time.Hour), bursar.ArrivalFailed},
	} {
		t.Run(name, func(t *testing.T) {
			res, found := look(t, account(func(a *aws) {
				a.exports = nil
				a.reports = []awsapi.ReportDefinition{{Name: "bursar-legacy", TimeUnit: "HOURLY", Format: "textORcsv", Bucket: "b", Region: "us-east-1", Elements: []string{"RESOURCES"}, RefreshClosed: true, LastStatus: tt.status, LastDelivery: tt.last}}
			}))
			if res.Arrival != tt.want {
				t.Errorf("%s, want %s: %v", res.Arrival, tt.want, found["export_delivery"])
			}
		})
	}
}
