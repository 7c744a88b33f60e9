package cfn_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/bursarhq/bursar/deploy"
	"github.com/bursarhq/bursar/internal/sandbox/cfn"
	"github.com/bursarhq/bursar/internal/sandbox/cloud"
	"github.com/bursarhq/bursar/internal/sandbox/iam"
	"github.com/bursarhq/bursar/internal/sandbox/world"
)

const (
	payer      = "111122223333"
	production = "222233334444"
	suspended  = "666677778888"
	lone       = "777788889999"
	principal  = "999900001111"
)

// bundle is a cloud with CloudFormation and IAM, and stand-ins for the types that other services make.
type bundle struct {
	cloud  *cloud.Cloud
	cfn    *cfn.Service
	stands map[string]*standIn
}

func setup(t *testing.T, more ...string) bundle {
	t.Helper()
	w, err := world.Load("demo")
	if err != nil {
		t.Fatal(err)
	}
	c, err := cloud.New(w, cloud.Options{Frozen: true})
	if err != nil {
		t.Fatal(err)
	}
	iam.New(c)
	s, err := cfn.New(c, cfn.Options{})
	if err != nil {
		t.Fatal(err)
	}
	b := bundle{c, s, map[string]*standIn{}}
	for _, typ := range append(more, "AWS::S3::Bucket", "AWS::S3::BucketPolicy", "AWS::BCMDataExports::Export") {
		b.stands[typ] = &standIn{typ: typ}
		c.HandleResource(typ, b.stands[typ])
	}
	return b
}

func (b bundle) admin(t *testing.T, account string) cloud.Principal {
	t.Helper()
	p, e := b.cloud.Admin(account)
	if e != nil {
		t.Fatal(e)
	}
	return p
}

// standIn records what it is asked to make.
type standIn struct {
	typ      string
	fail     *cloud.Error
	replaces bool

	mu    sync.Mutex
	made  []map[string]any
	log   []string
	count int
}

func (s *standIn) Create(rc cloud.ResourceContext, properties map[string]any) (cloud.Resource, *cloud.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		return cloud.Resource{}, s.fail
	}
	s.count++
	s.made, s.log = append(s.made, properties), append(s.log, "create "+rc.LogicalID)
	id := fmt.Sprintf("%s-%d", strings.ToLower(rc.LogicalID), s.count)
	if name, ok := properties["BucketName"].(string); ok {
		id = name
	}
	return cloud.Resource{PhysicalID: id, Attributes: map[string]string{"Arn": "arn:aws:s3:::" + id, "ExportArn": "arn:aws:bcm-data-exports:us-east-1:" + rc.AccountID + ":export/" + id}}, nil
}

func (s *standIn) Update(rc cloud.ResourceContext, id string, properties map[string]any) (cloud.Resource, *cloud.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.fail != nil:
		return cloud.Resource{}, s.fail
	case s.replaces:
		return cloud.Resource{}, cloud.Errorf(0, cloud.ReplacementNeeded, "by replacement")
	}
	s.log = append(s.log, "update "+rc.LogicalID)
	return cloud.Resource{PhysicalID: id, Attributes: map[string]string{"Arn": "arn:aws:s3:::" + id}}, nil
}

func (s *standIn) Delete(rc cloud.ResourceContext, id string) *cloud.Error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log = append(s.log, "delete "+id)
	return nil
}

