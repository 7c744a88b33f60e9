package lake_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/billing/export"
	"github.com/bursarhq/bursar/internal/billing/query"
	"github.com/bursarhq/bursar/internal/store"
)

func shown(changes []bursar.Change) string {
	var out []string
	for _, c := range changes {
		out = append(out, fmt.Sprintf("%s %s %s: %s to %s", c.Day, c.Service, c.Currency, c.Before, c.After))
	}
	return strings.Join(out, "; ")
}

func TestADeliverySaysWhatItChanged(t *testing.T) {
	w := newWorld(t)
	ws := w.export.WorkspaceID
	deliver := func(version string, l ...line) bursar.Delivery {
		t.Helper()
		delivery{period: february, version: version, mode: bursar.CreateNew, lines: l}.put(t, w.objects())
		got := w.mustPoll(t)
		if len(got) != 1 || got[0].State != bursar.DeliveryPublished {
			t.Fatalf("%+v", got)
		}
		return got[0]
	}
	first := deliver("v1", line{"2026-02-01", "AmazonEC2", "1.5"}, line{"2026-02-01", "AmazonS3", "2"}, line{"2026-02-02", "AmazonEC2", "4"})
	second := deliver("v2", line{"2026-02-01", "AmazonEC2", "1.50"}, line{"2026-02-01", "AmazonS3", "1.9999999999"}, line{"2026-02-03", "AWSLambda", "-1"}, line{"2026-02-03", "AWSLambda", "0.25"})
	if r, changes, err := w.lake.Changes(t.Context(), ws, first.ID); err != nil || r != nil || changes != nil {
		t.Errorf("the first delivery changed %+v, %v, %v", r, changes, err)
	}
	r, changes, err := w.lake.Changes(t.Context(), ws, second.ID)
	want := "2026-02-01 AmazonS3 USD: 2 to 1.9999999999; 2026-02-02 AmazonEC2 USD: 4 to 0; 2026-02-03 AWSLambda USD: 0 to -0.75"
	if err != nil || shown(changes) != want || r.Against != first.ID || r.Rows != 1 || r.Totals["USD"].String() != "-4.7500000001" {
		t.Errorf("%+v\n%s\nwant %s\n%v", r, shown(changes), want, err)
	}
	deliver("v3") // a month that cost nothing after all
	third := deliver("v4", line{"2026-02-01", "AmazonEC2", "1"})
	if r, changes, err := w.lake.Changes(t.Context(), ws, third.ID); err != nil || shown(changes) != "2026-02-01 AmazonEC2 USD: 0 to 1" || r.Totals["USD"].String() != "1" {
		t.Errorf("after an empty month: %+v %s %v", r, shown(changes), err)
	}
	deliver("v5", line{"2026-02-01", "AmazonEC2", "1"}) // two are kept: the first two have lost their files, and not their history
	check(t, w.store.View(t.Context(), func(tx *store.Tx) error {
		all, _, err := tx.Deliveries(ws, "", store.Page{Limit: 10})
		if len(all) != 5 || all[4].CollectedAt.IsZero() || all[3].CollectedAt.IsZero() || !all[2].CollectedAt.IsZero() || all[3].Changed == nil || all[3].Changed.Rows != 1 || all[4].Changed != nil {
			t.Errorf("history %+v", all)
		}
		return err
	}))
	if _, changes, err := w.lake.Changes(t.Context(), ws, second.ID); err != nil || shown(changes) != want {
		t.Errorf("after its files were removed: %s %v", shown(changes), err)
	}
	if _, _, err := w.lake.Changes(t.Context(), "ws_other", second.ID); bursar.CodeOf(err) != bursar.NotFound {
		t.Errorf("another workspace reads it: %v", err)
	}
	var e *bursar.Error
	if _, err := w.lake.Republish(t.Context(), ws, second.ID); !errors.As(err, &e) || e.Reason != "delivery_collected" {
		t.Errorf("a roll back to what has no files: %v", err)
	}
	w.tidy(t)
}

