package check_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/awsapi"
	"github.com/bursarhq/bursar/internal/check"
	"github.com/bursarhq/bursar/internal/sandbox"
	"github.com/bursarhq/bursar/internal/sandbox/cloud"
	"github.com/bursarhq/bursar/internal/sandbox/world"
)

// lookAtMembers runs the checks of a payer and its members, and gives what was told of each member.
func lookAtMembers(t *testing.T, access check.Access, skip func(string) (bursar.MemberState, bool)) (map[string]check.Verified, map[string]string, bursar.Finding) {
	t.Helper()
	seen, listed := map[string]check.Verified{}, map[string]string{}
	suite := append(check.Trust(), check.MemberAccess(check.Members{
		Skip: skip,
		Listed: func(_ context.Context, all []awsapi.OrgAccount) error {
			for _, a := range all {
				listed[a.ID] = a.State
			}
			return nil
		},
		Verified: func(_ context.Context, v check.Verified) error { seen[v.Account.AccountID] = v; return nil },
	}))
	tg := target(access, payer, "arn:aws:iam::"+payer+":role/bursar/bursar-x")
	tg.Schedule = hasty()
	_, found := run(t, suite, tg)
	if len(found["member_access"]) != 1 {
		t.Fatalf("%+v", found)
	}
	return seen, listed, found["member_access"][0]
}

// hasty is a schedule for many accounts at once: real time, and little of it.
func hasty() check.Schedule {
	return check.Schedule{Waits: []time.Duration{0, time.Millisecond}, Limit: 100 * time.Millisecond, Apart: time.Millisecond}
}

func memberTrust(account string) string {
	return strings.ReplaceAll(goodTrust, extID, extID+"."+account)
}

// TestMembers looks at an organization in which everything that can be the matter with a member is.
func TestMembers(t *testing.T) {
	s := start(t)
	makeRole(t, s, payer, "bursar-x", goodTrust, reads)
	makeRole(t, s, "222233334444", "bursar-x", memberTrust("222233334444"), "")
	makeRole(t, s, "333344445555", "bursar-x", goodTrust, "") // the base id itself: not derived
	makeRole(t, s, "444455556666", "bursar-x", strings.ReplaceAll(goodTrust, `"StringEquals":{"sts:ExternalId":"`+extID+`"}`, `"StringLike":{"sts:ExternalId":"`+extID+`.*"}`), "")
	seen, listed, sum := lookAtMembers(t, check.Through(client(t, s)), nil)
	for id, want := range map[string]bursar.MemberState{
		"222233334444": bursar.MemberAssumable, "333344445555": bursar.MemberNotDeployed, "444455556666": bursar.MemberInsecure, "555566667777": bursar.MemberNotDeployed,
	} {
		if got := seen[id]; got.State != want || got.Account.ExternalID != extID+"."+id || !strings.Contains(got.Last().Message, id) || want != bursar.MemberAssumable && got.Last().Remedy == "" {
			t.Errorf("%s is %s, want %s: %+v", id, got.State, want, got.Findings)
		}
	}
	if len(seen) != 4 || len(listed) != 5 || listed["666677778888"] != "SUSPENDED" {
		t.Errorf("looked at %d, listed %v", len(seen), listed)
	}
	if sum.Code != "members_insecure" || sum.Evidence["assumable"] != "1" || sum.Evidence["active"] != "4" {
		t.Errorf("%+v", sum)
	}
}

