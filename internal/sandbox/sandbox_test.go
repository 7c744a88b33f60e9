package sandbox_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/account"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	ststypes "github.com/aws/aws-sdk-go-v2/service/sts/types"

	"github.com/bursarhq/bursar/internal/sandbox"
	"github.com/bursarhq/bursar/internal/sandbox/cloud"
	"github.com/bursarhq/bursar/internal/sandbox/world"
)

func roleNamed(account, name string) cloud.Role {
	return cloud.Role{Identity: cloud.Identity{AccountID: account, Path: "/bursar/", Name: name}}
}

const readOrganization = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["organizations:DescribeOrganization","organizations:ListAccounts","account:ListRegions"],"Resource":"*"}]}`

func TestSessionIdentity(t *testing.T) {
	s := start(t)
	role := makeRole(t, s, payer, "bursar-a", goodTrust(id), "")
	cfg := session(t, s, role, id)
	out, err := sts.NewFromConfig(cfg).GetCallerIdentity(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if *out.Account != payer || *out.Arn != "arn:aws:sts::"+payer+":assumed-role/bursar-a/bursar-acc_1" || !strings.HasSuffix(*out.UserId, ":bursar-acc_1") {
		t.Errorf("got %s %s %s", *out.Account, *out.Arn, *out.UserId)
	}
	me, err := sts.NewFromConfig(asBursar(s)).GetCallerIdentity(t.Context(), nil)
	if err != nil || *me.Arn != "arn:aws:iam::"+own+":user/bursar" {
		t.Errorf("own identity: %v %v", me, err)
	}
}

func TestCredentialErrors(t *testing.T) {
	s := start(t)
	k := s.Cloud().BursarKey()
	sess := s.Cloud().NewSession(mustPrincipal(t, s), time.Hour)
	expired := s.Cloud().NewSession(mustPrincipal(t, s), -time.Minute)
	for _, tt := range []struct {
		name, id, secret, token    string
		wantSTS, wantOrganizations string
	}{
		{"wrong secret", k.ID, "wrong", "", "SignatureDoesNotMatch", "InvalidSignatureException"},
		{"unknown key", "AKIAUNKNOWN", "x", "", "InvalidClientTokenId", "UnrecognizedClientException"},
		{"key with a token", k.ID, k.Secret.Reveal(), "token", "InvalidClientTokenId", "UnrecognizedClientException"},
		{"session without its token", sess.AccessKeyID, sess.Secret.Reveal(), "", "InvalidClientTokenId", "UnrecognizedClientException"},
		{"session with another token", sess.AccessKeyID, sess.Secret.Reveal(), "token", "InvalidClientTokenId", "UnrecognizedClientException"},
		{"expired", expired.AccessKeyID, expired.Secret.Reveal(), expired.SessionToken.Reveal(), "ExpiredToken", "ExpiredTokenException"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cfg := config(s, tt.id, tt.secret, tt.token)
			_, err := sts.NewFromConfig(cfg).GetCallerIdentity(t.Context(), nil)
			if code(err) != tt.wantSTS {
				t.Errorf("sts: %v, want %s", err, tt.wantSTS)
			}
			_, err = orgs(cfg).DescribeOrganization(t.Context(), nil)
			if code(err) != tt.wantOrganizations {
				t.Errorf("organizations: %v, want %s", err, tt.wantOrganizations)
			}
		})
	}
}

func mustPrincipal(t *testing.T, s *sandbox.Sandbox) cloud.Principal {
	t.Helper()
	p, e := s.Cloud().Admin(payer)
	if e != nil {
		t.Fatal(e)
	}
	return p
}

func TestClockSkew(t *testing.T) {
	s := start(t, func(c *sandbox.Config) { c.Now = func() time.Time { return time.Now().Add(16 * time.Minute) } })
	_, err := sts.NewFromConfig(asBursar(s)).GetCallerIdentity(t.Context(), nil)
	if code(err) != "SignatureDoesNotMatch" || !strings.Contains(message(err), "Signature expired") {
		t.Errorf("got %v", err)
	}
}

// TestSkewedClock: a client that corrects its clock by the answer's date goes on, one that does not retry is refused.
func TestSkewedClock(t *testing.T) {
	s := start(t)
	s.Cloud().Faults.Add(cloud.Fault{Kind: cloud.FaultSkew, Service: "sts"})
	if _, err := sts.NewFromConfig(asBursar(s)).GetCallerIdentity(t.Context(), nil); code(err) != "SignatureDoesNotMatch" {
		t.Errorf("at first: %v", err)
	}
	patient := asBursar(s)
	patient.Retryer, patient.RetryMaxAttempts = nil, 3
	if _, err := sts.NewFromConfig(patient).GetCallerIdentity(t.Context(), nil); err != nil {
		t.Errorf("with retries: %v", err)
	}
}

// TestTargetMustBeSigned swaps the operation of a request that was signed without naming it.
func TestTargetMustBeSigned(t *testing.T) {
	s := start(t)
	body := []byte("{}")
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL()+"/", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(body)
	k, e := s.Cloud().AdminKey(payer)
	if e != nil {
		t.Fatal(e)
	}
	creds := aws.Credentials{AccessKeyID: k.ID, SecretAccessKey: k.Secret.Reveal()}
	if err := v4.NewSigner().SignHTTP(context.Background(), creds, r, hex.EncodeToString(sum[:]), "organizations", "us-east-1", time.Now()); err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Amz-Target", "AWSOrganizationsV20161128.ListAccounts")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusBadRequest || resp.Header.Get("X-Amzn-ErrorType") != "InvalidSignatureException" {
		t.Errorf("got %d %s", resp.StatusCode, resp.Header.Get("X-Amzn-ErrorType"))
	}
}

func TestAssumeRoleValidation(t *testing.T) {
	s := start(t)
	role := makeRole(t, s, payer, "bursar-a", goodTrust(id), "")
	long := strings.Repeat("x", 2049)
	for _, tt := range []struct {
		name   string
		change func(*sts.AssumeRoleInput)
		want   string
		says   string
	}{
		{"short duration", func(in *sts.AssumeRoleInput) { in.DurationSeconds = aws.Int32(899) }, "ValidationError", "greater than or equal to 900"},
		{"too long", func(in *sts.AssumeRoleInput) { in.DurationSeconds = aws.Int32(43201) }, "ValidationError", "less than or equal to 43200"},
		{"over the role's", func(in *sts.AssumeRoleInput) { in.DurationSeconds = aws.Int32(3601) }, "ValidationError", "MaxSessionDuration"},
		{"session name", func(in *sts.AssumeRoleInput) { in.RoleSessionName = aws.String("a b") }, "ValidationError", "regular expression"},
		{"session name short", func(in *sts.AssumeRoleInput) { in.RoleSessionName = aws.String("a") }, "ValidationError", "length greater"},
		{"external id short", func(in *sts.AssumeRoleInput) { in.ExternalId = aws.String("a") }, "ValidationError", "externalId"},
		{"external id characters", func(in *sts.AssumeRoleInput) { in.ExternalId = aws.String("a b") }, "ValidationError", "externalId"},
		{"role arn", func(in *sts.AssumeRoleInput) { in.RoleArn = aws.String("arn:aws:iam::12:role/bursar/x") }, "ValidationError", "is invalid"},
		{"session policy", func(in *sts.AssumeRoleInput) { in.Policy = aws.String(`{"Version":"2012-10-17"}`) }, "MalformedPolicyDocument", ""},
		{"session policy long", func(in *sts.AssumeRoleInput) { in.Policy = &long }, "ValidationError", "2048"},
		{"tags need the trust's leave", func(in *sts.AssumeRoleInput) {
			in.Tags = []ststypes.Tag{{Key: aws.String("k"), Value: aws.String("v")}}
		}, "AccessDenied", "sts:TagSession"},
		{"source identity too", func(in *sts.AssumeRoleInput) { in.SourceIdentity = aws.String("me") }, "AccessDenied", "sts:SetSourceIdentity"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := assume(t, asBursar(s), role, id, tt.change)
			if code(err) != tt.want || !strings.Contains(message(err), tt.says) {
				t.Errorf("got %v, want %s with %q", err, tt.want, tt.says)
			}
		})
	}
}

func TestSessionPolicyNarrows(t *testing.T) {
	s := start(t)
	role := makeRole(t, s, payer, "bursar-a", goodTrust(id), readOrganization)
	narrow := session(t, s, role, id, func(in *sts.AssumeRoleInput) {
		in.Policy = aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"organizations:DescribeOrganization","Resource":"*"}]}`)
	})
	if _, err := orgs(narrow).DescribeOrganization(t.Context(), nil); err != nil {
		t.Error(err)
	}
	_, err := orgs(narrow).ListAccounts(t.Context(), nil)
	if code(err) != "AccessDeniedException" || !strings.Contains(message(err), "because no session policy allows the organizations:ListAccounts action") {
		t.Errorf("got %v", err)
	}
}