func TestReimport(t *testing.T) {
	w := newWorld(t)
	old := bursar.NewPeriod(2023, 5) // long closed: no poll looks at it by itself
	delivery{period: old, version: "v1", lines: lines(1, "2023-05-01", "AmazonEC2", "7")}.put(t, w.objects())
	first := w.mustPoll(t)
	if again := w.mustPoll(t); len(first) != 1 || len(again) != 0 {
		t.Fatalf("%+v, then %+v", first, again)
	}
	if _, err := w.lake.Reimport(t.Context(), "ws_other", first[0].ID); bursar.CodeOf(err) != bursar.NotFound {
		t.Errorf("another workspace: %v", err)
	}
	e, err := w.lake.Reimport(t.Context(), w.export.WorkspaceID, first[0].ID)
	if err != nil || e.ID != w.export.ID {
		t.Fatalf("%+v, %v", e, err)
	}
	second := w.mustPoll(t)
	if len(second) != 1 || second[0].State != bursar.DeliveryPublished || second[0].ID == first[0].ID || second[0].Version != "v1" {
		t.Fatalf("%+v", second)
	}
	if again := w.mustPoll(t); len(again) != 0 {
		t.Errorf("imported for ever: %+v", again)
	}
	if r, changes, err := w.lake.Changes(t.Context(), w.export.WorkspaceID, second[0].ID); err != nil || len(changes) != 0 || r.Rows != 0 || !r.Totals["USD"].IsZero() {
		t.Errorf("the same again changed %+v %v %v", r, changes, err)
	}
	w.tidy(t)
}

// follows makes the world follow the export of another account, which brings its costs to the same bucket under another name.
func (w *world) follows(t *testing.T, account, name string) (e bursar.Export) {
	t.Helper()
	check(t, w.store.InTx(t.Context(), func(tx *store.Tx) error {
		a, err := tx.AddAccount(bursar.Account{
			WorkspaceID: w.export.WorkspaceID, AccountID: account, Name: account, Partition: bursar.PartitionAWS, Kind: bursar.KindLinked,
			Method: bursar.MethodConsole, ExternalID: bursar.NewExternalID(),
		})
		if err != nil {
			return err
		}
		e = w.export
		e.ID, e.Name, e.AccountID = "", name, a.ID
		e, err = tx.FollowExport(e)
		return err
	}))
	return e
}

func TestTwoExportsOfTheSameCosts(t *testing.T) {
	w := newWorld(t)
	first := w.export
	delivery{period: february, version: "v1", lines: lines(2, "2026-02-01", "AmazonEC2", "10")}.put(t, w.objects())
	delivery{period: february.Add(1), version: "v1", lines: lines(1, "2026-03-01", "AmazonEC2", "5")}.put(t, w.objects())
	w.mustPoll(t)

	// The second brings February again, with an account more, and has nothing of March.
	second := w.follows(t, "222222222222", "f")
	w.importFor(t, second, delivery{period: february, version: "w1", name: "f", lines: append(lines(3, "2026-02-01", "AmazonEC2", "10.5"), line{"2026-02-02", "AmazonS3", "0.25 222222222222"})})
	both := "2026-02=20.25 2026-03=5"
	if got := joined(w.totals(t)); got != both {
		t.Errorf("published %s, want %s", got, both)
	}
	overlaps, err := w.lake.Overlaps(t.Context(), first.WorkspaceID)
	if o := overlaps[second.ID]; err != nil || len(o) != 1 || o[0].ExportID != first.ID || o[0].Counts || o[0].Accounts != 1 || fmt.Sprint(o[0].Periods) != "[2026-02]" {
		t.Errorf("overlaps %+v, %v", overlaps, err)
	}
	if o := overlaps[first.ID]; len(o) != 1 || o[0].ExportID != second.ID || !o[0].Counts {
		t.Errorf("overlaps %+v", overlaps)
	}
	q, err := query.Parse(query.Words{From: "2026-02", To: "2026-03"}, time.Now())
	check(t, err)
	a, err := w.ask.Ask(t.Context(), first.WorkspaceID, q)
	if err != nil || len(a.Notes) != 1 || a.Notes[0].Code != "overlapping_exports" || !strings.Contains(a.Notes[0].Message, "those of e count") {
		t.Errorf("notes %+v, %v", a.Notes, err)
	}

	check(t, w.lake.Prefer(t.Context(), first.WorkspaceID, second.ID))
	if got := joined(w.totals(t)); got != "2026-02=31.75 2026-03=5" { // all of the second's February, and the first's March
		t.Errorf("with the second preferred %s", got)
	}
	check(t, w.lake.Prefer(t.Context(), first.WorkspaceID, first.ID))
	if got := joined(w.totals(t)); got != both {
		t.Errorf("with the first preferred again %s", got)
	}
	if err := w.lake.Prefer(t.Context(), first.WorkspaceID, "exp_none"); bursar.CodeOf(err) != bursar.NotFound {
		t.Errorf("an export that is not there: %v", err)
	}
}

