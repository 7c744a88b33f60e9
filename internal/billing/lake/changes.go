package lake

import (
	"cmp"
	"context"
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/store"
)

// changed compares a delivery, whose summary lies in stage, with the one that counts now, be it of another export of the account; without
// one there is nothing to compare with.
func (l *Lake) changed(ctx context.Context, d store.Delivery, stage string) (r bursar.Restatement, changes []bursar.Change, err error) {
	var before store.Delivery
	err = l.store.View(ctx, func(tx *store.Tx) (err error) {
		before, err = tx.Counts(d.WorkspaceID, d.ExportID, d.Period)
		return err
	})
	if bursar.CodeOf(err) == bursar.NotFound {
		return r, nil, nil
	}
	if err != nil {
		return r, nil, err
	}
	r = bursar.Restatement{Against: before.ID, Rows: d.Rows - before.Rows, Totals: map[string]bursar.Decimal{}}
	for currency, after := range d.Totals {
		r.Totals[currency] = after.Sub(before.Totals[currency])
	}
	for currency, amount := range before.Totals {
		if _, have := d.Totals[currency]; !have {
			r.Totals[currency] = amount.Neg()
		}
	}
	earlier, err := l.days(ctx, before, l.home(before.Delivery))
	if err != nil {
		return r, nil, err
	}
	later, err := l.days(ctx, d, stage)
	return r, difference(earlier, later), err
}

// days reads a delivery's cost by day and service.
func (l *Lake) days(ctx context.Context, d store.Delivery, home string) ([]bursar.Change, error) {
	var c contents
	if err := json.Unmarshal(d.Contents, &c); err != nil {
		return nil, err
	}
	if c.Summary == nil {
		return nil, nil
	}
	return l.roller.Days(ctx, filepath.Join(home, c.Summary.File))
}

// difference is where two deliveries differ, by day, then service.
func difference(before, after []bursar.Change) []bursar.Change {
	type key struct{ day, service, currency string }
	by := map[key]bursar.Change{}
	for _, c := range before {
		c.Before, c.After = c.After, bursar.Decimal{}
		by[key{c.Day, c.Service, c.Currency}] = c
	}
	for _, c := range after {
		k := key{c.Day, c.Service, c.Currency}
		c.Before = by[k].Before
		by[k] = c
	}
	out := []bursar.Change{}
	for _, c := range by {
		if !c.Before.Equal(c.After) {
			out = append(out, c)
		}
	}
	slices.SortFunc(out, func(a, b bursar.Change) int {
		return cmp.Or(strings.Compare(a.Day, b.Day), strings.Compare(a.Service, b.Service), strings.Compare(a.Currency, b.Currency))
	})
	return out
}

// Changes returns what a delivery changed against the one that counted before it, by day and service; nil where it was the first of
// its period.
func (l *Lake) Changes(ctx context.Context, workspaceID, deliveryID string) (r *bursar.Restatement, changes []bursar.Change, err error) {
	err = l.store.View(ctx, func(tx *store.Tx) error {
		if _, err := tx.Delivery(workspaceID, deliveryID); err != nil {
			return err
		}
		r, changes, err = tx.Changes(workspaceID, deliveryID)
		return err
	})
	return r, changes, err
}

// Reimport makes the next import take in again what AWS has of a delivery's period now, changed or not. It returns the delivery's export.
func (l *Lake) Reimport(ctx context.Context, workspaceID, deliveryID string) (e bursar.Export, err error) {
	err = l.store.InTx(ctx, func(tx *store.Tx) error {
		d, err := tx.Delivery(workspaceID, deliveryID)
		if err != nil {
			return err
		}
		if e, err = tx.Export(workspaceID, d.ExportID); err != nil {
			return err
		}
		return tx.ForgetManifest(workspaceID, d.ExportID, d.Period)
	})
	return e, err
}
