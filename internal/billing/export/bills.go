package export

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/bursarhq/bursar"
)

// Bill is a bill that lies in a bucket or a folder, found by looking rather than by an export's definition.
type Bill struct {
	Name     string        // of the report or export; "" for a loose file
	Period   bursar.Period // zero where nothing tells
	Manifest string        // key of the manifest that names the files; "" when there is none
	Files    []bursar.Object
	Missing  []string // files that the manifest names and that are not there
	LeftOut  []string // keys of data files of the same period that do not count: those of older versions, and what the manifest does not name
}

// Bills finds the bills under a prefix. Where a manifest tells what belongs to a period, that is the bill, and older versions beside it
// are left out; where none does, the version that was written last counts; any other file that may hold line items is a bill of
// its own. A manifest that cannot be read is an error.
func Bills(ctx context.Context, b bursar.Bucket, prefix string) ([]Bill, error) {
	h := heap{bucket: b, claimed: map[group]int{}, versions: map[group][]version{}, byFile: map[string][]bursar.Object{}, counts: map[string]bool{}}
	for o, err := range b.List(ctx, prefix) {
		if err != nil {
			return nil, fmt.Errorf("listing %s: %w", prefix, err)
		}
		h.add(o)
	}
	if err := h.readManifests(ctx); err != nil {
		return nil, err
	}
	return h.bills(), nil
}

// group is what a delivery replaces.
type group struct {
	prefix, name string
	period       bursar.Period
}

type version struct {
	name  string
	files []bursar.Object
}

// heap is what a listing gave, by kind.
type heap struct {
	bucket    bursar.Bucket
	manifests []bursar.Object
	data      []bursar.Object // of some export
	loose     []bursar.Object // of none
	found     []Bill
	claimed   map[group]int // the bill in found that a manifest made
	versions  map[group][]version
	byFile    map[string][]bursar.Object // data and loose, by the last part of their keys
	counts    map[string]bool            // keys of the files that some bill in found has
}

func (h *heap) add(o bursar.Object) {
	k, ok := ParseKey(o.Key)
	isData := k.IsData()
	if !ok {
		k.File = o.Key[strings.LastIndexByte(o.Key, '/')+1:]
		isData = k.IsData() || strings.HasSuffix(k.File, ".gz") || strings.HasSuffix(k.File, ".zip")
	}
	switch {
	case k.IsManifest():
		h.manifests = append(h.manifests, o)
		return
	case !isData || strings.Contains(o.Key, "cost_and_usage_data_status/"):
		return
	case ok:
		h.data = append(h.data, o)
	default:
		h.loose = append(h.loose, o)
	}
	h.byFile[k.File] = append(h.byFile[k.File], o)
}

// readManifests reads, for each period, the manifest that AWS rewrites, or the newest of a version's folder where only those are. In a
// part of a bucket, whose keys say nothing, the outermost is the one that AWS rewrites.
func (h *heap) readManifests(ctx context.Context) error {
	slices.SortStableFunc(h.manifests, func(a, b bursar.Object) int {
		ka, oka := ParseKey(a.Key)
		kb, okb := ParseKey(b.Key)
		depth := 0
		if !oka && !okb {
			depth = cmp.Compare(strings.Count(a.Key, "/"), strings.Count(b.Key, "/"))
		}
		return cmp.Or(compareBool(ka.Version != "", kb.Version != ""), depth, b.Modified.Compare(a.Modified))
	})
	for _, o := range h.manifests {
		k, ok := ParseKey(o.Key)
		g := group{k.Prefix, k.Name, k.Period}
		if _, claimed := h.claimed[g]; ok && claimed {
			continue
		}
		m, err := h.manifest(ctx, o)
		if !ok && bursar.CodeOf(err) == bursar.Invalid {
			continue // some other program's Manifest.json
		}
		if err != nil {
			return fmt.Errorf("%s: %w", o.Key, err)
		}
		if !ok {
			g = group{name: m.Name, period: m.Period}
			if _, claimed := h.claimed[g]; claimed {
				continue
			}
		}
		h.claimed[g] = len(h.found)
		h.found = append(h.found, h.named(g, o.Key, m))
	}
	return nil
}

func (h *heap) manifest(ctx context.Context, o bursar.Object) (Manifest, error) {
	_, body, err := h.bucket.Get(ctx, o.Key, "")
	if err != nil {
		return Manifest{}, err
	}
	defer body.Close()
	data, err := io.ReadAll(io.LimitReader(body, MaxManifestBytes+1))
	if err != nil {
		return Manifest{}, err
	}
	return ParseManifest(data, "") // a folder may be a copy of any bucket
}

// named makes the bill of a manifest. Somebody may look at a part of a bucket: a file is the one that is named when its key is the
// end of the name.
func (h *heap) named(g group, manifest string, m Manifest) Bill {
	bill := Bill{Name: g.name, Period: g.period, Manifest: manifest}
	if !m.Period.IsZero() {
		bill.Period = m.Period
	}
	for _, name := range m.Files {
		same := h.byFile[name[strings.LastIndexByte(name, '/')+1:]]
		i := slices.IndexFunc(same, func(o bursar.Object) bool { return endsIn(name, o.Key) })
		if i < 0 {
			bill.Missing = append(bill.Missing, name)
			continue
		}
		bill.Files = append(bill.Files, same[i])
		h.counts[same[i].Key] = true
	}
	h.loose = slices.DeleteFunc(h.loose, func(o bursar.Object) bool { return h.counts[o.Key] })
	return bill
}

// endsIn says whether a key is a name, or its end. A copy on disk has no empty parts, as keys of a slashed prefix have.
func endsIn(name, key string) bool {
	return name == key || strings.HasSuffix("/"+name, "/"+key) || strings.HasSuffix("/"+onDisk(name), "/"+key)
}

func (h *heap) bills() []Bill {
	for _, o := range h.data {
		k, _ := ParseKey(o.Key)
		g := group{k.Prefix, k.Name, k.Period}
		if at, ok := h.claimed[g]; ok {
			if !h.counts[o.Key] {
				h.found[at].LeftOut = append(h.found[at].LeftOut, o.Key)
			}
			continue
		}
		i := slices.IndexFunc(h.versions[g], func(v version) bool { return v.name == k.Version })
		if i < 0 {
			i = len(h.versions[g])
			h.versions[g] = append(h.versions[g], version{name: k.Version})
		}
		h.versions[g][i].files = append(h.versions[g][i].files, o)
	}
	for g, versions := range h.versions {
		last := newest(versions)
		bill := Bill{Name: g.name, Period: g.period, Files: last.files}
		for _, v := range versions {
			for _, o := range v.files {
				if v.name != last.name {
					bill.LeftOut = append(bill.LeftOut, o.Key)
				}
			}
		}
		h.found = append(h.found, bill)
	}
	for _, o := range h.loose {
		h.found = append(h.found, Bill{Files: []bursar.Object{o}})
	}
	slices.SortFunc(h.found, func(a, b Bill) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Period.String(), b.Period.String()), cmp.Compare(firstKey(a), firstKey(b)))
	})
	return h.found
}

func newest(versions []version) version {
	return slices.MaxFunc(versions, func(a, b version) int {
		byTime := func(x, y bursar.Object) int { return x.Modified.Compare(y.Modified) }
		last := slices.MaxFunc(a.files, byTime).Modified
		return cmp.Or(last.Compare(slices.MaxFunc(b.files, byTime).Modified), cmp.Compare(a.name, b.name))
	})
}

func firstKey(b Bill) string {
	if len(b.Files) == 0 {
		return b.Manifest
	}
	return b.Files[0].Key
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}
