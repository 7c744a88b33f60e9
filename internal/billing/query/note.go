package query

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/bursarhq/bursar/internal/billing/lake"
)

// notes say what a reader of the answer's amounts should know.
func (q Question) notes(snap *lake.Snapshot) []Note {
	out := []Note{}
	if n, ok := q.netNote(snap); ok {
		out = append(out, n)
	}
	return append(out, shadowNotes(snap.Shadows)...)
}

// shadowNotes say that two exports bring the same costs, and which of them counts.
func shadowNotes(shadows []lake.Shadow) (out []Note) {
	periods, accounts := map[string]map[string]bool{}, map[string]map[string]bool{}
	var order []lake.Shadow
	for _, s := range shadows {
		key := s.Export + s.By
		if periods[key] == nil {
			periods[key], accounts[key] = map[string]bool{}, map[string]bool{}
			order = append(order, s)
		}
		periods[key][s.Period.String()] = true
		for _, a := range s.Accounts {
			accounts[key][a] = true
		}
	}
	for _, s := range order {
		key := s.Export + s.By
		out = append(out, Note{"overlapping_exports", fmt.Sprintf("the exports %s (%s) and %s (%s) both bring costs of %d accounts for %s: those of %s count",
			s.ByName, s.By, s.Name, s.Export, len(accounts[key]), listed(periods[key]), s.ByName)})
	}
	return out
}

// netNote says so when a net metric counts what is not net, because AWS delivers no net columns.
func (q Question) netNote(snap *lake.Snapshot) (Note, bool) {
	if !strings.HasPrefix(q.Metric.Name, "net_") {
		return Note{}, false
	}
	lacking := map[string]bool{}
	for _, f := range snap.LineItems {
		if has := hasColumn(f); !isFOCUS(has) && !has("line_item_net_unblended_cost") {
			lacking[f.Period.String()] = true
		}
	}
	if len(lacking) == 0 {
		return Note{}, false
	}
	plain := strings.TrimPrefix(q.Metric.Name, "net_")
	return Note{"net_not_delivered", fmt.Sprintf("AWS delivered no net columns for %s: %s is %s there", listed(lacking), q.Metric.Name, plain)}, true
}

// state names the question and the deliveries that answer it.
func (q Question) state(snap *lake.Snapshot) string {
	h := sha256.New()
	fmt.Fprintf(h, "%q %s %s %s %s %v %d", snap.Version, q.Granularity, q.From, q.To, q.Metric.Name, q.Compare, q.Top)
	for _, d := range q.GroupBy {
		fmt.Fprintf(h, " %q", d.Name)
	}
	for _, f := range q.Filters {
		fmt.Fprintf(h, " %q %s %q", f.Dimension.Name, f.Operator, f.Value)
	}
	return hex.EncodeToString(h.Sum(nil)[:12])
}

func listed(set map[string]bool) string { return strings.Join(slices.Sorted(maps.Keys(set)), ", ") }
