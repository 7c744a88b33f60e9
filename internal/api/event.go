package api

import (
	"context"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/auth"
	"github.com/bursarhq/bursar/internal/store"
)

func (a *API) listEvents(ctx context.Context, p auth.Principal, in *struct{ Paging }) (*listOutput[bursar.Event], error) {
	return a.events(ctx, p, "", in.Paging)
}

func (a *API) listAccountEvents(ctx context.Context, p auth.Principal, in *struct {
	Account string `path:"account" doc:"The account's id (acc_…) or its 12 digits."`
	Paging
},
) (*listOutput[bursar.Event], error) {
	found, _, err := a.account(ctx, p, in.Account) // "" would mean every account
	if err != nil {
		return nil, err
	}
	return a.events(ctx, p, found.ID, in.Paging)
}

func (a *API) events(ctx context.Context, p auth.Principal, account string, paging Paging) (*listOutput[bursar.Event], error) {
	return paged(ctx, a, paging, func(tx *store.Tx, page store.Page) ([]bursar.Event, string, error) {
		id, err := known(tx, p, account)
		if err != nil {
			return nil, "", err
		}
		return tx.Events(p.WorkspaceID, id, page)
	})
}
