package cli

import (
	"cmp"
	"fmt"

	"github.com/bursarhq/bursar/client"
	"github.com/spf13/cobra"
)

func workspaceCommand(s *serverFlags) *cobra.Command {
	return group("workspace", "List, make and rename workspaces", workspaceList(s), workspaceAdd(s), workspaceRename(s))
}

var workspaceHeader = []string{"ID", "NAME", "YOU ARE", "CREATED"}

func workspaceRow(w client.Workspace) []string {
	return []string{w.ID, w.Name, w.Role, day(w.CreatedAt, "")}
}

func workspaceList(s *serverFlags) *cobra.Command {
	var o output
	c := &cobra.Command{
		Use: "list", Short: "List the workspaces that you are in; a key is in one", Args: exactly(),
		RunE: func(c *cobra.Command, _ []string) error {
			api, err := s.client()
			if err != nil {
				return err
			}
			list, err := api.Workspaces(c.Context())
			if err != nil {
				return explain(err)
			}
			rows := make([][]string, 0, len(list))
			for _, w := range list {
				rows = append(rows, workspaceRow(w))
			}
			return o.print(c.OutOrStdout(), list, workspaceHeader, rows)
		},
	}
	o.flags(c)
	return c
}

func workspaceAdd(s *serverFlags) *cobra.Command {
	var o output
	c := &cobra.Command{
		Use: "add NAME", Short: "Make a workspace, with an owner's key of it", Args: exactly("a name"),
		Long: `Make a workspace: one company, or one customer. Only the owners of the installation's first workspace may.

The answer holds an owner's key of the new workspace, which is shown this once. "bursar login --profile NAME" keeps it beside yours.`,
		Example: `  bursar workspace add "Customer Corp"`,
		RunE: func(c *cobra.Command, args []string) error {
			api, err := s.client()
			if err != nil {
				return err
			}
			w, err := api.AddWorkspace(c.Context(), args[0])
			if err != nil {
				return explain(err)
			}
			if printed, err := o.document(c.OutOrStdout(), w); printed || err != nil {
				return err
			}
			if _, err := fmt.Fprintln(c.OutOrStdout(), w.Key); err != nil {
				return err
			}
			return s.note(c, "\nThis is an owner's key of the workspace %q, %s. It is shown this once.\n", printable(w.Name), w.ID)
		},
	}
	o.documentFlags(c)
	return c
}

func workspaceRename(s *serverFlags) *cobra.Command {
	var o output
	c := &cobra.Command{
		Use: "rename NAME", Short: "Give your workspace another name", Args: exactly("a name"),
		RunE: func(c *cobra.Command, args []string) error {
			api, err := s.client()
			if err != nil {
				return err
			}
			me, err := api.Me(c.Context())
			if err != nil {
				return explain(err)
			}
			w, err := api.RenameWorkspace(c.Context(), me.Workspace.ID, args[0])
			if err != nil {
				return explain(err)
			}
			if kind, err := o.kind(); err != nil || kind != "table" {
				return cmp.Or(err, o.print(c.OutOrStdout(), w, workspaceHeader, [][]string{workspaceRow(*w)}))
			}
			return s.note(c, "the workspace is %q now\n", printable(w.Name))
		},
	}
	o.flags(c)
	return c
}
