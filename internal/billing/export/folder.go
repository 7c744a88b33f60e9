package export

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/bursarhq/bursar"
)

// FolderBucket is a local folder laid out like a bucket. Nothing outside the folder can be reached.
type FolderBucket struct{ root *os.Root }

// OpenFolder opens a folder as a bucket.
func OpenFolder(dir string) (*FolderBucket, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	return &FolderBucket{root}, nil
}

// Close lets go of the folder.
func (f *FolderBucket) Close() error { return f.root.Close() }

// List gives the regular files whose path begins with prefix, in order. A leading slash, as an empty prefix of an export makes
// it, means nothing in a folder.
func (f *FolderBucket) List(ctx context.Context, prefix string) iter.Seq2[bursar.Object, error] {
	return func(yield func(bursar.Object, error) bool) {
		prefix := onDisk(prefix)
		var found []bursar.Object
		err := fs.WalkDir(f.root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
			if err != nil || ctx.Err() != nil {
				return errors.Join(err, ctx.Err())
			}
			if !d.Type().IsRegular() || !strings.HasPrefix(name, prefix) {
				return nil
			}
			info, err := d.Info()
			if err == nil {
				found = append(found, object(name, info))
			}
			return err
		})
		if err != nil {
			yield(bursar.Object{}, err)
			return
		}
		slices.SortFunc(found, func(a, b bursar.Object) int { return strings.Compare(a.Key, b.Key) })
		for _, o := range found {
			if !yield(o, nil) {
				return
			}
		}
	}
}

// Get opens a file.
func (f *FolderBucket) Get(_ context.Context, key, ifNoneMatch string) (bursar.Object, io.ReadCloser, error) {
	file, err := f.root.Open(onDisk(key))
	if errors.Is(err, fs.ErrNotExist) {
		return bursar.Object{}, nil, fmt.Errorf("%s: %w", key, bursar.ErrNoObject)
	}
	if err != nil {
		return bursar.Object{}, nil, err
	}
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() {
		file.Close()
		return bursar.Object{}, nil, fmt.Errorf("%s: %w", key, errors.Join(err, bursar.ErrNoObject))
	}
	o := object(key, info)
	if ifNoneMatch != "" && ifNoneMatch == o.ETag {
		file.Close()
		return o, nil, bursar.ErrNotModified
	}
	return o, file, nil
}

func object(key string, info fs.FileInfo) bursar.Object {
	return bursar.Object{Key: key, Size: info.Size(), Modified: info.ModTime().UTC(), ETag: fmt.Sprintf("%d-%d", info.Size(), info.ModTime().UnixNano())}
}

// onDisk is where a key lies in a folder: a file system has no empty parts. A trailing slash is kept, for prefixes.
func onDisk(key string) string {
	clean := strings.TrimPrefix(path.Clean("/"+key), "/")
	if strings.HasSuffix(key, "/") && clean != "" {
		clean += "/"
	}
	return clean
}
