package tracing_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/tracing"
	"github.com/bursarhq/bursar/internal/tracing/tracingtest"
	"go.opentelemetry.io/otel/attribute"
)

func open(t *testing.T, log *slog.Logger, endpoint string, environ ...string) *tracing.Tracer {
	t.Helper()
	s, err := tracing.Read(endpoint, environ)
	if err != nil {
		t.Fatal(err)
	}
	tr, err := tracing.Open(t.Context(), s, "1.2.3", log)
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

func closed(t *testing.T, tr *tracing.Tracer) {
	t.Helper()
	if err := tr.Close(); err != nil {
		t.Error(err)
	}
}

func TestSpansArriveAtACollector(t *testing.T) {
	c := tracingtest.Start(t)
	tr := open(t, slog.New(slog.DiscardHandler), "", "OTEL_EXPORTER_OTLP_ENDPOINT="+c.URL+"/collect", "OTEL_EXPORTER_OTLP_HEADERS=api-key=a%20b, x=y", "OTEL_EXPORTER_OTLP_COMPRESSION=gzip")
	ctx, run := tr.Begin(t.Context(), "run check", attribute.Int("bursar.run.attempt", 2))
	_, inner := tracing.Start(ctx, "check assume_role")
	inner.End(bursar.Errorf(bursar.Conflict, "canary").WithReason("not_deployed"))
	run.End(nil)
	closed(t, tr)
	spans, checks := c.Spans("run check"), c.Spans("check assume_role")
	if len(spans) != 1 || len(checks) != 1 {
		t.Fatalf("there are %v", c.Names())
	}
	if got := spans[0]; got.Has["bursar.run.attempt"] != "2" || got.Resource["service.name"] != "bursar" || got.Resource["service.version"] != "1.2.3" {
		t.Errorf("the run is %v of %v", got.Has, got.Resource)
	}
	if got := checks[0]; !bytes.Equal(got.GetParentSpanId(), spans[0].GetSpanId()) || got.Has["error.type"] != "not_deployed" || got.GetStatus().GetCode() != 2 {
		t.Errorf("the check is %v", got)
	}
	if strings.Contains(c.Text(), "canary") {
		t.Error("the text of an error is in a span")
	}
	r := c.Requests()[0]
	if r.URL.Path != "/collect/v1/traces" || r.Header.Get("api-key") != "a b" || r.Header.Get("x") != "y" || r.Header.Get("Content-Encoding") != "gzip" {
		t.Errorf("it was sent to %s with %v", r.URL.Path, r.Header)
	}
}

func TestABusyCollectorIsAskedAgain(t *testing.T) {
	c := tracingtest.Start(t, http.StatusServiceUnavailable)
	var log bytes.Buffer
	tr := open(t, slog.New(slog.NewTextHandler(&log, nil)), c.URL)
	_, run := tr.Begin(t.Context(), "run")
	run.End(nil)
	closed(t, tr)
	if len(c.Spans("run")) != 1 || len(c.Requests()) != 2 || log.Len() > 0 {
		t.Errorf("%v after %d requests; the log says %s", c.Names(), len(c.Requests()), &log)
	}
}

func TestWhatIsLostIsLogged(t *testing.T) {
	c := tracingtest.Start(t, http.StatusForbidden)
	var log bytes.Buffer
	tr := open(t, slog.New(slog.NewTextHandler(&log, nil)), c.URL, "OTEL_EXPORTER_OTLP_HEADERS=api-key=canary")
	_, run := tr.Begin(t.Context(), "run")
	run.End(nil)
	closed(t, tr)
	if got := log.String(); len(c.Requests()) != 1 || !strings.Contains(got, "403 Forbidden") || strings.Contains(got, "canary") {
		t.Errorf("after %d requests the log says %s", len(c.Requests()), got)
	}
}

func TestRequestsAreNamedByTheirRoute(t *testing.T) {
	c := tracingtest.Start(t)
	var log bytes.Buffer
	tr := open(t, slog.New(slog.DiscardHandler), c.URL)
	lines := tr.Log(slog.New(slog.NewJSONHandler(&log, nil))).With("a", 1).WithGroup("g")
	h := tr.HTTP(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		lines.InfoContext(r.Context(), "answering")
		status := http.StatusOK
		if strings.HasSuffix(r.URL.Path, "/broken") {
			status = http.StatusInternalServerError
		}
		tracing.Answered(r.Context(), r.Method, "/things/{thing}", "request-1", status)
	}))
	const caller = "0af7651916cd43dd8448eb211c80319c"
	for _, path := range []string{"/things/canary?key=canary", "/things/broken", "/healthz", "/readyz"} {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Header.Set("Traceparent", "00-"+caller+"-b7ad6b7169203331-01")
		r.Header.Set("Authorization", "Bearer canary")
		h.ServeHTTP(httptest.NewRecorder(), r)
	}
	closed(t, tr)
	spans := c.Spans("GET /things/{thing}")
	if len(spans) != 2 || len(c.Names()) != 2 {
		t.Fatalf("there are %v", c.Names())
	}
	for i, want := range []map[string]string{
		{"http.request.method": "GET", "http.route": "/things/{thing}", "http.response.status_code": "200", "bursar.request_id": "request-1"},
		{"http.request.method": "GET", "http.route": "/things/{thing}", "http.response.status_code": "500", "bursar.request_id": "request-1"},
	} {
		if got := spans[i]; fmt.Sprint(got.Has) != fmt.Sprint(want) || fmt.Sprintf("%x", got.GetTraceId()) != caller || (got.GetStatus().GetCode() == 2) != (i == 1) {
			t.Errorf("span %d is %v", i, got)
		}
	}
	if !strings.Contains(log.String(), caller) || strings.Contains(c.Text(), "canary") {
		t.Errorf("the log says %s; the spans %q", &log, c.Text())
	}
}

