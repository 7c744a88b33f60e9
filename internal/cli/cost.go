package cli

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/client"
	"github.com/spf13/cobra"
)

func costCommand(s *serverFlags) *cobra.Command {
	var o output
	var q client.Question
	var file string
	c := &cobra.Command{
		Use:   "cost",
		Short: "Ask what something cost",
		Long: `Ask what something cost, or with --metric usage how much was used. Amounts are exact; currencies are never added.

--to is exclusive: --from 2026-01 --to 2026-07 is the first half of 2026.

A filter is a dimension, an operator (is, is not, contains, not contains, exists, not exists) and a value.
Several must all hold; of one dimension, "is" and "contains" take either.`,
		Example: `  bursar cost --group-by service --granularity monthly --from 2026-01 --to 2026-07
  bursar cost --group-by tag:team --filter "service is AmazonEC2" --metric amortized --compare
  bursar cost --group-by resource,service --top 20 --granularity total
  bursar cost --group-by account,service --granularity daily --export costs.parquet`,
		Args: exactly(),
		RunE: func(c *cobra.Command, _ []string) error {
			api, err := s.client()
			if err != nil {
				return err
			}
			if file != "" {
				return toFile(file, func(f *os.File, format string) error { return explain(api.ExportCosts(c.Context(), q, format, f)) })
			}
			kind, err := o.kind()
			if err != nil {
				return err
			}
			answer, err := api.Costs(c.Context(), q)
			if err != nil {
				return explain(err)
			}
			if kind == "table" {
				defer printNotes(c, answer.Notes)
			}
			header, rows := costTable(answer, kind == "table")
			return o.print(c.OutOrStdout(), answer, header, rows)
		},
	}
	o.flags(c)
	questionFlags(c, &q)
	c.Flags().StringVar(&file, "export", "", "write the answer to a file: its ending, .csv, .jsonl or .parquet, says how")
	c.AddCommand(costItemsCommand(s), costExportCommand(s), costForecastCommand(s), costDimensionsCommand(s))
	return c
}

// questionFlags are what a question is made of.
func questionFlags(c *cobra.Command, q *client.Question) {
	f := c.Flags()
	f.StringSliceVar(&q.GroupBy, "group-by", []string{"service"}, "up to three of service, account, region, tag:KEY and others; an unknown one lists them")
	f.StringVar(&q.Granularity, "granularity", "monthly", "hourly, daily, monthly or total")
	f.BoolVar(&q.Compare, "compare", false, "show the time before beside it")
	f.IntVar(&q.Top, "top", 0, "tell only so many groups apart, the largest, and sum the others; 0 is all")
	selectionFlags(c, q)
}

// selectionFlags say which line items a question is about, and how they count.
func selectionFlags(c *cobra.Command, q *client.Question) {
	c.Flags().StringArrayVar(&q.Filters, "filter", nil, `only what this holds for: "service is AmazonEC2"; may be repeated`)
	c.Flags().StringVar(&q.Metric, "metric", "unblended", "which cost: unblended, amortized and others, or usage; an unknown one lists them")
	timeFlags(c, q)
}

func timeFlags(c *cobra.Command, q *client.Question) {
	c.Flags().StringVar(&q.From, "from", "", "first month or day: YYYY-MM or YYYY-MM-DD")
	c.Flags().StringVar(&q.To, "to", "", "first month or day that is left out")
}

func printNotes(c *cobra.Command, notes []client.CostNote) {
	for _, n := range notes {
		fmt.Fprintf(c.ErrOrStderr(), "note: %s\n", n.Message)
	}
}

// toFile has a file written, in the format that its ending names. What is there already stays until the new file is complete.
func toFile(path string, write func(f *os.File, format string) error) error {
	format := strings.TrimPrefix(filepath.Ext(path), ".")
	if !slices.Contains([]string{"csv", "jsonl", "parquet"}, format) {
		return usage(bursar.Errorf(bursar.Invalid, "%q does not say how to write the file", path).WithHint("end its name in .csv, .jsonl or .parquet"))
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".bursar-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	if err := write(f, format); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
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
	header = append(header, amountHeader(a)...)
	for _, r := range a.Rows {
		var row []string
		if timed {
			row = append(row, shortTime(r.Start, a.Granularity))
		}
		rows = append(rows, append(row, append(groupCells(a, r), amounts(r.Amount, r.Previous, r.Currency+r.Unit)...)...))
	}
	if totals {
		rows = append(rows, totalRows(a, len(header))...)
	}
	return withSource(a, header, rows)
}

// withSource adds where rows come from, when some of them do not come from a bill.
func withSource(a *client.Costs, header []string, rows [][]string) ([]string, [][]string) {
	if !slices.ContainsFunc(a.Rows, func(r client.CostRow) bool { return r.Source != "" }) {
		return header, rows
	}
	for i := range rows {
		source := ""
		if i < len(a.Rows) {
			source = cmp.Or(a.Rows[i].Source, "bill")
		}
		rows[i] = append(rows[i], source)
	}
	return append(header, "SOURCE"), rows
}

func amountHeader(a *client.Costs) []string {
	header := []string{"AMOUNT"}
	if a.Previous != nil {
		header = append(header, "BEFORE", "CHANGE")
	}
	if a.Metric == "usage" {
		return append(header, "UNIT")
	}
	return append(header, "CURRENCY")
}

func groupCells(a *client.Costs, r client.CostRow) (cells []string) {
	for i, g := range a.GroupBy {
		switch {
		case r.Rest == 0:
			cells = append(cells, r.Groups[g])
		case i == 0:
			cells = append(cells, fmt.Sprintf("(%d others)", r.Rest))
		default:
			cells = append(cells, "")
		}
	}
	return cells
}

func amounts(now bursar.Decimal, before *bursar.Decimal, counted string) []string {
	if before == nil {
		return []string{now.String(), counted}
	}
	return []string{now.String(), before.String(), now.Sub(*before).String(), counted}
}

func totalRows(a *client.Costs, width int) (rows [][]string) {
	for _, t := range a.Totals {
		var before *bursar.Decimal
		if a.Previous != nil {
			before = &bursar.Decimal{}
			for _, p := range a.Previous.Totals {
				if p.Currency == t.Currency && p.Unit == t.Unit {
					before = &p.Amount
				}
			}
		}
		cells := amounts(t.Amount, before, t.Currency+t.Unit)
		row := slices.Repeat([]string{""}, width-len(cells))
		if len(row) > 0 {
			row[0] = "total"
		}
		rows = append(rows, append(row, cells...))
	}
	return rows
}

// shortTime is as long as the granularity wants.
func shortTime(start, granularity string) string {
	switch {
	case granularity == "monthly" && len(start) >= 7:
		return start[:7]
	case granularity == "hourly" && len(start) >= 16:
		return start[:10] + " " + start[11:16]
	}
	return start
}
