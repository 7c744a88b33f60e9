package cli

import (
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// version is set by the build; see the Makefile.
var version = "dev"

// Version returns the version of this build.
func Version() string { return version }

func versionCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use: "version", Short: "Print the version", Args: exactly(),
		RunE: func(c *cobra.Command, _ []string) error {
			info := map[string]string{"version": version, "go": runtime.Version(), "platform": runtime.GOOS + "/" + runtime.GOARCH, "commit": commit()}
			if asJSON {
				return json.NewEncoder(c.OutOrStdout()).Encode(info)
			}
			_, err := fmt.Fprintf(c.OutOrStdout(), "bursar %s (%s, %s)\n", info["version"], info["go"], info["platform"])
			return err
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

func commit() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return s.Value
		}
	}
	return ""
}
