package sandbox_test

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	orgtypes "github.com/aws/aws-sdk-go-v2/service/organizations/types"
	"github.com/google/go-cmp/cmp"

	"github.com/bursarhq/bursar/internal/sandbox"
	"github.com/bursarhq/bursar/internal/sandbox/cloud"
	"github.com/bursarhq/bursar/internal/sandbox/world"
)

func TestDescribeOrganization(t *testing.T) {
	s := start(t)
	for _, account := range []string{payer, member} {
		out, err := orgs(asAdmin(t, s, account)).DescribeOrganization(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		o := out.Organization
		if *o.Id != "o-example1234" || *o.MasterAccountId != payer || o.FeatureSet != "ALL" || *o.MasterAccountEmail != "aws-billing@example.com" {
			t.Errorf("%s: %+v", account, o)
		}
	}
	_, err := orgs(asAdmin(t, s, loner)).DescribeOrganization(t.Context(), nil)
	var none *orgtypes.AWSOrganizationsNotInUseException
	if !errors.As(err, &none) {
		t.Errorf("standalone: %v", err)
	}
	// a role without the permission, in the payer
	cfg := session(t, s, makeRole(t, s, payer, "bursar-a", goodTrust(id), ""), id)
	_, err = orgs(cfg).DescribeOrganization(t.Context(), nil)
	want := "User: arn:aws:sts::" + payer + ":assumed-role/bursar-a/bursar-acc_1 is not authorized to perform: organizations:DescribeOrganization on resource: * because no identity-based policy allows the organizations:DescribeOrganization action"
	if code(err) != "AccessDeniedException" || message(err) != want {
		t.Errorf("got  %s %q\nwant %q", code(err), message(err), want)
	}
}

// bigWorld is an organization of n members.
func bigWorld(n int) string {
	var accounts, members strings.Builder
	for i := range n {
		fmt.Fprintf(&accounts, "  - {id: %q, state: %s}\n", fmt.Sprintf("2000000%05d", i), map[bool]string{true: "SUSPENDED", false: "ACTIVE"}[i%10 == 9])
		fmt.Fprintf(&members, "%q, ", fmt.Sprintf("2000000%05d", i))
	}
	return "accounts:\n  - {id: \"111122223333\"}\n" + accounts.String() +
		"organizations:\n  - {id: o-abcdefghij, management: \"111122223333\", members: [" + members.String() + "]}\n"
}

func TestListAccountsPages(t *testing.T) {
	s := start(t, func(c *sandbox.Config) { c.World = mustWorld(t, bigWorld(44)) })
	s.Cloud().Faults.Add(cloud.Fault{Kind: "empty_page", Times: 2})
	c := orgs(asAdmin(t, s, payer))
	seen, pages, suspended := map[string]bool{}, 0, 0
	for p := organizations.NewListAccountsPaginator(c, nil); p.HasMorePages(); pages++ {
		out, err := p.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range out.Accounts {
			seen[*a.Id] = true
			if a.State == orgtypes.AccountStateSuspended {
				suspended++
			}
		}
	}
	if len(seen) != 45 || pages != 5 || suspended != 4 {
		t.Errorf("%d accounts, %d suspended, in %d pages", len(seen), suspended, pages)
	}
	_, err := c.ListAccounts(t.Context(), &organizations.ListAccountsInput{MaxResults: aws.Int32(21)})
	if code(err) != "InvalidInputException" {
		t.Errorf("21 results: %v", err)
	}
	_, err = c.ListAccounts(t.Context(), &organizations.ListAccountsInput{NextToken: aws.String("made-up")})
	if code(err) != "InvalidInputException" {
		t.Errorf("token: %v", err)
	}
	_, err = orgs(asAdmin(t, s, "200000000001")).ListAccounts(t.Context(), nil)
	if code(err) != "AccessDeniedException" || message(err) != "You don't have permissions to access this resource." {
		t.Errorf("member: %v", err)
	}
}

func TestOrganizationTree(t *testing.T) {
	s := start(t)
	c := orgs(asAdmin(t, s, payer))
	roots, err := c.ListRoots(t.Context(), nil)
	if err != nil || len(roots.Roots) != 1 {
		t.Fatal(roots, err)
	}
	units, err := c.ListOrganizationalUnitsForParent(t.Context(), &organizations.ListOrganizationalUnitsForParentInput{ParentId: roots.Roots[0].Id})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]int{}
	for _, u := range units.OrganizationalUnits {
		out, err := c.ListAccountsForParent(t.Context(), &organizations.ListAccountsForParentInput{ParentId: u.Id})
		if err != nil {
			t.Fatal(err)
		}
		got[*u.Name] = len(out.Accounts)
	}
	if diff := cmp.Diff(map[string]int{"Workloads": 3, "Experiments": 1, "Suspended": 1}, got); diff != "" {
		t.Error(diff)
	}
	parents, err := c.ListParents(t.Context(), &organizations.ListParentsInput{ChildId: aws.String(member)})
	if err != nil || *parents.Parents[0].Id != "ou-exmp-workload" || parents.Parents[0].Type != "ORGANIZATIONAL_UNIT" {
		t.Errorf("%+v %v", parents, err)
	}
	one, err := c.DescribeAccount(t.Context(), &organizations.DescribeAccountInput{AccountId: aws.String(member)})
	if err != nil || *one.Account.Name != "Example Corp Production" {
		t.Errorf("%+v %v", one, err)
	}
	for _, miss := range []string{loner, "123456789012"} {
		_, err := c.DescribeAccount(t.Context(), &organizations.DescribeAccountInput{AccountId: &miss})
		if code(err) != "AccountNotFoundException" {
			t.Errorf("%s: %v", miss, err)
		}
	}
	_, err = c.ListAccountsForParent(t.Context(), &organizations.ListAccountsForParentInput{ParentId: aws.String("ou-exmp-nowhere1")})
	if code(err) != "ParentNotFoundException" {
		t.Error(err)
	}
	// a delegated administrator is no payer and lists all the same
	d := orgs(asAdmin(t, s, "444455556666"))
	if out, err := d.ListAccounts(t.Context(), nil); err != nil || len(out.Accounts) != 6 {
		t.Errorf("delegated: %v", err)
	}
	list, err := d.ListDelegatedAdministrators(t.Context(), &organizations.ListDelegatedAdministratorsInput{ServicePrincipal: aws.String("member.org.stacksets.cloudformation.amazonaws.com")})
	if err != nil || len(list.DelegatedAdministrators) != 1 || *list.DelegatedAdministrators[0].Id != "444455556666" {
		t.Errorf("%+v %v", list, err)
	}
}

