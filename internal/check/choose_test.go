package check_test

import (
	"testing"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/awsapi"
	"github.com/bursarhq/bursar/internal/check"
)

// TestChoiceDecides: what the account's person chose outranks what is followed and what a stack has made.
func TestChoiceDecides(t *testing.T) {
	other := stacks()
	other.Name, other.Bucket, other.ARN = "finance", "finance-bills", "arn:aws:bcm-data-exports:us-east-1:"+payer+":export/finance-1"
	followed := bursar.Export{ID: "exp_1", Name: "finance", Bucket: "finance-bills"}
	legacyARN := "arn:aws:cur:us-east-1:" + payer + ":definition/hourly"
	for name, tt := range map[string]struct {
		choice   bursar.ExportChoice
		followed []bursar.Export
		chosen   string
		code     string
	}{
		"nobody chose: ours":              {bursar.ExportChoice{}, nil, "bursar-cur2", "ok"},
		"nobody chose: what is followed":  {bursar.ExportChoice{}, []bursar.Export{followed}, "finance", "ok"},
		"an existing one":                 {bursar.ExportChoice{Existing: other.ARN}, nil, "finance", "ok"},
		"a legacy one":                    {bursar.ExportChoice{Existing: legacyARN}, []bursar.Export{followed}, "hourly", "ok"},
		"one that is gone":                {bursar.ExportChoice{Existing: other.ARN + "x"}, []bursar.Export{followed}, "", "export_gone"},
		"a new one that is there":         {bursar.ExportChoice{Format: bursar.FormatCUR2}, []bursar.Export{followed}, "bursar-cur2", "ok"},
		"a new one that is not there yet": {bursar.ExportChoice{Format: bursar.FormatFOCUS12}, []bursar.Export{followed}, "", "not_set_up"},
	} {
		t.Run(name, func(t *testing.T) {
			a := account(func(a *aws) {
				a.exports = append(a.exports, other)
				a.reports = []awsapi.ReportDefinition{{Name: "hourly", TimeUnit: "HOURLY", Format: "textORcsv", Bucket: "b", Region: "us-east-1", Elements: []string{"RESOURCES"}, RefreshClosed: true}}
			})
			tg := target(a, payer, "arn:aws:iam::"+payer+":role/bursar/bursar-x")
			tg.Exports, tg.Account.Choice.Export = tt.followed, tt.choice
			res, found := run(t, check.All(), tg)
			got := ""
			if res.Chosen != nil {
				got = res.Chosen.Export.Name
			}
			if got != tt.chosen || codes(found, "export_definition") != tt.code || !res.AllSeen {
				t.Errorf("chose %q and said %s; want %q and %s", got, codes(found, "export_definition"), tt.chosen, tt.code)
			}
		})
	}
}
