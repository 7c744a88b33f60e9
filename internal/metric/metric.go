// Package metric counts what bursar does, for Prometheus. No label holds an account, a workspace, a path with an id in it or a secret: each has a
// small set of values that the code decides.
package metric

import (
	"context"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Set is every metric of one server. It is safe for concurrent use.
type Set struct {
	registry *prometheus.Registry

	requests  *prometheus.CounterVec
	durations *prometheus.HistogramVec
	runs      *prometheus.CounterVec
	runTimes  *prometheus.HistogramVec
	rows      prometheus.Counter
	bytes     prometheus.Counter
	imports   *prometheus.CounterVec
	aws       *prometheus.CounterVec

	paid      *prometheus.CounterVec
	dollars   *prometheus.CounterVec
	handovers *prometheus.CounterVec
	handed    *prometheus.CounterVec
}

// New makes the metrics of a server of this version.
func New(version string) *Set {
	s := &Set{
		registry:  prometheus.NewRegistry(),
		requests:  counters("bursar_http_requests_total", "Requests answered, by face, route and status.", "route", "method", "status"),
		durations: durations("bursar_http_request_duration_seconds", "How long requests took, by route.", []float64{.005, .02, .1, .5, 2, 10, 60}, "route", "method"),
		runs:      counters("bursar_run_attempts_total", "Attempts at runs that ended, by kind and by how.", "kind", "outcome"),
		runTimes:  durations("bursar_run_duration_seconds", "How long attempts at runs took, by kind.", []float64{.1, 1, 10, 60, 600, 3600}, "kind"),
		imports:   counters("bursar_imported_deliveries_total", "Deliveries of bills that were dealt with, by what became of them.", "state"),
		rows:      prometheus.NewCounter(prometheus.CounterOpts{Name: "bursar_imported_rows_total", Help: "Line items in the deliveries that were published."}),
		bytes:     prometheus.NewCounter(prometheus.CounterOpts{Name: "bursar_imported_bytes_total", Help: "Bytes of the files of the deliveries that were published, as AWS delivers them."}),
		aws:       counters("bursar_aws_calls_total", "Calls to AWS, each counted once however often it was tried, by IAM action and outcome.", "service", "action", "outcome"),
	}
	s.paid = counters("bursar_cost_requests_total", "Requests to Cost Explorer, each attempt at each page, by operation and by what became of it.", "operation", "state")
	s.dollars = counters("bursar_cost_requests_usd_total", "What those requests cost by AWS's price list, in US dollars.", "operation")
	s.handovers = counters("bursar_delivered_parts_total", "Parts that were delivered to destinations or withdrawn, by the destination's kind.", "kind", "outcome")
	s.handed = counters("bursar_delivered_rows_total", "Rows that were delivered, by the destination's kind.", "kind")
	build := prometheus.NewGauge(prometheus.GaugeOpts{Name: "bursar_build_info", Help: "Always 1; the labels say which build this is.", ConstLabels: prometheus.Labels{"version": version, "go": runtime.Version()}})
	build.Set(1)
	s.registry.MustRegister(s.requests, s.durations, s.runs, s.runTimes, s.imports, s.rows, s.bytes, s.aws, s.paid, s.dollars, s.handovers, s.handed, build,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return s
}

func counters(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
}

func durations(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets}, labels)
}

// Handler answers GET /metrics.
func (s *Set) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(s.registry, promhttp.HandlerOpts{}))
	return mux
}

// CostRequest counts a line of the ledger of paid requests.
func (s *Set) CostRequest(operation, state string, usd bursar.Decimal) {
	s.paid.WithLabelValues(operation, state).Inc()
	if dollars, err := strconv.ParseFloat(usd.String(), 64); err == nil { // Prometheus counts in floats; the ledger is exact
		s.dollars.WithLabelValues(operation).Add(dollars)
	}
}

// Request counts an answered request. pattern is the route that matched, as [http.Request.Pattern] has it; "" is counted as "other".
func (s *Set) Request(method, pattern string, status int, took time.Duration) {
	route := pattern
	if _, path, ok := strings.Cut(pattern, " "); ok {
		route = path
	}
	if route == "" {
		route = "other"
	}
	method = knownMethod(method)
	s.requests.WithLabelValues(route, method, strconv.Itoa(status)).Inc()
	s.durations.WithLabelValues(route, method).Observe(took.Seconds())
}

// knownMethod keeps callers from making up labels.
func knownMethod(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return m
	}
	return "other"
}

// Run counts an attempt at a run that ended with err: nil is a success.
func (s *Set) Run(kind string, took time.Duration, err error) {
	outcome := "succeeded"
	switch {
	case err == nil:
	case bursar.CodeOf(err) == bursar.Unavailable:
		outcome = "unavailable"
	default:
		outcome = "failed"
	}
	s.runs.WithLabelValues(kind, outcome).Inc()
	s.runTimes.WithLabelValues(kind).Observe(took.Seconds())
}

// Delivery counts a delivery that was dealt with.
func (s *Set) Delivery(d bursar.Delivery) {
	s.imports.WithLabelValues(string(d.State)).Inc()
	if d.State == bursar.DeliveryPublished {
		s.rows.Add(float64(d.Rows))
		s.bytes.Add(float64(d.SourceBytes))
	}
}

// Delivered counts a part that was delivered to a destination, or withdrawn.
func (s *Set) Delivered(d bursar.Destination, h bursar.Handover) {
	outcome := "delivered"
	if h.Withdrawn {
		outcome = "withdrawn"
	}
	s.handovers.WithLabelValues(string(d.Kind), outcome).Inc()
	s.handed.WithLabelValues(string(d.Kind)).Add(float64(h.Rows))
}

// AWSCall counts a call to AWS: action is the IAM action ("s3:GetObject"), outcome "ok" or the class of its error.
func (s *Set) AWSCall(action, outcome string) {
	service, _, _ := strings.Cut(action, ":")
	s.aws.WithLabelValues(service, action, outcome).Inc()
}

// RunsNow is how many runs of a kind are in a state.
type RunsNow struct {
	Kind  string
	State bursar.RunState
	Count int64
}

// WatchRuns shows how many runs there are, as count says at each scrape. When it fails, the scrape goes without them.
func (s *Set) WatchRuns(count func(context.Context) ([]RunsNow, error)) {
	s.registry.MustRegister(&runCollector{count})
}

var runsNow = prometheus.NewDesc("bursar_runs", "Runs that are kept, by kind and state.", []string{"kind", "state"}, nil)

type runCollector struct {
	count func(context.Context) ([]RunsNow, error)
}

// Describe names the metric.
func (r *runCollector) Describe(out chan<- *prometheus.Desc) { out <- runsNow }

// Collect asks for the numbers.
func (r *runCollector) Collect(out chan<- prometheus.Metric) {
	const longest = 5 * time.Second
	ctx, cancel := context.WithTimeout(context.Background(), longest)
	defer cancel()
	runs, err := r.count(ctx)
	if err != nil {
		return
	}
	for _, n := range runs {
		out <- prometheus.MustNewConstMetric(runsNow, prometheus.GaugeValue, float64(n.Count), n.Kind, string(n.State))
	}
}
