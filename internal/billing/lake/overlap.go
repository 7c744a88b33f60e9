package lake

import (
	"cmp"
	"context"
	"slices"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/store"
)

// Shadow says that an export brings costs that another one, which ranks before it, brings too: they count once, from that one.
type Shadow struct {
	Export, By string // ids
	Name       string // of the export
	ByName     string // of the one that counts
	Period     bursar.Period
	Accounts   []string
}

// counted is a delivery that counts, at least in part.
type counted struct {
	*contents
	delivery store.Delivery
	without  []Owner // the part of it that does not
}

// counting reads which deliveries count. The caller holds the lock.
func (l *Lake) counting(ctx context.Context, workspaceID string, within func(bursar.Period) bool) (out []counted, shadows []Shadow, err error) {
	var published []store.Delivery
	var exports []bursar.Export
	err = l.store.View(ctx, func(tx *store.Tx) error {
		if published, err = tx.AllPublished(workspaceID); err != nil {
			return err
		}
		exports, err = tx.Exports(workspaceID, "")
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	rank := ranking(exports)
	slices.SortStableFunc(published, func(a, b store.Delivery) int {
		return cmp.Or(cmp.Compare(a.Period.String(), b.Period.String()), rank[a.ExportID].place-rank[b.ExportID].place)
	})
	several := map[bursar.Period]int{}
	for _, d := range published {
		several[d.Period]++
	}
	var claims claims
	for _, d := range published {
		if within != nil && !within(d.Period) {
			continue
		}
		c, err := l.contentsOf(d)
		if err != nil {
			return nil, nil, err
		}
		if several[d.Period] == 1 { // as a rule
			out = append(out, counted{contents: c, delivery: d})
			continue
		}
		if claims.period != d.Period {
			claims = newClaims(d.Period)
		}
		taken, by := claims.take(d.ExportID, c.Owners)
		for other, accounts := range by {
			shadows = append(shadows, Shadow{Export: d.ExportID, Name: rank[d.ExportID].name, By: other, ByName: rank[other].name, Period: d.Period, Accounts: accounts})
		}
		if len(taken) == 0 || len(taken) < len(c.Owners) {
			out = append(out, counted{contents: c, delivery: d, without: taken})
		}
	}
	slices.SortFunc(shadows, func(a, b Shadow) int {
		return cmp.Or(cmp.Compare(a.Export, b.Export), cmp.Compare(a.By, b.By), cmp.Compare(a.Period.String(), b.Period.String()))
	})
	return out, shadows, nil
}

type place struct {
	place int
	name  string
}

// ranking puts the export that was preferred last first; without a preference, the one that was followed first.
func ranking(exports []bursar.Export) map[string]place {
	sorted := slices.Clone(exports)
	slices.SortStableFunc(sorted, func(a, b bursar.Export) int {
		return cmp.Or(b.PreferredAt.Compare(a.PreferredAt), a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID))
	})
	out := map[string]place{}
	for i, e := range sorted {
		out[e.ID] = place{i, e.Name}
	}
	return out
}

// claims are whose costs of one period count from which export.
type claims struct {
	period bursar.Period
	by     map[string][]claim // account
}

type claim struct{ payer, export string }

func newClaims(p bursar.Period) claims { return claims{p, map[string][]claim{}} }

// take claims owners for an export, and answers with those that others have claimed already. The same account under two payers, as when
// it moved in the month, is two owners; where a delivery does not say who pays, it is one.
func (c claims) take(export string, owners []Owner) (taken []Owner, by map[string][]string) {
	by = map[string][]string{}
	for _, o := range owners {
		i := slices.IndexFunc(c.by[o.Account], func(have claim) bool {
			return have.export != export && (have.payer == o.Payer || have.payer == "" || o.Payer == "")
		})
		if i < 0 {
			c.by[o.Account] = append(c.by[o.Account], claim{o.Payer, export})
			continue
		}
		taken = append(taken, o)
		other := c.by[o.Account][i].export
		by[other] = append(by[other], o.Account)
	}
	return taken, by
}

// Overlaps tells, for each export that shares costs with another one, with which, and which of the two counts.
func (l *Lake) Overlaps(ctx context.Context, workspaceID string) (map[string][]bursar.Overlap, error) {
	l.mu.Lock()
	_, shadows, err := l.counting(ctx, workspaceID, nil)
	l.mu.Unlock()
	if err != nil {
		return nil, err
	}
	out := map[string][]bursar.Overlap{}
	for i, s := range shadows {
		if i > 0 && shadows[i-1].Export == s.Export && shadows[i-1].By == s.By {
			continue
		}
		o := bursar.Overlap{ExportID: s.By}
		accounts := map[string]bool{}
		for _, t := range shadows[i:] {
			if t.Export != s.Export || t.By != s.By {
				break
			}
			o.Periods = append(o.Periods, t.Period)
			for _, a := range t.Accounts {
				accounts[a] = true
			}
		}
		o.Accounts = len(accounts)
		out[s.Export] = append(out[s.Export], o)
		o.ExportID, o.Counts = s.Export, true
		out[s.By] = append(out[s.By], o)
	}
	return out, nil
}

// Prefer makes an export's costs count before those of every other one, in one transaction.
func (l *Lake) Prefer(ctx context.Context, workspaceID, exportID string) error {
	return l.store.InTx(ctx, func(tx *store.Tx) error { return tx.PreferExport(workspaceID, exportID) })
}
