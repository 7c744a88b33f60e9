package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/client"
	"github.com/spf13/cobra"
)

func credentialCommand(s *serverFlags) *cobra.Command {
	return group("credential", "Store, check and rotate credentials for Cost Explorer and destinations",
		credentialAdd(s), credentialList(s), credentialShow(s), credentialCheck(s), credentialRotate(s), credentialChange(s), credentialDelete(s), credentialPolicy(s))
}

var credentialHeader = []string{"ID", "NAME", "KIND", "ACCOUNT", "KEY", "STATUS", "AGE", "EXPIRES", "USED BY"}

func credentialRow(c client.Credential) []string {
	key, age, users := "", "", []string{}
	if c.KeyHint != "" {
		key = "…" + c.KeyHint
	}
	if !c.SecretAt.IsZero() {
		age = fmt.Sprintf("%dd", int(time.Since(c.SecretAt).Hours()/24))
	}
	for _, u := range c.Users {
		users = append(users, u.Kind+" "+u.Name)
	}
	return []string{c.ID, c.Name, string(c.Kind), c.AccountID, key, string(c.Status), age, day(c.ExpiresAt, "never"), strings.Join(users, ", ")}
}

// printCredential prints one credential as a row, with an advice for people below it.
func (s *serverFlags) printCredential(c *cobra.Command, o *output, cred *client.Credential, advice string) error {
	if err := o.print(c.OutOrStdout(), cred, credentialHeader, [][]string{credentialRow(*cred)}); err != nil || advice == "" {
		return err
	}
	return o.advise(s, c, "%s\n", advice)
}

func credentialAdd(s *serverFlags) *cobra.Command {
	var o output
	var in client.NewCredential
	var key keyFlags
	c := &cobra.Command{
		Use:   "add NAME",
		Short: "Store a credential",
		Long: `Store a credential: the role of a registered account, or an access key.

A role is better: nothing secret is stored, nothing ends, and AWS renews what is used. For an access key, make a user of its own with
the policy that "bursar credential policy" prints. Root's keys are refused.

The key is asked for, or read from a file or from standard input: lines for a shell (export AWS_ACCESS_KEY_ID=…), a section of
~/.aws/credentials, the JSON of "aws sts assume-role", or the CSV of the IAM console. There is no flag for a secret: what stands on a
command line can be seen by others, and stays in the shell's history.`,
		Example: `  bursar credential add "Payer" --account 123456789012
  bursar credential add "Costs user" --from-file accessKeys.csv
  aws sts get-session-token | bursar credential add "For today" --from-file -`,
		Args: exactly("a name"),
		RunE: func(c *cobra.Command, args []string) (err error) {
			in.Name = args[0]
			if in.Account == "" {
				if in.NewKeyMaterial, err = key.read(c); err != nil {
					return err
				}
			}
			api, err := s.client()
			if err != nil {
				return err
			}
			made, err := api.AddCredential(c.Context(), in)
			if err != nil {
				return explain(err)
			}
			advice := fmt.Sprintf("next: bursar credential check %s says what it may do, for free", made.ID)
			if made.Kind == bursar.CredentialAccessKey {
				advice += "\nnote: the role of a registered account is safer than a key: nothing secret is stored (--account)"
			}
			return s.printCredential(c, &o, made, advice)
		},
	}
	o.flags(c)
	key.register(c)
	c.Flags().StringVar(&in.Account, "account", "", "a registered account, whose role it is: acc_… or 12 digits")
	c.Flags().StringVar(&in.Description, "description", "", "what it is for")
	c.Flags().StringVar(&in.Region, "region", "", "where STS is asked, which says the AWS cloud (default: as pasted, or us-east-1)")
	c.Flags().StringVar(&in.AccountID, "account-id", "", "the account that it must be in: 12 digits")
	c.MarkFlagsMutuallyExclusive("account", "from-file")
	return c
}

func credentialList(s *serverFlags) *cobra.Command {
	var o output
	c := &cobra.Command{
		Use: "list", Short: "List the credentials, with status, age, end, and what uses them", Args: exactly(),
		RunE: func(c *cobra.Command, _ []string) error {
			api, err := s.client()
			if err != nil {
				return err
			}
			list, err := api.Credentials(c.Context())
			if err != nil {
				return explain(err)
			}
			rows := make([][]string, 0, len(list))
			for _, x := range list {
				rows = append(rows, credentialRow(x))
			}
			return o.print(c.OutOrStdout(), list, credentialHeader, rows)
		},
	}
	o.flags(c)
	return c
}

