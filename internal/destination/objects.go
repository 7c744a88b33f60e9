package destination

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/billing/ingest/column"
	"github.com/bursarhq/bursar/internal/billing/ingest/parquetwrite"
	"github.com/bursarhq/bursar/internal/billing/schema"
)

// Objects is where files are kept by name: a folder, or a bucket. Names have slashes. An object is replaced in one step.
type Objects interface {
	// Put writes an object of a size. One that is there already is replaced; one that is cut off while it is written, is not there.
	Put(ctx context.Context, name, contentType string, body io.ReadSeeker, size int64) error
	// Get reads a whole object that is small. One that is not there is [bursar.ErrNoObject].
	Get(ctx context.Context, name string) ([]byte, error)
	// List gives the names of all objects below a folder, that folder's name included.
	List(ctx context.Context, folder string) ([]string, error)
	// Delete removes an object. One that is not there is no error.
	Delete(ctx context.Context, name string) error
}

// Files is a [Target] that keeps files. Below the folder of its objects it has
//
//	DATASET/source=SOURCE/period=PERIOD/manifest.json     which files belong to the part
//	DATASET/source=SOURCE/period=PERIOD/VERSION/…         those files
//
// Each delivery has a folder of its own. The manifest is replaced last and in one step; only then the files of the delivery before are
// removed. Who reads the files that manifests name, reads each part in one version.
type Files struct {
	Origin
	Objects Objects
	Format  string // one of [Formats]
	Plain   bool   // of CSV: text is not guarded against being run as a formula
	Spool   string // a folder of this machine, for files in the making
	// Look is what there is to check beside that objects can be written, read and removed. May be nil.
	Look func(ctx context.Context) []bursar.Probe
}

var _ Target = (*Files)(nil)

const manifestName = "manifest.json"

// Close does nothing.
func (f *Files) Close() error { return nil }

// Prepare does nothing: each file says what its columns are.
func (f *Files) Prepare(context.Context, string, []Column) error { return nil }

// Check writes, lists, reads and removes an object.
func (f *Files) Check(ctx context.Context) (out []bursar.Probe) {
	if f.Look != nil {
		if out = f.Look(ctx); len(out) > 0 && out[len(out)-1].Status == bursar.StatusFailed {
			return out
		}
	}
	name, body := ".bursar-check-"+strings.ToLower(rand.Text()), []byte("bursar writes this to see whether it may, and removes it\n")
	for _, step := range []struct {
		name string
		do   func() error
	}{
		{"write", func() error {
			return f.Objects.Put(ctx, name, "text/plain", bytes.NewReader(body), int64(len(body)))
		}},
		{"read", func() error {
			got, err := f.Objects.Get(ctx, name)
			if err == nil && !bytes.Equal(got, body) {
				err = Refused("not_the_same", "what was written is not what is read")
			}
			return err
		}},
		{"list", func() error { _, err := f.Objects.List(ctx, ""); return err }},
		{"remove", func() error { return f.Objects.Delete(ctx, name) }},
	} {
		p := ProbeOf(step.name, step.do())
		out = append(out, p)
		if p.Status == bursar.StatusFailed {
			return out
		}
	}
	return out
}

// ProbeOf turns what one step of a check answered into a finding.
func ProbeOf(check string, err error) bursar.Probe {
	if err == nil {
		return bursar.Probe{Check: check, Status: bursar.StatusOK, Code: "ok", Message: check + ": done"}
	}
	p := bursar.Probe{Check: check, Status: bursar.StatusFailed, Code: check + "_failed", Message: err.Error()}
	var e *bursar.Error
	if errors.As(err, &e) {
		p.Message, p.Remedy, p.Passing = e.Message, e.Hint, e.Code == bursar.Unavailable
		if e.Reason != "" {
			p.Code = e.Reason
		}
	}
	return p
}

// safe is a name that is the same in every file system and bucket.
var safe = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

func folder(k Key) (string, error) {
	for _, s := range []string{k.Dataset, k.Source, k.Period} {
		if !safe.MatchString(s) {
			return "", fmt.Errorf("a part with %q in its key cannot be a folder", s)
		}
	}
	return path.Join(k.Dataset, "source="+k.Source, "period="+k.Period), nil
}

