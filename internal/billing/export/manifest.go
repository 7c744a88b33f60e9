package export

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/bursarhq/bursar"
)

// The bounds of a manifest that is read. AWS's own hold a few hundred columns and files.
const (
	MaxManifestBytes = 16 << 20
	maxFiles         = 100_000
	maxColumns       = 20_000
)

// Manifest is what AWS says about one delivery.
type Manifest struct {
	Version string        // assemblyId or executionId; may be empty
	Period  bursar.Period // zero where the manifest does not tell: then the key does
	Files   []string      // the keys of the data files, in order
	Columns []ManifestColumn
	Name    string // of the report; "" in Data Exports
	ARN     string // of the export; "" in legacy
}

// ManifestColumn is a hint: a file's own header decides.
type ManifestColumn struct {
	Name string // as in the file: "lineItem/UsageAmount", "line_item_usage_amount"
	Type string // AWS's word for it; often empty
}

// both families' fields; unknown ones are ignored.
type rawManifest struct {
	AssemblyID    string `json:"assemblyId"`
	ReportName    string `json:"reportName"`
	BillingPeriod *struct {
		Start string `json:"start"`
	} `json:"billingPeriod"`
	Bucket     string   `json:"bucket"`
	ReportKeys []string `json:"reportKeys"`

	ExecutionID string   `json:"executionId"`
	ExportARN   string   `json:"exportArn"`
	DataFiles   []string `json:"dataFiles"`

	Columns []struct{ Category, Name, Type string } `json:"columns"`
}

// ParseManifest reads a manifest of either family by its shape. The bucket is the one that it lies in: a file that it names
// elsewhere is refused, for nobody else decides what bursar reads. Refusals have the code invalid.
func ParseManifest(data []byte, bucket string) (Manifest, error) {
	if len(data) > MaxManifestBytes {
		return Manifest{}, refuse("it has %d bytes, more than %d", len(data), MaxManifestBytes)
	}
	var raw rawManifest
	if err := json.Unmarshal(data, &raw); err != nil {
		return Manifest{}, refuse("it is not the JSON of a manifest: %w", err)
	}
	m := Manifest{Version: raw.AssemblyID, Name: raw.ReportName, ARN: raw.ExportARN}
	if m.Version == "" {
		m.Version = raw.ExecutionID
	}
	if raw.BillingPeriod != nil {
		begin, err := parseManifestTime(raw.BillingPeriod.Start)
		if err != nil {
			return Manifest{}, refuse("its billing period begins at %q, which is no time", raw.BillingPeriod.Start)
		}
		m.Period = bursar.PeriodOf(begin)
	}
	if len(raw.Columns) > maxColumns {
		return Manifest{}, refuse("it names %d columns, more than %d", len(raw.Columns), maxColumns)
	}
	for _, c := range raw.Columns {
		name := c.Name
		if c.Category != "" {
			name = c.Category + "/" + c.Name
		}
		m.Columns = append(m.Columns, ManifestColumn{name, c.Type})
	}
	files, err := manifestFiles(raw, bucket)
	m.Files = files
	return m, err
}

func manifestFiles(raw rawManifest, bucket string) ([]string, error) {
	listed := slices.Concat(raw.ReportKeys, raw.DataFiles)
	if raw.ReportKeys == nil && raw.DataFiles == nil {
		return nil, refuse("it names no list of files (reportKeys or dataFiles)")
	}
	if len(listed) > maxFiles {
		return nil, refuse("it names %d files, more than %d", len(listed), maxFiles)
	}
	if bucket != "" && raw.Bucket != "" && raw.Bucket != bucket {
		return nil, refuse("it names the bucket %q and lies in %q", raw.Bucket, bucket)
	}
	seen := make(map[string]bool, len(listed))
	keys := make([]string, 0, len(listed))
	for _, f := range listed {
		key, err := fileKey(f, bucket)
		if err != nil {
			return nil, err
		}
		if seen[key] {
			return nil, refuse("it names the file %q twice", key)
		}
		seen[key] = true
		keys = append(keys, key)
	}
	return keys, nil
}

// fileKey turns an entry into a key: legacy manifests name keys, those of Data Exports s3:// addresses.
func fileKey(entry, bucket string) (string, error) {
	rest, isURI := strings.CutPrefix(entry, "s3://")
	if !isURI {
		if entry == "" || strings.Contains(entry, "://") {
			return "", refuse("it names the file %q, which is no key", entry)
		}
		return entry, nil
	}
	host, key, ok := strings.Cut(rest, "/")
	if !ok || host == "" || key == "" {
		return "", refuse("it names the file %q, which is no object", entry)
	}
	if bucket != "" && host != bucket {
		return "", refuse("it names the file %q outside its own bucket %q", entry, bucket)
	}
	if strings.Contains(key, "%") { // some writers escape the ":" of an execution's folder
		if plain, err := url.PathUnescape(key); err == nil {
			key = plain
		}
	}
	return key, nil
}

// outside returns a file that does not lie in the folder of the manifest's export. Several exports, and several customers, may share a
// bucket: no manifest gets at what is another's.
func (m Manifest) outside(manifestKey string) (file string, found bool) {
	k, ok := ParseKey(manifestKey)
	if !ok || k.Name == "" {
		return "", false
	}
	home := strings.TrimLeft(k.Prefix+"/"+k.Name+"/", "/")
	for _, f := range m.Files {
		if !strings.HasPrefix(strings.TrimLeft(f, "/"), home) || strings.Contains(f, "/../") {
			return f, true
		}
	}
	return "", false
}

// parseManifestTime reads 20180101T000000.000Z, and what newer writers put there.
func parseManifestTime(s string) (time.Time, error) {
	t, err := time.Parse("20060102T150405.000Z", s)
	if err != nil {
		t, err = time.Parse(time.RFC3339, s)
	}
	return t, err
}

func refuse(format string, args ...any) error {
	return bursar.Errorf(bursar.Invalid, "the manifest cannot be used: "+format, args...).WithReason("manifest_invalid")
}
