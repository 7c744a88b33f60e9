package cli

import (
	"slices"

	"github.com/spf13/cobra"
)

func sqlViewsCommand(s *serverFlags) *cobra.Command {
	var o output
	c := &cobra.Command{
		Use: "views [VIEW]", Short: "List the views that statements read, with their columns and what each means", Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			api, err := s.client()
			if err != nil {
				return err
			}
			all, err := api.SQLViews(c.Context())
			if err != nil {
				return explain(err)
			}
			var rows [][]string
			for _, v := range all.Views {
				if len(args) > 0 && !slices.Contains(args, v.Name) {
					continue
				}
				for _, col := range v.Columns {
					rows = append(rows, []string{v.Name, col.Name, col.Type, col.Doc})
				}
			}
			return o.print(c.OutOrStdout(), all, []string{"VIEW", "COLUMN", "TYPE", "MEANING"}, rows)
		},
	}
	o.flags(c)
	return c
}
