package cli

import (
	"fmt"

	"github.com/spf13/cobra"
)

func runCommand(s *serverFlags) *cobra.Command {
	c := &cobra.Command{Use: "run", Short: "Look at runs: checks and imports", Args: exactly(), RunE: func(c *cobra.Command, _ []string) error { return c.Help() }}
	show := &cobra.Command{
		Use: "show RUN", Short: "Show a run; with --watch until it ends", Args: exactly("a run"),
	}
	var o output
	var watch bool
	o.flags(show)
	show.Flags().BoolVar(&watch, "watch", false, "print what happens until it ends")
	show.RunE = func(c *cobra.Command, args []string) error {
		api, err := s.client()
		if err != nil {
			return err
		}
		if watch {
			w := watcher{out: c.OutOrStdout(), err: c.ErrOrStderr()}
			run, err := api.WatchRun(c.Context(), args[0], w.event)
			if err != nil {
				return explain(err)
			}
			return w.verdict(run)
		}
		run, err := api.Run(c.Context(), args[0])
		if err != nil {
			return explain(err)
		}
		progress := fmt.Sprintf("%d", run.Progress.Done)
		if run.Progress.Total > 0 {
			progress = fmt.Sprintf("%d/%d %s", run.Progress.Done, run.Progress.Total, run.Progress.Unit)
		}
		return o.print(c.OutOrStdout(), run, []string{"RUN", "KIND", "STATE", "PROGRESS", "STEP"},
			[][]string{{run.ID, run.Kind, string(run.State), progress, run.Progress.Step}})
	}
	c.AddCommand(show)
	return c
}
