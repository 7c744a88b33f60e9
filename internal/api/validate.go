package api

import (
	"context"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/auth"
	"github.com/bursarhq/bursar/internal/store"
)

// Looker looks at an account without keeping anything of it.
type Looker interface {
	// Look runs every check on the account's role.
	Look(ctx context.Context, a bursar.Account) (Look, error)
	// TrustPolicy writes the trust policy that the account's role must have.
	TrustPolicy(ctx context.Context, a bursar.Account) (string, error)
}

// Look is what a look told.
type Look struct {
	Trusted  bool
	Kind     bursar.Kind
	PayerID  string
	Findings []bursar.Finding
}

// lookTime bounds a look: the caller waits for it.
const lookTime = 25 * time.Second

// NewValidation asks what a role is good for.
type NewValidation struct {
	RoleARN   string           `json:"role_arn,omitempty" doc:"The role to look at. Absent: only say what its trust policy must be."`
	AccountID string           `json:"account_id,omitempty" doc:"The role's account, 12 digits. Needed only without role_arn."`
	Partition bursar.Partition `json:"partition,omitempty" doc:"The account's AWS cloud; aws by default. Needed only without role_arn."`
}

// Validation says what a role is good for. Nothing of it is kept.
type Validation struct {
	AccountID   string           `json:"account_id" doc:"The role's account: 12 digits."`
	RoleARN     string           `json:"role_arn,omitempty" doc:"The role."`
	ExternalID  string           `json:"external_id" doc:"The external id that the role must require. It is bursar's: the registered account's own, or one issued for this account to this workspace, always the same."`
	TrustPolicy string           `json:"trust_policy" doc:"The trust policy that the role must have."`
	Registered  bool             `json:"registered" doc:"Whether the account is registered in this workspace."`
	Trusted     bool             `json:"trusted" doc:"Whether the role can be assumed, is in the right account, and requires its external id."`
	Kind        bursar.Kind      `json:"kind" doc:"What the account is to its bill; unknown when it could not be told."`
	PayerID     string           `json:"payer_id,omitempty" doc:"The account that pays for it."`
	Status      bursar.Status    `json:"status" doc:"What the findings amount to."`
	Findings    []bursar.Finding `json:"findings" doc:"What each check saw."`
}

type validationOutput struct{ Body Validation }

// validate looks at a role with an external id of bursar's own. The caller cannot choose one: whoever could, would make bursar the confused
// deputy that external ids are there to prevent.
func (a *API) validate(ctx context.Context, p auth.Principal, in *struct{ Body NewValidation }) (*validationOutput, error) {
	account, err := in.Body.account(p.WorkspaceID)
	if err != nil {
		return nil, err
	}
	out := Validation{AccountID: account.AccountID, RoleARN: account.RoleARN, Kind: bursar.KindUnknown, Findings: []bursar.Finding{}}
	if out.Registered, err = a.lend(ctx, &account); err != nil {
		return nil, err
	}
	out.ExternalID = account.ExternalID
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	if out.TrustPolicy, err = a.Looker.TrustPolicy(ctx, account); err != nil {
		return nil, err
	}
	if account.RoleARN != "" {
		l, err := a.Looker.Look(ctx, account)
		if err != nil {
			return nil, err
		}
		out.Trusted, out.Kind, out.PayerID, out.Findings = l.Trusted, l.Kind, l.PayerID, l.Findings
	}
	out.Status = bursar.Summarize(out.Findings)
	return &validationOutput{out}, nil
}

// lend gives the account the external id of its registration, or one that was issued for it.
func (a *API) lend(ctx context.Context, account *bursar.Account) (registered bool, err error) {
	err = a.Store.InTx(ctx, func(tx *store.Tx) error {
		found, err := tx.Account(account.WorkspaceID, account.AccountID)
		if err == nil && found.Partition == account.Partition {
			registered, account.ExternalID = true, found.ExternalID
			return nil
		}
		if err != nil && bursar.CodeOf(err) != bursar.NotFound {
			return err
		}
		account.ExternalID, err = tx.IssuedExternalID(account.WorkspaceID, account.Partition, account.AccountID)
		return err
	})
	return registered, err
}

// account reads which account and role are meant.
func (n NewValidation) account(workspaceID string) (bursar.Account, error) {
	a := bursar.Account{ID: "validate", WorkspaceID: workspaceID, AccountID: n.AccountID, Partition: n.Partition, Kind: bursar.KindUnknown, RoleARN: n.RoleARN}
	if n.RoleARN == "" {
		if a.Partition == "" {
			a.Partition = bursar.PartitionAWS
		}
		if err := bursar.CheckAccountID(a.AccountID); err != nil {
			return a, err
		}
		return a, oneOf("partition", a.Partition, partitions)
	}
	role, err := bursar.ParseRoleARN(n.RoleARN)
	switch {
	case err != nil:
		return a, err
	case n.AccountID != "" && n.AccountID != role.AccountID:
		return a, bursar.InvalidField("role_arn", "the role is in account %s and not in %s", role.AccountID, n.AccountID).WithReason("role_arn_wrong_account").
			WithHint("give the ARN of a role in account %s, or leave account_id out", n.AccountID)
	case n.Partition != "" && n.Partition != role.Partition:
		return a, bursar.InvalidField("role_arn", "the role is in partition %s and not in %s", role.Partition, n.Partition).WithReason("partition_mismatch").WithHint("leave partition out: the ARN tells it")
	}
	a.AccountID, a.Partition = role.AccountID, role.Partition
	return a, nil
}
