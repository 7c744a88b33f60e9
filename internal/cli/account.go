package cli

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/client"
	"github.com/spf13/cobra"
)

func accountCommand(s *serverFlags) *cobra.Command {
	return group("account", "Register AWS accounts, set them up and check them",
		accountAdd(s), s.watchable(accountList(s)), s.watchable(accountShow(s)), accountSetup(s), accountCheck(s), accountExport(s), accountImport(s), accountRename(s), accountRemove(s), membersCommand(s), s.watchable(accountEvents(s)), accountFindings(s), accountValidate(s))
}

func accountAdd(s *serverFlags) *cobra.Command {
	var o output
	var file string
	in := client.NewAccount{}
	c := &cobra.Command{
		Use:   "add ACCOUNT-ID NAME",
		Short: "Register an AWS account, or many from a CSV file",
		Long: `Register an AWS account. bursar generates its external id. "bursar account setup" then says what to do in AWS.

With --csv, register up to 5,000 accounts. The file's first line names the columns: account_id and name, and where wanted method,
role_arn and partition. Each line is answered by itself. Accounts that are registered already stay as they are: mend the lines that
were refused, and give the whole file again. Ends with exit code 4 when a line was refused.`,
		Example: `  bursar account add 123456789012 "Main payer"
  bursar account add 123456789012 "Main payer" --method terraform
  bursar account add 123456789012 "Main payer" --method role --role-arn arn:aws:iam::123456789012:role/finops
  bursar account add --csv accounts.csv`,
		Args: func(c *cobra.Command, args []string) error {
			if file != "" {
				return exactly()(c, args)
			}
			return exactly("an account id", "a name")(c, args)
		},
		RunE: func(c *cobra.Command, args []string) error {
			if file != "" {
				return s.addMany(c, file, &o)
			}
			in.AccountID, in.Name = args[0], args[1]
			for _, err := range []error{bursar.CheckAccountID(in.AccountID), bursar.CheckAccountName(in.Name)} {
				if err != nil {
					return usage(err)
				}
			}
			api, err := s.client()
			if err != nil {
				return err
			}
			a, err := api.AddAccount(c.Context(), in)
			if err != nil {
				return explain(err)
			}
			if kind, err := o.kind(); err != nil || kind != "table" {
				return cmp.Or(err, o.print(c.OutOrStdout(), a, accountHeader, [][]string{accountRow(*a)}))
			}
			return s.note(c, "registered %s as %q\nnext: bursar account setup %s\n", a.AccountID, a.Name, a.AccountID)
		},
	}
	o.register(c, "table", "json", "csv", "yaml")
	c.Flags().StringVar(&file, "csv", "", "register the accounts of this CSV file; - reads standard input")
	c.Flags().StringVar(&in.Method, "method", string(bursar.MethodConsole), "how access will be set up: console, terraform or role")
	c.Flags().StringVar(&in.RoleARN, "role-arn", "", "with --method role: the ARN of the role that bursar shall assume")
	c.Flags().StringVar(&in.Partition, "partition", string(bursar.PartitionAWS), "aws, aws-cn or aws-us-gov")
	for _, single := range []string{"method", "role-arn", "partition"} {
		c.MarkFlagsMutuallyExclusive("csv", single)
	}
	return c
}

var accountHeader = []string{"ACCOUNT", "NAME", "KIND", "STATUS", "DATA", "CHECKED"}

func accountRow(a client.Account) []string {
	checked := "never"
	if !a.Status.CheckedAt.IsZero() {
		checked = a.Status.CheckedAt.UTC().Format(time.RFC3339)
	}
	return []string{a.AccountID, a.Name, string(a.Kind), string(a.Status.Summary), cmp.Or(string(a.Status.DataArrival), "none"), checked}
}

