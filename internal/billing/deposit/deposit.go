// Package deposit keeps bills that people bring themselves, from a disk or from a bucket that no account of theirs gives
// access to. They lie in the data folder, in a folder for each account that is laid out like a bucket of Data Exports
// (Data Exports guide, "Export delivery"), so that the ordinary import takes them in: a bill replaces its month as a whole,
// the same bill twice changes nothing, and what is damaged is not published.
package deposit

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/billing/export"
	"github.com/bursarhq/bursar/internal/billing/ingest"
)

// Folder is where deposited bills lie: a folder for each account.
type Folder struct{ dir string }

// In returns the folder of deposits in a data folder.
func In(dataDir string) Folder { return Folder{filepath.Join(dataDir, "bills")} }

// Bill is what is deposited: the files of one or more months.
type Bill struct {
	Name       string // of the report or export: letters, digits, "-" and "_", at most 128
	Format     bursar.Format
	FileFormat bursar.FileFormat
	Files      []File
}

// File is one file of a bill, with the months that it has line items of.
type File struct {
	ingest.File
	Periods []bursar.Period
}

// about is what is kept of a bill beside its files.
type about struct {
	Format     bursar.Format     `json:"format"`
	FileFormat bursar.FileFormat `json:"file_format"`
}

const aboutFile = "bill.json"

var validName = regexp.MustCompile(`^[0-9A-Za-z_-]{1,128}$`)

// Name makes a bill's name of any text.
func Name(text string) string {
	name := strings.Trim(regexp.MustCompile(`[^0-9A-Za-z_-]+`).ReplaceAllString(text, "-"), "-")
	return name[:min(len(name), 128)]
}

// Put deposits a bill for an account (its record's id, "acc_…"). For each of the bill's months it takes the place of what was
// deposited under that name before. copied is called with the number of bytes as they are written; it may be nil. What was half
// done when an error occurs, or the program dies, counts for nothing.
func (f Folder) Put(ctx context.Context, account string, b Bill, copied func(n int64)) error {
	if !validName.MatchString(b.Name) {
		return bursar.InvalidField("name", "%q is no name for a bill", b.Name).WithHint("use letters, digits, - and _, at most 128 of them")
	}
	home := filepath.Join(f.dir, filepath.Base(account), b.Name)
	if err := os.MkdirAll(filepath.Join(home, "data"), 0o700); err != nil {
		return err
	}
	tmp, err := os.MkdirTemp(filepath.Join(home, "data"), "tmp-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	names, version, err := b.copy(ctx, tmp, copied)
	if err != nil {
		return err
	}
	final := filepath.Join(home, "data", version)
	if err := os.Rename(tmp, final); err != nil && !isThere(final) {
		return err
	}
	if err := b.describe(home); err != nil {
		return err
	}
	for _, p := range b.periods() {
		if err := b.manifest(home, version, names, p); err != nil {
			return err
		}
	}
	return tidy(home, b.Name)
}

func isThere(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func (b Bill) periods() (all []bursar.Period) {
	for _, f := range b.Files {
		for _, p := range f.Periods {
			if !slices.Contains(all, p) {
				all = append(all, p)
			}
		}
	}
	return all
}

// copy writes the bill's files to dir, and returns what they are called there and a version: a digest of all that is in them.
func (b Bill) copy(ctx context.Context, dir string, copied func(int64)) (names []string, version string, err error) {
	sum := sha256.New()
	for i, f := range b.Files {
		name := fmt.Sprintf("%s-%05d%s", b.Name, i+1, ending(f.Name))
		if err := copyFile(ctx, f.File, filepath.Join(dir, name), sum, copied); err != nil {
			return nil, "", err
		}
		names = append(names, name)
	}
	return names, hex.EncodeToString(sum.Sum(nil)[:16]), nil
}

// ending keeps what people, and listings, tell a file's kind by. What it is, its bytes say.
func ending(name string) string {
	for _, e := range []string{".csv.gz", ".csv.zip", ".snappy.parquet", ".parquet"} {
		if strings.HasSuffix(strings.ToLower(name), e) {
			return e
		}
	}
	return ".csv"
}

func copyFile(ctx context.Context, f ingest.File, to string, sum hash.Hash, copied func(int64)) (err error) {
	in, err := f.Open(ctx)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	n, err := io.Copy(io.MultiWriter(out, sum, counting{ctx, copied}), in)
	if err != nil {
		return err
	}
	if f.Size >= 0 && n != f.Size {
		return bursar.Errorf(bursar.Conflict, "%s changed while it was read", f.Name).WithReason("changing").WithHint("try again when nothing writes to it")
	}
	fmt.Fprintf(sum, "|%d|", n)
	return out.Sync()
}

// counting counts what passes, and ends it with its context.
type counting struct {
	ctx    context.Context
	copied func(int64)
}

func (c counting) Write(p []byte) (int, error) {
	if c.copied != nil {
		c.copied(int64(len(p)))
	}
	return len(p), c.ctx.Err()
}

func (b Bill) describe(home string) error {
	data, err := json.Marshal(about{b.Format, b.FileFormat})
	if err != nil {
		return err
	}
	return replace(filepath.Join(home, aboutFile), data)
}

// manifest says that the version is what counts for a period. One that says so already stays as it is.
func (b Bill) manifest(home, version string, names []string, p bursar.Period) error {
	files := []string{}
	for i, f := range b.Files {
		if slices.Contains(f.Periods, p) {
			files = append(files, path.Join(b.Name, "data", version, names[i]))
		}
	}
	data, err := json.Marshal(map[string]any{"executionId": version, "dataFiles": files})
	if err != nil {
		return err
	}
	dir := filepath.Join(home, "metadata", "BILLING_PERIOD="+p.String())
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	to := filepath.Join(dir, b.Name+"-Manifest.json")
	if known, err := os.ReadFile(to); err == nil && string(known) == string(data) {
		return nil
	}
	return replace(to, data)
}

// replace writes a file as a whole or not at all.
func replace(to string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(to), ".tmp-")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), to)
}

