package check_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/check"
	"github.com/bursarhq/bursar/internal/sandbox/cloud"
)

// trusted is the trust checks and the named one.
func trusted(t testing.TB, name string) check.Suite {
	t.Helper()
	suite := check.Trust()
	for _, c := range check.All() {
		if c.Name() == name {
			return append(suite, c)
		}
	}
	t.Fatalf("there is no check %s", name)
	return nil
}

func TestOrganization(t *testing.T) {
	s := start(t)
	none := strings.ReplaceAll(reads, `"organizations:DescribeOrganization",`, "")
	for _, tt := range []struct {
		name, account, permissions, code string
		want                             check.Result
	}{
		{"payer", payer, reads, "payer", check.Result{Kind: bursar.KindPayer, PayerID: payer, OrganizationID: "o-example1234", FeatureSet: "ALL", RootID: "r-exmp"}},
		{"linked", member, reads, "linked", check.Result{Kind: bursar.KindLinked, PayerID: payer, OrganizationID: "o-example1234", FeatureSet: "ALL"}},
		{"standalone", loner, reads, "standalone", check.Result{Kind: bursar.KindStandalone, PayerID: loner}},
		{"not allowed to ask", payer, none, "permission_missing", check.Result{Kind: bursar.KindUnknown}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			role := makeRole(t, s, tt.account, "bursar-"+strings.ReplaceAll(tt.name, " ", "-"), goodTrust, tt.permissions)
			res, found := run(t, trusted(t, "organization"), target(check.Through(client(t, s)), tt.account, role))
			tt.want.Trusted = true
			if fmt.Sprintf("%+v", res) != fmt.Sprintf("%+v", tt.want) || codes(found, "organization") != tt.code {
				t.Errorf("%+v %v", res, found["organization"])
			}
			if f := found["organization"][0]; tt.code == "permission_missing" && (!strings.Contains(f.Remedy, "organizations:DescribeOrganization") || f.Status != bursar.StatusUnknown) {
				t.Errorf("%+v", f)
			}
		})
	}
}

// TestOrganizationDeniedBySCP proves that an SCP tells a linked account: it never binds a management account.
func TestOrganizationDeniedBySCP(t *testing.T) {
	s := start(t)
	s.Cloud().Faults.Add(cloud.Fault{Kind: cloud.FaultSCP, Service: "organizations"})
	res, found := run(t, trusted(t, "organization"), target(check.Through(client(t, s)), member, makeRole(t, s, member, "bursar-x", goodTrust, reads)))
	f := found["organization"][0]
	if res.Kind != bursar.KindLinked || res.PayerID != "" || f.Code != "denied_by_scp" || f.Status != bursar.StatusWarning {
		t.Errorf("%+v %+v", res, f)
	}
}

func TestTrustPolicyIsRead(t *testing.T) {
	s := start(t)
	for i, tt := range []struct{ name, trust, permissions, code string }{
		{"good", goodTrust, reads, "ok"},
		{"not readable", goodTrust, "", "not_readable"},
		{"StringLike", like(extID), reads, "loose_operator"},
		{"several ids", when(`{"StringEquals":{"sts:ExternalId":["other-id","` + extID + `"]}}`), reads, "several_external_ids"},
		{"everybody", strings.Replace(goodTrust, `{"AWS":"arn:aws:iam::`+own+`:root"}`, `"*"`, 1), reads, "wildcard_principal"},
		{"a foreign account", strings.Replace(goodTrust, `"arn:aws:iam::`+own+`:root"`, `["arn:aws:iam::`+own+`:root","`+loner+`"]`, 1), reads, "foreign_principal"},
		{"a service", strings.Replace(goodTrust, `"AWS":`, `"Service":"ec2.amazonaws.com","AWS":`, 1), reads, "foreign_principal"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			role := makeRole(t, s, payer, fmt.Sprintf("bursar-%d", i), tt.trust, tt.permissions)
			_, found := run(t, trusted(t, "trust_policy"), target(check.Through(client(t, s)), payer, role))
			if got := codes(found, "trust_policy"); got != tt.code {
				t.Errorf("%q, want %q: %v", got, tt.code, found["trust_policy"])
			}
		})
	}
}

