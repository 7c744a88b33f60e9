package forecast_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/billing/forecast"
	"github.com/bursarhq/bursar/internal/billing/query"
)

// bill answers with days of costs.
type bill []query.Row

func (b bill) Ask(_ context.Context, _ string, q query.Question) (query.Answer, error) {
	a := query.Answer{Question: q}
	for _, r := range b {
		if !r.Start.Before(q.From) && r.Start.Before(q.To) {
			a.Rows = append(a.Rows, r)
		}
	}
	return a, nil
}

func (b *bill) add(t *testing.T, kind, amount, currency string, first string, days int) {
	t.Helper()
	d, err := bursar.ParseDecimal(amount)
	if err != nil {
		t.Fatal(err)
	}
	from, err := time.Parse(time.DateOnly, first)
	if err != nil {
		t.Fatal(err)
	}
	for i := range days {
		*b = append(*b, query.Row{Start: from.AddDate(0, 0, i), Groups: []string{kind}, Amount: d, Currency: currency})
	}
}

func make30(t *testing.T, b bill, now string) forecast.Forecast {
	t.Helper()
	at, err := time.Parse(time.DateOnly, now)
	if err != nil {
		t.Fatal(err)
	}
	f, err := forecast.Make(t.Context(), b, "ws", "", nil, at)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// What goes on from day to day goes on; a fee is counted once.
func TestDaysGoOnAndFeesDoNot(t *testing.T) {
	var b bill
	b.add(t, "Usage", "10", "USD", "2026-05-01", 31)
	b.add(t, "Usage", "20", "USD", "2026-06-01", 10)
	b.add(t, "Usage", "1.5", "USD", "2026-06-11", 1) // begun
	b.add(t, "RIFee", "100.25", "USD", "2026-06-01", 1)
	b.add(t, "Credit", "-7", "USD", "2026-06-03", 1)
	f := make30(t, b, "2026-06-12")
	if len(f.Currencies) != 1 || f.Through.Format(time.DateOnly) != "2026-06-10" || f.DaysLeft != 20 {
		t.Fatalf("%+v", f)
	}
	c := f.Currencies[0]
	got := []string{c.ToDate.String(), c.Running.String(), c.Standing.String(), c.Expected.Amount.String(), c.Expected.Low.String(), c.Expected.High.String(), c.Expected.Daily.String(), c.LastMonth.String(), c.SameDays.This.String(), c.SameDays.Last.String()}
	// 200 of complete days, 93.25 that stands, and 20 days of 20, or of 10 like the week that ended on the 31st of May.
	want := []string{"294.75", "201.5", "93.25", "693.25", "493.25", "693.25", "20", "310", "293.25", "100"}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%d: %s, want %s", i, got[i], want[i])
		}
	}
	if c.Days != forecast.History || c.Lacking() != "" || c.SameDays.Days != 10 {
		t.Errorf("%+v", c)
	}
}

func TestADayThatIsDearAlreadyCounts(t *testing.T) {
	var b bill
	b.add(t, "Usage", "1", "USD", "2026-06-01", 29)
	b.add(t, "Usage", "50", "USD", "2026-06-30", 1)
	if e := make30(t, b, "2026-06-30").Currencies[0].Expected; e.Amount.String() != "79" {
		t.Errorf("got %s", e.Amount)
	}
}

func TestDigitsAreKept(t *testing.T) {
	var b bill
	b.add(t, "Usage", "0.000000000001", "USD", "2026-06-01", 9)
	b.add(t, "Usage", "90071992547409931.1", "USD", "2026-06-10", 1)
	b.add(t, "Usage", "0", "USD", "2026-06-11", 1)
	e := make30(t, b, "2026-06-11").Currencies[0].Expected
	if e.Daily.String() != "12867427506772847.300000000001" {
		t.Errorf("got %s", e.Daily)
	}
	if e.Amount.String() != "347420542682866877.100000000026" { // the month to date, and 20 days
		t.Errorf("got %s", e.Amount)
	}
}

func TestTooLittleToSay(t *testing.T) {
	var b bill
	if f := make30(t, b, "2026-06-12"); len(f.Currencies) != 0 || !f.Through.IsZero() || f.DaysLeft != 30 {
		t.Errorf("nothing: %+v", f)
	}
	b.add(t, "Usage", "10", "USD", "2026-06-01", 7)
	b.add(t, "Usage", "1", "CNY", "2026-05-20", 19)
	f := make30(t, b, "2026-06-08")
	if c := f.Currencies[1]; c.Currency != "USD" || c.Expected != nil || c.Days != 6 || c.Lacking() == "" || c.SameDays == nil {
		t.Errorf("six days: %+v", c)
	}
	if c := f.Currencies[0]; c.Expected == nil || c.Expected.Amount.String() != "30" {
		t.Errorf("currencies are apart: %+v", c)
	}
}

// A month whose bill has not come is forecast from the one before.
func TestBeforeTheFirstBill(t *testing.T) {
	var b bill
	b.add(t, "Usage", "2", "USD", "2026-05-01", 31)
	f := make30(t, b, "2026-06-01")
	if c := f.Currencies[0]; f.Through.Format(time.DateOnly) != "2026-05-31" || f.DaysLeft != 30 || c.SameDays != nil || c.Expected.Amount.String() != "60" {
		t.Errorf("%+v %+v", f, c)
	}
}

func TestSameDaysOfAShorterMonth(t *testing.T) {
	var b bill
	b.add(t, "Usage", "1", "USD", "2026-02-01", 59)
	s := make30(t, b, "2026-03-31").Currencies[0].SameDays
	if s.Days != 30 || s.This.String() != "30" || s.Last.String() != "28" || s.LastThrough.Format(time.DateOnly) != "2026-02-28" {
		t.Errorf("%+v", s)
	}
}

func TestUsageIsNotForecast(t *testing.T) {
	_, err := forecast.Make(t.Context(), bill{}, "ws", "usage", nil, time.Now())
	if bursar.CodeOf(err) != bursar.Invalid {
		t.Errorf("got %v", err)
	}
}

// What the documentation says of the method is what the answers say.
func TestTheMethodIsDocumented(t *testing.T) {
	page, err := query.Document()
	if err != nil || !strings.Contains(page, forecast.Method) {
		t.Errorf("costs.md does not hold the method, %v", err)
	}
}
