package check

import (
	"context"
	"fmt"
	"strings"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/awsapi"
)

// rollout is what is known of the StackSet that makes the members' roles. Whether a role works, only trying tells; this tells why
// one is not there.
type rollout struct {
	set       string
	readable  bool
	exists    bool
	possible  bool // trusted access of CloudFormation to the organization is on; true when that could not be told
	instances map[string]awsapi.StackInstance
}

// rollout asks CloudFormation. Where that is not allowed nothing is known, and nothing is wrong.
func (c memberAccess) rollout(ctx context.Context, t *Target) rollout {
	r := rollout{possible: true, instances: map[string]awsapi.StackInstance{}}
	p, err := awsapi.PartitionOf(t.Account.Partition)
	if err != nil || !p.HasStackSets {
		return r
	}
	r.set = bursar.StackSetName(t.Account)
	if on, err := t.session.RolloutPossible(ctx, p.BillingRegion); err == nil {
		r.possible = on
	}
	list, err := t.session.StackInstances(ctx, p.BillingRegion, r.set)
	if class := awsapi.Classify(err).Class; err != nil && class != awsapi.Missing {
		return r
	}
	r.readable, r.exists = true, err == nil
	for _, i := range list {
		r.instances[i.AccountID] = i
	}
	return r
}

// state says in a sentence where the StackSet stands.
func (r rollout) state() string {
	switch {
	case !r.possible:
		return "StackSets may not reach the organization: trusted access is off (cloudformation:DescribeOrganizationsAccess)."
	case r.readable && !r.exists:
		return fmt.Sprintf("There is no StackSet %s in the payer (cloudformation:ListStackInstances).", r.set)
	case r.exists:
		return fmt.Sprintf("The StackSet %s has reached %d accounts (cloudformation:ListStackInstances).", r.set, len(r.instances))
	}
	return "bursar may not look at the StackSet that makes their roles."
}

// remedy says what to do about accounts without a role.
func (r rollout) remedy(t *Target) string {
	switch {
	case !r.possible:
		return fmt.Sprintf("Signed in to payer %s, open CloudFormation, StackSets, and choose \"Activate trusted access\"; it needs an organization with all features.", t.Account.AccountID)
	case r.readable && !r.exists:
		return fmt.Sprintf("In payer %s update the access stack with TargetOrganizationId set to the organization's root, or create the StackSet %s from the values of the members step. Linked accounts can also be left out, or added at any later time.", t.Account.AccountID, r.set)
	}
	return fmt.Sprintf("Look at the list of members for what each lacks; the StackSet %s in payer %s must target their organizational units.", r.set, t.Account.AccountID)
}

// mend says what has to go, as far as AWS's words tell.
func mend(reason string) string {
	if strings.Contains(reason, "already exists") {
		return "Something of the same name is in the account already: delete it there, or give it another name"
	}
	return "Mend what AWS says below"
}

// explain says why a member has no role, where the StackSet tells.
func (r rollout) explain(v *Verified) {
	if v.State != bursar.MemberNotDeployed || v.Passing || !r.readable && r.possible {
		return
	}
	f, id := &v.Findings[len(v.Findings)-1], v.Account.AccountID
	i, targeted := r.instances[id]
	switch {
	case !r.possible:
		f.Code, f.Message = "trusted_access_off", fmt.Sprintf("Account %s has no role for bursar (sts:AssumeRole): StackSets may not reach the organization, because trusted access is off.", id)
		f.Remedy = "Activate trusted access for StackSets in the payer, then create the StackSet " + r.set + "."
	case !r.exists:
		f.Code, f.Message = "stack_set_missing", fmt.Sprintf("Account %s has no role for bursar (sts:AssumeRole): the payer has no StackSet %s.", id, r.set)
		f.Remedy = "Create the StackSet from the values of the members step, or update the access stack of the payer with TargetOrganizationId."
	case !targeted:
		f.Code, f.Message = "not_targeted", fmt.Sprintf("Account %s has no role for bursar (sts:AssumeRole): the StackSet %s does not target it.", id, r.set)
		f.Remedy = fmt.Sprintf("Add the organizational unit of account %s to the targets of the StackSet %s, with us-east-1 as its region.", id, r.set)
	case i.Detail == "PENDING" || i.Detail == "RUNNING":
		f.Status, f.Code, f.Message = bursar.StatusWaiting, "deploying", fmt.Sprintf("The StackSet %s is making the role in account %s (%s).", r.set, id, i.Detail)
		f.Remedy = "Check again in a few minutes."
	case i.Status != "CURRENT":
		f.Code, f.Message = "deployment_failed", fmt.Sprintf("The StackSet %s could not make the role in account %s: %s %s.", r.set, id, i.Status, orDefault(i.Detail, "without a detail"))
		f.Remedy = fmt.Sprintf("%s, then redeploy the StackSet to that account (in the payer: StackSets, %s, Stack instances) and check the members again. AWS says:\n%s", mend(i.Reason), r.set, orDefault(i.Reason, "nothing"))
	}
	if f.Evidence != nil {
		f.Evidence["stack_set"], f.Evidence["stack_instance"] = r.set, i.Status+" "+i.Detail
	}
}
