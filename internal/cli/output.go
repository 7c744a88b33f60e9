package cli

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/bursarhq/bursar"
	"github.com/spf13/cobra"
)

// output is how a command prints its answer: a table for people, JSON or CSV for programs.
type output struct {
	format    string
	json, csv bool
}

var formats = []string{"table", "json", "csv"}

func (o *output) flags(c *cobra.Command) {
	c.Flags().StringVarP(&o.format, "output", "o", "table", "table, json or csv")
	c.Flags().BoolVar(&o.json, "json", false, "same as --output json")
	c.Flags().BoolVar(&o.csv, "csv", false, "same as --output csv")
}

func (o *output) kind() (string, error) {
	switch {
	case o.json && o.csv:
		return "", usage(bursar.Errorf(bursar.Invalid, "--json and --csv exclude each other"))
	case o.json:
		return "json", nil
	case o.csv:
		return "csv", nil
	case !slices.Contains(formats, o.format):
		return "", usage(bursar.Errorf(bursar.Invalid, "there is no output %q", o.format).WithHint("use one of %s", strings.Join(formats, ", ")))
	}
	return o.format, nil
}

// print writes rows under a header as a table or CSV, or value as JSON.
func (o *output) print(w io.Writer, value any, header []string, rows [][]string) error {
	kind, err := o.kind()
	if err != nil {
		return err
	}
	switch kind {
	case "json":
		return printJSON(w, value)
	case "csv":
		cw := csv.NewWriter(w)
		if err := cw.Write(header); err != nil {
			return err
		}
		return cw.WriteAll(rows)
	}
	return printTable(w, header, rows)
}

func printJSON(w io.Writer, value any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(value)
}

// printTable aligns columns; those whose every cell is an amount are aligned to the right.
func printTable(w io.Writer, header []string, rows [][]string) error {
	right := make([]bool, len(header))
	width := make([]int, len(header))
	for i, h := range header {
		width[i] = len([]rune(h))
		right[i] = len(rows) > 0
		for _, r := range rows {
			width[i] = max(width[i], len([]rune(r[i])))
			right[i] = right[i] && isAmount(r[i])
		}
	}
	tw := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	for _, r := range append([][]string{header}, rows...) {
		cells := make([]string, len(r))
		for i, c := range r {
			cells[i] = printable(c)
			if right[i] {
				cells[i] = strings.Repeat(" ", width[i]-len([]rune(c))) + cells[i]
			}
		}
		if _, err := fmt.Fprintln(tw, strings.TrimRight(strings.Join(cells, "\t"), "\t")); err != nil {
			return err
		}
	}
	return tw.Flush()
}

func isAmount(s string) bool {
	_, err := bursar.ParseDecimal(s)
	return s == "" || err == nil
}

// printable keeps a cell from breaking the table, or the terminal: names and tags come from others.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return '�'
		}
		return r
	}, s)
}
