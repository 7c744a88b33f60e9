package cli

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/client"
	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// keyFlags say where an access key is read from. None of them takes a secret.
type keyFlags struct {
	file, profile, until string
	untried              bool
}

func (k *keyFlags) register(c *cobra.Command) {
	c.Flags().StringVar(&k.file, "from-file", "", "read the key from this file; - is standard input")
	c.Flags().StringVar(&k.profile, "profile-name", "", "which profile of a credentials file")
	c.Flags().StringVar(&k.until, "expires-at", "", "when a session token ends: 2027-01-31T12:00:00Z (default: as pasted, or in 36 hours)")
	c.Flags().BoolVar(&k.untried, "untried", false, "do not ask AWS whose the key is, which is free")
}

// longestPaste is more than the server reads, in bytes.
const longestPaste = 1 << 20

// read takes the key from a file or what is piped in, or asks for it without showing what is secret.
func (k *keyFlags) read(c *cobra.Command) (in client.NewKeyMaterial, err error) {
	in.Profile, in.Untried = k.profile, k.untried
	if k.until != "" {
		if in.ExpiresAt, err = expiry("", k.until, time.Now()); err != nil {
			return in, usage(err)
		}
	}
	if keyboard, ok := c.InOrStdin().(*os.File); ok && k.file == "" && term.IsTerminal(int(keyboard.Fd())) {
		return in, ask(c, keyboard, &in)
	}
	from, err := openInput(c, cmp.Or(k.file, "-"))
	if err != nil {
		return in, err
	}
	defer from.Close()
	text, err := io.ReadAll(io.LimitReader(from, longestPaste))
	if err == nil && len(text) == 0 {
		err = usage(bursar.Errorf(bursar.Invalid, "there is no key").WithHint("pipe it in, name its file with --from-file, or name a registered account with --account"))
	}
	in.Paste = string(text)
	return in, err
}

func ask(c *cobra.Command, keyboard *os.File, in *client.NewKeyMaterial) error {
	for _, q := range []struct {
		text string
		to   *string
	}{
		{"Access key id (AKIA… or ASIA…)", &in.AccessKeyID}, {"Secret access key", &in.SecretAccessKey}, {"Session token (Enter for none)", &in.SessionToken},
	} {
		fmt.Fprintf(c.ErrOrStderr(), "%s (it will not be shown): ", q.text)
		b, err := term.ReadPassword(int(keyboard.Fd()))
		fmt.Fprintln(c.ErrOrStderr())
		if err != nil {
			return err
		}
		*q.to = string(b)
	}
	return nil
}
