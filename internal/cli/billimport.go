package cli

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/client"
	"github.com/spf13/cobra"
)

func billImport(local Local, s *serverFlags) *cobra.Command {
	var o output
	var in ImportBillOptions
	c := &cobra.Command{
		Use:   "import PATH... --account ACCOUNT",
		Short: "Import bills for a registered account, without access to AWS",
		Long: `Import bills, in any format that "bursar bill inspect" reads, for an account that is registered.

The command runs on the server's machine, with the server's settings (--config, or BURSAR_CONFIG and the BURSAR_
variables): it copies the bills into the data folder. Where a server works on that folder it is asked to import them;
otherwise this command does.

A bill replaces, as a whole, what was imported under its name for the same month: name all files of a month together. The
name is that of the report or export; files without a manifest are called after their format, or --name.`,
		Example: "  bursar bill import --account 123456789012 cur/\n  bursar bill import --account 123456789012 --name old-payer 2018-10.parquet 2018-11.parquet",
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return exactly("at least one path")(c, args)
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			if in.Account == "" {
				return usage(bursar.Errorf(bursar.Invalid, "whose bill is it?").WithHint("name the account: --account 123456789012"))
			}
			in.Paths, in.Environ, in.ConfigFile = args, s.env.Environ, cmp.Or(in.ConfigFile, s.env.get("BURSAR_CONFIG"))
			return importBill(c, local, s, in, &o)
		},
	}
	o.documentFlags(c)
	c.Flags().StringVar(&in.Account, "account", "", "the account whose bills they are: its 12 digits, or its record's id")
	c.Flags().StringVar(&in.Name, "name", "", "import under this name instead of the report's own")
	c.Flags().StringVar(&in.ConfigFile, "config", "", "the server's YAML file with settings")
	return c
}

func importBill(c *cobra.Command, local Local, s *serverFlags, in ImportBillOptions, o *output) error {
	if _, err := o.kind(); err != nil {
		return err
	}
	var api *client.Client
	in.Find = func(ctx context.Context, account string) (id string, err error) {
		if api, err = s.client(); err != nil {
			return "", err
		}
		found, err := api.Account(ctx, account)
		if err != nil {
			return "", explain(err)
		}
		return found.ID, nil
	}
	bar := newProgress(c.ErrOrStderr(), s.quiet)
	done, err := local.ImportBill(c.Context(), in, bar.show)
	bar.clear()
	if err != nil {
		return err
	}
	for _, why := range done.Skipped {
		fmt.Fprintf(c.ErrOrStderr(), "skipped: %v\n", why)
	}
	for _, note := range done.Notes {
		fmt.Fprintf(c.ErrOrStderr(), "note: %s\n", note)
	}
	if done.Serving {
		if err := s.importDeposited(c, api, done); err != nil {
			return err
		}
	}
	rows := make([][]string, 0, len(done.Deliveries))
	for _, d := range done.Deliveries {
		rows = append(rows, []string{d.Period.String(), strconv.FormatInt(d.Rows, 10), perCurrency(d.Totals), d.ID})
	}
	return o.print(c.OutOrStdout(), done.Deliveries, []string{"PERIOD", "ROWS", "UNBLENDED COST", "DELIVERY"}, rows)
}

func perCurrency(totals map[string]bursar.Decimal) string {
	var all []string
	for _, currency := range slices.Sorted(maps.Keys(totals)) {
		all = append(all, totals[currency].String()+" "+currency)
	}
	return strings.Join(all, ", ")
}

// importDeposited has the server import what was deposited, waits for that, and says what now counts.
func (s *serverFlags) importDeposited(c *cobra.Command, api *client.Client, done *ImportedBill) error {
	run, err := api.ImportAccount(c.Context(), done.Account)
	if err != nil {
		return explain(err)
	}
	w := s.watcher(c, true)
	run, err = api.WatchRun(c.Context(), run.ID, w.event)
	w.progress.clear()
	if err != nil {
		return explain(err)
	}
	if err := w.verdict(run); err != nil {
		return err
	}
	exports, err := api.Exports(c.Context())
	if err != nil {
		return explain(err)
	}
	for _, e := range exports {
		if e.AccountID != done.Account || e.Bucket != "" || !slices.Contains(done.Names, e.Name) {
			continue
		}
		all, err := api.Deliveries(c.Context(), e.ID)
		if err != nil {
			return explain(err)
		}
		for _, d := range all {
			if d.State == bursar.DeliveryPublished {
				done.Deliveries = append(done.Deliveries, d)
			}
		}
	}
	SortDeliveries(done.Deliveries)
	return nil
}

// SortDeliveries sorts by export, then by period.
func SortDeliveries(all []bursar.Delivery) {
	slices.SortFunc(all, func(a, b bursar.Delivery) int {
		return cmp.Or(strings.Compare(a.ExportID, b.ExportID), strings.Compare(a.Period.String(), b.Period.String()))
	})
}
