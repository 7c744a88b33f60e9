package cli

import (
	"bytes"
	"cmp"
	"errors"
	"os"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/client"
)

const defaultServer = "http://127.0.0.1:8440"

// serverFlags say which server a command talks to, and as whom. A token never comes from a flag: other users of the
// machine could read it there.
type serverFlags struct {
	addr string
	env  Environment
}

func (s *serverFlags) client() (*client.Client, error) {
	token := s.env.get("BURSAR_TOKEN")
	if file := s.env.get("BURSAR_TOKEN_FILE"); token == "" && file != "" {
		b, err := os.ReadFile(file)
		if err != nil {
			return nil, usage(bursar.Errorf(bursar.Invalid, "the token's file cannot be read: %w", err).WithHint("check BURSAR_TOKEN_FILE"))
		}
		token = string(bytes.TrimSpace(b))
	}
	return client.New(cmp.Or(s.addr, s.env.get("BURSAR_SERVER"), defaultServer), client.WithToken(token))
}

// explain gives a server's refusals an exit code and a hint of the command line's own.
func explain(err error) error {
	var b *bursar.Error
	var e *client.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &e) && e.Status == 401:
		return &exitError{ExitServer, bursar.Errorf(bursar.Unauthorized, "the server does not accept the token").WithHint("put the token that the server printed at its first start into BURSAR_TOKEN")}
	case errors.As(err, &e) && e.Status == 403:
		return &exitError{ExitServer, err}
	case errors.As(err, &e) && e.Status < 500:
		return &exitError{ExitFailed, err}
	case errors.As(err, &b) && b.Reason == "server_unreachable":
		return &exitError{ExitServer, err}
	}
	return err
}
