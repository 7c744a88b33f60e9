package register

import (
	"slices"
	"strings"

	"github.com/bursarhq/bursar"
)

// anyRole fills the template's placeholders for a role of any name, in any account: a policy that is handed out before there is a role.
func anyRole(p bursar.Partition) *strings.Replacer {
	return strings.NewReplacer("role/bursar/${RoleName}", "role/*", "${AWS::Partition}", string(p), "${AWS::AccountId}", "*")
}

// StrictPermissions is the policy that a role of any name needs so that bursar can check an account and find its bill: each action by its name.
func StrictPermissions(p bursar.Partition) (string, error) {
	return permissions(DefaultCapabilities, anyRole(p), nil)
}

// WildcardPermissions is a policy that need not be changed when bursar learns to read more: the inventory too, and whole families of actions that
// describe and list. What reads customers' data stays denied.
func WildcardPermissions(p bursar.Partition) (string, error) {
	return permissions([]bursar.Capability{bursar.CapOrganization, bursar.CapBillingExport, bursar.CapInventory}, anyRole(p), families)
}

// families folds actions that describe and list into "service:Describe*" and "service:List*". Those that get are kept as they are: AWS names reads
// of data so.
func families(actions []string) (out []string) {
	for _, a := range actions {
		service, name, _ := strings.Cut(a, ":")
		for _, verb := range []string{"Describe", "List"} {
			if strings.HasPrefix(name, verb) {
				a = service + ":" + verb + "*"
			}
		}
		out = append(out, a)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Policies and names of a role that is made on AWS's own page.
const (
	handMadeRole   = "cloudcraft" // the name that guides of the Cloudcraft API give it
	readOnlyPolicy = "arn:aws:iam::aws:policy/ReadOnlyAccess"
)

// CreateRoleLink opens the page of the IAM console that makes a role which trusts bursar's account with an external id. AWS documents no such address:
// offer the commands beside it.
func (c Config) CreateRoleLink(externalID string) string {
	return c.roleLink(externalID, handMadeRole, readOnlyPolicy)
}

// roleLink is the same for a role of any name, with an AWS managed policy or none.
func (c Config) roleLink(externalID, name, policy string) string {
	base, route := "https://console.aws.amazon.com", "/iam/home#/roles/create?"
	if c.ConsoleBaseURL != "" {
		base, route = strings.TrimRight(c.ConsoleBaseURL, "/"), "/iam/home/roles/create?"
	}
	pairs := []pair{
		{"step", "type"},
		{"trustedEntityType", "AWS_ACCOUNT"},
		{"awsAccount", c.PrincipalAccountID},
		{"isThirdParty", "true"},
		{"externalId", externalID},
		{"roleName", name},
	}
	if policy != "" {
		pairs = append(pairs, pair{"policies", policy})
	}
	return base + route + query(pairs)
}
