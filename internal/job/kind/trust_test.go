package kind_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/awsapi"
	"github.com/bursarhq/bursar/internal/check/checktest"
)

const organizationReads = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["organizations:DescribeOrganization","organizations:ListAccounts"],"Resource":"*"}]}`

// others makes the external id of "another" for a policy: any that is nobody's.
const others = "bur-zyxwvutsrqponmlkjihgfedcba"

// TestNoRoleIsWronglyAccepted goes through every trust policy, by each way of registering, in two workspaces that hold the same role: the
// role trusts the first workspace as the policy says, and never the second.
func TestNoRoleIsWronglyAccepted(t *testing.T) {
	n := len(checktest.TrustPolicies(own, loner, others, others))
	for _, way := range []struct {
		name   string
		method bursar.Method
		path   string
	}{{"console", bursar.MethodConsole, "/bursar/"}, {"terraform", bursar.MethodTerraform, "/bursar/"}, {"role", bursar.MethodRole, "/bursar/brought/"}} {
		b := setup(t, worldOf(n))
		second := b.workspace("two")
		for i := range n {
			id := memberID(i)
			name := "bursar-" + way.name
			mine := bursar.NewExternalID()
			p := checktest.TrustPolicies(own, payer, mine, others)[i]
			t.Run(way.name+"/"+p.Name, func(t *testing.T) {
				b.role(id, way.path, name, p.Document)
				at := func(a *bursar.Account) {
					a.Method, a.RoleARN = way.method, "arn:aws:iam::"+id+":role"+way.path+name
				}
				own := func(a *bursar.Account) { at(a); a.ExternalID = mine }
				b.judge(t, p, b.register(b.ws, id, p.Name, own), b.register(second, id, p.Name, at))
			})
		}
	}
}

// TestNoMemberIsWronglyAccepted does the same for the roles of linked accounts, all of them in one run for each workspace.
func TestNoMemberIsWronglyAccepted(t *testing.T) {
	n := len(checktest.TrustPolicies(own, loner, others, others))
	b := setup(t, worldOf(n))
	second := b.workspace("two")
	same := func(a *bursar.Account) {
		a.RoleARN, a.Kind, a.OrganizationID = "arn:aws:iam::"+payer+":role/bursar/bursar-x", bursar.KindPayer, "o-abcdefghij"
	}
	first, other := b.register(b.ws, payer, "Payer", same), b.register(second, payer, "Payer", same)
	b.role(payer, "/bursar/", "bursar-x", strings.Replace(checktest.TrustPolicies(own, loner, first.ExternalID, others)[0].Document,
		`"`+first.ExternalID+`"`, `["`+first.ExternalID+`","`+other.ExternalID+`"]`, 1), organizationReads)
	for i := range n {
		p := checktest.TrustPolicies(own, loner, bursar.MemberExternalID(first.ExternalID, memberID(i)), others)[i]
		b.role(memberID(i), "/bursar/", "bursar-x", p.Document)
	}
	for _, a := range []bursar.Account{first, other} {
		if run := b.run("members", a); run.State != bursar.RunSucceeded {
			t.Fatalf("%+v", run.Error)
		}
	}
	want := map[string]bursar.MemberState{checktest.Trusted: bursar.MemberAssumable, checktest.Insecure: bursar.MemberInsecure, checktest.Refused: bursar.MemberNotDeployed}
	mine, theirs := b.members(first), b.members(other)
	for i := range n {
		p := checktest.TrustPolicies(own, loner, first.ExternalID, others)[i]
		if m := mine[memberID(i)]; m.State != want[p.Want] || (m.RegisteredAs != "") != (p.Want == checktest.Trusted) {
			t.Errorf("%s: %+v", p.Name, m)
		}
		if m := theirs[memberID(i)]; m.State == bursar.MemberAssumable || m.RegisteredAs != "" {
			t.Errorf("%s: accepted in another workspace: %+v", p.Name, m)
		}
	}
}

// judge checks the account in both workspaces: the first must see what the policy is, the second must not get in. Work follows: only a
// trusted one gets credentials, and they are never given to the other.
func (b *bench) judge(t *testing.T, p checktest.TrustPolicy, mine, theirs bursar.Account) {
	t.Helper()
	want := map[string]bursar.Summary{checktest.Insecure: bursar.SummaryInsecure, checktest.Refused: bursar.SummaryBroken}
	b.run("check", mine)
	b.run("check", theirs)
	got, other := b.status(mine), b.status(theirs)
	trusted := got.Summary != bursar.SummaryInsecure && got.Summary != bursar.SummaryBroken
	if trusted != (p.Want == checktest.Trusted) || !trusted && got.Summary != want[p.Want] {
		t.Errorf("%s, want %s", got.Summary, p.Want)
	}
	if other.Summary != bursar.SummaryInsecure && other.Summary != bursar.SummaryBroken {
		t.Errorf("the other workspace is %s", other.Summary)
	}
	if !trusted {
		return
	}
	if _, err := b.client.Session(t.Context(), request(mine)); err != nil {
		t.Errorf("no session for work: %v", err)
	}
	if class := classOf(b.client.Session(t.Context(), request(theirs))); class != awsapi.NotDeployed && class != awsapi.DeniedResourcePolicy {
		t.Errorf("the other workspace got the credentials of the first, or something else is wrong: %q", class)
	}
}

func classOf(_ *awsapi.Session, err error) awsapi.Class { return awsapi.Classify(err).Class }

func request(a bursar.Account) awsapi.AssumeRequest {
	return awsapi.AssumeRequest{WorkspaceID: a.WorkspaceID, AccountID: a.AccountID, Capability: bursar.CapInventory, RecordID: a.ID, RoleARN: a.RoleARN, ExternalID: a.ExternalID}
}

func memberID(i int) string { return fmt.Sprintf("2000000%05d", i) }

// worldOf is an organization of n members.
func worldOf(n int) string {
	var accounts, members strings.Builder
	for i := range n {
		fmt.Fprintf(&accounts, "  - {id: %q, name: Team %d}\n", memberID(i), i)
		fmt.Fprintf(&members, "%q, ", memberID(i))
	}
	return "bursar: {account: \"" + own + "\"}\naccounts:\n  - {id: \"" + payer + "\", name: Payer}\n  - {id: \"" + loner + "\"}\n" + accounts.String() +
		"organizations:\n  - {id: o-abcdefghij, root: r-abcd, management: \"" + payer + "\", members: [" + members.String() + "]}\n"
}
