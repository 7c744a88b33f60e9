package query

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/bursarhq/bursar/internal/billing/lake"
	"github.com/bursarhq/bursar/internal/billing/schema"
)

// Keys are the tags and cost categories that line items have, by the names that questions give them.
type Keys struct {
	Tags       []string
	Categories []string
}

// KnownKeys remembers the keys of files, which never change. The zero value remembers none yet; it is safe for concurrent use.
type KnownKeys struct {
	mu     sync.Mutex
	byFile map[string]Keys
}

// mostKnown bounds what is remembered. Files of superseded deliveries go with the rest when it is full.
const mostKnown = 10_000

// Keys returns the keys of the line items of a question's time, sorted.
func (q Questions) Keys(ctx context.Context, workspaceID string, question Question) (out Keys, err error) {
	snap, err := q.snapshot(ctx, workspaceID, question)
	if err != nil {
		return out, err
	}
	defer snap.Release()
	for _, f := range snap.LineItems {
		for _, path := range f.Paths {
			one := f
			one.Paths, one.Without = []string{path}, nil
			k, err := q.keysOf(ctx, one)
			if err != nil {
				return out, err
			}
			out.Tags, out.Categories = append(out.Tags, k.Tags...), append(out.Categories, k.Categories...)
		}
	}
	out.Tags, out.Categories = distinct(out.Tags), distinct(out.Categories)
	return out, nil
}

func distinct(s []string) []string {
	slices.Sort(s)
	return slices.Compact(s)
}

// keysOf reads the keys of one file, once.
func (q Questions) keysOf(ctx context.Context, f lake.Files) (k Keys, err error) {
	if k, ok := q.Known.get(f.Paths[0]); ok {
		return k, nil
	}
	if k.Tags, err = q.keysIn(ctx, f, tagMaps); err != nil {
		return k, err
	}
	if k.Categories, err = q.keysIn(ctx, f, categoryMaps); err != nil {
		return k, err
	}
	for i, t := range k.Tags {
		k.Tags[i] = plainKey(t)
	}
	k.Tags = distinct(k.Tags)
	q.Known.put(f.Paths[0], k)
	return k, nil
}

func (q Questions) keysIn(ctx context.Context, f lake.Files, maps []string) (keys []string, err error) {
	has := hasColumn(f)
	for _, m := range maps {
		if !has(m) {
			continue
		}
		statement := fmt.Sprintf("SELECT DISTINCT unnest(json_keys(m)) AS k FROM (SELECT DISTINCT %s AS m FROM %s) WHERE m IS NOT NULL ORDER BY k", col(m), relation(f))
		if err := q.Engine.Query(ctx, statement, func(v Values) error { keys = append(keys, v.Text(0)); return nil }); err != nil {
			return nil, err
		}
	}
	return distinct(keys), nil
}

// plainKey is a tag's key as people write it: see [tag], which finds it again.
func plainKey(key string) string {
	key = strings.TrimPrefix(key, "resourceTags/")
	for _, prefix := range []string{"user:", "user_"} {
		if plain, ok := strings.CutPrefix(key, prefix); ok && plain != "" {
			return plain
		}
	}
	return key
}

func (k *KnownKeys) get(path string) (Keys, bool) {
	if k == nil {
		return Keys{}, false
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	keys, ok := k.byFile[path]
	return keys, ok
}

func (k *KnownKeys) put(path string, keys Keys) {
	if k == nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.byFile == nil || len(k.byFile) >= mostKnown {
		k.byFile = map[string]Keys{}
	}
	k.byFile[path] = keys
}

// ValuesOf returns what a dimension has for values in a question's time, sorted, at most so many; contains limits them, upper and lower case
// being the same. more says that there are others. Values of dimensions that rollups have come from these.
func (q Questions) ValuesOf(ctx context.Context, workspaceID string, question Question, d Dimension, contains string, limit int) (found []string, more bool, err error) {
	snap, err := q.snapshot(ctx, workspaceID, question)
	if err != nil {
		return nil, false, err
	}
	defer snap.Release()
	question.GroupBy, question.Granularity, question.LineItems = []Dimension{d}, Total, false
	for _, r := range question.readings(snap) {
		statement := fmt.Sprintf("SELECT DISTINCT %s AS v FROM %s WHERE v <> ''", r.valueOf(d), distinctSource(d, question, r))
		if contains != "" {
			statement += " AND " + Contains.sql("v", []string{contains})
		}
		statement += fmt.Sprintf(" ORDER BY v LIMIT %d", limit+1)
		if err := q.Engine.Query(ctx, statement, func(v Values) error { found = append(found, v.Text(0)); return nil }); err != nil {
			return nil, false, err
		}
	}
	found = distinct(found)
	return found[:min(limit, len(found))], len(found) > limit, nil
}

// distinctSource is what a dimension's values are read from. Those that are made of columns of line items are made of their different
// values alone: the keys of a map are sought in as many maps as there are, and not in as many line items.
func distinctSource(d Dimension, q Question, r reading) string {
	where := " WHERE " + strings.Join(q.limits(r), " AND ")
	if d.level >= ofRollup {
		return "(SELECT * FROM " + r.from + where + ")"
	}
	var columns []string
	d.SQL(func(normal string) bool {
		if c := schema.Lake(normal); r.has(normal) && !slices.Contains(columns, c) {
			columns = append(columns, c)
		}
		return r.has(normal)
	})
	if len(columns) == 0 {
		return "(SELECT 1 WHERE false)"
	}
	for i, c := range columns {
		columns[i] = quote(c)
	}
	return "(SELECT DISTINCT " + strings.Join(columns, ", ") + " FROM " + r.from + where + ")"
}
