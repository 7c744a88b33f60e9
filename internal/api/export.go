package api

import (
	"context"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/auth"
	"github.com/bursarhq/bursar/internal/store"
)

func (a *API) listExports(ctx context.Context, p auth.Principal, in *struct {
	Account string `query:"account" doc:"Only those of this account: its id (acc_…) or its 12 digits."`
},
) (*listOutput[bursar.Export], error) {
	var exports []bursar.Export
	err := a.Store.View(ctx, func(tx *store.Tx) error {
		account, err := known(tx, p, in.Account)
		if err != nil {
			return err
		}
		exports, err = tx.Exports(p.WorkspaceID, account)
		return err
	})
	return listed(exports, ""), err
}

func (a *API) listDeliveries(ctx context.Context, p auth.Principal, in *struct {
	Export string `query:"export_id" doc:"Only those of this export: its id (exp_…)."`
	Paging
},
) (*listOutput[bursar.Delivery], error) {
	page, err := in.page()
	if err != nil {
		return nil, err
	}
	var deliveries []bursar.Delivery
	var next string
	err = a.Store.View(ctx, func(tx *store.Tx) error {
		if in.Export != "" {
			if _, err := tx.Export(p.WorkspaceID, in.Export); err != nil {
				return err
			}
		}
		kept, after, err := tx.Deliveries(p.WorkspaceID, in.Export, page)
		for _, d := range kept {
			deliveries = append(deliveries, d.Delivery)
		}
		next = after
		return err
	})
	return listed(deliveries, next), err
}
