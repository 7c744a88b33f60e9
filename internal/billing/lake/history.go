package lake

import (
	"context"
	"os"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/store"
)

// Collect removes the files of superseded deliveries beyond those that are kept of each period, unless a reader holds them: those go next time.
func (l *Lake) Collect(ctx context.Context, workspaceID, exportID string, p bursar.Period) error {
	gone, err := l.forget(ctx, workspaceID, exportID, p)
	if err != nil {
		return err
	}
	for _, d := range gone {
		if err := os.RemoveAll(l.home(d.Delivery)); err != nil {
			return err
		}
	}
	return nil
}

// forget records that deliveries' files are gone before they go: a crash between leaves files that the next Open removes. What a delivery
// was, and what it changed, stays known.
func (l *Lake) forget(ctx context.Context, workspaceID, exportID string, p bursar.Period) (gone []store.Delivery, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	err = l.store.InTx(ctx, func(tx *store.Tx) error {
		all, err := tx.DeliveriesOfPeriod(workspaceID, exportID, p)
		if err != nil {
			return err
		}
		kept := 0
		for _, d := range all {
			if d.State != bursar.DeliverySuperseded || !d.CollectedAt.IsZero() {
				continue
			}
			if kept++; kept <= l.options.Keep || l.leases[d.ID] > 0 {
				continue
			}
			if err := tx.CollectDelivery(workspaceID, d.ID); err != nil {
				return err
			}
			gone = append(gone, d)
			delete(l.known, d.ID)
		}
		return nil
	})
	return gone, err
}

// Republish makes a superseded delivery count again: a roll back, in one transaction.
func (l *Lake) Republish(ctx context.Context, workspaceID, deliveryID string) (d bursar.Delivery, err error) {
	err = l.store.InTx(ctx, func(tx *store.Tx) error {
		full, err := tx.Republish(workspaceID, deliveryID)
		d = full.Delivery
		return err
	})
	return d, err
}

// recordsShown bounds the deliveries that Records gives.
const recordsShown = 10_000

// Records gives what bursar remembers of a workspace, for SQL: accounts, exports, and the newest deliveries.
func (l *Lake) Records(ctx context.Context, workspaceID string) (accounts []bursar.Account, exports []bursar.Export, deliveries []bursar.Delivery, err error) {
	err = l.store.View(ctx, func(tx *store.Tx) error {
		if accounts, _, err = tx.Accounts(workspaceID, store.Page{Limit: recordsShown}); err != nil {
			return err
		}
		if exports, err = tx.Exports(workspaceID, ""); err != nil {
			return err
		}
		kept, _, err := tx.Deliveries(workspaceID, "", store.Page{Limit: recordsShown})
		for _, d := range kept {
			deliveries = append(deliveries, d.Delivery)
		}
		return err
	})
	return accounts, exports, deliveries, err
}
