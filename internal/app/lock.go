package app

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/bursarhq/bursar"
)

// lockFolder makes the data folder, for its owner only, and holds it: two servers on one folder would undo each other's work.
// The lock ends with the process, however it ends.
func lockFolder(dir string) (release func(), err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, bursar.Errorf(bursar.Unavailable, "the data folder cannot be made: %w", err).WithHint("set data_dir (BURSAR_DATA_DIR) to a folder that bursar may write to")
	}
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, bursar.Errorf(bursar.Unavailable, "the data folder cannot be written: %w", err).WithHint("let bursar's user write to %s", dir)
	}
	if err := hold(f); err != nil {
		defer f.Close()
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("locking the data folder: %w", err)
		}
		return nil, bursar.Errorf(bursar.Conflict, "another bursar%s uses the data folder %s", holder(f), dir).WithHint("stop it first, or set data_dir to another folder")
	}
	return func() { f.Close() }, nil
}

// hold takes the lock and writes down whose it is, for people.
func hold(f *os.File) error {
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return err
	}
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err := fmt.Fprintf(f, "%d\n", os.Getpid())
	return err
}

// holder names the process that holds the lock, where it has written so.
func holder(f *os.File) string {
	b := make([]byte, 20)
	n, _ := f.ReadAt(b, 0) // an empty file says nothing
	if pid, err := strconv.Atoi(strings.TrimSpace(string(b[:n]))); err == nil {
		return fmt.Sprintf(" (process %d)", pid)
	}
	return ""
}
