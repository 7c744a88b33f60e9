package credential_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/credential"
	"github.com/bursarhq/bursar/internal/credential/paste"
	"github.com/bursarhq/bursar/internal/permission"
	"github.com/bursarhq/bursar/internal/sandbox/ce"
	"github.com/bursarhq/bursar/internal/sandbox/cloud"
	"github.com/bursarhq/bursar/internal/store"
)

// check checks a credential and returns its report.
func (b *bench) check(c bursar.Credential, usd string) (bursar.Credential, bursar.CredentialReport) {
	b.Helper()
	most, err := bursar.ParseDecimal(usd)
	if err != nil {
		b.Fatal(err)
	}
	got, err := b.Check(b.Context(), b.ws, c.ID, most)
	if err != nil || got.Report == nil {
		b.Fatalf("%+v, %v", got, err)
	}
	return got, *got.Report
}

func code(r bursar.CredentialReport, check string) string {
	for _, f := range r.Findings {
		if f.Check == check {
			return f.Code
		}
	}
	return ""
}

func states(r bursar.CredentialReport) map[string]int {
	out := map[string]int{}
	for _, p := range r.Permissions {
		out[string(p.State)+" "+p.DeniedBy+" "+p.Proof]++
	}
	return out
}

var all = len(permission.CostExplorer())

func TestCheckOfAWholeKey(t *testing.T) {
	b := start(t)
	c := b.add("Payer", b.user(payer, "costs", permission.CostExplorerPolicy("arn:aws:iam::"+payer+":user/costs")))
	got, r := b.check(c, "0")
	if got.Status(b.at) != bursar.CredentialOK || code(r, "identity") != "known" || code(r, "account") != "match" || code(r, "organization") != "payer" || code(r, "permissions") != "allowed" || code(r, "excess") != "modest" {
		t.Errorf("it is %s: %+v", got.Status(b.at), r.Findings)
	}
	if s := states(r); s["allowed  simulated"] != all || r.MissingPolicy != "" || r.Kind != bursar.KindPayer || r.PaidRequests != 0 {
		t.Errorf("%v, missing %q, paid %d", s, r.MissingPolicy, r.PaidRequests)
	}
	if r.Unprobed != all || r.UnprobedMaxUSD.String() != "0.19" {
		t.Errorf("%d are left to try for %s", r.Unprobed, r.UnprobedMaxUSD)
	}
	if n := b.aws.Cloud().Meter.NanoUSD(); n != 0 {
		t.Errorf("a free check has cost %d billionths of a dollar", n)
	}
}

func TestCheckOfAPartOfIt(t *testing.T) {
	b := start(t)
	k := b.user(payer, "costs", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["ce:GetCostAndUsage","ce:GetTags","iam:SimulatePrincipalPolicy"],"Resource":"*"},{"Effect":"Deny","Action":"ce:GetAnomalies","Resource":"*"}]}`)
	got, r := b.check(b.add("Part", k), "0")
	if got.Status(b.at) != bursar.CredentialAttention || code(r, "permissions") != "permission_missing" || code(r, "organization") != "not_readable" {
		t.Errorf("it is %s: %+v", got.Status(b.at), r.Findings)
	}
	if s := states(r); s["allowed  simulated"] != 2 || s["denied identity simulated"] != all-2 {
		t.Errorf("%v", s)
	}
	var p struct{ Statement []struct{ Action []string } }
	if err := json.Unmarshal([]byte(r.MissingPolicy), &p); err != nil || len(p.Statement) != 1 || len(p.Statement[0].Action) != all-2 || slices.Contains(p.Statement[0].Action, "ce:GetTags") {
		t.Errorf("the policy for the rest: %v %s", err, r.MissingPolicy)
	}
}

func TestCheckWithoutSimulation(t *testing.T) {
	b := start(t)
	k := b.user(payer, "costs", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ce:*","Resource":"*"}]}`)
	got, r := b.check(b.add("Blind", k), "0")
	if got.Status(b.at) != bursar.CredentialOK || code(r, "simulation") != "not_readable" || code(r, "permissions") != "unknown" || states(r)["unknown  none"] != all {
		t.Errorf("it is %s: %v %+v", got.Status(b.at), states(r), r.Findings)
	}
}

