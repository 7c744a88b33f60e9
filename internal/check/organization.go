package check

import (
	"context"
	"fmt"
	"strings"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/awsapi"
)

type organization struct{ basis }

// newOrganization tells payer, linked and standalone accounts apart.
func newOrganization() Check {
	return organization{basis{"organization", bursar.CapOrganization, []string{
		"organizations:DescribeOrganization", "organizations:ListInboundResponsibilityTransfers", "organizations:ListOutboundResponsibilityTransfers", "organizations:ListRoots",
	}}}
}

// Run decides by the one question that every account of an organization may ask.
// https://docs.aws.amazon.com/organizations/latest/APIReference/API_DescribeOrganization.html
func (c organization) Run(ctx context.Context, t *Target) []bursar.Finding {
	o, err := t.session.Organization(ctx)
	id := t.Account.AccountID
	switch class := awsapi.Classify(err).Class; {
	case err == nil:
		return []bursar.Finding{c.member(ctx, t, o)}
	case class == awsapi.OrgNotInUse:
		t.Result.Kind, t.Result.PayerID = bursar.KindStandalone, id
		return []bursar.Finding{c.find(t, bursar.StatusOK, "standalone", fmt.Sprintf("Account %s is in no organization (organizations:DescribeOrganization): it pays for itself.", id), "", nil)}
	case class == awsapi.DeniedSCP:
		t.Result.Kind = bursar.KindLinked // service control policies never bind a management account
		f := c.failure(t, err, "ask which organization the account is in", t.Account.RoleARN)
		f.Status = bursar.StatusWarning
		f.Message = fmt.Sprintf("Account %s is linked to some payer: a policy of its organization denies organizations:DescribeOrganization, so that the payer cannot be told.", id)
		return []bursar.Finding{f}
	}
	t.Result.Kind = bursar.KindUnknown
	f := c.failure(t, err, "tell whether the account is payer, linked or standalone", t.Account.RoleARN)
	if f.Status == bursar.StatusFailed {
		f.Status = bursar.StatusUnknown // nothing is broken but our sight
	}
	return []bursar.Finding{f}
}

func (c organization) member(ctx context.Context, t *Target, o awsapi.Organization) bursar.Finding {
	id := t.Account.AccountID
	t.Result.OrganizationID, t.Result.PayerID, t.Result.FeatureSet = o.ID, o.ManagementID, o.FeatureSet
	facts := map[string]string{"organization_id": o.ID, "payer_id": o.ManagementID, "feature_set": o.FeatureSet}
	if o.ManagementID != id {
		t.Result.Kind = bursar.KindLinked
		return c.find(t, bursar.StatusOK, "linked", fmt.Sprintf("Account %s is linked: account %s pays for it, in organization %s.", id, o.ManagementID, o.ID), "", facts)
	}
	t.Result.Kind = bursar.KindPayer
	message := fmt.Sprintf("Account %s is the payer: it is the management account of organization %s.", id, o.ID) + c.transfers(ctx, t, facts)
	if root, err := t.session.Root(ctx); err == nil {
		t.Result.RootID, facts["root_id"] = root, root
	}
	if o.FeatureSet == "CONSOLIDATED_BILLING" {
		message += " The organization has consolidated billing only, which StackSets for its linked accounts cannot use: they need all features."
	}
	return c.find(t, bursar.StatusOK, "payer", message, "", facts)
}

// transfers says whose bill is paid by whom, where bills change hands between organizations.
func (c organization) transfers(ctx context.Context, t *Target, facts map[string]string) (sentence string) {
	x, err := t.session.Transfers(ctx)
	if err != nil {
		facts["billing_transfer"] = "not readable"
		return ""
	}
	if len(x.PaidBy) > 0 {
		t.Result.PaidBy, facts["bill_paid_by"] = x.PaidBy[0], x.PaidBy[0]
		sentence = fmt.Sprintf(" Its bill is transferred: account %s pays it.", x.PaidBy[0])
	}
	if len(x.PaysFor) > 0 {
		facts["pays_bills_of"] = strings.Join(x.PaysFor, ", ")
		sentence += fmt.Sprintf(" It also pays the bills of %s, which were transferred to it.", facts["pays_bills_of"])
	}
	return sentence
}
