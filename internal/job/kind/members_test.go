package kind_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/awsapi"
	"github.com/bursarhq/bursar/internal/check"
	"github.com/bursarhq/bursar/internal/sandbox/world"
	"github.com/bursarhq/bursar/internal/store"
)

// withMembers is a payer whose access stack has made the roles of its linked accounts, checked.
func withMembers(t *testing.T) (*bench, bursar.Account) {
	b := setup(t)
	a := b.register(b.ws, payer, "Payer")
	b.access(a, "r-exmp")
	if run := b.run("check", a); run.State != bursar.RunSucceeded {
		t.Fatalf("%+v", run.Error)
	}
	return b, b.account(a)
}

func states(members map[string]bursar.Member) map[string]bursar.MemberState {
	out := map[string]bursar.MemberState{}
	for id, m := range members {
		out[id] = m.State
	}
	return out
}

// TestMembersAreRegistered: what passes becomes a linked account with its own external id, what is suspended is shown.
func TestMembersAreRegistered(t *testing.T) {
	b, a := withMembers(t)
	run := b.run("members", a)
	if run.State != bursar.RunSucceeded || run.Progress.Done != 4 || run.Progress.Total != 4 || run.Progress.Unit != "accounts" {
		t.Fatalf("%+v %+v", run, run.Error)
	}
	got := b.members(a)
	want := map[string]bursar.MemberState{
		"222233334444": bursar.MemberAssumable, "333344445555": bursar.MemberAssumable, "444455556666": bursar.MemberAssumable,
		"555566667777": bursar.MemberAssumable, "666677778888": bursar.MemberSuspended,
	}
	if d := cmp.Diff(want, states(got)); d != "" {
		t.Error(d)
	}
	linked := b.account(bursar.Account{WorkspaceID: b.ws, AccountID: member})
	if linked.Name != "Example Corp Production" || linked.Kind != bursar.KindLinked || linked.PayerID != payer || linked.ExternalID != a.ExternalID+"."+member || got[member].RegisteredAs != linked.ID {
		t.Errorf("%+v", linked)
	}
	if s := b.status(linked); s.Summary != bursar.SummaryConnected {
		t.Errorf("%+v", s)
	}
	if s := b.status(a).Capabilities[bursar.CapMemberAccess]; s != bursar.StateOK {
		t.Errorf("the payer's member access is %s", s)
	}
	if e := b.events(a, bursar.AboutMember); len(e) != 0 {
		t.Errorf("the first look makes events: %v", e)
	}
	if run := b.run("check", linked); run.State != bursar.RunSucceeded || b.status(linked).Summary != bursar.SummaryConnected {
		t.Errorf("%+v: a linked account's own check: %+v", run.Error, b.status(linked))
	}
}

