package export

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/bursarhq/bursar"
)

// settled is how long a file that is newer than its manifest must have rested to be taken for a copy: AWS writes the manifest after the
// files, within minutes, while a bucket that somebody copied has its times in any order.
const settled = 6 * time.Hour

// Verify matches a candidate's files with what lies in the bucket, and returns them in the manifest's order. A file that is missing is
// an Invalid error with the reason file_missing. A file that is newer than the manifest belongs to a delivery that AWS has not
// finished, as it happens in overwrite mode: that is an Unavailable error with the reason delivery_changing, worth another try.
func Verify(ctx context.Context, b bursar.Bucket, c Candidate, now time.Time) ([]bursar.Object, error) {
	there, err := beside(ctx, b, c.Manifest.Files)
	if err != nil {
		return nil, err
	}
	files := make([]bursar.Object, 0, len(c.Manifest.Files))
	for _, key := range c.Manifest.Files {
		o, ok := there[key]
		if !ok {
			return nil, bursar.Errorf(bursar.Invalid, "the file %q, which the manifest names, is missing", key).WithReason("file_missing").
				WithHint("wait for AWS's next delivery; if it stays so, look whether something deletes objects from the bucket")
		}
		if newer(o.Modified, c.Object.Modified) && now.Sub(o.Modified) < settled {
			return nil, changing("the file %q is newer than the manifest", key)
		}
		files = append(files, o)
	}
	return files, nil
}

// newer compares whole seconds: a listing may tell times more exactly than the header of an object does.
func newer(a, b time.Time) bool { return a.Truncate(time.Second).After(b.Truncate(time.Second)) }

// beside lists the folders that hold the files: for many files that is cheaper than asking for each. Folders of disks know no leading
// slash, so a file is also found under its key without one.
func beside(ctx context.Context, b bursar.Bucket, keys []string) (map[string]bursar.Object, error) {
	wanted := make(map[string]string, len(keys))
	folders := map[string]bool{}
	for _, k := range keys {
		wanted[k], wanted[onDisk(k)] = k, k
		folders[k[:strings.LastIndexByte(k, '/')+1]] = true
	}
	there := make(map[string]bursar.Object, len(keys))
	for folder := range folders {
		for o, err := range b.List(ctx, folder) {
			if err != nil {
				return nil, fmt.Errorf("listing %s: %w", folder, err)
			}
			if key, ok := wanted[o.Key]; ok {
				o.Key = key
				there[key] = o
			}
		}
	}
	return there, nil
}

// Open opens a file that Verify gave. A file that was replaced since is an Unavailable error with the reason delivery_changing.
func Open(ctx context.Context, b bursar.Bucket, want bursar.Object) (io.ReadCloser, error) {
	o, body, err := b.Get(ctx, want.Key, "")
	if errors.Is(err, bursar.ErrNoObject) {
		return nil, changing("the file %q was there and is gone", want.Key)
	}
	if err != nil {
		return nil, err
	}
	if o.ETag != want.ETag || o.Size != want.Size {
		body.Close()
		return nil, changing("the file %q was replaced while the delivery was read", want.Key)
	}
	return body, nil
}

// Unchanged asks, after the last file was read, whether the manifest is still the candidate's, with one conditional request. When it
// is not, what was read is stale: an Unavailable error with the reason delivery_changing.
func Unchanged(ctx context.Context, b bursar.Bucket, c Candidate) error {
	_, body, err := b.Get(ctx, c.Key, c.Object.ETag)
	switch {
	case errors.Is(err, bursar.ErrNotModified):
		return nil
	case err == nil:
		body.Close()
	case !errors.Is(err, bursar.ErrNoObject):
		return fmt.Errorf("asking again for the manifest of %s: %w", c.Period, err)
	}
	return changing("the manifest of %s changed while its files were read", c.Period)
}

func changing(format string, args ...any) error {
	return bursar.Errorf(bursar.Unavailable, format, args...).WithReason("delivery_changing").
		WithHint("AWS is writing a newer delivery; the import is tried again")
}
