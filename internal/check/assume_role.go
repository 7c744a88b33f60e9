package check

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/awsapi"
)

type assumeRole struct{ basis }

// newAssumeRole proves that the access role can be assumed with its external id.
func newAssumeRole() Check {
	return assumeRole{basis{"assume_role", bursar.CapAccess, []string{"sts:AssumeRole", "sts:GetCallerIdentity"}}}
}

// Run rules out our own identity first: a refusal has the same text whosever fault it is.
func (c assumeRole) Run(ctx context.Context, t *Target) []bursar.Finding {
	t.Result.Trusted = false
	role := t.Account.RoleARN
	var err error
	if t.identity, err = t.Access.Identity(ctx); err != nil {
		t.stop()
		return []bursar.Finding{c.failure(t, err, "ask AWS who it is before looking", role)}
	}
	a := t.assume(ctx, c.name, role, c.capability)
	facts := map[string]string{"role_arn": role, "attempts": strconv.Itoa(a.attempts), "principal_arn": t.identity.PrincipalARN}
	if a.err == nil {
		t.session = a.session
		return []bursar.Finding{c.find(t, bursar.StatusOK, "ok", fmt.Sprintf("The role %s of account %s can be assumed (sts:AssumeRole) with its external id.", role, t.Account.AccountID), "", facts)}
	}
	t.stop()
	cause := awsapi.Classify(a.err)
	f := c.failure(t, a.err, "assume the role "+role, role)
	for k, v := range facts {
		if f.Evidence != nil {
			f.Evidence[k] = v
		}
	}
	switch {
	case cause.Class == awsapi.NotDeployed, cause.Class == awsapi.DeniedResourcePolicy:
		f.Status, f.Code, f.Remedy = bursar.StatusFailed, "not_deployed_or_changed", c.checklist(t)
	case cause.Class == awsapi.DeniedSCP:
		f.Remedy = c.organizationOf(t, cause)
	case cause.Class == awsapi.DeniedIdentity, cause.Class == awsapi.DeniedBoundary:
		f.Status, f.Code = bursar.StatusUnknown, "own_identity_invalid"
		f.Message = fmt.Sprintf("bursar's own identity %s may not assume (sts:AssumeRole) the role %s of account %s.", t.identity.PrincipalARN, role, t.Account.AccountID)
		f.Remedy = "Allow this in a policy (and the permissions boundary, if there is one) of bursar's own identity:\n" + fmt.Sprintf(`{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "arn:%s:iam::*:role/bursar/*"}`, t.Account.Partition)
	}
	return []bursar.Finding{f}
}

// checklist is the remedy when AWS refuses and does not say why: all the reasons that it may have, the likely first.
func (c assumeRole) checklist(t *Target) string {
	if t.Account.Method == bursar.MethodRole {
		return fmt.Sprintf(`AWS does not say which of these it is:
1. There is no role %[1]s in account %[2]s, or its trust policy is another one. The trust policy must be:
%[3]s
2. bursar's own identity %[4]s may not assume it: a policy of that identity may be limited to roles under %[5]s. Then it must allow this one too:
{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": %[1]q}`, t.Account.RoleARN, t.Account.AccountID, t.trustPolicy(), t.identity.PrincipalARN, bursar.RolePath)
	}
	return fmt.Sprintf(`AWS does not say which of these it is:
1. The access stack is not in account %[1]s, or not finished: open the create-stack link while signed in to %[1]s and wait for CREATE_COMPLETE. A stack in another account does not help.
2. The stack's ExternalId, Principal, PrincipalArn or RoleName was changed on the page: delete the stack and create it again from the link.
3. The role %[2]s or its trust policy was changed. The trust policy must be:
%[3]s`, t.Account.AccountID, t.Account.RoleARN, t.trustPolicy())
}

// organizationOf says whose organization denies: a service control policy binds the caller, a resource control policy the role.
func (c assumeRole) organizationOf(t *Target, cause awsapi.Cause) string {
	if strings.Contains(cause.Message, "resource control policy") {
		return askOrganization(t, cause, t.Account.RoleARN)
	}
	return fmt.Sprintf("The organization of bursar's own account %s denies sts:AssumeRole to %s. Ask its administrator to allow it on %s. Customers need do nothing.", t.identity.AccountID, t.identity.PrincipalARN, t.Account.RoleARN)
}
