package credential

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/awsapi"
	"github.com/bursarhq/bursar/internal/permission"
	"github.com/bursarhq/bursar/internal/store"
)

// checkTime bounds a check, and tryTime one that tries each action: whoever asked for it waits.
const (
	checkTime = 25 * time.Second
	tryTime   = 100 * time.Second
)

// inspection is one check of one credential.
type inspection struct {
	*Service
	c       bursar.Credential
	session *awsapi.Session
	who     string // ARN of the user or role; "" when it cannot be told
	report  bursar.CredentialReport
}

// Check looks at a credential: the steps that cost nothing first, each of which may be the last. Then, as long as they cost no more than most,
// each action of Cost Explorer that may be allowed is tried once, with the narrowest request. The report is kept with the credential. An
// error is one of ours, or says that AWS did not answer: nothing is kept then.
func (s *Service) Check(ctx context.Context, workspaceID, id string, most bursar.Decimal) (bursar.Credential, error) {
	long := checkTime
	if most.Sign() > 0 {
		long = tryTime
	}
	ctx, cancel := context.WithTimeout(ctx, long)
	defer cancel()
	i := &inspection{Service: s}
	err := s.Store.View(ctx, func(tx *store.Tx) (err error) { i.c, err = tx.Credential(workspaceID, id); return err })
	if err != nil {
		return i.c, err
	}
	i.report = bursar.CredentialReport{CheckedAt: s.now().Truncate(time.Microsecond), Findings: []bursar.Finding{}}
	if err := i.look(ctx, most); err != nil {
		return i.c, err
	}
	err = s.Store.InTx(context.WithoutCancel(ctx), func(tx *store.Tx) error {
		if err := tx.ReportCredential(i.c, i.report); err != nil {
			return err
		}
		i.c, err = tx.Credential(workspaceID, i.c.ID)
		return err
	})
	return i.c, err
}

func (i *inspection) look(ctx context.Context, most bursar.Decimal) (err error) {
	i.session, err = i.Session(ctx, i.c.WorkspaceID, i.c.ID, "check")
	if err != nil {
		return i.refused("access", err)
	}
	i.expiry()
	id, err := i.session.Identity(ctx)
	if err != nil {
		return i.refused("identity", i.explain(i.c, err))
	}
	if !i.identity(id) {
		return nil
	}
	i.organization(ctx)
	if err := i.permissions(ctx, id); err != nil {
		return err
	}
	if most.Sign() > 0 {
		i.try(ctx, most)
	}
	i.conclude()
	return nil
}

func (i *inspection) find(check string, status bursar.FindingStatus, code, remedy, message string, args ...any) {
	i.report.Findings = append(i.report.Findings, bursar.Finding{
		ID: bursar.NewID("fnd"), Check: check, Capability: bursar.CapCostExplorer, Status: status, Code: code, Message: fmt.Sprintf(message, args...), Remedy: remedy,
		At: i.report.CheckedAt, Since: i.report.CheckedAt,
	})
}

// refused turns an error into a finding, unless it says nothing about the credential.
func (i *inspection) refused(check string, err error) error {
	e := problem(err)
	if e == nil || e.Code == bursar.Unavailable || e.Code == bursar.Internal || e.Code == bursar.NotFound {
		return err
	}
	i.find(check, bursar.StatusFailed, e.Reason, e.Hint, "%s.", capital(e.Message))
	return nil
}

func (i *inspection) expiry() {
	switch c := i.c; {
	case c.ExpiresAt.IsZero():
	case c.Status(i.report.CheckedAt) == bursar.CredentialExpiring:
		i.find("expiry", bursar.StatusWarning, "expiring", "Rotate the credential with a new token before that, or use a role or the key of a user, which do not end.", "The session token ends at %s. What uses it is paused then.", c.ExpiresAt.Format(time.RFC3339))
	default:
		i.find("expiry", bursar.StatusOK, "temporary", "", "The session token ends at %s.", c.ExpiresAt.Format(time.RFC3339))
	}
}

// identity judges whose the credential is, and says whether to go on.
func (i *inspection) identity(id awsapi.Identity) bool {
	i.report.ARN, i.report.AccountID = id.ARN, id.AccountID
	if id.IsRoot() {
		e := problem(rootKey(id.AccountID))
		i.find("identity", bursar.StatusFailed, codeRoot, capital(e.Hint)+".", "%s.", capital(e.Message))
		return false
	}
	i.find("identity", bursar.StatusOK, "known", "", "AWS knows it as %s.", id.ARN)
	if i.c.AccountID != "" && i.c.AccountID != id.AccountID {
		i.find("account", bursar.StatusFailed, "wrong_account", "Rotate the credential with a key of account "+i.c.AccountID+", or change the account that it must be in.", "It is in account %s, and must be in %s.", id.AccountID, i.c.AccountID)
		return false
	}
	i.find("account", bursar.StatusOK, "match", "", "It is in account %s.", id.AccountID)
	return true
}