// importFor imports a delivery of another export than the world's own.
func (w *world) importFor(t *testing.T, e bursar.Export, d delivery) {
	t.Helper()
	d.put(t, w.objects())
	looks, err := export.Poll(t.Context(), w.bucket, e, nil, time.Now())
	check(t, err)
	for _, l := range looks {
		if l.New == nil {
			continue
		}
		got, err := w.lake.Import(t.Context(), *l.New, w.bucket, nil)
		if err != nil || got.State != bursar.DeliveryPublished {
			t.Fatalf("%+v, %v", got, err)
		}
	}
}

func TestRetention(t *testing.T) {
	w := newWorld(t)
	for i := range 6 {
		delivery{period: february, version: fmt.Sprint("v", i), mode: bursar.CreateNew, lines: lines(1, "2026-02-01", "AmazonEC2", fmt.Sprint(i))}.put(t, w.objects())
		w.mustPoll(t)
	}
	homes, err := os.ReadDir(w.dir + "/lake/" + w.export.WorkspaceID + "/" + w.export.ID + "/2026-02")
	if err != nil || len(homes) != 3 { // the one that counts, and two
		t.Errorf("%d versions lie there, %v", len(homes), err)
	}
}

// The first delivery of another export of the account tells what it changed against the one whose place it takes.
func TestChangesAgainstTheExportBefore(t *testing.T) {
	w := newWorld(t)
	delivery{period: february, version: "v1", lines: lines(2, "2026-02-01", "AmazonEC2", "10")}.put(t, w.objects())
	before := w.mustPoll(t)[0]
	other := w.export
	other.ID, other.Name = "", "f"
	check(t, w.store.InTx(t.Context(), func(tx *store.Tx) (err error) { other, err = tx.FollowExport(other); return err }))
	w.importFor(t, other, delivery{period: february, version: "w1", name: "f", lines: lines(1, "2026-02-01", "AmazonEC2", "15.5")})
	if got := joined(w.totals(t)); got != "2026-02=15.5" {
		t.Fatalf("published %s", got)
	}
	var newest []store.Delivery
	check(t, w.store.View(t.Context(), func(tx *store.Tx) (err error) {
		newest, err = tx.DeliveriesOfPeriod(other.WorkspaceID, other.ID, february)
		return err
	}))
	r, changes, err := w.lake.Changes(t.Context(), other.WorkspaceID, newest[0].ID)
	if err != nil || r == nil || r.Against != before.ID || len(changes) != 1 || changes[0].Before.String() != "20" || changes[0].After.String() != "15.5" {
		t.Errorf("changed %+v, %+v, %v", r, changes, err)
	}
}
