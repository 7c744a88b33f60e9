package app

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/client"
)

// demoPayer is the payer of the demo's world.
const demoPayer = "111122223333"

// mainJob is bursar's main job for one account, done through its API and the simulated AWS's pages as a person would.
type mainJob struct {
	*demo
	steps   *steps
	account string        // 12 digits
	name    string        // what it is registered as
	export  bursar.Export // that bursar follows, once there is one
}

// task is one step of the demo. It returns a sentence for people.
type task struct {
	what string
	do   func(context.Context) (string, error)
}

// once does the main job. It ends at the first step that goes wrong.
func (d *demo) once(ctx context.Context) error {
	s := &steps{out: d.out, json: d.options.JSON, now: time.Now}
	j := &mainJob{demo: d, steps: s, account: demoPayer, name: "Example Corp"}
	list := j.newExport()
	if d.options.Bill != "" {
		list = append(list, d.realBill(s)...)
	}
	for _, t := range list {
		if err := s.do(t.what, func() (string, error) { return t.do(ctx) }); err != nil {
			return err
		}
	}
	s.text("\nEvery total is right.\n")
	return nil
}

// newExport is the way of an account whose export is new.
func (j *mainJob) newExport() []task {
	return []task{
		{"register the payer " + j.account + ", by the console method", j.register},
		{"create its access stack, as the AWS page would", j.createStack("access")},
		{"check and confirm: it is a payer", j.confirmAccess},
		{"set up a new CUR 2.0 export", j.createStack("export")},
		{"check and confirm: the export is there, its first delivery is awaited", j.confirmExport},
		{"the clock moves 36 hours, AWS delivers", j.wait},
		{"import what was delivered, and publish it", j.importNew},
		{"check and confirm: its bills arrive", j.confirmArrival},
		{"ask for cost by service and month", j.ask},
		{"compare every total with what was delivered", j.compare},
		{"poll again: nothing changed", j.poll},
		{"AWS restates last month", j.restate},
		{"import it: the total follows, and nothing is counted twice", j.follow},
	}
}

func (j *mainJob) register(ctx context.Context) (string, error) {
	a, err := j.client.AddAccount(ctx, client.NewAccount{AccountID: j.account, Name: j.name})
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s, with an external id of its own", a.ID), nil
}

// createStack opens the link of a set-up step signed in to the account, and presses Create stack.
func (j *mainJob) createStack(step string) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) { return j.openLink(ctx, step) }
}

func (j *mainJob) openLink(ctx context.Context, step string) (string, error) {
	setup, err := j.client.Setup(ctx, j.account)
	if err != nil {
		return "", err
	}
	i := slices.IndexFunc(setup.Steps, func(s client.Step) bool { return s.ID == step })
	if i < 0 || len(setup.Steps[i].Links) == 0 {
		return "", fmt.Errorf("the set-up has no link for the step %s", step)
	}
	st, err := j.aws.Console().CreateStackFromLink(ctx, setup.Steps[i].Links[0].URL, j.account)
	if err != nil {
		return "", err
	}
	if st.Status != "CREATE_COMPLETE" {
		return "", fmt.Errorf("the stack %s is %s: %s", st.Name, st.Status, st.Reason)
	}
	return fmt.Sprintf("stack %s in %s: %s", st.Name, st.Region, st.Status), nil
}

// check presses Check and confirm, and waits. A finding that is neither good nor awaited is an error.
func (j *mainJob) check(ctx context.Context) (*client.Account, error) {
	run, err := j.client.CheckAccount(ctx, j.account)
	if err != nil {
		return nil, err
	}
	if err := j.finish(ctx, run); err != nil {
		return nil, err
	}
	a, err := j.client.Account(ctx, j.account)
	if err != nil {
		return nil, err
	}
	for _, f := range a.Findings {
		switch f.Status {
		case bursar.StatusFailed, bursar.StatusWarning, bursar.StatusUnknown:
			return nil, fmt.Errorf("%s: %s: %s", f.Check, f.Code, f.Message)
		}
	}
	return a, nil
}