func accountList(s *serverFlags) *cobra.Command {
	var o output
	var find accountFilter
	c := &cobra.Command{
		Use: "list", Short: "List the registered accounts, or those that filters describe", Args: exactly(),
		Example: "  bursar account list --filter state=broken --filter state=insecure\n  bursar account list --filter 'kind=!linked' --filter data=late --sort -checked_at",
		RunE: func(c *cobra.Command, _ []string) error {
			query, err := find.query()
			if err != nil {
				return err
			}
			api, err := s.client()
			if err != nil {
				return err
			}
			accounts, err := api.FindAccounts(c.Context(), query)
			if err != nil {
				return explain(err)
			}
			rows := make([][]string, 0, len(accounts))
			for _, a := range accounts {
				rows = append(rows, accountRow(a))
			}
			return o.print(c.OutOrStdout(), accounts, accountHeader, rows)
		},
	}
	o.flags(c)
	find.flags(c)
	return c
}

func accountShow(s *serverFlags) *cobra.Command {
	var o output
	c := &cobra.Command{
		Use: "show ACCOUNT", Short: "Show an account: status, capabilities, findings", Args: exactly("an account"),
		RunE: func(c *cobra.Command, args []string) error {
			api, err := s.client()
			if err != nil {
				return err
			}
			a, err := api.Account(c.Context(), args[0])
			if err != nil {
				return explain(err)
			}
			if printed, err := o.document(c.OutOrStdout(), a); printed || err != nil {
				return err
			}
			return showAccount(c.OutOrStdout(), a)
		},
	}
	o.documentFlags(c)
	return c
}

// payerOf names the payer, where it is registered.
func payerOf(a *client.Account) string {
	if a.Payer == nil {
		return a.PayerID
	}
	return a.PayerID + "  " + printable(a.Payer.Name)
}

func showAccount(w io.Writer, a *client.Account) error {
	fmt.Fprintf(w, "%s  %s\n", a.AccountID, printable(a.Name))
	facts := [][2]string{
		{"status", string(a.Status.Summary)},
		{"kind", string(a.Kind)},
		{"payer", payerOf(a)},
		{"organization", a.OrganizationID},
		{"data", string(a.Status.DataArrival)},
		{"role", a.RoleARN},
		{"external id", a.ExternalID},
	}
	for _, f := range facts {
		if f[1] != "" {
			fmt.Fprintf(w, "  %-14s%s\n", f[0], f[1])
		}
	}
	if len(a.Findings) == 0 {
		_, err := fmt.Fprintf(w, "\nnot checked yet; next: bursar account check %s\n", a.AccountID)
		return err
	}
	fmt.Fprintln(w)
	for _, f := range a.Findings {
		printFinding(w, f)
	}
	return nil
}

var findingMark = map[bursar.FindingStatus]string{
	bursar.StatusOK: "ok     ", bursar.StatusWaiting: "waiting", bursar.StatusWarning: "warning",
	bursar.StatusFailed: "FAILED ", bursar.StatusUnknown: "unknown", bursar.StatusSkipped: "skipped",
}

func printFinding(w io.Writer, f bursar.Finding) {
	fmt.Fprintf(w, "%s  %-21s %s: %s\n", findingMark[f.Status], f.Check, f.Code, printable(f.Message))
	if f.Remedy != "" && f.Status != bursar.StatusOK {
		fmt.Fprintf(w, "%31s what to do: %s\n", "", strings.ReplaceAll(strings.TrimSpace(f.Remedy), "\n", "\n"+strings.Repeat(" ", 44)))
	}
}

func accountCheck(s *serverFlags) *cobra.Command {
	var o output
	c := &cobra.Command{
		Use:   "check ACCOUNT",
		Short: "Check and confirm: look whether everything works, and say what does not",
		Long:  "Check and confirm. Each finding is printed as it is made. Ends with exit code 4 when one failed.",
		Args:  exactly("an account"),
	}
	o.documentFlags(c)
	return s.begins(c, &o, func(c *cobra.Command, api *client.Client, args []string) (*bursar.Run, error) {
		return api.CheckAccount(c.Context(), args[0])
	})
}

func accountImport(s *serverFlags) *cobra.Command {
	var o output
	c := &cobra.Command{
		Use: "import ACCOUNT", Short: "Look for new deliveries of an account's exports now", Args: exactly("an account"),
	}
	o.documentFlags(c)
	return s.begins(c, &o, func(c *cobra.Command, api *client.Client, args []string) (*bursar.Run, error) {
		return api.ImportAccount(c.Context(), args[0])
	})
}