func TestPermissions(t *testing.T) {
	s := start(t)
	without := strings.ReplaceAll(reads, `"organizations:ListAccounts",`, "")
	for i, tt := range []struct{ name, account, permissions, codes string }{
		{"payer", payer, reads, "allowed allowed"},
		{"linked has no bill", member, reads, "allowed"},
		{"one is missing", payer, without, "permission_missing allowed"},
		{"not readable", loner, strings.ReplaceAll(reads, `"iam:SimulatePrincipalPolicy",`, ""), "not_readable"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			role := makeRole(t, s, tt.account, fmt.Sprintf("bursar-%d", i), goodTrust, tt.permissions)
			suite := append(trusted(t, "organization"), trusted(t, "permissions")[3])
			_, found := run(t, suite, target(check.Through(client(t, s)), tt.account, role))
			if got := codes(found, "permissions"); got != tt.codes {
				t.Errorf("%q, want %q: %v", got, tt.codes, found["permissions"])
			}
			if f := found["permissions"][0]; f.Code == "permission_missing" && (!strings.Contains(f.Remedy, `"organizations:ListAccounts"`) || f.Capability != bursar.CapOrganization) {
				t.Errorf("%+v", f)
			}
		})
	}
}

func TestTemplateVersion(t *testing.T) {
	s := start(t)
	for i, tt := range []struct{ has, latest, code string }{
		{"1", "1", "latest"}, {"1", "2", "outdated"}, {"9", "10", "outdated"}, {"3", "2", "latest"}, {"", "2", "not_ours"}, {"1", "", ""},
	} {
		name := fmt.Sprintf("bursar-%d", i)
		role := makeRole(t, s, payer, name, goodTrust, reads)
		if tt.has != "" {
			if _, e := s.Cloud().ChangeRole(payer, name, func(r *cloud.Role) *cloud.Error {
				r.Tags = map[string]string{"bursar:template-version": tt.has}
				return nil
			}); e != nil {
				t.Fatal(e)
			}
		}
		tg := target(check.Through(client(t, s)), payer, role)
		tg.TemplateVersion = tt.latest
		if _, found := run(t, trusted(t, "template_version"), tg); codes(found, "template_version") != tt.code {
			t.Errorf("%+v: %v", tt, found["template_version"])
		}
	}
}

// TestOutdatedTemplateSaysHowToUpdate, by the way in which the account was registered, and what the newer one adds.
func TestOutdatedTemplateSaysHowToUpdate(t *testing.T) {
	s := start(t)
	role := makeRole(t, s, payer, "bursar-old", goodTrust, reads)
	if _, e := s.Cloud().ChangeRole(payer, "bursar-old", func(r *cloud.Role) *cloud.Error {
		r.Tags = map[string]string{"bursar:template-version": "1"}
		return nil
	}); e != nil {
		t.Fatal(e)
	}
	for method, want := range map[bursar.Method]string{bursar.MethodConsole: "Open the update link", bursar.MethodTerraform: "terraform apply"} {
		tg := target(check.Through(client(t, s)), payer, role)
		tg.TemplateVersion, tg.TemplateAdds, tg.Account.Method = "2", "It may read budgets.", method
		_, found := run(t, trusted(t, "template_version"), tg)
		if f := found["template_version"]; len(f) != 1 || !strings.Contains(f[0].Remedy, want) || !strings.HasSuffix(f[0].Remedy, tg.TemplateAdds) {
			t.Errorf("%s: %+v", method, f)
		}
	}
}

// TestLinkedAccountsHaveNoExportFindings proves that the export checks keep silent where there is no bill.
func TestLinkedAccountsHaveNoExportFindings(t *testing.T) {
	s := start(t)
	_, found := run(t, check.All(), target(check.Through(client(t, s)), member, makeRole(t, s, member, "bursar-x", goodTrust, reads)))
	for _, name := range []string{"export_definition", "export_bucket", "export_delivery"} {
		if len(found[name]) != 0 {
			t.Errorf("%v", found[name])
		}
	}
}
