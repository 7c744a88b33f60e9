package permission_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/aws/smithy-go"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/awsapi"
	"github.com/bursarhq/bursar/internal/permission"
)

const who = "arn:aws:iam::111122223333:user/costs"

// refusal is an error as Cost Explorer gives it.
func refusal(code, message string) error {
	return &smithy.OperationError{ServiceID: "Cost Explorer", OperationName: "GetCostAndUsage", Err: &smithy.GenericAPIError{Code: code, Message: message}}
}

func TestTried(t *testing.T) {
	a := permission.CostExplorer()[0]
	known := permission.Unknown(a, "it was not simulated")
	denied := "User: " + who + " is not authorized to perform: ce:GetCostAndUsage on resource: arn:aws:ce:us-east-1:111122223333:/GetCostAndUsage "
	for _, c := range []struct{ code, message, want, by string }{
		{"AccessDeniedException", denied + "because no identity-based policy allows the ce:GetCostAndUsage action", "denied", "identity"},
		{"AccessDeniedException", denied + "with an explicit deny in an identity-based policy", "denied", "identity"},
		{"AccessDeniedException", denied + "with an explicit deny in a service control policy", "denied", "organization"},
		{"AccessDeniedException", denied + "because no permissions boundary allows the ce:GetCostAndUsage action", "denied", "boundary"},
		{"AccessDeniedException", denied + "because no session policy allows the ce:GetCostAndUsage action", "denied", "session"},
		{"AccessDeniedException", "User not enabled for cost explorer access", "not_enabled", ""},
		{"AccessDeniedException", "Linked account doesn't have access to cost allocation tags", "not_enabled", ""},
		{"AccessDeniedException", "Rightsizing EC2 recommendation is an opt-in only feature. You can enable this feature from the PAYER account's Cost Explorer Settings page.", "not_enabled", ""},
		{"ValidationException", "You haven't enabled historical data beyond 14 months.", "not_enabled", ""},
		{"ValidationException", "Start date (and hour) should be before end date (and hour)", "allowed", ""},
		{"DataUnavailableException", "Data is not available. Please try to adjust the time period.", "allowed", ""},
		{"LimitExceededException", "Rate limit exceeded", "unknown", ""},
		{"InternalServerError", "", "unknown", ""},
	} {
		p := permission.Tried(a, known, refusal(c.code, c.message), who)
		if string(p.State) != c.want || p.DeniedBy != c.by {
			t.Errorf("%s: it is %s by %q, want %s by %q", c.message, p.State, p.DeniedBy, c.want, c.by)
		}
		if p.State != bursar.PermissionAllowed && p.State != bursar.PermissionUnknown && (p.Remedy == "" || p.Reason == "" || strings.Contains(p.Reason, "111122223333")) {
			t.Errorf("%s: the reason is %q, the remedy %q", c.message, p.Reason, p.Remedy)
		}
	}
	if p := permission.Tried(a, known, nil, who); p.State != bursar.PermissionAllowed || p.Proof != permission.ProofTried {
		t.Errorf("an answer: %+v", p)
	}
}

func TestRequestsAreTheNarrowest(t *testing.T) {
	at := time.Date(2026, 3, 1, 0, 30, 0, 0, time.UTC)
	seen := map[string]bool{}
	for _, a := range permission.CostExplorer() {
		operation, request := a.Operation(at)
		body, err := json.Marshal(request)
		if err != nil || !strings.HasPrefix(a.Name, "ce:") || "ce:"+operation != a.Name || seen[a.Name] || a.For == "" || a.USD.String() != "0.01" {
			t.Errorf("%+v: %s %v", a, operation, err)
		}
		seen[a.Name] = true
		for _, writes := range []string{"Create", "Delete", "Update", "Start", "Tag", "Untag", "Provide", "Put"} {
			if strings.HasPrefix(operation, writes) {
				t.Errorf("%s changes things", operation)
			}
		}
		if strings.Contains(string(body), "TimePeriod") && operation != "GetCostForecast" && !strings.Contains(string(body), `{"End":"2026-02-28","Start":"2026-02-27"}`) {
			t.Errorf("%s asks for more than a day: %s", operation, body)
		}
	}
}

func TestPolicies(t *testing.T) {
	if permission.Policy(nil) != "" {
		t.Error("there is a policy for nothing")
	}
	var p struct {
		Version   string
		Statement []struct {
			Effect   string
			Action   []string
			Resource string
		}
	}
	if err := json.Unmarshal([]byte(permission.CostExplorerPolicy(who)), &p); err != nil || p.Version != "2012-10-17" || len(p.Statement) != 3 || p.Statement[2].Resource != who {
		t.Errorf("%+v, %v", p, err)
	}
	for _, s := range p.Statement {
		for _, a := range s.Action {
			if s.Effect != "Allow" || strings.Contains(a, "*") {
				t.Errorf("it has %s %s", s.Effect, a)
			}
		}
	}
	if hints := permission.Misnamed(`{"Action":["ce:getUsageReport"],"x":"arn:aws:iam::aws:policy/AWSCostExplorerServiceReadOnlyAccess"} X-Amz-Access-Token`); len(hints) != 3 {
		t.Errorf("%d hints for three names that do not exist: %q", len(hints), hints)
	}
	if hints := permission.Misnamed(permission.CostExplorerPolicy("*")); len(hints) != 0 {
		t.Errorf("our own policy: %q", hints)
	}
}

func TestSimulated(t *testing.T) {
	actions := permission.CostExplorer()[:5]
	list := permission.Simulated(actions, []awsapi.Simulation{
		{Action: actions[0].Name, Decision: "allowed"},
		{Action: actions[1].Name, Decision: "implicitDeny"},
		{Action: actions[2].Name, Decision: "explicitDeny", DeniedByOrganization: true},
		{Action: actions[3].Name, Decision: "implicitDeny", DeniedByBoundary: true},
	}, who)
	got := []string{}
	for _, p := range list {
		got = append(got, string(p.State)+" "+p.DeniedBy)
	}
	if want := "allowed ,denied identity,denied organization,denied boundary,unknown "; strings.Join(got, ",") != want {
		t.Errorf("got %q", got)
	}
	if m := permission.Missing(list); len(m) != 1 || m[0] != actions[1].Name {
		t.Errorf("missing %v", m)
	}
}
