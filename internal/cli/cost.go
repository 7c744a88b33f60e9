package cli

import (
	"slices"
	"strings"

	"github.com/bursarhq/bursar/client"
	"github.com/spf13/cobra"
)

func costCommand(s *serverFlags) *cobra.Command {
	var o output
	var q client.Question
	c := &cobra.Command{
		Use:   "cost",
		Short: "Ask what something cost",
		Long: `Ask what something cost. Amounts are exact; currencies are never added.

--to is exclusive: --from 2026-01 --to 2026-07 is the first half of 2026.`,
		Example: "  bursar cost --group-by service --granularity monthly --from 2026-01 --to 2026-07",
		Args:    exactly(),
		RunE: func(c *cobra.Command, _ []string) error {
			api, err := s.client()
			if err != nil {
				return err
			}
			answer, err := api.Costs(c.Context(), q)
			if err != nil {
				return explain(err)
			}
			kind, err := o.kind()
			if err != nil {
				return err
			}
			header, rows := costTable(answer, kind == "table")
			return o.print(c.OutOrStdout(), answer, header, rows)
		},
	}
	o.flags(c)
	f := c.Flags()
	f.StringSliceVar(&q.GroupBy, "group-by", []string{"service"}, "up to three of service, account, region and others; an unknown one lists them")
	f.StringVar(&q.Granularity, "granularity", "monthly", "daily, monthly or total")
	f.StringVar(&q.From, "from", "", "first month or day: YYYY-MM or YYYY-MM-DD")
	f.StringVar(&q.To, "to", "", "first month or day that is left out")
	f.StringVar(&q.Metric, "metric", "unblended", "which cost: unblended, amortized and others; an unknown one lists them")
	return c
}

// costTable has a row for each cell of the answer and, for people, a total for each currency at the end.
func costTable(a *client.Costs, totals bool) (header []string, rows [][]string) {
	timed := a.Granularity != "total"
	if timed {
		header = append(header, "PERIOD")
	}
	for _, g := range a.GroupBy {
		header = append(header, strings.ToUpper(g))
	}
	header = append(header, "AMOUNT", "CURRENCY")
	for _, r := range a.Rows {
		var row []string
		if timed {
			row = append(row, shortTime(r.Start, a.Granularity))
		}
		for _, g := range a.GroupBy {
			row = append(row, r.Groups[g])
		}
		rows = append(rows, append(row, r.Amount.String(), r.Currency))
	}
	if !totals {
		return header, rows
	}
	for _, t := range a.Totals {
		row := slices.Repeat([]string{""}, len(header)-2)
		if len(row) > 0 {
			row[0] = "total"
		}
		rows = append(rows, append(row, t.Amount.String(), t.Currency))
	}
	return header, rows
}

func shortTime(day, granularity string) string {
	if granularity == "monthly" && len(day) >= 7 {
		return day[:7]
	}
	return day
}