// TestNewAndClosedAccountsAppear plays what happens to an organization in its life.
func TestNewAndClosedAccountsAppear(t *testing.T) {
	b, a := withMembers(t)
	b.run("members", a)
	const fresh, twin = "123412341234", "432143214321"
	if _, err := b.aws.Cloud().AddAccount(world.Account{ID: fresh, Name: "Fresh"}, "ou-exmp-workload"); err != nil {
		t.Fatal(err)
	}
	if _, err := b.aws.Cloud().AddAccount(world.Account{ID: twin, Name: "Fresh"}, "ou-exmp-workload"); err != nil {
		t.Fatal(err)
	}
	b.aws.Cloud().SetState("333344445555", "SUSPENDED")
	b.inBill = []string{payer, member, "101010101010"}
	if run := b.run("sync", a); run.State != bursar.RunSucceeded {
		t.Fatalf("%+v", run.Error)
	}
	got := b.members(a)
	if got[fresh].State != bursar.MemberAssumable || got["333344445555"].State != bursar.MemberSuspended || got["101010101010"].State != bursar.MemberInBill || got[fresh].RegisteredAs == "" {
		t.Errorf("%v", states(got))
	}
	if n := b.account(bursar.Account{WorkspaceID: b.ws, AccountID: twin}).Name; n != "Fresh ("+twin+")" && n != "Fresh" {
		t.Errorf("the second of a name is called %q", n)
	}
	want := []string{
		fresh + "  > unchecked", twin + "  > unchecked", "333344445555 assumable > suspended", "101010101010  > in_bill",
	}
	events := strings.Join(b.events(a, bursar.AboutMember), "\n")
	for _, w := range want {
		if !strings.Contains(events, w) {
			t.Errorf("no event %q in\n%s", w, events)
		}
	}
	suspended := b.account(bursar.Account{WorkspaceID: b.ws, AccountID: "333344445555"})
	if s := b.status(suspended); s.Summary != bursar.SummaryAttention {
		t.Errorf("a suspended account is %s", s.Summary)
	}
	n := len(b.events(a, bursar.AboutMember))
	b.run("sync", a)
	if again := len(b.events(a, bursar.AboutMember)); again != n {
		t.Errorf("a sync without news makes %d events", again-n)
	}
	b.aws.Cloud().SetState("333344445555", "ACTIVE")
	b.aws.Cloud().Leave(fresh)
	b.run("sync", a)
	left := b.account(bursar.Account{WorkspaceID: b.ws, AccountID: fresh})
	if b.status(suspended).Summary != bursar.SummaryConnected || b.members(a)[fresh].State != bursar.MemberLeft || b.status(left).Summary != bursar.SummaryAttention {
		t.Errorf("reinstated: %s, left: %s %s", b.status(suspended).Summary, b.members(a)[fresh].State, b.status(left).Summary)
	}
}

// TestAccountRegisteredAloneKeepsWhatItIs: its id, name and history, and its own access where that works.
func TestAccountRegisteredAloneKeepsWhatItIs(t *testing.T) {
	b := setup(t)
	working := b.register(b.ws, member, "Mine, with access")
	b.access(working, "")
	b.run("check", working)
	never := b.register(b.ws, "333344445555", "Mine, never set up")
	b.run("check", never)
	a := b.register(b.ws, payer, "Payer")
	b.access(a, "r-exmp")
	b.run("check", a)
	if run := b.run("members", a); run.State != bursar.RunSucceeded {
		t.Fatalf("%+v", run.Error)
	}
	for _, before := range []bursar.Account{working, never} {
		after := b.account(before)
		if after.ID != before.ID || after.Name != before.Name || after.Kind != bursar.KindLinked || after.PayerID != payer {
			t.Errorf("%+v", after)
		}
		if kept := after.ExternalID == before.ExternalID; kept != (before.ID == working.ID) {
			t.Errorf("%s: its own access is kept: %v", before.Name, kept)
		}
		if s := b.status(after); s.Summary != bursar.SummaryConnected {
			t.Errorf("%s is %+v", before.Name, s)
		}
	}
	if e := b.events(never, bursar.AboutAccess); len(e) != 1 {
		t.Errorf("%v", e)
	}
	if e := b.events(never, bursar.AboutSummary); strings.Join(e, ", ") != "> broken, broken > connected" {
		t.Errorf("%v", e)
	}
}

// TestPartialFailureKeepsWhatWorks, and a second look asks only for what failed.
func TestPartialFailureKeepsWhatWorks(t *testing.T) {
	b, a := withMembers(t)
	broken := strings.Replace(trustOf(a, "333344445555"), "StringEquals", "StringEqualsIfExists", 1)
	if _, e := b.aws.Cloud().SetTrust("333344445555", roleName(a), broken); e != nil {
		t.Fatal(e)
	}
	b.run("members", a)
	got := b.members(a)
	if m := got["333344445555"]; m.State != bursar.MemberInsecure || m.RegisteredAs != "" || m.Remedy == "" {
		t.Errorf("%+v", m)
	}
	if got[member].State != bursar.MemberAssumable || b.status(a).Capabilities[bursar.CapMemberAccess] != bursar.StateFailed || b.status(a).Summary == bursar.SummaryInsecure {
		t.Errorf("%+v %+v", got[member], b.status(a))
	}
	if _, e := b.aws.Cloud().SetTrust("333344445555", roleName(a), trustOf(a, "333344445555")); e != nil {
		t.Fatal(e)
	}
	b.aws.Cloud().Meter.Reset()
	if run := b.run("members_failed", a); run.State != bursar.RunSucceeded || run.Progress.Done != 4 {
		t.Fatalf("%+v %+v", run, run.Error)
	}
	if n := b.aws.Cloud().Meter.Requests("sts", "AssumeRole"); n != 14 {
		t.Errorf("%d roles were asked for: 7 for the payer and 7 for the one that failed", n)
	}
	if m := b.members(a)["333344445555"]; m.State != bursar.MemberAssumable || m.RegisteredAs == "" {
		t.Errorf("%+v", m)
	}
}