func TestResponsibilityTransfers(t *testing.T) {
	s := start(t, func(c *sandbox.Config) {
		c.World = mustWorld(t, `
accounts: [{id: "111122223333"}]
organizations:
  - id: o-abcdefghij
    management: "111122223333"
    responsibility_transfers: [{direction: outbound, account: "123123123123"}]`)
	})
	c := orgs(asAdmin(t, s, payer))
	out, err := c.ListOutboundResponsibilityTransfers(t.Context(), &organizations.ListOutboundResponsibilityTransfersInput{Type: "BILLING"})
	if err != nil || len(out.ResponsibilityTransfers) != 1 {
		t.Fatal(out, err)
	}
	x := out.ResponsibilityTransfers[0]
	if x.Status != "ACCEPTED" || *x.Source.ManagementAccountId != payer || *x.Target.ManagementAccountId != "123123123123" {
		t.Errorf("%+v", x)
	}
	in, err := c.ListInboundResponsibilityTransfers(t.Context(), &organizations.ListInboundResponsibilityTransfersInput{Type: "BILLING"})
	if err != nil || len(in.ResponsibilityTransfers) != 0 {
		t.Errorf("%+v %v", in, err)
	}
}

const scpWorld = `
accounts: [{id: "111122223333"}, {id: "222233334444"}, {id: "333344445555"}]
organizations:
  - id: o-abcdefghij
    management: "111122223333"
    members: ["333344445555"]
    units: [{name: Locked, members: ["222233334444"]}]
    scps:
      - {name: no-organizations, targets: [Locked], policy: {Version: "2012-10-17", Statement: {Effect: Deny, Action: "organizations:*", Resource: "*"}}}
      - {name: iam-only, only: true, targets: ["333344445555"], policy: {Version: "2012-10-17", Statement: {Effect: Allow, Action: "iam:*", Resource: "*"}}}
`

