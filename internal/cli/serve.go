package cli

import (
	"cmp"

	"github.com/spf13/cobra"
)

func serveCommand(local Local, env Environment) *cobra.Command {
	var file string
	c := &cobra.Command{
		Use:   "serve",
		Short: "Run the server",
		Long: `Run the server: the API, the jobs, and the state and the lake in its data folder.

Settings come from a YAML file (--config, or BURSAR_CONFIG) and from BURSAR_ variables, which win;
docs/config.md lists them. Ctrl-C, or SIGTERM, lets running work come to a safe point and stops.`,
		Args: exactly(),
		RunE: func(c *cobra.Command, _ []string) error {
			o := ServeOptions{ConfigFile: cmp.Or(file, env.get("BURSAR_CONFIG")), Environ: env.Environ}
			return local.Serve(c.Context(), o, c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	c.Flags().StringVar(&file, "config", "", "YAML file with settings")
	return c
}

func demoCommand(local Local, env Environment) *cobra.Command {
	var o DemoOptions
	c := &cobra.Command{
		Use:   "demo",
		Short: "Run everything against a simulated AWS, on this machine alone",
		Long: `Run bursar with embedded state and lake, and a simulated AWS beside it, on loopback.
No AWS account is needed and nothing leaves this machine.

With --once it does the main job by itself and says what happened: register the simulated payer,
create its access stack, check and confirm, set up a CUR 2.0 export, import what is delivered, ask
what it cost, and compare every total with what was delivered. It exits non-zero when anything is wrong.`,
		Args: exactly(),
		RunE: func(c *cobra.Command, _ []string) error {
			return local.Demo(c.Context(), o, c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	c.Flags().StringVar(&o.DataDir, "data", "", "keep everything in this folder (default: a temporary one, removed at the end)")
	c.Flags().StringVar(&o.Addr, "addr", "", "listen here (default: a free port on 127.0.0.1)")
	c.Flags().BoolVar(&o.Once, "once", false, "do the main job without a person, then stop")
	c.Flags().BoolVar(&o.JSON, "json", false, "with --once: print the steps as JSON lines")
	c.Flags().StringVar(&o.Bill, "bill", "", "a folder of real bill files that the simulated AWS serves as an existing export")
	return c
}
