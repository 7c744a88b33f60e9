package lake_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/bursarhq/bursar/internal/realserver"
)

// Another engine reads the lake's files as they lie, to the last decimal: nothing in them is DuckDB's own.
func TestClickHouseReadsTheLake(t *testing.T) {
	server := realserver.Need(t, realserver.StartClickHouse)
	w := newWorld(t)
	delivery{period: february, version: "v1", lines: append(lines(2, "2026-02-01", "AmazonEC2", "10.0000000001"), line{"2026-02-02", "AmazonS3", "0.1"})}.put(t, w.objects())
	d := w.mustPoll(t)[0]
	ask := fmt.Sprintf("SELECT line_item_product_code, sum(BilledCost), toDate(min(ChargePeriodStart)), any(SubAccountId) FROM file('%s/lake/%s/%s/2026-02/%s/line_items-*.parquet', Parquet) GROUP BY 1 ORDER BY 1",
		w.dir, d.WorkspaceID, d.ExportID, d.ID)
	resp, err := http.Post(server.URL, "text/plain", strings.NewReader(ask))
	check(t, err)
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	check(t, err)
	want := "AmazonEC2\t20.0000000002\t2026-02-01\t012345678901\nAmazonS3\t0.1\t2026-02-02\t012345678901\n"
	if string(got) != want {
		t.Errorf("ClickHouse reads\n%s\nwant\n%s", got, want)
	}
}
