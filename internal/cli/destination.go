package cli

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/client"
	"github.com/spf13/cobra"
)

func destinationCommand(s *serverFlags) *cobra.Command {
	return group("destination", "Deliver data to files, PostgreSQL, ClickHouse and more",
		destinationAdd(s), destinationList(s), destinationShow(s), destinationSet(s), destinationCheck(s), destinationRun(s), destinationDeliveries(s), destinationRemove(s))
}

// destinationFlags are what can be said of a destination.
type destinationFlags struct {
	name, secretFile string
	datasets         []string
	trigger          string
	full, paused     bool
	target           bursar.TargetSettings
	caFile           string
}

func (f *destinationFlags) register(c *cobra.Command) {
	c.Flags().StringSliceVar(&f.datasets, "dataset", nil, "what is delivered: line_items, costs_daily; may be given more than once")
	c.Flags().StringVar(&f.trigger, "on", "", "when: publication, hourly, daily or manual")
	c.Flags().BoolVar(&f.full, "full", false, "deliver every period each time, changed or not")
	c.Flags().BoolVar(&f.paused, "paused", false, "deliver nothing by itself")
	c.Flags().StringVar(&f.secretFile, "secret-file", "", "file with the password or signing secret; - reads it from standard input")
	t := &f.target
	c.Flags().StringVar(&t.Path, "path", "", "file: the folder, below the server's folder for delivered files")
	c.Flags().StringVar(&t.Format, "format", "", "file, s3: parquet, csv or jsonl")
	c.Flags().BoolVar(&t.PlainCSV, "plain-csv", false, "file, s3: leave text as it is that a spreadsheet would take for a formula")
	c.Flags().StringVar(&t.Bucket, "bucket", "", "s3: the bucket")
	c.Flags().StringVar(&t.Prefix, "prefix", "", "s3: what every key begins with")
	c.Flags().StringVar(&t.Region, "region", "", "s3: the bucket's region")
	c.Flags().StringVar(&t.BucketOwner, "bucket-owner", "", "s3: the account that the bucket must belong to")
	c.Flags().StringVar(&t.AccountID, "account", "", "s3: the registered account whose role is used: its id (acc_…)")
	c.Flags().StringVar(&t.CredentialID, "credential", "", "s3: the credential that is used instead: its id (crd_…)")
	c.Flags().StringVar(&t.Host, "host", "", "postgres: the server")
	c.Flags().IntVar(&t.Port, "port", 0, "postgres: its port")
	c.Flags().StringVar(&t.Database, "database", "", "postgres, clickhouse: the database")
	c.Flags().StringVar(&t.Schema, "schema", "", "postgres: the schema")
	c.Flags().StringVar(&t.User, "user", "", "postgres, clickhouse: the user")
	c.Flags().StringVar(&t.TLS, "tls", "", "postgres: verify, require or disable")
	c.Flags().StringVar(&f.caFile, "ca-certificate", "", "postgres, clickhouse: file with the certificate of who has signed the server's")
	c.Flags().StringVar(&t.URL, "url", "", "clickhouse, webhook: the address")
}

// targetFlags are those that say where a destination is.
var targetFlags = []string{"path", "format", "plain-csv", "bucket", "prefix", "region", "bucket-owner", "account", "credential", "host", "port", "database", "schema", "user", "tls", "ca-certificate", "url"}

// wish is what the flags that were given say. now is the target that is there.
func (f *destinationFlags) wish(c *cobra.Command, now bursar.TargetSettings) (w client.DestinationWish, err error) {
	given := c.Flags().Changed
	if given("dataset") {
		w.Datasets = &f.datasets
	}
	if given("on") {
		t := bursar.Trigger(f.trigger)
		w.Trigger = &t
	}
	if given("full") {
		w.Full = &f.full
	}
	if given("paused") {
		w.Paused = &f.paused
	}
	if given("secret-file") {
		secret, err := readSecret(c.InOrStdin(), f.secretFile)
		if err != nil {
			return w, err
		}
		w.Secret = &secret
	}
	if f.caFile != "" {
		pem, err := os.ReadFile(f.caFile)
		if err != nil {
			return w, usage(bursar.Errorf(bursar.Invalid, "the certificate cannot be read: %w", err))
		}
		f.target.CACertificate = string(pem)
	}
	for _, name := range targetFlags {
		if given(name) {
			w.Target = f.over(c, now)
		}
	}
	return w, nil
}

