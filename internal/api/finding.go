package api

import (
	"context"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/auth"
	"github.com/bursarhq/bursar/internal/store"
)

// listFindings is the history of what checks saw.
func (a *API) listFindings(ctx context.Context, p auth.Principal, in *struct {
	Account string `path:"account" doc:"The account's id (acc_…) or its 12 digits."`
	Check   string `query:"check" doc:"Only those of this check: assume_role, template_version…"`
	Code    string `query:"code" doc:"Only those with this code."`
	Paging
},
) (*listOutput[bursar.Finding], error) {
	return paged(ctx, a, in.Paging, func(tx *store.Tx, page store.Page) ([]bursar.Finding, string, error) {
		account, err := tx.Account(p.WorkspaceID, in.Account)
		if err != nil {
			return nil, "", err
		}
		return tx.Findings(p.WorkspaceID, account.ID, in.Check, in.Code, page)
	})
}
