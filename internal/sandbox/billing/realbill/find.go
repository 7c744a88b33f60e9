package realbill

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/bursarhq/bursar"
)

// Find lists the bills under a folder by name, or the one file that root is. Where the folder holds manifests it is a copy
// of a bucket, and the files that the newest version of each month names are taken. Files that are no bills are left
// out; all bills must be of one kind.
func Find(root string) ([]File, error) {
	files, err := list(root)
	if err != nil {
		return nil, err
	}
	if files, err = counted(root, files); err != nil {
		return nil, err
	}
	var out []File
	var skipped []error
	for _, rel := range files {
		b, err := look(filepath.Join(root, filepath.FromSlash(rel)))
		if err != nil {
			skipped = append(skipped, fmt.Errorf("%s: %w", rel, err))
			continue
		}
		if p, ok := folderMonth(rel); ok {
			b.Period = p
		}
		out = append(out, b)
	}
	if len(out) == 0 {
		return nil, errors.Join(append([]error{errors.New("there is no bill in it")}, skipped...)...)
	}
	for _, b := range out {
		if a := out[0]; b.Format != a.Format || b.Served() != a.Served() {
			return nil, fmt.Errorf("%s is %s in %s files and %s is %s in %s files: an export has one kind",
				filepath.Base(a.Path), a.Format, a.Served(), filepath.Base(b.Path), b.Format, b.Served())
		}
	}
	return out, nil
}

var monthFolders = []struct {
	pattern *regexp.Regexp
	layout  string
}{
	{regexp.MustCompile(`(?:^|/)(?i:billing_period)=(\d{4}-\d{2})/`), "2006-01"},
	{regexp.MustCompile(`(?:^|/)(\d{8})-\d{8}/`), "20060102"},
	{regexp.MustCompile(`(?:^|/)(year=\d{4}/month=\d{1,2})/`), "year=2006/month=1"},
}

// folderMonth reads the month from AWS's layout, where a file lies in it.
func folderMonth(rel string) (bursar.Period, bool) {
	for _, f := range monthFolders {
		if m := f.pattern.FindStringSubmatch(rel); m != nil {
			t, err := time.Parse(f.layout, m[1])
			return bursar.PeriodOf(t), err == nil
		}
	}
	return bursar.Period{}, false
}

// list names the regular files under root, with slashes. A root that is a file is named ".".
func list(root string) ([]string, error) {
	var out []string
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		rel, err := filepath.Rel(root, name)
		out = append(out, filepath.ToSlash(rel))
		return err
	})
	return out, err
}

// counted keeps the files that manifests name, if there are any manifests.
func counted(root string, files []string) ([]string, error) {
	manifests := slices.DeleteFunc(slices.Clone(files), func(name string) bool { return !strings.HasSuffix(name, "-Manifest.json") })
	if len(manifests) == 0 {
		return files, nil
	}
	var out []string
	for _, m := range manifests {
		if slices.ContainsFunc(manifests, func(other string) bool { return above(other, m) }) {
			continue // that of one version: the month's own, above it, says which version counts
		}
		keys, err := named(filepath.Join(root, filepath.FromSlash(m)))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", m, err)
		}
		for _, key := range keys {
			i := slices.IndexFunc(files, func(name string) bool { return sameObject(name, key) })
			if i < 0 {
				return nil, fmt.Errorf("%s names %s, which is not in the folder", m, key)
			}
			out = append(out, files[i])
		}
	}
	return out, nil
}

// above says whether a lies in a folder above b's and has its name.
func above(a, b string) bool {
	dir := path.Dir(a) + "/"
	if dir == "./" {
		dir = ""
	}
	return path.Base(a) == path.Base(b) && path.Dir(a) != path.Dir(b) && strings.HasPrefix(b, dir)
}

// named lists the keys of a manifest of either family.
func named(name string) ([]string, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var m struct {
		ReportKeys []string `json:"reportKeys"`
		DataFiles  []string `json:"dataFiles"`
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return nil, err
	}
	for _, uri := range m.DataFiles { // s3://bucket/key
		_, rest, _ := strings.Cut(strings.TrimPrefix(uri, "s3://"), "/")
		m.ReportKeys = append(m.ReportKeys, rest)
	}
	return m.ReportKeys, nil
}

// sameObject says whether a file is a copy of an object: the folder may begin above or below the bucket's root.
func sameObject(file, key string) bool {
	file, key = "/"+file, path.Clean("/"+key)
	return strings.HasSuffix(key, file) || strings.HasSuffix(file, key)
}