// TestMembersOfAnotherPayerAreSafe: the same organization reached by another registration has other derived ids.
func TestMembersOfAnotherPayerAreSafe(t *testing.T) {
	s := start(t)
	makeRole(t, s, payer, "bursar-x", strings.ReplaceAll(goodTrust, extID, another), reads)
	makeRole(t, s, member, "bursar-x", memberTrust(member), "")
	tg := target(check.Through(client(t, s)), payer, "arn:aws:iam::"+payer+":role/bursar/bursar-x")
	tg.Account.ExternalID, tg.Account.WorkspaceID, tg.Schedule = another, "ws_2", hasty()
	var seen []check.Verified
	_, _ = run(t, append(check.Trust(), check.MemberAccess(check.Members{Verified: func(_ context.Context, v check.Verified) error { seen = append(seen, v); return nil }})), tg)
	for _, v := range seen {
		if v.State != bursar.MemberNotDeployed {
			t.Errorf("%s is %s", v.Account.AccountID, v.State)
		}
	}
	if len(seen) != 4 {
		t.Errorf("looked at %d", len(seen))
	}
}

func TestMembersThatWorkedAreLeftOut(t *testing.T) {
	s := start(t)
	makeRole(t, s, payer, "bursar-x", goodTrust, reads)
	seen, listed, sum := lookAtMembers(t, check.Through(client(t, s)), func(id string) (bursar.MemberState, bool) { return bursar.MemberAssumable, id != member })
	if len(seen) != 1 || len(listed) != 5 || sum.Code != "partial" || sum.Evidence["assumable"] != "3" {
		t.Errorf("%v %v %+v", seen, listed, sum)
	}
}

// TestWhyAMemberHasNoRole proves each explanation that the StackSet gives.
func TestWhyAMemberHasNoRole(t *testing.T) {
	for _, tt := range []struct {
		name, code, sum string
		prepare         func(*sandbox.Sandbox)
	}{
		{"no StackSet", "stack_set_missing", "not_set_up", func(s *sandbox.Sandbox) { access(t, s, "") }},
		{"trusted access off", "trusted_access_off", "not_set_up", func(s *sandbox.Sandbox) {
			access(t, s, "")
			s.CloudFormation().SetTrustedAccess("o-example1234", false)
		}},
		{"another unit", "not_targeted", "partial", func(s *sandbox.Sandbox) { access(t, s, "ou-exmp-workload") }},
		{"the name is taken", "deployment_failed", "partial", func(s *sandbox.Sandbox) {
			makeRole(t, s, "555566667777", "bursar-x", strings.ReplaceAll(goodTrust, extID, another), "")
			access(t, s, "r-exmp")
		}},
		{"nothing is readable", "not_deployed_or_changed", "not_set_up", func(s *sandbox.Sandbox) { makeRole(t, s, payer, "bursar-x", goodTrust, reads) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := start(t)
			tt.prepare(s)
			seen, _, sum := lookAtMembers(t, check.Through(client(t, s)), nil)
			if f := seen["555566667777"].Last(); f.Code != tt.code || f.Remedy == "" || !strings.Contains(f.Message, "555566667777") {
				t.Errorf("%+v", f)
			}
			if sum.Code != tt.sum || sum.Remedy == "" {
				t.Errorf("%+v", sum)
			}
		})
	}
}

// access makes the shipped access stack in the payer.
func access(t *testing.T, s *sandbox.Sandbox, target string) {
	t.Helper()
	stack(t, s, payer, "access", "access.yaml", map[string]string{
		"RoleName": "bursar-x", "ExternalId": extID, "Principal": own, "PrincipalArn": "arn:aws:iam::" + own + ":user/bursar", "TargetOrganizationId": target,
	})
}

func TestOrganizationThatMayNotBeListed(t *testing.T) {
	s := start(t)
	makeRole(t, s, payer, "bursar-x", goodTrust, strings.ReplaceAll(reads, `"organizations:ListAccounts",`, ""))
	seen, _, sum := lookAtMembers(t, check.Through(client(t, s)), nil)
	if len(seen) != 0 || sum.Code != "permission_missing" || !strings.Contains(sum.Remedy, "organizations:ListAccounts") {
		t.Errorf("%v %+v", seen, sum)
	}
}

// counting counts the requests that are under way together.
type counting struct {
	check.Access
	now, most, all, throttled atomic.Int64
	throttle                  func(n int64) bool
}

