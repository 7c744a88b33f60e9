package cli

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/client"
	"github.com/spf13/cobra"
)

func exportCommand(s *serverFlags) *cobra.Command {
	return group("export", "Look at billing exports, and say which counts", s.watchable(exportList(s)), exportPrimary(s))
}

func exportList(s *serverFlags) *cobra.Command {
	var o output
	c := &cobra.Command{
		Use: "list", Short: "List the billing exports that are followed", Args: exactly(),
		RunE: func(c *cobra.Command, _ []string) error {
			api, err := s.client()
			if err != nil {
				return err
			}
			exports, err := api.Exports(c.Context())
			if err != nil {
				return explain(err)
			}
			rows := make([][]string, 0, len(exports))
			for _, e := range exports {
				rows = append(rows, []string{e.ID, e.AccountID, e.Name, string(e.Format), e.Bucket + "/" + e.Prefix, overlapText(e.Overlaps)})
			}
			return o.print(c.OutOrStdout(), exports, []string{"EXPORT", "ACCOUNT", "NAME", "FORMAT", "BUCKET", "SHARES COSTS WITH"}, rows)
		},
	}
	o.flags(c)
	return c
}

func overlapText(overlaps []bursar.Overlap) string {
	var out []string
	for _, o := range overlaps {
		verdict := "which counts"
		if o.Counts {
			verdict = "and counts"
		}
		out = append(out, o.ExportID+", "+verdict)
	}
	return strings.Join(out, "; ")
}

func exportPrimary(s *serverFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "primary EXPORT",
		Short: "Make an export's costs count where others bring the same",
		Long: `Make an export's costs count where other exports bring the same ones.

Costs that two exports bring are never added: one of the two counts. Without a choice it is the one that was followed first.`,
		Args: exactly("an export"),
		RunE: func(c *cobra.Command, args []string) error {
			api, err := s.client()
			if err != nil {
				return err
			}
			e, err := api.PreferExport(c.Context(), args[0])
			if err != nil {
				return explain(err)
			}
			return s.note(c, "%s (%s) is primary\n", e.Name, e.ID)
		},
	}
}

func deliveryCommand(s *serverFlags) *cobra.Command {
	return group("delivery", "Look at what AWS delivered, roll back, import again",
		s.watchable(deliveryList(s)), deliveryShow(s), deliveryChanges(s), deliveryRollback(s), deliveryReimport(s))
}

func deliveryList(s *serverFlags) *cobra.Command {
	var o output
	var export string
	c := &cobra.Command{
		Use: "list", Short: "List what was delivered, the newest first: the import history", Args: exactly(),
		RunE: func(c *cobra.Command, _ []string) error {
			api, err := s.client()
			if err != nil {
				return err
			}
			deliveries, err := api.Deliveries(c.Context(), export)
			if err != nil {
				return explain(err)
			}
			rows := make([][]string, 0, len(deliveries))
			for _, d := range deliveries {
				rows = append(rows, deliveryRow(d))
			}
			return o.print(c.OutOrStdout(), deliveries, deliveryHeader, rows)
		},
	}
	o.flags(c)
	c.Flags().StringVar(&export, "export", "", "only those of this export")
	return c
}

var deliveryHeader = []string{"DELIVERY", "EXPORT", "PERIOD", "STATE", "DELIVERED", "IMPORTED", "ROWS", "TOTAL", "CHANGED"}

func deliveryRow(d bursar.Delivery) []string {
	return []string{
		d.ID, d.ExportID, d.Period.String(), string(d.State), moment(d.DeliveredAt), moment(d.ImportedAt),
		fmt.Sprint(d.Rows), moneyText(d.Totals, false), changedText(d),
	}
}

func deliveryShow(s *serverFlags) *cobra.Command {
	var o output
	c := &cobra.Command{
		Use: "show DELIVERY", Short: "Show a delivery; as JSON with all that is known of it", Args: exactly("a delivery"),
		RunE: func(c *cobra.Command, args []string) error {
			api, err := s.client()
			if err != nil {
				return err
			}
			d, err := api.Delivery(c.Context(), args[0])
			if err != nil {
				return explain(err)
			}
			return o.print(c.OutOrStdout(), d, deliveryHeader, [][]string{deliveryRow(*d)})
		},
	}
	o.flags(c)
	return c
}

func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04")
}

// moneyText is amounts by currency; signed ones are differences.
func moneyText(totals map[string]bursar.Decimal, signed bool) string {
	var out []string
	for _, currency := range slices.Sorted(maps.Keys(totals)) {
		sign := ""
		if signed && totals[currency].Sign() >= 0 {
			sign = "+"
		}
		out = append(out, strings.TrimSpace(sign+totals[currency].String()+" "+currency))
	}
	return strings.Join(out, ", ")
}

func changedText(d bursar.Delivery) string {
	switch {
	case d.Reason != "":
		return d.Reason
	case d.Changed == nil:
		return ""
	}
	return moneyText(d.Changed.Totals, true)
}

func deliveryChanges(s *serverFlags) *cobra.Command {
	var o output
	c := &cobra.Command{
		Use: "changes DELIVERY", Short: "Say what a delivery changed against the one before, by day and service", Args: exactly("a delivery"),
		RunE: func(c *cobra.Command, args []string) error {
			api, err := s.client()
			if err != nil {
				return err
			}
			changes, err := api.DeliveryChanges(c.Context(), args[0])
			if err != nil {
				return explain(err)
			}
			if kind, err := o.kind(); err == nil && kind == "table" && changes.Changed == nil {
				return s.note(c, "it was the first delivery of its period\n")
			}
			rows := make([][]string, 0, len(changes.Items))
			for _, i := range changes.Items {
				rows = append(rows, []string{i.Day, i.Service, i.Before.String(), i.After.String(), i.After.Sub(i.Before).String(), i.Currency})
			}
			return o.print(c.OutOrStdout(), changes, []string{"DAY", "SERVICE", "BEFORE", "AFTER", "CHANGE", "CURRENCY"}, rows)
		},
	}
	o.flags(c)
	return c
}

func deliveryRollback(s *serverFlags) *cobra.Command {
	return &cobra.Command{
		Use: "rollback DELIVERY", Short: "Make a superseded delivery count again, until AWS delivers the next", Args: exactly("a delivery"),
		RunE: func(c *cobra.Command, args []string) error {
			api, err := s.client()
			if err != nil {
				return err
			}
			d, err := api.RollBack(c.Context(), args[0])
			if err != nil {
				return explain(err)
			}
			return s.note(c, "%s counts for %s: %s\n", d.ID, d.Period, moneyText(d.Totals, false))
		},
	}
}

func deliveryReimport(s *serverFlags) *cobra.Command {
	var o output
	c := &cobra.Command{
		Use: "reimport DELIVERY", Short: "Import again what AWS has now of a delivery's export and period", Args: exactly("a delivery"),
	}
	o.flags(c)
	return s.begins(c, &o, func(c *cobra.Command, api *client.Client, args []string) (*bursar.Run, error) {
		return api.Reimport(c.Context(), args[0])
	})
}
