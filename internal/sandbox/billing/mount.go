package billing

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/sandbox/billgen/report"
	"github.com/bursarhq/bursar/internal/sandbox/billing/realbill"
)

// Mount serves a folder of real bills as an export that an account has had for long, so that they come in by the
// ordinary import. The folder may be a copy of a bucket, and then its manifests say which files count; or the bills may
// lie in it in any order. What month a file is of is read from the folder that it lies in, if it is AWS's, or else from its
// first line item; each month gets AWS's layout and a manifest. Files that are no bills are left out. Nothing is ever delivered to such an export, and its totals are
// not known. It returns the export's ARN.
//
// in.Files is the folder or one file; in.Account, in.Name and in.Bucket say what it is served as; the kind and the
// file format are those of the files.
func (s *Service) Mount(in Export) (arn string, err error) {
	if _, ok := s.cloud.Account(in.Account); !ok {
		return "", fmt.Errorf("mount: there is no account %q", in.Account)
	}
	bills, err := realbill.Find(in.Files)
	if err != nil {
		return "", fmt.Errorf("mount %s: %w", in.Files, err)
	}
	in.Kind, in.File, in.Athena = string(bills[0].Format), bills[0].Served(), false
	in.Versioning, in.Columns = cmp.Or(in.Versioning, string(bursar.Overwrite)), nil
	x, err := s.register(in)
	if err != nil {
		return "", fmt.Errorf("mount %s: %w", in.Files, err)
	}
	defer func() {
		if err != nil {
			s.remove(x)
		}
	}()
	s.mu.Lock()
	x.silent = true
	s.mu.Unlock()
	months := map[bursar.Period][]realbill.File{}
	for _, b := range bills {
		months[b.Period] = append(months[b.Period], b)
	}
	for _, p := range slices.SortedFunc(maps.Keys(months), func(a, b bursar.Period) int { return a.Start().Compare(b.Start()) }) {
		if err := s.mountMonth(x, p, months[p]); err != nil {
			return "", fmt.Errorf("mount %s: %w", in.Files, err)
		}
	}
	return x.arn, nil
}

// mountMonth lays one month out as AWS does.
func (s *Service) mountMonth(x *export, p bursar.Period, bills []realbill.File) error {
	now := s.cloud.Clock.Now()
	d := Delivery{ExportARN: x.arn, Name: x.name, Delivery: report.Delivery{
		Period: p, At: now, Version: x.def.Version(p, now), ManifestKey: x.def.ManifestKey(p),
	}}
	folder := x.def.Folder(p, d.Version, now)
	for i, b := range bills {
		key := fmt.Sprintf("%s%s-%05d%s", folder, x.name, i+1, b.Extension())
		if err := s.buckets.MountFile(x.def.Bucket, key, b.Path); err != nil {
			return err
		}
		d.DataKeys = append(d.DataKeys, key)
	}
	body := report.LegacyManifest(x.def, p, d.Version, bills[0].Columns, d.DataKeys)
	if x.service != curService {
		var err error
		if body, err = report.ExportManifest(x.def, d.Version, d.DataKeys); err != nil {
			return err
		}
	}
	keys := []string{d.ManifestKey}
	if own := folder + path.Base(d.ManifestKey); x.service == curService && own != d.ManifestKey {
		keys = []string{own, d.ManifestKey}
	}
	for _, key := range keys {
		if err := s.put(x.def.Bucket, key, body); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	x.deliveries = append(x.deliveries, d)
	x.executions = append(x.executions, execution{id: d.Version, at: now})
	return nil
}

func (s *Service) put(bucket, key string, body []byte) error {
	w, err := s.buckets.Create(bucket, key)
	if err != nil {
		return err
	}
	_, err = w.Write(body)
	return errors.Join(err, w.Close())
}