// finish waits for a run and fails when it did.
func (j *mainJob) finish(ctx context.Context, run *bursar.Run) error {
	run, err := j.client.WatchRun(ctx, run.ID, func(client.RunEvent) {})
	if err != nil {
		return err
	}
	if run.State != bursar.RunSucceeded {
		return fmt.Errorf("the run %s is %s: %+v", run.ID, run.State, run.Error)
	}
	return nil
}

func (j *mainJob) confirmAccess(ctx context.Context) (string, error) {
	a, err := j.check(ctx)
	if err != nil {
		return "", err
	}
	if a.Kind != bursar.KindPayer {
		return "", fmt.Errorf("account %s is a payer, and bursar found %s", j.account, a.Kind)
	}
	return listed(a.Findings), nil
}

func listed(found []bursar.Finding) string {
	var out []string
	for _, f := range found {
		out = append(out, f.Check+" "+f.Code)
	}
	return strings.Join(out, ", ")
}

func (j *mainJob) confirmExport(ctx context.Context) (string, error) {
	a, err := j.check(ctx)
	if err != nil {
		return "", err
	}
	exports, err := j.client.Exports(ctx)
	if err != nil {
		return "", err
	}
	exports = slices.DeleteFunc(exports, func(e bursar.Export) bool { return e.AccountID != a.ID })
	if len(exports) != 1 || a.Status.DataArrival != bursar.ArrivalAwaiting {
		return "", fmt.Errorf("%d exports are followed and data arrival is %q", len(exports), a.Status.DataArrival)
	}
	j.export = exports[0]
	return fmt.Sprintf("%s, %s %s into %s: %s", j.export.Name, j.export.Format, j.export.FileFormat, j.export.Bucket, a.Status.DataArrival), nil
}

func (j *mainJob) confirmArrival(ctx context.Context) (string, error) {
	a, err := j.check(ctx)
	if err != nil {
		return "", err
	}
	if a.Status.DataArrival != bursar.ArrivalReceiving || a.Status.Summary != bursar.SummaryConnected {
		return "", fmt.Errorf("the account is %s, its data arrival %q", a.Status.Summary, a.Status.DataArrival)
	}
	return fmt.Sprintf("%s, %s", a.Status.Summary, a.Status.DataArrival), nil
}

func (j *mainJob) wait(context.Context) (string, error) {
	now := j.aws.Cloud().Clock.Advance(36 * time.Hour)
	delivered := j.aws.Billing().Deliveries(j.export.ARN)
	if len(delivered) == 0 {
		return "", fmt.Errorf("nothing was delivered until %s", now.Format(time.DateTime))
	}
	var rows int64
	for _, d := range delivered {
		rows += d.Truth.Rows
	}
	return fmt.Sprintf("it is %s UTC: %d deliveries, %d line items", now.Format(time.DateTime), len(delivered), rows), nil
}

// importNew looks for deliveries now. A run that was under way may have looked too early: then there is another.
func (j *mainJob) importNew(ctx context.Context) (string, error) {
	for range 2 {
		run, err := j.client.ImportAccount(ctx, j.account)
		if err != nil {
			return "", err
		}
		if err := j.finish(ctx, run); err != nil {
			return "", err
		}
	}
	published, err := j.published(ctx)
	if err != nil {
		return "", err
	}
	var rows int64
	for _, d := range published {
		rows += d.Rows
	}
	return fmt.Sprintf("%d months published, %d line items", len(published), rows), nil
}

// published are the deliveries that count, by period.
func (j *mainJob) published(ctx context.Context) (map[bursar.Period]bursar.Delivery, error) {
	all, err := j.client.Deliveries(ctx, j.export.ID)
	out := map[bursar.Period]bursar.Delivery{}
	for _, d := range all {
		switch d.State {
		case bursar.DeliveryPublished:
			out[d.Period] = d
		case bursar.DeliveryRejected:
			return nil, fmt.Errorf("the delivery of %s was rejected: %s", d.Period, d.Reason)
		}
	}
	return out, err
}
