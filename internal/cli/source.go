package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/client"
	"github.com/spf13/cobra"
)

func sourceCommand(s *serverFlags) *cobra.Command {
	return group("source", "Ask AWS Cost Explorer for costs, at a price that is shown first",
		sourceStreams(s), sourceList(s), sourceAdd(s), sourceShow(s), sourceChange(s), sourceRun(s), sourceData(s), sourceReopen(s), sourceRemove(s), sourceLedger(s), sourceSpend(s), sourceBudget(s), sourceReconcile(s))
}

// call runs a command with the server's client.
func (s *serverFlags) call(f func(c *cobra.Command, api *client.Client, args []string) error) func(*cobra.Command, []string) error {
	return func(c *cobra.Command, args []string) error {
		api, err := s.client()
		if err != nil {
			return err
		}
		return explain(f(c, api, args))
	}
}

func sourceStreams(s *serverFlags) *cobra.Command {
	var o output
	c := &cobra.Command{Use: "streams", Short: "List what a source can ask for", Args: exactly()}
	c.RunE = s.call(func(c *cobra.Command, api *client.Client, _ []string) error {
		list, err := api.CostStreams(c.Context())
		if err != nil {
			return err
		}
		var rows [][]string
		for _, x := range list {
			byDefault := ""
			if x.Default {
				byDefault = "yes"
			}
			rows = append(rows, []string{x.Name, x.Action, byDefault, x.About})
		}
		return o.print(c.OutOrStdout(), list, []string{"STREAM", "NEEDS", "DEFAULT", "WHAT"}, rows)
	})
	o.flags(c)
	return c
}

var sourceHeader = []string{"ID", "NAME", "ACCOUNT", "STREAMS", "EVERY", "DATA OF", "SPENT TODAY", "THIS MONTH"}

func sourceRow(x client.Source) []string {
	good, oldest := 0, time.Time{}
	for _, st := range x.Status {
		if st.State == bursar.StreamOK || st.State == bursar.StreamNoData {
			good++
		}
		if !st.OKAt.IsZero() && (oldest.IsZero() || st.OKAt.Before(oldest)) {
			oldest = st.OKAt
		}
	}
	every := fmt.Sprintf("%dh", x.EveryHours)
	switch {
	case x.Paused:
		every = "paused"
	case x.EveryHours == 0:
		every = "by hand"
	}
	return []string{x.ID, x.Name, x.AccountID, fmt.Sprintf("%d of %d ok", good, len(x.Streams)), every, day(oldest, "never"), x.SpentDay.String() + " USD", x.SpentMonth.String() + " USD"}
}

func sourceList(s *serverFlags) *cobra.Command {
	var o output
	c := &cobra.Command{Use: "list", Short: "List the sources", Args: exactly()}
	c.RunE = s.call(func(c *cobra.Command, api *client.Client, _ []string) error {
		list, err := api.Sources(c.Context())
		if err != nil {
			return err
		}
		var rows [][]string
		for _, x := range list {
			rows = append(rows, sourceRow(x))
		}
		return o.print(c.OutOrStdout(), list, sourceHeader, rows)
	})
	o.flags(c)
	return c
}

// streamHelp is how a stream is written on the command line.
const streamHelp = `a stream, repeated: cost_daily, or with options after commas: "cost_daily,by=SERVICE+tag:team,months=6,metrics=UnblendedCost"; or as JSON`

// parseStreams reads what --stream said.
func parseStreams(texts []string) (out []bursar.Stream, err error) {
	for _, text := range texts {
		var x bursar.Stream
		if strings.HasPrefix(text, "{") {
			if err := json.Unmarshal([]byte(text), &x); err != nil {
				return nil, bursar.Errorf(bursar.Invalid, "--stream %.60q is no JSON: %w", text, err)
			}
		} else if x, err = parseStream(text); err != nil {
			return nil, err
		}
		out = append(out, x)
	}
	return out, nil
}

