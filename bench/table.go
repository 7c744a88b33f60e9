package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// row is a line of the table that the bench prints.
type row struct {
	what, target, measured string
	verdict                string // "met", "not met", or "" where there is no target
}

type table []row

// add adds a figure without a target: context for those that have one.
func (t *table) add(what, format string, args ...any) {
	*t = append(*t, row{what: what, measured: fmt.Sprintf(format, args...)})
}

// judge adds a figure with its target.
func (t *table) judge(what, target string, met bool, format string, args ...any) {
	verdict := "met"
	if !met {
		verdict = "not met"
	}
	*t = append(*t, row{what, target, fmt.Sprintf(format, args...), verdict})
}

func (t table) print(w io.Writer) {
	out := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	fmt.Fprintln(out, "WHAT\tTARGET\tMEASURED\t")
	for _, r := range t {
		fmt.Fprintln(out, strings.Join([]string{r.what, r.target, r.measured, r.verdict}, "\t"))
	}
	out.Flush()
}
