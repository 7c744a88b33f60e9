package cli

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/client"
	"github.com/spf13/cobra"
)

func accountExport(s *serverFlags) *cobra.Command {
	return group("export", "Look at the billing exports that an account has in AWS, and choose one", candidateList(s), exportChoose(s))
}

var candidateHeader = []string{"EXPORT", "FORMAT", "GRANULARITY", "BUCKET", "REGION", "LAST DELIVERY", "VERDICT", ""}

// candidateRow sums a candidate up: what speaks against it, or that nothing does.
func candidateRow(c client.Candidate) []string {
	e := c.Definition.Export
	last, verdict, mark := "none", "good", []string{}
	if !c.Definition.LastDelivery.IsZero() {
		last = c.Definition.LastDelivery.UTC().Format(time.RFC3339)
	}
	var against []string
	for _, v := range c.Verdicts {
		if v.Status == bursar.StatusWarning || v.Status == bursar.StatusFailed {
			against = append(against, v.Property)
		}
	}
	switch {
	case !c.Usable:
		verdict = "unusable: " + strings.Join(against, ", ")
	case against != nil:
		verdict = "usable; see " + strings.Join(against, ", ")
	}
	for word, is := range map[string]bool{"proposed": c.Proposed, "chosen": c.Chosen, "followed": e.Followed} {
		if is {
			mark = append(mark, word)
		}
	}
	slices.Sort(mark)
	return []string{e.Name, string(e.Format) + " " + string(e.FileFormat), c.Definition.Granularity, e.Bucket, e.Region, last, verdict, strings.Join(mark, ", ")}
}

func candidateList(s *serverFlags) *cobra.Command {
	var o output
	var verdicts bool
	c := &cobra.Command{
		Use: "list ACCOUNT", Short: "List the billing exports that an account has, with a verdict on each", Args: exactly("an account"),
		Long: "List the legacy reports and data exports that an account has in AWS, as the last check saw them, with a verdict on each and the best one proposed.\n" +
			"With --verdicts every property is judged on a line of its own.",
		RunE: func(c *cobra.Command, args []string) error {
			api, err := s.client()
			if err != nil {
				return err
			}
			list, err := api.AccountExports(c.Context(), args[0])
			if err != nil {
				return explain(err)
			}
			if list.SeenAt.IsZero() {
				if err := o.advise(s, c, "bursar has not looked yet; next: bursar account check %s\n", args[0]); err != nil {
					return err
				}
			}
			rows, header := [][]string{}, candidateHeader
			for _, candidate := range list.Items {
				rows = append(rows, candidateRow(candidate))
			}
			if verdicts {
				rows, header = verdictRows(list), []string{"EXPORT", "PROPERTY", "VALUE", "STATUS", "WHY"}
			}
			return o.print(c.OutOrStdout(), list, header, rows)
		},
	}
	o.flags(c)
	c.Flags().BoolVar(&verdicts, "verdicts", false, "judge every property on a line of its own")
	return c
}

func verdictRows(list *client.Candidates) [][]string {
	rows := [][]string{}
	for _, c := range list.Items {
		for _, v := range c.Verdicts {
			why := v.Why
			if v.Remedy != "" {
				why += ": " + v.Remedy
			}
			rows = append(rows, []string{c.Definition.Export.Name, v.Property, v.Value, string(v.Status), why})
		}
	}
	return rows
}

func exportChoose(s *serverFlags) *cobra.Command {
	var o output
	c := &cobra.Command{
		Use:   "choose ACCOUNT EXPORT",
		Short: "Choose an export that an account has already, by its name or ARN",
		Long: "Choose an export that an account has already, by its name or ARN; \"best\" takes the one that is proposed. \"bursar account setup\" then has the\n" +
			"stack that lets bursar read just that export. For a new export: bursar account setup ACCOUNT --format cur2.",
		Example: "  bursar account export choose 123456789012 best",
		Args:    exactly("an account", "an export"),
		RunE: func(c *cobra.Command, args []string) error {
			api, err := s.client()
			if err != nil {
				return err
			}
			list, err := api.AccountExports(c.Context(), args[0])
			if err != nil {
				return explain(err)
			}
			arn, err := pick(list, args[1])
			if err != nil {
				return err
			}
			setup, err := api.ChangeSetup(c.Context(), args[0], client.NewSetup{Export: &bursar.ExportChoice{Existing: arn}})
			if err != nil {
				return explain(err)
			}
			if printed, err := o.document(c.OutOrStdout(), setup); printed || err != nil {
				return err
			}
			return s.note(c, "chose %s\nnext: bursar account setup %s\n", printable(arn), args[0])
		},
	}
	o.documentFlags(c)
	return c
}

// pick finds the ARN of the export that a person means.
func pick(list *client.Candidates, word string) (string, error) {
	var found, names []string
	for _, c := range list.Items {
		e := c.Definition.Export
		names = append(names, e.Name)
		if e.ARN == word || e.Name == word || word == "best" && c.Proposed {
			found = append(found, e.ARN)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		return "", usage(bursar.Errorf(bursar.Invalid, "%d exports have the name %q", len(found), word).WithHint("give the ARN: one of %s", strings.Join(found, ", ")))
	case list.SeenAt.IsZero():
		return "", &exitError{ExitFailed, bursar.Errorf(bursar.Conflict, "bursar has not seen the account's exports yet").WithHint("bursar account check looks for them")}
	case len(names) == 0:
		return "", &exitError{ExitFailed, bursar.Errorf(bursar.NotFound, "the account has no billing export").WithHint("have a new one made: bursar account setup ACCOUNT --format cur2")}
	}
	return "", &exitError{ExitFailed, bursar.Errorf(bursar.NotFound, "the account has no export %q", word).WithHint("%s", fmt.Sprintf("choose one of %s", strings.Join(names, ", ")))}
}
