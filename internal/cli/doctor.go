package cli

import (
	"github.com/bursarhq/bursar"
	"github.com/spf13/cobra"
)

// Diagnosis is what bursar doctor found out about one thing.
type Diagnosis struct {
	Check string `json:"check"`
	OK    bool   `json:"ok"`
	Found string `json:"found"`
	Do    string `json:"do,omitempty"` // for a person, where it is not OK
}

func doctorCommand(local Local, s *serverFlags) *cobra.Command {
	var o output
	options := ServeOptions{Environ: s.env.Environ}
	c := &cobra.Command{
		Use:   "doctor",
		Short: "Look at an installation, and say what to do",
		Long: `Look at an installation on its own machine, with the server's settings, whether the server runs or not: bursar's own AWS identity, the clock, the
published templates, disk space, the state's schema, and every file of the lake that its catalog names. Nothing is changed.

The exit code is 4 when something needs a person.`,
		Args: exactly(),
		RunE: func(c *cobra.Command, _ []string) error {
			found, err := local.Doctor(c.Context(), options)
			if err != nil {
				return err
			}
			bad, rows := 0, [][]string{}
			for _, d := range found {
				state := "ok"
				if !d.OK {
					state, bad = "needs you", bad+1
				}
				rows = append(rows, []string{d.Check, state, d.Found, d.Do})
			}
			if err := o.print(c.OutOrStdout(), found, []string{"CHECK", "STATE", "FOUND", "WHAT TO DO"}, rows); err != nil || bad == 0 {
				return err
			}
			return &exitError{ExitFinding, bursar.Errorf(bursar.Conflict, "%d of %d checks need a person", bad, len(found))}
		},
	}
	o.flags(c)
	c.Flags().StringVar(&options.ConfigFile, "config", s.env.get("BURSAR_CONFIG"), "configuration file (or BURSAR_CONFIG)")
	return c
}
