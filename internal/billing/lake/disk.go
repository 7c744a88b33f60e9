package lake

import (
	"errors"
	"io/fs"
	"syscall"

	"github.com/bursarhq/bursar"
)

// diskError gives the errors of a disk that people can mend a hint; others stay as they are.
func diskError(err error) error {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return bursar.Errorf(bursar.Unavailable, "the disk of the lake is full: %w", err).WithReason("disk_full").
			WithHint("make room; nothing that was published is affected, and the import is tried again")
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return bursar.Errorf(bursar.Unavailable, "the lake cannot be written: %w", err).WithReason("lake_unwritable").
			WithHint("let bursar's user write to the data folder")
	}
	return err
}
