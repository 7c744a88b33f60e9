package export_test

import (
	"testing"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/billing/export"
)

var judged = time.Date(2026, 7, 3, 9, 0, 0, 0, time.UTC)

const payerID = "111122223333"

// definition is an export without a fault.
func definition(change ...func(*bursar.Definition)) bursar.Definition {
	d := bursar.Definition{
		Export: bursar.Export{
			Name: "finance", ARN: "arn:1", Format: bursar.FormatCUR2, FileFormat: bursar.FileParquet, Versioning: bursar.Overwrite,
			Bucket: "bills", BucketOwner: payerID, Region: "eu-west-1", Prefix: "p/q",
		},
		Granularity: "HOURLY", ResourceIDs: true, RefreshClosed: true, Status: "HEALTHY", LastDelivery: judged.Add(-5 * time.Hour),
	}
	for _, f := range change {
		f(&d)
	}
	return d
}

func verdictsOf(d bursar.Definition, encryption string) map[string]export.Verdict {
	out := map[string]export.Verdict{}
	for _, v := range export.Verdicts(d, bursar.Account{AccountID: payerID, Partition: bursar.PartitionAWS}, encryption, judged) {
		out[v.Property] = v
	}
	return out
}

func TestVerdicts(t *testing.T) {
	for name, tt := range map[string]struct {
		change     func(*bursar.Definition)
		encryption string
		property   string
		want       bursar.FindingStatus
	}{
		"hourly":          {func(d *bursar.Definition) {}, "", "granularity", bursar.StatusOK},
		"monthly":         {func(d *bursar.Definition) { d.Granularity = "MONTHLY" }, "", "granularity", bursar.StatusWarning},
		"no resources":    {func(d *bursar.Definition) { d.ResourceIDs = false }, "", "resource_ids", bursar.StatusWarning},
		"focus":           {func(d *bursar.Definition) { d.Export.Format = bursar.FormatFOCUS12 }, "", "format", bursar.StatusWarning},
		"legacy":          {func(d *bursar.Definition) { d.Export.Format = bursar.FormatLegacy }, "", "format", bursar.StatusOK},
		"not refreshed":   {func(d *bursar.Definition) { d.RefreshClosed = false }, "", "refresh", bursar.StatusWarning},
		"create new":      {func(d *bursar.Definition) { d.Export.Versioning = bursar.CreateNew }, "", "versioning", bursar.StatusOK},
		"not seen":        {func(d *bursar.Definition) {}, "", "encryption", bursar.StatusUnknown},
		"own key":         {func(d *bursar.Definition) {}, "aws:kms", "encryption", bursar.StatusWarning},
		"S3's key":        {func(d *bursar.Definition) {}, "AES256", "encryption", bursar.StatusOK},
		"foreign bucket":  {func(d *bursar.Definition) { d.Export.BucketOwner = "222233334444" }, "", "owner", bursar.StatusWarning},
		"no region":       {func(d *bursar.Definition) { d.Export.Region = "" }, "", "region", bursar.StatusFailed},
		"other partition": {func(d *bursar.Definition) { d.Export.Region = "cn-north-1" }, "", "region", bursar.StatusFailed},
		"star":            {func(d *bursar.Definition) { d.Export.Prefix = "a*" }, "", "path", bursar.StatusFailed},
		"unhealthy":       {func(d *bursar.Definition) { d.Status, d.Reason = "UNHEALTHY", "INSUFFICIENT_PERMISSION" }, "", "health", bursar.StatusFailed},
		"legacy error":    {func(d *bursar.Definition) { d.Status = "ERROR_NO_BUCKET" }, "", "health", bursar.StatusFailed},
		"stale":           {func(d *bursar.Definition) { d.LastDelivery = judged.Add(-100 * time.Hour) }, "", "last_delivery", bursar.StatusWarning},
		"never delivered": {func(d *bursar.Definition) { d.LastDelivery = time.Time{} }, "", "last_delivery", bursar.StatusUnknown},
	} {
		v := verdictsOf(definition(tt.change), tt.encryption)[tt.property]
		if v.Status != tt.want || v.Why == "" {
			t.Errorf("%s: %+v, want %s", name, v, tt.want)
		}
	}
	if n := len(verdictsOf(definition(), "")); n != 11 {
		t.Errorf("%d properties are judged, want 11", n)
	}
	if got := verdictsOf(definition(func(d *bursar.Definition) { d.Export.Prefix = "/p/" }), "")["path"].Value; got != "/p//finance" {
		t.Errorf("path %q: AWS keeps slashes as they are", got)
	}
}

func TestBest(t *testing.T) {
	named := func(name string, change func(*bursar.Definition)) bursar.Definition {
		return definition(func(d *bursar.Definition) { d.Export.Name, d.Export.ARN = name, name }, change)
	}
	same := func(*bursar.Definition) {}
	legacy := named("legacy", func(d *bursar.Definition) { d.Export.Format = bursar.FormatLegacy })
	daily := named("daily", func(d *bursar.Definition) { d.Granularity = "DAILY" })
	coarse := named("coarse", func(d *bursar.Definition) { d.Granularity = "MONTHLY" })
	broken := named("broken", func(d *bursar.Definition) { d.Status = "UNHEALTHY" })
	older := named("older", func(d *bursar.Definition) { d.LastDelivery = judged.Add(-20 * time.Hour) })
	newer := named("newer", same)
	for want, list := range map[string][]bursar.Definition{
		"newer":  {older, newer, legacy, daily, broken},
		"legacy": {coarse, legacy, broken},
		"daily":  {daily, legacy},
		"coarse": {broken, coarse},
		"":       {broken},
	} {
		got := ""
		if i := export.Best(list, bursar.Account{AccountID: payerID, Partition: bursar.PartitionAWS}, judged); i >= 0 {
			got = list[i].Export.Name
		}
		if got != want {
			t.Errorf("proposed %q, want %q", got, want)
		}
	}
}