func TestRoleChaining(t *testing.T) {
	s := start(t)
	first := makeRole(t, s, payer, "bursar-a", goodTrust(id), `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*"}]}`)
	trust := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"` + first + `"},"Action":"sts:AssumeRole","Condition":{"ArnEquals":{"aws:PrincipalArn":"` + first + `"}}}]}`
	second := makeRole(t, s, member, "bursar-b", trust, "")
	cfg := session(t, s, first, id)
	if _, err := assume(t, cfg, second, "-"); err != nil {
		t.Errorf("chain: %v", err)
	}
	_, err := assume(t, cfg, second, "-", func(in *sts.AssumeRoleInput) { in.DurationSeconds = aws.Int32(3601) })
	if !strings.Contains(message(err), "role chaining") {
		t.Errorf("chained for too long: %v", err)
	}
	// a role that is made again under its name is another principal
	if e := s.Cloud().DeleteRole(payer, "bursar-a", true); e != nil {
		t.Fatal(e)
	}
	makeRole(t, s, payer, "bursar-a", goodTrust(id), `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*"}]}`)
	if _, err := assume(t, session(t, s, first, id), second, "-"); code(err) != "AccessDenied" {
		t.Errorf("the second role of a name: %v", err)
	}
}

func TestPropagation(t *testing.T) {
	s := start(t, propagation(10*time.Second))
	role := makeRole(t, s, payer, "bursar-a", goodTrust(id), readOrganization)
	if _, err := assume(t, asBursar(s), role, id); code(err) != "AccessDenied" {
		t.Fatalf("before: %v", err)
	}
	s.Cloud().Clock.Advance(10 * time.Second)
	cfg := session(t, s, role, id)
	if _, err := orgs(cfg).DescribeOrganization(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	// a change is told at once and in force later
	if _, e := s.Cloud().SetTrust(payer, "bursar-a", goodTrust(wrong)); e != nil {
		t.Fatal(e)
	}
	for _, step := range []struct{ id, want string }{{id, ""}, {wrong, "AccessDenied"}} {
		if _, err := assume(t, asBursar(s), role, step.id); code(err) != step.want {
			t.Errorf("%s before: %v", step.id, err)
		}
	}
	s.Cloud().Clock.Advance(10 * time.Second)
	for _, step := range []struct{ id, want string }{{id, "AccessDenied"}, {wrong, ""}} {
		if _, err := assume(t, asBursar(s), role, step.id); code(err) != step.want {
			t.Errorf("%s after: %v", step.id, err)
		}
	}
}

func TestCarelessAccount(t *testing.T) {
	s := start(t)
	role := makeRole(t, s, careless, "bursar-a", goodTrust(id), "")
	for _, with := range []string{id, "-", wrong} {
		if _, err := assume(t, asBursar(s), role, with); err != nil {
			t.Errorf("%s: %v", with, err)
		}
	}
}

func TestListRegions(t *testing.T) {
	s := start(t)
	c := account.NewFromConfig(asAdmin(t, s, loner))
	n := 0
	for p := account.NewListRegionsPaginator(c, &account.ListRegionsInput{MaxResults: aws.Int32(7)}); p.HasMorePages(); {
		out, err := p.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		n += len(out.Regions)
	}
	if n < 17 {
		t.Errorf("%d regions", n)
	}
}

func TestFaults(t *testing.T) {
	s := start(t)
	f := s.Cloud().Faults
	c := sts.NewFromConfig(asBursar(s))
	who := func() string { _, err := c.GetCallerIdentity(t.Context(), nil); return code(err) }
	f.Add(cloud.Fault{Kind: cloud.FaultThrottle, Service: "sts", Times: 2})
	f.Add(cloud.Fault{Kind: cloud.FaultThrottle, Service: "organizations"})
	if got := [3]string{who(), who(), who()}; got != [3]string{"Throttling", "Throttling", ""} {
		t.Errorf("throttled: %v", got)
	}
	f.Clear()
	f.Add(cloud.Fault{Kind: cloud.FaultSCP, Action: "DescribeOrganization", Times: 1})
	_, err := orgs(asAdmin(t, s, payer)).DescribeOrganization(t.Context(), nil)
	if code(err) != "AccessDeniedException" || !strings.Contains(message(err), "with an explicit deny in a service control policy") {
		t.Errorf("scp: %v", err)
	}
	f.Add(cloud.Fault{Kind: cloud.FaultDrop, Times: 1})
	if got := who(); !strings.Contains(got, "EOF") && !strings.Contains(got, "reset") {
		t.Errorf("dropped: %q", got)
	}
	f.Add(cloud.Fault{Kind: cloud.FaultError, Times: 1})
	if got := who(); got != "InternalFailure" {
		t.Errorf("error: %q", got)
	}
	f.Add(cloud.Fault{Kind: cloud.FaultLatency, Latency: 30 * time.Millisecond})
	began := time.Now()
	if got := who(); got != "" || time.Since(began) < 30*time.Millisecond {
		t.Errorf("latency: %q after %v", got, time.Since(began))
	}
	counts := s.Cloud().Meter.Requests("sts", "GetCallerIdentity")
	if counts != 6 {
		t.Errorf("meter: %d, want 6", counts)
	}
}

func TestUnknownSection(t *testing.T) {
	w, err := world.Parse([]byte("holidays: {}"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sandbox.New(sandbox.Config{World: w}); err == nil || !strings.Contains(err.Error(), "unknown section holidays") {
		t.Errorf("got %v", err)
	}
}

// TestBillingSectionsThatAreWrong say what is wrong with them.
func TestBillingSectionsThatAreWrong(t *testing.T) {
	for section, want := range map[string]string{
		`payers: [{account: "131313131313"}]`:                                                                 `there is no account "131313131313"`,
		`payers: [{account: "777788889999", since: 2026}]`:                                                    "not a billing period",
		`exports: [{account: "777788889999", name: x, bucket: b}]`:                                            "InvalidBucketName",
		`exports: [{account: "777788889999", name: x, bucket: bills, kind: cur3}]`:                            "none of legacy, cur2",
		`exports: [{account: "777788889999", name: x, bucket: bills, file: xls}]`:                             "none of csv, zip, parquet",
		`exports: [{account: "777788889999", name: x, bucket: bills, files: /nowhere}]`:                       "nowhere",
		`exports: [{account: "777788889999", name: x, bucket: bills, kind: legacy, file: csv, athena: true}]`: "ATHENA",
		`first_delivery: soon`: "soon",
	} {
		w := mustWorld(t, "accounts: [{id: \"777788889999\"}]\nbilling:\n  "+section+"\n")
		if _, err := sandbox.New(sandbox.Config{World: w}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", section, err)
		}
	}
}

func TestCloseWithoutStart(t *testing.T) {
	s, err := sandbox.New(sandbox.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := s.Start(t.Context(), "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestSimulate(t *testing.T) {
	s := start(t)
	role := makeRole(t, s, "555566667777", "bursar-a", goodTrust(id), `{"Version":"2012-10-17","Statement":[
{"Effect":"Allow","Action":["ec2:Describe*","s3:GetObject"],"Resource":"*"},{"Effect":"Deny","Action":"s3:GetObject","Resource":"arn:aws:s3:::secret/*"}]}`)
	c := iam.NewFromConfig(asAdmin(t, s, "555566667777"))
	in := &iam.SimulatePrincipalPolicyInput{
		PolicySourceArn: &role, ActionNames: []string{"ec2:DescribeInstances", "s3:GetObject", "ce:GetCostAndUsage"}, ResourceArns: []string{"arn:aws:s3:::secret/x"},
		ContextEntries: []iamtypes.ContextEntry{{ContextKeyName: aws.String("aws:RequestedRegion"), ContextKeyType: "string", ContextKeyValues: []string{"ap-south-1"}}},
		MaxItems:       aws.Int32(2),
	}
	var got []string
	for p := iam.NewSimulatePrincipalPolicyPaginator(c, in); p.HasMorePages(); {
		out, err := p.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range out.EvaluationResults {
			got = append(got, *r.EvalActionName+" "+string(r.EvalDecision))
			if r.OrganizationsDecisionDetail == nil {
				t.Errorf("%s: no word of the organization", *r.EvalActionName)
			}
		}
	}
	want := "ec2:DescribeInstances explicitDeny,s3:GetObject explicitDeny,ce:GetCostAndUsage implicitDeny"
	if strings.Join(got, ",") != want {
		t.Errorf("got %v", got)
	}
}
