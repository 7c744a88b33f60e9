package check

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/bursarhq/bursar"
)

// versionTag is the tag by which our templates mark the roles that they make.
const versionTag = "bursar:template-version"

type templateVersion struct{ basis }

// newTemplateVersion compares the template that made the role with the newest one.
func newTemplateVersion() Check {
	return templateVersion{basis{"template_version", bursar.CapAccess, []string{"iam:GetRole"}}}
}

// Run reads the version from the role's tag: stacks themselves may not be read.
func (c templateVersion) Run(ctx context.Context, t *Target) []bursar.Finding {
	if t.TemplateVersion == "" {
		return nil
	}
	role, ok := t.role(ctx)
	if !ok {
		return []bursar.Finding{c.find(t, bursar.StatusSkipped, "not_readable", fmt.Sprintf("The version of the template is not known: bursar may not read its own role in account %s (iam:GetRole).", t.Account.AccountID), "", nil)}
	}
	has := role.Tags[versionTag]
	facts := map[string]string{"version": has, "latest": t.TemplateVersion}
	switch {
	case has == "":
		return []bursar.Finding{c.find(t, bursar.StatusSkipped, "not_ours", fmt.Sprintf("The role %s of account %s was not made by bursar's template.", role.ARN, t.Account.AccountID), "", facts)}
	case older(has, t.TemplateVersion):
		return []bursar.Finding{c.find(t, bursar.StatusWarning, "outdated",
			fmt.Sprintf("The role %s of account %s was made by version %s of the template; version %s is there.", role.ARN, t.Account.AccountID, has, t.TemplateVersion),
			strings.TrimSpace(c.update(t)+" "+t.TemplateAdds), facts)}
	}
	return []bursar.Finding{c.find(t, bursar.StatusOK, "latest", fmt.Sprintf("The role was made by version %s of the template, the newest.", has), "", facts)}
}

// update says how a role of the newest version is made, by the way in which the account was registered.
func (templateVersion) update(t *Target) string {
	if t.Account.Method == bursar.MethodTerraform {
		return "Take the access step's newest main.tf for account " + t.Account.AccountID + ", then run terraform init -upgrade and terraform apply."
	}
	return "Open the update link of the access step while signed in to account " + t.Account.AccountID + ": it brings the stack to the newest template."
}

// older compares versions, which count up from 1.
func older(has, latest string) bool {
	a, errA := strconv.Atoi(has)
	b, errB := strconv.Atoi(latest)
	return errA != nil || errB == nil && a < b
}
