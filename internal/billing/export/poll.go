package export

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/bursarhq/bursar"
)

// Known is what an earlier look learned of a period's manifest.
type Known struct {
	Period    bursar.Period
	Key       string
	ETag      string    // of the version that was dealt with; "" when none was
	CheckedAt time.Time // when it was last asked for
}

// Candidate is a delivery that is new: its manifest changed since it was known.
type Candidate struct {
	Export   bursar.Export
	Period   bursar.Period
	Key      string // of the manifest
	Object   bursar.Object
	Manifest Manifest
}

// Look is what a look at one period's manifest told.
type Look struct {
	Known                // to be remembered. When there is something new it is still the former one: who imports that sets it
	New       *Candidate // set when there is something to import
	Err       error      // why the manifest cannot be used; the period's delivery is not published
	Requested bool       // whether S3 was asked
}

// How long AWS changes a month after its end: two weeks as a rule, then now and then for refunds and credits. A period counts as
// open until AWS has written its last day, which it does within a day or two.
const (
	openAfterEnd   = 2 * 24 * time.Hour
	dailyAfterEnd  = 15 * 24 * time.Hour
	weeklyAfterEnd = 92 * 24 * time.Hour
	daily          = 24 * time.Hour
	weekly         = 7 * daily
)

// Due says whether a period is to be looked at: an open one at every poll, a closed one daily for two weeks and then weekly up to three
// months after its end. One that was never looked at is due whatever its age, so that history comes in.
func Due(p bursar.Period, lastLook, now time.Time) bool {
	since, rested := now.Sub(p.End()), now.Sub(lastLook)
	switch {
	case since < openAfterEnd, lastLook.IsZero():
		return true
	case since < dailyAfterEnd:
		return rested >= daily
	case since < weeklyAfterEnd:
		return rested >= weekly
	}
	return false
}

// Poll looks at an export. It asks for one manifest of each period that is due, with one conditional request; it lists only when nothing
// is known of the export yet, once when a month begins (so that months which AWS wrote anew for the past are found), and when the
// newest month stays away. What it learned is in the looks, by period. To have every
// period looked at, clear what is known of when each was.
func Poll(ctx context.Context, b bursar.Bucket, e bursar.Export, known []Known, now time.Time) ([]Look, error) {
	if len(known) == 0 || strayed(known, now) {
		found, err := Discover(ctx, b, e)
		if err != nil {
			return nil, err
		}
		known = merge(known, found)
	}
	var looks []Look
	for _, k := range withNewPeriods(known, now) {
		if !Due(k.Period, k.CheckedAt, now) && !awaited(k, now) {
			looks = append(looks, Look{Known: k})
			continue
		}
		l, err := look(ctx, b, e, k)
		if err != nil {
			return nil, fmt.Errorf("asking for the manifest of %s: %w", k.Period, err)
		}
		if l.New == nil {
			l.CheckedAt = now
		}
		looks = append(looks, l)
	}
	return unrested(looks), nil
}

// awaited says whether a month that has no manifest is to be looked at, though it would rest: it is asked for daily, as long as AWS may
// write it.
func awaited(k Known, now time.Time) bool {
	return k.ETag == "" && now.Sub(k.Period.End()) < weeklyAfterEnd && now.Sub(k.CheckedAt) >= daily
}

// unrested lets no month rest that has no manifest, while others come in: AWS may be about to write it.
func unrested(looks []Look) []Look {
	if !slices.ContainsFunc(looks, func(l Look) bool { return l.New != nil }) {
		return looks
	}
	for i := range looks {
		if l := &looks[i]; l.New == nil && l.ETag == "" {
			l.CheckedAt = time.Time{}
		}
	}
	return looks
}

// strayed says whether to list again: when the month is new; and when it is two days old and has no manifest where those before it had
// theirs, for the export may have been given another layout. That costs one listing a day until it is found.
func strayed(known []Known, now time.Time) bool {
	month := bursar.PeriodOf(now)
	for _, k := range known {
		if k.Period == month {
			return now.Sub(month.Start()) >= openAfterEnd && k.ETag == "" && !k.CheckedAt.IsZero() && k.CheckedAt.Truncate(daily) != now.Truncate(daily)
		}
	}
	return true
}

