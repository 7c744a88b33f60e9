package check

import (
	"context"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/tracing"
	"go.opentelemetry.io/otel/attribute"
)

// Suite is the checks of an account, in the order in which they run.
type Suite []Check

// All returns every check. The first three prove the trust; each of them ends the run when it fails.
func All() Suite {
	return Suite{
		newAssumeRole(), newAccountMatch(), newExternalIDRequired(),
		newTrustPolicy(), newTemplateVersion(),
		newOrganization(), newPermissions(),
		newExportDefinition(), newExportBucket(), newExportDelivery(),
	}
}

// Trust returns the three checks that prove the trust, for what needs no more: the members of an organization.
func Trust() Suite { return All()[:3] }

// Run runs the checks on a target and gives each finding to report as it is made. It returns what was learned, and
// an error only when ctx ended before the run did: then the findings so far hold, and the rest is not known.
func (s Suite) Run(ctx context.Context, t *Target, report func(bursar.Finding)) (Result, error) {
	for _, c := range s {
		t.progress(c.Name())
		found := traced(ctx, c, t)
		if err := ctx.Err(); err != nil {
			return t.Result, err // what a cancelled probe saw says nothing about the account
		}
		for _, f := range found {
			report(f)
		}
		if t.stopped {
			break
		}
	}
	return t.Result, nil
}

// traced runs a check in a span of its own, which says what it found: status and code of the worst.
func traced(ctx context.Context, c Check, t *Target) []bursar.Finding {
	ctx, span := tracing.Start(ctx, "check "+c.Name())
	defer span.End(nil)
	found := c.Run(ctx, t)
	for _, f := range found {
		if f.Status != bursar.StatusOK || len(found) == 1 {
			span.Set(attribute.String("bursar.finding.status", string(f.Status)), attribute.String("bursar.finding.code", f.Code))
		}
	}
	return found
}

// basis is the constant part of a check.
type basis struct {
	name       string
	capability bursar.Capability
	actions    []string
}

// Name returns the check's name.
func (b basis) Name() string { return b.name }

// Capability returns what the check is about.
func (b basis) Capability() bursar.Capability { return b.capability }

// Actions returns the IAM actions that the check calls.
func (b basis) Actions() []string { return append([]string(nil), b.actions...) }

// find makes a finding of the check.
func (b basis) find(t *Target, status bursar.FindingStatus, code, message, remedy string, evidence map[string]string) bursar.Finding {
	now := t.now()
	return bursar.Finding{
		ID: bursar.NewID("fnd"), RunID: t.RunID, Check: b.name, Capability: b.capability, Status: status, Code: code,
		Message: message, Remedy: remedy, Evidence: evidence, At: now, Since: now,
	}
}
