package costexplorer_test

import (
	"context"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/awsapi"
	"github.com/bursarhq/bursar/internal/shareddata"
	"github.com/bursarhq/bursar/internal/source/costexplorer"
)

// canned answers every request with the next text.
type canned struct{ answers []string }

func (c *canned) CostExplorer(_ context.Context, _ string, _ []byte) (awsapi.CostAnswer, error) {
	out := c.answers[0]
	if len(c.answers) > 1 {
		c.answers = c.answers[1:]
	}
	return awsapi.CostAnswer{Body: []byte(out)}, nil
}

// TestRecordings reads what AWS really answered, to the last digit.
func TestRecordings(t *testing.T) {
	for _, tt := range []struct {
		file, total     string
		amounts, months int
	}{
		{"cloudscape-GetCostAndUsage.json", "1957.6799440971", 160, 6},
		{"cloudtoolbox-ResultsByTime.json", "67.2540521894", 945, 86},
	} {
		body, err := os.ReadFile(shareddata.Path(t, "cost-explorer", tt.file))
		if err != nil {
			t.Fatal(err)
		}
		if body[0] == '[' {
			body = []byte(`{"ResultsByTime":` + string(body) + `}`)
		}
		p, err := costexplorer.ParsePage(body)
		if err != nil {
			t.Fatal(err)
		}
		var sum bursar.Decimal
		n := 0
		for _, r := range p.ResultsByTime {
			for _, g := range r.Groups {
				for _, m := range g.Metrics {
					sum, n = sum.Add(decimal(t, m.Amount)), n+1
				}
			}
		}
		if sum.String() != tt.total || n != tt.amounts || len(p.ResultsByTime) != tt.months {
			t.Errorf("%s: %s in %d amounts of %d periods", tt.file, sum, n, len(p.ResultsByTime))
		}
	}
}

// TestRecordingIsHeld takes a recording through everything: into rows, and out again with the same total.
func TestRecordingIsHeld(t *testing.T) {
	body, err := os.ReadFile(shareddata.Path(t, "cost-explorer", "cloudscape-GetCostAndUsage.json"))
	if err != nil {
		t.Fatal(err)
	}
	// The recording is of 2023: its months are moved into the window.
	moved := strings.NewReplacer("2023-04-", "2026-02-", "2023-05-", "2026-03-", "2023-06-", "2026-04-", "2023-07-", "2026-05-", "2023-08-", "2026-06-", "2023-09-", "2026-07-", "2023-10-", "2026-08-").Replace(string(body))
	b := setup(t, loner, "500", bursar.Stream{Name: "cost_monthly", GroupBy: []string{"SERVICE"}, Metrics: []string{"UnblendedCost"}})
	b.asker = &canned{[]string{moved}}
	if got := b.sync()["cost_monthly"]; got.State != bursar.StreamOK {
		t.Fatalf("got %+v", got)
	}
	var sum bursar.Decimal
	rows := b.rows("cost_monthly")
	for _, r := range rows {
		sum = sum.Add(decimal(t, r["amount"]))
	}
	if sum.String() != "1957.6799440971" || len(rows) != 160 {
		t.Errorf("%s in %d rows", sum, len(rows))
	}
}

const oneMonth = `{"ResultsByTime":[{"TimePeriod":{"Start":"2026-07-01","End":"2026-08-01"},"Total":{},"Estimated":true,"Groups":[GROUPS]}]MORE}`

func page(groups, more string) string {
	return strings.NewReplacer("GROUPS", groups, "MORE", more).Replace(oneMonth)
}

func TestTagsWithDollarsAndExponents(t *testing.T) {
	b := setup(t, loner, "500", bursar.Stream{Name: "cost_monthly", GroupBy: []string{"tag:a$b", "category:Unit"}, Metrics: []string{"UnblendedCost"}, Months: 1})
	b.asker = &canned{[]string{page(`
		{"Keys":["a$b$x$y$","Unit$"],"Metrics":{"UnblendedCost":{"Amount":"1.2E-7","Unit":"USD"}}},
		{"Keys":["a$b$","Unit$R&D"],"Metrics":{"UnblendedCost":{"Amount":"-3.4e+2","Unit":"USD"}}}`, "")}}
	if got := b.sync()["cost_monthly"]; got.State != bursar.StreamOK {
		t.Fatalf("got %+v", got)
	}
	rows := b.rows("cost_monthly")
	if len(rows) != 2 || rows[0]["group1_value"] != "x$y$" || rows[0]["group2_value"] != "" || rows[0]["amount"] != "0.00000012" || rows[0]["group1_type"] != "TAG" ||
		rows[1]["group1_value"] != "" || rows[1]["group2_value"] != "R&D" || rows[1]["amount"] != "-340" || rows[1]["estimated"] != "true" {
		t.Errorf("got %v", rows)
	}
}

func TestPagesThatContradict(t *testing.T) {
	group := func(amount string) string {
		return `{"Keys":["A"],"Metrics":{"UnblendedCost":{"Amount":"` + amount + `","Unit":"USD"}}}`
	}
	for _, tt := range []struct{ second, state string }{{"1", "ok"}, {"1.0", "ok"}, {"2", "failed"}, {"x", "failed"}} {
		b := setup(t, loner, "500", bursar.Stream{Name: "cost_monthly", GroupBy: []string{"SERVICE"}, Metrics: []string{"UnblendedCost"}, Months: 1})
		b.asker = &canned{[]string{page(group("1"), `,"NextPageToken":"t"`), page(group(tt.second), "")}}
		if got := b.sync()["cost_monthly"]; string(got.State) != tt.state {
			t.Errorf("%s: got %+v", tt.second, got)
		}
		if rows := b.rows("cost_monthly"); tt.state == "ok" && len(rows) != 1 {
			t.Errorf("%s: %v", tt.second, rows)
		}
	}
}

// FuzzAnswer lets a stream be answered with anything: an error or rows, never a panic, and never a number that is not one.
func FuzzAnswer(f *testing.F) {
	f.Add(page(`{"Keys":["a"],"Metrics":{"UnblendedCost":{"Amount":"1.2E-7","Unit":"USD"}}}`, ""))
	f.Add(page(`{"Keys":[],"Metrics":null}`, `,"NextPageToken":""`))
	f.Add(`{"CoveragesByTime":[{"TimePeriod":{"Start":"2026-07-01"},"Groups":[],"Total":{"CoverageHours":{"OnDemandHours":"1"}}}]}`)
	f.Add(`{"Tags":[1,null,{"a":[]}],"Anomalies":[{"Impact":{"MaxImpact":1e400}}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		for _, o := range costexplorer.Operations() {
			rows, err := costexplorer.Read(o, bursar.Stream{Name: o.Name, GroupBy: map[bool][]string{true: {"SERVICE"}}[o.Metrics]}, []byte(text))
			if err != nil {
				continue
			}
			for _, r := range rows {
				if len(r.Cells) != len(o.Columns())-5 {
					t.Fatalf("%s: a row has %d cells", o.Name, len(r.Cells))
				}
				for i, c := range o.Columns()[:len(r.Cells)] {
					if v := r.Cells[i]; v != "" && (c.Type == costexplorer.Decimal && strings.ContainsAny(v, "eE") || c.Type == costexplorer.JSON && !json.Valid([]byte(v))) {
						t.Fatalf("%s: %s is %q", o.Name, c.Name, v)
					}
				}
			}
		}
	})
}
