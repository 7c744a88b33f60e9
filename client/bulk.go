package client

import (
	"context"
	"io"
)

// AddedAccounts says what became of many accounts that were sent at once.
type AddedAccounts struct {
	Added     int        `json:"added"`     // registered
	Unchanged int        `json:"unchanged"` // registered already, just like this
	Refused   int        `json:"refused"`   // not registered
	Rows      []AddedRow `json:"rows"`      // in the order in which they were sent
}

// AddedRow is what became of one of them.
type AddedRow struct {
	Row        int         `json:"row"` // from 1; a header line is not counted
	AccountID  string      `json:"account_id"`
	Name       string      `json:"name"`
	Outcome    string      `json:"outcome"` // "added", "unchanged" or "refused"
	ID         string      `json:"id,omitempty"`
	ExternalID string      `json:"external_id,omitempty"`
	RoleARN    string      `json:"role_arn,omitempty"`
	Problem    *RowProblem `json:"problem,omitempty"` // why it was refused
}

// RowProblem says why a row was refused.
type RowProblem struct {
	Field  string `json:"field"`
	Detail string `json:"detail"`
	Reason string `json:"reason,omitempty"` // stable: "account_name_taken"
	Hint   string `json:"hint,omitempty"`
}

// AddAccounts registers up to 5,000 accounts. A row that is refused leaves the others alone and is no error here: its outcome says it. An
// account that is registered already just like this stays as it is, so the same call may be made again.
func (c *Client) AddAccounts(ctx context.Context, accounts []NewAccount) (*AddedAccounts, error) {
	var out AddedAccounts
	return &out, c.post(ctx, "/api/v1/accounts:bulk", map[string]any{"accounts": accounts}, &out)
}

// AddAccountsCSV is [Client.AddAccounts] with accounts as CSV. The first line names the columns: account_id and name, and where wanted
// method, role_arn and partition.
func (c *Client) AddAccountsCSV(ctx context.Context, accounts io.Reader) (*AddedAccounts, error) {
	text, err := io.ReadAll(accounts)
	if err != nil {
		return nil, err
	}
	var out AddedAccounts
	return &out, c.post(ctx, "/api/v1/accounts:bulk", csvText(text), &out)
}
