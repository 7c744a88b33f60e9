package report

import (
	"archive/zip"
	"cmp"
	"context"
	"errors"
	"io"
	"path"
	"runtime"
	"sync"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/sandbox/billgen"
)

// writer writes one delivery.
type writer struct {
	def     Definition
	bill    *billgen.Bill
	options Options
	columns []column
	version string
	keys    []string
}

const linesOfFile = 250_000

func newWriter(def Definition, bill *billgen.Bill, o Options) (*writer, error) {
	columns, err := def.selected()
	if err != nil {
		return nil, err
	}
	w := &writer{def: def, bill: bill, options: o, columns: columns, version: def.Version(bill.Period, o.At)}
	files := cmp.Or(def.Files, int(bill.Rows()/linesOfFile)+1)
	for i := range files {
		w.keys = append(w.keys, def.dataKey(bill.Period, w.version, o.At, i+1))
	}
	return w, nil
}

func (w *writer) manifestKey() string { return w.def.ManifestKey(w.bill.Period) }

// dataFiles writes the data files, as many at a time as there are processors.
func (w *writer) dataFiles(ctx context.Context, sink Sink) error {
	var wg sync.WaitGroup
	errs := make([]error, len(w.keys))
	free := make(chan struct{}, runtime.GOMAXPROCS(0))
	for i := range w.keys {
		if w.options.Trouble == MissingFile && i == len(w.keys)-1 {
			continue
		}
		free <- struct{}{}
		if err := ctx.Err(); err != nil {
			errs[i] = err
			break
		}
		wg.Go(func() {
			errs[i] = w.dataFile(sink, i)
			<-free
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

func (w *writer) dataFile(sink Sink, i int) error {
	object, err := sink.Create(w.keys[i])
	if err != nil {
		return err
	}
	var out io.Writer = object
	if w.options.Trouble == Truncated && i == len(w.keys)-1 {
		out = &truncating{w: object, left: 2_000}
	}
	if err := w.encode(out, w.keys[i], w.bill.Part(i, len(w.keys))); err != nil {
		return errors.Join(err, object.Close())
	}
	return object.Close()
}

// encode writes one data file.
func (w *writer) encode(out io.Writer, key string, part billgen.Part) error {
	if w.def.File == bursar.FileParquet {
		return writeParquet(out, w.columns, part.Lines(), w.def.legacy())
	}
	var z io.Writer
	var done func() error
	if w.def.Zip {
		archive := zip.NewWriter(out)
		archive.RegisterCompressor(zip.Deflate, func(out io.Writer) (io.WriteCloser, error) { return flate.NewWriter(out, w.level()) })
		name := path.Base(key)
		entry, err := archive.Create(name[:len(name)-len(".zip")])
		if err != nil {
			return err
		}
		z, done = entry, archive.Close
	} else {
		g, err := gzip.NewWriterLevel(out, w.level())
		if err != nil {
			return err
		}
		z, done = g, g.Close
	}
	return errors.Join(writeCSV(z, w.columns, part.Lines(), !w.def.legacy()), done())
}

func (w *writer) level() int { return cmp.Or(w.options.Level, gzip.BestSpeed) }

// manifests writes the manifest, and for a legacy report that keeps its versions the version's own one before it.
func (w *writer) manifests(sink Sink) error {
	body, err := w.manifest()
	if err != nil {
		return err
	}
	keys := []string{w.manifestKey()}
	if w.def.legacy() && w.def.Versioning != bursar.Overwrite {
		own := w.def.Folder(w.bill.Period, w.version, w.options.At) + w.def.Name + "-Manifest.json"
		keys = []string{own, keys[0]}
	}
	for _, key := range keys {
		if err := put(sink, key, body); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) manifest() ([]byte, error) {
	if !w.def.legacy() {
		return ExportManifest(w.def, w.version, w.keys)
	}
	names := make([]string, len(w.columns))
	for i := range w.columns {
		names[i] = w.columns[i].name
	}
	return LegacyManifest(w.def, w.bill.Period, w.version, names, w.keys), nil
}

func put(sink Sink, key string, body []byte) error {
	object, err := sink.Create(key)
	if err != nil {
		return err
	}
	_, err = object.Write(body)
	return errors.Join(err, object.Close())
}

// truncating lets only the first bytes through.
type truncating struct {
	w    io.Writer
	left int
}

func (t *truncating) Write(p []byte) (int, error) {
	n := min(len(p), t.left)
	t.left -= n
	if _, err := t.w.Write(p[:n]); err != nil {
		return 0, err
	}
	return len(p), nil
}
