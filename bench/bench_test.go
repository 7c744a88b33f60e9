package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/sandbox/billgen/report"
)

// TestMain lets the test's own program run tasks, as the bench's does.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "-task" {
		if err := runTask(context.Background(), os.Args[2], os.Args[3:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func smallBench(t *testing.T) *bench {
	return &bench{rows: 4_000, turns: 1, cache: t.TempDir(), scratch: t.TempDir()}
}

// column finds what was measured in the row of the table that begins with a text.
func (t table) column(what string) string {
	i := slices.IndexFunc(t, func(r row) bool { return strings.HasPrefix(r.what, what) })
	if i < 0 {
		return ""
	}
	return t[i].measured
}

func TestImportsAreMeasuredBesideThePeer(t *testing.T) {
	for _, part := range []func(*bench, context.Context) error{(*bench).importCSV, (*bench).importRandom, (*bench).importParquet} {
		b := smallBench(t)
		if err := part(b, t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := b.table.column("  import to published"); !strings.Contains(got, "times DuckDB's") {
			t.Errorf("the import was measured as %q", got)
		}
	}
}

func TestAPollOfNothingNewIsOneRequest(t *testing.T) {
	b := smallBench(t)
	if err := b.pollUnchanged(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := b.table.column("poll of an unchanged export"); got != "1 for 1 open period" {
		t.Errorf("the poll was measured as %q", got)
	}
}

func TestAWrongTotalFailsTheBench(t *testing.T) {
	b := smallBench(t)
	d, err := b.bills(t.Context(), b.month())
	if err != nil {
		t.Fatal(err)
	}
	cent, err := bursar.ParseDecimal("0.0000000001")
	if err != nil {
		t.Fatal(err)
	}
	d.Truth.Unblended = d.Truth.Unblended.Add(cent)
	raw, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(d.Dir, truthFile), raw, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := bursarImport(t.Context(), []string{t.TempDir(), "", d.Dir}); err == nil || !strings.Contains(err.Error(), "wrong totals") {
		t.Errorf("an import whose total is off by 10^-10 gave %v", err)
	}
}

func TestTheMonthHas126Columns(t *testing.T) {
	if n := len(report.Columns(bursar.FormatCUR2)); n != 126 {
		t.Errorf("the generated CUR 2.0 month has %d columns, and the targets hold for 126", n)
	}
}

func TestShufflingKeepsEveryRow(t *testing.T) {
	b := smallBench(t)
	of := b.month()
	plain, err := b.bills(t.Context(), of)
	if err != nil {
		t.Fatal(err)
	}
	of.Order = random
	shuffled, err := b.bills(t.Context(), of)
	if err != nil {
		t.Fatal(err)
	}
	for i := range plain.Keys {
		was, is := sortedRows(t, plain.paths()[i]), sortedRows(t, shuffled.paths()[i])
		if !slices.EqualFunc(was, is, bytes.Equal) {
			t.Errorf("%s has other rows than before", plain.Keys[i])
		}
	}
}

func sortedRows(t *testing.T, name string) [][]byte {
	t.Helper()
	text, err := unpacked(name)
	if err != nil {
		t.Fatal(err)
	}
	rows := rowsOf(text)
	slices.SortFunc(rows, bytes.Compare)
	return rows
}

func TestUnknownPartsAreRefused(t *testing.T) {
	if _, err := choose("import,speed", false); err == nil || !strings.Contains(err.Error(), "ask-many") {
		t.Errorf("an unknown part gave %v", err)
	}
	all, err := choose("", true)
	if err != nil || len(all) != len(parts) {
		t.Errorf("%d of %d parts, %v", len(all), len(parts), err)
	}
}
