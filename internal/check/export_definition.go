package check

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/awsapi"
)

type exportDefinition struct{ basis }

// newExportDefinition lists the billing exports of the account and chooses the one to follow.
func newExportDefinition() Check {
	return exportDefinition{basis{"export_definition", bursar.CapBillingExport, []string{"bcm-data-exports:GetExport", "bcm-data-exports:ListExports", "cur:DescribeReportDefinitions"}}}
}

// Run asks both of AWS's services; one that refuses does not hide what the other has.
func (c exportDefinition) Run(ctx context.Context, t *Target) []bursar.Finding {
	if t.session == nil || !t.kind().HasBill() {
		return nil
	}
	if p, err := awsapi.PartitionOf(t.Account.Partition); err != nil || !p.HasBilling {
		return []bursar.Finding{c.find(t, bursar.StatusSkipped, "not_available", fmt.Sprintf("Partition %s has no billing exports: the costs of account %s are in the paired commercial account.", t.Account.Partition, t.Account.AccountID), "", nil)}
	}
	exports, errExports := t.session.DataExports(ctx)
	reports, errReports := t.session.ReportDefinitions(ctx)
	t.gather(exports, reports)
	t.Result.AllSeen = errExports == nil && errReports == nil
	t.choose()
	chosen := t.Account.Choice.Export.Existing
	switch err := errors.Join(errExports, errReports); {
	case t.Result.Chosen != nil:
		return []bursar.Finding{c.judge(t, *t.Result.Chosen)}
	case errExports != nil:
		return []bursar.Finding{c.failure(t, errExports, "list the data exports", t.Account.RoleARN)}
	case err != nil:
		return []bursar.Finding{c.failure(t, err, "list the cost and usage reports", t.Account.RoleARN)}
	case chosen != "":
		return []bursar.Finding{c.find(t, bursar.StatusFailed, "export_gone", fmt.Sprintf("The export %s, which was chosen for account %s, is not there any more (bcm-data-exports:ListExports, cur:DescribeReportDefinitions).", chosen, t.Account.AccountID),
			"Choose another export, or have the stack make a new one. The bills imported so far are kept.", map[string]string{"chosen": chosen})}
	case len(t.Exports) > 0 && t.Account.Choice.Export == bursar.ExportChoice{}:
		return []bursar.Finding{c.find(t, bursar.StatusFailed, "export_gone", fmt.Sprintf("The export %s that bursar follows is not in account %s any more (bcm-data-exports:ListExports, cur:DescribeReportDefinitions).", t.Exports[0].Name, t.Account.AccountID),
			"Create the export stack again, or choose another export. The bills imported so far are kept.", nil)}
	}
	return []bursar.Finding{c.notSetUp(t)}
}

func (b basis) notSetUp(t *Target) bursar.Finding {
	var names []string
	for _, d := range t.Result.Definitions {
		names = append(names, d.Export.Name)
	}
	facts := map[string]string{}
	if names != nil {
		facts["exports_seen"] = strings.Join(names, ", ")
	}
	return b.find(t, bursar.StatusSkipped, "not_set_up", fmt.Sprintf("No billing export is set up for bursar in account %s yet.", t.Account.AccountID),
		"Set up a billing export: open the create-stack link of the export step while signed in to account "+t.Account.AccountID+".", facts)
}

// gather keeps every definition that is a bill.
func (t *Target) gather(exports []awsapi.DataExport, reports []awsapi.ReportDefinition) {
	for _, e := range exports {
		if d, ok := t.ofDataExport(e); ok {
			t.Result.Definitions = append(t.Result.Definitions, d)
		}
	}
	for _, r := range reports {
		t.Result.Definitions = append(t.Result.Definitions, t.ofReport(r))
	}
}

var (
	tablePattern = regexp.MustCompile(`(?i)\bFROM\s+"?([A-Z0-9_]+)"?`)
	tableFormats = map[string]bursar.Format{
		"COST_AND_USAGE_REPORT": bursar.FormatCUR2, "FOCUS_1_0_AWS": bursar.FormatFOCUS10, "FOCUS_1_2_AWS": bursar.FormatFOCUS12,
	}
)

