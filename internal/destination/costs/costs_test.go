package costs_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/destination"
	"github.com/bursarhq/bursar/internal/destination/costs"
	"github.com/bursarhq/bursar/internal/destination/destinationtest"
	"github.com/bursarhq/bursar/internal/destination/file"
	"github.com/bursarhq/bursar/internal/source/costexplorer"
	"github.com/bursarhq/bursar/internal/store"
)

// TestStreamsAreDelivered keeps two months of a stream, delivers them, changes one and delivers that alone.
func TestStreamsAreDelivered(t *testing.T) {
	s, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "s.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var ws, source string
	op := costexplorer.Find("cost_monthly")
	cells := func(amount, unit string) []string {
		row := make([]string, len(op.Columns()))
		for i, c := range op.Columns() {
			row[i] = map[string]string{"period_start": "2026-02-01T00:00:00Z", "amount": amount, "unit": unit, "estimated": "false", "metric": "UnblendedCost"}[c.Name]
		}
		return row
	}
	keep := func(period, digest string, rows ...[]string) {
		t.Helper()
		p, err := bursar.ParsePeriod(period)
		if err != nil {
			t.Fatal(err)
		}
		err = s.InTx(t.Context(), func(tx *store.Tx) error {
			var out []store.CostRow
			for i, r := range rows {
				out = append(out, store.CostRow{Period: p, StartsAt: p.Start().Add(time.Duration(i) * time.Hour), Cells: r})
			}
			return tx.ReplaceCosts(source, bursar.CostMonth{Stream: op.Name, Period: p, Question: "q", Digest: digest, FetchedAt: tx.Now}, time.Time{}, time.Time{}, out)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	err = s.InTx(t.Context(), func(tx *store.Tx) error {
		w, err := tx.AddWorkspace("w")
		if err != nil {
			return err
		}
		ws = w.ID
		v, err := tx.AddSource(bursar.Source{WorkspaceID: ws, Name: "payer", Credential: "crd_1", AccountID: "012345678901", Streams: []bursar.Stream{{Name: op.Name}}})
		source = v.ID
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	keep("2026-01", "a", cells("1.5", "USD"))
	keep("2026-02", "b", cells("-0.0000000042", "USD"), cells("", ""))

	home := t.TempDir()
	target, err := file.Open(home, bursar.TargetSettings{Format: "csv"}, destinationtest.Origin("dst_a"), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	run := func(want ...string) {
		t.Helper()
		var got []string
		err := destination.Run(t.Context(), target, destination.Plan{WorkspaceID: ws, Datasets: costs.Datasets(s), Delivery: func(m destination.Manifest, _ bool) error {
			got = append(got, m.Period)
			return nil
		}, Delivered: held(t, target)})
		if slices.Sort(got); err != nil || !cmp.Equal(got, want) {
			t.Fatalf("delivered %v, want %v: %v", got, want, err)
		}
	}
	run("2026-01", "2026-02")
	run()
	keep("2026-02", "c", cells("7", "USD"))
	run("2026-02")
	rows := destinationtest.ReadFiles(t, os.DirFS(home), "ce_cost_monthly")
	want := destinationtest.Row{"period_start": "2026-02-01T00:00:00Z", "amount": "7", "unit": "USD", "estimated": "false", "metric": "UnblendedCost"}
	if d := cmp.Diff([]destinationtest.Row{want}, rows[source+"/2026-02"]); d != "" || rows[source+"/2026-01"][0]["amount"] != "1.5" {
		t.Error(d)
	}
	err = s.InTx(t.Context(), func(tx *store.Tx) error { return tx.RemoveSource(ws, source) })
	if err != nil {
		t.Fatal(err)
	}
	run("2026-01", "2026-02") // withdrawn
	if rows := destinationtest.ReadFiles(t, os.DirFS(home), "ce_cost_monthly"); len(rows) != 0 {
		t.Errorf("left %v", rows)
	}
}

func held(t *testing.T, target destination.Target) []destination.Manifest {
	t.Helper()
	list, err := target.Held(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return list
}