// merge takes over the keys that a listing found, and keeps what is known of those that it did not change.
func merge(known, found []Known) []Known {
	by := map[bursar.Period]Known{}
	for _, k := range known {
		by[k.Period] = k
	}
	for _, f := range found {
		if by[f.Period].Key != f.Key {
			by[f.Period] = f
		}
	}
	return slices.SortedFunc(maps.Values(by), byPeriod)
}

func byPeriod(a, b Known) int { return strings.Compare(a.Period.String(), b.Period.String()) }

// withNewPeriods adds the periods that nothing is known of and that AWS may still begin to write: their manifests have the same
// name in another month's folder. Older ones are found by listing.
func withNewPeriods(known []Known, now time.Time) []Known {
	if len(known) == 0 {
		return nil
	}
	by := map[bursar.Period]Known{}
	for _, k := range known {
		by[k.Period] = k
	}
	sorted := slices.SortedFunc(maps.Values(by), byPeriod)
	first, pattern := sorted[0].Period, sorted[len(sorted)-1].Key
	for p, n := first, 0; !bursar.PeriodOf(now).Before(p) && n < 600; p, n = p.Add(1), n+1 {
		if _, have := by[p]; have || now.Sub(p.End()) >= weeklyAfterEnd {
			continue
		}
		if key, ok := ForPeriod(pattern, p); ok {
			sorted = append(sorted, Known{Period: p, Key: key})
		}
	}
	slices.SortFunc(sorted, byPeriod)
	return sorted
}

func look(ctx context.Context, b bursar.Bucket, e bursar.Export, k Known) (Look, error) {
	l := Look{Known: k, Requested: true}
	obj, body, err := b.Get(ctx, k.Key, k.ETag)
	if errors.Is(err, bursar.ErrNotModified) || errors.Is(err, bursar.ErrNoObject) {
		return l, nil
	}
	if err != nil {
		return l, err
	}
	defer body.Close()
	data, err := io.ReadAll(io.LimitReader(body, MaxManifestBytes+1))
	if err != nil {
		return l, err
	}
	m, err := ParseManifest(data, e.Bucket)
	stray, isStray := m.outside(k.Key)
	switch {
	case err != nil:
	case isStray:
		err = refuse("it names the file %q outside the folder of its own export", stray)
	case !m.Period.IsZero() && m.Period != k.Period:
		err = refuse("it is about %s and lies in the folder of %s", m.Period, k.Period)
	case len(m.Files) == 0:
		err = refuse("its list of files is empty")
	}
	if err != nil {
		l.ETag, l.Err = obj.ETag, err // told once, until AWS writes another
		return l, nil
	}
	m.Version = cmp.Or(m.Version, obj.ETag)
	l.New = &Candidate{Export: e, Period: k.Period, Key: k.Key, Object: obj, Manifest: m}
	return l, nil
}

// Discover lists an export's folder for its manifests: one for each period, the one that AWS rewrites, not the copies in
// the folders of versions. It answers with none when nothing is delivered yet.
func Discover(ctx context.Context, b bursar.Bucket, e bursar.Export) ([]Known, error) {
	best := map[bursar.Period]Known{}
	for _, folder := range Folders(e) {
		if len(best) > 0 {
			break // an export lies in one of them
		}
		for obj, err := range b.List(ctx, folder) {
			if err != nil {
				return nil, fmt.Errorf("listing %s: %w", folder, err)
			}
			k, ok := ParseKey(obj.Key)
			if !ok || !k.IsManifest() || !k.BelongsTo(e) || k.Version != "" {
				continue
			}
			if have, found := best[k.Period]; !found || preferred(obj.Key, have.Key) {
				best[k.Period] = Known{Period: k.Period, Key: obj.Key}
			}
		}
	}
	return slices.SortedFunc(maps.Values(best), byPeriod), nil
}

// Relist adds to what is known what a listing finds, and has every period looked at: for where listing costs nothing, and months come in
// any order.
func Relist(ctx context.Context, b bursar.Bucket, e bursar.Export, known []Known) ([]Known, error) {
	found, err := Discover(ctx, b, e)
	if err != nil {
		return nil, err
	}
	all := merge(known, found)
	for i := range all {
		all[i].CheckedAt = time.Time{}
	}
	return all, nil
}

// preferred decides between two manifests of one period outside any version's folder: the Athena layout's, which is
// longer, stands beside an older layout's after a report was changed.
func preferred(a, b string) bool { return len(a) > len(b) }
