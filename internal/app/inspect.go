package app

import (
	"context"
	"errors"
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
	in := inspector{work: work, progress: progress, out: &cli.Inspection{}}
	for _, p := range paths {
		if err := in.path(ctx, p); err != nil {
			return nil, err
		}
	}
	if len(in.out.Report.Files) == 0 && len(in.out.Skipped) > 0 {
		return nil, in.out.Skipped[0]
	}
	if len(in.out.Report.Files) == 0 {
		return nil, bursar.Errorf(bursar.Invalid, "there is no bill in %s", strings.Join(paths, ", ")).WithReason("no_bill").
			WithHint("name the files, or a folder that holds .csv, .csv.gz, .csv.zip or .parquet files of a Cost and Usage Report or a FOCUS export")
	}
	return in.out, nil
}

type inspector struct {
	work     string
	progress func(ingest.Progress)
	out      *cli.Inspection
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
	dir, name := p, ""
	if !info.IsDir() {
		dir, name = filepath.Dir(p), filepath.Base(p)
	}
	b, err := export.OpenFolder(dir)
	if err != nil {
		return err
	}
	defer b.Close()
	if name != "" {
		return in.file(ctx, b, bursar.Object{Key: name, Size: info.Size()}, p)
	}
	return in.bills(ctx, b, "", dir+string(filepath.Separator))
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

// bills reads every bill under a prefix. In a folder other things lie beside bills: those are skipped, and named.
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
		for _, o := range bill.Files {
			err := in.file(ctx, b, o, called+o.Key)
			if bursar.CodeOf(err) == bursar.Invalid && bill.Manifest == "" {
				in.out.Skipped = append(in.out.Skipped, err)
				continue
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func (in *inspector) file(ctx context.Context, b bursar.Bucket, o bursar.Object, called string) error {
	open := func(ctx context.Context) (io.ReadCloser, error) {
		_, body, err := b.Get(ctx, o.Key, "")
		return body, err
	}
	r, err := ingest.Inspect(ctx, ingest.Request{Files: []ingest.File{{Name: called, Size: o.Size, Open: open}}, Dir: in.work, Progress: in.progress})
	if err != nil {
		return err
	}
	in.out.Add(r)
	return nil
}
