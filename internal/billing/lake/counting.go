package lake

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sync"

	"github.com/bursarhq/bursar"
)

// Counting is a delivery that counts, or the part of it that does.
type Counting struct {
	Delivery bursar.Delivery
	Items    []Files // its line items
	Rollup   []Files // its daily sums; none where it has no line items
	// Version changes whenever what counts of the delivery's export and period changes.
	Version string
	Whole   bool // all of the delivery counts, so that its totals do
}

// Counting tells, by export and period, what counts now: one consistent state. Its files stay until release is called.
func (l *Lake) Counting(ctx context.Context, workspaceID string) (out []Counting, release func(), err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	counts, _, err := l.counting(ctx, workspaceID, nil)
	if err != nil {
		return nil, nil, err
	}
	var held []string
	for _, c := range counts {
		d := c.delivery.Delivery
		items, rollup := gathering{}, gathering{}
		items.add(d.Period, l.home(d), c.without, c.Schemas, c.Parts...)
		if c.Rollup != nil {
			rollup.add(d.Period, l.home(d), c.without, c.Schemas, *c.Rollup)
		}
		version := d.ID
		if len(c.without) > 0 {
			version = fmt.Sprintf("%s-%s", d.ID, digest(c.without))
		}
		out = append(out, Counting{Delivery: d, Items: items.files(), Rollup: rollup.files(), Version: version, Whole: len(c.without) == 0})
		held = append(held, d.ID)
		l.leases[d.ID]++
	}
	return out, sync.OnceFunc(func() { l.letGo(held) }), nil
}

// digest is a short name for owners whose costs are left out.
func digest(owners []Owner) string {
	sum := sha256.Sum256(fmt.Append(nil, owners))
	return hex.EncodeToString(sum[:6])
}
