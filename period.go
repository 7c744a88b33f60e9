package bursar

import (
	"fmt"
	"time"
)

// Period is a billing period: a calendar month in UTC, written YYYY-MM. Its end is exclusive.
// The zero value is no period.
type Period struct{ year, month int }

// ParsePeriod reads YYYY-MM.
func ParsePeriod(s string) (Period, error) {
	t, err := time.Parse("2006-01", s)
	if err != nil || len(s) != 7 {
		return Period{}, Errorf(Invalid, "%q is not a billing period", s).WithHint("write a month as YYYY-MM, for example 2026-03")
	}
	return PeriodOf(t), nil
}

// PeriodOf returns the period that holds t.
func PeriodOf(t time.Time) Period {
	t = t.UTC()
	return Period{t.Year(), int(t.Month())}
}

// NewPeriod returns the period of a year and a month from 1 to 12.
func NewPeriod(year, month int) Period {
	return PeriodOf(time.Date(year, time.Month(month), 1, 0, 0, 0, 0, time.UTC))
}

// String returns YYYY-MM, or "" for no period.
func (p Period) String() string {
	if p.IsZero() {
		return ""
	}
	return fmt.Sprintf("%04d-%02d", p.year, p.month)
}

// IsZero says whether p is no period.
func (p Period) IsZero() bool { return p == Period{} }

// Start returns the period's first instant.
func (p Period) Start() time.Time {
	return time.Date(p.year, time.Month(p.month), 1, 0, 0, 0, 0, time.UTC)
}

// End returns the first instant after the period.
func (p Period) End() time.Time { return p.Add(1).Start() }

// Add returns the period that lies the given number of months later.
func (p Period) Add(months int) Period { return PeriodOf(p.Start().AddDate(0, months, 0)) }

// Before says whether p lies before q.
func (p Period) Before(q Period) bool {
	return p.year < q.year || p.year == q.year && p.month < q.month
}

// Contains says whether t lies in the period.
func (p Period) Contains(t time.Time) bool { return !p.IsZero() && PeriodOf(t) == p }

// MarshalText writes YYYY-MM.
func (p Period) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads YYYY-MM, or nothing for no period.
func (p *Period) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*p = Period{}
		return nil
	}
	q, err := ParsePeriod(string(text))
	if err == nil {
		*p = q
	}
	return err
}