// tidy removes the files that no manifest names any more.
func tidy(home, name string) error {
	manifests, err := filepath.Glob(filepath.Join(home, "metadata", "*", name+"-Manifest.json"))
	if err != nil {
		return err
	}
	keep := map[string]bool{}
	for _, m := range manifests {
		data, err := os.ReadFile(m)
		if err != nil {
			return err
		}
		parsed, err := export.ParseManifest(data, "")
		if err != nil {
			return err
		}
		keep[parsed.Version] = true
	}
	versions, err := os.ReadDir(filepath.Join(home, "data"))
	for _, v := range versions {
		if !keep[v.Name()] && !strings.HasPrefix(v.Name(), "tmp-") {
			err = errors.Join(err, os.RemoveAll(filepath.Join(home, "data", v.Name())))
		}
	}
	return err
}

// Exports lists what was deposited for an account, as exports that have no bucket.
func (f Folder) Exports(a bursar.Account) ([]bursar.Export, error) {
	found, err := filepath.Glob(filepath.Join(f.dir, filepath.Base(a.ID), "*", aboutFile))
	if err != nil {
		return nil, err
	}
	var out []bursar.Export
	for _, p := range found {
		data, err := os.ReadFile(p)
		if err != nil {
			return nil, err
		}
		var k about
		if err := json.Unmarshal(data, &k); err != nil {
			return nil, fmt.Errorf("%s: %w", p, err)
		}
		out = append(out, bursar.Export{
			WorkspaceID: a.WorkspaceID, AccountID: a.ID, Name: filepath.Base(filepath.Dir(p)), Format: k.Format, FileFormat: k.FileFormat, Versioning: bursar.CreateNew,
		})
	}
	return out, nil
}

// Remove removes everything that was deposited for an account.
func (f Folder) Remove(account string) error {
	return os.RemoveAll(filepath.Join(f.dir, filepath.Base(account)))
}

// Is says whether an export was deposited: AWS's exports have a bucket.
func Is(e bursar.Export) bool { return e.Bucket == "" }

// Open opens an account's deposits as a bucket. It is for the caller to close.
func (f Folder) Open(account string) (*export.FolderBucket, error) {
	b, err := export.OpenFolder(filepath.Join(f.dir, filepath.Base(account)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, bursar.Errorf(bursar.Conflict, "the bills that were deposited for the account are gone from %s", f.dir).WithReason("deposit_gone").
			WithHint("import them again, with bursar bill import")
	}
	return b, err
}