// over puts the settings that were given over those that are there.
func (f *destinationFlags) over(c *cobra.Command, now bursar.TargetSettings) *bursar.TargetSettings {
	t := f.target
	for name, field := range map[string]struct{ to, from *string }{
		"path": {&now.Path, &t.Path}, "format": {&now.Format, &t.Format}, "bucket": {&now.Bucket, &t.Bucket}, "prefix": {&now.Prefix, &t.Prefix}, "region": {&now.Region, &t.Region},
		"bucket-owner": {&now.BucketOwner, &t.BucketOwner}, "account": {&now.AccountID, &t.AccountID}, "credential": {&now.CredentialID, &t.CredentialID}, "host": {&now.Host, &t.Host},
		"database": {&now.Database, &t.Database}, "schema": {&now.Schema, &t.Schema}, "user": {&now.User, &t.User}, "tls": {&now.TLS, &t.TLS},
		"ca-certificate": {&now.CACertificate, &t.CACertificate}, "url": {&now.URL, &t.URL},
	} {
		if c.Flags().Changed(name) {
			*field.to = *field.from
		}
	}
	if c.Flags().Changed("port") {
		now.Port = t.Port
	}
	if c.Flags().Changed("plain-csv") {
		now.PlainCSV = t.PlainCSV
	}
	return &now
}

// readSecret reads a secret from a file: a command line is seen by everybody on the machine.
func readSecret(stdin io.Reader, name string) (string, error) {
	in := stdin
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return "", usage(bursar.Errorf(bursar.Invalid, "the secret cannot be read: %w", err))
		}
		defer f.Close()
		in = f
	}
	b, err := io.ReadAll(io.LimitReader(in, 1<<16))
	return strings.TrimRight(string(b), "\r\n"), err
}

func destinationAdd(s *serverFlags) *cobra.Command {
	var o output
	var f destinationFlags
	var kind string
	c := &cobra.Command{
		Use:   "add NAME --kind KIND",
		Short: "Add a destination",
		Long: `Add a destination, and check whether data can be delivered to it.

Kinds are file, s3, postgres, clickhouse and webhook. A destination gets what counts now at its first run, and from then on each
billing period that has changed, as a whole.`,
		Example: `  bursar destination add files --kind file --path finance --format csv
  bursar destination add warehouse --kind postgres --host db.example.com --database costs --user bursar --secret-file password.txt`,
		Args: exactly("a name"),
		RunE: func(c *cobra.Command, args []string) error {
			api, err := s.client()
			if err != nil {
				return err
			}
			w, err := f.wish(c, bursar.TargetSettings{})
			if err != nil {
				return err
			}
			w.Name, w.Kind = &args[0], bursar.DestinationKind(kind)
			if w.Target == nil {
				w.Target = &bursar.TargetSettings{}
			}
			d, err := api.AddDestination(c.Context(), w)
			if err != nil {
				return explain(err)
			}
			secret := d.SigningSecret
			if d, err = api.CheckDestination(c.Context(), d.ID); err != nil {
				return explain(err)
			}
			d.SigningSecret = secret
			if printed, err := o.document(c.OutOrStdout(), d); printed || err != nil {
				return err
			}
			return s.added(c, d)
		},
	}
	o.documentFlags(c)
	c.Flags().StringVar(&kind, "kind", "", "file, s3, postgres, clickhouse or webhook")
	_ = c.MarkFlagRequired("kind")
	_ = c.RegisterFlagCompletionFunc("kind", cobra.FixedCompletions([]string{"file", "s3", "postgres", "clickhouse", "webhook"}, cobra.ShellCompDirectiveNoFileComp))
	f.register(c)
	return c
}

// added says what became of a new destination, and what comes next.
func (s *serverFlags) added(c *cobra.Command, d *client.Destination) error {
	if _, err := fmt.Fprintf(c.OutOrStdout(), "%s  %s (%s)\n", d.ID, printable(d.Name), d.Kind); err != nil {
		return err
	}
	if d.SigningSecret != "" {
		if _, err := fmt.Fprintf(c.OutOrStdout(), "signing secret: %s\nIt is shown this once: the program that receives the messages verifies them with it.\n", d.SigningSecret); err != nil {
			return err
		}
	}
	if err := printChecks(c, d); err != nil {
		return err
	}
	next := "bursar destination run"
	if !d.Usable {
		next = "mend that, then bursar destination check"
	}
	return s.note(c, "next: %s %s\n", next, d.ID)
}

func printChecks(c *cobra.Command, d *client.Destination) error {
	for _, p := range d.Checks {
		line := fmt.Sprintf("%-8s %-8s %s\n", p.Status, p.Check, p.Message)
		if p.Remedy != "" {
			line += fmt.Sprintf("%18s%s\n", "", p.Remedy)
		}
		if _, err := io.WriteString(c.OutOrStdout(), line); err != nil {
			return err
		}
	}
	return nil
}

var destinationHeader = []string{"ID", "NAME", "KIND", "DELIVERS", "ON", "STATE", "LAST RUN"}

func destinationRow(d client.Destination) []string {
	state := "not checked"
	switch {
	case d.Paused:
		state = "paused"
	case d.Usable:
		state = "ok"
	case !d.CheckedAt.IsZero():
		state = "broken"
	}
	return []string{d.ID, d.Name, string(d.Kind), strings.Join(d.Datasets, ", "), string(d.Trigger), state, moment(d.AttemptedAt)}
}

