package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/client"
	"github.com/spf13/cobra"
)

// begins makes a command of one that begins a run: it follows the run to its end, or leaves it to itself.
func (s *serverFlags) begins(c *cobra.Command, o *output, begin func(c *cobra.Command, api *client.Client, args []string) (*bursar.Run, error)) *cobra.Command {
	var background bool
	c.RunE = s.call(func(c *cobra.Command, api *client.Client, args []string) error {
		run, err := begin(c, api, args)
		if err != nil {
			return err
		}
		if background {
			_, err := fmt.Fprintln(c.OutOrStdout(), run.ID)
			return err
		}
		return s.follow(c, api, run.ID, o)
	})
	c.Flags().BoolVar(&background, "background", false, "print the run's id and do not wait for it")
	return c
}

// follow shows a run until it has ended, prints how it ended, and gives its verdict: an error when it failed, or when a
// finding did.
func (s *serverFlags) follow(c *cobra.Command, api *client.Client, id string, o *output) error {
	kind, err := o.kind()
	if err != nil {
		return err
	}
	w := s.watcher(c, kind != "table")
	run, err := api.WatchRun(c.Context(), id, w.event)
	w.progress.clear()
	if errors.Is(err, context.Canceled) {
		return bursar.Errorf(bursar.Unavailable, "stopped looking; the run goes on").WithHint("bursar run watch %[1]s, or bursar run cancel %[1]s", id)
	}
	if err != nil {
		return explain(err)
	}
	if _, err := o.document(c.OutOrStdout(), map[string]any{"run": run, "findings": w.findings}); err != nil {
		return err
	}
	if kind == "table" && run.State == bursar.RunSucceeded && len(w.findings) == 0 {
		if err := s.note(c, "%s %s%s\n", run.Kind, run.State, detail(run.Progress)); err != nil {
			return err
		}
	}
	return w.verdict(run)
}

// detail says what a run had to say at its end. Where it was in something that it has finished since is no news.
func detail(p bursar.Progress) string {
	if p.Step == "" || p.Total > 0 {
		return ""
	}
	return ": " + printable(p.Step)
}

// watcher prints what happens in a run while a person waits.
type watcher struct {
	out      io.Writer
	progress *progress
	silent   bool // findings are kept for the end
	findings []bursar.Finding
}

func (s *serverFlags) watcher(c *cobra.Command, silent bool) *watcher {
	return &watcher{out: c.OutOrStdout(), progress: newProgress(c.ErrOrStderr(), s.quiet), silent: silent, findings: []bursar.Finding{}}
}

func (w *watcher) event(e client.RunEvent) {
	switch {
	case e.Finding != nil:
		w.findings = append(w.findings, *e.Finding)
		if !w.silent {
			w.progress.clear()
			printFinding(w.out, *e.Finding)
		}
	case e.Run != nil && !e.Run.State.Final():
		w.progress.show(e.Run.Progress)
	}
}

func (w *watcher) verdict(run *bursar.Run) error {
	if run.State == bursar.RunPartial && run.Error != nil {
		return &exitError{ExitFinding, &bursar.Error{Code: bursar.Code(run.Error.Code), Message: run.Error.Message, Hint: run.Error.Hint}}
	}
	if run.State != bursar.RunSucceeded {
		e := cmp.Or(run.Error, &bursar.RunError{Code: string(run.State), Message: "the run was " + string(run.State)})
		return &exitError{ExitFailed, &bursar.Error{Code: bursar.Code(e.Code), Message: e.Message, Hint: e.Hint}}
	}
	if i := slices.IndexFunc(w.findings, func(f bursar.Finding) bool { return f.Status == bursar.StatusFailed }); i >= 0 {
		return &exitError{ExitFinding, fmt.Errorf("%s failed: %s", w.findings[i].Check, w.findings[i].Code)}
	}
	return nil
}