// TestInsecureMemberIsCutOff: one that was registered, and whose role was loosened since.
func TestInsecureMemberIsCutOff(t *testing.T) {
	b, a := withMembers(t)
	b.run("members", a)
	linked := b.account(bursar.Account{WorkspaceID: b.ws, AccountID: member})
	if _, err := b.client.Session(t.Context(), request(linked)); err != nil {
		t.Fatal(err)
	}
	if _, e := b.aws.Cloud().SetTrust(member, roleName(a), strings.Replace(trustOf(a, member), "StringEquals", "StringEqualsIfExists", 1)); e != nil {
		t.Fatal(e)
	}
	b.run("sync", a)
	if s := b.status(linked); s.Summary != bursar.SummaryInsecure {
		t.Errorf("%+v", s)
	}
	if e := b.events(linked, bursar.AboutSummary); e[len(e)-1] != "connected > insecure" {
		t.Errorf("%v", e)
	}
	if e := b.events(a, bursar.AboutMember); len(e) != 1 || e[0] != member+" assumable > insecure" {
		t.Errorf("%v", e)
	}
}

// TestChangeOfPayerKeepsTheHistory moves an account to another organization.
func TestChangeOfPayerKeepsTheHistory(t *testing.T) {
	b := setup(t)
	a := b.register(b.ws, member, "Moves")
	b.access(a, "")
	b.run("check", a)
	b.aws.Cloud().Leave(member)
	b.run("check", a)
	got := b.account(a)
	if got.Kind != bursar.KindStandalone || got.PayerID != member || got.ID != a.ID || got.Name != "Moves" {
		t.Errorf("%+v", got)
	}
	if e := strings.Join(b.events(a, bursar.AboutPayer), ", "); e != "> "+payer+", "+payer+" > "+member {
		t.Errorf("%v", e)
	}
	if e := strings.Join(b.events(a, bursar.AboutKind), ", "); e != "unknown > linked, linked > standalone" {
		t.Errorf("%v", e)
	}
}

func TestOnlyPayersHaveMembers(t *testing.T) {
	b := setup(t)
	for _, id := range []string{member, loner} {
		a := b.register(b.ws, id, id)
		if run := b.run("members", a); run.State != bursar.RunFailed || run.Error.Code != "not_a_payer" || run.Error.Hint == "" {
			t.Errorf("%+v", run.Error)
		}
	}
	a := b.register(b.ws, payer, "Payer")
	b.access(a, "")
	b.run("check", a)
	if _, e := b.aws.Cloud().SetTrust(payer, roleName(a), strings.Replace(trustOf(a, payer), a.ExternalID+"."+payer, "another-external-id", 1)); e != nil {
		t.Fatal(e)
	}
	if run := b.run("members", a); run.State != bursar.RunFailed || run.Error.Code != "not_deployed_or_changed" || !strings.Contains(run.Error.Message, payer) {
		t.Errorf("%+v", run.Error)
	}
}

func roleName(a bursar.Account) string {
	r, _ := bursar.ParseRoleARN(a.RoleARN)
	return r.Name
}

func trustOf(payer bursar.Account, account string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::` + own + `:root"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"` + bursar.MemberExternalID(payer.ExternalID, account) + `"}}}]}`
}

// busy is AWS that has no time for some accounts.
type busy struct {
	check.Access
	account string
	times   atomic.Int64 // left
	asked   atomic.Int64
}