func (c *counting) Assume(ctx context.Context, r awsapi.AssumeRequest) (check.Session, error) {
	n := c.now.Add(1)
	defer c.now.Add(-1)
	for most := c.most.Load(); n > most && !c.most.CompareAndSwap(most, n); most = c.most.Load() {
	}
	if all := c.all.Add(1); c.throttle != nil && c.throttle(all) {
		c.throttled.Add(1)
		return nil, denied("STS", "AssumeRole", "Throttling", "Rate exceeded")
	}
	return c.Access.Assume(ctx, r)
}

// TestManyMembersAreAskedFewAtATime proves that requests stay bounded, and become fewer while AWS complains.
func TestManyMembersAreAskedFewAtATime(t *testing.T) {
	s := manyMembers(t, 300)
	access := &counting{Access: check.Through(client(t, s)), throttle: func(n int64) bool { return n > 100 && n < 140 }}
	seen, _, sum := lookAtMembers(t, access, nil)
	if len(seen) != 300 || sum.Code != "ok" {
		t.Errorf("%d seen, %+v", len(seen), sum)
	}
	if most := access.most.Load(); most > 24 || most < 2 {
		t.Errorf("%d requests at once", most)
	}
	if n := access.throttled.Load(); n != 39 {
		t.Errorf("%d requests were refused", n)
	}
}

func manyMembers(t testing.TB, n int) *sandbox.Sandbox {
	t.Helper()
	var accounts, members strings.Builder
	for i := range n {
		fmt.Fprintf(&accounts, "  - {id: %q}\n", fmt.Sprintf("2000000%05d", i))
		fmt.Fprintf(&members, "%q, ", fmt.Sprintf("2000000%05d", i))
	}
	w, err := world.Parse([]byte("bursar: {account: \"" + own + "\"}\naccounts:\n  - {id: \"" + payer + "\"}\n" + accounts.String() +
		"organizations:\n  - {id: o-abcdefghij, management: \"" + payer + "\", members: [" + members.String() + "]}\n"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := sandbox.New(sandbox.Config{World: w, Start: now, Frozen: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(t.Context(), "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	makeRole(t, s, payer, "bursar-x", goodTrust, reads)
	for i := range n {
		id := fmt.Sprintf("2000000%05d", i)
		makeRole(t, s, id, "bursar-x", memberTrust(id), "")
	}
	return s
}

// TestBillingTransferIsShown proves both directions.
func TestBillingTransferIsShown(t *testing.T) {
	w, err := world.Parse([]byte(`bursar: {account: "` + own + `"}
accounts: [{id: "` + payer + `"}, {id: "` + loner + `"}]
organizations:
  - id: o-abcdefghij
    management: "` + payer + `"
    responsibility_transfers: [{direction: outbound, account: "` + loner + `", status: ACCEPTED}, {direction: inbound, account: "` + member + `", status: ACCEPTED}, {direction: inbound, account: "` + own + `", status: REQUESTED}]
`))
	if err != nil {
		t.Fatal(err)
	}
	s, err := sandbox.New(sandbox.Config{World: w, Start: now, Frozen: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(t.Context(), "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	role := makeRole(t, s, payer, "bursar-x", goodTrust, reads)
	res, found := run(t, trusted(t, "organization"), target(check.Through(client(t, s)), payer, role))
	f := found["organization"][0]
	if res.PaidBy != loner || f.Evidence["bill_paid_by"] != loner || f.Evidence["pays_bills_of"] != member || !strings.Contains(f.Message, loner) {
		t.Errorf("%+v %+v", res, f)
	}
	s.Cloud().Faults.Add(cloud.Fault{Kind: cloud.FaultSCP, Service: "organizations", Action: "ListOutboundResponsibilityTransfers"})
	res, found = run(t, trusted(t, "organization"), target(check.Through(client(t, s)), payer, role))
	if f := found["organization"][0]; res.Kind != bursar.KindPayer || f.Evidence["billing_transfer"] != "not readable" {
		t.Errorf("%+v %+v", res, f)
	}
}
