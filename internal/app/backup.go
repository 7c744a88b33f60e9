package app

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"filippo.io/age"
	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/backup"
	"github.com/bursarhq/bursar/internal/billing/lake"
	"github.com/bursarhq/bursar/internal/cli"
	"github.com/bursarhq/bursar/internal/store"
)

// gatherTries is how often files are gathered anew because the server removed some of them meanwhile.
const gatherTries = 5

// Backup writes one state of the data folder to a file, while a server may be working on it.
func (Local) Backup(ctx context.Context, o cli.BackupOptions) (*cli.Backup, error) {
	c, err := LoadConfig(o.ConfigFile, o.Environ)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(c.DataDir, "state.db")); err != nil {
		return nil, noData(c.DataDir, err)
	}
	recipients := []age.Recipient{}
	for _, r := range o.Recipients {
		parsed, err := age.ParseX25519Recipient(r)
		if err != nil {
			return nil, bursar.Errorf(bursar.Invalid, "%q is no age recipient: %w", r, err).WithHint("\"age-keygen\" prints one; it begins with age1")
		}
		recipients = append(recipients, parsed)
	}
	if err := removeLeftBackups(c.DataDir); err != nil {
		return nil, err
	}
	folder, err := openBackupFolder(c.DataDir)
	if err != nil {
		return nil, noData(c.DataDir, err)
	}
	defer folder.Close()
	defer os.RemoveAll(folder.Name())
	work := filepath.Join(folder.Name(), "state")
	paths, err := gather(ctx, c.DataDir, work)
	if err != nil {
		return nil, err
	}
	keys, err := os.ReadFile(c.keyringPath())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	with := err == nil && len(recipients) > 0 // beside an open database, the keys would open every credential in it
	if with {
		if err := os.WriteFile(filepath.Join(work, keyringName), keys, 0o600); err != nil {
			return nil, err
		}
		paths = append(paths, keyringName)
	}
	made, err := writeBackup(ctx, o.File, work, paths, recipients)
	if err == nil && len(keys) > 0 && !with {
		made.KeyringLeftOut = c.keyringPath()
	}
	return made, err
}

// gather puts one consistent state of a data folder into another: a copy of the database, and links to the files that it names.
func gather(ctx context.Context, data, work string) (paths []string, err error) {
	for range gatherTries {
		if err := errors.Join(os.RemoveAll(work), os.Mkdir(work, 0o700)); err != nil {
			return nil, err
		}
		if err := store.Copy(ctx, filepath.Join(data, "state.db"), filepath.Join(work, "state.db")); err != nil {
			return nil, err
		}
		if paths, err = linkAll(ctx, data, work); !errors.Is(err, fs.ErrNotExist) {
			return append([]string{"state.db"}, paths...), err
		}
	}
	return nil, bursar.Errorf(bursar.Unavailable, "a file of the lake is not there: %w", err).WithHint("\"bursar doctor\" says whether it is gone for good; otherwise try again")
}

// linkAll links the files of the lake that the copied catalog names, and the bills that people brought.
func linkAll(ctx context.Context, data, work string) (paths []string, err error) {
	s, err := store.OpenToRead(filepath.Join(work, "state.db"))
	if err != nil {
		return nil, err
	}
	named, err := lake.Named(ctx, s)
	if err := errors.Join(err, s.Close()); err != nil {
		return nil, err
	}
	for _, f := range named {
		paths = append(paths, filepath.Join("lake", f.Path))
	}
	err = filepath.WalkDir(filepath.Join(data, "bills"), func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && path == filepath.Join(data, "bills") {
			return nil
		}
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		rel, err := filepath.Rel(data, path)
		paths = append(paths, rel)
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, p := range paths {
		to := filepath.Join(work, p)
		if err := errors.Join(os.MkdirAll(filepath.Dir(to), 0o700), os.Link(filepath.Join(data, p), to)); err != nil {
			return nil, err
		}
	}
	return paths, nil
}

// writeBackup writes the archive beside its name, and gives it its name when it is whole and on the disk. It overwrites nothing.
func writeBackup(ctx context.Context, file, work string, paths []string, recipients []age.Recipient) (_ *cli.Backup, err error) {
	part := file + ".part"
	f, err := os.OpenFile(part, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil, bursar.Errorf(bursar.Conflict, "%s is there: another backup writes it, or one was ended before it could remove it", part).WithReason("backup_under_way").
			WithHint("name another file; remove this one if no backup is running")
	}
	if err != nil {
		return nil, bursar.Errorf(bursar.Invalid, "the backup cannot be written: %w", err).WithHint("name a new file, in a folder that may be written to")
	}
	defer os.Remove(part)
	contents, err := backup.Write(ctx, f, work, paths, time.Now(), recipients)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return nil, err
	}
	if err := os.Link(part, file); err != nil { // unlike a rename, it takes no other file's place
		return nil, bursar.Errorf(bursar.Invalid, "the backup cannot get its name: %w", err).WithHint("name a file that is not there yet")
	}
	return summary(file, contents, len(recipients) > 0), nil
}

