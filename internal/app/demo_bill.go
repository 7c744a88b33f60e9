package app

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/client"
	"github.com/bursarhq/bursar/internal/billing/ingest"
	"github.com/bursarhq/bursar/internal/sandbox/billing"
)

// demoLoner is the standalone account of the demo's world, which real bills are served as an export of.
const demoLoner = "777788889999"

// realBill is the way of an account whose export is there already: somebody's real bill files, served by the simulated AWS.
func (d *demo) realBill(s *steps) []task {
	j := &mainJob{demo: d, steps: s, account: demoLoner, name: "Real bill"}
	return []task{
		{"serve " + d.options.Bill + " as an existing export of the account " + j.account, j.mount},
		{"register that account", j.register},
		{"create its access stack", j.createStack("access")},
		{"check and confirm: it is standalone, and has the export", j.confirmStandalone},
		{"choose the export, and grant reading it alone", j.chooseExport},
		{"check and confirm: its bills can be read", j.confirmArrival},
		{"import them", j.importReal},
		{"compare every month with what the files say", j.compareReal},
	}
}

// mount serves the files, whose totals nobody but they themselves can tell.
func (j *mainJob) mount(context.Context) (string, error) {
	arn, err := j.aws.Billing().Mount(billing.Export{Account: j.account, Name: "real-bill", Bucket: "real-bill-" + j.account, Files: j.options.Bill})
	j.export.ARN = arn
	return arn, err
}

func (j *mainJob) confirmStandalone(ctx context.Context) (string, error) {
	a, err := j.check(ctx)
	if err != nil {
		return "", err
	}
	if a.Kind != bursar.KindStandalone {
		return "", fmt.Errorf("account %s is standalone, and bursar found %s", j.account, a.Kind)
	}
	found, err := j.client.AccountExports(ctx, j.account)
	if err != nil {
		return "", err
	}
	i := slices.IndexFunc(found.Items, func(c client.Candidate) bool { return c.Definition.Export.ARN == j.export.ARN })
	if i < 0 || !found.Items[i].Usable {
		return "", fmt.Errorf("the export is not among the %d that can be used: %+v", len(found.Items), found.Items)
	}
	e := found.Items[i].Definition.Export
	return fmt.Sprintf("%d exports; %s is %s %s", len(found.Items), e.Name, e.Format, e.FileFormat), nil
}

func (j *mainJob) chooseExport(ctx context.Context) (string, error) {
	if _, err := j.client.ChangeSetup(ctx, j.account, client.NewSetup{Export: &bursar.ExportChoice{Existing: j.export.ARN}}); err != nil {
		return "", err
	}
	return j.openLink(ctx, "export")
}

func (j *mainJob) importReal(ctx context.Context) (string, error) {
	exports, err := j.client.Exports(ctx)
	if err != nil {
		return "", err
	}
	i := slices.IndexFunc(exports, func(e bursar.Export) bool { return e.ARN == j.export.ARN })
	if i < 0 {
		return "", fmt.Errorf("the export %s is not followed", j.export.ARN)
	}
	j.export = exports[i]
	return j.importNew(ctx)
}

// compareReal holds the published months against a reading of the files by themselves, without AWS and lake.
func (j *mainJob) compareReal(ctx context.Context) (string, error) {
	read, err := Local{}.Inspect(ctx, []string{j.options.Bill}, nil)
	if err != nil {
		return "", err
	}
	published, err := j.published(ctx)
	if err != nil {
		return "", err
	}
	var told, wrong []string
	for _, g := range byPeriod(read.Report.Files) {
		p, err := bursar.ParsePeriod(g.Key)
		if err != nil {
			return "", err
		}
		if d := published[p]; d.Rows != g.Rows || !d.Totals[g.Currency].Equal(g.Cost) {
			wrong = append(wrong, fmt.Sprintf("%s: %d line items, %v, the files say %d and %s %s", p, d.Rows, d.Totals, g.Rows, g.Cost, g.Currency))
		}
		told = append(told, fmt.Sprintf("%s: %s %s, %d line items", g.Key, g.Cost, g.Currency, g.Rows))
	}
	if len(wrong) > 0 || len(told) == 0 {
		return "", fmt.Errorf("%d months are wrong: %s", len(wrong), strings.Join(wrong, "; "))
	}
	return strings.Join(told, "; "), nil
}

// byPeriod adds up what files say of each month, in their order.
func byPeriod(files []ingest.FileReport) (out []ingest.Group) {
	for _, f := range files {
		for _, g := range f.ByPeriod {
			i := slices.IndexFunc(out, func(o ingest.Group) bool { return o.Key == g.Key && o.Currency == g.Currency })
			if i < 0 {
				out = append(out, g)
				continue
			}
			out[i].Rows, out[i].Cost = out[i].Rows+g.Rows, out[i].Cost.Add(g.Cost)
		}
	}
	return out
}
