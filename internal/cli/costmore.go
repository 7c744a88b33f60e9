package cli

import (
	"fmt"
	"os"
	"strings"

	"github.com/bursarhq/bursar/client"
	"github.com/spf13/cobra"
)

func costExportCommand(s *serverFlags) *cobra.Command {
	var q client.Question
	c := &cobra.Command{
		Use:   "export FILE",
		Short: "Write the whole answer to a file",
		Long:  "Write the whole answer to a question to a file: its ending, .csv, .jsonl or .parquet, says how. Amounts stay exact in each of them.",
		Example: `  bursar cost export costs.parquet --group-by account,service --granularity daily --from 2026-01 --to 2026-07
  bursar cost export costs.csv --group-by tag:team --filter "service is AmazonEC2"`,
		Args: exactly("a file"),
		RunE: func(c *cobra.Command, args []string) error {
			api, err := s.client()
			if err != nil {
				return err
			}
			return toFile(args[0], func(f *os.File, format string) error { return explain(api.ExportCosts(c.Context(), q, format, f)) })
		},
	}
	questionFlags(c, &q)
	return c
}

func costItemsCommand(s *serverFlags) *cobra.Command {
	var o output
	var q client.Question
	var columns []string
	var limit int
	var file string
	c := &cobra.Command{
		Use:   "items",
		Short: "List the line items behind a cost",
		Long: `List the line items behind a cost, those that cost most first. Every amount is as AWS billed it.

Columns are dimensions, metrics, tag:KEY, cost_category:KEY, billing_period, day, hour, currency, unit, and columns of the
lake such as ChargeDescription; "bursar sql 'DESCRIBE line_items'" lists those.`,
		Example: `  bursar cost items --filter "service is AmazonEC2" --from 2026-01-05 --to 2026-01-06
  bursar cost items --filter "tag:team not exists" --columns day,resource,unblended,currency --limit 500
  bursar cost items --from 2026-01 --to 2026-02 --export january.parquet`,
		Args: exactly(),
		RunE: func(c *cobra.Command, _ []string) error {
			api, err := s.client()
			if err != nil {
				return err
			}
			if file != "" {
				return toFile(file, func(f *os.File, format string) error {
					return explain(api.ExportCostItems(c.Context(), q, columns, format, f))
				})
			}
			answer, err := itemsUpTo(c, api, q, columns, limit)
			if err != nil {
				return explain(err)
			}
			if n := len(answer.Rows); int64(n) < answer.Count {
				fmt.Fprintf(c.ErrOrStderr(), "note: these are %d of %d line items; --limit shows more, --export writes them all\n", n, answer.Count)
			}
			header, rows := sqlTable(&client.SQLAnswer{Columns: answer.Columns, Rows: answer.Rows})
			return o.print(c.OutOrStdout(), answer, header, rows)
		},
	}
	o.flags(c)
	f := c.Flags()
	selectionFlags(c, &q)
	f.StringSliceVar(&columns, "columns", nil, "what to show of each; an unknown column lists the known ones")
	f.IntVar(&limit, "limit", 100, "line items at most")
	f.StringVar(&file, "export", "", "write all of them to a file: its ending, .csv, .jsonl or .parquet, says how")
	return c
}

const itemsOfAPage = 1000

// itemsUpTo reads pages until there are enough line items.
func itemsUpTo(c *cobra.Command, api *client.Client, q client.Question, columns []string, limit int) (*client.CostItems, error) {
	var all *client.CostItems
	cursor := ""
	for {
		have := 0
		if all != nil {
			have = len(all.Rows)
		}
		page, err := api.CostItems(c.Context(), q, columns, cursor, min(itemsOfAPage, max(1, limit-have)))
		if err != nil {
			return nil, err
		}
		if all != nil {
			page.Rows = append(all.Rows, page.Rows...)
		}
		all, cursor = page, page.NextCursor
		if cursor == "" || len(all.Rows) >= limit {
			return all, nil
		}
	}
}