func destinationList(s *serverFlags) *cobra.Command {
	var o output
	c := &cobra.Command{
		Use: "list", Short: "List the destinations", Args: exactly(),
		RunE: func(c *cobra.Command, _ []string) error {
			api, err := s.client()
			if err != nil {
				return err
			}
			list, err := api.Destinations(c.Context())
			if err != nil {
				return explain(err)
			}
			rows := make([][]string, 0, len(list))
			for _, d := range list {
				rows = append(rows, destinationRow(d))
			}
			return o.print(c.OutOrStdout(), list, destinationHeader, rows)
		},
	}
	o.flags(c)
	return c
}

// oneDestination is a command about one destination, which it prints.
func oneDestination(s *serverFlags, use, short string, do func(*client.Client, *cobra.Command, string) (*client.Destination, error)) *cobra.Command {
	var o output
	c := &cobra.Command{
		Use: use, Short: short, Args: exactly("a destination"),
		RunE: func(c *cobra.Command, args []string) error {
			api, err := s.client()
			if err != nil {
				return err
			}
			d, err := do(api, c, args[0])
			if err != nil {
				return explain(err)
			}
			if printed, err := o.document(c.OutOrStdout(), d); printed || err != nil {
				return err
			}
			return cmp.Or(printTable(c.OutOrStdout(), destinationHeader, [][]string{destinationRow(*d)}), printChecks(c, d))
		},
	}
	o.documentFlags(c)
	return c
}

func destinationShow(s *serverFlags) *cobra.Command {
	return oneDestination(s, "show DESTINATION", "Show a destination, and what its newest check saw", func(api *client.Client, c *cobra.Command, id string) (*client.Destination, error) {
		return api.Destination(c.Context(), id)
	})
}

func destinationSet(s *serverFlags) *cobra.Command {
	var f destinationFlags
	c := oneDestination(s, "set DESTINATION", "Change a destination: what is not given stays as it is", func(api *client.Client, c *cobra.Command, id string) (*client.Destination, error) {
		now, err := api.Destination(c.Context(), id)
		if err != nil {
			return nil, err
		}
		w, err := f.wish(c, now.Target)
		if err != nil {
			return nil, err
		}
		if c.Flags().Changed("name") {
			w.Name = &f.name
		}
		return api.ChangeDestination(c.Context(), now.ID, w)
	})
	c.Flags().StringVar(&f.name, "name", "", "its new name")
	f.register(c)
	return c
}

func destinationCheck(s *serverFlags) *cobra.Command {
	return oneDestination(s, "check DESTINATION", "Look whether data could be delivered, and leave nothing there", func(api *client.Client, c *cobra.Command, id string) (*client.Destination, error) {
		return api.CheckDestination(c.Context(), id)
	})
}

func destinationRun(s *serverFlags) *cobra.Command {
	var o output
	c := &cobra.Command{
		Use: "run DESTINATION", Short: "Deliver now what a destination does not hold yet", Args: exactly("a destination"),
	}
	o.flags(c)
	return s.begins(c, &o, func(c *cobra.Command, api *client.Client, args []string) (*bursar.Run, error) {
		return api.RunDestination(c.Context(), args[0])
	})
}

func destinationDeliveries(s *serverFlags) *cobra.Command {
	var o output
	c := &cobra.Command{
		Use: "deliveries DESTINATION", Short: "List what was delivered and withdrawn, the newest first", Args: exactly("a destination"),
		RunE: func(c *cobra.Command, args []string) error {
			api, err := s.client()
			if err != nil {
				return err
			}
			list, err := api.DestinationDeliveries(c.Context(), args[0])
			if err != nil {
				return explain(err)
			}
			rows := make([][]string, 0, len(list))
			for _, h := range list {
				what := "delivered"
				if h.Withdrawn {
					what = "withdrawn"
				}
				rows = append(rows, []string{moment(h.At), what, h.Dataset, h.Source, h.Period, h.Version, fmt.Sprint(h.Rows), moneyText(h.Totals, false)})
			}
			return o.print(c.OutOrStdout(), list, []string{"AT", "WHAT", "DATASET", "SOURCE", "PERIOD", "VERSION", "ROWS", "TOTAL"}, rows)
		},
	}
	o.flags(c)
	return c
}

func destinationRemove(s *serverFlags) *cobra.Command {
	return &cobra.Command{
		Use: "remove DESTINATION", Short: "Forget a destination; what it holds stays there", Args: exactly("a destination"),
		RunE: func(c *cobra.Command, args []string) error {
			api, err := s.client()
			if err != nil {
				return err
			}
			d, err := api.RemoveDestination(c.Context(), args[0])
			if err != nil {
				return explain(err)
			}
			return s.note(c, "removed %s, %q; what it holds stays there\n", d.ID, printable(d.Name))
		},
	}
}