// Held reads every manifest of this destination. Files that one of them does not name any more, as when a delivery was cut off right
// after it, are removed.
func (f *Files) Held(ctx context.Context) (out []Manifest, err error) {
	names, err := f.Objects.List(ctx, "")
	if err != nil {
		return nil, err
	}
	if out, err = f.manifests(ctx, names); err != nil {
		return nil, err
	}
	for _, m := range out {
		home, err := folder(m.Key)
		if err != nil {
			continue // nothing that was delivered by this bursar
		}
		keep := ""
		if len(m.Files) > 0 {
			keep = path.Dir(m.Files[0].Name)
		}
		if err := f.tidy(ctx, names, home, keep); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (f *Files) manifests(ctx context.Context, names []string) (out []Manifest, err error) {
	for _, name := range names {
		if path.Base(name) != manifestName || strings.Count(name, "/") != 3 {
			continue
		}
		b, err := f.Objects.Get(ctx, name)
		if err != nil {
			return nil, err
		}
		var m Manifest
		if json.Unmarshal(b, &m) == nil && m.Destination == f.Destination { // what is damaged, or another's, is none of ours
			out = append(out, m)
		}
	}
	return out, nil
}

// Deliver writes the part's files, then the manifest, and then removes what no manifest names.
func (f *Files) Deliver(ctx context.Context, p *Part) (m Manifest, err error) {
	home, err := folder(p.Key)
	if err != nil {
		return m, err
	}
	m = f.Manifest(p)
	m.Format = f.Format
	// A delivery never writes into the folder of another one, of the same version too: readers may have it open.
	sub := p.Version + "-" + strings.ToLower(rand.Text()[:8])
	if !safe.MatchString(sub) {
		return m, fmt.Errorf("the version %q cannot be a folder", p.Version)
	}
	if m.Files, m.Rows, err = f.write(ctx, p, home, sub); err != nil {
		return m, err
	}
	body, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return m, err
	}
	if err := f.Objects.Put(ctx, path.Join(home, manifestName), "application/json", bytes.NewReader(body), int64(len(body))); err != nil {
		return m, err
	}
	names, err := f.Objects.List(ctx, home)
	if err != nil {
		return m, err
	}
	return m, f.tidy(ctx, names, home, sub)
}

// tidy removes the files of a part that are not in the folder kept.
func (f *Files) tidy(ctx context.Context, names []string, home, keep string) error {
	for _, name := range names {
		below, ours := strings.CutPrefix(name, home+"/")
		if !ours || below == manifestName || keep != "" && strings.HasPrefix(below, keep+"/") {
			continue
		}
		if err := f.Objects.Delete(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

// Withdraw removes the manifest, and then the files.
func (f *Files) Withdraw(ctx context.Context, k Key) error {
	home, err := folder(k)
	if err != nil {
		return err
	}
	if err := f.Objects.Delete(ctx, path.Join(home, manifestName)); err != nil {
		return err
	}
	names, err := f.Objects.List(ctx, home)
	if err != nil {
		return err
	}
	return f.tidy(ctx, names, home, "")
}

// write writes the files of a part. A part without rows has none.
func (f *Files) write(ctx context.Context, p *Part, home, sub string) (files []File, rows int64, err error) {
	if len(p.Columns) == 0 {
		return nil, 0, nil
	}
	dir, err := os.MkdirTemp(f.Spool, "delivery-")
	if err != nil {
		return nil, 0, err
	}
	defer os.RemoveAll(dir)
	local := filepath.Join(dir, "part")
	if rows, err = f.encode(ctx, local, p); err != nil || rows == 0 {
		return nil, 0, err
	}
	in, err := os.Open(local)
	if err != nil {
		return nil, 0, err
	}
	defer in.Close()
	sum := sha256.New()
	size, err := io.Copy(sum, in)
	if err != nil {
		return nil, 0, err
	}
	if _, err := in.Seek(0, io.SeekStart); err != nil {
		return nil, 0, err
	}
	name := path.Join(sub, "part-00001."+map[string]string{CSV: "csv.gz", JSONL: "jsonl.gz", Parquet: "parquet"}[f.Format])
	kind := map[string]string{Parquet: "application/vnd.apache.parquet"}[f.Format]
	if kind == "" {
		kind = "application/gzip"
	}
	if err := f.Objects.Put(ctx, path.Join(home, name), kind, in, size); err != nil {
		return nil, 0, err
	}
	return []File{{Name: name, Rows: rows, Bytes: size, SHA256: hex.EncodeToString(sum.Sum(nil))}}, rows, nil
}

// encode writes a part to a file of this machine.
func (f *Files) encode(ctx context.Context, local string, p *Part) (rows int64, err error) {
	if f.Format == Parquet {
		return writeParquet(ctx, local, p)
	}
	out, err := os.OpenFile(local, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, err
	}
	defer out.Close()
	z, err := gzip.NewWriterLevel(out, gzip.BestSpeed)
	if err != nil {
		return 0, err
	}
	if rows, err = writeText(ctx, z, p, f.Format, f.Plain); err != nil {
		return rows, err
	}
	return rows, errors.Join(z.Close(), out.Close())
}

// writeParquet writes a part as Parquet. Dates are timestamps at midnight, integers decimals without digits after the point.
func writeParquet(ctx context.Context, local string, p *Part) (rows int64, err error) {
	fields := make([]parquetwrite.Field, len(p.Columns))
	for i, c := range p.Columns {
		fields[i] = parquetwrite.Field{Name: c.Name, Type: c.Storage(), Precision: c.Precision, Scale: c.Scale}
		if c.Type == Integer {
			fields[i].Precision = 19 // 64 bits have that many digits
		}
		if c.Storage() == schema.Decimal && fields[i].Precision > 38 {
			return 0, Refused("too_many_digits", "the column %s has more digits than Parquet's decimals hold", c.Name).WithHint("deliver csv or jsonl, which hold any")
		}
	}
	out, err := parquetwrite.Create(local, fields)
	if err != nil {
		return 0, err
	}
	err = p.Read(ctx, func(b Batch) error { return out.RowGroup([]*column.Column(b)) })
	if err != nil {
		out.Abandon()
		return 0, err
	}
	rows = out.Rows()
	_, err = out.Close()
	return rows, err
}

// NotThere says whether an error means that something is not there.
func NotThere(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, bursar.ErrNoObject)
}