func TestCheckOfTooMuchPower(t *testing.T) {
	b := start(t)
	admin, e := b.aws.Cloud().AdminKey(payer)
	if e != nil {
		t.Fatal(e)
	}
	got, r := b.check(b.add("Admin", paste.Key{ID: admin.ID, Secret: admin.Secret}), "0")
	if got.Status(b.at) != bursar.CredentialAttention || code(r, "excess") != "too_much_power" || states(r)["allowed  simulated"] != all {
		t.Errorf("it is %s: %v %+v", got.Status(b.at), states(r), r.Findings)
	}
}

func TestWhatDenies(t *testing.T) {
	b := start(t)
	policy := permission.CostExplorerPolicy("*")
	k := b.user(member, "costs", policy)
	limit, e := b.aws.Cloud().CreatePolicy(member, "/", "limit", "", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["iam:*","ce:Get*"],"Resource":"*"}]}`)
	if e != nil {
		t.Fatal(e)
	}
	if _, e := b.aws.Cloud().ChangeUser(member, "costs", func(u *cloud.IAMUser) *cloud.Error { u.Boundary = limit.ARN; return nil }); e != nil {
		t.Fatal(e)
	}
	_, r := b.check(b.add("Bounded", k), "0")
	if s := states(r); s["denied boundary simulated"] != 2 || s["allowed  simulated"] != all-2 || r.MissingPolicy != "" {
		t.Errorf("%v, missing %q", s, r.MissingPolicy)
	}
	for _, p := range r.Permissions {
		if p.DeniedBy == "boundary" && !strings.Contains(p.Remedy, "permissions boundary of arn:aws:iam::"+member) {
			t.Errorf("the remedy of %s is %q", p.Action, p.Remedy)
		}
	}
}

func TestCheckOfWhatIsWrong(t *testing.T) {
	b := start(t)
	k := b.user(payer, "costs", "")
	c := b.add("Gone", k)
	if e := b.aws.Cloud().SetAccessKeyActive(payer, "costs", k.ID, false); e != nil {
		t.Fatal(e)
	}
	got, r := b.check(c, "1")
	if got.Status(b.at) != bursar.CredentialFailed || code(r, "identity") != "key_unknown" || len(r.Permissions) != 0 {
		t.Errorf("it is %s: %+v", got.Status(b.at), r.Findings)
	}
	root, e := b.aws.Cloud().RootKey(payer)
	if e != nil {
		t.Fatal(e)
	}
	c, err := b.Add(t.Context(), credential.New{WorkspaceID: b.ws, Name: "Root", Key: paste.Key{ID: root.ID, Secret: root.Secret}, Untried: true})
	if err != nil {
		t.Fatal(err)
	}
	if got, r = b.check(c, "1"); got.Status(b.at) != bursar.CredentialFailed || code(r, "identity") != "root_key" {
		t.Errorf("root's is %s: %+v", got.Status(b.at), r.Findings)
	}
	if _, err := b.Session(t.Context(), b.ws, c.ID, "x"); reason(err) != "root_key" {
		t.Errorf("root's key opens a session: %v", err)
	}
	other, err := b.Add(t.Context(), credential.New{WorkspaceID: b.ws, Name: "Other", Key: b.user(payer, "other", ""), AccountID: member, Untried: true})
	if err != nil {
		t.Fatal(err)
	}
	if got, r = b.check(other, "0"); got.Status(b.at) != bursar.CredentialFailed || code(r, "account") != "wrong_account" {
		t.Errorf("of another account: %s: %+v", got.Status(b.at), r.Findings)
	}
	session := b.add("Session", b.temporary(3600e9))
	b.at = session.ExpiresAt
	if got, r = b.check(session, "0"); got.Status(b.at) != bursar.CredentialExpired || code(r, "access") != "credential_expired" {
		t.Errorf("an ended session: %s: %+v", got.Status(b.at), r.Findings)
	}
	b.aws.Cloud().Faults.Add(cloud.Fault{Kind: "error", Service: "sts"})
	if _, err := b.Check(t.Context(), b.ws, other.ID, bursar.Decimal{}); bursar.CodeOf(err) != bursar.Unavailable {
		t.Errorf("while AWS has trouble: %v", err)
	}
	b.in(func(tx *store.Tx) error {
		c, err := tx.Credential(b.ws, other.ID)
		if c.Report == nil || code(*c.Report, "account") != "wrong_account" {
			t.Error("what was known before is gone")
		}
		return err
	})
}

func TestTryingCostsWhatWasAgreed(t *testing.T) {
	b := start(t)
	c := b.add("Payer", b.user(payer, "costs", permission.CostExplorerPolicy("*")))
	spent := func() int64 { return b.aws.Cloud().Meter.NanoUSD() }
	_, r := b.check(c, "0.05")
	if r.PaidRequests != 5 || r.PaidUSD.String() != "0.05" || spent() != 50_000_000 || r.Unprobed != all-6 { // one more was refused, for nothing
		t.Errorf("paid %d requests, %s; AWS charges %d billionths; %d left: %v", r.PaidRequests, r.PaidUSD, spent(), r.Unprobed, states(r))
	}
	got, r := b.check(c, "0.19")
	if s := states(r); s["allowed  tried"] != all-2 || s["not_enabled  tried"] != 2 || r.Unprobed != 0 {
		t.Errorf("it is %s: %v", got.Status(b.at), s)
	}
	if want := int64(50_000_000) + int64(r.PaidRequests)*10_000_000; spent() != want || r.PaidRequests != all-2 {
		t.Errorf("paid %d requests; AWS charges %d billionths in all, want %d", r.PaidRequests, spent(), want)
	}
	for _, p := range r.Permissions {
		if p.State == bursar.PermissionNotEnabled && (p.Remedy == "" || p.Reason == "") {
			t.Errorf("%s is not enabled: %q, %q", p.Action, p.Reason, p.Remedy)
		}
	}
	if code(r, "permissions") != "not_enabled" || r.MissingPolicy != "" {
		t.Errorf("%+v", r.Findings)
	}
}

func TestTryingWithoutSimulation(t *testing.T) {
	b := start(t)
	k := b.user(payer, "costs", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["ce:GetCostAndUsage","ce:GetTags"],"Resource":"*"}]}`)
	_, r := b.check(b.add("Part", k), "1")
	if s := states(r); s["allowed  tried"] != 2 || s["denied identity tried"] != all-2 || r.PaidRequests != 2 || b.aws.Cloud().Meter.NanoUSD() != 20_000_000 {
		t.Errorf("%v, paid %d", s, r.PaidRequests)
	}
	var p struct{ Statement []struct{ Action []string } }
	if err := json.Unmarshal([]byte(r.MissingPolicy), &p); err != nil || len(p.Statement[0].Action) != all-2 {
		t.Errorf("%v %s", err, r.MissingPolicy)
	}
	for _, x := range r.Permissions {
		if strings.Contains(x.Reason, payer) {
			t.Errorf("%s names identities: %s", x.Action, x.Reason)
		}
	}
}

func TestCostExplorerThatWasNeverOpened(t *testing.T) {
	b := start(t)
	if err := b.aws.CostExplorer().Set(ce.Account{Account: payer, Disabled: true}); err != nil {
		t.Fatal(err)
	}
	got, r := b.check(b.add("Payer", b.user(payer, "costs", permission.CostExplorerPolicy("*"))), "1")
	if s := states(r); got.Status(b.at) != bursar.CredentialFailed || s["not_enabled  tried"] != all || code(r, "permissions") != "not_enabled" || b.aws.Cloud().Meter.NanoUSD() != 0 {
		t.Errorf("it is %s: %v %+v", got.Status(b.at), s, r.Findings)
	}
}
