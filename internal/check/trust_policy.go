package check

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/awsapi"
)

type trustPolicy struct{ basis }

// newTrustPolicy reads what the probes cannot see: who else is trusted.
func newTrustPolicy() Check {
	return trustPolicy{basis{"trust_policy", bursar.CapAccess, []string{"iam:GetRole"}}}
}

// Run reads the role's own trust policy, if the role may.
func (c trustPolicy) Run(ctx context.Context, t *Target) []bursar.Finding {
	role, ok := t.role(ctx)
	if !ok {
		return []bursar.Finding{c.find(t, bursar.StatusSkipped, "not_readable", fmt.Sprintf("bursar may not read its own role in account %s (iam:GetRole). What could be told by trying was told.", t.Account.AccountID), "", nil)}
	}
	faults, err := readTrust(role.TrustPolicy, t.identity.AccountID)
	if err != nil {
		return []bursar.Finding{c.find(t, bursar.StatusUnknown, "not_understood", fmt.Sprintf("The trust policy of the role %s of account %s is not understood: %v.", role.ARN, t.Account.AccountID, err), "Replace it by exactly this:\n"+t.trustPolicy(), nil)}
	}
	var out []bursar.Finding
	for _, f := range faults {
		status := bursar.StatusWarning
		if f.code == "wildcard_principal" {
			status = bursar.StatusFailed
		}
		out = append(out, c.find(t, status, f.code, fmt.Sprintf("The trust policy of the role %s of account %s %s.", role.ARN, t.Account.AccountID, f.what),
			"Replace it by exactly this:\n"+t.trustPolicy(), map[string]string{"role_arn": role.ARN, "found": f.found}))
	}
	if out == nil {
		out = append(out, c.find(t, bursar.StatusOK, "ok", fmt.Sprintf("The trust policy of the role %s of account %s trusts bursar alone, with its external id.", role.ARN, t.Account.AccountID), "", nil))
	}
	return out
}

// role reads the access role with its own session.
func (t *Target) role(ctx context.Context) (awsapi.Role, bool) {
	arn, err := bursar.ParseRoleARN(t.Account.RoleARN)
	if err != nil || t.session == nil {
		return awsapi.Role{}, false
	}
	role, err := t.session.Role(ctx, arn.Name)
	return role, err == nil
}

// fault is one looseness of a trust policy.
type fault struct{ code, what, found string }

// texts is a JSON string or list of strings.
type texts []string

// UnmarshalJSON takes either.
func (t *texts) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*t = texts{one}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(t))
}

// principals is a Principal element: "*" or lists by kind.
type principals map[string]texts

// UnmarshalJSON takes either.
func (p *principals) UnmarshalJSON(b []byte) error {
	var star string
	if json.Unmarshal(b, &star) == nil {
		*p = principals{"AWS": {star}}
		return nil
	}
	return json.Unmarshal(b, (*map[string]texts)(p))
}

type statement struct {
	Effect       string
	Action       texts
	Principal    principals
	NotPrincipal principals
	Condition    map[string]map[string]texts
}

type statements []statement

// UnmarshalJSON takes one statement or a list.
func (s *statements) UnmarshalJSON(b []byte) error {
	var one statement
	if json.Unmarshal(b, &one) == nil {
		*s = statements{one}
		return nil
	}
	return json.Unmarshal(b, (*[]statement)(s))
}

func parsePolicy(text string) (statements, error) {
	var doc struct{ Statement statements }
	err := json.Unmarshal([]byte(text), &doc)
	return doc.Statement, err
}

// readTrust finds the faults of a trust policy whose only trusted account should be ours.
func readTrust(text, own string) ([]fault, error) {
	list, err := parsePolicy(text)
	if err != nil {
		return nil, err
	}
	var out []fault
	for _, s := range list {
		if s.Effect != "Allow" {
			continue
		}
		ours := s.NotPrincipal != nil
		if ours {
			out = append(out, fault{"wildcard_principal", "trusts everybody but a few: it has a NotPrincipal", "NotPrincipal"})
		}
		for kind, names := range s.Principal {
			for _, name := range names {
				f, mine := judgePrincipal(kind, name, own)
				ours = ours || mine
				if f.code != "" {
					out = append(out, f)
				}
			}
		}
		if ours {
			out = append(out, judgeConditions(s.Condition)...)
		}
	}
	return out, nil
}

// judgePrincipal says what is wrong with trusting a name, and whether it lets us in.
func judgePrincipal(kind, name, own string) (fault, bool) {
	switch {
	case kind != "AWS":
		return fault{"foreign_principal", "also trusts " + strings.ToLower(kind) + " " + name, name}, false
	case name == "*":
		return fault{"wildcard_principal", "trusts everybody: its principal is *", name}, true
	case name == own, strings.Contains(name, "::"+own+":"):
		return fault{}, true
	}
	return fault{"foreign_principal", "also trusts " + name, name}, false
}

// judgeConditions says what is loose about the external id's condition.
func judgeConditions(conditions map[string]map[string]texts) []fault {
	var out []fault
	seen := false
	for operator, keys := range conditions {
		for key, values := range keys {
			if !strings.EqualFold(key, "sts:ExternalId") {
				continue
			}
			seen = true
			switch {
			case operator != "StringEquals":
				out = append(out, fault{"loose_operator", "compares the external id with " + operator + " and not with StringEquals", operator})
			case len(values) > 1:
				out = append(out, fault{"several_external_ids", fmt.Sprintf("accepts %d external ids", len(values)), strings.Join(values, ", ")})
			}
		}
	}
	if !seen {
		out = append(out, fault{"loose_operator", "trusts bursar's account in a statement that does not ask for the external id", "no sts:ExternalId"})
	}
	return out
}
