package cli

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/bursarhq/bursar/client"
	"github.com/spf13/cobra"
)

func sqlCommand(s *serverFlags) *cobra.Command {
	var o output
	var limit int
	var file string
	c := &cobra.Command{
		Use:   "sql STATEMENT",
		Short: "Ask the bills in SQL",
		Long: `Ask the bills in SQL: one SELECT, in DuckDB's dialect, over the views line_items, costs_daily, deliveries,
files, exports and accounts. "-" reads the statement from standard input.

"SHOW TABLES" lists the views, "DESCRIBE line_items" the columns of one. Nothing but the views can be read, and
nothing can be changed.`,
		Example: `  bursar sql "SELECT service, sum(amortized) FROM costs_daily WHERE day >= '2026-01-01' GROUP BY 1 ORDER BY 2 DESC"
  bursar sql --export out.parquet "SELECT * FROM line_items WHERE billing_period = '2026-01'"
  bursar sql - < question.sql`,
		Args: exactly("a statement"),
		RunE: func(c *cobra.Command, args []string) error {
			statement := args[0]
			if statement == "-" {
				b, err := io.ReadAll(c.InOrStdin())
				if err != nil {
					return err
				}
				statement = string(b)
			}
			api, err := s.client()
			if err != nil {
				return err
			}
			if file != "" {
				return toFile(file, func(f *os.File, format string) error {
					return explain(api.ExportSQL(c.Context(), statement, format, f))
				})
			}
			answer, err := api.SQL(c.Context(), statement, limit)
			if err != nil {
				return explain(err)
			}
			if answer.More {
				fmt.Fprintf(c.ErrOrStderr(), "note: there are more than %d rows; --limit shows more, --export writes them all\n", limit)
			}
			header, rows := sqlTable(answer)
			return o.print(c.OutOrStdout(), answer, header, rows)
		},
	}
	o.flags(c)
	c.Flags().IntVar(&limit, "limit", 1000, "rows at most, up to 100000")
	c.Flags().StringVar(&file, "export", "", "write the whole answer to a file: its ending, .csv, .jsonl or .parquet, says how")
	c.AddCommand(sqlViewsCommand(s))
	return c
}

func sqlTable(a *client.SQLAnswer) (header []string, rows [][]string) {
	for _, c := range a.Columns {
		header = append(header, strings.ToUpper(c.Name))
	}
	for _, r := range a.Rows {
		row := make([]string, len(r))
		for i, cell := range r {
			if cell != nil {
				row[i] = fmt.Sprint(cell)
			}
		}
		rows = append(rows, row)
	}
	return header, rows
}
