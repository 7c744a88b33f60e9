package ingest

import "github.com/bursarhq/bursar"

func (w *worker) parquet(i int, f File, src *source) error {
	return bursar.Errorf(bursar.Internal, "not yet")
}