// ofDataExport translates a data export. Those that are no bill (recommendations, emissions) are left out.
func (t *Target) ofDataExport(e awsapi.DataExport) (Definition, bool) {
	m := tablePattern.FindStringSubmatch(e.Query)
	if m == nil {
		return Definition{}, false
	}
	table := strings.ToUpper(m[1])
	format, ok := tableFormats[table]
	if !ok {
		return Definition{}, false
	}
	settings := e.TableConfigurations[table]
	d := Definition{
		Export: bursar.Export{
			WorkspaceID: t.Account.WorkspaceID, AccountID: t.Account.ID, Name: e.Name, ARN: e.ARN, Format: format, FileFormat: bursar.FileCSV,
			Versioning: bursar.Versioning(e.Overwrite), Bucket: e.Bucket, BucketOwner: orDefault(e.BucketOwner, t.Account.AccountID),
			Region: e.Region, Prefix: e.Prefix, RoleARN: t.exportRole(),
		},
		Table: table, Granularity: settings["TIME_GRANULARITY"], ResourceIDs: settings["INCLUDE_RESOURCES"] == "TRUE" || format != bursar.FormatCUR2,
		SplitCosts: settings["INCLUDE_SPLIT_COST_ALLOCATION_DATA"] == "TRUE", RefreshClosed: true,
		Compression: e.Compression, Status: e.Status, Reason: e.StatusReason, CreatedAt: e.CreatedAt, LastDelivery: e.RefreshedAt,
	}
	if e.Format == "PARQUET" {
		d.Export.FileFormat = bursar.FileParquet
	}
	return d, true
}

func (t *Target) ofReport(r awsapi.ReportDefinition) Definition {
	d := Definition{
		Export: bursar.Export{
			WorkspaceID: t.Account.WorkspaceID, AccountID: t.Account.ID, Name: r.Name, Format: bursar.FormatLegacy, FileFormat: bursar.FileCSV,
			Versioning: bursar.Versioning(orDefault(r.Versioning, string(bursar.CreateNew))), Bucket: r.Bucket, BucketOwner: t.Account.AccountID,
			Region: r.Region, Prefix: r.Prefix, RoleARN: t.exportRole(),
		},
		Granularity: r.TimeUnit, ResourceIDs: slices.Contains(r.Elements, "RESOURCES"), SplitCosts: slices.Contains(r.Elements, "SPLIT_COST_ALLOCATION_DATA"),
		RefreshClosed: r.RefreshClosed, Compression: r.Compression, Status: r.LastStatus, LastDelivery: r.LastDelivery,
	}
	if r.Format == "Parquet" {
		d.Export.FileFormat = bursar.FileParquet
	}
	if p, err := awsapi.PartitionOf(t.Account.Partition); err == nil {
		d.Export.ARN = fmt.Sprintf("arn:%s:cur:%s:%s:definition/%s", p.Name, p.BillingRegion, t.Account.AccountID, r.Name)
	}
	return d
}

// choose takes the export that the account's person chose: the existing one, or the new one by the names that its stack gives it. Where nobody
// chose, it is the one that is followed already, or the newest that our stack made.
func (t *Target) choose() {
	switch nobody := t.Account.Choice.Export == (bursar.ExportChoice{}); {
	case !nobody:
		t.Result.Chosen = t.definition(func(d *Definition) bool { return t.isChosen(d.Export) })
	case len(t.Exports) > 0:
		t.Result.Chosen = t.followed()
	default:
		t.Result.Chosen = t.newestOfOurs()
	}
	if d := t.Result.Chosen; d != nil {
		for _, e := range t.Exports {
			if sameExport(e, d.Export) {
				d.Export.ID, d.Export.RoleARN, d.Export.CreatedAt = e.ID, e.RoleARN, e.CreatedAt
			}
		}
	}
}

func sameExport(a, b bursar.Export) bool { return a.Name == b.Name && a.Bucket == b.Bucket }

