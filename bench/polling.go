package main

import (
	"context"
	"errors"
	"io"
	"iter"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/billing/export"
	"github.com/bursarhq/bursar/internal/job"
	"github.com/bursarhq/bursar/internal/job/kind"
)

const pollLimit = 50 * time.Millisecond

// pollUnchanged measures an import run that finds nothing new, in a month that is open.
func (b *bench) pollUnchanged(ctx context.Context) error {
	d, err := b.bills(ctx, b.month())
	if err != nil {
		return err
	}
	c, err := measure(ctx, "poll", b.folder("poll"), d.Dir)
	if err != nil {
		return err
	}
	b.table.judge("poll of an unchanged export, requests", "1 per open period", c.Out["requests"] == 1, "%.0f for 1 open period", c.Out["requests"])
	b.table.judge("  work, median of 50", "at most 50 ms", c.Out["seconds"] <= pollLimit.Seconds(), "%.2f ms, without the network", 1000*c.Out["seconds"])
	return nil
}

// poll is a task: it imports a bill and then, fifty times, finds that nothing is new, by the run that the server would do.
func poll(ctx context.Context, args []string) (map[string]float64, error) {
	h, err := openHome(ctx, args[0])
	if err != nil {
		return nil, err
	}
	defer h.close()
	d, err := readDelivered(args[1])
	if err != nil {
		return nil, err
	}
	folder, err := export.OpenFolder(d.Dir)
	if err != nil {
		return nil, err
	}
	defer folder.Close()
	bucket := &metered{Bucket: folder}
	run, stop, err := h.runs(ctx, bucket, func() time.Time { return midMonth(d.Period) })
	if err != nil {
		return nil, err
	}
	defer stop()
	if _, err := run(); err != nil { // imports
		return nil, err
	}
	return unchanged(run, bucket)
}

func unchanged(run func() (time.Duration, error), bucket *metered) (map[string]float64, error) {
	const times = 50
	bucket.requests.Store(0)
	var took []time.Duration
	for range times {
		t, err := run()
		if err != nil {
			return nil, err
		}
		took = append(took, t)
	}
	slices.Sort(took)
	return map[string]float64{"requests": float64(bucket.requests.Load()) / times, "seconds": median(took).Seconds()}, nil
}

// runs returns what does one import run for the home's account and says how long its work took.
func (h *home) runs(ctx context.Context, bucket bursar.Bucket, now func() time.Time) (run func() (time.Duration, error), stop func(), err error) {
	type end struct {
		took time.Duration
		err  error
	}
	ended := make(chan end, 1)
	work := kind.Import{Store: h.store, Lake: h.lake, Now: now, Open: func(context.Context, bursar.Account, bursar.Export) (bursar.Bucket, error) { return bucket, nil }}
	r := job.New(h.store, slog.New(slog.DiscardHandler), 1, job.Kind{Name: "import", Do: func(ctx context.Context, live *job.Live) error {
		began := time.Now()
		err := work.Do(ctx, live)
		ended <- end{time.Since(began), err}
		return err
	}})
	last := ""
	run = func() (time.Duration, error) {
		if err := h.enqueueAfter(ctx, r, &last); err != nil {
			return 0, err
		}
		select {
		case e := <-ended:
			return e.took, e.err
		case <-ctx.Done():
			return 0, errors.Join(errors.New("interrupted"), ctx.Err())
		}
	}
	return run, r.Stop, r.Start(ctx)
}

// enqueueAfter enqueues a run once the last one has been put away: until then that one would be answered with.
func (h *home) enqueueAfter(ctx context.Context, r *job.Runner, last *string) error {
	for {
		run, err := r.Enqueue(ctx, h.export.WorkspaceID, "import", h.export.AccountID)
		if err != nil || run.ID != *last {
			*last = run.ID
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Millisecond):
		}
	}
}

// metered counts requests.
type metered struct {
	bursar.Bucket
	requests atomic.Int64
}

func (m *metered) List(ctx context.Context, prefix string) iter.Seq2[bursar.Object, error] {
	m.requests.Add(1)
	return m.Bucket.List(ctx, prefix)
}

func (m *metered) Get(ctx context.Context, key, ifNoneMatch string) (bursar.Object, io.ReadCloser, error) {
	m.requests.Add(1)
	return m.Bucket.Get(ctx, key, ifNoneMatch)
}
