// Package backup writes a folder's files to one archive, and back: a tar file, compressed with zstd, and encrypted with age where somebody is
// named who can read it. Its last entry lists every file with its SHA-256, so that an archive that was cut off or changed is never taken for
// a whole one.
package backup

import (
	"archive/tar"
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"filippo.io/age"
	"github.com/bursarhq/bursar"
	"github.com/klauspost/compress/zstd"
)

// contentsName is the last entry of an archive; no file has this name.
const contentsName = "backup.json"

// Contents is what an archive holds.
type Contents struct {
	Version int       `json:"version"` // of the archive's form: 1
	MadeAt  time.Time `json:"made_at"`
	Files   []File    `json:"files"`
}

// File is one file of an archive.
type File struct {
	Path   string `json:"path"` // with slashes, below the folder
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"` // in hexadecimal
}

// Write writes the named files of a folder to w. With recipients only they can read it.
func Write(ctx context.Context, w io.Writer, dir string, paths []string, madeAt time.Time, recipients []age.Recipient) (_ Contents, err error) {
	out := Contents{Version: 1, MadeAt: madeAt.UTC()}
	closers := []io.Closer{}
	if len(recipients) > 0 {
		sealed, err := age.Encrypt(w, recipients...)
		if err != nil {
			return out, err
		}
		w, closers = sealed, append(closers, sealed)
	}
	packed, err := zstd.NewWriter(w, zstd.WithEncoderConcurrency(1))
	if err != nil {
		return out, err
	}
	files := tar.NewWriter(packed)
	for _, path := range paths {
		f, err := addFile(ctx, files, dir, path)
		if err != nil {
			return out, err
		}
		out.Files = append(out.Files, f)
	}
	list, err := json.Marshal(out)
	if err != nil {
		return out, err
	}
	if err := add(files, contentsName, int64(len(list)), bytes.NewReader(list)); err != nil {
		return out, err
	}
	for _, c := range append([]io.Closer{files, packed}, closers...) {
		if err := c.Close(); err != nil {
			return out, err
		}
	}
	return out, nil
}

func addFile(ctx context.Context, to *tar.Writer, dir, path string) (File, error) {
	out := File{Path: filepath.ToSlash(path)}
	if err := ctx.Err(); err != nil {
		return out, err
	}
	f, err := os.Open(filepath.Join(dir, path))
	if err != nil {
		return out, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return out, err
	}
	sum := sha256.New()
	out.Bytes = info.Size()
	err = add(to, out.Path, out.Bytes, io.TeeReader(io.LimitReader(f, out.Bytes), sum))
	out.SHA256 = hex.EncodeToString(sum.Sum(nil))
	return out, err
}

func add(to *tar.Writer, name string, size int64, from io.Reader) error {
	if err := to.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: size, Typeflag: tar.TypeReg}); err != nil {
		return err
	}
	_, err := io.Copy(to, from)
	return err
}

// Read unpacks an archive into a folder that is there and empty. An archive that is encrypted for none of the identities, or not whole, is an
// Invalid error; what was unpacked by then is left to the caller to remove.
func Read(ctx context.Context, r io.Reader, dir string, identities []age.Identity) (Contents, error) {
	open, err := unseal(bufio.NewReader(r), identities)
	if err != nil {
		return Contents{}, err
	}
	packed, err := zstd.NewReader(open, zstd.WithDecoderConcurrency(1))
	if err != nil {
		return Contents{}, damaged(err)
	}
	defer packed.Close()
	files, got := tar.NewReader(packed), []File{}
	for {
		h, err := files.Next()
		if err != nil { // the end too: it comes before the list of files
			return Contents{}, damaged(errors.Join(err, ctx.Err()))
		}
		if h.Name == contentsName {
			return compare(files, packed, got)
		}
		f, err := unpack(ctx, files, h, dir)
		if err != nil {
			return Contents{}, err
		}
		got = append(got, f)
	}
}

// unseal decrypts what is encrypted. https://age-encryption.org/v1: its first line says that it is.
func unseal(r *bufio.Reader, identities []age.Identity) (io.Reader, error) {
	const mark = "age-encryption.org/v1\n"
	if first, _ := r.Peek(len(mark)); string(first) != mark {
		return r, nil
	}
	if len(identities) == 0 {
		return nil, bursar.Errorf(bursar.Invalid, "the backup is encrypted").WithReason("encrypted").WithHint("name the file with the age identity that can read it: --identity FILE")
	}
	open, err := age.Decrypt(r, identities...)
	if err != nil {
		return nil, bursar.Errorf(bursar.Invalid, "the backup cannot be decrypted: %w", err).WithReason("wrong_identity").WithHint("give the identity of one of the recipients that it was made for")
	}
	return open, nil
}

func unpack(ctx context.Context, from io.Reader, h *tar.Header, dir string) (out File, err error) {
	name := filepath.FromSlash(h.Name)
	if h.Typeflag != tar.TypeReg || !filepath.IsLocal(name) {
		return out, damaged(fmt.Errorf("it has an entry %q", h.Name))
	}
	if err := ctx.Err(); err != nil {
		return out, err
	}
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return out, err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(f, sum), from)
	if err != nil {
		return out, damaged(err)
	}
	return File{h.Name, n, hex.EncodeToString(sum.Sum(nil))}, f.Sync()
}

// compare reads the list of files, and the end, and holds what was unpacked against it.
func compare(list, rest io.Reader, got []File) (out Contents, err error) {
	if err := json.NewDecoder(list).Decode(&out); err != nil {
		return out, damaged(err)
	}
	if out.Version != 1 {
		return out, bursar.Errorf(bursar.Invalid, "the backup has form %d, this bursar knows 1", out.Version).WithHint("restore it with the newer bursar that made it")
	}
	if _, err := io.Copy(io.Discard, rest); err != nil {
		return out, damaged(err)
	}
	if len(got) != len(out.Files) {
		return out, damaged(fmt.Errorf("it has %d files and lists %d", len(got), len(out.Files)))
	}
	for i, f := range out.Files {
		if got[i] != f {
			return out, damaged(fmt.Errorf("%s is not as it was", f.Path))
		}
	}
	return out, nil
}

func damaged(err error) error {
	return bursar.Errorf(bursar.Invalid, "this is no whole backup: %w", err).WithReason("backup_damaged").WithHint("take another copy of it, or an older one")
}
