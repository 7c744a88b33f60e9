package app

import (
	"context"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/deploy"
	"github.com/bursarhq/bursar/internal/api"
	"github.com/bursarhq/bursar/internal/awsapi"
	"github.com/bursarhq/bursar/internal/billing/query"
	"github.com/bursarhq/bursar/internal/check"
)

// looker runs the checks on a role of which nothing is kept.
type looker struct {
	app *App
	aws *awsapi.Client
}

// Look runs every check, with little patience: a person waits.
func (l looker) Look(ctx context.Context, acct bursar.Account) (api.Look, error) {
	out := api.Look{Findings: []bursar.Finding{}}
	target := &check.Target{
		Account: acct, Access: check.Through(l.aws), TemplateVersion: deploy.Version, TemplateAdds: deploy.Adds, Now: l.app.now, Schedule: l.app.config.Propagation.pace(true),
	}
	result, err := check.All().Run(ctx, target, func(f bursar.Finding) { out.Findings = append(out.Findings, f) })
	if err != nil {
		return out, bursar.Errorf(bursar.Unavailable, "AWS took too long to answer").WithReason("too_slow").WithHint("try again; if it stays so, register the account and check it: that waits longer")
	}
	out.Trusted, out.Kind, out.PayerID = result.Trusted, result.Kind, result.PayerID
	if out.Kind == "" {
		out.Kind = bursar.KindUnknown
	}
	return out, nil
}

// TrustPolicy writes the trust policy for bursar's own identity.
func (l looker) TrustPolicy(ctx context.Context, acct bursar.Account) (string, error) {
	id, err := l.aws.Identity(ctx)
	if err != nil {
		return "", bursar.Errorf(bursar.Unavailable, "bursar has no valid AWS identity: %w", err).WithReason("own_identity_invalid").WithHint("ask the operator of this bursar to give it one")
	}
	return check.TrustPolicy(acct, id), nil
}

// inBill names the accounts that a payer's bill of the newest months has line items of.
func (a *App) inBill(ctx context.Context, payer bursar.Account) (ids []string, err error) {
	q, err := query.Parse(query.Words{GroupBy: []string{"payer", "account"}, Granularity: string(query.Total)}, a.now())
	if err != nil {
		return nil, err
	}
	answer, err := query.Questions{Lake: a.lake, Engine: a.engine}.Ask(ctx, payer.WorkspaceID, q)
	for _, row := range answer.Rows {
		if row.Groups[0] == payer.AccountID {
			ids = append(ids, row.Groups[1])
		}
	}
	return ids, err
}
