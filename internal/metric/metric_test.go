package metric_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/metric"
)

func scrape(s *metric.Set) string {
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	return w.Body.String()
}

func TestEachEventIsCounted(t *testing.T) {
	s := metric.New("1.2.3")
	s.Request("GET", "GET /a/{id}", 200, time.Millisecond)
	s.Request("BREW", "", 404, time.Millisecond)
	s.Run("import", time.Second, bursar.Errorf(bursar.Unavailable, "busy"))
	s.Run("import", time.Second, errors.New("broken"))
	s.Delivery(bursar.Delivery{State: bursar.DeliveryPublished, Rows: 7, SourceBytes: 90})
	s.Delivery(bursar.Delivery{State: bursar.DeliveryRejected, Rows: 5, SourceBytes: 10})
	s.AWSCall("s3:GetObject", "throttled")
	broken := error(nil)
	s.WatchRuns(func(context.Context) ([]metric.RunsNow, error) {
		return []metric.RunsNow{{Kind: "import", State: bursar.RunQueued, Count: 3}}, broken
	})
	got := scrape(s)
	for _, want := range []string{
		`bursar_http_requests_total{method="GET",route="/a/{id}",status="200"} 1`,
		`bursar_http_requests_total{method="other",route="other",status="404"} 1`,
		`bursar_run_attempts_total{kind="import",outcome="unavailable"} 1`,
		`bursar_run_attempts_total{kind="import",outcome="failed"} 1`,
		`bursar_imported_deliveries_total{state="rejected"} 1`,
		`bursar_imported_rows_total 7`, `bursar_imported_bytes_total 90`,
		`bursar_aws_calls_total{action="s3:GetObject",outcome="throttled",service="s3"} 1`,
		`bursar_runs{kind="import",state="queued"} 3`,
	} {
		if !strings.Contains(got, want+"\n") {
			t.Errorf("no line %s in\n%s", want, got)
		}
	}
	broken = errors.New("the state is away")
	if got := scrape(s); strings.Contains(got, "bursar_runs{") || !strings.Contains(got, "bursar_imported_rows_total 7") {
		t.Errorf("without the state, the rest is still told:\n%s", got)
	}
}
