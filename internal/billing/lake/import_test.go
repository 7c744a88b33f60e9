package lake_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/billing/export"
	"github.com/bursarhq/bursar/internal/store"
)

var february = bursar.NewPeriod(2026, 2)

func TestADeliveryReplacesItsPeriod(t *testing.T) {
	for _, mode := range []bursar.Versioning{bursar.Overwrite, bursar.CreateNew} {
		t.Run(string(mode), func(t *testing.T) {
			w := newWorld(t)
			first := delivery{period: february, version: "v1", files: 3, mode: mode, lines: append(lines(7, "2026-02-01", "AmazonEC2", "0.1"), line{"2026-02-02", "AmazonS3", "-7.0E-10"})}
			first.put(t, w.objects())
			got := w.mustPoll(t)
			if len(got) != 1 || got[0].State != bursar.DeliveryPublished || got[0].Rows != 8 || got[0].Files != 3 || got[0].Totals["USD"].String() != first.total(t).String() {
				t.Fatalf("%+v", got)
			}
			if s := joined(w.totals(t)); s != "2026-02="+first.total(t).String() {
				t.Errorf("published %s", s)
			}
			if again := w.mustPoll(t); len(again) != 0 {
				t.Errorf("an unchanged export was imported again: %+v", again)
			}
			second := delivery{period: february, version: "v2", mode: mode, lines: lines(3, "2026-02-01", "AmazonEC2", "0.05")} // smaller: restated and shrunk
			second.put(t, w.objects())
			other := delivery{period: february.Add(1), version: "v2", mode: mode, lines: lines(1, "2026-03-01", "AmazonEC2", "100")}
			other.put(t, w.objects())
			w.mustPoll(t)
			if s := joined(w.totals(t)); s != "2026-02=0.15 2026-03=100" {
				t.Errorf("after the restatement %s", s)
			}
			w.tidy(t)
		})
	}
}

func TestAnIncompleteDeliveryIsNotPublished(t *testing.T) {
	good := delivery{period: february, version: "v1", mode: bursar.CreateNew, lines: lines(2, "2026-02-01", "AmazonEC2", "1.5")}
	for name, tc := range map[string]struct {
		spoil func(t *testing.T, file string)
		want  string
	}{
		"missing":      {func(t *testing.T, file string) { check(t, os.Remove(file)) }, "e-00002.csv.gz"},
		"truncated":    {func(t *testing.T, file string) { check(t, os.Truncate(file, 60)) }, "e-00002.csv.gz"},
		"not a bill":   {func(t *testing.T, file string) { check(t, os.WriteFile(file, []byte("hello"), 0o600)) }, "e-00002.csv.gz"},
		"another file": {func(t *testing.T, file string) { check(t, os.WriteFile(file, nil, 0o600)) }, "e-00002.csv.gz"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			good.put(t, w.objects())
			w.mustPoll(t)
			bad := delivery{period: february, version: "v2", files: 2, mode: bursar.CreateNew, lines: lines(9, "2026-02-01", "AmazonEC2", "9")}
			manifest := bad.writeFiles(t, w.objects())
			tc.spoil(t, filepath.Join(w.objects(), bad.folder(), "e-00002.csv.gz"))
			write(t, w.objects(), bad.manifestKey(), manifest)
			got := w.mustPoll(t)
			if len(got) != 1 || got[0].State != bursar.DeliveryRejected || !strings.Contains(got[0].Reason, tc.want) {
				t.Errorf("recorded as %+v", got)
			}
			if s := joined(w.totals(t)); s != "2026-02=3" {
				t.Errorf("published %s", s)
			}
			if s := w.snapshotState(t); s != "published superseded:0 rejected:1" {
				t.Errorf("catalog %s", s)
			}
			w.tidy(t)
		})
	}
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (w *world) snapshotState(t testing.TB) string {
	t.Helper()
	n := map[bursar.DeliveryState]int{}
	check(t, w.store.View(t.Context(), func(tx *store.Tx) error {
		all, err := tx.DeliveriesOfPeriod(w.export.WorkspaceID, w.export.ID, february)
		for _, d := range all {
			if d.CollectedAt.IsZero() {
				n[d.State]++
			}
		}
		return err
	}))
	s := "none"
	if n[bursar.DeliveryPublished] == 1 {
		s = "published"
	}
	return s + " superseded:" + string(rune('0'+n[bursar.DeliverySuperseded])) + " rejected:" + string(rune('0'+n[bursar.DeliveryRejected]))
}

// In overwrite mode AWS replaces the files one by one and the manifest last: a month in between is nothing to publish.
func TestAHalfReplacedMonthWaits(t *testing.T) {
	w := newWorld(t)
	first := delivery{period: february, version: "v1", files: 2, lines: lines(4, "2026-02-01", "AmazonEC2", "1")}
	first.put(t, w.objects())
	second := delivery{period: february, version: "v2", files: 2, lines: lines(4, "2026-02-01", "AmazonEC2", "2")}
	manifest := second.writeFiles(t, t.TempDir())
	key := second.folder() + "e-00001.csv.gz"
	content := second.file(t, 1)
	write(t, w.objects(), key, content) // the first file is new, the second old, the manifest old
	later := time.Now().Add(time.Minute)
	check(t, os.Chtimes(filepath.Join(w.objects(), key), later, later))
	_, err := w.poll(t.Context(), time.Now())
	var e *bursar.Error
	if !errors.As(err, &e) || e.Reason != "delivery_changing" {
		t.Fatalf("a mix of two deliveries: %v", err)
	}
	if s := joined(w.totals(t)); s != "" {
		t.Errorf("published %s", s)
	}
	write(t, w.objects(), second.folder()+"e-00002.csv.gz", second.file(t, 2))
	write(t, w.objects(), second.manifestKey(), manifest)
	check(t, os.Chtimes(filepath.Join(w.objects(), second.manifestKey()), later.Add(time.Second), later.Add(time.Second)))
	w.mustPoll(t)
	if s := joined(w.totals(t)); s != "2026-02=8" {
		t.Errorf("published %s", s)
	}
}

