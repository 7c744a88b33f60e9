package cli

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/client"
	"github.com/spf13/cobra"
)

const defaultServer = "http://127.0.0.1:8440"

// serverFlags say which server a command talks to, and as whom. A key never comes from a flag: other users of the
// machine could read it there.
type serverFlags struct {
	addr    string
	profile string
	quiet   bool
	env     Environment
	pause   func(ctx context.Context) error // between two looks of --watch
}

func (s *serverFlags) register(root *cobra.Command) {
	f := root.PersistentFlags()
	f.StringVar(&s.addr, "server", "", "address of the bursar server (or BURSAR_SERVER; default: the profile's, or "+defaultServer+")")
	f.StringVar(&s.profile, "profile", "", "use the server and the key that \"bursar login\" kept under this name (or BURSAR_PROFILE)")
	f.BoolVarP(&s.quiet, "quiet", "q", false, "print results and errors only: no progress, no advice")
}

// note prints advice, for people.
func (s *serverFlags) note(c *cobra.Command, format string, args ...any) error {
	if s.quiet {
		return nil
	}
	_, err := fmt.Fprintf(c.OutOrStdout(), format, args...)
	return err
}

func (s *serverFlags) client() (*client.Client, error) {
	server, token, err := s.connection()
	if err != nil {
		return nil, err
	}
	return client.New(server, client.WithToken(token))
}

// connection says which server, and which key. What stands on the command line wins over the environment, and that over the
// chosen profile. A profile's key goes to the profile's server only.
func (s *serverFlags) connection() (server, token string, err error) {
	if s.profile == "" {
		server, token, err = s.environment()
	}
	if err != nil || server != "" && token != "" {
		return server, token, err
	}
	kept, err := s.kept()
	if err != nil {
		return "", "", err
	}
	server = cmp.Or(s.addr, server, kept.Server, defaultServer)
	if token == "" && strings.TrimSuffix(server, "/") == kept.Server {
		token = kept.Token
	}
	return server, token, nil
}

func (s *serverFlags) environment() (server, token string, err error) {
	server, token = cmp.Or(s.addr, s.env.get("BURSAR_SERVER")), s.env.get("BURSAR_TOKEN")
	if file := s.env.get("BURSAR_TOKEN_FILE"); token == "" && file != "" {
		b, err := os.ReadFile(file)
		if err != nil {
			return "", "", usage(bursar.Errorf(bursar.Invalid, "the token's file cannot be read: %w", err).WithHint("check BURSAR_TOKEN_FILE"))
		}
		token = string(bytes.TrimSpace(b))
	}
	return server, token, nil
}

// kept is the profile to use; an empty one when there is none.
func (s *serverFlags) kept() (*profile, error) {
	name := cmp.Or(s.profile, s.env.get("BURSAR_PROFILE"))
	if _, err := profilesPath(s.env); err != nil && name == "" {
		return &profile{}, nil // a machine without a home has no profiles
	}
	p, err := loadProfiles(s.env)
	if err != nil {
		return nil, err
	}
	found, err := p.named(name)
	if found == nil {
		found = &profile{}
	}
	return found, err
}

// explain gives a server's refusals an exit code and a hint of the command line's own.
func explain(err error) error {
	var b *bursar.Error
	var e *client.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &e):
		return explainRefusal(e, err)
	case errors.As(err, &b) && b.Reason == "server_unreachable":
		return &exitError{ExitServer, err}
	}
	return err
}

func explainRefusal(e *client.Error, err error) error {
	switch {
	case e.Status == 401:
		return &exitError{ExitServer, bursar.Errorf(bursar.Unauthorized, "the server does not accept the key").
			WithHint("\"bursar login\" keeps a key, or put one into BURSAR_TOKEN; the server printed the owner's at its first start")}
	case e.Status == 403:
		return &exitError{ExitServer, err}
	case e.Status == 404 || e.Status == 409 || e.Status == 412 || e.Status == 429:
		return &exitError{ExitFailed, err}
	case e.Status < 500:
		return usage(err)
	}
	return &exitError{ExitFailed, err}
}
