package check_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/deploy"
	"github.com/bursarhq/bursar/internal/awsapi"
	"github.com/bursarhq/bursar/internal/check"
	"github.com/bursarhq/bursar/internal/check/checktest"
	"github.com/bursarhq/bursar/internal/sandbox"
	"github.com/bursarhq/bursar/internal/sandbox/cfn"
)

// canned answers for the services of a bill's definition as AWS does on the wire: no report, one export.
func canned(w http.ResponseWriter, r *http.Request, account string) {
	target := r.Header.Get("X-Amz-Target")
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	arn := "arn:aws:bcm-data-exports:us-east-1:" + account + ":export/bursar-cur2-1"
	at := func(d time.Duration) string { return now.Add(-d).Format(time.RFC3339) }
	switch target[strings.LastIndexByte(target, '.')+1:] {
	case "DescribeReportDefinitions":
		fmt.Fprint(w, `{"ReportDefinitions":[],"NextToken":""}`)
	case "ListExports":
		fmt.Fprintf(w, `{"Exports":[{"ExportArn":%q,"ExportName":"bursar-cur2","ExportStatus":{"StatusCode":"HEALTHY"}}]}`, arn)
	case "GetExport":
		fmt.Fprintf(w, `{"Export":{"ExportArn":%q,"Name":"bursar-cur2","DataQuery":{"QueryStatement":"SELECT a FROM COST_AND_USAGE_REPORT","TableConfigurations":{"COST_AND_USAGE_REPORT":{"TIME_GRANULARITY":"HOURLY","INCLUDE_RESOURCES":"TRUE"}}},
"DestinationConfigurations":{"S3Destination":{"S3Bucket":"bursar-cur-%s-us-east-1","S3Prefix":"bursar","S3Region":"us-east-1","S3OutputConfigurations":{"Compression":"GZIP","Format":"TEXT_OR_CSV","OutputType":"CUSTOM","Overwrite":"OVERWRITE_REPORT"}}},
"RefreshCadence":{"Frequency":"SYNCHRONOUS"}},"ExportStatus":{"StatusCode":"HEALTHY","CreatedAt":%q}}`, arn, account, at(time.Hour))
	case "ListExecutions":
		fmt.Fprintf(w, `{"Executions":[{"ExecutionId":"e1","ExecutionStatus":{"StatusCode":"DELIVERY_SUCCESS","CreatedAt":%q,"CompletedAt":%q}}]}`, at(30*time.Minute), at(29*time.Minute))
	}
}

// deployed is the sandbox with the shipped stacks in an account: access (with its StackSet in a payer) and the right to read an export.
func deployed(t *testing.T, account string) (check.Access, *sandbox.Sandbox) {
	t.Helper()
	s := start(t)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, service := range []string{"cur", "bcm-data-exports"} {
			if strings.Contains(r.Header.Get("Authorization"), "/us-east-1/"+service+"/") {
				canned(w, r, account)
				return
			}
		}
		s.ServeHTTP(w, r)
	}))
	t.Cleanup(srv.Close)
	bucket := "bursar-cur-" + account + "-us-east-1"
	if e := s.S3().CreateBucket(account, "us-east-1", bucket); e != nil {
		t.Fatal(e)
	}
	if e := s.S3().PutBucketPolicy(bucket, strings.ReplaceAll(delivers, `"Resource":"*"`, `"Resource":["arn:aws:s3:::`+bucket+`","arn:aws:s3:::`+bucket+`/*"]`)); e != nil {
		t.Fatal(e)
	}
	object, err := s.S3().Create(bucket, "bursar/bursar-cur2/data/x.csv.gz")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := object.Write([]byte("x")); err != nil || object.Close() != nil {
		t.Fatal("the object cannot be written")
	}
	access := map[string]string{"RoleName": "bursar-x", "ExternalId": extID, "Principal": own, "PrincipalArn": "arn:aws:iam::" + own + ":user/bursar", "ExpectedAccountId": account}
	if account == payer {
		access["TargetOrganizationId"] = "r-exmp"
	}
	stack(t, s, account, "access", deploy.Access, access)
	stack(t, s, account, "existing", deploy.Existing, map[string]string{
		"RoleName": "bursar-x-export", "ExternalId": extID, "Principal": own, "PrincipalArn": "arn:aws:iam::" + own + ":user/bursar",
		"CurS3BucketName": bucket, "CurS3Path": "bursar/bursar-cur2",
	})
	k := s.Cloud().BursarKey()
	c, err := awsapi.New(t.Context(), awsapi.Config{Endpoint: srv.URL, AccessKeyID: k.ID, SecretAccessKey: bursar.NewSecret(k.Secret.Reveal())})
	if err != nil {
		t.Fatal(err)
	}
	return check.Through(c), s
}

// stack makes a stack of a shipped template as an account's administrator.
func stack(t testing.TB, s *sandbox.Sandbox, account, name, template string, parameters map[string]string) {
	t.Helper()
	body, err := deploy.Template(template)
	if err != nil {
		t.Fatal(err)
	}
	admin, e := s.Cloud().Admin(account)
	if e != nil {
		t.Fatal(e)
	}
	st, e := s.CloudFormation().CreateStack(t.Context(), admin, "us-east-1", cfn.StackInput{Name: name, TemplateBody: string(body), Parameters: parameters, Capabilities: []string{"CAPABILITY_NAMED_IAM"}})
	if e != nil || st.Status != "CREATE_COMPLETE" {
		t.Fatalf("%s: %v %s %s", template, e, st.Status, st.Reason)
	}
}

