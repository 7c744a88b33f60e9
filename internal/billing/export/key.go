// Package export finds what billing exports deliver: it reads object keys and manifests, and says for each billing
// period whether there is something new. The manifest is the only truth about a delivery: its files, its columns, its
// version. Listings serve to find manifests, and for nothing else.
//
// Layouts follow AWS's own documents: the Cost and Usage Report guide ("Accessing Cost and Usage Reports in Amazon
// S3", "Setting up Athena") and the Data Exports guide ("Export delivery").
package export

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/bursarhq/bursar"
)

// Layout is how a family of exports lays out its objects.
type Layout string

// The layouts.
const (
	LayoutLegacy      Layout = "legacy"        // prefix/report/20260301-20260401/[assembly/]file
	LayoutAthena      Layout = "legacy-athena" // prefix/report/report/year=2026/month=3/file
	LayoutDataExports Layout = "data-exports"  // prefix/export/data/BILLING_PERIOD=2026-03/[execution/]file, and metadata/
)

// Key is an object's key, read. Keys are bytes: an empty prefix makes some begin with "/", a prefix that ends in "/"
// makes some hold "//", and nothing here is cleaned.
type Key struct {
	Layout  Layout
	Prefix  string // as it was configured: may be empty, may end in "/"
	Name    string // the report's or export's
	Period  bursar.Period
	Version string // the assembly's or execution's folder; "" in overwrite mode
	File    string // the last part
}

// IsManifest says whether the object is a manifest.
func (k Key) IsManifest() bool { return strings.HasSuffix(k.File, "-Manifest.json") }

// IsData says whether the object looks like a file of line items.
func (k Key) IsData() bool {
	for _, end := range []string{".csv.gz", ".csv.zip", ".csv", ".parquet"} {
		if strings.HasSuffix(k.File, end) {
			return true
		}
	}
	return false
}

var dateRange = regexp.MustCompile(`^([0-9]{8})-[0-9]{8}$`)

// ParseKey reads a key; ok is false when it belongs to no billing export, as AWS's own test object does, and the
// status folder of Athena.
func ParseKey(key string) (k Key, ok bool) {
	parts := strings.Split(key, "/")
	last := len(parts) - 1
	if parts[last] == "" {
		return k, false
	}
	for _, read := range []func([]string) (Key, bool){parseDataExports, parseAthena, parseLegacy} {
		if k, ok := read(parts); ok {
			k.File = parts[last]
			return k, true
		}
	}
	return k, false
}

func parseDataExports(parts []string) (k Key, ok bool) {
	for i := len(parts) - 2; i >= 2; i-- {
		period, found := cutFold(parts[i], "BILLING_PERIOD=")
		if !found || parts[i-1] != "data" && parts[i-1] != "metadata" {
			continue
		}
		p, err := bursar.ParsePeriod(period)
		if err != nil {
			return k, false
		}
		k = Key{Layout: LayoutDataExports, Name: parts[i-2], Prefix: join(parts[:i-2]), Period: p}
		return k, k.setVersion(parts[i+1 : len(parts)-1])
	}
	return k, false
}

func parseAthena(parts []string) (k Key, ok bool) {
	n := len(parts)
	if n < 4 {
		return k, false
	}
	year, isYear := strings.CutPrefix(parts[n-3], "year=")
	month, isMonth := strings.CutPrefix(parts[n-2], "month=")
	y, err1 := strconv.Atoi(year)
	m, err2 := strconv.Atoi(month)
	if !isYear || !isMonth || err1 != nil || err2 != nil || y < 1000 || y > 9999 || m < 1 || m > 12 {
		return k, false
	}
	k = Key{Layout: LayoutAthena, Name: parts[n-4], Prefix: join(parts[:n-4]), Period: bursar.NewPeriod(y, m)}
	if n >= 5 && parts[n-5] == k.Name { // the report's name stands there twice
		k.Prefix = join(parts[:n-5])
	}
	return k, true
}

func parseLegacy(parts []string) (k Key, ok bool) {
	for i := len(parts) - 2; i >= 0; i-- {
		m := dateRange.FindStringSubmatch(parts[i])
		if m == nil {
			continue
		}
		begin, err := time.Parse("20060102", m[1])
		if err != nil {
			continue
		}
		k = Key{Layout: LayoutLegacy, Period: bursar.PeriodOf(begin)}
		if i > 0 {
			k.Name, k.Prefix = parts[i-1], join(parts[:i-1])
		}
		return k, k.setVersion(parts[i+1 : len(parts)-1])
	}
	return k, false
}

func (k *Key) setVersion(folders []string) bool {
	if len(folders) == 1 {
		k.Version = folders[0]
	}
	return len(folders) <= 1
}

// join puts the parts of a prefix together again. An empty prefix makes the key begin with "/", which is one empty part.
func join(parts []string) string { return strings.Join(parts, "/") }

func cutFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}

// ForPeriod returns the key of the same object in another period: what a manifest that is known for one month is
// called in the next. ok is false when the key holds no period that can be exchanged.
func ForPeriod(key string, p bursar.Period) (string, bool) {
	k, ok := ParseKey(key)
	if !ok {
		return "", false
	}
	parts := strings.Split(key, "/")
	for i := range parts[:len(parts)-1] {
		switch {
		case k.Layout == LayoutLegacy && dateRange.MatchString(parts[i]):
			parts[i] = p.Start().Format("20060102") + "-" + p.End().Format("20060102")
		case k.Layout == LayoutAthena && strings.HasPrefix(parts[i], "year="):
			parts[i] = "year=" + strconv.Itoa(p.Start().Year())
		case k.Layout == LayoutAthena && strings.HasPrefix(parts[i], "month="):
			parts[i] = "month=" + monthLike(parts[i], int(p.Start().Month()))
		case k.Layout == LayoutDataExports:
			if old, is := cutFold(parts[i], "BILLING_PERIOD="); is {
				parts[i] = parts[i][:len(parts[i])-len(old)] + p.String()
			}
		}
	}
	next := strings.Join(parts, "/")
	again, ok := ParseKey(next)
	return next, ok && again.Period == p
}

// monthLike writes a month with a leading zero where the known key has one.
func monthLike(known string, month int) string {
	if strings.HasPrefix(known, "month=0") && month < 10 {
		return "0" + strconv.Itoa(month)
	}
	return strconv.Itoa(month)
}

// Folders returns the prefixes under which an export may lie, for listings. With an empty prefix, legacy reports begin with "/"
// and Data Exports do not.
func Folders(e bursar.Export) []string {
	folder := e.Name + "/"
	if e.Prefix == "" {
		return []string{folder, "/" + folder}
	}
	return []string{e.Prefix + "/" + folder}
}

// BelongsTo says whether an object is of the export: prefixes may nest, and names may begin alike.
func (k Key) BelongsTo(e bursar.Export) bool {
	return k.Name == e.Name && strings.Trim(k.Prefix, "/") == strings.Trim(e.Prefix, "/")
}