func (t *Target) isChosen(e bursar.Export) bool {
	choice := t.Account.Choice.Export
	if choice.Chosen() {
		return e.ARN == choice.Existing
	}
	choice = choice.Complete(t.Account)
	return e.Name == choice.Name && e.Bucket == choice.Bucket
}

// definition returns the first one that matches.
func (t *Target) definition(match func(*Definition) bool) *Definition {
	for i := range t.Result.Definitions {
		if d := &t.Result.Definitions[i]; match(d) {
			return d
		}
	}
	return nil
}

func (t *Target) followed() *Definition {
	return t.definition(func(d *Definition) bool {
		return slices.ContainsFunc(t.Exports, func(e bursar.Export) bool { return sameExport(e, d.Export) })
	})
}

// newestOfOurs finds what our stack made under other names than those that were offered: it names its bucket after the account, and its
// export after us.
func (t *Target) newestOfOurs() (newest *Definition) {
	bucket := "bursar-cur-" + t.Account.AccountID + "-"
	for i := range t.Result.Definitions {
		d := &t.Result.Definitions[i]
		if !strings.HasPrefix(d.Export.Bucket, bucket) && !strings.HasPrefix(d.Export.Name, "bursar-") {
			continue
		}
		if newest == nil || d.CreatedAt.After(newest.CreatedAt) {
			newest = d
		}
	}
	return newest
}

func (c exportDefinition) judge(t *Target, d Definition) bursar.Finding {
	e, id := d.Export, t.Account.AccountID
	facts := map[string]string{
		"export": e.Name, "format": string(e.Format), "file_format": string(e.FileFormat), "versioning": string(e.Versioning),
		"bucket": e.Bucket, "region": e.Region, "prefix": e.Prefix, "granularity": d.Granularity, "status": d.Status, "reason": d.Reason,
		"resource_ids": fmt.Sprint(d.ResourceIDs), "split_costs": fmt.Sprint(d.SplitCosts), "refresh_closed": fmt.Sprint(d.RefreshClosed),
	}
	switch {
	case d.Status == "UNHEALTHY":
		return c.find(t, bursar.StatusFailed, "unhealthy", fmt.Sprintf("AWS says that the export %s of account %s is unhealthy (bcm-data-exports:GetExport): %s.", e.Name, id, orDefault(d.Reason, "no reason given")), unhealthyRemedy(t, d), facts)
	case d.Granularity == "MONTHLY":
		return c.find(t, bursar.StatusWarning, "coarse", fmt.Sprintf("The export %s of account %s has one line for a whole month: costs by day cannot be told.", e.Name, id), "Create the export anew with hourly or daily granularity; AWS does not change that of an existing one.", facts)
	case !d.ResourceIDs:
		return c.find(t, bursar.StatusWarning, "without_resource_ids", fmt.Sprintf("The export %s of account %s does not name resources.", e.Name, id), "Create the export anew with resource ids; AWS does not add them to an existing one.", facts)
	case !d.RefreshClosed:
		return c.find(t, bursar.StatusWarning, "closed_months_not_refreshed", fmt.Sprintf("The export %s of account %s is not corrected when AWS changes a closed month, by a refund for example.", e.Name, id), "Switch on the automatic refresh of the report in the AWS Billing console, Cost and Usage Reports.", facts)
	}
	return c.find(t, bursar.StatusOK, "ok", fmt.Sprintf("Account %s has the export %s (%s), delivered to the bucket %s in %s.", id, e.Name, e.Format, e.Bucket, e.Region), "", facts)
}

func unhealthyRemedy(t *Target, d Definition) string {
	switch d.Reason {
	case "INSUFFICIENT_PERMISSION":
		return fmt.Sprintf("AWS may not write to the bucket %s. Give it the policy that the export stack makes, or update that stack:\n%s", d.Export.Bucket, deliveryPolicy(t, d.Export))
	case "BILL_OWNER_CHANGED":
		return "Another account pays the bill now: set up the export in that account, or again in this one."
	}
	return "The fault is with AWS. If it stays for a day, open a case with AWS Support and quote the export's ARN " + d.Export.ARN + "."
}
