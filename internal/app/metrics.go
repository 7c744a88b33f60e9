package app

import (
	"context"
	"net/http"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/billing/export"
	"github.com/bursarhq/bursar/internal/billing/ingest"
	"github.com/bursarhq/bursar/internal/job"
	"github.com/bursarhq/bursar/internal/job/kind"
	"github.com/bursarhq/bursar/internal/metric"
	"github.com/bursarhq/bursar/internal/store"
	"github.com/bursarhq/bursar/internal/tracing"
)

// listenMetrics takes the address of the metrics, when the settings have one.
func (a *App) listenMetrics(ctx context.Context) (err error) {
	if a.config.MetricsAddr == "" {
		return nil
	}
	if a.metricsListener, err = listenAt(ctx, "metrics_addr", a.config.MetricsAddr); err != nil {
		return err
	}
	a.onClose(func() error { return ignoreClosed(a.metricsListener.Close()) })
	return nil
}

// MetricsURL is where the metrics are; "" where they are not served.
func (a *App) MetricsURL() string {
	if a.metricsListener == nil {
		return ""
	}
	return "http://" + a.metricsListener.Addr().String() + "/metrics"
}

// serveMetrics serves the metrics until stop is called, which waits for the end.
func (a *App) serveMetrics(ctx context.Context) (stop func()) {
	if a.metricsListener == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := serveHTTP(ctx, a.metricsListener, a.metrics.Handler(), nil, a.log); err != nil && ctx.Err() == nil {
			a.log.Error("the metrics are not served any more", "error", err)
		}
	}()
	return func() { cancel(); <-ended }
}

// runsNow counts the runs that the state holds.
func (a *App) runsNow(ctx context.Context) (out []metric.RunsNow, err error) {
	err = a.store.View(ctx, func(tx *store.Tx) error {
		all, err := tx.CountRuns()
		for _, n := range all {
			out = append(out, metric.RunsNow(n))
		}
		return err
	})
	return out, err
}

// counted counts the attempts at runs of each kind.
func (a *App) counted(kinds ...job.Kind) []job.Kind {
	for i, k := range kinds {
		kinds[i].Do = func(ctx context.Context, run *job.Live) error {
			start := time.Now()
			err := k.Do(ctx, run)
			a.metrics.Run(k.Name, time.Since(start), err)
			return err
		}
	}
	return kinds
}

// countedImports counts the deliveries that an importer deals with.
type countedImports struct {
	kind.Importer
	metrics *metric.Set
}

// Import imports, and counts.
func (c countedImports) Import(ctx context.Context, cand export.Candidate, b bursar.Bucket, progress func(ingest.Progress)) (bursar.Delivery, error) {
	d, err := c.Importer.Import(ctx, cand, b, progress)
	if err == nil {
		c.metrics.Delivery(d)
	}
	return d, err
}

// countedFace counts the requests of a face that has no routes to tell apart.
func (a *App) countedFace(name string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen, start := metric.Watch(w), time.Now()
		next.ServeHTTP(seen, r)
		a.metrics.Request(r.Method, name, seen.Status(), time.Since(start))
		if name == "console" { // the other says itself which of its routes it was
			tracing.Answered(r.Context(), r.Method, name, "", seen.Status())
		}
	})
}
