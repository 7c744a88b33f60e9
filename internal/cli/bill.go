package cli

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/billing/ingest"
	"github.com/spf13/cobra"
)

func billCommand(local Local, s *serverFlags) *cobra.Command {
	return group("bill", "Read and import bills on disk or in S3", billInspect(local, s), billImport(local, s))
}

func billInspect(local Local, s *serverFlags) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "inspect PATH...",
		Short: "Say what bills are, and their exact totals",
		Long: `Say what bills are (legacy CUR, CUR 2.0 or FOCUS; csv or Parquet; plain, gz or zip), their periods, rows,
accounts and currencies, and their totals by line item type and service, exact.

A path is a file, a folder, or s3://bucket/prefix read with the ambient AWS identity. In a folder that is laid out like
the bucket the newest manifest of each period says which files count; what is left out is said.

Something that is no bill is an error that says what it looks like instead, with exit code 2.`,
		Example: "  bursar bill inspect cur-00001.csv.gz\n  bursar bill inspect --json s3://my-bucket/prefix/report/",
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return exactly("at least one path")(c, args)
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			bar := newProgress(c.ErrOrStderr(), s.quiet)
			found, err := local.Inspect(c.Context(), args, func(p ingest.Progress) { bar.show(ReadingBills(p)) })
			bar.clear()
			if err != nil {
				return err
			}
			for _, why := range found.Skipped {
				fmt.Fprintf(c.ErrOrStderr(), "skipped: %v\n", why)
			}
			if asJSON {
				return printJSON(c.OutOrStdout(), inspectionOf(found))
			}
			for _, note := range found.Notes {
				fmt.Fprintf(c.ErrOrStderr(), "note: %s\n", note)
			}
			return showReport(c.OutOrStdout(), &found.Report)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

// ReadingBills is the progress of reading bills, as a bar shows it.
func ReadingBills(p ingest.Progress) bursar.Progress {
	step := "reading bills"
	if p.Files > 1 {
		step = fmt.Sprintf("reading bill %d of %d", min(p.FilesDone+1, p.Files), p.Files)
	}
	return bursar.Progress{Step: step, Done: p.Bytes, Total: p.BytesTotal, Unit: "bytes", Rows: p.Rows}
}

// inspection is the JSON of bill inspect. Costs are decimal strings.
type inspection struct {
	Files []inspectedFile `json:"files"`
	Total inspectedTotal  `json:"total"`
	Notes []string        `json:"notes,omitempty"`
}

type inspectedFile struct {
	Path       string                    `json:"path"`
	Format     bursar.Format             `json:"format"`
	FileFormat bursar.FileFormat         `json:"file_format"`
	Packing    string                    `json:"packing,omitempty"`
	Rows       int64                     `json:"rows"`
	Columns    int                       `json:"columns"`
	Currency   string                    `json:"currency"` // several are joined by ","
	Periods    map[string]inspectedGroup `json:"periods"`
	ByType     map[string]inspectedGroup `json:"by_line_item_type"`
	ByService  map[string]inspectedGroup `json:"by_service"`
	ByAccount  map[string]inspectedGroup `json:"by_account"`
	Warnings   []ingest.Warning          `json:"warnings,omitempty"`
}

type inspectedGroup struct {
	Rows int64 `json:"rows"`
	inspectedCost
}

type inspectedTotal struct {
	Rows int64 `json:"rows"`
	inspectedCost
}

// inspectedCost is the cost; where there are several currencies, that of each, for they are never added up.
type inspectedCost struct {
	Cost   *bursar.Decimal           `json:"unblended_cost,omitempty"`
	Totals map[string]bursar.Decimal `json:"unblended_cost_by_currency,omitempty"`
	all    map[string]bursar.Decimal
}

func (c *inspectedCost) add(currency string, amount bursar.Decimal) {
	if c.all == nil {
		c.all = map[string]bursar.Decimal{}
	}
	sum := c.all[currency].Add(amount)
	c.all[currency] = sum
	c.Cost, c.Totals = &sum, nil
	if len(c.all) > 1 {
		c.Cost, c.Totals = nil, c.all
	}
}

func inspectionOf(found *Inspection) inspection {
	r := &found.Report
	out := inspection{Files: []inspectedFile{}, Total: inspectedTotal{Rows: r.Total.Rows}, Notes: found.Notes}
	if len(r.Total.Totals) == 0 { // a bill without rows
		out.Total.Cost = &bursar.Decimal{}
	}
	for currency, amount := range r.Total.Totals {
		out.Total.add(currency, amount)
	}
	for _, f := range r.Files {
		out.Files = append(out.Files, inspectedFile{
			Path: f.Path, Format: f.Format, FileFormat: f.FileFormat, Packing: f.Packing, Rows: f.Rows, Columns: f.Columns,
			Currency: currencies(f.Totals), Periods: grouped(f.ByPeriod), ByType: grouped(f.ByLineItemType),
			ByService: grouped(f.ByService), ByAccount: grouped(f.ByAccount), Warnings: f.Warnings,
		})
	}
	return out
}

func currencies(totals map[string]bursar.Decimal) string {
	return strings.Join(slices.Sorted(maps.Keys(totals)), ",")
}

func grouped(groups []ingest.Group) map[string]inspectedGroup {
	out := map[string]inspectedGroup{}
	for _, g := range groups {
		have := out[g.Key]
		have.Rows += g.Rows
		have.add(g.Currency, g.Cost)
		out[g.Key] = have
	}
	return out
}

var formatNames = map[bursar.Format]string{
	bursar.FormatLegacy: "legacy Cost and Usage Report", bursar.FormatCUR2: "CUR 2.0", bursar.FormatFOCUS10: "FOCUS 1.0", bursar.FormatFOCUS12: "FOCUS 1.2",
}

func showReport(w io.Writer, r *ingest.Report) error {
	for _, f := range r.Files {
		packing := ""
		if f.Packing != "" {
			packing = ", " + f.Packing
		}
		fmt.Fprintf(w, "%s\n  %s, %s%s, %d rows, %d columns\n", printable(f.Path), formatNames[f.Format], f.FileFormat, packing, f.Rows, f.Columns)
		for _, warning := range f.Warnings {
			fmt.Fprintf(w, "  warning: %s\n", printable(warning.Message))
		}
		for _, s := range []struct {
			title  string
			groups []ingest.Group
		}{{"PERIOD", f.ByPeriod}, {"LINE ITEM TYPE", f.ByLineItemType}, {"SERVICE", f.ByService}, {"ACCOUNT", f.ByAccount}} {
			if err := showGroups(w, s.title, s.groups); err != nil {
				return err
			}
		}
		fmt.Fprintln(w)
	}
	fmt.Fprintf(w, "total: %d rows", r.Total.Rows)
	for _, currency := range slices.Sorted(maps.Keys(r.Total.Totals)) {
		fmt.Fprintf(w, ", unblended cost %s %s", r.Total.Totals[currency], printable(currency))
	}
	_, err := fmt.Fprintln(w)
	return err
}

func showGroups(w io.Writer, title string, groups []ingest.Group) error {
	if len(groups) == 0 {
		return nil
	}
	rows := make([][]string, 0, len(groups))
	for _, g := range groups {
		rows = append(rows, []string{g.Key, fmt.Sprint(g.Rows), g.Cost.String(), g.Currency})
	}
	fmt.Fprintln(w)
	return printTable(w, []string{title, "ROWS", "UNBLENDED COST", "CURRENCY"}, rows)
}
