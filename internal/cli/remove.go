package cli

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/client"
	"github.com/spf13/cobra"
)

func accountRename(s *serverFlags) *cobra.Command {
	var seen int64
	c := &cobra.Command{
		Use: "rename ACCOUNT NAME", Short: "Give an account another name", Args: exactly("an account", "a name"),
		RunE: func(c *cobra.Command, args []string) error {
			if err := bursar.CheckAccountName(args[1]); err != nil {
				return usage(err)
			}
			api, err := s.client()
			if err != nil {
				return err
			}
			a, err := api.RenameAccount(ifVersion(c, seen), args[0], args[1])
			if err != nil {
				return explain(err)
			}
			return s.note(c, "account %s is now %q\n", a.AccountID, a.Name)
		},
	}
	versionFlag(c, &seen)
	return c
}

// versionFlag lets a change be made only of what the caller has seen.
func versionFlag(c *cobra.Command, seen *int64) {
	c.Flags().Int64Var(seen, "if-version", 0, "only when the account still has this version, as \"bursar account show -o json\" says")
}

func ifVersion(c *cobra.Command, seen int64) context.Context {
	if seen == 0 {
		return c.Context()
	}
	return client.IfVersion(c.Context(), seen)
}

func accountRemove(s *serverFlags) *cobra.Command {
	var o output
	var yes, withBill bool
	var name string
	var seen int64
	c := &cobra.Command{
		Use:   "remove ACCOUNT",
		Short: "Deregister an account: say what goes and what stays, and with --yes do it",
		Long: `Deregister an account. Without --yes nothing is changed: it says what would go, what stays in bursar and in AWS, and the commands
that take away what stays in AWS. The bill is kept, still counts, and goes on when the account is registered again.

With --delete-bill the bill goes too; then --name must be the account's name.`,
		Example: `  bursar account remove 123456789012
  bursar account remove 123456789012 --yes
  bursar account remove 123456789012 --yes --delete-bill --name "Main payer"`,
		Args: exactly("an account"),
		RunE: func(c *cobra.Command, args []string) error {
			api, err := s.client()
			if err != nil {
				return err
			}
			var d *client.Deregistration
			if yes {
				d, err = api.RemoveAccount(ifVersion(c, seen), args[0], withBill, name)
			} else {
				d, err = api.PlanRemoval(c.Context(), args[0], withBill)
			}
			if err != nil {
				return explain(err)
			}
			if printed, err := o.document(c.OutOrStdout(), d); printed || err != nil {
				return err
			}
			return showRemoval(c.OutOrStdout(), d, yes, withBill)
		},
	}
	o.documentFlags(c)
	versionFlag(c, &seen)
	c.Flags().BoolVar(&yes, "yes", false, "do it")
	c.Flags().BoolVar(&withBill, "delete-bill", false, "delete the account's bill too")
	c.Flags().StringVar(&name, "name", "", "the account's name, exactly; needed with --delete-bill")
	return c
}

func showRemoval(w io.Writer, d *client.Deregistration, done, withBill bool) error {
	verb := map[bool]string{true: "removed", false: "would be removed"}[done]
	fmt.Fprintf(w, "%s  %s\n\n%s:\n", d.AccountID, printable(d.Name), verb)
	for _, line := range d.Removed {
		fmt.Fprintf(w, "  - %s\n", line)
	}
	if len(d.Kept) > 0 {
		fmt.Fprintln(w, "kept:")
	}
	for _, line := range d.Kept {
		fmt.Fprintf(w, "  - %s\n", line)
	}
	if len(d.InAWS) > 0 {
		fmt.Fprintln(w, "\nin AWS stays what was made there. To take it away, signed in to the account:")
	}
	for _, t := range d.InAWS {
		fmt.Fprintf(w, "\n  %s:\n\n%s\n", t.Title, indent(t.Command, "    "))
		if t.Keeps != "" {
			fmt.Fprintf(w, "\n  %s\n", t.Keeps)
		}
	}
	if done {
		return nil
	}
	again := []string{"bursar account remove", d.AccountID, "--yes"}
	if withBill {
		again = append(again, "--delete-bill --name NAME")
	}
	_, err := fmt.Fprintf(w, "\nnothing was changed; to do it: %s\n", strings.Join(again, " "))
	return err
}
