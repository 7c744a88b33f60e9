package check

import (
	"context"
	"fmt"
	"strings"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/awsapi"
)

type permissions struct{ basis }

// newPermissions asks IAM, for free and without trying, whether the role may do what the capabilities need.
func newPermissions() Check {
	return permissions{basis{"permissions", bursar.CapAccess, []string{"iam:SimulatePrincipalPolicy"}}}
}

// needs lists the actions of each capability on any resource, and the kinds of account that need them. Those on the bucket belong to
// another role, which the check export_bucket tries out.
var needs = []struct {
	capability bursar.Capability
	of         func(bursar.Kind) bool
	actions    []string
}{
	{bursar.CapOrganization, func(k bursar.Kind) bool { return k != bursar.KindPayer }, []string{"organizations:DescribeOrganization"}},
	{bursar.CapOrganization, func(k bursar.Kind) bool { return k == bursar.KindPayer }, []string{
		"organizations:DescribeOrganization", "organizations:ListAccounts", "organizations:ListInboundResponsibilityTransfers", "organizations:ListOutboundResponsibilityTransfers", "organizations:ListRoots",
	}},
	{bursar.CapBillingExport, bursar.Kind.HasBill, []string{"cur:DescribeReportDefinitions", "bcm-data-exports:ListExports", "bcm-data-exports:GetExport", "bcm-data-exports:ListExecutions"}},
}

// Run simulates the actions of the capabilities that an account of this kind has.
func (c permissions) Run(ctx context.Context, t *Target) []bursar.Finding {
	if t.session == nil || t.Account.ByStackSet() { // the members' template grants no more than what is tried out
		return nil
	}
	var out []bursar.Finding
	for _, n := range needs {
		if !n.of(t.kind()) {
			continue
		}
		result, err := t.session.Simulate(ctx, t.Account.RoleARN, n.actions, nil)
		if err != nil {
			cause := awsapi.Classify(err)
			return append(out, c.find(t, bursar.StatusSkipped, "not_readable", fmt.Sprintf("bursar may not ask IAM what its role in account %s may do (iam:SimulatePrincipalPolicy). What is tried out tells.", t.Account.AccountID), "", evidence(cause)))
		}
		f := c.judge(t, n.actions, result)
		f.Capability = n.capability
		out = append(out, f)
	}
	return out
}

// kind is the kind learned in this run, or the one known before.
func (t *Target) kind() bursar.Kind {
	if t.Result.Kind != "" && t.Result.Kind != bursar.KindUnknown {
		return t.Result.Kind
	}
	return t.Account.Kind
}

func (c permissions) judge(t *Target, actions []string, result []awsapi.Simulation) bursar.Finding {
	facts, missing, code := map[string]string{}, []string{}, ""
	for _, a := range actions {
		facts[a] = "unknown"
	}
	for _, s := range result {
		facts[s.Action] = s.Decision
		if s.Allowed() {
			continue
		}
		missing = append(missing, s.Action)
		switch {
		case s.DeniedByOrganization:
			facts[s.Action], code = "denied by the organization", "denied_by_scp"
		case s.DeniedByBoundary && code == "":
			facts[s.Action], code = "denied by the permissions boundary", "denied_by_boundary"
		}
	}
	if len(missing) == 0 {
		return c.find(t, bursar.StatusOK, "allowed", fmt.Sprintf("The role in account %s may do what this capability needs: %s.", t.Account.AccountID, strings.Join(actions, ", ")), "", facts)
	}
	if code == "" {
		code = "permission_missing"
	}
	missing = sorted(missing)
	return c.find(t, bursar.StatusWarning, code,
		fmt.Sprintf("The role %s of account %s may not do everything that this capability needs: %s.", t.Account.RoleARN, t.Account.AccountID, strings.Join(missing, ", ")),
		permissionRemedy(t, code, missing), facts)
}

func permissionRemedy(t *Target, code string, missing []string) string {
	cause, role := awsapi.Cause{Action: strings.Join(missing, `", "`)}, t.Account.RoleARN
	switch code {
	case "denied_by_scp":
		cause.Action = strings.Join(missing, ", ")
		return askOrganization(t, cause, role)
	case "denied_by_boundary":
		cause.Action = strings.Join(missing, ", ")
		return verdicts[awsapi.DeniedBoundary].remedy(t, cause, role)
	}
	if len(missing) == 1 {
		return grant(t, cause, role)
	}
	return strings.Replace(grant(t, cause, role), `"Action": "`+cause.Action+`"`, `"Action": ["`+cause.Action+`"]`, 1)
}