func summary(file string, c backup.Contents, encrypted bool) *cli.Backup {
	out := &cli.Backup{File: file, MadeAt: c.MadeAt, Files: len(c.Files), Encrypted: encrypted}
	for _, f := range c.Files {
		out.Bytes += f.Bytes
	}
	return out
}

// Restore unpacks a backup into the data folder, which must be absent or empty. It appears there as a whole, or not at all.
func (Local) Restore(ctx context.Context, o cli.RestoreOptions) (*cli.Backup, error) {
	c, err := LoadConfig(o.ConfigFile, o.Environ)
	if err != nil {
		return nil, err
	}
	identities, err := readIdentities(o.Identity)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(o.File)
	if err != nil {
		return nil, bursar.Errorf(bursar.Invalid, "the backup cannot be read: %w", err).WithHint("name a file that \"bursar backup\" has written")
	}
	defer f.Close()
	data := filepath.Clean(c.DataDir)
	if entries, err := os.ReadDir(data); len(entries) > 0 || err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, occupied(data)
	}
	if err := os.MkdirAll(filepath.Dir(data), 0o700); err != nil {
		return nil, err
	}
	work, err := os.MkdirTemp(filepath.Dir(data), ".restore-")
	if err != nil {
		return nil, bursar.Errorf(bursar.Unavailable, "the folder beside %s cannot be written: %w", data, err).WithHint("let this user write there")
	}
	defer os.RemoveAll(work)
	contents, err := backup.Read(ctx, f, work, identities)
	if err != nil {
		return nil, err
	}
	if err := knownSchema(ctx, work); err != nil {
		return nil, err
	}
	if err := os.Rename(work, data); errors.Is(err, syscall.ENOTEMPTY) || errors.Is(err, syscall.EEXIST) {
		return nil, occupied(data)
	} else if err != nil {
		return nil, err
	}
	return summary(o.File, contents, len(identities) > 0), nil
}

func occupied(data string) error {
	return bursar.Errorf(bursar.Conflict, "the data folder %s is not empty", data).WithReason("not_empty").
		WithHint("nothing was changed; set data_dir (BURSAR_DATA_DIR) to a folder that is absent or empty")
}

func readIdentities(file string) ([]age.Identity, error) {
	if file == "" {
		return nil, nil
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, bursar.Errorf(bursar.Invalid, "the identity cannot be read: %w", err).WithHint("name the file that \"age-keygen -o FILE\" has written")
	}
	defer f.Close()
	identities, err := age.ParseIdentities(f)
	if err != nil { // its text might quote the key
		return nil, bursar.Errorf(bursar.Invalid, "%s holds no age identity", file).WithHint("name the file that \"age-keygen -o FILE\" has written")
	}
	return identities, nil
}

// knownSchema refuses a state that a newer bursar has written.
func knownSchema(ctx context.Context, dir string) error {
	s, err := store.OpenToRead(filepath.Join(dir, "state.db"))
	if err != nil {
		return bursar.Errorf(bursar.Invalid, "the backup holds no state: %w", err).WithHint("name a file that \"bursar backup\" has written")
	}
	defer s.Close()
	has, knows, err := s.Schema(ctx)
	if err != nil {
		return explainState(err)
	}
	if has > knows {
		return bursar.Errorf(bursar.Conflict, "the backup has schema %d, this bursar knows %d", has, knows).
			WithReason("schema_newer").WithHint("restore it with the newer bursar that made it; nothing was changed")
	}
	return nil
}
