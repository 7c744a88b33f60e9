package check_test

import (
	"context"
	"testing"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/awsapi"
	"github.com/bursarhq/bursar/internal/check"
	"github.com/bursarhq/bursar/internal/check/checktest"
	"github.com/bursarhq/bursar/internal/sandbox"
	"github.com/bursarhq/bursar/internal/sandbox/cloud"
)

// Accounts of the sandbox's demo world.
const (
	payer  = "111122223333"
	member = "222233334444"
	loner  = "777788889999"
	own    = "999900001111"
	extID  = "bur-abcdefghijklmnopqrstuvwxyz"
)

var now = time.Date(2026, 7, 3, 9, 0, 0, 0, time.UTC)

func start(t testing.TB) *sandbox.Sandbox {
	t.Helper()
	s, err := sandbox.New(sandbox.Config{Start: now, Frozen: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(t.Context(), "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func client(t testing.TB, s *sandbox.Sandbox) *awsapi.Client {
	t.Helper()
	k := s.Cloud().BursarKey()
	c, err := awsapi.New(t.Context(), awsapi.Config{Endpoint: s.URL(), AccessKeyID: k.ID, SecretAccessKey: bursar.NewSecret(k.Secret.Reveal())})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// goodTrust is the trust policy that bursar's templates make.
const goodTrust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::` + own + `:root"},"Action":"sts:AssumeRole",
"Condition":{"StringEquals":{"sts:ExternalId":"` + extID + `"},"ArnEquals":{"aws:PrincipalArn":"arn:aws:iam::` + own + `:user/bursar"}}}]}`

// reads is what the access stack grants.
const reads = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["iam:GetRole","iam:SimulatePrincipalPolicy","organizations:DescribeOrganization","organizations:ListAccounts","organizations:ListRoots","organizations:ListInboundResponsibilityTransfers","organizations:ListOutboundResponsibilityTransfers","cur:DescribeReportDefinitions","bcm-data-exports:ListExports","bcm-data-exports:GetExport","bcm-data-exports:ListExecutions"],"Resource":"*"}]}`

// makeRole makes /bursar/<name> in an account.
func makeRole(t testing.TB, s *sandbox.Sandbox, account, name, trust, permissions string) string {
	t.Helper()
	r := cloud.Role{}
	r.AccountID, r.Name, r.Path = account, name, bursar.RolePath
	role, e := s.Cloud().CreateRole(r, trust)
	if e != nil {
		t.Fatal(e)
	}
	if permissions != "" {
		doc, e := cloud.ParsePolicy(permissions, 0)
		if e != nil {
			t.Fatal(e)
		}
		if _, e := s.Cloud().ChangeRole(account, name, func(r *cloud.Role) *cloud.Error { r.SetInline("p", doc); return nil }); e != nil {
			t.Fatal(e)
		}
	}
	return role.ARN()
}

// quick is a schedule whose time passes by itself: no test waits.
func quick() check.Schedule {
	clock := time.Unix(0, 0)
	s := check.Patient()
	s.Now = func() time.Time { return clock }
	s.Sleep = func(ctx context.Context, d time.Duration) error {
		clock = clock.Add(d + time.Millisecond)
		return ctx.Err()
	}
	return s
}

func target(access check.Access, account, role string) *check.Target {
	return &check.Target{
		Account: bursar.Account{
			ID: "acc_1", WorkspaceID: "ws_1", AccountID: account, Name: "test", Partition: bursar.PartitionAWS, Kind: bursar.KindUnknown,
			Method: bursar.MethodConsole, ExternalID: extID, RoleARN: role,
		},
		RunID: "run_1", Access: access, Now: func() time.Time { return now }, Schedule: quick(),
	}
}

// run runs a suite and proves the contract of each check on the way.
func run(t testing.TB, suite check.Suite, tg *check.Target) (check.Result, map[string][]bursar.Finding) {
	t.Helper()
	found := map[string][]bursar.Finding{}
	var proven check.Suite
	for _, c := range suite {
		proven = append(proven, prove{c, t})
	}
	res, err := proven.Run(t.Context(), tg, func(f bursar.Finding) { found[f.Check] = append(found[f.Check], f) })
	if err != nil {
		t.Fatal(err)
	}
	return res, found
}

// prove wraps a check so that every run of it is held to the contract.
type prove struct {
	check.Check
	t testing.TB
}

// Run runs the check through checktest.
func (p prove) Run(_ context.Context, tg *check.Target) []bursar.Finding {
	found, _ := checktest.Run(p.t, p.Check, tg)
	return found
}

func codes(found map[string][]bursar.Finding, name string) string {
	out := ""
	for i, f := range found[name] {
		if i > 0 {
			out += " "
		}
		out += f.Code
	}
	return out
}
