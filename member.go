package bursar

import (
	"regexp"
	"strings"
	"time"
)

// MemberState says how far bursar reaches one account of a payer's organization.
type MemberState string

// The states of a member. The first five are of accounts that are open in their organization.
const (
	MemberUnchecked   MemberState = "unchecked"    // not looked at yet
	MemberAssumable   MemberState = "assumable"    // its role is there, is in the right account and requires its external id
	MemberNotDeployed MemberState = "not_deployed" // there is no role, or it does not trust bursar with the derived external id
	MemberInsecure    MemberState = "insecure"     // its role can be assumed without the right external id: it is not used
	MemberFailed      MemberState = "failed"       // anything else; the code says what
	MemberPending     MemberState = "pending"      // not open yet
	MemberSuspended   MemberState = "suspended"    // suspended, or about to be closed
	MemberClosed      MemberState = "closed"
	MemberLeft        MemberState = "left"    // was in the organization and is not any more
	MemberInBill      MemberState = "in_bill" // seen in the payer's bill, and not in its organization
)

// Member is one account of the organization of a registered payer, as bursar saw it last.
type Member struct {
	AccountID         string      `json:"account_id"`         // 12 digits
	Name              string      `json:"name"`               // as the organization calls it
	OrganizationState string      `json:"organization_state"` // AWS's own word: ACTIVE, SUSPENDED…; "" when it is in the bill alone
	State             MemberState `json:"state"`
	Code              string      `json:"code,omitempty"` // of the finding behind the state: "deployment_failed"
	Message           string      `json:"message,omitempty"`
	Remedy            string      `json:"remedy,omitempty"`
	RegisteredAs      string      `json:"registered_as,omitempty"` // the Account's ID ("acc_…"), when it is registered
	JoinedAt          time.Time   `json:"joined_at,omitzero"`      // its organization
	FirstSeenAt       time.Time   `json:"first_seen_at"`           // by bursar
	CheckedAt         time.Time   `json:"checked_at,omitzero"`
	Since             time.Time   `json:"since"` // when it came into its state
}

// Open says whether the account can be reached at all: AWS calls it ACTIVE.
func (m Member) Open() bool { return m.OrganizationState == "ACTIVE" }

// StateInOrganization is the state of a member that was not looked at, by AWS's word for the account.
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_account_state.html
func StateInOrganization(awsState string) MemberState {
	switch awsState {
	case "ACTIVE":
		return MemberUnchecked
	case "PENDING_ACTIVATION":
		return MemberPending
	case "CLOSED":
		return MemberClosed
	}
	return MemberSuspended
}

// ByStackSet says whether the account is reached by the role that a StackSet of its payer has made: its external id is derived from
// the payer's.
func (a Account) ByStackSet() bool { return strings.HasSuffix(a.ExternalID, "."+a.AccountID) }

var memberRolePattern = regexp.MustCompile(`^bursar-[a-z0-9-]{1,57}$`)

// MemberRoleName names the roles of the members of a payer's organization: as the payer's own, when that name is one of bursar's; and
// for a role that was brought, by the payer's record.
func MemberRoleName(payer Account) string {
	if role, err := ParseRoleARN(payer.RoleARN); err == nil && memberRolePattern.MatchString(role.Name) {
		return role.Name
	}
	_, id, _ := strings.Cut(payer.ID, "_")
	return "bursar-" + id[:min(len(id), 10)]
}

// MemberOf returns how a member of a payer's organization is reached: by the role that the StackSet makes, with an external id derived
// from the payer's. The name is not set.
func MemberOf(payer Account, accountID string) (Account, error) {
	role, err := ParseRoleARN(payer.RoleARN)
	if err != nil {
		return Account{}, err
	}
	role.AccountID, role.Path, role.Name = accountID, RolePath, MemberRoleName(payer)
	return Account{
		WorkspaceID: payer.WorkspaceID, AccountID: accountID, Partition: payer.Partition, Kind: KindLinked, Method: payer.Method,
		ExternalID: MemberExternalID(payer.ExternalID, accountID), RoleARN: role.String(),
		PayerID: payer.AccountID, OrganizationID: payer.OrganizationID,
	}, nil
}

// StackSetName names the StackSet that makes the roles of a payer's members.
func StackSetName(payer Account) string { return MemberRoleName(payer) + "-members" }

// CanHaveMembers refuses an account that is no payer.
func (a Account) CanHaveMembers() error {
	if a.Kind == KindPayer {
		return nil
	}
	e := Errorf(Conflict, "account %s is not known to be a payer: it is %s", a.AccountID, a.Kind).WithReason("not_a_payer")
	switch {
	case a.Kind == KindLinked && a.PayerID != "":
		return e.WithHint("the linked accounts belong to payer %s: register that account, and check its members", a.PayerID)
	case a.Kind == KindStandalone:
		return e.WithHint("a standalone account is in no organization, and has no linked accounts")
	}
	return e.WithHint("check the account first: that tells what it is")
}
