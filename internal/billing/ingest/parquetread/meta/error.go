package meta

import (
	"errors"
	"io"

	"github.com/bursarhq/bursar"
)

// Damaged makes the error about a file that is not as Parquet files are.
func Damaged(format string, args ...any) *bursar.Error {
	return bursar.Errorf(bursar.Invalid, "the Parquet file is damaged: "+format, args...).WithReason("damaged").
		WithHint("the file was cut off or damaged on its way; deliver it again")
}

func encrypted() error {
	return bursar.Errorf(bursar.Invalid, "the Parquet file is encrypted, or keeps columns in other files").WithReason("encrypted").
		WithHint("AWS delivers bills whose pages are not encrypted; give the file as it was delivered")
}

// ReadFull reads at an offset. That the file ends there is the file's fault; any other error is its reader's.
func ReadFull(r io.ReaderAt, p []byte, at int64) error {
	n, err := r.ReadAt(p, at)
	switch {
	case n == len(p):
		return nil
	case err == nil || errors.Is(err, io.EOF):
		return Damaged("it ends too early").WithReason("truncated")
	}
	return err
}