// called runs checks over the wire with the SDK's own clients and returns the actions of each, all of whose findings are good.
func called(t *testing.T, suite check.Suite, tg *check.Target) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	for _, each := range suite {
		found, actions := checktest.Run(t, each, tg)
		out[each.Name()] = actions
		for _, f := range found {
			if f.Status != bursar.StatusOK {
				t.Errorf("%s: %+v", each.Name(), f)
			}
		}
	}
	return out
}

func withoutSTS(actions []string) []string {
	return slices.DeleteFunc(slices.Clone(actions), func(a string) bool { return strings.HasPrefix(a, "sts:") })
}

// TestChecksAndShippedPoliciesAgree proves that every check calls all the actions that it declares and none else, and that the
// policies of the shipped templates grant those and none else: with less a check would fail, and more is never asked for.
func TestChecksAndShippedPoliciesAgree(t *testing.T) {
	access, s := deployed(t, payer)
	suite := append(check.All(), check.MemberAccess(check.Members{}))
	tg := target(access, payer, "arn:aws:iam::"+payer+":role/bursar/bursar-x")
	tg.TemplateVersion, tg.Schedule = deploy.Version, hasty()
	seen := called(t, suite, tg)
	for _, each := range suite {
		if !slices.Equal(seen[each.Name()], each.Actions()) {
			t.Errorf("%s called %v and declares %v", each.Name(), seen[each.Name()], each.Actions())
		}
	}
	if r := tg.Result; !r.Trusted || r.Kind != bursar.KindPayer || r.RootID != "r-exmp" || r.Arrival != bursar.ArrivalReceiving || r.Chosen == nil || r.Chosen.Export.BucketOwner != payer {
		t.Errorf("%+v", r)
	}
	of := func(checks ...string) (actions []string) {
		for _, c := range checks {
			actions = append(actions, withoutSTS(seen[c])...)
		}
		slices.Sort(actions)
		return slices.Compact(actions)
	}
	granted := grants(t, deploy.Access)
	maps.Copy(granted, grants(t, deploy.Existing))
	for policy, want := range map[string][]string{
		"bursar-self":           of("trust_policy", "template_version", "permissions"),
		"bursar-organization":   of("organization", "member_access"),
		"bursar-billing-export": of("export_definition", "export_delivery"),
		"bursar-read-bill":      of("export_bucket"),
	} {
		if !slices.Equal(granted[policy], want) {
			t.Errorf("the policy %s grants %v, the checks call %v", policy, granted[policy], want)
		}
	}
	if other := grants(t, deploy.Export); !slices.Equal(other["bursar-read-bill"], granted["bursar-read-bill"]) {
		t.Errorf("the role of a new export may %v, that of an existing one %v", other, granted["bursar-read-bill"])
	}
	linked(t, access, s)
}

// linked proves the same of the role that the StackSet has made in a linked account.
func linked(t *testing.T, access check.Access, s *sandbox.Sandbox) {
	account, err := bursar.MemberOf(bursar.Account{AccountID: payer, WorkspaceID: "ws_1", Partition: "aws", ExternalID: extID, RoleARN: "arn:aws:iam::" + payer + ":role/bursar/bursar-x"}, member)
	if err != nil {
		t.Fatal(err)
	}
	tg := target(access, member, account.RoleARN)
	tg.Account.ExternalID, tg.TemplateVersion = account.ExternalID, deploy.Version
	var all []string
	for _, actions := range called(t, check.All(), tg) {
		all = append(all, withoutSTS(actions)...)
	}
	slices.Sort(all)
	all = slices.Compact(all)
	if granted := grants(t, deploy.Member)["bursar-member"]; !slices.Equal(granted, all) {
		t.Errorf("a member's role may %v, the checks call %v", granted, all)
	}
	if tg.Result.Kind != bursar.KindLinked || tg.Result.PayerID != payer {
		t.Errorf("%+v", tg.Result)
	}
	if _, e := s.Cloud().Role(member, "bursar-x"); e != nil {
		t.Error("the StackSet made no role")
	}
}

// grants reads the actions that each policy of a template's roles allows, sorted.
func grants(t *testing.T, template string) map[string][]string {
	t.Helper()
	text, err := deploy.Template(template)
	if err != nil {
		t.Fatal(err)
	}
	parsed, e := cfn.Parse(string(text))
	if e != nil {
		t.Fatal(e)
	}
	out := map[string][]string{}
	var walk func(policy string, v any)
	walk = func(policy string, v any) {
		switch x := v.(type) {
		case map[string]any:
			if name, ok := x["PolicyName"].(string); ok {
				policy = name
			}
			if x["Effect"] == "Allow" && policy != "" {
				out[policy] = append(out[policy], texts(x["Action"])...)
			}
			for _, each := range x {
				walk(policy, each)
			}
		case []any:
			for _, each := range x {
				walk(policy, each)
			}
		}
	}
	for _, r := range parsed.Resources {
		walk("", r.Properties)
	}
	for policy := range out {
		slices.Sort(out[policy])
	}
	return out
}

func texts(v any) (out []string) {
	switch x := v.(type) {
	case string:
		return []string{x}
	case []any:
		for _, each := range x {
			out = append(out, texts(each)...)
		}
	}
	return out
}
