package check

import (
	"context"
	"fmt"

	"github.com/bursarhq/bursar"
)

type externalIDRequired struct{ basis }

// newExternalIDRequired proves that the role refuses whoever does not know its external id.
func newExternalIDRequired() Check {
	return externalIDRequired{basis{"external_id_required", bursar.CapAccess, []string{"sts:AssumeRole"}}}
}

// Run makes the requests that must be denied. It fails closed: what cannot be proven is not trusted.
func (c externalIDRequired) Run(ctx context.Context, t *Target) []bursar.Finding {
	role := t.Account.RoleARN
	p := t.proveTrust(ctx, role, c.capability)
	switch {
	case p.insecure != "":
		t.session = nil
		return []bursar.Finding{c.insecureFinding(t, role, p.insecure)}
	case p.err != nil:
		t.stop()
		f := c.failure(t, p.err, "prove that the role "+role+" requires its external id", role)
		f.Status, f.Code = bursar.StatusUnknown, "inconclusive"
		return []bursar.Finding{f}
	}
	t.Result.Trusted = t.session != nil
	return []bursar.Finding{c.find(t, bursar.StatusOK, "ok",
		fmt.Sprintf("The role %s of account %s cannot be assumed (sts:AssumeRole) without its external id, nor with a wrong one.", role, t.Account.AccountID), "",
		map[string]string{"role_arn": role})}
}
