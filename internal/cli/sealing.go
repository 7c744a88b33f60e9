package cli

import (
	"fmt"

	"github.com/spf13/cobra"
)

func keysCommand(s *serverFlags) *cobra.Command {
	return group("keys", "Rotate the keys that stored credentials are sealed with", keysList(s), keysRotate(s))
}

func keysList(s *serverFlags) *cobra.Command {
	var o output
	c := &cobra.Command{
		Use: "list", Short: "List the keys that stored secrets are sealed with", Args: exactly(),
		RunE: func(c *cobra.Command, _ []string) error {
			api, err := s.client()
			if err != nil {
				return err
			}
			keys, err := api.SealingKeys(c.Context())
			if err != nil {
				return explain(err)
			}
			rows := [][]string{}
			for _, k := range keys {
				rows = append(rows, []string{k.ID, map[bool]string{true: "yes"}[k.InUse], fmt.Sprint(k.Secrets)})
			}
			return o.print(c.OutOrStdout(), keys, []string{"KEY", "IN USE", "SECRETS"}, rows)
		},
	}
	o.flags(c)
	return c
}

func keysRotate(s *serverFlags) *cobra.Command {
	var o output
	c := &cobra.Command{
		Use: "rotate", Short: "Wrap every stored secret with a fresh key", Args: exactly(),
		Long: `Wrap every stored secret with a fresh key, while everything goes on. With the keyring, a key is added to it that seals from now on; with AWS KMS and
Transit, what was wrapped before is wrapped with what the key is now. Secrets that another kind of key has sealed move to the one that the setting
seal_with names. After a crash it goes on where it was.

It replaces keys of bursar's. To replace an access key of AWS's: bursar credential rotate.`,
		RunE: func(c *cobra.Command, _ []string) error {
			api, err := s.client()
			if err != nil {
				return err
			}
			run, err := api.RotateSealingKeys(c.Context())
			if err != nil {
				return explain(err)
			}
			return s.follow(c, api, run.ID, &o)
		},
	}
	o.documentFlags(c)
	return c
}