// file returns the content of a data file of the delivery.
func (d delivery) file(t testing.TB, n int) []byte {
	t.Helper()
	dir := t.TempDir()
	d.writeFiles(t, dir)
	b, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(d.folder()), "e-0000"+string(rune('0'+n))+".csv.gz"))
	check(t, err)
	return b
}

func TestRowsOfAnotherPeriodAreNotFiledHere(t *testing.T) {
	w := newWorld(t)
	d := delivery{period: february, version: "v1", lines: lines(1, "2026-02-01", "AmazonEC2", "1")}
	d.put(t, w.objects())
	march := delivery{period: february.Add(1), version: "v1", lines: lines(1, "2026-03-01", "AmazonEC2", "50")}
	// a file of March in February's folder, named by February's manifest
	write(t, w.objects(), d.folder()+"e-00002.csv.gz", march.file(t, 1))
	manifest := strings.Replace(string(d.writeFiles(t, w.objects())), `-00001.csv.gz"`, `-00001.csv.gz","s3://b/`+d.folder()+`e-00002.csv.gz"`, 1)
	write(t, w.objects(), d.manifestKey(), []byte(manifest))
	got := w.mustPoll(t)
	if s := joined(w.totals(t)); s != "2026-02=1" {
		t.Errorf("published %s (%+v)", s, got)
	}
}

func TestSupersededVersionsAreKeptAndCollected(t *testing.T) {
	w := newWorld(t)
	var ids []string
	publish := func(version, cost string) {
		t.Helper()
		d := delivery{period: february, version: version, mode: bursar.CreateNew, lines: lines(1, "2026-02-01", "AmazonEC2", cost)}
		d.put(t, w.objects())
		got := w.mustPoll(t)
		if len(got) != 1 || got[0].State != bursar.DeliveryPublished {
			t.Fatalf("%+v", got)
		}
		ids = append(ids, got[0].ID)
	}
	publish("v1", "1")
	publish("v2", "2")
	held, err := w.lake.Snapshot(t.Context(), w.export.WorkspaceID, nil)
	check(t, err)
	publish("v3", "3")
	publish("v4", "4")
	publish("v5", "5") // two are kept; v2 is held by a reader
	if s := w.snapshotState(t); s != "published superseded:3 rejected:0" {
		t.Errorf("catalog %s", s)
	}
	for _, f := range held.LineItems {
		for _, p := range f.Paths {
			if _, err := os.Stat(p); err != nil {
				t.Errorf("a reader lost a file: %v", err)
			}
		}
	}
	held.Release()
	publish("v6", "6")
	if s := w.snapshotState(t); s != "published superseded:2 rejected:0" {
		t.Errorf("catalog %s", s)
	}
	w.tidy(t)

	back, err := w.lake.Republish(t.Context(), w.export.WorkspaceID, ids[3])
	if err != nil || back.Version != "v4" {
		t.Fatalf("%+v, %v", back, err)
	}
	if s := joined(w.totals(t)); s != "2026-02=4" {
		t.Errorf("after the roll back %s", s)
	}
	if again := w.mustPoll(t); len(again) != 0 {
		t.Errorf("a roll back was undone by the next poll: %+v", again)
	}
	if _, err := w.lake.Republish(t.Context(), w.export.WorkspaceID, ids[0]); bursar.CodeOf(err) != bursar.Conflict {
		t.Errorf("a collected delivery: %v", err)
	}
	w.tidy(t)
}

// A delivery of a header alone is a month that cost nothing; it replaces what was there.
func TestAnEmptyMonth(t *testing.T) {
	w := newWorld(t)
	delivery{period: february, version: "v1", lines: lines(1, "2026-02-01", "AmazonEC2", "1")}.put(t, w.objects())
	w.mustPoll(t)
	delivery{period: february, version: "v2"}.put(t, w.objects())
	got := w.mustPoll(t)
	if len(got) != 1 || got[0].State != bursar.DeliveryPublished || got[0].Rows != 0 {
		t.Errorf("%+v", got)
	}
	if s := joined(w.totals(t)); s != "" {
		t.Errorf("published %s", s)
	}
}

// A candidate that was imported already, as when a run is cut off after publication and tried again, changes nothing.
func TestTheSameCandidateTwice(t *testing.T) {
	w := newWorld(t)
	delivery{period: february, version: "v1", lines: lines(2, "2026-02-01", "AmazonEC2", "1")}.put(t, w.objects())
	looks, err := export.Poll(t.Context(), w.bucket, w.export, nil, time.Now())
	check(t, err)
	var ids []string
	for range 2 {
		d, err := w.lake.Import(t.Context(), *looks[0].New, w.bucket, nil)
		check(t, err)
		ids = append(ids, d.ID)
	}
	if ids[0] != ids[1] {
		t.Errorf("the same manifest made two deliveries, %v", ids)
	}
	if s := w.snapshotState(t); s != "published superseded:0 rejected:0" {
		t.Errorf("catalog %s", s)
	}
}
