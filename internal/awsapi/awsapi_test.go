package awsapi_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/awsapi"
	"github.com/bursarhq/bursar/internal/sandbox"
	"github.com/bursarhq/bursar/internal/sandbox/cloud"
)

// Accounts of the sandbox's demo world.
const (
	payer = "111122223333"
	loner = "777788889999"
	own   = "999900001111"
	extID = "bur-abcdefghijklmnopqrstuvwxyz"
)

func start(t testing.TB) *sandbox.Sandbox {
	t.Helper()
	s, err := sandbox.New(sandbox.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(t.Context(), "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func client(t testing.TB, s *sandbox.Sandbox, change ...func(*awsapi.Config)) *awsapi.Client {
	t.Helper()
	k := s.Cloud().BursarKey()
	cfg := awsapi.Config{Endpoint: s.URL(), AccessKeyID: k.ID, SecretAccessKey: bursar.NewSecret(k.Secret.Reveal())}
	for _, f := range change {
		f(&cfg)
	}
	c, err := awsapi.New(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

const trust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::` + own + `:root"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"` + extID + `"}}}]}`

func makeRole(t testing.TB, s *sandbox.Sandbox, account, name, policy string) string {
	t.Helper()
	r := cloud.Role{}
	r.AccountID, r.Name, r.Path = account, name, "/bursar/"
	role, e := s.Cloud().CreateRole(r, trust)
	if e != nil {
		t.Fatal(e)
	}
	if policy != "" {
		doc, e := cloud.ParsePolicy(policy, 0)
		if e != nil {
			t.Fatal(e)
		}
		if _, e := s.Cloud().ChangeRole(account, name, func(r *cloud.Role) *cloud.Error { r.SetInline("p", doc); return nil }); e != nil {
			t.Fatal(e)
		}
	}
	return role.ARN()
}

const everything = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["organizations:*","iam:Get*","iam:List*","iam:Simulate*","account:*"],"Resource":"*"}]}`

func request(account, role string) awsapi.AssumeRequest {
	return awsapi.AssumeRequest{WorkspaceID: "ws_1", AccountID: account, Capability: bursar.CapAccess, RecordID: "acc_1", RoleARN: role, ExternalID: extID}
}

func TestIdentity(t *testing.T) {
	s := start(t)
	id, err := client(t, s).Identity(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if id.AccountID != own || id.PrincipalARN != "arn:aws:iam::"+own+":user/bursar" || !id.PrincipalExact {
		t.Errorf("got %+v", id)
	}
	wrong := client(t, s, func(c *awsapi.Config) { c.SecretAccessKey = bursar.NewSecret("wrong") })
	if _, err := wrong.Identity(t.Context()); awsapi.Classify(err).Class != awsapi.OwnIdentity {
		t.Errorf("wrong secret: %v is %s", err, awsapi.Classify(err).Class)
	}
	fixed := client(t, s, func(c *awsapi.Config) { c.PrincipalARN = "arn:aws:iam::" + own + ":role/team/bursar" })
	if id, err := fixed.Identity(t.Context()); err != nil || id.PrincipalARN != "arn:aws:iam::"+own+":role/team/bursar" {
		t.Errorf("got %+v, %v: want the configured ARN", id, err)
	}
}

func TestAssume(t *testing.T) {
	s := start(t)
	c, role := client(t, s), makeRole(t, s, payer, "bursar-a", everything)
	got, err := c.Assume(t.Context(), request(payer, role))
	if err != nil {
		t.Fatal(err)
	}
	id, err := got.Identity(t.Context())
	if err != nil || id.AccountID != payer || id.ARN != "arn:aws:sts::"+payer+":assumed-role/bursar-a/bursar-acc_1" {
		t.Errorf("session is %+v, %v", id, err)
	}
	without := request(payer, role)
	without.ExternalID, without.WithoutExternalID = "", true
	wrong := request(payer, role)
	wrong.ExternalID = "bur-zyxwvutsrqponmlkjihgfedcba"
	for name, r := range map[string]awsapi.AssumeRequest{"without": without, "wrong": wrong} {
		if _, err := c.Assume(t.Context(), r); awsapi.Classify(err).Class != awsapi.NotDeployed {
			t.Errorf("%s external id: %v", name, err)
		}
	}
}

func TestAssumeRefusesBeforeAsking(t *testing.T) {
	s := start(t)
	c := client(t, s)
	role := "arn:aws:iam::" + payer + ":role/bursar/x"
	forgotten := request(payer, role)
	forgotten.ExternalID = ""
	region := request(payer, role)
	region.Region = "evil.example.com/"
	for name, r := range map[string]awsapi.AssumeRequest{
		"no external id":    forgotten,
		"region":            region,
		"other account":     request(loner, role),
		"other partition":   request(payer, "arn:aws-cn:iam::"+payer+":role/x"),
		"not a role":        request(payer, "arn:aws:iam::"+payer+":user/x"),
		"wildcard in a ARN": request(payer, "arn:aws:iam::*:role/x"),
	} {
		ctx, rec := awsapi.Record(t.Context())
		_, err := c.Assume(ctx, r)
		var ours *bursar.Error
		if !errors.As(err, &ours) || len(rec.Actions()) != 0 {
			t.Errorf("%s: %v, called %v", name, err, rec.Actions())
		}
	}
}

func TestOrganizationAndRoleThroughASession(t *testing.T) {
	s := start(t)
	c, role := client(t, s), makeRole(t, s, payer, "bursar-a", everything)
	ctx, rec := awsapi.Record(t.Context())
	x, err := c.Assume(ctx, request(payer, role))
	if err != nil {
		t.Fatal(err)
	}
	o, err := x.Organization(ctx)
	if err != nil || o.ManagementID != payer || o.ID != "o-example1234" {
		t.Errorf("organization %+v, %v", o, err)
	}
	states := map[string]string{}
	for a, err := range x.Accounts(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		states[a.ID] = a.State
	}
	if len(states) != 6 || states[payer] != "ACTIVE" || states["666677778888"] != "SUSPENDED" {
		t.Errorf("accounts %v", states)
	}
	r, err := x.Role(ctx, "bursar-a")
	if err != nil || r.ARN != role || !strings.Contains(r.TrustPolicy, extID) {
		t.Errorf("role %+v, %v", r, err)
	}
	policies, err := x.InlinePolicies(ctx, "bursar-a")
	if err != nil || !strings.Contains(policies["p"], "organizations:*") {
		t.Errorf("policies %v, %v", policies, err)
	}
	sim, err := x.Simulate(ctx, role, []string{"organizations:DescribeOrganization", "s3:GetObject"}, nil)
	if err != nil || len(sim) != 2 || !sim[0].Allowed() || sim[1].Allowed() {
		t.Errorf("simulation %+v, %v", sim, err)
	}
	regions, err := x.Regions(ctx)
	if err != nil || !slices.ContainsFunc(regions, func(r awsapi.Region) bool { return r.Name == "us-east-1" && r.Enabled }) {
		t.Errorf("regions %v, %v", regions, err)
	}
	want := []string{"account:ListRegions", "iam:GetRole", "iam:GetRolePolicy", "iam:ListRolePolicies", "iam:SimulatePrincipalPolicy", "organizations:DescribeOrganization", "organizations:ListAccounts", "sts:AssumeRole"}
	if got := rec.Actions(); !slices.Equal(got, want) {
		t.Errorf("recorded %v, want %v", got, want)
	}
}

func TestStandaloneIsInNoOrganization(t *testing.T) {
	s := start(t)
	x, err := client(t, s).Assume(t.Context(), request(loner, makeRole(t, s, loner, "bursar-a", everything)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := x.Organization(t.Context()); awsapi.Classify(err).Class != awsapi.OrgNotInUse {
		t.Errorf("got %v", err)
	}
}

// TestCachedSession proves that sessions are shared exactly where they may be.
func TestCachedSession(t *testing.T) {
	s := start(t)
	c, role := client(t, s), makeRole(t, s, payer, "bursar-a", everything)
	ctx, rec := awsapi.Record(t.Context())
	same := request(payer, role)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			x, err := c.Session(ctx, same)
			if err == nil {
				_, err = x.Organization(ctx)
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if n := rec.Count("sts:AssumeRole"); n != 1 {
		t.Errorf("8 uses of one session assumed the role %d times", n)
	}
	first, err := c.Session(ctx, same)
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*awsapi.AssumeRequest){
		"workspace":  func(r *awsapi.AssumeRequest) { r.WorkspaceID = "ws_2" },
		"capability": func(r *awsapi.AssumeRequest) { r.Capability = bursar.CapBillingExport },
		"policy":     func(r *awsapi.AssumeRequest) { r.Policy = everything },
	} {
		r := same
		change(&r)
		if other, err := c.Session(ctx, r); err != nil || other == first {
			t.Errorf("another %s got the same session (%v)", name, err)
		}
	}
	if n := rec.Count("sts:AssumeRole"); n != 4 {
		t.Errorf("4 different sessions assumed the role %d times", n)
	}
	c.Forget("ws_1", payer)
	if _, err := c.Session(ctx, same); err != nil || rec.Count("sts:AssumeRole") != 5 {
		t.Errorf("a forgotten session was used again (%v)", err)
	}
}

// TestWorkspacesNeverShareCredentials asks for the same role with a wrong external id from another workspace.
func TestWorkspacesNeverShareCredentials(t *testing.T) {
	s := start(t)
	c, role := client(t, s), makeRole(t, s, payer, "bursar-a", "")
	if _, err := c.Session(t.Context(), request(payer, role)); err != nil {
		t.Fatal(err)
	}
	stranger := request(payer, role)
	stranger.WorkspaceID, stranger.ExternalID = "ws_2", "bur-zyxwvutsrqponmlkjihgfedcba"
	if _, err := c.Session(t.Context(), stranger); awsapi.Classify(err).Class != awsapi.NotDeployed {
		t.Errorf("a stranger who knows the ARN got in: %v", err)
	}
	sameWorkspace := stranger
	sameWorkspace.WorkspaceID = "ws_1"
	if _, err := c.Session(t.Context(), sameWorkspace); err == nil {
		t.Error("another external id got the cached session")
	}
}

func TestBrokenRolesAreNotAskedForAgainAtOnce(t *testing.T) {
	s := start(t)
	now := time.Now()
	c := client(t, s, func(c *awsapi.Config) { c.Now = func() time.Time { return now } })
	ctx, rec := awsapi.Record(t.Context())
	r := request(payer, "arn:aws:iam::"+payer+":role/bursar/none")
	for range 3 {
		if _, err := c.Session(ctx, r); err == nil {
			t.Fatal("a role that does not exist was assumed")
		}
	}
	if n := rec.Count("sts:AssumeRole"); n != 1 {
		t.Errorf("asked %d times within the back-off", n)
	}
	now = now.Add(time.Minute)
	_, _ = c.Session(ctx, r)
	if n := rec.Count("sts:AssumeRole"); n != 2 {
		t.Errorf("asked %d times in all, want 2", n)
	}
}

func TestConfigIsRefused(t *testing.T) {
	for name, cfg := range map[string]awsapi.Config{
		"key without secret": {AccessKeyID: "AKIA"},
		"secret without key": {SecretAccessKey: bursar.NewSecret("x")},
		"token alone":        {SessionToken: bursar.NewSecret("x")},
		"partition":          {Partition: "aws-mars"},
		"region form":        {Region: "us-east-1.evil.example"},
		"region unknown":     {Region: "us-east-9"},
		"region elsewhere":   {Region: "us-east-1", Partition: bursar.PartitionChina},
		"endpoint":           {Endpoint: "localhost:4566"},
	} {
		if _, err := awsapi.New(t.Context(), cfg); err == nil || bursar.CodeOf(err) != bursar.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestEnvironmentMovesNoEndpoint proves that only the operator's own setting does.
func TestEnvironmentMovesNoEndpoint(t *testing.T) {
	var mu sync.Mutex
	hits := 0
	trap := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { mu.Lock(); hits++; mu.Unlock() }))
	defer trap.Close()
	for _, name := range []string{"AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS"} {
		t.Setenv(name, trap.URL)
	}
	s := start(t)
	if _, err := client(t, s).Identity(t.Context()); err != nil || hits != 0 {
		t.Errorf("%d requests went to the environment's endpoint (%v)", hits, err)
	}
}

// TestRegionalSTSFallsBack proves that a region where STS is switched off is not the end.
func TestRegionalSTSFallsBack(t *testing.T) {
	var regions []string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		region := strings.Split(r.Header.Get("Authorization"), "/")[2]
		regions = append(regions, region)
		w.Header().Set("Content-Type", "text/xml")
		if region != "us-east-1" {
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, `<ErrorResponse><Error><Type>Sender</Type><Code>RegionDisabledException</Code><Message>STS is not activated in this region</Message></Error><RequestId>r</RequestId></ErrorResponse>`)
			return
		}
		fmt.Fprint(w, `<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::999900001111:user/b</Arn><UserId>U</UserId><Account>999900001111</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`)
	}))
	defer srv.Close()
	c, err := awsapi.New(t.Context(), awsapi.Config{Endpoint: srv.URL, Region: "ap-east-1", AccessKeyID: "AKIA", SecretAccessKey: bursar.NewSecret("x")})
	if err != nil {
		t.Fatal(err)
	}
	id, err := c.Identity(t.Context())
	if err != nil || id.AccountID != own || !slices.Equal(regions, []string{"ap-east-1", "us-east-1"}) {
		t.Errorf("%+v, %v; asked %v", id, err, regions)
	}
}

func TestRolePrincipalIsNotExactWithoutItsPath(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		w.Header().Set("Content-Type", "text/xml")
		if r.Form.Get("Action") == "GetRole" {
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, `<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>`)
			return
		}
		fmt.Fprint(w, `<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws-us-gov:sts::999900001111:assumed-role/bursar/i-1</Arn><UserId>U</UserId><Account>999900001111</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`)
	}))
	defer srv.Close()
	c, err := awsapi.New(t.Context(), awsapi.Config{Endpoint: srv.URL, Partition: bursar.PartitionGovCloud, AccessKeyID: "AKIA", SecretAccessKey: bursar.NewSecret("x")})
	if err != nil {
		t.Fatal(err)
	}
	id, err := c.Identity(t.Context())
	if err != nil || id.PrincipalExact || id.PrincipalARN != "arn:aws-us-gov:iam::999900001111:role/bursar" {
		t.Errorf("%+v, %v", id, err)
	}
}

func TestRetriesArePinned(t *testing.T) {
	t.Setenv("AWS_MAX_ATTEMPTS", "9")
	s := start(t)
	ctx, _ := awsapi.Record(t.Context())
	before := s.Cloud().Meter.Requests("sts", "")
	s.Cloud().Faults.Add(cloud.Fault{Kind: cloud.FaultThrottle, Service: "sts"})
	_, err := client(t, s).Identity(ctx)
	if got := awsapi.Classify(err).Class; got != awsapi.Throttled {
		t.Errorf("class %s (%v)", got, err)
	}
	if n := s.Cloud().Meter.Requests("sts", "") - before; n != 3 {
		t.Errorf("%d attempts, want 3", n)
	}
}
