package cli

import (
	"cmp"
	"fmt"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/client"
	"github.com/spf13/cobra"
)

func keyCommand(s *serverFlags) *cobra.Command {
	return group("key", "Make, list and revoke API keys", keyAdd(s), keyList(s), keyRevoke(s))
}

func keyAdd(s *serverFlags) *cobra.Command {
	var o output
	var in client.NewKey
	var lasts, until string
	var cloudcraft bool
	c := &cobra.Command{
		Use:   "add NAME",
		Short: "Make an API key",
		Long: `Make an API key. It is printed this once and kept nowhere.

Two keys of one name may be in force: make the new one, change your programs over, revoke the old one.`,
		Example: `  bursar key add "nightly export" --role viewer --expires-in 90d
  bursar key add "add accounts" --role administrator --cloudcraft`,
		Args: exactly("a name"),
		RunE: func(c *cobra.Command, args []string) (err error) {
			in.Name = args[0]
			if cloudcraft {
				in.Format = "cloudcraft"
			}
			if in.ExpiresAt, err = expiry(lasts, until, time.Now()); err != nil {
				return usage(err)
			}
			api, err := s.client()
			if err != nil {
				return err
			}
			k, err := api.AddKey(c.Context(), in)
			if err != nil {
				return explain(err)
			}
			if printed, err := o.document(c.OutOrStdout(), k); printed || err != nil {
				return err
			}
			if s.quiet {
				_, err = fmt.Fprintln(c.OutOrStdout(), k.Key)
				return err
			}
			_, err = fmt.Fprintf(c.OutOrStdout(), "%s\n\nThis is the key %q, with the role %s. It is shown this once: keep it where only its program can read it.\nnext: bursar key revoke %s when it is no longer needed\n", k.Key, printable(k.Name), k.Role, k.ID)
			return err
		},
	}
	o.documentFlags(c)
	c.Flags().StringVar(&in.Role, "role", "viewer", "owner, administrator, member, viewer or auditor: no more than you may yourself")
	c.Flags().StringVar(&lasts, "expires-in", "", "how long it is in force: 90d, 12h (default: until it is revoked)")
	c.Flags().StringVar(&until, "expires-at", "", "when it ceases to be in force: 2027-01-31 or 2027-01-31T12:00:00Z")
	c.Flags().BoolVar(&cloudcraft, "cloudcraft", false, "in the form that clients of the Cloudcraft API want: 44 characters")
	c.MarkFlagsMutuallyExclusive("expires-in", "expires-at")
	_ = c.RegisterFlagCompletionFunc("role", cobra.FixedCompletions([]string{"owner", "administrator", "member", "viewer", "auditor"}, cobra.ShellCompDirectiveNoFileComp))
	return c
}

// expiry reads the two ways to say when a key ends.
func expiry(lasts, until string, now time.Time) (time.Time, error) {
	if lasts != "" {
		d, err := days(lasts)
		if err != nil || d <= 0 {
			return time.Time{}, bursar.Errorf(bursar.Invalid, "--expires-in %q is not a length of time", lasts).WithHint("write it like 90d or 12h")
		}
		return now.Add(d).UTC(), nil
	}
	if until == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, until); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, bursar.Errorf(bursar.Invalid, "--expires-at %q is not a time", until).WithHint("write it like 2027-01-31 or 2027-01-31T12:00:00Z")
}

// days reads "90d" beside what time.ParseDuration knows.
func days(s string) (time.Duration, error) {
	var n int
	if _, err := fmt.Sscanf(s, "%dd", &n); err == nil && fmt.Sprintf("%dd", n) == s {
		return time.Duration(n) * 24 * time.Hour, nil
	}
	return time.ParseDuration(s)
}

var keyHeader = []string{"ID", "NAME", "ROLE", "STATE", "CREATED", "BY", "EXPIRES", "LAST USED"}

func keyRow(k client.Key) []string {
	return []string{k.ID, k.Name, k.Role, k.State, day(k.CreatedAt, ""), k.CreatedBy, day(k.ExpiresAt, "never"), day(k.LastUsedAt, "never")}
}

func day(t time.Time, none string) string {
	if t.IsZero() {
		return none
	}
	return t.UTC().Format(time.RFC3339)
}

func keyList(s *serverFlags) *cobra.Command {
	var o output
	c := &cobra.Command{
		Use: "list", Short: "List the workspace's API keys", Args: exactly(),
		RunE: func(c *cobra.Command, _ []string) error {
			api, err := s.client()
			if err != nil {
				return err
			}
			keys, err := api.Keys(c.Context())
			if err != nil {
				return explain(err)
			}
			rows := make([][]string, 0, len(keys))
			for _, k := range keys {
				rows = append(rows, keyRow(k))
			}
			return o.print(c.OutOrStdout(), keys, keyHeader, rows)
		},
	}
	o.flags(c)
	return c
}

func keyRevoke(s *serverFlags) *cobra.Command {
	var o output
	c := &cobra.Command{
		Use: "revoke KEY-ID", Short: "Put an API key out of force, at once", Args: exactly("a key's id"),
		Example: "  bursar key revoke 4fJ9aB2k",
		RunE: func(c *cobra.Command, args []string) error {
			api, err := s.client()
			if err != nil {
				return err
			}
			k, err := api.RevokeKey(c.Context(), args[0])
			if err != nil {
				return explain(err)
			}
			if kind, err := o.kind(); err != nil || kind != "table" {
				return cmp.Or(err, o.print(c.OutOrStdout(), k, keyHeader, [][]string{keyRow(*k)}))
			}
			return s.note(c, "revoked %s, %q\n", k.ID, printable(k.Name))
		},
	}
	o.flags(c)
	return c
}
