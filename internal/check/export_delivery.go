package check

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/awsapi"
)

// When a delivery is late. AWS promises the first within 24 hours and refreshes at least daily; the others are ours.
const (
	lateAfter   = 24 * time.Hour
	failedAfter = 48 * time.Hour
	staleAfter  = 72 * time.Hour
)

type exportDelivery struct{ basis }

// newExportDelivery says whether bills arrive, by AWS's own word.
func newExportDelivery() Check {
	return exportDelivery{basis{"export_delivery", bursar.CapBillingExport, []string{"bcm-data-exports:ListExecutions"}}}
}

// arrival is what decides about a delivery.
type arrival struct {
	begun   time.Time // since when a delivery may be expected
	last    time.Time // of the last success; zero = none yet
	failure string    // AWS's word for what went wrong last; "" = nothing
}

// Run reads the definition's own status and, for data exports, their runs.
func (c exportDelivery) Run(ctx context.Context, t *Target) []bursar.Finding {
	if t.session == nil || !t.kind().HasBill() {
		return nil
	}
	d := t.Result.Chosen
	if d == nil {
		return []bursar.Finding{c.notSetUp(t)}
	}
	a := arrival{begun: d.CreatedAt, last: d.LastDelivery}
	if a.begun.IsZero() {
		a.begun = d.Export.CreatedAt
	}
	if a.begun.IsZero() {
		a.begun = t.now() // seen for the first time
	}
	if d.Export.Format == bursar.FormatLegacy {
		if strings.HasPrefix(d.Status, "ERROR") {
			a.failure = d.Status
		}
		return []bursar.Finding{c.judge(t, *d, a)}
	}
	runs, err := t.session.Executions(ctx, d.Export.ARN)
	if err != nil && d.LastDelivery.IsZero() && d.Status != "UNHEALTHY" {
		f := c.failure(t, err, "ask AWS for the deliveries of the export "+d.Export.Name, t.Account.RoleARN)
		return []bursar.Finding{f}
	}
	a.read(runs)
	if d.Status == "UNHEALTHY" {
		a.failure = "UNHEALTHY: " + orDefault(d.Reason, "no reason given")
	}
	return []bursar.Finding{c.judge(t, *d, a)}
}

// read takes the last success, and the last failure if nothing has succeeded since.
func (a *arrival) read(runs []awsapi.Execution) {
	runs = slices.Clone(runs)
	slices.SortFunc(runs, func(x, y awsapi.Execution) int { return ended(x).Compare(ended(y)) })
	for _, r := range runs {
		switch r.Status {
		case "DELIVERY_SUCCESS":
			a.failure = ""
			if at := ended(r); at.After(a.last) {
				a.last = at
			}
		case "DELIVERY_FAILURE", "QUERY_FAILURE":
			a.failure = r.Status
			if r.Reason != "" {
				a.failure += ": " + r.Reason
			}
		}
	}
}

func ended(e awsapi.Execution) time.Time {
	if e.CompletedAt.Unix() > 0 {
		return e.CompletedAt
	}
	return e.CreatedAt
}

// state decides by age; an error of AWS's decides alone.
func (a arrival) state(now time.Time) bursar.DataArrival {
	waited := now.Sub(a.begun)
	switch {
	case a.failure != "":
		return bursar.ArrivalFailed
	case !a.last.IsZero() && now.Sub(a.last) > staleAfter:
		return bursar.ArrivalStale
	case !a.last.IsZero():
		return bursar.ArrivalReceiving
	case waited > failedAfter:
		return bursar.ArrivalFailed
	case waited >= lateAfter:
		return bursar.ArrivalLate
	}
	return bursar.ArrivalAwaiting
}

func (c exportDelivery) judge(t *Target, d Definition, a arrival) bursar.Finding {
	state, name, id := a.state(t.now()), d.Export.Name, t.Account.AccountID
	t.Result.Arrival, t.Result.LastDelivery = state, a.last
	facts := map[string]string{"export": name, "since": a.begun.UTC().Format(time.RFC3339)}
	if !a.last.IsZero() {
		facts["last_delivery"] = a.last.UTC().Format(time.RFC3339)
	}
	if a.failure != "" {
		facts["aws_status"] = a.failure
	}
	code := string(state)
	switch state {
	case bursar.ArrivalReceiving:
		return c.find(t, bursar.StatusOK, code, fmt.Sprintf("AWS delivered the export %s of account %s last at %s.", name, id, facts["last_delivery"]), "", facts)
	case bursar.ArrivalAwaiting:
		return c.find(t, bursar.StatusWaiting, code, fmt.Sprintf("The export %s of account %s waits for its first delivery. AWS makes it within 24 hours, by %s.", name, id, a.begun.Add(lateAfter).UTC().Format(time.RFC3339)), "Nothing is to be done.", facts)
	case bursar.ArrivalLate:
		return c.find(t, bursar.StatusWarning, code, fmt.Sprintf("The export %s of account %s has had no delivery for over 24 hours.", name, id), "Wait until 48 hours have passed; then see that the bucket still has the policy of the export stack.", facts)
	case bursar.ArrivalStale:
		return c.find(t, bursar.StatusWarning, code, fmt.Sprintf("AWS delivered the export %s of account %s last at %s, over 72 hours ago (bcm-data-exports:ListExecutions, cur:DescribeReportDefinitions).", name, id, facts["last_delivery"]), "See in the AWS Billing console, Data Exports, whether the export is still there and healthy.", facts)
	}
	return c.failed(t, d, a, facts)
}

func (c exportDelivery) failed(t *Target, d Definition, a arrival, facts map[string]string) bursar.Finding {
	name, id := d.Export.Name, t.Account.AccountID
	if a.failure == "" {
		return c.find(t, bursar.StatusFailed, "failed", fmt.Sprintf("The export %s of account %s has had no delivery for over 48 hours, and AWS names no error.", name, id),
			"Open a case with AWS Support: \"The export "+name+" of account "+id+" ("+d.Export.ARN+") was created at "+facts["since"]+" and nothing was delivered to s3://"+d.Export.Bucket+".\"", facts)
	}
	remedy := "The fault is with AWS. It tries again by itself; if it stays for a day, open a case with AWS Support and quote the export " + d.Export.ARN + "."
	switch {
	case strings.Contains(a.failure, "ERROR_NO_BUCKET"):
		remedy = "The bucket " + d.Export.Bucket + " does not exist. Delete the export stack and create it again."
	case strings.Contains(a.failure, "PERMISSION"):
		remedy = "AWS may not write to the bucket " + d.Export.Bucket + ". Give it this policy, or update the export stack:\n" + deliveryPolicy(t, d.Export)
	case strings.Contains(a.failure, "BILL_OWNER_CHANGED"):
		remedy = "Another account pays the bill now: set up the export in that account."
	}
	return c.find(t, bursar.StatusFailed, "failed", fmt.Sprintf("AWS could not deliver the export %s of account %s: %s.", name, id, a.failure), remedy, facts)
}
