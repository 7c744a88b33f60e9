package api

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/auth"
	"github.com/bursarhq/bursar/internal/store"
	"github.com/danielgtaylor/huma/v2"
)

const (
	maxBulk     = 5000    // accounts in one request
	maxBulkBody = 4 << 20 // bytes of them
	bulkBatch   = 500     // accounts in one transaction, so that others may write in between
)

// NewAccounts are accounts to register at once.
type NewAccounts struct {
	Accounts []NewAccountRow `json:"accounts" doc:"The accounts, 5000 at most."`
}

// NewAccountRow is one of them. Unlike those of [NewAccount], its fields are looked at row by row: what is missing or wrong is said in the
// row's outcome.
type NewAccountRow struct {
	AccountID string           `json:"account_id,omitempty"`
	Name      string           `json:"name,omitempty"`
	Method    bursar.Method    `json:"method,omitempty"`
	RoleARN   string           `json:"role_arn,omitempty"`
	Partition bursar.Partition `json:"partition,omitempty"`
}

// Outcome is what became of a row.
type Outcome string

// The outcomes of a row.
const (
	Added     Outcome = "added"     // registered
	Unchanged Outcome = "unchanged" // was registered already, just like this
	Refused   Outcome = "refused"   // not registered; the problem says why
)

// AddedAccounts answers row by row.
type AddedAccounts struct {
	Added     int          `json:"added" doc:"How many rows registered an account."`
	Unchanged int          `json:"unchanged" doc:"How many were registered already, just like this."`
	Refused   int          `json:"refused" doc:"How many were not registered. Mend them and send all again."`
	Rows      []AddedReply `json:"rows" doc:"What became of each account, in the order of the request."`
}

// AddedReply is the answer to one row.
type AddedReply struct {
	Row        int           `json:"row" doc:"The row's number, from 1. A header line is not counted."`
	AccountID  string        `json:"account_id,omitempty" doc:"The AWS account of the row, as it was sent."`
	Name       string        `json:"name,omitempty" doc:"Its name, as it was sent."`
	Outcome    Outcome       `json:"outcome" enum:"added,unchanged,refused" doc:"What became of it."`
	ID         string        `json:"id,omitempty" doc:"bursar's own id of the account: acc_…"`
	ExternalID string        `json:"external_id,omitempty" doc:"The account's external id, which bursar generated."`
	RoleARN    string        `json:"role_arn,omitempty" doc:"The role by which bursar will reach it."`
	Problem    *FieldProblem `json:"problem,omitempty" doc:"Why the row was refused."`
}

type addAccountsOutput struct{ Body AddedAccounts }

// addAccounts registers every row that can be. A row that cannot be leaves the others alone, and one that was registered before is
// answered as it was: so the same request may be sent again, whole, after trouble on the way or after mending what was refused.
func (a *API) addAccounts(ctx context.Context, p auth.Principal, in *struct{ Body NewAccounts }) (*addAccountsOutput, error) {
	rows := in.Body.Accounts
	switch {
	case len(rows) == 0:
		return nil, bursar.InvalidField("accounts", "there is none").WithReason("missing").WithHint("send at least one account")
	case len(rows) > maxBulk:
		return nil, bursar.InvalidField("accounts", "there are %d, and %d at most are taken at once", len(rows), maxBulk).WithReason("too_many").WithHint("send them in several requests")
	}
	out := AddedAccounts{Rows: make([]AddedReply, 0, len(rows))}
	for batch := range slices.Chunk(rows, bulkBatch) {
		var replies []AddedReply
		err := a.Store.InTx(ctx, func(tx *store.Tx) (err error) {
			replies, err = addBatch(tx, p.WorkspaceID, batch, len(out.Rows))
			return err
		})
		if err != nil {
			return nil, err
		}
		out.Rows = append(out.Rows, replies...)
	}
	for _, r := range out.Rows {
		*map[Outcome]*int{Added: &out.Added, Unchanged: &out.Unchanged, Refused: &out.Refused}[r.Outcome]++
	}
	return &addAccountsOutput{out}, nil
}

// addBatch registers rows in one transaction. before is how many rows came before them.
func addBatch(tx *store.Tx, workspaceID string, rows []NewAccountRow, before int) ([]AddedReply, error) {
	var replies []AddedReply
	for i, row := range rows {
		reply := AddedReply{Row: before + i + 1, AccountID: row.AccountID, Name: row.Name}
		account, outcome, err := addRow(tx, workspaceID, NewAccount(row))
		var refused *bursar.Error
		switch {
		case err == nil:
			reply.Outcome, reply.ID, reply.ExternalID, reply.RoleARN = outcome, account.ID, account.ExternalID, account.RoleARN
		case errors.As(err, &refused) && (refused.Code == bursar.Invalid || refused.Code == bursar.Conflict):
			reply.Outcome, reply.Problem = Refused, &FieldProblem{refused.Field, refused.Message, refused.Reason, refused.Hint}
		default:
			return nil, fmt.Errorf("row %d: %w", reply.Row, err)
		}
		replies = append(replies, reply)
	}
	return replies, nil
}

// addRow registers one account, unless it is registered like that already. What it refuses, it refuses before it writes.
func addRow(tx *store.Tx, workspaceID string, row NewAccount) (bursar.Account, Outcome, error) {
	account, err := row.account(workspaceID)
	if err != nil {
		return account, "", err
	}
	there, err := tx.AccountIn(workspaceID, account.Partition, account.AccountID)
	if err == nil && there.Name == account.Name && there.Method == account.Method && (account.Method != bursar.MethodRole || there.RoleARN == account.RoleARN) {
		return there, Unchanged, nil
	}
	if err != nil && bursar.CodeOf(err) != bursar.NotFound {
		return account, "", err
	}
	if err := tx.Free(account); err != nil {
		return account, "", err
	}
	if err := validated(tx, &account); err != nil {
		return account, "", err
	}
	account, err = tx.AddAccount(account)
	return account, Added, err
}

// inBulk makes a route take up to [maxBulk] accounts, as JSON or CSV.
func (a *API) inBulk(op *huma.Operation) {
	op.MaxBodyBytes = maxBulkBody
	op.Middlewares = append(op.Middlewares, a.fromCSV)
	op.RequestBody = &huma.RequestBody{Content: map[string]*huma.MediaType{csvType: {
		Schema:  &huma.Schema{Type: huma.TypeString, Description: "A header line that names the columns, in any order: " + columnWords() + ". account_id and name must be there. Then a line for each account."},
		Example: "account_id,name\n012345678901,Main payer\n",
	}}}
}