func TestServiceControlPolicies(t *testing.T) {
	s := start(t, func(c *sandbox.Config) { c.World = mustWorld(t, scpWorld) })
	for _, account := range []string{member, "333344445555"} {
		cfg := asAdmin(t, s, account)
		_, err := orgs(cfg).DescribeOrganization(t.Context(), nil)
		if code(err) != "AccessDeniedException" || !strings.HasSuffix(message(err), "with an explicit deny in a service control policy") {
			t.Errorf("%s: %v", account, err)
		}
		if _, err := iam.NewFromConfig(cfg).ListRoles(t.Context(), nil); err != nil {
			t.Errorf("%s: %v", account, err)
		}
	}
	if _, err := orgs(asAdmin(t, s, payer)).DescribeOrganization(t.Context(), nil); err != nil {
		t.Errorf("SCPs never bind the management account: %v", err)
	}
}

func TestBoundary(t *testing.T) {
	s := start(t)
	c := iam.NewFromConfig(asAdmin(t, s, payer))
	p, err := c.CreatePolicy(t.Context(), &iam.CreatePolicyInput{PolicyName: aws.String("limit"), PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:*","Resource":"*"}}`)})
	if err != nil {
		t.Fatal(err)
	}
	trust := goodTrust(id)
	role, err := c.CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: aws.String("bursar-a"), Path: aws.String("/bursar/"), AssumeRolePolicyDocument: &trust, PermissionsBoundary: p.Policy.Arn})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.AttachRolePolicy(t.Context(), &iam.AttachRolePolicyInput{RoleName: aws.String("bursar-a"), PolicyArn: aws.String("arn:aws:iam::aws:policy/AdministratorAccess")}); err != nil {
		t.Fatal(err)
	}
	cfg := session(t, s, *role.Role.Arn, id)
	_, err = orgs(cfg).DescribeOrganization(t.Context(), nil)
	if !strings.HasSuffix(message(err), "because no permissions boundary allows the organizations:DescribeOrganization action") {
		t.Errorf("got %v", err)
	}
	if _, err := iam.NewFromConfig(cfg).ListRoles(t.Context(), nil); err != nil {
		t.Error(err)
	}
	out, err := c.SimulatePrincipalPolicy(t.Context(), &iam.SimulatePrincipalPolicyInput{PolicySourceArn: role.Role.Arn, ActionNames: []string{"ce:GetCostAndUsage"}})
	if err != nil || out.EvaluationResults[0].PermissionsBoundaryDecisionDetail.AllowedByPermissionsBoundary || out.EvaluationResults[0].EvalDecision != iamtypes.PolicyEvaluationDecisionTypeImplicitDeny {
		t.Errorf("%+v %v", out, err)
	}
}

func TestRoleLife(t *testing.T) {
	s := start(t)
	c, ctx, name := iam.NewFromConfig(asAdmin(t, s, payer)), t.Context(), aws.String("bursar-a")
	arn := makeRole(t, s, payer, "bursar-a", goodTrust(id), readOrganization)
	got, err := c.GetRole(ctx, &iam.GetRoleInput{RoleName: name})
	if err != nil {
		t.Fatal(err)
	}
	trust, err := url.QueryUnescape(*got.Role.AssumeRolePolicyDocument)
	if err != nil || trust != goodTrust(id) || *got.Role.Arn != arn || *got.Role.MaxSessionDuration != 3600 {
		t.Errorf("%+v %v", got.Role, err)
	}
	_, err = c.CreateRole(ctx, &iam.CreateRoleInput{RoleName: name, AssumeRolePolicyDocument: &trust})
	if code(err) != "EntityAlreadyExists" {
		t.Errorf("twice: %v", err)
	}
	pol, err := c.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: name, PolicyName: aws.String("p")})
	if err != nil {
		t.Fatal(err)
	}
	if text, _ := url.QueryUnescape(*pol.PolicyDocument); text != readOrganization {
		t.Errorf("policy %s", text)
	}
	if list, err := c.ListRolePolicies(ctx, &iam.ListRolePoliciesInput{RoleName: name}); err != nil || len(list.PolicyNames) != 1 {
		t.Errorf("%+v %v", list, err)
	}
	_, err = c.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: name, PolicyArn: aws.String("arn:aws:iam::aws:policy/NoSuchPolicy")})
	if code(err) != "NoSuchEntity" {
		t.Errorf("attach: %v", err)
	}
	if _, err := c.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: name}); code(err) != "DeleteConflict" {
		t.Errorf("delete with policies: %v", err)
	}
	if _, err := c.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: name, PolicyName: aws.String("p")}); err != nil {
		t.Error(err)
	}
	cfg := session(t, s, arn, id)
	if _, err := c.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: name}); err != nil {
		t.Error(err)
	}
	if _, err := c.GetRole(ctx, &iam.GetRoleInput{RoleName: name}); code(err) != "NoSuchEntity" {
		t.Errorf("get after delete: %v", err)
	}
	if _, err := orgs(cfg).DescribeOrganization(ctx, nil); code(err) != "AccessDeniedException" {
		t.Errorf("session of a deleted role: %v", err)
	}
}