func parseStream(text string) (x bursar.Stream, err error) {
	parts := strings.Split(text, ",")
	x.Name = parts[0]
	for _, p := range parts[1:] {
		name, value, _ := strings.Cut(p, "=")
		switch name {
		case "by":
			x.GroupBy = strings.Split(value, "+")
		case "metrics":
			x.Metrics = strings.Split(value, "+")
		case "key":
			x.Key = value
		case "months":
			if x.Months, err = strconv.Atoi(value); err != nil {
				return x, bursar.Errorf(bursar.Invalid, "--stream: months=%s is no number", value)
			}
		default:
			return x, bursar.Errorf(bursar.Invalid, "--stream: there is no option %q", p).WithHint("use by=, metrics=, months= and key=; a filter is written as JSON")
		}
	}
	return x, nil
}

// sourceOptions are the flags that say what a source does.
type sourceOptions struct {
	streams             []string
	every               int
	run, day, month     string
	paused, preliminary bool
}

func (f *sourceOptions) register(c *cobra.Command) {
	c.Flags().StringArrayVar(&f.streams, "stream", nil, streamHelp)
	c.Flags().IntVar(&f.every, "every", 24, "hours between runs; 0 for only by hand")
	c.Flags().StringVar(&f.run, "budget-run", "", "US dollars that one run may spend on requests, each 0.01")
	c.Flags().StringVar(&f.day, "budget-day", "", "US dollars a day (UTC)")
	c.Flags().StringVar(&f.month, "budget-month", "", "US dollars a month (UTC)")
	c.Flags().BoolVar(&f.paused, "paused", false, "do not run by itself")
	c.Flags().BoolVar(&f.preliminary, "preliminary", false, "let its totals stand in for a bill that is still on its way")
}

// budget changes the amounts that were given; nil when none was.
func (f *sourceOptions) budget(b bursar.Budget) (*bursar.Budget, error) {
	changed := false
	for _, x := range []struct {
		flag, text string
		at         *bursar.Decimal
	}{{"budget-run", f.run, &b.Run}, {"budget-day", f.day, &b.Day}, {"budget-month", f.month, &b.Month}} {
		if x.text == "" {
			continue
		}
		d, err := bursar.ParseDecimal(x.text)
		if err != nil {
			return nil, bursar.Errorf(bursar.Invalid, "--%s %q is no amount", x.flag, x.text).WithHint("write US dollars, for example 0.05")
		}
		*x.at, changed = d, true
	}
	if !changed {
		return nil, nil
	}
	return &b, nil
}

func sourceAdd(s *serverFlags) *cobra.Command {
	var o output
	var f sourceOptions
	var in client.NewSource
	var dry bool
	c := &cobra.Command{
		Use: "add NAME", Short: "Make a source", Args: exactly("a name"),
		Long: `Make a source, which asks AWS Cost Explorer with the role of a registered account or with a
stored credential. AWS charges 0.01 USD for each request that it answers, page by page: --dry-run
says what the first run would ask and cost, and makes nothing.

Without --stream it asks for the default streams, which cost at most five requests a day.`,
		Example: `  bursar source add costs --account 123456789012 --dry-run
  bursar source add costs --account 123456789012 --preliminary
  bursar source add teams --credential reader --stream "cost_daily,by=SERVICE+tag:team" --budget-day 0.20`,
	}
	c.RunE = s.call(func(c *cobra.Command, api *client.Client, args []string) (err error) {
		in.Name, in.EveryHours, in.Paused, in.Preliminary = args[0], &f.every, f.paused, f.preliminary
		if in.Streams, err = parseStreams(f.streams); err != nil {
			return usage(err)
		}
		if in.Budget, err = f.budget(bursar.DefaultBudget()); err != nil {
			return usage(err)
		}
		if dry {
			p, err := api.PriceNewSource(c.Context(), in)
			if err != nil {
				return err
			}
			return printPrice(c, &o, p)
		}
		x, err := api.AddSource(c.Context(), in)
		if err != nil {
			return err
		}
		if err := o.print(c.OutOrStdout(), x, sourceHeader, [][]string{sourceRow(*x)}); err != nil {
			return err
		}
		return o.advise(s, c, "next: bursar source run %s --dry-run\n", x.ID)
	})
	o.flags(c)
	f.register(c)
	c.Flags().StringVar(&in.Account, "account", "", "the registered account whose role it uses: its id or its 12 digits")
	c.Flags().StringVar(&in.Credential, "credential", "", "the stored credential that it uses: its id or its name")
	c.Flags().BoolVar(&dry, "dry-run", false, "say what the first run would ask and cost, and make nothing")
	c.MarkFlagsMutuallyExclusive("account", "credential")
	return c
}

