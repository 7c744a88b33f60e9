package cli

import (
	"fmt"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/spf13/cobra"
)

func runCommand(s *serverFlags) *cobra.Command {
	return group("run", "Look at runs: checks and imports", s.watchable(runList(s)), runShow(s), runWatch(s), runCancel(s))
}

var runHeader = []string{"RUN", "KIND", "ACCOUNT", "STATE", "PROGRESS", "STEP", "BEGAN"}

func runRow(r bursar.Run) []string {
	began := ""
	if !r.StartedAt.IsZero() {
		began = r.StartedAt.UTC().Format(time.RFC3339)
	}
	step, how := r.Progress.Step, runProgress(r.Progress)
	switch {
	case r.Error != nil:
		step, how = r.Error.Message, ""
	case r.State == bursar.RunSucceeded && r.Progress.Total > 0: // where it was when it ended is no news
		step, how = "", ""
	}
	return []string{r.ID, r.Kind, r.AccountID, string(r.State), how, step, began}
}

func runProgress(p bursar.Progress) string {
	switch {
	case p.Total > 0:
		return fmt.Sprintf("%d of %d %s", p.Done, p.Total, p.Unit)
	case p.Rows > 0:
		return fmt.Sprintf("%d rows", p.Rows)
	}
	return ""
}

func runList(s *serverFlags) *cobra.Command {
	var o output
	var account string
	var limit int
	c := &cobra.Command{
		Use: "list", Short: "List runs, the newest first", Args: exactly(),
		RunE: func(c *cobra.Command, _ []string) error {
			if limit < 0 {
				return usage(bursar.Errorf(bursar.Invalid, "--limit %d is less than none", limit).WithHint("0 lists all"))
			}
			api, err := s.client()
			if err != nil {
				return err
			}
			runs, err := api.Runs(c.Context(), account, limit)
			if err != nil {
				return explain(err)
			}
			rows := make([][]string, 0, len(runs))
			for _, r := range runs {
				rows = append(rows, runRow(r))
			}
			return o.print(c.OutOrStdout(), runs, runHeader, rows)
		},
	}
	o.flags(c)
	c.Flags().StringVar(&account, "account", "", "only those of this account")
	c.Flags().IntVar(&limit, "limit", 20, "as many at most; 0 lists all")
	return c
}

func runShow(s *serverFlags) *cobra.Command {
	var o output
	var watch bool
	c := &cobra.Command{
		Use: "show RUN", Short: "Show a run; with --watch until it ends", Args: exactly("a run"),
		RunE: func(c *cobra.Command, args []string) error {
			api, err := s.client()
			if err != nil {
				return err
			}
			if watch {
				return s.follow(c, api, args[0], &o)
			}
			run, err := api.Run(c.Context(), args[0])
			if err != nil {
				return explain(err)
			}
			return o.print(c.OutOrStdout(), run, runHeader, [][]string{runRow(*run)})
		},
	}
	o.flags(c)
	c.Flags().BoolVar(&watch, "watch", false, "print what happens until it ends")
	return c
}

func runWatch(s *serverFlags) *cobra.Command {
	var o output
	c := &cobra.Command{
		Use: "watch RUN", Short: "Print what happens in a run until it ends", Args: exactly("a run"),
		Long: "Print what happens in a run, from its beginning, until it ends. Ctrl-C ends the looking, not the run.",
		RunE: func(c *cobra.Command, args []string) error {
			api, err := s.client()
			if err != nil {
				return err
			}
			return s.follow(c, api, args[0], &o)
		},
	}
	o.documentFlags(c)
	return c
}

func runCancel(s *serverFlags) *cobra.Command {
	var o output
	c := &cobra.Command{
		Use: "cancel RUN", Short: "Cancel a run; one that has ended stays as it is", Args: exactly("a run"),
		RunE: func(c *cobra.Command, args []string) error {
			api, err := s.client()
			if err != nil {
				return err
			}
			run, err := api.CancelRun(c.Context(), args[0])
			if err != nil {
				return explain(err)
			}
			return o.print(c.OutOrStdout(), run, runHeader, [][]string{runRow(*run)})
		},
	}
	o.flags(c)
	return c
}
