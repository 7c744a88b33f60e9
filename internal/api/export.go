package api

import (
	"context"
	"errors"

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
	if err != nil {
		return nil, err
	}
	overlaps, err := a.Lake.Overlaps(ctx, p.WorkspaceID)
	for i, e := range exports {
		exports[i].Overlaps = overlaps[e.ID]
	}
	return listed(exports, ""), err
}

type exportPath struct {
	Export string `path:"export" doc:"The export's id (exp_…)."`
}

type exportOutput struct{ Body bursar.Export }

func (a *API) preferExport(ctx context.Context, p auth.Principal, in *exportPath) (*exportOutput, error) {
	if err := a.Lake.Prefer(ctx, p.WorkspaceID, in.Export); err != nil {
		return nil, err
	}
	overlaps, err := a.Lake.Overlaps(ctx, p.WorkspaceID)
	if err != nil {
		return nil, err
	}
	var out exportOutput
	accounts := map[string]bool{} // whose findings tell of the overlap
	err = a.Store.View(ctx, func(tx *store.Tx) (err error) {
		out.Body, err = tx.Export(p.WorkspaceID, in.Export)
		accounts[out.Body.AccountID] = true
		for _, o := range overlaps[in.Export] {
			other, failed := tx.Export(p.WorkspaceID, o.ExportID)
			err = errors.Join(err, failed)
			accounts[other.AccountID] = true
		}
		return err
	})
	for id := range accounts {
		if err == nil {
			_, err = a.Runs.Enqueue(ctx, p.WorkspaceID, KindImport, id)
		}
	}
	out.Body.Overlaps = overlaps[in.Export]
	return &out, err
}

func (a *API) listDeliveries(ctx context.Context, p auth.Principal, in *struct {
	Export string `query:"export_id" doc:"Only those of this export: its id (exp_…)."`
	Paging
},
) (*listOutput[bursar.Delivery], error) {
	return paged(ctx, a, in.Paging, func(tx *store.Tx, page store.Page) ([]bursar.Delivery, string, error) {
		if in.Export != "" {
			if _, err := tx.Export(p.WorkspaceID, in.Export); err != nil {
				return nil, "", err
			}
		}
		kept, next, err := tx.Deliveries(p.WorkspaceID, in.Export, page)
		return each(kept, func(d store.Delivery) bursar.Delivery { return d.Delivery }), next, err
	})
}

type deliveryPath struct {
	Delivery string `path:"delivery" doc:"The delivery's id (dlv_…)."`
}

type deliveryOutput struct{ Body bursar.Delivery }

func (a *API) getDelivery(ctx context.Context, p auth.Principal, in *deliveryPath) (*deliveryOutput, error) {
	var out deliveryOutput
	err := a.Store.View(ctx, func(tx *store.Tx) error {
		d, err := tx.Delivery(p.WorkspaceID, in.Delivery)
		if err != nil {
			return err
		}
		out.Body = d.Delivery
		out.Body.Changed, _, err = tx.Changes(p.WorkspaceID, in.Delivery)
		return err
	})
	return &out, err
}

// DeliveryChanges is what a delivery changed against the one that counted before it.
type DeliveryChanges struct {
	Changed *bursar.Restatement `json:"changed,omitempty" doc:"In all. Absent when the delivery was the first of its period."`
	Items   []bursar.Change     `json:"items" doc:"By day, then service: what differs, and nothing else."`
}

type deliveryChangesOutput struct{ Body DeliveryChanges }

func (a *API) deliveryChanges(ctx context.Context, p auth.Principal, in *deliveryPath) (*deliveryChangesOutput, error) {
	changed, items, err := a.Lake.Changes(ctx, p.WorkspaceID, in.Delivery)
	if items == nil {
		items = []bursar.Change{}
	}
	return &deliveryChangesOutput{DeliveryChanges{changed, items}}, err
}

func (a *API) rollBack(ctx context.Context, p auth.Principal, in *deliveryPath) (*deliveryOutput, error) {
	d, err := a.Lake.Republish(ctx, p.WorkspaceID, in.Delivery)
	return &deliveryOutput{d}, err
}

func (a *API) reimport(ctx context.Context, p auth.Principal, in *deliveryPath) (*startedOutput, error) {
	e, err := a.Lake.Reimport(ctx, p.WorkspaceID, in.Delivery)
	if err != nil {
		return nil, err
	}
	return a.start(ctx, p, KindImport, e.AccountID)
}
