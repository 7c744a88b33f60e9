// Package cli is the command line of bursar: one file per command. Commands that talk to a server do so through
// the public client; commands that run here ask [Local], which the app implements.
//
// Rules for what people read: no capital at the beginning of an error, no period at its end; a hint on a line of its own.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/bursarhq/bursar"
	"github.com/spf13/cobra"
)

// The exit codes of every command.
const (
	ExitOK      = 0 // done
	ExitFailed  = 1 // what was asked could not be done
	ExitUsage   = 2 // the command line or the input is wrong: nothing was done
	ExitServer  = 3 // the server cannot be reached, or refuses the credential
	ExitFinding = 4 // done, and something was found that needs a person: a failed check, an insecure role
)

// Environment is what a command sees of the process that it runs in.
type Environment struct {
	Args           []string // without the program's name
	Environ        []string
	Stdin          io.Reader
	Stdout, Stderr io.Writer
}

func (e Environment) get(name string) string {
	for _, kv := range e.Environ {
		if v, ok := strings.CutPrefix(kv, name+"="); ok {
			return v
		}
	}
	return ""
}

// exitError carries an exit code other than ExitFailed.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string { return e.err.Error() }
func (e *exitError) Unwrap() error { return e.err }

func usage(err error) error { return &exitError{ExitUsage, err} }

// Main runs the command line and returns the exit code.
func Main(ctx context.Context, local Local, env Environment) int {
	root := newRoot(local, env)
	root.SetArgs(env.Args)
	root.SetIn(env.Stdin)
	root.SetOut(env.Stdout)
	root.SetErr(env.Stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return ExitOK
	}
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		fmt.Fprintln(env.Stderr, "bursar: stopped")
		return ExitFailed
	}
	printError(env.Stderr, err)
	return exitCode(err)
}

func exitCode(err error) int {
	var e *exitError
	if errors.As(err, &e) {
		return e.code
	}
	switch bursar.CodeOf(err) {
	case bursar.Invalid, bursar.Malformed:
		return ExitUsage
	case bursar.Unauthorized:
		return ExitServer
	}
	return ExitFailed
}

func printError(w io.Writer, err error) {
	var e *bursar.Error
	if !errors.As(err, &e) || e.Hint == "" {
		fmt.Fprintf(w, "bursar: %v\n", err)
		return
	}
	msg := strings.Replace(err.Error(), fmt.Sprintf(" (hint: %s)", e.Hint), "", 1)
	fmt.Fprintf(w, "bursar: %s\nhint: %s\n", msg, e.Hint)
}

func newRoot(local Local, env Environment) *cobra.Command {
	root := &cobra.Command{
		Use:   "bursar",
		Short: "Connect AWS accounts safely, and own their bills",
		Long: `bursar connects AWS accounts safely and owns their bills.

Start with "bursar demo": the whole job against a simulated AWS, no account needed.

Exit codes: 0 done; 1 failed; 2 wrong command line or input, nothing was done;
3 the server cannot be reached or refuses the credential; 4 done, and something was found
that needs a person.`,
		SilenceUsage: true, SilenceErrors: true, SuggestionsMinimumDistance: 2,
		Args: noSuchCommand,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return usage(bursar.Errorf(bursar.Invalid, "%w", err).WithHint("%q lists the flags", c.CommandPath()+" --help"))
	})
	root.Version = Version()
	root.SetVersionTemplate(versionLine())
	server := &serverFlags{env: env}
	server.register(root)
	root.AddCommand(
		serveCommand(local, env), demoCommand(local, env), versionCommand(), manCommand(),
		loginCommand(server), logoutCommand(server), profileCommand(server), whoamiCommand(server), apiCommand(server),
		accountCommand(server), costCommand(server), sqlCommand(server), exportCommand(server), deliveryCommand(server), sourceCommand(server), destinationCommand(server), runCommand(server), keyCommand(server), credentialCommand(server), keysCommand(server), userCommand(server), workspaceCommand(server), auditCommand(server), billCommand(local, server), templatesCommand(local, server), doctorCommand(local, server), backupCommand(local, server), restoreCommand(local, server),
	)
	return root
}

// group is a command that only holds others.
func group(name, short string, commands ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{Use: name, Short: short, Args: noSuchCommand, RunE: func(c *cobra.Command, _ []string) error { return c.Help() }}
	c.AddCommand(commands...)
	return c
}

// noSuchCommand refuses what is left of the command line where a command's name should stand.
func noSuchCommand(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	hint := fmt.Sprintf("%q lists the commands", c.CommandPath()+" --help")
	if near := c.SuggestionsFor(args[0]); len(near) > 0 {
		hint = fmt.Sprintf("did you mean %q?", c.CommandPath()+" "+near[0])
	}
	return usage(bursar.Errorf(bursar.Invalid, "there is no command %q", c.CommandPath()+" "+args[0]).WithHint("%s", hint))
}

// exactly refuses any other number of arguments, with the names of those it wants.
func exactly(names ...string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) == len(names) {
			return nil
		}
		return usage(bursar.Errorf(bursar.Invalid, "%s wants %s, got %d", c.CommandPath(), wants(names), len(args)).WithHint("%q shows an example", c.CommandPath()+" --help"))
	}
}

func wants(names []string) string {
	if len(names) == 0 {
		return "no argument"
	}
	return strings.Join(names, " and ")
}
