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
	page, err := in.page()
	if err != nil {
		return nil, err
	}
	var items []bursar.Finding
	var next string
	err = a.Store.View(ctx, func(tx *store.Tx) error {
		account, err := tx.Account(p.WorkspaceID, in.Account)
		if err != nil {
			return err
		}
		items, next, err = tx.Findings(p.WorkspaceID, account.ID, in.Check, in.Code, page)
		return err
	})
	return listed(items, next), err
}
