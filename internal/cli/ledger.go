package cli

import (
	"strconv"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/client"
	"github.com/spf13/cobra"
)

func requestFlags(c *cobra.Command, f *client.RequestFilter) {
	c.Flags().StringVar(&f.Source, "source", "", "only those of this source: its id")
	c.Flags().StringVar(&f.Access, "access", "", "only those of this account's or credential's access: its id")
	c.Flags().StringVar(&f.Run, "run", "", "only those of this run")
}

func sourceLedger(s *serverFlags) *cobra.Command {
	var o output
	var f client.RequestFilter
	var limit int
	c := &cobra.Command{Use: "ledger", Short: "List the requests to Cost Explorer, each attempt at each page, the newest first", Args: exactly()}
	c.RunE = s.call(func(c *cobra.Command, api *client.Client, _ []string) error {
		if limit < 0 {
			return usage(bursar.Errorf(bursar.Invalid, "--limit %d is less than none", limit).WithHint("0 lists all"))
		}
		list, err := api.Requests(c.Context(), f, limit)
		if err != nil {
			return err
		}
		var rows [][]string
		for _, r := range list {
			rows = append(rows, []string{
				r.At.Format(time.RFC3339), r.Stream, r.Operation, strconv.Itoa(r.Page), strconv.Itoa(r.Attempt), string(r.State), r.Code, r.USD.String(), strconv.FormatInt(r.TookMS, 10), r.SourceID, r.RunID,
			})
		}
		return o.print(c.OutOrStdout(), list, []string{"AT", "STREAM", "OPERATION", "PAGE", "ATTEMPT", "STATE", "CODE", "USD", "MS", "SOURCE", "RUN"}, rows)
	})
	o.flags(c)
	requestFlags(c, &f)
	c.Flags().StringVar(&f.Stream, "stream", "", "only those of this stream")
	c.Flags().IntVar(&limit, "limit", 50, "as many at most; 0 lists all")
	return c
}

func sourceSpend(s *serverFlags) *cobra.Command {
	var o output
	var f client.RequestFilter
	var days int
	c := &cobra.Command{Use: "spend", Short: "Say what was spent on requests, by day and operation", Args: exactly()}
	c.RunE = s.call(func(c *cobra.Command, api *client.Client, _ []string) error {
		list, err := api.RequestSpend(c.Context(), f, days)
		if err != nil {
			return err
		}
		var rows [][]string
		for _, x := range list {
			rows = append(rows, []string{x.Day, x.Operation, strconv.FormatInt(x.Requests, 10), strconv.FormatInt(x.Cached, 10), strconv.FormatInt(x.Failed, 10), x.USD.String()})
		}
		return o.print(c.OutOrStdout(), list, []string{"DAY", "OPERATION", "SENT", "KEPT", "FAILED", "USD"}, rows)
	})
	o.flags(c)
	requestFlags(c, &f)
	c.Flags().IntVar(&days, "days", 30, "how many days, today included")
	return c
}

var budgetHeader = []string{"SCOPE", "A DAY", "SPENT TODAY", "A MONTH", "SPENT THIS MONTH"}

func budgetRow(b client.RequestBudget) []string {
	return []string{b.Scope, b.Day.String(), b.SpentDay.String(), b.Month.String(), b.SpentMonth.String()}
}

func sourceBudget(s *serverFlags) *cobra.Command {
	var o output
	var day, month string
	c := &cobra.Command{
		Use: "budget [SCOPE]", Short: "Show the budgets that sources share, or set one", Args: cobra.MaximumNArgs(1),
		Long: `Show what all sources of an access, and of the workspace, may spend on requests, in US dollars. With a
scope ("all", or the id of an account or credential), --day and --month set its budget.`,
		Example: "  bursar source budget\n  bursar source budget all --day 2 --month 20",
	}
	c.RunE = s.call(func(c *cobra.Command, api *client.Client, args []string) error {
		list, err := api.RequestBudgets(c.Context())
		if err != nil {
			return err
		}
		if len(args) == 0 {
			var rows [][]string
			for _, b := range list {
				rows = append(rows, budgetRow(b))
			}
			return o.print(c.OutOrStdout(), list, budgetHeader, rows)
		}
		b, err := newBudget(list, args[0], day, month)
		if err != nil {
			return usage(err)
		}
		out, err := api.SetRequestBudget(c.Context(), b)
		if err != nil {
			return err
		}
		return o.print(c.OutOrStdout(), out, budgetHeader, [][]string{budgetRow(*out)})
	})
	o.flags(c)
	c.Flags().StringVar(&day, "day", "", "US dollars a day (UTC)")
	c.Flags().StringVar(&month, "month", "", "US dollars a month (UTC)")
	return c
}

// newBudget is a scope's budget with the amounts that were given; the other stays as it is.
func newBudget(list []client.RequestBudget, scope, day, month string) (bursar.SharedBudget, error) {
	b := bursar.DefaultSharedBudget(scope)
	for _, x := range list {
		if x.Scope == scope {
			b = x.SharedBudget
		}
	}
	if day == "" && month == "" {
		return b, bursar.Errorf(bursar.Invalid, "no amount is given").WithHint("--day 0.50, --month 5, or both")
	}
	for _, x := range []struct {
		text string
		at   *bursar.Decimal
	}{{day, &b.Day}, {month, &b.Month}} {
		if x.text == "" {
			continue
		}
		d, err := bursar.ParseDecimal(x.text)
		if err != nil {
			return b, err
		}
		*x.at = d
	}
	return b, nil
}

func sourceReconcile(s *serverFlags) *cobra.Command {
	var o output
	c := &cobra.Command{Use: "reconcile SOURCE", Short: "Compare each closed month with the bill, and say why they differ", Args: exactly("a source")}
	c.RunE = s.call(func(c *cobra.Command, api *client.Client, args []string) error {
		list, err := api.Reconcile(c.Context(), args[0])
		if err != nil {
			return err
		}
		var rows [][]string
		for _, l := range list {
			rows = append(rows, []string{l.Period.String(), l.Metric, l.Bill.String(), l.CostExplorer.String(), l.Difference.String(), l.Currency, l.Cause, l.Explanation})
		}
		return o.print(c.OutOrStdout(), list, []string{"MONTH", "METRIC", "BILL", "COST EXPLORER", "DIFFERENCE", "CURRENCY", "CAUSE", "EXPLANATION"}, rows)
	})
	o.flags(c)
	return c
}
