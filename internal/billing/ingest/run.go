package ingest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/billing/ingest/column"
	"github.com/bursarhq/bursar/internal/billing/ingest/csvsplit"
)

// Run reads a delivery's files and writes their line items to Request.Dir as Parquet. What cannot be read is an
// error of code invalid that names the file, and nothing is left behind in Dir; an error of a file's reader is
// passed on as it is.
//
// A column that the vocabulary takes for numbers or times and that holds other text becomes text, which a warning
// says; then the files are opened again. Columns that totals rest on fail the run instead.
func Run(ctx context.Context, req Request) (*Result, error) {
	req = req.withDefaults()
	var found []Warning
	textual := map[string]bool{}
	for {
		r := newRun(req, textual, true)
		err := r.files(ctx)
		var d *demotion
		if err == nil {
			return r.finish(found), nil
		}
		r.remove()
		if !errors.As(err, &d) || textual[d.column] {
			return nil, err
		}
		textual[d.column] = true
		found = append(found, Warning{Code: "not_a_number", Column: d.column, Message: fmt.Sprintf("the column %s holds %q: it is kept as text", d.column, d.example)})
	}
}

// Inspect reads a bill's files and adds them up, without writing anything but temporary files in Request.Dir.
// Every period is kept, whatever Request.Period says; it only stands for rows that have none.
func Inspect(ctx context.Context, req Request) (*Report, error) {
	req = req.withDefaults()
	out := &Report{Files: make([]FileReport, len(req.Files))}
	all := sums{}
	for i, f := range req.Files {
		one := req
		one.Files = []File{f}
		r := newRun(one, nil, false)
		r.before = &progressState{done: i, of: len(req.Files)}
		if err := r.files(ctx); err != nil {
			return nil, err
		}
		s := r.seen[0]
		s.Path = f.Name
		s.Summary = r.sums.summary(everything)
		s.Warnings = r.warnings
		out.Files[i] = s
		all.merge(r.sums)
	}
	out.Total = all.summary(everything)
	return out, nil
}

func everything(slot) bool { return true }

const mostWorkers = 4 // by default; each keeps two to three processors busy

func (req Request) withDefaults() Request {
	if req.Workers <= 0 {
		req.Workers = min(runtime.GOMAXPROCS(0), mostWorkers)
	}
	if req.Now == nil {
		req.Now = time.Now
	}
	return req
}

// run is one attempt at reading all files.
type run struct {
	req     Request
	textual map[string]bool
	write   bool
	parts   atomic.Int64
	cancel  context.CancelCauseFunc
	began   time.Time
	before  *progressState

	rows, bytes, done atomic.Int64
	told              atomic.Int64 // when progress was last told, in nanoseconds
	telling           sync.Mutex

	mu       sync.Mutex
	sums     sums
	seen     []FileReport // by file
	layouts  []*layout    // by file
	warnings []Warning
	replaced map[string]bool
	result   Result
}

type progressState struct{ done, of int }

func newRun(req Request, textual map[string]bool, write bool) *run {
	return &run{
		req: req, textual: textual, write: write, began: req.Now(), sums: sums{}, replaced: map[string]bool{},
		seen: make([]FileReport, len(req.Files)), layouts: make([]*layout, len(req.Files)),
	}
}

// keeps says whether rows of a period are written.
func (r *run) keeps(p bursar.Period) bool {
	return r.write && (r.req.Period.IsZero() || p == r.req.Period)
}

// fail ends all workers.
func (r *run) fail(err error) { r.cancel(err) }

// files reads every file, several at a time.
func (r *run) files(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	r.cancel = cancel
	queue := make(chan int, len(r.req.Files))
	for i := range r.req.Files {
		queue <- i
	}
	close(queue)
	workers := max(1, min(r.req.Workers, len(r.req.Files)))
	errs := make([]error, workers)
	var wg sync.WaitGroup
	for i := range workers {
		wg.Go(func() {
			w := r.newWorker(ctx)
			err := w.work(queue)
			if err != nil {
				cancel(err)
			}
			if err = w.end(err); err != nil {
				cancel(err)
				errs[i] = err
			}
		})
	}
	wg.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return errors.Join(errs...)
}

// work reads the files of a queue.
func (w *worker) work(queue <-chan int) error {
	for i := range queue {
		if err := w.ctx.Err(); err != nil {
			return err
		}
		if err := w.file(i); err != nil {
			return err
		}
		w.run.done.Add(1)
		w.run.tell(true)
	}
	return nil
}

// file reads one file.
func (w *worker) file(i int) error {
	f := w.run.req.Files[i]
	src, err := open(w.ctx, f, w.run.req.Dir, func(n int) { w.run.bytes.Add(int64(n)) })
	if err != nil {
		return inFile(f, nil, err)
	}
	defer src.close()
	w.run.describe(i, func(s *FileReport) { s.FileFormat, s.Packing = src.format(), src.packing })
	if src.parquet != nil {
		err := inFile(f, src, w.parquet(i, src))
		src.countRest()
		return err
	}
	for _, text := range src.texts {
		r, err := text()
		if err == nil {
			err = w.csv(i, f, r)
			err = errors.Join(err, r.Close())
		}
		if err != nil {
			return inFile(f, src, err)
		}
	}
	return nil
}

func (r *run) describe(i int, change func(*FileReport)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change(&r.seen[i])
}

