package s3

import (
	"bufio"
	"crypto/md5" //nolint:gosec // S3's ETag is an MD5
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/bursarhq/bursar/internal/sandbox/cloud"
)

// Create opens an object for writing, without asking whether anybody may: it exists, and replaces its former
// version in one step, once Close has returned nil.
func (s *Service) Create(bucket, key string) (io.WriteCloser, error) {
	if _, _, ok := s.Bucket(bucket); !ok {
		return nil, noBucket(bucket)
	}
	f, err := os.CreateTemp(s.dir, "object-")
	if err != nil {
		return nil, fmt.Errorf("sandbox s3: %w", err)
	}
	w := &objectWriter{s: s, bucket: bucket, file: f, hash: md5.New()} //nolint:gosec // see above
	w.o.key, w.o.file = key, f.Name()
	w.out = bufio.NewWriterSize(io.MultiWriter(f, w.hash), 1<<18)
	return w, nil
}

// CreateAs is Create for a principal, who must be allowed s3:PutObject.
func (s *Service) CreateAs(p cloud.Principal, bucket, key string) (io.WriteCloser, error) {
	if e := s.Authorize(p, "s3:PutObject", bucket, key, map[string][]string{"s3:x-amz-acl": {"bucket-owner-full-control"}}); e != nil {
		return nil, e
	}
	return s.Create(bucket, key)
}

// Put stores an object, without asking whether anybody may, and returns its ETag.
func (s *Service) Put(bucket, key string, body []byte) (etag string, err error) {
	w, err := s.Create(bucket, key)
	if err != nil {
		return "", err
	}
	_, err = w.Write(body)
	return w.(*objectWriter).finish(err, "")
}

type objectWriter struct {
	s      *Service
	bucket string
	file   *os.File
	out    *bufio.Writer
	hash   hash.Hash
	o      object
}

// Write adds to the object.
func (w *objectWriter) Write(p []byte) (int, error) {
	n, err := w.out.Write(p)
	w.o.size += int64(n)
	return n, err
}

// Close makes the object exist.
func (w *objectWriter) Close() error {
	_, err := w.finish(nil, "")
	return err
}

// finish stores the object unless something went wrong. A multipart upload brings its own etag.
func (w *objectWriter) finish(err error, etag string) (string, error) {
	err = errors.Join(err, w.out.Flush(), w.file.Close())
	if err != nil {
		return "", errors.Join(err, os.Remove(w.o.file))
	}
	if etag == "" {
		etag = hex.EncodeToString(w.hash.Sum(nil))
	}
	w.o.etag, w.o.modified = `"`+etag+`"`, w.s.cloud.Clock.Now()
	if e := w.s.store(w.bucket, &w.o); e != nil {
		return "", errors.Join(e, os.Remove(w.o.file))
	}
	return w.o.etag, nil
}

func (s *Service) store(bucket string, o *object) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.buckets[bucket]
	if b == nil {
		return noBucket(bucket)
	}
	old := b.objects[o.key]
	if old == nil {
		i, _ := slices.BinarySearch(b.keys, o.key)
		b.keys = slices.Insert(b.keys, i, o.key)
	}
	b.objects[o.key] = o
	return old.discard()
}

// discard removes the file of a version that nobody will ask for any more. Who reads it has it open.
func (o *object) discard() error {
	if o == nil || o.mounted {
		return nil
	}
	return os.Remove(o.file)
}

// Delete removes an object; one that is not there is no error.
func (s *Service) Delete(bucket, key string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.buckets[bucket]
	if b == nil {
		return noBucket(bucket)
	}
	o := b.objects[key]
	if o == nil {
		return nil
	}
	i, _ := slices.BinarySearch(b.keys, key)
	b.keys = slices.Delete(b.keys, i, i+1)
	delete(b.objects, key)
	return o.discard()
}

// Read returns an object's content, without asking whether anybody may.
func (s *Service) Read(bucket, key string) ([]byte, error) {
	s.use(bucket)
	o, e := s.find(bucket, key)
	if e != nil {
		return nil, e
	}
	return os.ReadFile(o.file)
}

func (s *Service) find(bucket, key string) (*object, *cloud.Error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	b := s.buckets[bucket]
	if b == nil {
		return nil, noBucket(bucket)
	}
	if o := b.objects[key]; o != nil {
		return o, nil
	}
	return nil, noKey(key)
}

// MountFolder serves the files of a folder, and of the folders in it, as objects whose keys are prefix and the
// file's path: real bills, without copying them. The files are read when they are asked for and never changed.
func (s *Service) MountFolder(bucket, prefix, dir string) error {
	return filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		rel, err := filepath.Rel(dir, name)
		if err != nil {
			return err
		}
		return s.MountFile(bucket, prefix+filepath.ToSlash(rel), name)
	})
}

// MountFile serves one file as an object.
func (s *Service) MountFile(bucket, key, name string) error {
	f, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("mount: %w", err)
	}
	defer func() { _ = f.Close() }() // it was only read
	h := md5.New()                   //nolint:gosec // S3's ETag is an MD5
	size, err := io.Copy(h, f)
	if err != nil {
		return fmt.Errorf("mount: %w", err)
	}
	return s.store(bucket, &object{key: key, etag: `"` + hex.EncodeToString(h.Sum(nil)) + `"`, size: size, modified: s.cloud.Clock.Now(), file: name, mounted: true})
}
