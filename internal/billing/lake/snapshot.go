package lake

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"sync"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/store"
)

// Files are Parquet files of one schema: the same columns, of the same types. Files of different schemas are never read as one
// relation: an engine that has to find a common type of two decimals may give up digits.
type Files struct {
	Period   bursar.Period     // of line items: the billing period that they are published in
	Paths    []string          // absolute
	Columns  []string          // names, sorted
	Decimals map[string]Digits // of the columns that are decimals
	Without  []Owner           // whose costs are left out, because another export's count
}

// Digits are a decimal column's type: how many digits it has, and how many of them after the point.
type Digits struct {
	Precision int `json:"precision"`
	Scale     int `json:"scale"`
}

// Snapshot is one state of a workspace's part of the lake. Its files stay where they are until Release.
type Snapshot struct {
	LineItems []Files
	Rollups   []Files // daily sums
	Summaries []Files // daily sums by less
	Version   string  // changes whenever the deliveries that count change
	Shadows   []Shadow

	release func()
}

// Release lets go of the snapshot's files. A snapshot that no lake gave holds nothing.
func (s *Snapshot) Release() {
	if s.release != nil {
		s.release()
	}
}

// Snapshot reads the catalog once. within limits it to deliveries of periods that a reader wants; nil means all.
func (l *Lake) Snapshot(ctx context.Context, workspaceID string, within func(bursar.Period) bool) (*Snapshot, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	counts, shadows, err := l.counting(ctx, workspaceID, within)
	if err != nil {
		return nil, err
	}
	s := &Snapshot{Shadows: shadows}
	items, rollups, summaries := gathering{}, gathering{}, gathering{}
	var held []string
	for _, c := range counts {
		home := l.home(c.delivery.Delivery)
		items.add(c.delivery.Period, home, c.without, c.Schemas, c.Parts...)
		if c.Rollup != nil {
			rollups.add(bursar.Period{}, home, c.without, c.Schemas, *c.Rollup)
			summary := c.Summary
			if len(c.without) > 0 {
				summary = c.Rollup // summaries do not tell accounts apart
			}
			summaries.add(bursar.Period{}, home, c.without, c.Schemas, *summary)
		}
		held = append(held, c.delivery.ID)
		s.Version += fmt.Sprint(c.delivery.ID, c.without)
	}
	s.LineItems, s.Rollups, s.Summaries = items.files(), rollups.files(), summaries.files()
	for _, id := range held {
		l.leases[id]++
	}
	s.release = sync.OnceFunc(func() { l.letGo(held) })
	return s, nil
}

// contentsOf reads what the catalog keeps for the lake. What a delivery holds never changes, so it is read once.
func (l *Lake) contentsOf(d store.Delivery) (*contents, error) {
	if c := l.known[d.ID]; c != nil {
		return c, nil
	}
	c := &contents{}
	if err := json.Unmarshal(d.Contents, c); err != nil {
		return nil, fmt.Errorf("the catalog's entry of delivery %s: %w", d.ID, err)
	}
	l.known[d.ID] = c
	return c, nil
}

// gathering collects files by their period, their schema, and what is left out of them.
type gathering map[string]Files

func (g gathering) add(p bursar.Period, home string, without []Owner, schemas map[string]shape, parts ...part) {
	for _, part := range parts {
		key, s := fmt.Sprint(p, part.Schema, without), schemas[part.Schema]
		f, ok := g[key]
		if !ok {
			f = Files{Period: p, Columns: s.Columns, Decimals: s.Decimals, Without: without}
		}
		f.Paths = append(f.Paths, filepath.Join(home, part.File))
		g[key] = f
	}
}

func (g gathering) files() []Files {
	var out []Files
	for _, key := range slices.Sorted(maps.Keys(g)) {
		out = append(out, g[key])
	}
	return out
}

func (l *Lake) letGo(deliveries []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, id := range deliveries {
		if l.leases[id]--; l.leases[id] == 0 {
			delete(l.leases, id)
		}
	}
}
