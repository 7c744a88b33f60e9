package api

import (
	"context"
	"slices"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/auth"
	"github.com/bursarhq/bursar/internal/store"
)

// Account is a registered account as the API shows it.
type Account struct {
	bursar.Account
	ExternalID string           `json:"external_id,omitempty"` // only for those who may manage accounts
	Status     bursar.Status    `json:"status"`
	Findings   []bursar.Finding `json:"findings,omitempty"` // only when one account is asked for
	Setup      *Setup           `json:"setup,omitempty"`    // only when it was just registered
	Payer      *Payer           `json:"payer,omitempty"`    // only when one linked account is asked for, and its payer is registered
	Linked     int64            `json:"linked,omitempty" doc:"How many registered accounts a payer pays for. Only in lists."`
}

// Payer is the registered account that pays for a linked one.
type Payer struct {
	ID        string `json:"id" doc:"bursar's own id of the payer: acc_…"`
	AccountID string `json:"account_id" doc:"The payer: 12 digits."`
	Name      string `json:"name" doc:"The payer's name."`
}

func show(p auth.Principal, a bursar.Account, newest []bursar.Finding) Account {
	out := Account{Account: a, ExternalID: a.ExternalID, Status: bursar.Summarize(newest)}
	if !p.May(auth.ManageAccounts) {
		out.ExternalID = ""
	}
	return out
}

type accountPath struct {
	Account string `path:"account" doc:"The account's id (acc_…) or its 12 digits."`
}

type accountOutput struct{ Body Account }

// NewAccount is what a caller says to register an account.
type NewAccount struct {
	AccountID string           `json:"account_id"`
	Name      string           `json:"name"`
	Method    bursar.Method    `json:"method,omitempty"`
	RoleARN   string           `json:"role_arn,omitempty"`
	Partition bursar.Partition `json:"partition,omitempty"`
}

var (
	methods    = []bursar.Method{bursar.MethodConsole, bursar.MethodTerraform, bursar.MethodRole}
	partitions = []bursar.Partition{bursar.PartitionAWS, bursar.PartitionChina, bursar.PartitionGovCloud}
)

// account checks what the caller said and adds what bursar decides: the external id and the role's name.
func (n NewAccount) account(workspaceID string) (bursar.Account, error) {
	if n.Method == "" {
		n.Method = bursar.MethodConsole
	}
	if n.Partition == "" {
		n.Partition = bursar.PartitionAWS
	}
	for _, err := range []error{
		bursar.CheckAccountID(n.AccountID), bursar.CheckAccountName(n.Name),
		oneOf("method", n.Method, methods), oneOf("partition", n.Partition, partitions),
	} {
		if err != nil {
			return bursar.Account{}, err
		}
	}
	role, err := n.role()
	if err != nil {
		return bursar.Account{}, err
	}
	return bursar.Account{
		WorkspaceID: workspaceID, AccountID: n.AccountID, Name: n.Name, Partition: n.Partition, Kind: bursar.KindUnknown,
		Method: n.Method, ExternalID: bursar.NewExternalID(), RoleARN: role.String(),
	}, nil
}

// role is the role that bursar will assume: a name of bursar's own, or the one that is brought, which must be in the account.
func (n NewAccount) role() (bursar.RoleARN, error) {
	if n.Method != bursar.MethodRole {
		if n.RoleARN != "" {
			return bursar.RoleARN{}, bursar.InvalidField("role_arn", "a role is brought with the method role alone").WithReason("role_arn_unexpected").
				WithHint("set method to role, or leave role_arn out: bursar chooses the role's name")
		}
		return bursar.RoleARN{Partition: n.Partition, AccountID: n.AccountID, Path: bursar.RolePath, Name: bursar.NewRoleName()}, nil
	}
	if n.RoleARN == "" {
		return bursar.RoleARN{}, bursar.InvalidField("role_arn", "it is missing").WithReason("missing").WithHint("give the ARN of the role that bursar shall assume")
	}
	r, err := bursar.ParseRoleARN(n.RoleARN)
	switch {
	case err != nil:
		return r, err
	case r.AccountID != n.AccountID:
		return r, bursar.InvalidField("role_arn", "the role is in account %s, and the account to register is %s", r.AccountID, n.AccountID).
			WithReason("role_arn_wrong_account").WithHint("give a role of account %s, or register account %s", n.AccountID, r.AccountID)
	case r.Partition != n.Partition:
		return r, bursar.InvalidField("role_arn", "the role is in partition %s, and the account to register in %s", r.Partition, n.Partition).
			WithReason("role_arn_wrong_partition").WithHint("set partition to %s", r.Partition)
	}
	return r, nil
}

