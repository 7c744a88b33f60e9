package app

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"github.com/bursarhq/bursar"
)

// lockFolder makes the data folder, for its owner only, and holds it: two servers on one folder would undo each other's work.
// The lock ends with the process, however it ends.
func lockFolder(dir string) (release func(), err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, bursar.Errorf(bursar.Unavailable, "the data folder cannot be made: %w", err).WithHint("set data_dir to a folder that bursar may write to")
	}
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, bursar.Errorf(bursar.Unavailable, "the data folder cannot be written: %w", err).WithHint("let bursar's user write to %s", dir)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		f.Close()
		return nil, bursar.Errorf(bursar.Conflict, "another bursar uses the data folder %s", dir).WithHint("stop it first, or set data_dir to another folder")
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("locking the data folder: %w", err)
	}
	return func() { f.Close() }, nil
}
