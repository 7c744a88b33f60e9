// Package report writes the bills of package billgen as AWS delivers them: legacy Cost and Usage Reports, CUR 2.0
// and FOCUS; csv.gz, csv.zip and Parquet; the key layouts and manifests of both families, in both versioning modes.
//
// It follows the Cost and Usage Report user guide ("Viewing your report", "Querying reports using Athena"), the
// Data Exports user guide ("Export delivery"), and keys and manifests seen in real buckets.
package report

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/sandbox/billgen"
)

// Definition is a report definition or an export: what is delivered, where, and how.
type Definition struct {
	Name        string
	ARN         string // manifests of Data Exports have it
	AccountID   string
	Bucket      string
	Prefix      string // as it was typed: may be empty or end in "/"
	Format      bursar.Format
	File        bursar.FileFormat
	Zip         bool // legacy csv in zip files
	Versioning  bursar.Versioning
	Athena      bool     // legacy Parquet in the layout for Athena
	Columns     []string // those of the export's query, in its order. nil = all. Legacy reports have no choice
	NoResources bool     // a legacy report without the column of resource ids
	Files       int      // data files of a delivery. 0 = one for each 250,000 line items
}

// Sink takes the objects of a delivery. An object exists once Close has returned nil.
type Sink interface {
	Create(key string) (io.WriteCloser, error)
}

// Trouble is something that goes wrong in a delivery.
type Trouble int

// The troubles.
const (
	NoTrouble   Trouble = iota
	NoManifest          // data files are there, the manifest is not (yet)
	MissingFile         // the manifest names a data file that is not there
	Truncated           // the last data file ends in its middle
)

// Options say when and how a delivery is made.
type Options struct {
	At      time.Time // delivery time: it is part of the version
	Trouble Trouble
	Level   int // gzip level, 0 = fastest
}

// Delivery is what was delivered.
type Delivery struct {
	Period      bursar.Period  `json:"period"`
	Version     string         `json:"version"` // assemblyId or executionId
	At          time.Time      `json:"at"`
	ManifestKey string         `json:"manifest_key"`
	DataKeys    []string       `json:"data_keys"`
	Truth       *billgen.Truth `json:"truth"` // what the data files add up to
}

// Write delivers a bill: all data files, some of them at the same time, and then the manifest.
func Write(ctx context.Context, sink Sink, def Definition, bill *billgen.Bill, o Options) (Delivery, error) {
	w, err := newWriter(def, bill, o)
	if err != nil {
		return Delivery{}, err
	}
	if err := w.dataFiles(ctx, sink); err != nil {
		return Delivery{}, fmt.Errorf("deliver %s of %s: %w", bill.Period, def.Name, err)
	}
	if o.Trouble != NoManifest {
		if err := w.manifests(sink); err != nil {
			return Delivery{}, fmt.Errorf("deliver the manifest of %s of %s: %w", bill.Period, def.Name, err)
		}
	}
	return Delivery{bill.Period, w.version, o.At.UTC(), w.manifestKey(), w.keys, bill.Truth()}, nil
}

// Columns returns the names of all columns of a format, in AWS's order: what GetTable lists, and what a query may
// select. For legacy reports they are the csv names.
func Columns(f bursar.Format) []string {
	var names []string
	for _, c := range table(f) {
		names = append(names, c.name)
	}
	return names
}

// ColumnType returns a column's type as manifests and GetTable spell it, and false when there is no such column.
func ColumnType(f bursar.Format, name string) (string, bool) {
	for _, c := range table(f) {
		if c.name == name {
			return c.typeName(false), true
		}
	}
	return "", false
}

func table(f bursar.Format) []column {
	switch f {
	case bursar.FormatLegacy:
		return legacyColumns
	case bursar.FormatFOCUS10:
		return focus10Columns
	case bursar.FormatFOCUS12:
		return focusColumns
	default:
		return cur2Columns
	}
}

// selected returns the columns that the definition asks for.
func (d Definition) selected() ([]column, error) {
	all := table(d.Format)
	if d.Format == bursar.FormatLegacy && d.NoResources {
		return slices.DeleteFunc(slices.Clone(all), func(c column) bool { return c.name == "lineItem/ResourceId" }), nil
	}
	if d.Columns == nil || d.Format == bursar.FormatLegacy {
		return all, nil
	}
	byName := make(map[string]column, len(all))
	for _, c := range all {
		byName[c.name] = c
	}
	out := make([]column, 0, len(d.Columns))
	for _, name := range d.Columns {
		c, ok := byName[name]
		if !ok {
			return nil, fmt.Errorf("no column %q in %s", name, d.Format)
		}
		out = append(out, c)
	}
	return out, nil
}

// extension returns how the names of data files end.
func (d Definition) extension() string {
	switch {
	case d.File == bursar.FileParquet:
		return "snappy.parquet"
	case d.Zip:
		return "csv.zip"
	default:
		return "csv.gz"
	}
}

func (d Definition) legacy() bool { return d.Format == bursar.FormatLegacy }

// root is the part of each key that comes before the period: prefix, "/" and name.
func (d Definition) root() string { return d.Prefix + "/" + d.Name }

// DataPrefix is what the keys of a period's data files begin with, whatever their version.
func (d Definition) DataPrefix(p bursar.Period) string {
	switch {
	case !d.legacy():
		return d.root() + "/data/BILLING_PERIOD=" + p.String() + "/"
	case d.Athena:
		start := p.Start()
		return fmt.Sprintf("%s/%s/year=%d/month=%d/", d.root(), d.Name, start.Year(), int(start.Month()))
	default:
		return d.root() + "/" + p.Start().Format("20060102") + "-" + p.End().Format("20060102") + "/"
	}
}

// ManifestKey is the key of the manifest that says which version of a period counts.
func (d Definition) ManifestKey(p bursar.Period) string {
	if d.legacy() {
		return d.DataPrefix(p) + d.Name + "-Manifest.json"
	}
	return d.root() + "/metadata/BILLING_PERIOD=" + p.String() + "/" + d.Name + "-Manifest.json"
}

// Folder is the key of a data file without its name.
func (d Definition) Folder(p bursar.Period, version string, at time.Time) string {
	base := d.DataPrefix(p)
	switch {
	case d.Versioning == bursar.Overwrite:
		return base
	case d.legacy():
		return base + version + "/"
	default:
		return base + at.UTC().Format("2006-01-02T15:04:05.000Z") + "-" + version + "/"
	}
}

// dataKey returns the key of data file n, counted from 1.
func (d Definition) dataKey(p bursar.Period, version string, at time.Time, n int) string {
	return fmt.Sprintf("%s%s-%05d.%s", d.Folder(p, version, at), d.Name, n, d.extension())
}

// Version names a delivery: a timestamp for legacy reports, an execution's id for Data Exports.
func (d Definition) Version(p bursar.Period, at time.Time) string {
	if d.legacy() {
		return at.UTC().Format("20060102T150405Z")
	}
	return billgen.UUID(strings.Join([]string{d.ARN, d.Name, d.Prefix, p.String(), at.UTC().Format(time.RFC3339Nano)}, "|"))
}