func TestOffIsOff(t *testing.T) {
	for name, environ := range map[string][]string{
		"nothing": nil, "disabled": {"OTEL_EXPORTER_OTLP_ENDPOINT=http://x:1", "OTEL_SDK_DISABLED=true"}, "no exporter": {"OTEL_EXPORTER_OTLP_ENDPOINT=http://x:1", "OTEL_TRACES_EXPORTER=none"},
	} {
		tr := open(t, nil, "", environ...)
		log := slog.New(slog.DiscardHandler)
		if tr != nil || tr.Log(log) != log {
			t.Errorf("%s: it traces", name)
		}
		ctx, span := tr.Begin(t.Context(), "run")
		_, inner := tracing.Start(ctx, "inner")
		inner.End(errors.New("x"))
		span.Set(attribute.Int("n", 1))
		span.End(nil)
		tracing.Answered(context.Background(), "GET", "/", "", 200)
		closed(t, tr)
	}
}

func TestSettingsThatCannotBe(t *testing.T) {
	for _, tt := range []struct{ endpoint, variable, says string }{
		{"localhost:4318", "", "otlp_endpoint"},
		{"", "OTEL_EXPORTER_OTLP_ENDPOINT=collector", "OTEL_EXPORTER_OTLP_ENDPOINT"},
		{"http://x", "OTEL_EXPORTER_OTLP_PROTOCOL=grpc", "http/protobuf"},
		{"http://x", "OTEL_EXPORTER_OTLP_HEADERS=canary", "name=value"},
		{"http://x", "OTEL_EXPORTER_OTLP_TIMEOUT=canary", "milliseconds"},
		{"http://x", "OTEL_EXPORTER_OTLP_CERTIFICATE=canary", "PEM"},
		{"http://x", "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE=canary", "PEM"},
	} {
		_, err := tracing.Read(tt.endpoint, []string{tt.variable})
		if bursar.CodeOf(err) != bursar.Invalid || !strings.Contains(err.Error(), tt.says) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s %s: %v", tt.endpoint, tt.variable, err)
		}
	}
}

func TestTheNearestSettingCounts(t *testing.T) {
	c := tracingtest.Start(t)
	for path, set := range map[string][]string{
		"/own/v1/traces": {c.URL + "/own", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=" + c.URL + "/traces", "OTEL_EXPORTER_OTLP_ENDPOINT=" + c.URL},
		"/traces":        {"", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=" + c.URL + "/traces", "OTEL_EXPORTER_OTLP_ENDPOINT=" + c.URL},
		"/v1/traces":     {"", "OTEL_EXPORTER_OTLP_ENDPOINT=" + c.URL},
	} {
		tr := open(t, slog.New(slog.DiscardHandler), set[0], set[1:]...)
		_, span := tr.Begin(t.Context(), "x")
		span.End(nil)
		closed(t, tr)
		if !slices.ContainsFunc(c.Requests(), func(r *http.Request) bool { return r.URL.Path == path }) {
			t.Errorf("nothing came to %s", path)
		}
	}
}
