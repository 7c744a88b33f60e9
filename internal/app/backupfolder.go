package app

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// backupFolders is what the folders are called in which backups are gathered, beside the data: links cannot go to another disk.
const backupFolders = "backup-*"

// openBackupFolder makes a folder for one backup and holds it: the lock ends with the process, however it ends, and what is not held is
// left over.
func openBackupFolder(data string) (*os.File, error) {
	for {
		name, err := os.MkdirTemp(data, backupFolders)
		if err != nil {
			return nil, err
		}
		f, err := os.Open(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue // it was taken for a left one before it could be held
		}
		if err != nil {
			return nil, err
		}
		if held, err := holdFolder(f); held || err != nil {
			return f, err
		}
		f.Close()
	}
}

// holdFolder holds a folder for as long as it is open. It says no when somebody else does, or when the folder has gone meanwhile.
func holdFolder(f *os.File) (bool, error) {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("locking %s: %w", f.Name(), err)
	}
	ours, err := f.Stat()
	if err != nil {
		return false, err
	}
	there, err := os.Stat(f.Name())
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil && os.SameFile(ours, there), err
}

// removeLeftBackups removes what backups that were killed have left in the data folder. Those that go on stay.
func removeLeftBackups(data string) error {
	left, err := filepath.Glob(filepath.Join(data, backupFolders))
	if err != nil {
		return err
	}
	for _, name := range left {
		f, err := os.Open(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		held, err := holdFolder(f)
		if held {
			err = os.RemoveAll(name)
		}
		if err := errors.Join(err, f.Close()); err != nil {
			return fmt.Errorf("removing what a backup has left: %w", err)
		}
	}
	return nil
}