func (c *busy) Assume(ctx context.Context, r awsapi.AssumeRequest) (check.Session, error) {
	c.asked.Add(1)
	if r.AccountID == c.account && c.times.Add(-1) >= 0 {
		return nil, &smithy.OperationError{ServiceID: "STS", OperationName: "AssumeRole", Err: &smithy.GenericAPIError{Code: "Throttling", Message: "Rate exceeded"}}
	}
	return c.Access.Assume(ctx, r)
}

// TestARunThatAWSWasTooBusyForGoesOn: it ends to be tried again, and then asks for what is missing alone.
func TestARunThatAWSWasTooBusyForGoesOn(t *testing.T) {
	b, a := withMembers(t)
	b.runner.Stop()
	access := &busy{Access: check.Through(b.client), account: member}
	access.times.Store(1 << 40)
	b.start(access)
	run := b.run("members", a)
	if run.State != bursar.RunQueued || run.Error == nil || run.Error.Code != "members_not_asked" {
		t.Fatalf("%+v %+v", run, run.Error)
	}
	if got := states(b.members(a)); got[member] != bursar.MemberFailed || got["333344445555"] != bursar.MemberAssumable {
		t.Errorf("%v", got)
	}
	access.times.Store(0)
	access.asked.Store(0)
	b.tx(func(tx *store.Tx) error { _, _, err := tx.Enqueue(b.ws, "members", a.ID, tx.Now); return err })
	b.runner.Wake()
	events, stop := b.runner.Listen(run.ID)
	defer stop()
	for !run.State.Final() {
		<-events
		b.tx(func(tx *store.Tx) (err error) { run, err = tx.Run(b.ws, run.ID); return err })
	}
	if run.State != bursar.RunSucceeded || run.Attempt != 2 || access.asked.Load() != 14 {
		t.Errorf("%+v %+v, %d requests", run, run.Error, access.asked.Load())
	}
	if got := states(b.members(a)); got[member] != bursar.MemberAssumable {
		t.Errorf("%v", got)
	}
}

// TestMembersOfABroughtPayer: the name of its role is not bursar's, that of its members' roles is.
func TestMembersOfABroughtPayer(t *testing.T) {
	b := setup(t)
	a := b.register(b.ws, payer, "Payer", func(a *bursar.Account) {
		a.Method, a.RoleARN, a.Kind = bursar.MethodRole, "arn:aws:iam::"+payer+":role/bursar/Our.Own", bursar.KindPayer
	})
	b.role(payer, "/bursar/", "Our.Own", strings.ReplaceAll(trustOf(a, payer), a.ExternalID+"."+payer, a.ExternalID), organizationReads)
	name := bursar.MemberRoleName(a)
	if !strings.HasPrefix(name, "bursar-") || bursar.StackSetName(a) != name+"-members" {
		t.Fatalf("the members' roles are called %q", name)
	}
	b.role(member, "/bursar/", name, trustOf(a, member))
	if run := b.run("members", a); run.State != bursar.RunSucceeded {
		t.Fatalf("%+v", run.Error)
	}
	if m := b.members(a)[member]; m.State != bursar.MemberAssumable || m.RegisteredAs == "" {
		t.Errorf("%+v", m)
	}
}

// TestSyncAsksForNothingThatIsNotThere: a payer whose linked accounts were left out is listed again and again, and no role is tried in vain.
func TestSyncAsksForNothingThatIsNotThere(t *testing.T) {
	b := setup(t)
	a := b.register(b.ws, payer, "Payer")
	b.access(a, "")
	b.run("check", a)
	b.aws.Cloud().Meter.Reset()
	if run := b.run("sync", a); run.State != bursar.RunSucceeded {
		t.Fatalf("%+v", run.Error)
	}
	if n := b.aws.Cloud().Meter.Requests("sts", "AssumeRole"); n != 7 {
		t.Errorf("%d roles were asked for, 7 of them the payer's own", n)
	}
	if m := b.members(a)[member]; m.State != bursar.MemberNotDeployed || m.Code != "stack_set_missing" || m.Remedy == "" {
		t.Errorf("%+v", m)
	}
	if s := b.status(a); s.Summary != bursar.SummaryConnected || s.Capabilities[bursar.CapMemberAccess] != bursar.StateNotSetUp {
		t.Errorf("%+v", s)
	}
}
