package cli

import (
	"bytes"
	"context"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// watchEvery is how long --watch waits before it looks again.
const watchEvery = 2 * time.Second

// watchable gives a command that shows something the flag --watch: it shows it again whenever it has changed, until Ctrl-C. On a terminal the
// new one takes the place of the old.
func (s *serverFlags) watchable(c *cobra.Command) *cobra.Command {
	var watch bool
	c.Flags().BoolVar(&watch, "watch", false, "go on, and show it again when it has changed, until Ctrl-C")
	once := c.RunE
	c.RunE = func(c *cobra.Command, args []string) error {
		if !watch {
			return once(c, args)
		}
		return s.watch(c, func() error { return once(c, args) })
	}
	return c
}

func (s *serverFlags) watch(c *cobra.Command, show func() error) error {
	pause := s.pause
	if pause == nil {
		pause = waitToLook
	}
	to := c.OutOrStdout()
	defer c.SetOut(to)
	for before := ""; ; {
		var now bytes.Buffer
		c.SetOut(&now)
		if err := show(); err != nil {
			return err
		}
		if now.String() != before {
			if _, err := io.WriteString(to, erase(to)+now.String()); err != nil {
				return err
			}
			before = now.String()
		}
		if err := pause(c.Context()); err != nil {
			return nil // Ctrl-C is how it ends
		}
	}
}

func waitToLook(ctx context.Context) error {
	t := time.NewTimer(watchEvery)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// erase is what empties a terminal; nothing for what is none.
func erase(w io.Writer) string {
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return "\x1b[H\x1b[2J"
	}
	return ""
}
