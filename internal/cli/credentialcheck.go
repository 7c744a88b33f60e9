package cli

import (
	"bufio"
	"fmt"
	"strings"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/client"
	"github.com/spf13/cobra"
)

func credentialCheck(s *serverFlags) *cobra.Command {
	var o output
	var paid, yes bool
	c := &cobra.Command{
		Use:   "check CREDENTIAL",
		Short: "Say what a credential may do, action by action",
		Long: `Say whose a credential is, in which account, and what it may do, action by action. That is free: AWS simulates.

With --paid each action that may be allowed is tried once, with the narrowest request. AWS charges 0.01 US dollars for each that it
answers, and nothing for one that it denies. The price is said first, and asked for.`,
		Example: "  bursar credential check \"Costs user\"\n  bursar credential check \"Costs user\" --paid",
		Args:    exactly("a credential's id or name"),
		RunE: func(c *cobra.Command, args []string) error {
			api, err := s.client()
			if err != nil {
				return err
			}
			got, err := api.CheckCredential(c.Context(), args[0], "")
			if err == nil && paid && got.Report != nil && got.Report.Unprobed > 0 {
				if err := s.agree(c, got, yes); err != nil {
					return err
				}
				got, err = api.CheckCredential(c.Context(), args[0], got.Report.UnprobedMaxUSD.String())
			}
			if err != nil {
				return explain(err)
			}
			if err := s.printReport(c, &o, got); err != nil {
				return err
			}
			return verdict(got)
		},
	}
	o.documentFlags(c)
	c.Flags().BoolVar(&paid, "paid", false, "try each action, which costs money")
	c.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask whether the price is right")
	return c
}

// agree says what trying costs, and asks.
func (s *serverFlags) agree(c *cobra.Command, cred *client.Credential, yes bool) error {
	fmt.Fprintf(c.ErrOrStderr(), "trying %d actions costs at most %s US dollars\n", cred.Report.Unprobed, cred.Report.UnprobedMaxUSD)
	if yes {
		return nil
	}
	fmt.Fprint(c.ErrOrStderr(), "go on? [y/N] ")
	line, _ := bufio.NewReader(c.InOrStdin()).ReadString('\n') // no answer is no
	if answer := strings.ToLower(strings.TrimSpace(line)); answer != "y" && answer != "yes" {
		return usage(bursar.Errorf(bursar.Invalid, "nothing was tried").WithHint("say y, or give --yes"))
	}
	return nil
}

// verdict ends with an exit code of its own where a person is needed.
func verdict(c *client.Credential) error {
	for _, f := range c.Report.Findings {
		if f.Status == bursar.StatusFailed || f.Status == bursar.StatusWarning {
			return &exitError{ExitFinding, bursar.Errorf(bursar.Conflict, "the credential %q needs a person: it is %s", printable(c.Name), c.Status).WithHint("see what to do above")}
		}
	}
	return nil
}

// printReport prints a credential with its last check: the steps, then the table of actions, then the policy for what is missing.
func (s *serverFlags) printReport(c *cobra.Command, o *output, cred *client.Credential) error {
	w := c.OutOrStdout()
	if printed, err := o.document(w, cred); printed || err != nil {
		return err
	}
	if err := printTable(w, credentialHeader, [][]string{credentialRow(*cred)}); err != nil {
		return err
	}
	r := cred.Report
	if r == nil {
		return s.note(c, "it was not checked yet: bursar credential check %s\n", cred.ID)
	}
	fmt.Fprintf(w, "\nchecked %s\n", day(r.CheckedAt, ""))
	for _, f := range r.Findings {
		fmt.Fprintf(w, "%-8s %s: %s\n", f.Status, f.Check, printable(f.Message))
		if f.Remedy != "" && !(f.Check == "permissions" && r.MissingPolicy != "") {
			fmt.Fprintf(w, "         %s\n", strings.ReplaceAll(f.Remedy, "\n", "\n         "))
		}
	}
	if len(r.Permissions) > 0 {
		rows := [][]string{}
		for _, p := range r.Permissions {
			rows = append(rows, []string{p.Action, string(p.State), p.DeniedBy, p.Proof, p.For, p.Reason})
		}
		fmt.Fprintln(w)
		if err := printTable(w, []string{"ACTION", "STATE", "DENIED BY", "PROOF", "FOR", "AWS SAYS"}, rows); err != nil {
			return err
		}
	}
	if r.MissingPolicy != "" {
		fmt.Fprintf(w, "\nThe policy for what is missing:\n%s\n", r.MissingPolicy)
	}
	return s.price(c, cred)
}

// price says what was spent, and what trying the rest would cost.
func (s *serverFlags) price(c *cobra.Command, cred *client.Credential) error {
	r := cred.Report
	if r.PaidRequests > 0 {
		fmt.Fprintf(c.OutOrStdout(), "\n%d requests were paid: %s US dollars\n", r.PaidRequests, r.PaidUSD)
	}
	if r.Unprobed > 0 {
		return s.note(c, "%d actions were not tried; trying them costs at most %s US dollars: bursar credential check %s --paid\n", r.Unprobed, r.UnprobedMaxUSD, cred.ID)
	}
	return nil
}
