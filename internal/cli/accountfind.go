package cli

import (
	"net/url"
	"strings"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/spf13/cobra"
)

// accountFilter says which accounts are wanted. What can be said is the server's to know.
type accountFilter struct {
	filters []string
	sort    string
}

func (f *accountFilter) flags(c *cobra.Command) {
	c.Flags().StringArrayVar(&f.filters, "filter", nil, "FIELD=VALUE: q, name, account_id, kind, method, partition, state, data, capability, finding, payer or organization; of one field any value, ! before it none")
	c.Flags().StringVar(&f.sort, "sort", "", "name, account_id, kind, state, data, checked_at, created_at…; with - before it the other way round")
}

func (f *accountFilter) query() (url.Values, error) {
	q := url.Values{}
	for _, text := range f.filters {
		field, value, ok := strings.Cut(text, "=")
		if !ok || field == "" || field == "limit" || field == "cursor" || field == "fields" {
			return nil, usage(bursar.Errorf(bursar.Invalid, "--filter %q is no filter", text).WithHint("it looks like state=broken"))
		}
		q.Add(field, value)
	}
	if f.sort != "" {
		q.Set("sort", f.sort)
	}
	return q, nil
}

func accountFindings(s *serverFlags) *cobra.Command {
	var o output
	var check, code string
	c := &cobra.Command{
		Use: "findings ACCOUNT", Short: "List what checks saw in an account, the newest first", Args: exactly("an account"),
		RunE: func(c *cobra.Command, args []string) error {
			api, err := s.client()
			if err != nil {
				return err
			}
			findings, err := api.Findings(c.Context(), args[0], check, code)
			if err != nil {
				return explain(err)
			}
			rows := make([][]string, 0, len(findings))
			for _, f := range findings {
				rows = append(rows, []string{f.At.UTC().Format(time.RFC3339), string(f.Status), f.Check, f.Code, f.Message})
			}
			return o.print(c.OutOrStdout(), findings, []string{"WHEN", "STATUS", "CHECK", "CODE", "WHAT WAS SEEN"}, rows)
		},
	}
	o.flags(c)
	c.Flags().StringVar(&check, "check", "", "only those of this check: assume_role, template_version…")
	c.Flags().StringVar(&code, "code", "", "only those with this code")
	return c
}

func membersUnregistered(s *serverFlags) *cobra.Command {
	var o output
	var words string
	c := &cobra.Command{
		Use: "unregistered", Short: "List the accounts of every organization that are not registered", Args: exactly(),
		RunE: func(c *cobra.Command, _ []string) error {
			api, err := s.client()
			if err != nil {
				return err
			}
			list, err := api.Unregistered(c.Context(), words)
			if err != nil {
				return explain(err)
			}
			rows := make([][]string, 0, len(list))
			for _, u := range list {
				rows = append(rows, append([]string{u.Payer.AccountID}, memberRow(u.Member)...))
			}
			return o.print(c.OutOrStdout(), list, append([]string{"PAYER"}, memberHeader...), rows)
		},
	}
	o.flags(c)
	c.Flags().StringVar(&words, "search", "", "only those whose name or account id has these words")
	return c
}