func costForecastCommand(s *serverFlags) *cobra.Command {
	var o output
	var metric string
	var filters []string
	c := &cobra.Command{
		Use:   "forecast",
		Short: "Forecast the current month to its end",
		Long:  "Forecast what the current month will have cost at its end, and compare it with the month before up to the same day. The method is printed with it.",
		Example: `  bursar cost forecast
  bursar cost forecast --metric amortized --filter "account is 111122223333"`,
		Args: exactly(),
		RunE: func(c *cobra.Command, _ []string) error {
			api, err := s.client()
			if err != nil {
				return err
			}
			kind, err := o.kind()
			if err != nil {
				return err
			}
			f, err := api.CostForecast(c.Context(), metric, filters)
			if err != nil {
				return explain(err)
			}
			if kind == "table" {
				defer explainForecast(c, f)
			}
			header, rows := forecastTable(f)
			return o.print(c.OutOrStdout(), f, header, rows)
		},
	}
	o.flags(c)
	c.Flags().StringVar(&metric, "metric", "unblended", "which cost: unblended, amortized and others; an unknown one lists them")
	c.Flags().StringArrayVar(&filters, "filter", nil, `only what this holds for: "service is AmazonEC2"; may be repeated`)
	return c
}

func explainForecast(c *cobra.Command, f *client.CostForecast) {
	for _, cur := range f.Currencies {
		if cur.Lacking != "" {
			fmt.Fprintf(c.ErrOrStderr(), "note: %s: %s\n", cur.Currency, cur.Lacking)
		}
	}
	printNotes(c, f.Notes)
	if f.Through != "" {
		fmt.Fprintf(c.ErrOrStderr(), "note: the bill is complete through %s\n", f.Through)
	}
	fmt.Fprintf(c.ErrOrStderr(), "note: %s\n", f.Method)
}

func forecastTable(f *client.CostForecast) (header []string, rows [][]string) {
	header = []string{"MONTH", "TO DATE", "EXPECTED", "LOW", "HIGH", "LAST MONTH", "SAME DAYS", "SAME DAYS BEFORE", "CURRENCY"}
	for _, c := range f.Currencies {
		row := []string{f.Period, c.ToDate.String(), "", "", "", c.LastMonth.String(), "", "", c.Currency}
		if c.Expected != nil {
			row[2], row[3], row[4] = c.Expected.String(), c.Low.String(), c.High.String()
		}
		if c.SameDays != nil {
			row[6], row[7] = c.SameDays.This.String(), c.SameDays.Last.String()
		}
		rows = append(rows, row)
	}
	return header, rows
}

func costDimensionsCommand(s *serverFlags) *cobra.Command {
	var o output
	var q client.Question
	var contains string
	c := &cobra.Command{
		Use:   "dimensions [DIMENSION]",
		Short: "List what costs can be asked by, or the values of a dimension",
		Example: `  bursar cost dimensions
  bursar cost dimensions tag:team
  bursar cost dimensions usage_type --contains boxusage`,
		Args: atMostOne("a dimension"),
		RunE: func(c *cobra.Command, args []string) error {
			api, err := s.client()
			if err != nil {
				return err
			}
			if len(args) == 1 {
				return dimensionValues(c, api, &o, args[0], contains, q)
			}
			d, err := api.CostDimensions(c.Context(), q.From, q.To)
			if err != nil {
				return explain(err)
			}
			var rows [][]string
			for _, x := range d.Dimensions {
				rows = append(rows, []string{x.Name, x.Doc})
			}
			for _, key := range d.Tags {
				rows = append(rows, []string{"tag:" + key, "A tag."})
			}
			for _, key := range d.CostCategories {
				rows = append(rows, []string{"cost_category:" + key, "A cost category."})
			}
			return o.print(c.OutOrStdout(), d, []string{"DIMENSION", "MEANING"}, rows)
		},
	}
	o.flags(c)
	c.Flags().StringVar(&contains, "contains", "", "only values with this in them")
	timeFlags(c, &q)
	return c
}

const valuesShown = 1000

func dimensionValues(c *cobra.Command, api *client.Client, o *output, dimension, contains string, q client.Question) error {
	v, err := api.CostValues(c.Context(), dimension, contains, q.From, q.To, valuesShown)
	if err != nil {
		return explain(err)
	}
	if v.More {
		fmt.Fprintf(c.ErrOrStderr(), "note: there are more than %d values; --contains narrows them\n", valuesShown)
	}
	var rows [][]string
	for _, value := range v.Values {
		rows = append(rows, []string{value})
	}
	return o.print(c.OutOrStdout(), v, []string{strings.ToUpper(dimension)}, rows)
}
