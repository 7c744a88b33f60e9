package cli

import (
	"time"

	"github.com/spf13/cobra"
)

// BackupOptions are the flags of bursar backup.
type BackupOptions struct {
	ServeOptions
	File       string
	Recipients []string // of age; none leaves the backup readable by everybody who has it
}

// RestoreOptions are the flags of bursar restore.
type RestoreOptions struct {
	ServeOptions
	File     string
	Identity string // file with age identities; "" for none
}

// Backup is what was backed up or restored.
type Backup struct {
	File      string    `json:"file"`
	MadeAt    time.Time `json:"made_at"`
	Files     int       `json:"files"`
	Bytes     int64     `json:"bytes"` // of the files
	Encrypted bool      `json:"encrypted"`

	KeyringLeftOut string `json:"keyring_left_out,omitempty"` // the keyring, which is in encrypted backups alone; "" when it is in this one, or there is none
}

func backupCommand(local Local, s *serverFlags) *cobra.Command {
	var o output
	options := BackupOptions{ServeOptions: ServeOptions{Environ: s.env.Environ}}
	c := &cobra.Command{
		Use:   "backup FILE",
		Short: "Write everything that bursar keeps to one file",
		Long: `Write everything that bursar keeps to one file, on the server's machine and with its settings, whether the server runs or not: one consistent state of the
database, the files of the lake that it names, and the bills that people brought. Nothing is held up meanwhile, and no file is overwritten.

The database holds the external ids and the digests of passwords and keys: name an age recipient, or keep the file where nobody else gets to it.
The keyring, which stored credentials are sealed with, is in encrypted backups and in no others.`,
		Example: "  bursar backup /backup/bursar-2026-07-03 --recipient age1…",
		Args:    exactly("FILE"),
		RunE: func(c *cobra.Command, args []string) error {
			options.File = args[0]
			b, err := local.Backup(c.Context(), options)
			if err != nil {
				return err
			}
			return printBackup(c, s, &o, b, "backed up")
		},
	}
	o.documentFlags(c)
	c.Flags().StringArrayVar(&options.Recipients, "recipient", nil, "encrypt for this age recipient; may be given more than once")
	c.Flags().StringVar(&options.ConfigFile, "config", s.env.get("BURSAR_CONFIG"), "configuration file (or BURSAR_CONFIG)")
	return c
}

func restoreCommand(local Local, s *serverFlags) *cobra.Command {
	var o output
	options := RestoreOptions{ServeOptions: ServeOptions{Environ: s.env.Environ}}
	c := &cobra.Command{
		Use:   "restore FILE",
		Short: "Unpack a backup into an empty data folder",
		Long: `Unpack a backup into the data folder that the settings name, which must be absent or empty. Every file is compared with what was backed up; when
anything is wrong, the data folder stays as it is. Start the server afterwards, as the user that owns the files.`,
		Example: "  BURSAR_DATA_DIR=/var/lib/bursar bursar restore /backup/bursar-2026-07-03 --identity key.txt",
		Args:    exactly("FILE"),
		RunE: func(c *cobra.Command, args []string) error {
			options.File = args[0]
			b, err := local.Restore(c.Context(), options)
			if err != nil {
				return err
			}
			return printBackup(c, s, &o, b, "restored")
		},
	}
	o.documentFlags(c)
	c.Flags().StringVar(&options.Identity, "identity", "", "file with the age identity that can read the backup")
	c.Flags().StringVar(&options.ConfigFile, "config", s.env.get("BURSAR_CONFIG"), "configuration file (or BURSAR_CONFIG)")
	return c
}

func printBackup(c *cobra.Command, s *serverFlags, o *output, b *Backup, done string) error {
	if printed, err := o.document(c.OutOrStdout(), b); printed || err != nil {
		return err
	}
	if err := s.note(c, "%s: %d files, %d bytes, as of %s\n", done, b.Files, b.Bytes, b.MadeAt.Format(time.RFC3339)); err != nil || b.KeyringLeftOut == "" {
		return err
	}
	return s.note(c, "the keyring is not in it, because it is not encrypted: keep a copy of %s apart, or stored credentials cannot be read\n", b.KeyringLeftOut)
}