// printPrice prints each question with what it costs, and the sum.
func printPrice(c *cobra.Command, o *output, p *client.Price) error {
	var rows [][]string
	for _, x := range p.Items {
		n := strconv.Itoa(x.Requests)
		switch {
		case x.Cached:
			n = "0 (kept)"
		case x.AtLeast:
			n += " or more"
		}
		rows = append(rows, []string{x.Stream, x.Operation, n, x.USD.String(), string(x.Body)})
	}
	if err := o.print(c.OutOrStdout(), p, []string{"STREAM", "OPERATION", "REQUESTS", "USD", "QUESTION"}, rows); err != nil {
		return err
	}
	if kind, err := o.kind(); err != nil || kind != "table" {
		return err
	}
	more := ""
	if p.AtLeast {
		more = " or more, as many as there are pages"
	}
	_, err := fmt.Fprintf(c.OutOrStdout(), "\n%d requests%s: %s USD. The budget: %s USD a run, %s a day, %s a month; the source stops before the request that would pass one.\n",
		p.Requests, more, p.USD, p.Budget.Run, p.Budget.Day, p.Budget.Month)
	return err
}

func sourceShow(s *serverFlags) *cobra.Command {
	var o output
	c := &cobra.Command{Use: "show SOURCE", Short: "Show how a source's streams stand", Args: exactly("a source")}
	c.RunE = s.call(func(c *cobra.Command, api *client.Client, args []string) error {
		x, err := api.Source(c.Context(), args[0])
		if err != nil {
			return err
		}
		var rows [][]string
		for _, st := range x.Status {
			months := st.First.String()
			if st.Last != st.First {
				months += " to " + st.Last.String()
			}
			rows = append(rows, []string{st.Name, string(st.State), day(st.OKAt, "never"), months, strconv.FormatInt(st.Rows, 10), strconv.Itoa(st.Requests), strings.TrimSpace(st.Message + " " + clamped(st)), st.Hint})
		}
		return o.print(c.OutOrStdout(), x, []string{"STREAM", "STATE", "DATA OF", "MONTHS", "ROWS", "REQUESTS", "WHY", "WHAT TO DO"}, rows)
	})
	o.flags(c)
	return c
}

func clamped(st bursar.StreamStatus) string {
	if st.Clamped == "" {
		return ""
	}
	return "AWS gives nothing from before " + st.Clamped
}

func sourceChange(s *serverFlags) *cobra.Command {
	var o output
	var f sourceOptions
	var name string
	c := &cobra.Command{Use: "change SOURCE", Short: "Change a source: what no flag names stays as it is", Args: exactly("a source")}
	c.RunE = s.call(func(c *cobra.Command, api *client.Client, args []string) error {
		var in client.SourceChange
		given := c.Flags().Changed
		if given("name") {
			in.Name = &name
		}
		if given("every") {
			in.EveryHours = &f.every
		}
		if given("paused") {
			in.Paused = &f.paused
		}
		if given("preliminary") {
			in.Preliminary = &f.preliminary
		}
		if given("stream") {
			streams, err := parseStreams(f.streams)
			if err != nil {
				return usage(err)
			}
			in.Streams = &streams
		}
		before, err := api.Source(c.Context(), args[0])
		if err != nil {
			return err
		}
		if in.Budget, err = f.budget(before.Budget); err != nil {
			return usage(err)
		}
		x, err := api.ChangeSource(c.Context(), before.ID, in)
		if err != nil {
			return err
		}
		return o.print(c.OutOrStdout(), x, sourceHeader, [][]string{sourceRow(*x)})
	})
	o.flags(c)
	f.register(c)
	c.Flags().StringVar(&name, "name", "", "its new name")
	return c
}

