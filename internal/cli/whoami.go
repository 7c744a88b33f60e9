package cli

import (
	"cmp"
	"strings"

	"github.com/spf13/cobra"
)

func whoamiCommand(s *serverFlags) *cobra.Command {
	var o output
	c := &cobra.Command{
		Use: "whoami", Short: "Say as whom commands are run, in which workspace, and what that allows", Args: exactly(),
		RunE: func(c *cobra.Command, _ []string) error {
			api, err := s.client()
			if err != nil {
				return err
			}
			me, err := api.Me(c.Context())
			if err != nil {
				return explain(err)
			}
			header := []string{"NAME", "KIND", "ROLE", "WORKSPACE", "SERVER", "MAY"}
			row := []string{cmp.Or(me.Email, me.Name), me.Kind, me.Role, me.Workspace.Name, api.Server(), strings.Join(me.Actions, " ")}
			return o.print(c.OutOrStdout(), me, header, [][]string{row})
		},
	}
	o.flags(c)
	return c
}
