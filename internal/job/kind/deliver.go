package kind

import (
	"context"
	"fmt"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/destination"
	"github.com/bursarhq/bursar/internal/job"
	"github.com/bursarhq/bursar/internal/store"
)

// Destinations opens the targets of destinations. The service of destinations does.
type Destinations interface {
	Open(ctx context.Context, d bursar.Destination, runID string) (destination.Target, error)
}

// Deliver delivers to a destination what it does not hold yet. It is safe to run again: what is delivered already is left as it is.
type Deliver struct {
	Store        *store.Store
	Destinations Destinations
	Datasets     []destination.Dataset
	// Delivered is told of each part that was delivered or withdrawn. May be nil.
	Delivered func(d bursar.Destination, h bursar.Handover)
}

// Do does the work of one run. The run's account is the destination's id.
func (k Deliver) Do(ctx context.Context, live *job.Live) error {
	run := live.Run()
	var d bursar.Destination
	var handed []bursar.Handover
	err := k.Store.InTx(ctx, func(tx *store.Tx) (err error) {
		if d, err = tx.Destination(run.WorkspaceID, run.AccountID); err != nil {
			return err
		}
		seen, err := tx.Fingerprint(run.WorkspaceID)
		if err != nil {
			return err
		}
		if err := tx.SetAttempt(run.WorkspaceID, d.ID, seen); err != nil {
			return err
		}
		handed, err = tx.Handed(run.WorkspaceID, d.ID)
		return err
	})
	if err != nil {
		return err
	}
	tell := func(p bursar.Progress) { live.Progress(ctx, p) }
	target, err := k.Destinations.Open(ctx, d, run.ID)
	if err != nil {
		return err
	}
	defer target.Close()
	if err := k.check(ctx, target, &d, tell); err != nil {
		return err
	}
	return k.deliver(ctx, target, d, run, handed, tell)
}

// check looks before the first delivery. What it finds wrong ends the run.
func (k Deliver) check(ctx context.Context, t destination.Target, d *bursar.Destination, tell func(bursar.Progress)) error {
	if d.Usable() {
		return nil
	}
	tell(bursar.Progress{Step: "looking whether it can be delivered to"})
	found := t.Check(ctx)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err := k.Store.InTx(ctx, func(tx *store.Tx) error { return tx.SetChecks(*d, found) }); err != nil {
		return err
	}
	for _, p := range found {
		if p.Status == bursar.StatusFailed {
			code := bursar.Invalid
			if p.Passing {
				code = bursar.Unavailable
			}
			return bursar.Errorf(code, "%s: %s", p.Check, p.Message).WithReason(p.Code).WithHint("%s", p.Remedy)
		}
	}
	return nil
}

func (k Deliver) deliver(ctx context.Context, t destination.Target, d bursar.Destination, run bursar.Run, handed []bursar.Handover, tell func(bursar.Progress)) error {
	var rows int64
	left, began := 0, time.Now()
	parts := 0
	err := destination.Run(ctx, t, destination.Plan{
		WorkspaceID: run.WorkspaceID, Datasets: k.wanted(d), Full: d.Full, Run: run.ID, Delivered: manifests(d, handed),
		Unchanged: func(n int) { left += n },
		Began: func(p *destination.Part, done, total int) {
			tell(bursar.Progress{Step: fmt.Sprintf("%s of %s, %s", p.Dataset, p.Period, p.Source), Done: int64(done), Total: int64(total), Unit: "parts", Rows: rows, RowsPerSecond: speed(rows, began)})
		},
		Delivery: func(m destination.Manifest, withdrawn bool) error {
			h := handover(d, run, m, withdrawn)
			rows += h.Rows
			parts++
			if k.Delivered != nil {
				k.Delivered(d, h)
			}
			return k.Store.InTx(ctx, func(tx *store.Tx) error { return tx.AddHandover(h) })
		},
	})
	if err != nil {
		return err
	}
	step := fmt.Sprintf("%d delivered, %d unchanged", parts, left)
	tell(bursar.Progress{Step: step, Done: int64(parts), Total: int64(parts), Unit: "parts", Rows: rows, RowsPerSecond: speed(rows, began)})
	return nil
}

func speed(rows int64, since time.Time) int64 {
	if s := time.Since(since).Seconds(); s > 0.1 {
		return int64(float64(rows) / s)
	}
	return 0
}

func (k Deliver) wanted(d bursar.Destination) (out []destination.Dataset) {
	for _, set := range k.Datasets {
		for _, name := range d.Datasets {
			if set.Name() == name {
				out = append(out, set)
			}
		}
	}
	return out
}

// manifests are what bursar remembers of a destination, for one that cannot be asked.
func manifests(d bursar.Destination, handed []bursar.Handover) (out []destination.Manifest) {
	for _, h := range handed {
		out = append(out, destination.Manifest{
			Destination: d.ID, Key: destination.Key{Dataset: h.Dataset, Source: h.Source, Period: h.Period}, Version: h.Version, Run: h.RunID, Rows: h.Rows, Totals: h.Totals, DeliveredAt: h.At,
		})
	}
	return out
}

func handover(d bursar.Destination, run bursar.Run, m destination.Manifest, withdrawn bool) bursar.Handover {
	h := bursar.Handover{
		WorkspaceID: d.WorkspaceID, DestinationID: d.ID, RunID: run.ID, Dataset: m.Dataset, Source: m.Source, Period: m.Period, Version: m.Version, Withdrawn: withdrawn,
	}
	if !withdrawn {
		h.Rows, h.Totals = m.Rows, m.Totals
		for _, f := range m.Files {
			h.Bytes += f.Bytes
		}
	}
	return h
}
