package app_test

import (
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/bursarhq/bursar/client"
	"github.com/bursarhq/bursar/internal/app"
)

func (l land) metrics() string {
	l.Helper()
	resp := must[*http.Response](l.T)(http.Get(l.app.MetricsURL()))
	defer resp.Body.Close()
	body := must[[]byte](l.T)(io.ReadAll(resp.Body))
	if resp.StatusCode != http.StatusOK {
		l.Fatalf("/metrics answers %s: %s", resp.Status, body)
	}
	return string(body)
}

func TestMetricsTellWhatHappenedAndNothingAboutWhom(t *testing.T) {
	l := newLand(t, func(c *app.Config) { c.MetricsAddr = "127.0.0.1:0" })
	a := l.register(client.NewAccount{AccountID: payer, Name: "Example Corp"})
	l.open(payer, "access")
	l.confirm(payer)
	for _, path := range []string{"/api/v1/no-such-thing/" + payer, "/user/me", "/"} {
		resp := must[*http.Response](t)(http.Get(l.app.URL() + path))
		resp.Body.Close()
	}
	got := l.metrics()
	for _, want := range []string{
		`bursar_http_requests_total\{method="POST",route="/api/v1/accounts",status="201"\} 1`,
		`bursar_http_requests_total\{method="GET",route="/api/v1/accounts/\{account\}/setup",status="200"\} [1-9]`,
		`bursar_http_requests_total\{method="GET",route="cloudcraft",status="401"\} 1`,
		`bursar_http_requests_total\{method="GET",route="console",status="[0-9]+"\} 1`,
		`bursar_http_request_duration_seconds_count\{method="POST",route="/api/v1/accounts"\} 1`,
		`bursar_run_attempts_total\{kind="check",outcome="succeeded"\} [1-9]`,
		`bursar_runs\{kind="check",state="succeeded"\} [1-9]`,
		`bursar_aws_calls_total\{action="sts:AssumeRole",outcome="ok",service="sts"\} [1-9]`,
		`bursar_aws_calls_total\{action="sts:AssumeRole",outcome="not_deployed",service="sts"\} [1-9]`,
		`bursar_build_info\{go="go[^"]+",version="[^"]+"\} 1`, `go_goroutines [1-9]`,
	} {
		if !regexp.MustCompile(`(?m)^` + want).MatchString(got) {
			t.Errorf("no line like %s", want)
		}
	}
	for what, secret := range map[string]string{"an account id": payer, "a record's id": a.ID, "an external id": a.ExternalID, "a key": l.app.Owner.Reveal()} {
		if strings.Contains(got, secret) {
			t.Errorf("the metrics hold %s", what)
		}
	}
	if t.Failed() {
		t.Log(got)
	}
}

func TestMetricsAreOffUntilTheyHaveAnAddress(t *testing.T) {
	l := newLand(t)
	if l.app.MetricsURL() != "" {
		t.Error("they are served at " + l.app.MetricsURL())
	}
	resp := must[*http.Response](t)(http.Get(l.app.URL() + "/metrics"))
	defer resp.Body.Close()
	if body := must[[]byte](t)(io.ReadAll(resp.Body)); strings.Contains(string(body), "bursar_build_info") {
		t.Error("the address of the API serves them")
	}
}