func TestListRolesPages(t *testing.T) {
	s := start(t)
	for i := range 7 {
		makeRole(t, s, loner, fmt.Sprintf("bursar-%d", i), goodTrust(id), "")
	}
	var names []string
	c := iam.NewFromConfig(asAdmin(t, s, loner))
	for p := iam.NewListRolesPaginator(c, &iam.ListRolesInput{MaxItems: aws.Int32(3), PathPrefix: aws.String("/bursar/")}); p.HasMorePages(); {
		out, err := p.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range out.Roles {
			names = append(names, *r.RoleName)
		}
	}
	if strings.Join(names, " ") != "bursar-0 bursar-1 bursar-2 bursar-3 bursar-4 bursar-5 bursar-6" {
		t.Error(names)
	}
}

func TestUsersAndKeys(t *testing.T) {
	s := start(t)
	c, ctx, name := iam.NewFromConfig(asAdmin(t, s, loner)), t.Context(), aws.String("ci")
	if _, err := c.CreateUser(ctx, &iam.CreateUserInput{UserName: name}); err != nil {
		t.Fatal(err)
	}
	k, err := c.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: name})
	if err != nil {
		t.Fatal(err)
	}
	cfg := config(s, *k.AccessKey.AccessKeyId, *k.AccessKey.SecretAccessKey, "")
	if _, err := iam.NewFromConfig(cfg).ListRoles(ctx, nil); code(err) != "AccessDenied" {
		t.Errorf("before: %v", err)
	}
	if _, err := c.AttachUserPolicy(ctx, &iam.AttachUserPolicyInput{UserName: name, PolicyArn: aws.String("arn:aws:iam::aws:policy/ReadOnlyAccess")}); err != nil {
		t.Fatal(err)
	}
	if _, err := iam.NewFromConfig(cfg).ListRoles(ctx, nil); err != nil {
		t.Errorf("after: %v", err)
	}
	if _, err := c.UpdateAccessKey(ctx, &iam.UpdateAccessKeyInput{UserName: name, AccessKeyId: k.AccessKey.AccessKeyId, Status: "Inactive"}); err != nil {
		t.Fatal(err)
	}
	if _, err := iam.NewFromConfig(cfg).ListRoles(ctx, nil); code(err) != "InvalidClientTokenId" {
		t.Errorf("inactive: %v", err)
	}
	if _, err := c.DeleteUser(ctx, &iam.DeleteUserInput{UserName: name}); code(err) != "DeleteConflict" {
		t.Errorf("delete with keys: %v", err)
	}
}

func TestAccountsJoin(t *testing.T) {
	s := start(t)
	joined := make(chan string, 2)
	s.Cloud().OnJoin(func(a cloud.Account) { joined <- a.ID })
	if _, err := s.Cloud().AddAccount(world.Account{ID: "121212121212", Name: "New"}, "ou-exmp-workload"); err != nil {
		t.Fatal(err)
	}
	if got := <-joined; got != "121212121212" {
		t.Error(got)
	}
	if n := len(s.Cloud().Below("o-example1234", "r-exmp")); n != 7 {
		t.Errorf("%d accounts below the root", n)
	}
	if _, err := orgs(asAdmin(t, s, "121212121212")).DescribeOrganization(t.Context(), nil); err != nil {
		t.Error(err)
	}
	for parent, id := range map[string]string{"ou-exmp-nowhere1": "131313131313", "": member} {
		if _, err := s.Cloud().AddAccount(world.Account{ID: id}, parent); err == nil {
			t.Errorf("%s under %q is accepted", id, parent)
		}
	}
}
