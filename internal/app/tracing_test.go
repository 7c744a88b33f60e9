package app_test

import (
	"encoding/hex"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/client"
	"github.com/bursarhq/bursar/internal/app"
	"github.com/bursarhq/bursar/internal/tracing"
	"github.com/bursarhq/bursar/internal/tracing/tracingtest"
)

// TestTracesTellWhatTimeIsSpentOn registers, checks, imports and asks, and looks at what a collector got of it.
func TestTracesTellWhatTimeIsSpentOn(t *testing.T) {
	t.Setenv("OTEL_BSP_SCHEDULE_DELAY", "10") // the SDK's own variable: batches leave after 10 ms
	c := tracingtest.Start(t)
	l := newLand(t, func(conf *app.Config) {
		var err error
		if conf.Tracing, err = tracing.Read("", []string{"OTEL_EXPORTER_OTLP_ENDPOINT=" + c.URL}); err != nil {
			t.Fatal(err)
		}
	})
	a := l.connect(lone)
	l.choose(lone, bursar.ExportChoice{Existing: must[*client.Candidates](t)(l.AccountExports(t.Context(), lone)).Items[0].Definition.Export.ARN})
	l.open(lone, "export")
	l.confirm(lone)
	l.bring(lone)
	must[*client.Costs](t)(l.Costs(t.Context(), client.Question{}))
	_, _ = l.Account(t.Context(), "999999999999")
	get := func(path string) {
		r := must[*http.Request](t)(http.NewRequestWithContext(t.Context(), http.MethodGet, l.app.URL()+path, nil))
		r.Header.Set("Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
		must[*http.Response](t)(http.DefaultClient.Do(r)).Body.Close()
	}
	get("/user/me?key=" + l.app.Owner.Reveal())
	get("/api/v1/accounts/" + l.app.Owner.Reveal())
	get("/" + l.app.Owner.Reveal())
	get("/healthz")
	for len(c.Spans("GET console")) == 0 && t.Context().Err() == nil { // its span may end after its answer
		if err := l.app.Traced(); err != nil {
			t.Fatal(err)
		}
	}

	for name, has := range map[string]map[string]string{
		"POST /api/v1/accounts":          {"http.response.status_code": "201", "http.route": "/api/v1/accounts"},
		"GET /api/v1/accounts/{account}": {"http.response.status_code": "404"},
		"GET /user/me":                   {"http.response.status_code": "401"},
		"GET console":                    {"http.request.method": "GET"},
		"run check":                      {"bursar.run.kind": "check", "bursar.run.attempt": "1"},
		"check assume_role":              {"bursar.finding.status": "ok"},
		"aws sts:AssumeRole":             {"rpc.service": "STS", "rpc.method": "AssumeRole", "cloud.region": "us-east-1", "aws.attempts": "1", "error.type": "AccessDenied"},
		"run import":                     {"bursar.run.kind": "import"},
		"import":                         {"bursar.delivery.state": "published"},
		"publish":                        {},
		"question":                       {},
	} {
		if !slices.ContainsFunc(c.Spans(name), func(s tracingtest.Span) bool { return holds(s.Has, has) }) {
			t.Errorf("no span %q has %v: %v", name, has, c.Spans(name))
		}
	}
	below(t, c, "run import", "import", "publish")
	below(t, c, "run check", "check external_id_required", "aws sts:AssumeRole")
	below(t, c, "GET /api/v1/costs", "question")
	if im := c.Spans("import"); len(im) == 0 || im[0].Has["bursar.rows"] == "0" || im[0].Has["bursar.bytes"] == "0" {
		t.Errorf("the imports are %v", im)
	}
	if got := c.Names(); slices.ContainsFunc(got, func(n string) bool { return strings.Contains(n, "healthz") }) {
		t.Errorf("health is traced: %v", got)
	}
	for what, secret := range map[string]string{"the owner's key": l.app.Owner.Reveal(), "an external id": a.ExternalID, "an AWS secret": l.aws.Cloud().BursarKey().Secret.Reveal(), "an account id": lone} {
		if strings.Contains(c.Text(), secret) {
			t.Errorf("the traces hold %s", what)
		}
	}
	logged(t, l, c)
}

func holds(has, want map[string]string) bool {
	for k, v := range want {
		if has[k] != v {
			return false
		}
	}
	return true
}

// below wants a chain of spans, each under the one before it.
func below(t *testing.T, c *tracingtest.Collector, names ...string) {
	t.Helper()
	within := map[string]bool{}
	for i, name := range names {
		next := map[string]bool{}
		for _, s := range c.Spans(name) {
			if i == 0 || within[string(s.GetParentSpanId())] {
				next[string(s.GetSpanId())] = true
			}
		}
		if within = next; len(within) == 0 {
			t.Errorf("there is no %s", strings.Join(names[:i+1], " > "))
		}
	}
}

// logged wants the line of each request to name its trace.
func logged(t *testing.T, l land, c *tracingtest.Collector) {
	t.Helper()
	ids := map[string]string{} // request's to trace's
	for _, name := range c.Names() {
		for _, s := range c.Spans(name) {
			if id := s.Has["bursar.request_id"]; id != "" {
				ids[id] = hex.EncodeToString(s.GetTraceId())
			}
		}
	}
	compared := 0
	for line := range strings.Lines(l.log.String()) {
		var entry struct {
			RequestID string `json:"request_id"`
			TraceID   string `json:"trace_id"`
			Msg       string
		}
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			t.Errorf("%s: %v", line, err)
		}
		if entry.Msg == "request" && ids[entry.RequestID] != "" {
			compared++
			if ids[entry.RequestID] != entry.TraceID {
				t.Errorf("the trace is %s, the log says %s", ids[entry.RequestID], line)
			}
		}
	}
	if compared < 5 {
		t.Errorf("%d lines of the log were compared", compared)
	}
}
