package check_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/awsapi"
	"github.com/bursarhq/bursar/internal/check"
	"github.com/bursarhq/bursar/internal/check/checktest"
)

// canned answers for the three services of a bill as AWS does on the wire: two pages of reports, one export, one bucket.
func canned(w http.ResponseWriter, r *http.Request, service string) {
	target := r.Header.Get("X-Amz-Target")
	operation := target[strings.LastIndexByte(target, '.')+1:]
	if service != "s3" {
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	}
	arn := "arn:aws:bcm-data-exports:us-east-1:" + loner + ":export/bursar-cur2-1"
	switch q := r.URL.Query(); {
	case operation == "DescribeReportDefinitions":
		fmt.Fprint(w, `{"ReportDefinitions":[],"NextToken":""}`)
	case operation == "ListExports":
		fmt.Fprintf(w, `{"Exports":[{"ExportArn":%q,"ExportName":"bursar-cur2","ExportStatus":{"StatusCode":"HEALTHY"}}]}`, arn)
	case operation == "GetExport":
		fmt.Fprintf(w, `{"Export":{"ExportArn":%q,"Name":"bursar-cur2","DataQuery":{"QueryStatement":"SELECT a FROM COST_AND_USAGE_REPORT","TableConfigurations":{"COST_AND_USAGE_REPORT":{"TIME_GRANULARITY":"HOURLY","INCLUDE_RESOURCES":"TRUE"}}},
"DestinationConfigurations":{"S3Destination":{"S3Bucket":"bursar-cur-%s-us-east-1","S3Prefix":"bursar","S3Region":"us-east-1","S3OutputConfigurations":{"Compression":"GZIP","Format":"TEXT_OR_CSV","OutputType":"CUSTOM","Overwrite":"OVERWRITE_REPORT"}}},
"RefreshCadence":{"Frequency":"SYNCHRONOUS"}},"ExportStatus":{"StatusCode":"HEALTHY","CreatedAt":%q}}`, arn, loner, now.Add(-time.Hour).Format(time.RFC3339))
	case operation == "ListExecutions":
		fmt.Fprintf(w, `{"Executions":[{"ExecutionId":"e1","ExecutionStatus":{"StatusCode":"DELIVERY_SUCCESS","CreatedAt":%q,"CompletedAt":%q}}]}`, now.Add(-30*time.Minute).Format(time.RFC3339), now.Add(-29*time.Minute).Format(time.RFC3339))
	case r.Header.Get("X-Amz-Expected-Bucket-Owner") != loner:
		w.WriteHeader(http.StatusForbidden)
	case q.Has("location"):
		fmt.Fprint(w, `<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/"></LocationConstraint>`)
	case q.Has("policy"):
		fmt.Fprint(w, delivers)
	case q.Has("encryption"):
		fmt.Fprint(w, `<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>`)
	case q.Get("prefix") == "bursar/bursar-cur2/":
		fmt.Fprint(w, `<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>bursar/bursar-cur2/data/x.csv.gz</Key><Size>1</Size></Contents></ListBucketResult>`)
	default:
		fmt.Fprint(w, "x")
	}
}

// TestEveryCheckDeclaresWhatItCalls runs the whole suite over the wire with the SDK's own clients: every declared
// action is called and none else.
func TestEveryCheckDeclaresWhatItCalls(t *testing.T) {
	s := start(t)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, service := range []string{"cur", "bcm-data-exports", "s3"} {
			if strings.Contains(r.Header.Get("Authorization"), "/us-east-1/"+service+"/") {
				canned(w, r, service)
				return
			}
		}
		s.ServeHTTP(w, r)
	}))
	defer srv.Close()
	k := s.Cloud().BursarKey()
	c, err := awsapi.New(t.Context(), awsapi.Config{Endpoint: srv.URL, AccessKeyID: k.ID, SecretAccessKey: bursar.NewSecret(k.Secret.Reveal())})
	if err != nil {
		t.Fatal(err)
	}
	role := makeRole(t, s, loner, "bursar-x", goodTrust, reads)
	makeRole(t, s, loner, "bursar-x-export", goodTrust, "")
	tg := target(check.Through(c), loner, role)
	tg.TemplateVersion = "1"
	for _, each := range check.All() {
		found, called := checktest.Run(t, each, tg)
		if !slices.Equal(called, each.Actions()) {
			t.Errorf("%s called %v and declares %v", each.Name(), called, each.Actions())
		}
		for _, f := range found {
			if f.Status != bursar.StatusOK && f.Code != "not_ours" {
				t.Errorf("%s: %+v", each.Name(), f)
			}
		}
	}
	if r := tg.Result; !r.Trusted || r.Kind != bursar.KindStandalone || r.Arrival != bursar.ArrivalReceiving || r.Chosen == nil || r.Chosen.Export.BucketOwner != loner {
		t.Errorf("%+v", r)
	}
}