func credentialShow(s *serverFlags) *cobra.Command {
	var o output
	c := &cobra.Command{
		Use: "show CREDENTIAL", Short: "Show a credential, with what the last check saw", Args: exactly("a credential's id or name"),
		RunE: func(c *cobra.Command, args []string) error {
			api, err := s.client()
			if err != nil {
				return err
			}
			got, err := api.Credential(c.Context(), args[0])
			if err != nil {
				return explain(err)
			}
			return s.printReport(c, &o, got)
		},
	}
	o.documentFlags(c)
	return c
}

func credentialRotate(s *serverFlags) *cobra.Command {
	var o output
	var key keyFlags
	c := &cobra.Command{
		Use: "rotate CREDENTIAL", Short: "Replace the access key of a credential; what uses it goes on",
		Long: `Replace the access key of a credential. The new key is tried first; until it works, the old one counts. What uses the credential goes on with the
new one. Delete the old key in AWS afterwards.`,
		Example: "  bursar credential rotate \"Costs user\" --from-file accessKeys.csv",
		Args:    exactly("a credential's id or name"),
		RunE: func(c *cobra.Command, args []string) error {
			in, err := key.read(c)
			if err != nil {
				return err
			}
			api, err := s.client()
			if err != nil {
				return err
			}
			got, err := api.RotateCredential(c.Context(), args[0], in)
			if err != nil {
				return explain(err)
			}
			return s.printCredential(c, &o, got, "next: bursar credential check "+got.ID+", then delete the old key in AWS")
		},
	}
	o.flags(c)
	key.register(c)
	return c
}

func credentialChange(s *serverFlags) *cobra.Command {
	var o output
	var name, description, region, accountID string
	c := &cobra.Command{
		Use: "change CREDENTIAL", Short: "Rename a credential, or describe and place it anew", Args: exactly("a credential's id or name"),
		RunE: func(c *cobra.Command, args []string) error {
			in, set := client.CredentialChange{}, 0
			for flag, to := range map[string]struct {
				field **string
				value *string
			}{"name": {&in.Name, &name}, "description": {&in.Description, &description}, "region": {&in.Region, &region}, "account-id": {&in.AccountID, &accountID}} {
				if c.Flags().Changed(flag) {
					*to.field = to.value
					set++
				}
			}
			if set == 0 {
				return usage(bursar.Errorf(bursar.Invalid, "there is nothing to change").WithHint("give --name, --description, --region or --account-id"))
			}
			api, err := s.client()
			if err != nil {
				return err
			}
			got, err := api.ChangeCredential(c.Context(), args[0], in)
			if err != nil {
				return explain(err)
			}
			return s.printCredential(c, &o, got, "")
		},
	}
	o.flags(c)
	c.Flags().StringVar(&name, "name", "", "its new name")
	c.Flags().StringVar(&description, "description", "", "what it is for")
	c.Flags().StringVar(&region, "region", "", "where STS is asked")
	c.Flags().StringVar(&accountID, "account-id", "", "the account that it must be in: 12 digits; \"\" for whichever it is in")
	return c
}

func credentialDelete(s *serverFlags) *cobra.Command {
	return &cobra.Command{
		Use: "delete CREDENTIAL", Short: "Delete a credential that nothing uses", Args: exactly("a credential's id or name"),
		RunE: func(c *cobra.Command, args []string) error {
			api, err := s.client()
			if err != nil {
				return err
			}
			if err := api.DeleteCredential(c.Context(), args[0]); err != nil {
				return explain(err)
			}
			return s.note(c, "deleted %q; an access key lives on in AWS: delete it there too\n", printable(args[0]))
		},
	}
}

func credentialPolicy(s *serverFlags) *cobra.Command {
	return &cobra.Command{
		Use: "policy", Short: "Print the least policy for a user whose key is to be a credential", Args: exactly(),
		Long: `Print the least IAM policy for a user whose key is to be a credential: what bursar's Cost Explorer streams do, and no more.

Some guides name ce:GetUsageReport and the managed policy AWSCostExplorerServiceReadOnlyAccess: AWS has neither.`,
		RunE: func(c *cobra.Command, _ []string) error {
			api, err := s.client()
			if err != nil {
				return err
			}
			policy, err := api.CredentialPolicy(c.Context())
			if err != nil {
				return explain(err)
			}
			_, err = fmt.Fprintln(c.OutOrStdout(), policy)
			return err
		},
	}
}