// organization tells what the account is to its bill: a payer sees the costs of all, any other its own alone.
func (i *inspection) organization(ctx context.Context) {
	o, err := i.session.Organization(ctx)
	switch class := awsapi.Classify(err).Class; {
	case err == nil && o.ManagementID == i.report.AccountID:
		i.report.Kind, i.report.PayerID = bursar.KindPayer, o.ManagementID
		i.find("organization", bursar.StatusOK, "payer", "", "The account is the payer of organization %s: Cost Explorer shows the costs of all its accounts.", o.ID)
	case err == nil:
		i.report.Kind, i.report.PayerID = bursar.KindLinked, o.ManagementID
		i.find("organization", bursar.StatusOK, "linked", "", "The account is linked: account %s pays for it, and Cost Explorer shows its own costs alone.", o.ManagementID)
	case class == awsapi.OrgNotInUse:
		i.report.Kind, i.report.PayerID = bursar.KindStandalone, i.report.AccountID
		i.find("organization", bursar.StatusOK, "standalone", "", "The account is in no organization: it pays for itself.")
	default:
		i.report.Kind = bursar.KindUnknown
		i.find("organization", bursar.StatusSkipped, "not_readable", "Allow organizations:DescribeOrganization if you want to know; it costs nothing.", "It may not ask whether the account is a payer (organizations:DescribeOrganization).")
	}
}

// permissions asks IAM, for free, what the identity may do.
func (i *inspection) permissions(ctx context.Context, id awsapi.Identity) error {
	actions := permission.CostExplorer()
	i.who = i.principal(ctx, id)
	if i.who == "" {
		for _, a := range actions {
			i.report.Permissions = append(i.report.Permissions, permission.Unknown(a, "a federated session cannot be simulated"))
		}
		return nil
	}
	results, err := i.session.Simulate(ctx, i.who, append(permission.Names(actions), permission.Excess()...), nil)
	if err == nil {
		i.report.Permissions = permission.Simulated(actions, results, i.who)
		i.excess(results)
		return nil
	}
	cause := awsapi.Classify(err)
	if cause.Class == awsapi.Unreachable || cause.Class == awsapi.Throttled {
		return i.explain(i.c, err)
	}
	for _, a := range actions {
		i.report.Permissions = append(i.report.Permissions, permission.Unknown(a, "it was not simulated"))
	}
	i.find("simulation", bursar.StatusSkipped, "not_readable", `Add to its policy {"Effect": "Allow", "Action": "iam:SimulatePrincipalPolicy", "Resource": "`+i.who+`"}: bursar then sees what is allowed without a paid request.`,
		"It may not ask IAM what it may do (iam:SimulatePrincipalPolicy).")
	return nil
}

// principal is the ARN of the user or role behind a session. GetCallerIdentity leaves out a role's path: IAM tells it, if it may be asked.
func (i *inspection) principal(ctx context.Context, id awsapi.Identity) string {
	if !strings.Contains(id.PrincipalARN, ":iam::") {
		return ""
	}
	if id.PrincipalExact {
		return id.PrincipalARN
	}
	if i.c.Kind == bursar.CredentialRole {
		if err := i.Store.View(ctx, func(tx *store.Tx) error {
			a, err := tx.Account(i.c.WorkspaceID, i.c.Account)
			id.PrincipalARN = a.RoleARN
			return err
		}); err == nil {
			return id.PrincipalARN
		}
	}
	_, name, _ := strings.Cut(id.PrincipalARN, ":role/")
	if role, err := i.session.Role(ctx, name); err == nil {
		return role.ARN
	}
	return id.PrincipalARN
}

// excess warns of a credential whose loss would be a disaster.
func (i *inspection) excess(results []awsapi.Simulation) {
	allowed := map[string]bool{}
	for _, a := range permission.Allowed(results) {
		allowed[strings.ToLower(a)] = true
	}
	too := []string{}
	for _, a := range permission.Excess() {
		if allowed[strings.ToLower(a)] {
			too = append(too, a)
		}
	}
	if len(too) == 0 {
		i.find("excess", bursar.StatusOK, "modest", "", "It may do nothing dangerous that was looked for.")
		return
	}
	i.find("excess", bursar.StatusWarning, "too_much_power", "Make a user or role of its own, with this policy and no other:\n"+permission.CostExplorerPolicy(i.who), "It may do much more than bursar needs: %s.", strings.Join(too, ", "))
}
