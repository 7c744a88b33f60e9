package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/awsapi"
	"github.com/bursarhq/bursar/internal/billing/export"
	"github.com/bursarhq/bursar/internal/billing/ingest"
	"github.com/bursarhq/bursar/internal/cli"
)

// Local is what the command line does in its own process.
type Local struct{}

var _ cli.Local = Local{}

// Inspect reads bills where they lie.
func (Local) Inspect(ctx context.Context, paths []string, progress func(ingest.Progress)) (*cli.Inspection, error) {
	work, err := os.MkdirTemp("", "bursar-inspect-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(work)
	in := newInspector(work, progress)
	defer in.close()
	if err := in.look(ctx, paths); err != nil {
		return nil, err
	}
	return in.out, nil
}

func newInspector(work string, progress func(ingest.Progress)) *inspector {
	return &inspector{work: work, progress: progress, out: &cli.Inspection{}}
}

// look finds the bills under paths, and reads them.
func (in *inspector) look(ctx context.Context, paths []string) error {
	for _, p := range paths {
		if err := in.path(ctx, p); err != nil {
			return err
		}
	}
	in.reports = make([]*ingest.FileReport, len(in.files))
	for i := range in.files {
		if err := in.read(ctx, i); err != nil {
			return err
		}
	}
	if len(in.out.Report.Files) == 0 && len(in.out.Skipped) > 0 {
		return in.out.Skipped[0]
	}
	if len(in.out.Report.Files) == 0 {
		return bursar.Errorf(bursar.Invalid, "there is no bill in %s", strings.Join(paths, ", ")).WithReason("no_bill").
			WithHint("name the files, or a folder that holds .csv, .csv.gz, .csv.zip or .parquet files of a Cost and Usage Report or a FOCUS export")
	}
	return nil
}

// inspector finds bills, then reads them one after another.
type inspector struct {
	work     string
	progress func(ingest.Progress)
	out      *cli.Inspection
	files    []inspected
	reports  []*ingest.FileReport // by file; nil = skipped
	closers  []io.Closer
	done     int64 // bytes of the files that were read
}

// inspected is a file that may be a bill.
type inspected struct {
	ingest.File
	period bursar.Period // what its delivery is for; zero where nothing tells
	report string        // the report's or export's name; "" where nothing tells
	loose  bool          // no manifest names it
	alone  bool          // found in a folder, where no manifest names it: it may be anything
}

func (in *inspector) close() {
	for _, c := range in.closers {
		_ = c.Close()
	}
}

func (in *inspector) path(ctx context.Context, p string) error {
	if rest, ok := strings.CutPrefix(p, "s3://"); ok {
		return in.s3(ctx, rest)
	}
	info, err := os.Stat(p)
	if errors.Is(err, fs.ErrNotExist) {
		return bursar.Errorf(bursar.Invalid, "%s does not exist", p).WithReason("no_file").WithHint("check the path")
	}
	if err != nil {
		return err
	}
	if !info.IsDir() {
		in.file(p, info)
		return nil
	}
	b, err := export.OpenFolder(p)
	if err != nil {
		return err
	}
	in.closers = append(in.closers, b)
	return in.bills(ctx, b, "", strings.TrimSuffix(p, string(filepath.Separator))+string(filepath.Separator))
}

// file takes a file that somebody named. It may be a link or a pipe: whoever runs this may read it anyway.
func (in *inspector) file(p string, info fs.FileInfo) {
	size := int64(-1)
	if info.Mode().IsRegular() {
		size = info.Size()
	}
	open := func(context.Context) (io.ReadCloser, error) { return os.Open(p) }
	in.files = append(in.files, inspected{File: ingest.File{Name: p, Size: size, Open: open}, loose: true})
}

// s3 reads with the ambient identity: what a person can read, this can.
func (in *inspector) s3(ctx context.Context, address string) error {
	name, prefix, _ := strings.Cut(address, "/")
	aws, err := awsapi.New(ctx, awsapi.Config{Endpoint: os.Getenv("BURSAR_AWS_ENDPOINT"), Region: os.Getenv("BURSAR_AWS_REGION")})
	if err != nil {
		return err
	}
	b, err := ownBucket(ctx, aws.Own(), name)
	if err != nil {
		return bursar.Errorf(bursar.Invalid, "s3://%s cannot be read: %w", name, err).WithHint("check the bucket's name and that your AWS identity may list and read it")
	}
	return in.bills(ctx, b, prefix, "s3://"+name+"/")
}

// ownBucket opens a bucket in the region in which it is.
func ownBucket(ctx context.Context, s *awsapi.Session, name string) (*awsapi.Bucket, error) {
	b, err := s.Bucket(name, "", "")
	if err != nil {
		return nil, err
	}
	region, err := b.Location(ctx)
	if err != nil {
		return nil, err
	}
	return s.Bucket(name, region, "")
}

// bills takes every bill under a prefix. In a folder other things lie beside bills: those are skipped, and named.
func (in *inspector) bills(ctx context.Context, b bursar.Bucket, prefix, called string) error {
	bills, err := export.Bills(ctx, b, prefix)
	if err != nil {
		return err
	}
	for _, bill := range bills {
		if len(bill.Missing) > 0 {
			return bursar.Errorf(bursar.Invalid, "the manifest %s%s names %s, which is missing", called, bill.Manifest, bill.Missing[0]).WithReason("file_missing").
				WithHint("copy the whole delivery, or name the files that you have")
		}
		if n := len(bill.LeftOut); n > 0 {
			in.out.Notes = append(in.out.Notes, leftOut(bill, called))
		}
		for _, o := range bill.Files {
			open := func(ctx context.Context) (io.ReadCloser, error) {
				_, body, err := b.Get(ctx, o.Key, "")
				return body, err
			}
			f := inspected{File: ingest.File{Name: called + o.Key, Size: o.Size, Open: open}, period: bill.Period, report: bill.Name}
			f.loose = bill.Period.IsZero()
			f.alone = bill.Manifest == ""
			in.files = append(in.files, f)
		}
	}
	return nil
}

// leftOut says which files beside a bill do not count, and why.
func leftOut(b export.Bill, called string) string {
	versions := map[string]bool{}
	for _, key := range b.LeftOut {
		if k, _ := export.ParseKey(key); k.Version != "" {
			versions[k.Version] = true
		}
	}
	what := fmt.Sprintf("%d files beside it", len(b.LeftOut))
	if len(versions) > 0 {
		what = fmt.Sprintf("%d files of %d other versions", len(b.LeftOut), len(versions))
	}
	why := "they were written before the newest version"
	if b.Manifest != "" {
		why = fmt.Sprintf("the newest manifest, %s%s, does not name them", called, b.Manifest)
	}
	return fmt.Sprintf("%s of %s: %s are left out: %s", b.Period, b.Name, what, why)
}

// read reads one file and adds it up.
func (in *inspector) read(ctx context.Context, i int) error {
	f := in.files[i]
	r, err := ingest.Inspect(ctx, ingest.Request{Files: []ingest.File{f.File}, Dir: in.work, Period: f.period, Progress: in.tell(i)})
	in.done += max(0, f.Size)
	if bursar.CodeOf(err) == bursar.Invalid && f.alone {
		in.out.Skipped = append(in.out.Skipped, err)
		return nil
	}
	if err != nil {
		return err
	}
	in.out.Add(r)
	in.reports[i] = &r.Files[0]
	for _, g := range r.Total.ByPeriod {
		if !f.period.IsZero() && g.Key != f.period.String() {
			in.out.Notes = append(in.out.Notes, fmt.Sprintf("%s: %d rows (%s %s) belong to %s; an import of the delivery for %s leaves them out", f.Name, g.Rows, g.Cost, g.Currency, g.Key, f.period))
		}
	}
	return nil
}

// tell makes the progress of one file that of all.
func (in *inspector) tell(i int) func(ingest.Progress) {
	if in.progress == nil {
		return nil
	}
	var total int64
	for _, f := range in.files {
		if f.Size < 0 {
			total = 0
			break
		}
		total += f.Size
	}
	done, rows := in.done, in.out.Report.Total.Rows
	return func(p ingest.Progress) {
		p.Files, p.FilesDone, p.Bytes, p.BytesTotal, p.Rows = len(in.files), i, p.Bytes+done, total, p.Rows+rows
		in.progress(p)
	}
}
