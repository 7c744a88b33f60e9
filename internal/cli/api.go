package cli

import (
	"io"
	"os"
	"strings"

	"github.com/bursarhq/bursar"
	"github.com/spf13/cobra"
)

// apiCommand reaches what has no command of its own: a request's less used parameters, or what a newer server has.
func apiCommand(s *serverFlags) *cobra.Command {
	var data string
	c := &cobra.Command{
		Use:   "api METHOD PATH",
		Short: "Send any request to the server's API, and print what it answers",
		Long: `Send any request to the server's API with the key that every command uses, and print what it answers. The server's page /reference
explains the requests. A POST carries a key by which the server does it once, however often it must be sent.`,
		Example: `  bursar api GET "/api/v1/accounts?fields=name,status&limit=200"
  bursar api POST /api/v1/accounts --data '{"account_id":"123456789012","name":"Main payer"}'
  bursar api PATCH /api/v1/accounts/123456789012 --data @name.json`,
		Args: exactly("a method", "a path"),
		RunE: func(c *cobra.Command, args []string) error {
			body, err := requestBody(data, c.InOrStdin())
			if err != nil {
				return err
			}
			api, err := s.client()
			if err != nil {
				return err
			}
			return explain(api.Call(c.Context(), strings.ToUpper(args[0]), args[1], body, c.OutOrStdout()))
		},
	}
	c.Flags().StringVar(&data, "data", "", "the body, as JSON; @FILE reads it from a file, - from standard input")
	return c
}

func requestBody(data string, stdin io.Reader) ([]byte, error) {
	file, isFile := strings.CutPrefix(data, "@")
	switch {
	case data == "-":
		return io.ReadAll(stdin)
	case !isFile:
		return []byte(data), nil
	}
	body, err := os.ReadFile(file)
	if err != nil {
		return nil, usage(bursar.Errorf(bursar.Invalid, "the body cannot be read: %w", err).WithHint("name a file after the @"))
	}
	return body, nil
}