// inFile says in which file an error arose, and whether the file or its reader is to blame.
func inFile(f File, src *source, err error) error {
	var (
		d *demotion
		e *bursar.Error
	)
	switch {
	case err == nil:
		return nil
	case errors.As(err, &d):
		return err
	case src != nil && src.in.err != nil && !errors.As(src.in.err, &e):
		return fmt.Errorf("reading %s: %w", f.Name, src.in.err)
	case src != nil && src.in.err != nil:
		return src.in.err
	case errors.As(err, &e):
		named := *e
		named.Message = f.Name + ": " + e.Message
		return &named
	}
	var csv *csvsplit.Error
	var corrupt flate.CorruptInputError
	switch {
	case errors.As(err, &csv):
		return invalid(f, "damaged", "%v", err)
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return invalid(f, "truncated", "the file ends too early")
	case errors.Is(err, gzip.ErrChecksum), errors.Is(err, gzip.ErrHeader), errors.As(err, &corrupt), isZipError(err):
		return invalid(f, "damaged", "the compressed file is damaged: %v", err)
	}
	return fmt.Errorf("reading %s: %w", f.Name, err)
}

func isZipError(err error) bool { return strings.HasPrefix(err.Error(), "zip: ") }

func invalid(f File, reason, format string, args ...any) error {
	return bursar.Errorf(bursar.Invalid, "%s: %s", f.Name, fmt.Sprintf(format, args...)).WithReason(reason).
		WithHint("the file was cut off or damaged on its way; deliver it again")
}

// layoutOf lays a header out and writes down what the file is.
func (r *run) layoutOf(i int, inputs []input) (*layout, error) {
	l, err := newLayout(inputs, r.req.Format, r.textual)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.layouts[i] = l
	r.seen[i].Format, r.seen[i].Columns = l.format, l.columnCount
	for _, w := range l.warnings {
		w.File = r.req.Files[i].Name
		r.warnings = append(r.warnings, w)
	}
	return l, nil
}

// notice collects what a row group tells besides its rows.
func (r *run) notice(l *layout, set *columnSet) {
	r.mu.Lock()
	defer r.mu.Unlock()
	see := func(c *column.Column, name string) {
		if c != nil && c.Replaced() > 0 {
			r.replaced[name] = true
		}
	}
	for i, c := range set.columns {
		see(c, l.columns[i].Lake)
		for _, e := range set.entries[i] {
			see(e, l.columns[i].Lake)
		}
	}
}

// finish makes the result of a run that went well.
func (r *run) finish(found []Warning) *Result {
	res := &r.result
	first := r.seen[0]
	res.Format, res.FileFormat, res.SourceBytes = first.Format, first.FileFormat, r.bytes.Load()
	slices.SortFunc(res.Parts, func(a, b Part) int { return cmp.Compare(a.Path, b.Path) })
	res.Columns = r.columns()
	res.Summary = r.sums.summary(func(k slot) bool { return r.keeps(k.period) })
	res.Other = r.sums.groups(func(k slot) bool { return !r.keeps(k.period) }, func(k slot) string { return k.period.String() })
	res.Warnings = append(found, r.warnings...)
	for _, g := range res.Other {
		res.Warnings = append(res.Warnings, Warning{Code: "other_period", Message: fmt.Sprintf("%d rows (%s %s) belong to %s, not to %s: they are left out", g.Rows, g.Cost, g.Currency, g.Key, r.req.Period)})
	}
	for name := range r.replaced {
		res.Warnings = append(res.Warnings, Warning{Code: "invalid_utf8", Column: name, Message: fmt.Sprintf("the column %s holds text that is not UTF-8: such bytes became U+FFFD", name)})
	}
	return res
}

// columns lists the columns of all files: each name once.
func (r *run) columns() []Column {
	var out []Column
	seen := map[string]bool{}
	for _, l := range r.layouts {
		if l == nil {
			continue
		}
		for _, c := range l.described() {
			if !seen[c.Name] {
				seen[c.Name] = true
				out = append(out, c)
			}
		}
	}
	return out
}

// remove deletes the parts of a run that failed.
func (r *run) remove() {
	for i := range r.parts.Load() {
		_ = os.Remove(filepath.Join(r.req.Dir, fmt.Sprintf("line_items-%05d.parquet", i)))
	}
}

// progress counts rows, and tells how far the run is when it has not for a while.
func (r *run) progress(rows int64) {
	r.rows.Add(rows)
	r.tell(false)
}

const tellEvery = 100 * time.Millisecond

func (r *run) tell(now bool) {
	if r.req.Progress == nil || !now && r.req.Now().UnixNano()-r.told.Load() < int64(tellEvery) || !r.telling.TryLock() {
		return
	}
	defer r.telling.Unlock()
	at := r.req.Now()
	r.told.Store(at.UnixNano())
	p := Progress{Files: len(r.req.Files), FilesDone: int(r.done.Load()), Bytes: r.bytes.Load(), Rows: r.rows.Load(), Elapsed: at.Sub(r.began)}
	if r.before != nil {
		p.Files = r.before.of
		p.FilesDone += r.before.done
	}
	for _, f := range r.req.Files {
		if f.Size < 0 {
			p.BytesTotal = 0
			break
		}
		p.BytesTotal += f.Size
	}
	r.req.Progress(p)
}
