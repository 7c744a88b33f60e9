package api_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/client"
	"github.com/bursarhq/bursar/internal/store"
)

// TestSetupRefusals: what cannot be chosen is refused with the field and what to do, and nothing is kept of it.
func TestSetupRefusals(t *testing.T) {
	b := start(t)
	a := b.add(b.client(b.owner), "012345678901", "payer")
	for body, want := range map[string][2]string{
		`{"external_id":"mine"}`:                          {"external_id", "external_id_generated"},
		`{"capabilities":["access"]}`:                     {"capabilities", "unknown_capability"},
		`{"target_organization_id":"o-abcdefghij"}`:       {"target_organization_id", "target_malformed"},
		`{"permissions_boundary":"x"}`:                    {"permissions_boundary", "boundary_malformed"},
		`{"export":{"format":"cur3"}}`:                    {"export.format", "unknown_format"},
		`{"export":{"bucket_region":"eu-west-9"}}`:        {"region", "region_unknown"},
		`{"export":{"bucket":"a&param_Principal=1"}}`:     {"export.bucket", "export_choice_malformed"},
		`{"export":{"name":"x y"}}`:                       {"export.name", "export_choice_malformed"},
		`{"export":{"existing":"arn:x","format":"cur2"}}`: {"export", "export_choice_mixed"},
		`{"export":{"existing":"arn:x"}}`:                 {"export.existing", "exports_not_seen"},
		`{"export":{"use_existing":true}}`:                {"export.bucket", "bucket_missing"},
		`{"nonsense":1}`:                                  {"nonsense", "unknown_field"},
	} {
		resp, text := b.raw("PATCH", "/api/v1/accounts/"+a.ID+"/setup", body, "Content-Type", "application/json")
		p := problem(t, resp, text)
		if resp.StatusCode < 400 || p.Field != want[0] || p.Reason != want[1] || p.Hint == "" {
			t.Errorf("%s: %d %s", body, resp.StatusCode, text)
		}
	}
	setup, err := b.client(b.owner).Setup(t.Context(), a.ID)
	if err != nil || setup.Choice.Export != (bursar.ExportChoice{}) || setup.Choice.Capabilities != nil {
		t.Errorf("%+v %v", setup, err)
	}
}

// TestUnusableExport: one that no role can be limited to is listed, and cannot be chosen.
func TestUnusableExport(t *testing.T) {
	b := start(t)
	c := b.client(b.owner)
	a := b.add(c, "012345678901", "payer")
	in(b, func(tx *store.Tx) error {
		return tx.SetDefinitions(b.ws, a.ID, []bursar.Definition{
			{Export: bursar.Export{Name: "star", ARN: "arn:star", Prefix: "a*", Bucket: "b", BucketOwner: "012345678901", Region: "us-east-1"}, Granularity: "HOURLY"},
			{Export: bursar.Export{Name: "sick", ARN: "arn:sick", Bucket: "b", BucketOwner: "012345678901", Region: "us-east-1"}, Granularity: "HOURLY", Status: "UNHEALTHY"},
		})
	})
	list, err := c.AccountExports(t.Context(), a.ID)
	if err != nil || len(list.Items) != 2 || list.Items[0].Usable || list.Items[0].Proposed || list.SeenAt.IsZero() {
		t.Fatalf("%+v %v", list, err)
	}
	if _, err := c.ChangeSetup(t.Context(), a.ID, client.NewSetup{Export: &bursar.ExportChoice{Existing: "arn:star"}}); bursar.CodeOf(err) != bursar.Invalid {
		t.Errorf("got %v", err)
	}
	if _, err := c.ChangeSetup(t.Context(), a.ID, client.NewSetup{Export: &bursar.ExportChoice{Existing: "arn:sick"}}); err != nil {
		t.Errorf("what AWS cannot deliver now can be mended: %v", err)
	}
}

