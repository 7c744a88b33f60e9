package check

import (
	"context"
	"fmt"
	"strings"

	"github.com/bursarhq/bursar"
)

type accountMatch struct{ basis }

// newAccountMatch proves that the session is in the registered account and is the role's: only GetCallerIdentity does.
func newAccountMatch() Check {
	return accountMatch{basis{"account_match", bursar.CapAccess, []string{"sts:GetCallerIdentity"}}}
}

// Run compares whom AWS says the session is with what was registered.
func (c accountMatch) Run(ctx context.Context, t *Target) []bursar.Finding {
	if t.session == nil {
		return nil
	}
	id, err := t.session.Identity(ctx)
	if err != nil {
		t.stop()
		return []bursar.Finding{c.failure(t, err, "ask AWS which account the session is in", t.Account.RoleARN)}
	}
	facts := map[string]string{"account_registered": t.Account.AccountID, "account_seen": id.AccountID, "arn_seen": id.ARN}
	if id.AccountID != t.Account.AccountID {
		t.stop()
		return []bursar.Finding{c.find(t, bursar.StatusFailed, "wrong_account",
			fmt.Sprintf("The account registered is %s, but the role is in account %s (sts:GetCallerIdentity).", t.Account.AccountID, id.AccountID),
			fmt.Sprintf("Sign in to account %s and create the stack there, or register account %s. Delete the stack in %s if it was made there by mistake.", t.Account.AccountID, id.AccountID, id.AccountID), facts)}
	}
	if role, err := bursar.ParseRoleARN(t.Account.RoleARN); err != nil || !strings.Contains(id.ARN, ":assumed-role/"+role.Name+"/") {
		t.stop()
		return []bursar.Finding{c.find(t, bursar.StatusFailed, "wrong_role",
			fmt.Sprintf("bursar asked for the role %s of account %s and is %s instead (sts:GetCallerIdentity).", t.Account.RoleARN, t.Account.AccountID, id.ARN),
			"See that no proxy or endpoint between bursar and AWS answers in AWS's place.", facts)}
	}
	return []bursar.Finding{c.find(t, bursar.StatusOK, "ok", fmt.Sprintf("The role is in account %s, as registered.", id.AccountID), "", facts)}
}
