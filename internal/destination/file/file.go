// Package file delivers to a folder of the server: one of the folder that the operator has set aside for it, and nowhere else.
package file

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"syscall"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/destination"
)

// Validate says what is wrong with the settings of a folder.
func Validate(s bursar.TargetSettings) error {
	if err := destination.ValidFormat(s.Format); err != nil || s.Path == "" {
		return err
	}
	if strings.HasPrefix(s.Path, "/") || !fs.ValidPath(s.Path) || s.Path == "." || strings.ContainsAny(s.Path, "\\:\x00") {
		return bursar.InvalidField("target.path", "%q is not a folder below the server's folder for delivered files", s.Path).WithReason("path_invalid").
			WithHint("write it like finance/monthly: names and slashes, without .. and without a slash at either end")
	}
	return nil
}

// Open opens a folder below home, which is the workspace's own. Links that lead out of home are not followed.
func Open(home string, s bursar.TargetSettings, o destination.Origin, spool string) (*destination.Files, error) {
	if err := Validate(s); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(home, 0o750); err != nil {
		return nil, explain(err)
	}
	f := &destination.Files{Origin: o, Format: s.Format, Plain: s.PlainCSV, Spool: spool}
	f.Objects = &folder{home: home, path: s.Path}
	return f, nil
}

// folder is a folder that cannot be left.
type folder struct{ home, path string }

func (f *folder) root() (*os.Root, error) {
	top, err := os.OpenRoot(f.home)
	if err != nil || f.path == "" {
		return top, explain(err)
	}
	defer top.Close()
	if err := top.MkdirAll(f.path, 0o750); err != nil {
		return nil, explain(err)
	}
	root, err := top.OpenRoot(f.path)
	return root, explain(err)
}

// Put writes beside the object, syncs, and renames.
func (f *folder) Put(_ context.Context, name, _ string, body io.ReadSeeker, _ int64) error {
	root, err := f.root()
	if err != nil {
		return err
	}
	defer root.Close()
	if err := root.MkdirAll(path.Dir(name), 0o750); err != nil {
		return explain(err)
	}
	fresh := path.Join(path.Dir(name), "."+path.Base(name)+".new")
	if err := write(root, fresh, body); err != nil {
		_ = root.Remove(fresh) // it may not be there
		return explain(err)
	}
	if err := root.Rename(fresh, name); err != nil {
		return explain(err)
	}
	return explain(sync(root, path.Dir(name)))
}

func write(root *os.Root, name string, body io.Reader) error {
	out, err := root.OpenFile(name, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o640)
	if err != nil {
		return err
	}
	defer out.Close()
	if _, err := io.Copy(out, body); err != nil {
		return err
	}
	if err := out.Sync(); err != nil {
		return err
	}
	return out.Close()
}

// sync makes a rename survive a power cut.
func sync(root *os.Root, dir string) error {
	d, err := root.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// Get reads an object.
func (f *folder) Get(_ context.Context, name string) ([]byte, error) {
	root, err := f.root()
	if err != nil {
		return nil, err
	}
	defer root.Close()
	b, err := root.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w", name, bursar.ErrNoObject)
	}
	return b, explain(err)
}

// List walks a folder.
func (f *folder) List(_ context.Context, below string) (names []string, err error) {
	root, err := f.root()
	if err != nil {
		return nil, err
	}
	defer root.Close()
	if below == "" {
		below = "."
	}
	err = fs.WalkDir(root.FS(), below, func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, name)
		}
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return names, explain(err)
}

// Delete removes an object, and the folders that are empty then.
func (f *folder) Delete(_ context.Context, name string) error {
	root, err := f.root()
	if err != nil {
		return err
	}
	defer root.Close()
	if err := root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return explain(err)
	}
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		if root.Remove(dir) != nil { // it is not empty
			break
		}
	}
	return nil
}

// explain says what a file system refused.
func explain(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return destination.Away("disk_full", "the disk is full: %w", err).WithHint("make room for delivered files, then run it again")
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return destination.Refused("not_writable", "the folder cannot be written: %w", err).WithHint("let the user that bursar runs as write there")
	}
	return fmt.Errorf("the folder for delivered files: %w", err)
}