// TestMethods: each way of registering answers with what that way needs, and never takes an external id.
func TestMethods(t *testing.T) {
	b := start(t)
	post := func(body string) (int, string) {
		resp, text := b.raw("POST", "/api/v1/accounts", body, "Content-Type", "application/json")
		return resp.StatusCode, text
	}
	for body, reason := range map[string]string{
		`{"account_id":"012345678901","name":"x","method":"role"}`:                                                                                "missing",
		`{"account_id":"012345678901","name":"x","role_arn":"arn:aws:iam::012345678901:role/r"}`:                                                  "role_arn_unexpected",
		`{"account_id":"012345678901","name":"x","method":"role","role_arn":"arn:aws:iam::123456789012:role/r"}`:                                  "role_arn_wrong_account",
		`{"account_id":"012345678901","name":"x","method":"role","role_arn":"arn:aws-cn:iam::012345678901:role/r"}`:                               "role_arn_wrong_partition",
		`{"account_id":"012345678901","name":"x","method":"role","role_arn":"arn:aws:iam::012345678901:role/aws-service-role/x.amazonaws.com/r"}`: "role_arn_service_linked",
		`{"account_id":"012345678901","name":"x","method":"role","role_arn":"arn:aws:iam::012345678901:role/r\n"}`:                                "role_arn_malformed",
		`{"account_id":"012345678901","name":"x","method":"role","role_arn":"arn:aws:sts::012345678901:assumed-role/r/s"}`:                        "role_arn_malformed",
		`{"account_id":"012345678901","name":"x","method":"role","role_arn":"arn:aws:iam::012345678901:role/r","external_id":"mine"}`:             "external_id_generated",
	} {
		if status, text := post(body); status < 400 || !strings.Contains(text, `"reason":"`+reason+`"`) {
			t.Errorf("%s: %d %s", body, status, text)
		}
	}
	for id, method := range map[string]string{"012345678901": "console", "012345678902": "terraform", "012345678903": "role"} {
		body := `{"account_id":"` + id + `","name":"` + method + `","method":"` + method + `"`
		if method == "role" {
			body += `,"role_arn":"arn:aws:iam::` + id + `:role/finops"`
		}
		status, text := post(body + "}")
		var a client.Account
		if err := json.Unmarshal([]byte(text), &a); err != nil || status != 201 || a.Setup == nil || len(a.ExternalID) < 26 {
			t.Fatalf("%s: %d %v %s", method, status, err, text)
		}
		step := a.Setup.Steps[0]
		if got := [3]bool{len(step.Links) > 0, step.Terraform != "", len(step.Texts) > 0}; got != map[string][3]bool{"console": {true, true, false}, "terraform": {false, true, false}, "role": {true, false, true}}[method] {
			t.Errorf("%s: %v %+v", method, got, step)
		}
	}
}

// TestPlanOfAPayer names what goes and what stays, and changes nothing.
func TestPlanOfAPayer(t *testing.T) {
	b := start(t)
	c := b.client(b.owner)
	a := b.add(c, "012345678901", "payer")
	in(b, func(tx *store.Tx) error {
		return tx.SetOrganization(b.ws, a.ID, bursar.KindPayer, "012345678901", "o-abcdefghij")
	})
	plan, err := c.PlanRemoval(t.Context(), a.ID, true)
	if err != nil || len(plan.Removed) != 2 || len(plan.Kept) != 1 || !strings.Contains(plan.Kept[0], "linked accounts") || len(plan.InAWS) != 3 || !strings.Contains(plan.InAWS[2].Title, "StackSet") || plan.Name != "payer" {
		t.Errorf("%+v %v", plan, err)
	}
	if _, err := c.Account(t.Context(), a.ID); err != nil {
		t.Errorf("a plan changed something: %v", err)
	}
	if resp, text := b.raw("GET", "/api/v1/accounts/"+a.ID+"/deregistration?bill=burn", ""); resp.StatusCode != 400 || problem(t, resp, text).Field != "bill" {
		t.Errorf("%d %s", resp.StatusCode, text)
	}
}
