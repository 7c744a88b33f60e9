package cli

import (
	"os"

	"github.com/bursarhq/bursar"
	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

func manCommand() *cobra.Command {
	return &cobra.Command{
		Use: "man FOLDER", Short: "Write the manual pages into a folder", Args: exactly("a folder"),
		Example: "  bursar man ~/.local/share/man/man1",
		RunE: func(c *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return bursar.Errorf(bursar.Unavailable, "the folder cannot be made: %w", err)
			}
			root := c.Root()
			root.DisableAutoGenTag = true // it holds the day
			if err := doc.GenManTree(root, &doc.GenManHeader{Title: "BURSAR", Section: "1", Source: "bursar " + Version()}, args[0]); err != nil {
				return bursar.Errorf(bursar.Unavailable, "the pages cannot be written: %w", err)
			}
			return nil
		},
	}
}
