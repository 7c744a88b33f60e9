package cli

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/client"
	"github.com/spf13/cobra"
)

var bulkHeader = []string{"ROW", "ACCOUNT", "NAME", "OUTCOME", "EXTERNAL ID", "ROLE", "WHY", "WHAT TO DO"}

func bulkRow(r client.AddedRow) []string {
	why, hint := "", ""
	if r.Problem != nil {
		why, hint = r.Problem.Detail, r.Problem.Hint
		if r.Problem.Field != "" {
			why = r.Problem.Field + ": " + why
		}
	}
	return []string{fmt.Sprint(r.Row), r.AccountID, r.Name, r.Outcome, r.ExternalID, r.RoleARN, why, hint}
}

// addMany registers the accounts of a CSV file, and says of each what became of it.
func (s *serverFlags) addMany(c *cobra.Command, file string, o *output) error {
	in, err := openInput(c, file)
	if err != nil {
		return err
	}
	defer in.Close()
	api, err := s.client()
	if err != nil {
		return err
	}
	added, err := api.AddAccountsCSV(c.Context(), in)
	if err != nil {
		return explain(err)
	}
	if err := printAdded(c, added, o); err != nil {
		return err
	}
	if added.Refused > 0 {
		refused := bursar.Errorf(bursar.Invalid, "%d of %d accounts were refused", added.Refused, len(added.Rows)).
			WithHint("mend them and give the whole file again: those that are registered stay as they are")
		return &exitError{ExitFinding, refused}
	}
	return nil
}

// printAdded tells people of the rows that were refused, and programs of all.
func printAdded(c *cobra.Command, added *client.AddedAccounts, o *output) error {
	kind, err := o.kind()
	if err != nil {
		return err
	}
	var rows [][]string
	for _, r := range added.Rows {
		if kind != "table" {
			rows = append(rows, bulkRow(r))
			continue
		}
		if r.Problem != nil {
			told := bulkRow(r)
			rows = append(rows, []string{told[0], told[1], told[2], told[6], told[7]})
		}
	}
	if kind != "table" {
		return o.print(c.OutOrStdout(), added, bulkHeader, rows)
	}
	if len(rows) > 0 {
		if err := printTable(c.OutOrStdout(), []string{"ROW", "ACCOUNT", "NAME", "WHY REFUSED", "WHAT TO DO"}, rows); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(c.OutOrStdout(), "%d registered, %d were registered already, %d refused\n", added.Added, added.Unchanged, added.Refused)
	return err
}

// openInput opens a file to read; - is standard input.
func openInput(c *cobra.Command, file string) (io.ReadCloser, error) {
	if file == "-" {
		return io.NopCloser(c.InOrStdin()), nil
	}
	f, err := os.Open(file)
	var at *os.PathError
	if errors.As(err, &at) {
		return nil, usage(bursar.Errorf(bursar.Invalid, "%s cannot be read: %w", file, at.Err).WithHint("give the path of a CSV file, or - for standard input"))
	}
	return f, err
}
