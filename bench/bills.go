package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/sandbox/billgen"
	"github.com/bursarhq/bursar/internal/sandbox/billgen/report"
)

// bill says what a generated bill is.
type bill struct {
	Rows   int
	Files  int
	Format bursar.FileFormat
	Period bursar.Period
	// Order of the rows in their file: "" is the generator's, in which the hours of a resource follow each other; random is the
	// worst that there can be.
	Order string
}

const random = "random"

// delivered is a bill in a folder that is laid out like a bucket.
type delivered struct {
	bill
	Dir   string        `json:"-"`
	Keys  []string      `json:"keys"`
	Bytes int64         `json:"bytes"`
	Truth billgen.Truth `json:"truth"`
}

// paths are the data files.
func (d *delivered) paths() (out []string) {
	for _, k := range d.Keys {
		out = append(out, filepath.Join(d.Dir, filepath.FromSlash(k)))
	}
	return out
}

// benchMonth is the month of most measurements.
var benchMonth = bursar.NewPeriod(2026, 3)

// spec is an organization of 21 accounts with every kind of line item, tags, an enterprise discount, and one id for each
// line item, as in the reports that compress worst.
func (b bill) spec() billgen.Spec {
	s := billgen.Spec{Seed: 7, Payer: billgen.Account{ID: payerID, Name: "payer"}, Lines: b.Rows, EDP: 7, UniqueIDs: true}
	for i := range 20 {
		s.Linked = append(s.Linked, billgen.Account{ID: fmt.Sprintf("0999%08d", i*7919), Name: fmt.Sprintf("team %d", i+1)})
	}
	return s
}

const (
	payerID    = "012345678901"
	exportName = "bench"
	gzipLevel  = 1 // makes about the size that AWS's files have: a month of a million line items is 94 MB
)

// bills returns a generated bill, from the cache where it is there.
func (b *bench) bills(ctx context.Context, of bill) (*delivered, error) {
	dir := filepath.Join(b.cache, fmt.Sprintf("%s-%s-%d-%d%s", of.Format, of.Period, of.Rows, of.Files, of.Order))
	if _, err := os.Stat(filepath.Join(dir, truthFile)); err != nil {
		fmt.Fprintf(os.Stderr, "  generating %d line items of %s as %s in %d files\n", of.Rows, of.Period, of.Format, of.Files)
		spec, err := json.Marshal(of)
		if err != nil {
			return nil, err
		}
		if _, err := measure(ctx, "bills", dir, string(spec)); err != nil {
			return nil, err
		}
	}
	return readDelivered(dir)
}

const truthFile = "truth.json"

func readDelivered(dir string) (*delivered, error) {
	raw, err := os.ReadFile(filepath.Join(dir, truthFile))
	if err != nil {
		return nil, err
	}
	d := &delivered{Dir: dir}
	return d, json.Unmarshal(raw, d)
}

// makeBills is a task: it writes a bill into a folder, and beside it what it adds up to. The folder appears when all is there.
func makeBills(ctx context.Context, args []string) (map[string]float64, error) {
	dir := args[0]
	var of bill
	if err := json.Unmarshal([]byte(args[1]), &of); err != nil {
		return nil, err
	}
	fresh := dir + ".new"
	if err := os.RemoveAll(fresh); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(fresh, 0o755); err != nil {
		return nil, err
	}
	if err := of.write(ctx, fresh); err != nil {
		return nil, err
	}
	return map[string]float64{}, os.Rename(fresh, dir)
}

func (b bill) write(ctx context.Context, dir string) error {
	generated := billgen.New(b.spec(), b.Period, billgen.Closed(b.Period))
	def := report.Definition{
		Name: exportName, AccountID: payerID, Bucket: "b", Prefix: "cur", Format: bursar.FormatCUR2, File: b.Format,
		Versioning: bursar.Overwrite, Files: b.Files, ARN: "arn:aws:bcm-data-exports:us-east-1:" + payerID + ":export/" + exportName,
	}
	made, err := report.Write(ctx, report.Folder(dir), def, generated, report.Options{At: b.Period.Start().AddDate(0, 1, 14), Level: gzipLevel})
	if err != nil {
		return err
	}
	d := delivered{bill: b, Keys: made.DataKeys, Truth: *made.Truth, Dir: dir}
	for _, p := range d.paths() {
		if b.Order == random {
			if err := shuffle(p); err != nil {
				return err
			}
		}
		info, err := os.Stat(p)
		if err != nil {
			return err
		}
		d.Bytes += info.Size()
	}
	raw, err := json.Marshal(d)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, truthFile), raw, 0o600)
}
