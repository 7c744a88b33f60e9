package cli

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/bursarhq/bursar"
	"github.com/spf13/cobra"
	"gopkg.in/yaml.v3"
)

// output is how a command prints its answer: a table for people; JSON, CSV or YAML for programs. What the flags say is
// checked before the command does anything.
type output struct {
	format    string
	json, csv bool
	known     []string
}

// flags are those of a command whose answer is a list.
func (o *output) flags(c *cobra.Command) {
	o.register(c, "table", "json", "csv", "yaml")
	c.Flags().BoolVar(&o.csv, "csv", false, "same as --output csv")
}

// documentFlags are those of a command whose answer is one thing, which makes no CSV.
func (o *output) documentFlags(c *cobra.Command) { o.register(c, "table", "json", "yaml") }

func (o *output) register(c *cobra.Command, known ...string) {
	o.known = known
	last := len(known) - 1
	c.Flags().StringVarP(&o.format, "output", "o", "table", strings.Join(known[:last], ", ")+" or "+known[last])
	c.Flags().BoolVar(&o.json, "json", false, "same as --output json")
	c.PreRunE = func(*cobra.Command, []string) error { _, err := o.kind(); return err }
	_ = c.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(known, cobra.ShellCompDirectiveNoFileComp)) // fails only for a flag that is not there
}

func (o *output) kind() (string, error) {
	switch {
	case o.json && o.csv:
		return "", usage(bursar.Errorf(bursar.Invalid, "--json and --csv exclude each other"))
	case o.json:
		return "json", nil
	case o.csv:
		return "csv", nil
	case !slices.Contains(o.known, o.format):
		return "", usage(bursar.Errorf(bursar.Invalid, "there is no output %q here", o.format).WithHint("use one of %s", strings.Join(o.known, ", ")))
	}
	return o.format, nil
}

// document prints a value where JSON or YAML is wanted, and says whether it was.
func (o *output) document(w io.Writer, value any) (printed bool, err error) {
	switch kind, err := o.kind(); {
	case err != nil:
		return false, err
	case kind == "json":
		return true, printJSON(w, value)
	case kind == "yaml":
		return true, printYAML(w, value)
	}
	return false, nil
}

// advise tells a person something beside the answer; a program that reads JSON, CSV or YAML gets the answer alone.
func (o *output) advise(s *serverFlags, c *cobra.Command, format string, args ...any) error {
	if kind, err := o.kind(); err != nil || kind != "table" {
		return err
	}
	return s.note(c, format, args...)
}

// print writes rows under a header as a table or CSV, or value as JSON or YAML.
func (o *output) print(w io.Writer, value any, header []string, rows [][]string) error {
	if printed, err := o.document(w, value); printed || err != nil {
		return err
	}
	if kind, _ := o.kind(); kind != "csv" { // document has looked at the error
		return printTable(w, header, rows)
	}
	cw := csv.NewWriter(w)
	if err := cw.Write(header); err != nil {
		return err
	}
	return cw.WriteAll(rows)
}

func printJSON(w io.Writer, value any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(value)
}

// printYAML writes what JSON would say, in its order: names and rules of marshalling are the same.
func printYAML(w io.Writer, value any) error {
	var b bytes.Buffer
	if err := printJSON(&b, value); err != nil {
		return err
	}
	var doc yaml.Node // YAML is a superset of JSON
	if err := yaml.Unmarshal(b.Bytes(), &doc); err != nil {
		return err
	}
	plain(&doc)
	enc := yaml.NewEncoder(w)
	enc.SetIndent(2)
	if err := enc.Encode(&doc); err != nil {
		return err
	}
	return enc.Close()
}

// plain takes JSON's brackets and quotes off, save where a text would be read as something else: an account id, or "no".
func plain(n *yaml.Node) {
	n.Style = 0
	if n.Tag == "!!str" {
		var quoted yaml.Node
		_ = quoted.Encode(n.Value) // a text can be encoded
		n.Style = quoted.Style
	}
	for _, c := range n.Content {
		plain(c)
	}
}

// printTable aligns columns; those of amounts to the right.
func printTable(w io.Writer, header []string, rows [][]string) error {
	width := make([]int, len(header)) // of the columns that are aligned to the right
	for i := range header {
		width[i] = amountWidth(header, rows, i)
	}
	tw := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	for _, r := range append([][]string{header}, rows...) {
		cells := make([]string, len(r))
		for i, c := range r {
			cells[i] = strings.Repeat(" ", max(0, width[i]-len([]rune(c)))) + printable(c)
		}
		if _, err := fmt.Fprintln(tw, strings.TrimRight(strings.Join(cells, "\t"), "\t")); err != nil {
			return err
		}
	}
	return tw.Flush()
}

// amountWidth gives the width of a column of amounts, and 0 for any other. Digits that are all of one length are ids.
func amountWidth(header []string, rows [][]string, column int) int {
	widest, ids := 0, true
	for _, r := range rows {
		n := len([]rune(r[column]))
		if !isAmount(r[column]) {
			return 0
		}
		ids = ids && n == len(rows[0][column])
		widest = max(widest, n)
	}
	if ids {
		return 0
	}
	return max(widest, len([]rune(header[column])))
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
