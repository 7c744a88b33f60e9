package lake

import (
	"context"
	"path/filepath"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/store"
)

// NamedFile is a file that the catalog names.
type NamedFile struct {
	Path  string // below the lake's folder
	Bytes int64
}

// Named lists every file that the catalog in a state store names, of every workspace: those of deliveries that count, and of those that
// are kept. It looks at no folder.
func Named(ctx context.Context, s *store.Store) (out []NamedFile, err error) {
	var all []store.Delivery
	err = s.View(ctx, func(tx *store.Tx) (err error) { all, err = tx.EveryDelivery(); return err })
	if err != nil {
		return nil, err
	}
	l := &Lake{known: map[string]*contents{}}
	for _, d := range all {
		if d.State == bursar.DeliveryRejected || !d.CollectedAt.IsZero() {
			continue
		}
		c, err := l.contentsOf(d)
		if err != nil {
			return nil, err
		}
		for _, p := range c.all() {
			out = append(out, NamedFile{filepath.Join(l.home(d.Delivery), p.File), p.Bytes})
		}
	}
	return out, nil
}

// all lists every file of a delivery.
func (c *contents) all() []part {
	out := append([]part{}, c.Parts...)
	for _, p := range []*part{c.Rollup, c.Summary} {
		if p != nil {
			out = append(out, *p)
		}
	}
	return out
}
