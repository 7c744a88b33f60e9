package cli

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/client"
	"github.com/spf13/cobra"
	"golang.org/x/term"
)

func loginCommand(s *serverFlags) *cobra.Command {
	var file string
	c := &cobra.Command{
		Use:   "login [SERVER]",
		Short: "Keep a server's address and your key for it",
		Long: `Keep a server's address and your API key for it, so that other commands need neither.

The key is asked for, or read from standard input, or from a file. It is tried, and then kept for you alone (mode 0600) in
your configuration folder, under the name that --profile says. "bursar logout" removes it.

Without logging in, BURSAR_SERVER and BURSAR_TOKEN (or BURSAR_TOKEN_FILE) say the same.`,
		Example: "  bursar login https://bursar.example.com\n  bursar login --profile test http://127.0.0.1:8440 < key",
		Args: func(c *cobra.Command, args []string) error {
			if len(args) > 1 {
				return exactly("one server")(c, args)
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			server := cmp.Or(strings.Join(args, ""), s.addr, s.env.get("BURSAR_SERVER"), defaultServer)
			return s.login(c, server, file)
		},
	}
	c.Flags().StringVar(&file, "token-file", "", "read the key from this file")
	return c
}

func (s *serverFlags) login(c *cobra.Command, server, file string) error {
	kept, err := loadProfiles(s.env)
	if err != nil {
		return err
	}
	if _, err := client.New(server); err != nil { // before a key is asked for
		return err
	}
	key, err := readKey(c, server, file)
	if err != nil {
		return err
	}
	api, err := client.New(server, client.WithToken(key))
	if err != nil {
		return err
	}
	if _, err := api.Runs(c.Context(), "", 1); err != nil { // every role may look at runs
		return explain(err)
	}
	name := cmp.Or(s.profile, s.env.get("BURSAR_PROFILE"), kept.Current, defaultProfile)
	kept.Profiles[name] = &profile{Server: api.Server(), Token: key}
	kept.Current = cmp.Or(kept.Current, name)
	if err := kept.save(); err != nil {
		return err
	}
	if s.env.get("BURSAR_TOKEN")+s.env.get("BURSAR_TOKEN_FILE")+s.env.get("BURSAR_SERVER") != "" {
		fmt.Fprintln(c.ErrOrStderr(), "note: BURSAR_SERVER, BURSAR_TOKEN or BURSAR_TOKEN_FILE is set, and wins over what was kept")
	}
	return s.note(c, "logged in to %s as profile %q; the key is kept in %s\n", api.Server(), name, kept.path)
}

// readKey takes the key from a file, from the keyboard without showing it, or from what is piped in.
func readKey(c *cobra.Command, server, file string) (key string, err error) {
	in := c.InOrStdin()
	if keyboard, ok := in.(*os.File); ok && file == "" && term.IsTerminal(int(keyboard.Fd())) {
		fmt.Fprintf(c.ErrOrStderr(), "API key for %s (bur_…, it will not be shown): ", server)
		b, err := term.ReadPassword(int(keyboard.Fd()))
		fmt.Fprintln(c.ErrOrStderr())
		return present(string(b), err)
	}
	if file != "" {
		f, err := os.Open(file)
		if err != nil {
			return "", usage(bursar.Errorf(bursar.Invalid, "the key's file cannot be read: %w", err).WithHint("check --token-file"))
		}
		defer f.Close()
		in = f
	}
	line, err := bufio.NewReader(io.LimitReader(in, 4096)).ReadString('\n')
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return present(line, err)
}

func present(key string, err error) (string, error) {
	key = strings.TrimSpace(key)
	if err == nil && key == "" {
		err = usage(bursar.Errorf(bursar.Invalid, "there is no key").WithHint("type it, pipe it in, or name its file with --token-file; the server printed one at its first start"))
	}
	return key, err
}

func logoutCommand(s *serverFlags) *cobra.Command {
	return &cobra.Command{
		Use: "logout", Short: "Forget the key that login keeps; the key itself stays valid", Args: exactly(),
		RunE: func(c *cobra.Command, _ []string) error {
			kept, err := loadProfiles(s.env)
			if err != nil {
				return err
			}
			name := cmp.Or(s.profile, s.env.get("BURSAR_PROFILE"), kept.Current, defaultProfile)
			if _, err := kept.named(name); err != nil {
				return err
			}
			delete(kept.Profiles, name)
			if kept.Current == name {
				kept.Current = ""
			}
			if err := kept.save(); err != nil {
				return err
			}
			return s.note(c, "forgot the profile %q\n", name)
		},
	}
}
