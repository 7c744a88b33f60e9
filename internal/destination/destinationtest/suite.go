// Package destinationtest proves that a kind of destination keeps the contract of [destination.Target].
package destinationtest

import (
	"context"
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/billing/ingest/column"
	"github.com/bursarhq/bursar/internal/destination"
)

// Subject is a kind under test, with an empty place that it delivers to.
type Subject struct {
	// Open opens the target for a destination. It is opened several times: what one delivered, the next must find.
	Open func(t *testing.T, o destination.Origin) destination.Target
	// Read reads what the place holds of a dataset, by source and period: rows by column, as text; NULL is left out. Times are RFC 3339,
	// decimals as [bursar.Decimal] writes them. Rows of different parts must not be mixed up; their order does not matter.
	Read func(t *testing.T, dataset string) map[string][]Row
	// Digits are how many digits a decimal may have at most.
	Digits int
}

// Row is a row that was read back.
type Row map[string]string

// Origin is a destination of the given name.
func Origin(name string) destination.Origin {
	return destination.Origin{Destination: name, Run: "run_1", Now: func() time.Time { return time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC) }}
}

// Rows makes a part of rows of text. "" is NULL. The read ends with failure after the last batch, unless that is nil.
func Rows(k destination.Key, version string, columns []destination.Column, rows [][]string, failure error) *destination.Part {
	return &destination.Part{Key: k, Version: version, Columns: columns, Read: func(_ context.Context, yield func(destination.Batch) error) error {
		for chunk := range slices.Chunk(rows, 3) {
			b := make(destination.Batch, len(columns))
			for i, c := range columns {
				b[i] = column.New(c.Storage())
				for _, row := range chunk {
					id, ok := b[i].Find([]byte(row[i]))
					if !ok && row[i] != "" {
						return errors.New(row[i] + " is not a " + string(c.Type))
					}
					b[i].Push(id, 1)
				}
			}
			if err := yield(b); err != nil {
				return err
			}
		}
		return failure
	}}
}

// Want is what must be read back of rows.
func Want(columns []destination.Column, rows [][]string) (out []Row) {
	for _, cells := range rows {
		row := Row{}
		for i, c := range cells {
			if c == "" {
				continue
			}
			if d, err := bursar.ParseDecimal(c); err == nil && (columns[i].Type == destination.Decimal || columns[i].Type == destination.Integer) {
				c = d.String()
			}
			row[columns[i].Name] = c
		}
		out = append(out, row)
	}
	return out
}

const dataset = "line_items"

func key(source, period string) destination.Key {
	return destination.Key{Dataset: dataset, Source: source, Period: period}
}

// of is how [Subject.Read] names a part.
func of(k destination.Key) string { return k.Source + "/" + k.Period }

var (
	columns = []destination.Column{
		{Name: "AccountId", Type: destination.Text},
		{Name: "BilledCost", Type: destination.Decimal, Precision: 18, Scale: 10},
		{Name: "ChargePeriodStart", Type: destination.Timestamp},
		{Name: "day", Type: destination.Date},
		{Name: "line_items", Type: destination.Integer},
		{Name: "tags", Type: destination.JSON},
	}
	february = [][]string{
		{"011111111111", "0.0000000001", "2026-02-01T05:00:00Z", "2026-02-01", "1", `{"user:team":"a"}`},
		{"011111111111", "-12345678.25", "2026-02-01T05:00:00.000001Z", "2026-02-01", "-9223372036854775808", ""},
		{"022222222222", "", "", "", "", ""},
		{"033333333333", "7", "2026-02-28T23:59:59Z", "2026-02-28", "3", `{"a":"b","c":"\"quoted\" \\ é\n"}`},
	}
	january = [][]string{{"044444444444", "1.5", "2026-01-01T00:00:00Z", "2026-01-01", "9", ""}}
)

// Suite runs everything that every kind must do.
func Suite(t *testing.T, subject func(t *testing.T) Subject) {
	for name, test := range map[string]func(*testing.T, place){
		"CheckLeavesNothing": checkLeavesNothing, "DeliversExactly": deliversExactly, "DeliversAgain": deliversAgain, "Replaces": replaces,
		"Withdraws": withdraws, "KeepsTheOldOneWhenCutOff": keepsWhenCutOff, "EvolvesTheSchema": evolves, "AwkwardCells": awkward,
		"PartsWithoutRows": withoutRows, "SourcesApart": sourcesApart, "LetsRunCompare": comparesByRun,
	} {
		t.Run(name, func(t *testing.T) { test(t, place{subject(t)}) })
	}
}

type place struct{ Subject }

func (p place) open(t *testing.T) destination.Target {
	t.Helper()
	target := p.Open(t, Origin("dst_a"))
	t.Cleanup(func() { target.Close() })
	return target
}

func (p place) deliver(t *testing.T, parts ...*destination.Part) {
	t.Helper()
	target := p.open(t)
	for _, part := range parts {
		if err := target.Prepare(t.Context(), part.Dataset, part.Columns); err != nil {
			t.Fatal(err)
		}
		if _, err := target.Deliver(t.Context(), part); err != nil {
			t.Fatal(err)
		}
	}
}

func (p place) holds(t *testing.T, want map[string][]Row) {
	t.Helper()
	got := p.Read(t, dataset)
	for k := range got {
		sorted(got[k])
		if len(got[k]) == 0 {
			delete(got, k)
		}
	}
	for k := range want {
		sorted(want[k])
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Fatal("the place holds something else (-want +got)\n" + d)
	}
}

func sorted(rows []Row) {
	slices.SortFunc(rows, func(a, b Row) int { return slices.Compare(flat(a), flat(b)) })
}

func flat(r Row) (out []string) {
	for _, k := range slices.Sorted(maps.Keys(r)) {
		out = append(out, k, r[k])
	}
	return out
}

// versions tells what the target says it holds; nil where it forgets.
func (p place) versions(t *testing.T) map[destination.Key]string {
	t.Helper()
	held, err := p.open(t).Held(t.Context())
	if errors.Is(err, destination.ErrForgets) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	out := map[destination.Key]string{}
	for _, m := range held {
		if m.Destination != "dst_a" || m.Run != "run_1" || m.DeliveredAt.IsZero() {
			t.Errorf("a manifest of another destination, or an incomplete one: %+v", m)
		}
		out[m.Key] = m.Version
	}
	return out
}
