// Package permission says what an identity may do in AWS, action by action: how it is known, what denies it, and what mends it. Simulating
// is free and proves less than trying: a simulation knows identity policies, boundaries and the organization's policies, and neither session
// policies nor what was never switched on in the account.
package permission

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/awsapi"
)

// Action is one action that bursar has a use for.
type Action struct {
	Name string         // "ce:GetCostAndUsage"
	For  string         // what bursar does with it
	USD  bursar.Decimal // what AWS charges for one request; 0 is nothing

	setting string // what must be switched on in AWS beside Cost Explorer itself
	body    body   // the narrowest request
}

// Operation is the operation of AWS that an action allows, and the narrowest request of it: at most one row is asked for.
func (a Action) Operation(now time.Time) (name string, request map[string]any) {
	_, name, _ = strings.Cut(a.Name, ":")
	return name, a.body(now)
}

// Names lists the names of actions.
func Names(actions []Action) []string {
	out := make([]string, len(actions))
	for i, a := range actions {
		out[i] = a.Name
	}
	return out
}

// How a permission is known.
const (
	ProofNone      = "none"
	ProofSimulated = "simulated"
	ProofTried     = "tried"
)

// What denies, in [bursar.Permission].
const (
	ByIdentity     = "identity"
	ByOrganization = "organization"
	ByBoundary     = "boundary"
	BySession      = "session"
	ByResource     = "resource"
)

// Unknown is an action of which nothing is known, and why.
func Unknown(a Action, why string) bursar.Permission {
	return bursar.Permission{Action: a.Name, For: a.For, State: bursar.PermissionUnknown, Proof: ProofNone, Reason: why, USD: a.USD}
}

// Simulated reads what IAM's simulation says of actions, in their order. One that it does not mention is unknown. who is the ARN of the user
// or role, for remedies.
func Simulated(actions []Action, results []awsapi.Simulation, who string) []bursar.Permission {
	out := make([]bursar.Permission, 0, len(actions))
	for _, a := range actions {
		i := slices.IndexFunc(results, func(s awsapi.Simulation) bool { return strings.EqualFold(s.Action, a.Name) })
		if i < 0 {
			out = append(out, Unknown(a, "IAM's simulation does not tell"))
			continue
		}
		p := bursar.Permission{Action: a.Name, For: a.For, State: bursar.PermissionAllowed, Proof: ProofSimulated, USD: a.USD}
		if s := results[i]; !s.Allowed() {
			p.State, p.DeniedBy = bursar.PermissionDenied, deniedBy(s)
			p.Remedy = remedy(p, who)
		}
		out = append(out, p)
	}
	return out
}

func deniedBy(s awsapi.Simulation) string {
	switch {
	case s.DeniedByOrganization:
		return ByOrganization
	case s.DeniedByBoundary:
		return ByBoundary
	}
	return ByIdentity
}

// Tried reads what AWS answered when an action was tried: nil is allowed. An error that says nothing about the permission leaves what was known.
func Tried(a Action, known bursar.Permission, err error, who string) bursar.Permission {
	p := bursar.Permission{Action: a.Name, For: a.For, State: bursar.PermissionAllowed, Proof: ProofTried, USD: a.USD}
	if err == nil {
		return p
	}
	cause := awsapi.Classify(err)
	p.Reason = Plain(cause.Message)
	switch cause.Class {
	case awsapi.NotEnabled:
		p.State = bursar.PermissionNotEnabled
		if cause.Code == "DataUnavailableException" { // it may ask, and there is nothing yet
			p.State = bursar.PermissionAllowed
		}
	case awsapi.DeniedIdentity, awsapi.Denied, awsapi.DeniedSCP, awsapi.DeniedBoundary, awsapi.DeniedSessionPolicy, awsapi.DeniedResourcePolicy:
		p.State, p.DeniedBy = bursar.PermissionDenied, classes[cause.Class]
		if strings.Contains(cause.Message, "opt-in only feature") {
			p.State, p.DeniedBy = bursar.PermissionNotEnabled, ""
		}
	case awsapi.Validation: // AWS has let it in, and has looked at what it asks
		if strings.Contains(cause.Message, "not enabled") || strings.Contains(cause.Message, "haven't enabled") {
			p.State = bursar.PermissionNotEnabled
		}
	default:
		known.Reason = p.Reason
		return known
	}
	if p.State == bursar.PermissionNotEnabled {
		p.Remedy = enable(a)
	} else if p.State == bursar.PermissionDenied {
		p.Remedy = remedy(p, who)
	}
	return p
}

var classes = map[awsapi.Class]string{
	awsapi.DeniedIdentity: ByIdentity, awsapi.DeniedSCP: ByOrganization, awsapi.DeniedBoundary: ByBoundary, awsapi.DeniedSessionPolicy: BySession, awsapi.DeniedResourcePolicy: ByResource,
}

func enable(a Action) string {
	if a.setting != "" {
		return "This needs " + a.setting + ". AWS takes up to 48 hours to prepare the data."
	}
	return "Sign in to AWS as the payer's administrator and open Billing and Cost Management, Cost Explorer once: no API can do that. AWS prepares the data within 24 hours. " +
		"If it was opened, the root user must allow \"IAM user and role access to Billing information\" in the account's settings."
}

// remedy says who must change what. The policy for what identity policies lack stands beside the whole list: see [Policy].
func remedy(p bursar.Permission, who string) string {
	switch p.DeniedBy {
	case ByOrganization:
		return fmt.Sprintf("Ask the administrator of the organization: in the policy that denies %s, add to the denying statement the condition\n"+`{"ArnNotLike": {"aws:PrincipalArn": "%s"}}`, p.Action, who)
	case ByBoundary:
		return fmt.Sprintf("Allow %s in the permissions boundary of %s.", p.Action, who)
	case BySession:
		return "The session was made with a policy that does not allow it: get the temporary key without a session policy, or with one that allows " + p.Action + "."
	case ByResource:
		return "The policy of the resource itself denies it: except " + who + " from the statement that does."
	}
	return "Add it to a policy of " + who + "."
}

// Missing lists the actions that a policy of the identity itself would grant: those that neither the organization nor a boundary nor a
// session denies.
func Missing(list []bursar.Permission) (out []string) {
	for _, p := range list {
		if p.State == bursar.PermissionDenied && (p.DeniedBy == ByIdentity || p.DeniedBy == "") {
			out = append(out, p.Action)
		}
	}
	return out
}