func shipped(t *testing.T, name string) string {
	t.Helper()
	text, err := deploy.Template(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func accessParameters(account string) map[string]string {
	return map[string]string{
		"ExternalId": "bur-abcdefghijklmnopqrstuvwxyz", "Principal": principal,
		"PrincipalArn": "arn:aws:iam::" + principal + ":user/bursar", "RoleName": "bursar-k3j2h1g4f5", "ExpectedAccountId": account,
	}
}

var named = []string{"CAPABILITY_NAMED_IAM"}

func TestAccessStackMakesTheRole(t *testing.T) {
	b := setup(t)
	st, e := b.cfn.CreateStack(t.Context(), b.admin(t, lone), "us-east-1", cfn.StackInput{Name: "bursar-access", TemplateBody: shipped(t, deploy.Access), Parameters: accessParameters(lone), Capabilities: named})
	if e != nil {
		t.Fatal(e)
	}
	if st.Status != "CREATE_COMPLETE" {
		t.Fatalf("status %s: %s %v", st.Status, st.Reason, st.Events)
	}
	role, e := b.cloud.Role(lone, "bursar-k3j2h1g4f5")
	if e != nil {
		t.Fatal(e)
	}
	var policies []string
	for _, p := range role.Inline {
		policies = append(policies, p.Name)
	}
	if want := []string{"bursar-billing-export", "bursar-organization", "bursar-self"}; !slices.Equal(policies, want) {
		t.Errorf("policies %v, want %v", policies, want)
	}
	for _, want := range []string{`"sts:ExternalId":"bur-abcdefghijklmnopqrstuvwxyz"`, `"aws:PrincipalArn":"arn:aws:iam::999900001111:user/bursar"`, `arn:aws:iam::999900001111:root`} {
		if !strings.Contains(role.Trust.Text(), want) {
			t.Errorf("the trust policy lacks %s: %s", want, role.Trust.Text())
		}
	}
	if role.Tags["bursar:template-version"] != deploy.Version {
		t.Errorf("tags %v", role.Tags)
	}
	outputs := map[string]string{}
	for _, o := range st.Outputs {
		outputs[o.Key] = o.Value
	}
	if outputs["RoleArn"] != "arn:aws:iam::"+lone+":role/bursar/bursar-k3j2h1g4f5" || outputs["AccountId"] != lone || outputs["TemplateVersion"] != deploy.Version {
		t.Errorf("outputs %v", outputs)
	}
}

func TestWrongAccountIsRefusedBeforeAnythingIsMade(t *testing.T) {
	b := setup(t)
	_, e := b.cfn.CreateStack(t.Context(), b.admin(t, production), "us-east-1", cfn.StackInput{Name: "x", TemplateBody: shipped(t, deploy.Access), Parameters: accessParameters(lone), Capabilities: named})
	if e == nil || !strings.Contains(e.Message, "another AWS account") {
		t.Errorf("got %v", e)
	}
}

func TestOrganizationRollout(t *testing.T) {
	b := setup(t)
	p := accessParameters(payer)
	p["TargetOrganizationId"] = "r-exmp"
	st, e := b.cfn.CreateStack(t.Context(), b.admin(t, payer), "us-east-1", cfn.StackInput{Name: "bursar-access", TemplateBody: shipped(t, deploy.Access), Parameters: p, Capabilities: named})
	if e != nil || st.Status != "CREATE_COMPLETE" {
		t.Fatalf("%v %s %s %+v", e, st.Status, st.Reason, st.Events)
	}
	set, e := b.cfn.StackSet(payer, "us-east-1", "bursar-k3j2h1g4f5-members")
	if e != nil {
		t.Fatal(e)
	}
	got := map[string]string{}
	for _, i := range set.Instances {
		got[i.AccountID] = i.DetailedStatus
	}
	if len(got) != 5 || got[suspended] != "SKIPPED_SUSPENDED_ACCOUNT" || got[production] != "SUCCEEDED" || got[payer] != "" {
		t.Errorf("instances %v: %+v", got, set.Instances)
	}
	role, e := b.cloud.Role(production, "bursar-k3j2h1g4f5")
	if e != nil {
		t.Fatal(e)
	}
	if want := `"sts:ExternalId":"bur-abcdefghijklmnopqrstuvwxyz.` + production + `"`; !strings.Contains(role.Trust.Text(), want) {
		t.Errorf("the member's trust lacks %s: %s", want, role.Trust.Text())
	}
	if _, err := b.cloud.AddAccount(world.Account{ID: "121212121212", Name: "New"}, "ou-exmp-workload"); err != nil {
		t.Fatal(err)
	}
	if _, e := b.cloud.Role("121212121212", "bursar-k3j2h1g4f5"); e != nil {
		t.Errorf("auto-deployment did not reach the new account: %v", e)
	}
	if e := b.cfn.DeleteStack(b.admin(t, payer), "us-east-1", "bursar-access"); e != nil {
		t.Fatal(e)
	}
	for _, account := range []string{payer, production, "121212121212"} {
		if _, e := b.cloud.Role(account, "bursar-k3j2h1g4f5"); e == nil {
			t.Errorf("the role is still in %s", account)
		}
	}
}

func TestRolloutNeedsAManagementAccountAndTrustedAccess(t *testing.T) {
	b := setup(t)
	p := accessParameters(lone)
	p["TargetOrganizationId"] = "r-exmp"
	st, e := b.cfn.CreateStack(t.Context(), b.admin(t, lone), "us-east-1", cfn.StackInput{Name: "x", TemplateBody: shipped(t, deploy.Access), Parameters: p, Capabilities: named})
	if e != nil || st.Status != "ROLLBACK_COMPLETE" || !strings.Contains(fmt.Sprint(st.Events), "You must be the management account") {
		t.Errorf("%v %s %v", e, st.Status, st.Events)
	}
	if _, e := b.cloud.Role(lone, "bursar-k3j2h1g4f5"); e == nil {
		t.Error("the role outlived the rollback")
	}
	b.cfn.SetTrustedAccess("o-example1234", false)
	p["ExpectedAccountId"] = payer
	st, _ = b.cfn.CreateStack(t.Context(), b.admin(t, payer), "us-east-1", cfn.StackInput{Name: "x", TemplateBody: shipped(t, deploy.Access), Parameters: p, Capabilities: named})
	if st.Status != "ROLLBACK_COMPLETE" || !strings.Contains(fmt.Sprint(st.Events), "You must enable organizations access") {
		t.Errorf("%s %v", st.Status, st.Events)
	}
}

func exportParameters(account string) map[string]string {
	p := accessParameters(account)
	p["RoleName"] = "bursar-k3j2h1g4f5-export"
	return p
}

func TestExportStack(t *testing.T) {
	b := setup(t)
	st, e := b.cfn.CreateStack(t.Context(), b.admin(t, payer), "us-east-1", cfn.StackInput{Name: "bursar-export", TemplateBody: shipped(t, deploy.Export), Parameters: exportParameters(payer), Capabilities: named})
	if e != nil || st.Status != "CREATE_COMPLETE" {
		t.Fatalf("%v %s %s %+v", e, st.Status, st.Reason, st.Events)
	}
	var order []string
	for _, r := range st.Resources {
		order = append(order, r.LogicalID)
	}
	if slices.Index(order, "BucketPolicy") > slices.Index(order, "Export") {
		t.Errorf("the export was made before the bucket's policy: %v", order)
	}
	if got := b.stands["AWS::S3::Bucket"].made[0]["BucketName"]; got != "bursar-cur-"+payer+"-us-east-1" {
		t.Errorf("bucket %v", got)
	}
	export := b.stands["AWS::BCMDataExports::Export"].made[0]["Export"].(map[string]any)
	query := export["DataQuery"].(map[string]any)["QueryStatement"].(string)
	if n := strings.Count(query, ",") + 1; n != 126 || !strings.HasPrefix(query, "SELECT bill_bill_type, ") || !strings.HasSuffix(query, " tags FROM COST_AND_USAGE_REPORT") {
		t.Errorf("%d columns: %s", n, query)
	}
	policy := fmt.Sprint(b.stands["AWS::S3::BucketPolicy"].made[0])
	if !strings.Contains(policy, "arn:aws:bcm-data-exports:us-east-1:"+payer+":export/*") || !strings.Contains(policy, "aws:SecureTransport:false") {
		t.Errorf("bucket policy %s", policy)
	}
	role, e := b.cloud.Role(payer, "bursar-k3j2h1g4f5-export")
	if e != nil || !strings.Contains(role.Inline[0].Doc.Text(), "arn:aws:s3:::bursar-cur-"+payer+"-us-east-1/bursar/bursar-cur2/*") {
		t.Errorf("%v %v", e, role)
	}
	if e := b.cfn.DeleteStack(b.admin(t, payer), "us-east-1", "bursar-export"); e != nil {
		t.Fatal(e)
	}
	if log := b.stands["AWS::S3::Bucket"].log; len(log) != 1 {
		t.Errorf("the bucket is retained when its stack goes: %v", log)
	}
}

func TestExportStackRollsBackWithItsBucket(t *testing.T) {
	b := setup(t)
	b.stands["AWS::BCMDataExports::Export"].fail = cloud.Validation("S3 bucket permission validation failed")
	st, e := b.cfn.CreateStack(t.Context(), b.admin(t, payer), "us-east-1", cfn.StackInput{Name: "bursar-export", TemplateBody: shipped(t, deploy.Export), Parameters: exportParameters(payer), Capabilities: named})
	if e != nil || st.Status != "ROLLBACK_COMPLETE" {
		t.Fatalf("%v %s", e, st.Status)
	}
	if log := b.stands["AWS::S3::Bucket"].log; len(log) != 2 || !strings.HasPrefix(log[1], "delete") {
		t.Errorf("a bucket that was left over would stop the next try: %v", log)
	}
}

func TestExportBelongsInTheBillingRegion(t *testing.T) {
	b := setup(t)
	_, e := b.cfn.CreateStack(t.Context(), b.admin(t, payer), "eu-west-1", cfn.StackInput{Name: "x", TemplateBody: shipped(t, deploy.Export), Parameters: exportParameters(payer), Capabilities: named})
	if e == nil || !strings.Contains(e.Message, "Unrecognized resource types: [AWS::BCMDataExports::Export]") {
		t.Errorf("got %v", e)
	}
	st, e := b.cfn.CreateStack(t.Context(), b.admin(t, payer), "eu-west-1", cfn.StackInput{Name: "b", TemplateBody: shipped(t, deploy.Bucket), Capabilities: named})
	if e != nil || st.Status != "CREATE_COMPLETE" || !strings.Contains(fmt.Sprint(b.stands["AWS::S3::BucketPolicy"].made), "cur:us-east-1:") {
		t.Errorf("%v %s %v", e, st.Status, b.stands["AWS::S3::BucketPolicy"].made)
	}
	p := exportParameters(payer)
	p["CurS3BucketOption"] = "USE_EXISTING"
	_, e = b.cfn.CreateStack(t.Context(), b.admin(t, payer), "us-east-1", cfn.StackInput{Name: "x", TemplateBody: shipped(t, deploy.Export), Parameters: p, Capabilities: named})
	if e == nil || !strings.Contains(e.Message, "CurS3BucketName is required") {
		t.Errorf("got %v", e)
	}
}

func TestRefusals(t *testing.T) {
	b := setup(t)
	access := shipped(t, deploy.Access)
	with := func(key, value string) map[string]string {
		p := accessParameters(lone)
		p[key] = value
		return p
	}
	without := accessParameters(lone)
	delete(without, "ExternalId")
	for name, c := range map[string]struct {
		in   cfn.StackInput
		code string
		want string
	}{
		"no acknowledgement": {cfn.StackInput{Name: "x", TemplateBody: access, Parameters: accessParameters(lone)}, "InsufficientCapabilitiesException", "Requires capabilities : [CAPABILITY_NAMED_IAM]"},
		"weak one":           {cfn.StackInput{Name: "x", TemplateBody: access, Parameters: accessParameters(lone), Capabilities: []string{"CAPABILITY_IAM"}}, "InsufficientCapabilitiesException", "CAPABILITY_NAMED_IAM"},
		"unknown parameter":  {cfn.StackInput{Name: "x", TemplateBody: access, Parameters: with("Extra", "1"), Capabilities: named}, "ValidationError", "Parameters: [Extra] do not exist in the template"},
		"missing parameter":  {cfn.StackInput{Name: "x", TemplateBody: access, Parameters: without, Capabilities: named}, "ValidationError", "Parameters: [ExternalId] must have values"},
		"short external id":  {cfn.StackInput{Name: "x", TemplateBody: access, Parameters: with("ExternalId", "short"), Capabilities: named}, "ValidationError", "contain at least 22 characters"},
		"bad principal":      {cfn.StackInput{Name: "x", TemplateBody: access, Parameters: with("Principal", "*"), Capabilities: named}, "ValidationError", "match pattern"},
		"bad switch":         {cfn.StackInput{Name: "x", TemplateBody: access, Parameters: with("EnableInventory", "yes"), Capabilities: named}, "ValidationError", "AllowedValues"},
		"no template":        {cfn.StackInput{Name: "x"}, "ValidationError", "Template"},
		"both":               {cfn.StackInput{Name: "x", TemplateBody: access, TemplateURL: "http://127.0.0.1/"}, "ValidationError", "Template"},
		"too long":           {cfn.StackInput{Name: "x", TemplateBody: access + strings.Repeat("#", 51200)}, "ValidationError", "51200"},
		"out in the world":   {cfn.StackInput{Name: "x", TemplateURL: "https://example.com/t.yaml"}, "ValidationError", "this machine alone"},
		"bad name":           {cfn.StackInput{Name: "9x", TemplateBody: access}, "ValidationError", "stackName"},
	} {
		t.Run(name, func(t *testing.T) {
			_, e := b.cfn.CreateStack(t.Context(), b.admin(t, lone), "us-east-1", c.in)
			if e == nil || e.Code != c.code || !strings.Contains(e.Message, c.want) {
				t.Errorf("got %v, want %s: …%s…", e, c.code, c.want)
			}
		})
	}
	if n := len(b.cloud.Roles(lone)); n != 0 {
		t.Errorf("%d roles were made all the same", n)
	}
}

const updatable = `
Parameters: {A: {Type: String, Default: one}, Twice: {Type: String, Default: "no"}}
Conditions: {Two: !Equals [!Ref Twice, "yes"]}
Resources:
  First: {Type: "Test::One", Properties: {V: !Ref A}}
  Second: {Type: "Test::Two", Condition: Two, Properties: {V: !GetAtt First.Arn}}
  Third: {Type: "Test::Three", Properties: {V: !Ref A}}
Outputs: {Out: {Value: !Ref First}}
`

func TestUpdate(t *testing.T) {
	b := setup(t, "Test::One", "Test::Two", "Test::Three")
	who := b.admin(t, lone)
	if _, e := b.cfn.CreateStack(t.Context(), who, "us-east-1", cfn.StackInput{Name: "s", TemplateBody: updatable}); e != nil {
		t.Fatal(e)
	}
	if _, e := b.cfn.UpdateStack(t.Context(), who, "us-east-1", cfn.StackInput{Name: "s", UsePrevious: true, KeepParameters: []string{"A"}}); e == nil || e.Message != "No updates are to be performed." {
		t.Errorf("got %v", e)
	}
	b.stands["Test::Three"].replaces = true
	st, e := b.cfn.UpdateStack(t.Context(), who, "us-east-1", cfn.StackInput{Name: "s", UsePrevious: true, Parameters: map[string]string{"A": "two", "Twice": "yes"}})
	if e != nil || st.Status != "UPDATE_COMPLETE" {
		t.Fatalf("%v %s %v", e, st.Status, st.Events)
	}
	for typ, want := range map[string]string{"Test::One": "[create First update First]", "Test::Two": "[create Second]", "Test::Three": "[create Third create Third delete third-1]"} {
		if got := fmt.Sprint(b.stands[typ].log); got != want {
			t.Errorf("%s: %s, want %s", typ, got, want)
		}
	}
	b.stands["Test::Three"].fail = cloud.Validation("broken")
	st, e = b.cfn.UpdateStack(t.Context(), who, "us-east-1", cfn.StackInput{Name: "s", UsePrevious: true, KeepParameters: []string{"Twice"}, Parameters: map[string]string{"A": "three"}})
	if e != nil || st.Status != "UPDATE_ROLLBACK_COMPLETE" || st.Parameters["A"] != "two" {
		t.Fatalf("%v %s %v", e, st.Status, st.Parameters)
	}
	if got := fmt.Sprint(b.stands["Test::One"].log); got != "[create First update First update First update First]" {
		t.Errorf("the first was not put back: %s", got)
	}
	b.stands["Test::Three"].fail = nil
	if _, e = b.cfn.UpdateStack(t.Context(), who, "us-east-1", cfn.StackInput{Name: "s", UsePrevious: true, KeepParameters: []string{"A"}}); e != nil {
		t.Fatal(e)
	}
	if got := fmt.Sprint(b.stands["Test::Two"].log); !strings.HasSuffix(got, "delete second-1]") {
		t.Errorf("what a condition leaves out is removed: %s", got)
	}
}

// serve answers like the sandbox's server, but takes the caller's word for who it is.
func (b bundle) serve(t *testing.T) *httptest.Server {
	t.Helper()
	credential := regexp.MustCompile(`Credential=([A-Z0-9]+)/\d+/([a-z0-9-]+)/`)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		form, _ := url.ParseQuery(string(body))
		m := credential.FindStringSubmatch(r.Header.Get("Authorization"))
		_, caller, e := b.cloud.Credential(m[1], "")
		if e != nil {
			t.Error(e)
		}
		b.cfn.Serve(w, &cloud.Request{Request: r, Cloud: b.cloud, Protocol: cloud.Query, Namespace: b.cfn.Namespace(), ID: "id", Body: body, Service: "cloudformation", Region: m[2], Action: form.Get("Action"), Form: form, Caller: caller})
	}))
	t.Cleanup(srv.Close)
	return srv
}

func (b bundle) client(t *testing.T, account string) *cloudformation.Client {
	t.Helper()
	k, e := b.cloud.AdminKey(account)
	if e != nil {
		t.Fatal(e)
	}
	return cloudformation.New(cloudformation.Options{
		Region: "us-east-1", BaseEndpoint: aws.String(b.serve(t).URL), RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider(k.ID, k.Secret.Reveal(), ""),
	})
}