func oneOf[T ~string](field string, value T, valid []T) error {
	if slices.Contains(valid, value) {
		return nil
	}
	words := ""
	for i, v := range valid {
		if i > 0 {
			words += ", "
		}
		words += string(v)
	}
	return bursar.InvalidField(field, "there is no %s %q", field, value).WithReason("unknown_"+field).WithHint("use one of %s", words)
}

type addAccountOutput struct {
	Location string `header:"Location" doc:"The new account's path."`
	Body     Account
}

func (a *API) addAccount(ctx context.Context, p auth.Principal, in *struct{ Body NewAccount }) (*addAccountOutput, error) {
	account, err := in.Body.account(p.WorkspaceID)
	if err != nil {
		return nil, err
	}
	var setup Setup
	err = a.Store.InTx(ctx, func(tx *store.Tx) error {
		if err := validated(tx, &account); err != nil {
			return err
		}
		if account, err = tx.AddAccount(account); err != nil {
			return err
		}
		setup, err = a.setup(tx, account) // an account that cannot be answered with is not kept
		return err
	})
	if err != nil {
		return nil, err
	}
	out := show(p, account, nil)
	out.Setup = &setup
	return &addAccountOutput{"/api/v1/accounts/" + account.ID, out}, nil
}

// validated gives an account whose role is brought the external id with which the role was looked at before, so that its trust policy can
// stay as it is.
func validated(tx *store.Tx, account *bursar.Account) error {
	if account.Method != bursar.MethodRole {
		return nil
	}
	issued, err := tx.TakeIssuedExternalID(account.WorkspaceID, account.Partition, account.AccountID)
	if issued != "" {
		account.ExternalID = issued
	}
	return err
}

// account reads an account with the newest finding of each check.
func (a *API) account(ctx context.Context, p auth.Principal, id string) (account bursar.Account, newest []bursar.Finding, err error) {
	err = a.Store.View(ctx, func(tx *store.Tx) error {
		if account, err = tx.Account(p.WorkspaceID, id); err != nil {
			return err
		}
		newest, err = tx.NewestFindings(p.WorkspaceID, account.ID)
		return err
	})
	return account, newest, err
}

func (a *API) getAccount(ctx context.Context, p auth.Principal, in *accountPath) (*accountOutput, error) {
	account, newest, err := a.account(ctx, p, in.Account)
	if err != nil {
		return nil, err
	}
	out := show(p, account, newest)
	out.Findings = newest
	out.Payer, err = a.payer(ctx, account)
	return &accountOutput{out}, err
}

// payer finds the registered payer of a linked account.
func (a *API) payer(ctx context.Context, account bursar.Account) (out *Payer, err error) {
	if account.Kind != bursar.KindLinked || account.PayerID == "" {
		return nil, nil
	}
	err = a.Store.View(ctx, func(tx *store.Tx) error {
		payer, err := tx.Account(account.WorkspaceID, account.PayerID)
		if err == nil {
			out = &Payer{payer.ID, payer.AccountID, payer.Name}
		}
		if bursar.CodeOf(err) == bursar.NotFound {
			return nil
		}
		return err
	})
	return out, err
}

func (a *API) checkAccount(ctx context.Context, p auth.Principal, in *accountPath) (*startedOutput, error) {
	return a.start(ctx, p, KindCheck, in.Account)
}

// importAccount looks at every period, those too that a poll would let rest: a person who asks wants to know.
func (a *API) importAccount(ctx context.Context, p auth.Principal, in *accountPath) (*startedOutput, error) {
	err := a.Store.InTx(ctx, func(tx *store.Tx) error {
		account, err := tx.Account(p.WorkspaceID, in.Account)
		if err != nil {
			return err
		}
		return tx.LookAgain(p.WorkspaceID, account.ID)
	})
	if err != nil {
		return nil, err
	}
	return a.start(ctx, p, KindImport, in.Account)
}
