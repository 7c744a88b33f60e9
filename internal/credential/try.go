package credential

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/permission"
)

// Payer sends one request to Cost Explorer, and says how many AWS charges for: none when the answer was there already.
type Payer func(ctx context.Context, operation string, body map[string]any) (paid int, err error)

// try asks Cost Explorer one narrow question for each action that may be allowed, and stops before the request that would cost more than was
// agreed. AWS does not charge for what it denies.
func (i *inspection) try(ctx context.Context, most bursar.Decimal) {
	pay := i.payer(most)
	for n, a := range permission.CostExplorer() {
		known := i.report.Permissions[n]
		if known.State == bursar.PermissionDenied || i.report.PaidUSD.Add(a.USD).Cmp(most) > 0 || ctx.Err() != nil {
			continue
		}
		operation, body := a.Operation(i.now())
		paid, err := pay(ctx, operation, body)
		for range paid {
			i.report.PaidRequests++
			i.report.PaidUSD = i.report.PaidUSD.Add(a.USD)
		}
		if e := problem(err); e != nil && strings.HasPrefix(e.Reason, "budget_") {
			i.find("budget", bursar.StatusWarning, e.Reason, capital(e.Hint)+".", "Not everything was tried: %s.", e.Message)
			return
		}
		if ctx.Err() == nil { // what a broken off request says is nothing
			i.report.Permissions[n] = permission.Tried(a, known, err, i.who)
		}
	}
}

func (i *inspection) payer(most bursar.Decimal) Payer {
	if i.Pay != nil {
		return i.Pay(i.c, i.report.AccountID, i.session, most)
	}
	return func(ctx context.Context, operation string, body map[string]any) (int, error) {
		text, err := json.Marshal(body)
		if err != nil {
			return 0, err
		}
		if _, err = i.session.CostExplorer(ctx, operation, text); err != nil {
			return 0, err
		}
		return 1, nil
	}
}

// conclude says what the permissions amount to, and what trying the rest would cost.
func (i *inspection) conclude() {
	by := map[bursar.PermissionState][]string{}
	for _, p := range i.report.Permissions {
		by[p.State] = append(by[p.State], p.Action)
		if p.Proof != permission.ProofTried && p.State != bursar.PermissionDenied {
			i.report.Unprobed++
			i.report.UnprobedMaxUSD = i.report.UnprobedMaxUSD.Add(p.USD)
		}
	}
	i.report.MissingPolicy = permission.Policy(permission.Missing(i.report.Permissions))
	allowed, denied, off, unknown := by[bursar.PermissionAllowed], by[bursar.PermissionDenied], by[bursar.PermissionNotEnabled], by[bursar.PermissionUnknown]
	switch {
	case len(off) > 0 && len(allowed) == 0 && len(unknown) == 0:
		i.find("permissions", bursar.StatusFailed, "not_enabled", i.remedyOf(bursar.PermissionNotEnabled), "Cost Explorer is not switched on in the account.")
	case len(denied) > 0 && len(allowed) == 0 && len(off)+len(unknown) == 0:
		i.find("permissions", bursar.StatusFailed, "permission_missing", i.grant(), "It may ask Cost Explorer nothing.")
	case len(denied) > 0:
		i.find("permissions", bursar.StatusWarning, "permission_missing", i.grant(), "It may not do everything: %s.", strings.Join(denied, ", "))
	case len(off) > 0:
		i.find("permissions", bursar.StatusWarning, "not_enabled", i.remedyOf(bursar.PermissionNotEnabled), "Not switched on in the account: %s.", strings.Join(off, ", "))
	case len(unknown) > 0:
		i.find("permissions", bursar.StatusSkipped, "unknown", fmt.Sprintf("Trying tells: it costs at most %s US dollars.", i.report.UnprobedMaxUSD), "Nobody can say without trying whether it may ask Cost Explorer: %d actions.", len(unknown))
	default:
		i.find("permissions", bursar.StatusOK, "allowed", "", "It may do all %d things that bursar's Cost Explorer streams do.", len(allowed))
	}
}

// grant is the remedy of what is missing: a policy where one helps, and what else denies.
func (i *inspection) grant() string {
	if i.report.MissingPolicy != "" {
		return "Add this policy to " + i.who + ":\n" + i.report.MissingPolicy
	}
	return i.remedyOf(bursar.PermissionDenied)
}

func (i *inspection) remedyOf(s bursar.PermissionState) string {
	for _, p := range i.report.Permissions {
		if p.State == s && p.Remedy != "" {
			return p.Remedy
		}
	}
	return ""
}
