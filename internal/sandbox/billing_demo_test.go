package sandbox_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/bcmdataexports"
	cur "github.com/aws/aws-sdk-go-v2/service/costandusagereportservice"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/deploy"
	"github.com/bursarhq/bursar/internal/sandbox"
)

// exportLink is a link that opens the create-stack page with the shipped export template.
func exportLink(t testing.TB, s *sandbox.Sandbox, values map[string]string) string {
	t.Helper()
	templates := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := deploy.Template(path.Base(r.URL.Path))
		if err != nil {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write(body)
	}))
	t.Cleanup(templates.Close)
	q := url.Values{"templateURL": {templates.URL + "/" + deploy.Export}, "stackName": {"bursar-export"}}
	for k, v := range values {
		q.Set("param_"+k, v)
	}
	return s.URL() + "/console/cloudformation/home?region=us-east-1#/stacks/create/review?" + q.Encode()
}

func exportParameters(account string) map[string]string {
	return map[string]string{
		"ExternalId": id, "Principal": own, "PrincipalArn": "arn:aws:iam::" + own + ":user/bursar", "RoleName": "bursar-reader", "ExpectedAccountId": account,
	}
}

// TestTheDemosExport does what the demo does: the payer opens the link, and after some hours bursar reads six months
// with the role that the stack has made.
func TestTheDemosExport(t *testing.T) {
	s := start(t)
	st, err := s.CreateStackFromLink(t.Context(), exportLink(t, s, exportParameters(payer)), payer)
	if err != nil || st.Status != "CREATE_COMPLETE" {
		t.Fatalf("%v %s %v", err, st.Status, st.Events)
	}
	x := listed(t, s, "bursar-cur2")
	began := time.Now()
	s.Cloud().Clock.Advance(9 * time.Hour)
	took := time.Since(began)
	deliveries := s.Billing().Deliveries(x.ARN)
	var rows int64
	for _, d := range deliveries {
		rows += d.Truth.Rows
	}
	t.Logf("%d months with %d line items in %s", len(deliveries), rows, took)
	if len(deliveries) != 6 || rows < 200_000 || rows > 500_000 {
		t.Errorf("%d months with %d line items", len(deliveries), rows)
	}
	reader := buckets(session(t, s, "arn:aws:iam::"+payer+":role/bursar/bursar-reader", id))
	agree(t, s, reader, x, july)
	if _, err := object(t, reader, x.Bucket, "other/"+x.Name); code(err) != "AccessDenied" {
		t.Errorf("the role reads beyond its export: %v", err)
	}
	got, err := bcmdataexports.NewFromConfig(asAdmin(t, s, payer)).GetExport(t.Context(), &bcmdataexports.GetExportInput{ExportArn: &x.ARN})
	if err != nil || got.ExportStatus.StatusCode != "HEALTHY" || !got.ExportStatus.LastRefreshedAt.Equal(epoch.Add(8*time.Hour)) {
		t.Errorf("%v %+v", err, got.ExportStatus)
	}
}

// TestTheDemosOldReport reads the report that the start-up has had for long: it is there before anything happens.
func TestTheDemosOldReport(t *testing.T) {
	s := start(t)
	cfg := asAdmin(t, s, loner)
	x := listed(t, s, "lone-star-hourly")
	agree(t, s, buckets(cfg), x, june)
	out, err := cur.NewFromConfig(cfg).DescribeReportDefinitions(t.Context(), nil)
	if err != nil || len(out.ReportDefinitions) != 1 {
		t.Fatal(err, out)
	}
	if d := out.ReportDefinitions[0]; d.ReportStatus == nil || d.ReportStatus.LastStatus != "SUCCESS" || !strings.HasPrefix(*d.ReportStatus.LastDelivery, "20260703T0900") {
		t.Errorf("%+v", d.ReportStatus)
	}
	if n := len(s.Billing().Deliveries(x.ARN)); n != 6 {
		t.Errorf("%d deliveries", n)
	}
	s.Cloud().Clock.Advance(day)
	agree(t, s, buckets(cfg), x, bursar.NewPeriod(2026, 7))
	if n := len(s.Billing().Deliveries(x.ARN)); n <= 6 {
		t.Errorf("nothing new after a day: %d deliveries", n)
	}
}