func sourceRun(s *serverFlags) *cobra.Command {
	var o output
	var dry bool
	c := &cobra.Command{
		Use: "run SOURCE", Short: "Ask for every stream of a source now; --dry-run says what that costs", Args: exactly("a source"),
		Long: `Ask for every stream of a source now. --dry-run prints each request and the dollars, and sends nothing.
A run that some streams did not answer ends as partial (exit code 4); what they held stays.`,
	}
	o.flags(c)
	s.begins(c, &o, func(c *cobra.Command, api *client.Client, args []string) (*bursar.Run, error) {
		return api.RunSource(c.Context(), args[0])
	})
	run := c.RunE
	price := s.call(func(c *cobra.Command, api *client.Client, args []string) error {
		p, err := api.PriceSource(c.Context(), args[0])
		if err != nil {
			return err
		}
		return printPrice(c, &o, p)
	})
	c.RunE = func(c *cobra.Command, args []string) error {
		if dry {
			return price(c, args)
		}
		return run(c, args)
	}
	c.Flags().BoolVar(&dry, "dry-run", false, "print the requests and what they cost; send nothing")
	c.MarkFlagsMutuallyExclusive("dry-run", "background")
	return c
}

func sourceData(s *serverFlags) *cobra.Command {
	var o output
	var from, to string
	c := &cobra.Command{Use: "data SOURCE STREAM", Short: "Print what is held of a stream", Args: exactly("a source", "a stream")}
	c.RunE = s.call(func(c *cobra.Command, api *client.Client, args []string) error {
		var first, last bursar.Period
		if err := errors.Join(first.UnmarshalText([]byte(from)), last.UnmarshalText([]byte(to))); err != nil {
			return usage(err)
		}
		d, err := api.SourceData(c.Context(), args[0], args[1], first, last)
		if err != nil {
			return err
		}
		header := make([]string, len(d.Columns))
		for i, x := range d.Columns {
			header[i] = x.Name
		}
		if kind, err := o.kind(); err == nil && kind == "table" { // what is the same in every row is for programs
			header, d.Rows = narrow(header, d.Rows)
		}
		return o.print(c.OutOrStdout(), d, header, d.Rows)
	})
	o.flags(c)
	c.Flags().StringVar(&from, "from", "", "first month, YYYY-MM")
	c.Flags().StringVar(&to, "to", "", "last month, YYYY-MM")
	return c
}

// narrow leaves out columns without anything in them, and those that say where rows come from.
func narrow(header []string, rows [][]string) ([]string, [][]string) {
	var keep []int
	for i, name := range header {
		some := slices.ContainsFunc(rows, func(r []string) bool { return r[i] != "" })
		if some && !slices.Contains([]string{"query_hash", "run_id", "source", "fetched_at", "account_id"}, name) {
			keep = append(keep, i)
		}
	}
	pick := func(r []string) (out []string) {
		for _, i := range keep {
			out = append(out, r[i])
		}
		return out
	}
	out := make([][]string, len(rows))
	for i, r := range rows {
		out[i] = pick(r)
	}
	return pick(header), out
}

func sourceReopen(s *serverFlags) *cobra.Command {
	var o output
	var stream string
	c := &cobra.Command{Use: "reopen SOURCE MONTH", Short: "Ask for a month again although it is closed, as for late credits", Args: exactly("a source", "a month")}
	c.RunE = s.call(func(c *cobra.Command, api *client.Client, args []string) error {
		p, err := bursar.ParsePeriod(args[1])
		if err != nil {
			return usage(err)
		}
		run, err := api.ReopenSource(c.Context(), args[0], stream, p)
		if err != nil {
			return err
		}
		return o.print(c.OutOrStdout(), run, runHeader, [][]string{runRow(*run)})
	})
	o.flags(c)
	c.Flags().StringVar(&stream, "stream", "", "only this stream")
	return c
}

func sourceRemove(s *serverFlags) *cobra.Command {
	var o output
	c := &cobra.Command{Use: "remove SOURCE", Short: "Remove a source with its data; the ledger of its requests stays", Args: exactly("a source")}
	c.RunE = s.call(func(c *cobra.Command, api *client.Client, args []string) error {
		x, err := api.RemoveSource(c.Context(), args[0])
		if err != nil {
			return err
		}
		return o.print(c.OutOrStdout(), x, sourceHeader, [][]string{sourceRow(*x)})
	})
	o.flags(c)
	return c
}
