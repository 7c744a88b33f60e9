package cli

import (
	"fmt"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/client"
	"github.com/spf13/cobra"
)

func membersCommand(s *serverFlags) *cobra.Command {
	return group("members", "Look at the linked accounts of a payer", s.watchable(membersList(s)), membersUnregistered(s), membersCheck(s), membersSync(s))
}

var memberHeader = []string{"ACCOUNT", "NAME", "IN AWS", "STATE", "WHY", "REGISTERED", "CHECKED"}

func memberRow(m bursar.Member) []string {
	registered, checked := "no", "never"
	if m.RegisteredAs != "" {
		registered = "yes"
	}
	if !m.CheckedAt.IsZero() {
		checked = m.CheckedAt.UTC().Format(time.RFC3339)
	}
	return []string{m.AccountID, m.Name, m.OrganizationState, string(m.State), m.Code, registered, checked}
}

func membersList(s *serverFlags) *cobra.Command {
	var o output
	var state string
	c := &cobra.Command{
		Use: "list PAYER", Short: "List the accounts of a payer's organization, and whether bursar can read them", Args: exactly("a payer"),
		Example: "  bursar account members list 123456789012 --state not_deployed",
		RunE: func(c *cobra.Command, args []string) error {
			api, err := s.client()
			if err != nil {
				return err
			}
			members, err := api.Members(c.Context(), args[0], bursar.MemberState(state))
			if err != nil {
				return explain(err)
			}
			if len(members) == 0 && state == "" {
				if err := o.advise(s, c, "bursar has not looked yet; next: bursar account members sync %s\n", args[0]); err != nil {
					return err
				}
			}
			rows := make([][]string, 0, len(members))
			for _, m := range members {
				rows = append(rows, memberRow(m))
			}
			return o.print(c.OutOrStdout(), members, memberHeader, rows)
		},
	}
	o.flags(c)
	c.Flags().StringVar(&state, "state", "", "only those in this state: assumable, not_deployed, insecure, failed, suspended…")
	return c
}

func membersCheck(s *serverFlags) *cobra.Command {
	var o output
	var failed bool
	c := &cobra.Command{
		Use:   "check PAYER",
		Short: "Look at every account of a payer's organization, and register those that can be read",
		Long: "Look at every active account of a payer's organization, and register those whose role passes the checks. What works is\n" +
			"kept when something else fails. Ends with exit code 4 when a role is not safe.",
		Args: exactly("a payer"),
		RunE: func(c *cobra.Command, args []string) error {
			api, err := s.client()
			if err != nil {
				return err
			}
			run, err := api.CheckMembers(c.Context(), args[0], failed)
			if err != nil {
				return explain(err)
			}
			return s.follow(c, api, run.ID, &o)
		},
	}
	o.documentFlags(c)
	c.Flags().BoolVar(&failed, "failed", false, "only those that cannot be read yet")
	return c
}

func membersSync(s *serverFlags) *cobra.Command {
	var o output
	c := &cobra.Command{
		Use: "sync PAYER", Short: "Bring the list of a payer's accounts up to date now", Args: exactly("a payer"),
		RunE: func(c *cobra.Command, args []string) error {
			api, err := s.client()
			if err != nil {
				return err
			}
			run, err := api.SyncMembers(c.Context(), args[0])
			if err != nil {
				return explain(err)
			}
			return s.follow(c, api, run.ID, &o)
		},
	}
	o.documentFlags(c)
	return c
}

var eventHeader = []string{"SINCE", "ACCOUNT", "WHAT", "FROM", "TO", "WHY"}

func accountEvents(s *serverFlags) *cobra.Command {
	var o output
	c := &cobra.Command{
		Use: "events [ACCOUNT]", Short: "List what has changed about an account, or about all, the newest first", Args: atMostOne("an account"),
		RunE: func(c *cobra.Command, args []string) error {
			api, err := s.client()
			if err != nil {
				return err
			}
			account := ""
			if len(args) > 0 {
				account = args[0]
			}
			events, err := api.Events(c.Context(), account)
			if err != nil {
				return explain(err)
			}
			rows := make([][]string, 0, len(events))
			for _, e := range events {
				what := string(e.About)
				if e.Subject != "" {
					what += " " + e.Subject
				}
				rows = append(rows, []string{e.Since.UTC().Format(time.RFC3339), e.AccountID, what, e.From, e.To, e.Code})
			}
			return o.print(c.OutOrStdout(), events, eventHeader, rows)
		},
	}
	o.flags(c)
	return c
}

func atMostOne(name string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) <= 1 {
			return nil
		}
		return usage(bursar.Errorf(bursar.Invalid, "%s wants %s or nothing, got %d", c.CommandPath(), name, len(args)).WithHint("%q shows an example", c.CommandPath()+" --help"))
	}
}

func accountValidate(s *serverFlags) *cobra.Command {
	var o output
	c := &cobra.Command{
		Use:   "validate ROLE-ARN | ACCOUNT-ID",
		Short: "Look at a role without registering its account",
		Long: "Look at a role without registering its account; nothing is kept. With an account id alone, print the trust policy that a role there\n" +
			"must have: its external id is bursar's and cannot be chosen. Ends with exit code 4 when the role cannot be trusted.",
		Args: exactly("a role's ARN or an account id"),
		RunE: func(c *cobra.Command, args []string) error {
			return s.validate(c, &o, args[0])
		},
	}
	o.documentFlags(c)
	return c
}

func (s *serverFlags) validate(c *cobra.Command, o *output, of string) error {
	in := client.NewValidation{RoleARN: of}
	if bursar.CheckAccountID(of) == nil {
		in = client.NewValidation{AccountID: of}
	}
	api, err := s.client()
	if err != nil {
		return err
	}
	v, err := api.Validate(c.Context(), in)
	if err != nil {
		return explain(err)
	}
	out := c.OutOrStdout()
	if printed, err := o.document(out, v); err != nil || printed && (v.Trusted || in.RoleARN == "") {
		return err
	} else if !printed {
		for _, f := range v.Findings {
			printFinding(out, f)
		}
		if !v.Trusted {
			fmt.Fprintf(out, "The trust policy of a role for bursar in account %s must be:\n%s\n", v.AccountID, v.TrustPolicy)
		}
	}
	if in.RoleARN != "" && !v.Trusted {
		return &exitError{ExitFinding, fmt.Errorf("the role %s cannot be trusted", v.RoleARN)}
	}
	return nil
}
