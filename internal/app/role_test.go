package app_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/client"
	"github.com/bursarhq/bursar/internal/app"
)

// makeRole makes a role in the lone account by hand, with IAM's API.
func (l land) makeRole(path, name, trust, permissions string) {
	l.Helper()
	key, e := l.aws.Cloud().AdminKey(lone)
	if e != nil {
		l.Fatal(e)
	}
	c := iam.NewFromConfig(aws.Config{
		Region: "us-east-1", BaseEndpoint: aws.String(l.aws.URL()), Credentials: credentials.NewStaticCredentialsProvider(key.ID, key.Secret.Reveal(), ""),
	})
	if _, err := c.CreateRole(l.Context(), &iam.CreateRoleInput{RoleName: &name, Path: &path, AssumeRolePolicyDocument: &trust}); err != nil {
		l.Fatal(err)
	}
	if _, err := c.PutRolePolicy(l.Context(), &iam.PutRolePolicyInput{RoleName: &name, PolicyName: aws.String("bursar"), PolicyDocument: &permissions}); err != nil {
		l.Fatal(err)
	}
}

// TestBroughtRole walks the path of a role that a customer makes by hand, from the texts that set-up gives.
func TestBroughtRole(t *testing.T) {
	l := newLand(t)
	arn := "arn:aws:iam::" + lone + ":role/bursar/reader"
	a := l.register(client.NewAccount{AccountID: lone, Name: "Lone", Method: string(bursar.MethodRole), RoleARN: arn})
	if a.RoleARN != arn || a.ExternalID == "" {
		t.Fatalf("%+v", a)
	}
	texts := l.step(lone, "access").Texts
	if len(texts) != 3 || !strings.Contains(texts[0].Body, a.ExternalID) || !strings.Contains(texts[2].Body, "create-role") {
		t.Fatalf("%+v", texts)
	}
	if a := l.confirm(lone); code(a, "assume_role") != "not_deployed_or_changed" {
		t.Errorf("before the role is there: %+v", a.Findings)
	}
	l.makeRole("/bursar/", "reader", texts[0].Body, texts[1].Body)
	got := l.confirm(lone)
	if got.Kind != bursar.KindStandalone || code(got, "external_id_required") != "ok" || code(got, "trust_policy") != "ok" {
		t.Fatalf("%+v", got.Findings)
	}
	for _, f := range got.Findings {
		if f.Check == "permissions" && f.Status != bursar.StatusOK {
			t.Errorf("the permissions that set-up gave are not enough: %+v", f)
		}
	}
	list := must[*client.Candidates](t)(l.AccountExports(t.Context(), lone))
	l.choose(lone, bursar.ExportChoice{Existing: list.Items[0].Definition.Export.ARN})
	l.open(lone, "export")
	if got := l.confirm(lone); got.Status.DataArrival != bursar.ArrivalReceiving || code(got, "export_bucket") != "ok" {
		t.Errorf("%+v", got.Findings)
	}
}

// TestBroughtRoleThatTrustsTooMuch: a role without the condition is refused, however it is registered.
func TestBroughtRoleThatTrustsTooMuch(t *testing.T) {
	l := newLand(t)
	l.register(client.NewAccount{AccountID: lone, Name: "Lone", Method: string(bursar.MethodRole), RoleARN: "arn:aws:iam::" + lone + ":role/bursar/reader"})
	texts := l.step(lone, "access").Texts
	before, after, _ := strings.Cut(texts[0].Body, `"StringEquals"`)
	loose := before + `"StringEqualsIfExists"` + after
	l.makeRole("/bursar/", "reader", loose, texts[1].Body)
	if a := l.confirm(lone); a.Status.Summary != bursar.SummaryInsecure || a.Kind != bursar.KindUnknown {
		t.Errorf("%+v", a.Findings)
	}
}

// TestDeregister: the bill goes on counting when its account is let go, goes on where it stopped when the account comes back, and
// leaves no file behind when it is deleted.
func TestDeregister(t *testing.T) {
	var dir string
	l := newLand(t, func(c *app.Config) { dir = c.DataDir })
	l.connect(lone)
	follow := func() {
		list := must[*client.Candidates](t)(l.AccountExports(t.Context(), lone))
		l.choose(lone, bursar.ExportChoice{Existing: list.Items[0].Definition.Export.ARN})
		l.open(lone, "export")
		l.confirm(lone)
		l.bring(lone)
	}
	follow()
	before := l.published()
	plan := must[*client.Deregistration](t)(l.PlanRemoval(t.Context(), lone, false))
	if plan.Bill.Exports != 1 || plan.Bill.LineItems == 0 || len(plan.Kept) != 1 || len(plan.InAWS) != 2 || !strings.Contains(plan.InAWS[0].Command, "delete-stack") {
		t.Errorf("%+v", plan)
	}
	access, export := l.step(lone, "access"), l.step(lone, "export")
	must[*client.Deregistration](t)(l.RemoveAccount(t.Context(), lone, false, ""))
	if _, err := l.Account(t.Context(), lone); bursar.CodeOf(err) != bursar.NotFound {
		t.Errorf("it is still there: %v", err)
	}
	if got := l.published(); len(got) != len(before) {
		t.Errorf("the bill is gone: %v, was %v", got, before)
	}
	l.deleteStack(lone, export)
	l.deleteStack(lone, access)
	l.connect(lone)
	follow()
	if exports := must[[]bursar.Export](t)(l.Exports(t.Context())); len(exports) != 1 || !exports[0].Followed {
		t.Errorf("the bill was not taken up again: %+v", exports)
	}
	if got := l.published(); len(got) != len(before) {
		t.Errorf("%v, was %v", got, before)
	}
	if _, err := l.RemoveAccount(t.Context(), lone, true, "another"); bursar.CodeOf(err) != bursar.Invalid {
		t.Errorf("the bill was deleted without its account's name: %v", err)
	}
	if got := l.published(); len(got) != len(before) {
		t.Errorf("a refusal deleted something: %v", got)
	}
	must[*client.Deregistration](t)(l.RemoveAccount(t.Context(), lone, true, "Example & co"))
	if got := must[[]bursar.Delivery](t)(l.Deliveries(t.Context(), "")); len(got) != 0 {
		t.Errorf("left: %+v", got)
	}
	if files, err := filepath.Glob(filepath.Join(dir, "lake", "*", "exp_*")); err != nil || len(files) > 0 {
		t.Errorf("left on disk: %v %v", files, err)
	}
}
