package report

import (
	"bufio"
	"errors"
	"io"
	"os"
	"path/filepath"
)

// Folder returns a sink that writes objects into a folder laid out like a bucket. Empty parts of keys ("a//b")
// fall together, as they do in a file system.
func Folder(dir string) Sink { return folder(dir) }

type folder string

func (f folder) Create(key string) (io.WriteCloser, error) {
	name := filepath.Join(string(f), filepath.FromSlash(key))
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return nil, err
	}
	file, err := os.Create(name)
	if err != nil {
		return nil, err
	}
	return &buffered{bufio.NewWriterSize(file, 1<<18), file}, nil
}

type buffered struct {
	*bufio.Writer
	file *os.File
}

func (b *buffered) Close() error { return errors.Join(b.Flush(), b.file.Close()) }
