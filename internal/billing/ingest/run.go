package ingest

import (
	"context"

	"github.com/bursarhq/bursar"
)

// Run reads a delivery's files and writes their line items to Request.Dir as Parquet. What cannot be read is an
// error of code invalid that names the file, and nothing is left behind in Dir; an error of a file's reader is
// passed on as it is.
func Run(ctx context.Context, req Request) (*Result, error) {
	return nil, bursar.Errorf(bursar.Internal, "being built")
}

// Inspect reads a bill's files and adds them up, without writing anything but temporary files in Request.Dir.
func Inspect(ctx context.Context, req Request) (*Report, error) {
	return nil, bursar.Errorf(bursar.Internal, "being built")
}
