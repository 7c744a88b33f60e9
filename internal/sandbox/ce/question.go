package ce

import (
	"net/http"
	"slices"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/sandbox/cloud"
)

// interval is a DateInterval: the end is exclusive.
type interval struct{ Start, End string }

// span is an interval that has been read.
type span struct{ from, to time.Time }

// hourStamp is how hours are written.
const hourStamp = "2006-01-02T15:04:05Z"

func (c *call) today() time.Time { return c.now.Truncate(24 * time.Hour) }

// span reads an interval. Hours are accepted where the granularity is HOURLY alone.
func (c *call) span(in *interval, granularity string) (s span, e *cloud.Error) {
	if in == nil {
		return s, invalid("1 validation error detected: Value null at 'timePeriod' failed to satisfy constraint: Member must not be null")
	}
	layout, name := time.DateOnly, "yyyy-MM-dd"
	if granularity == "HOURLY" {
		layout, name = hourStamp, "yyyy-MM-ddTHH:mm:ssZ"
	}
	var err1, err2 error
	s.from, err1 = time.Parse(layout, in.Start)
	s.to, err2 = time.Parse(layout, in.End)
	if err1 != nil || err2 != nil {
		return s, invalid("Start time %s or end time %s is invalid. Valid format is: %s", in.Start, in.End, name)
	}
	if !s.from.Before(s.to) {
		return s, invalid("Start date (and hour) should be before end date (and hour)")
	}
	return s, nil
}

// costSpan reads the interval of a question about costs and holds it against AWS's rules: no further than the first of the next
// month, and 14 months back, counted from today.
func (c *call) costSpan(in *interval, granularity string) (span, *cloud.Error) {
	if !slices.Contains([]string{"DAILY", "MONTHLY", "HOURLY"}, granularity) {
		return span{}, refused("granularity", granularity, "DAILY, HOURLY, MONTHLY")
	}
	s, e := c.span(in, granularity)
	if e != nil {
		return s, e
	}
	old := c.today().AddDate(0, -14, 0)
	switch {
	case s.from.After(c.now):
		return s, invalid("Start date cannot be after today")
	case s.to.After(bursar.PeriodOf(c.now).End()):
		return s, invalid("end date past the beginning of next month")
	case granularity == "HOURLY":
		return s, c.recent(s, "Hourly data granularity")
	case !s.from.Before(old):
		return s, nil
	case !c.prefs.History:
		return s, invalid("You haven't enabled historical data beyond 14 months.")
	case s.from.Day() != 1:
		return s, invalid("To retrieve data beyond the past 14 months, your start date needs to be the first day of the month.")
	case granularity != "MONTHLY":
		return s, invalid("Data beyond the past 14 months is only available with monthly granularity.")
	case s.from.Before(c.today().AddDate(0, -38, 0)):
		return s, invalid("Data is not available beyond the past 38 months.")
	}
	return s, nil
}

// recent is the rule of hours and resources: the last 14 days, and AWS's text speaks of hours for both.
func (c *call) recent(s span, what string) *cloud.Error {
	switch {
	case what == "Hourly data granularity" && !c.prefs.Hourly:
		return notOptedIn(what)
	case s.from.Before(c.today().AddDate(0, 0, -14)):
		return invalid("Hourly data granularity is only available for the last 14 days")
	}
	return nil
}

// commitmentSpan reads the interval of a question about reservations and Savings Plans: it ends by today, and begins within 13 months.
func (c *call) commitmentSpan(in *interval, granularity string) (span, *cloud.Error) {
	if !slices.Contains([]string{"", "DAILY", "MONTHLY"}, granularity) {
		return span{}, refused("granularity", granularity, "DAILY, HOURLY, MONTHLY")
	}
	s, e := c.span(in, "")
	switch {
	case e != nil:
		return s, e
	case s.to.After(c.today()):
		return s, cloud.Errorf(http.StatusBadRequest, "DataUnavailableException", "Data is unavailable for the requested time period: the end date must not be after today")
	case s.from.Before(bursar.PeriodOf(c.now).Add(-13).Start()):
		return s, invalid("Start date must be within the last 13 months")
	}
	return s, nil
}

// cut divides a span as a granularity does: the first and the last month may be parts of one. "" is the whole span.
func (s span) cut(granularity string) []span {
	var out []span
	for from := s.from; from.Before(s.to); {
		to := s.to
		switch granularity {
		case "HOURLY":
			to = from.Add(time.Hour)
		case "DAILY":
			to = from.AddDate(0, 0, 1)
		case "MONTHLY":
			to = bursar.PeriodOf(from).End()
		}
		if to.After(s.to) {
			to = s.to
		}
		out = append(out, span{from, to})
		from = to
	}
	return out
}

func (s span) interval(granularity string) interval {
	layout := time.DateOnly
	if granularity == "HOURLY" {
		layout = hourStamp
	}
	return interval{s.from.Format(layout), s.to.Format(layout)}
}

// find is the position of the part that holds a time, -1 for none. Parts are in order and have no gaps.
func find(parts []span, unix int64) int {
	i, ok := slices.BinarySearchFunc(parts, unix, func(s span, t int64) int {
		switch {
		case s.to.Unix() <= t:
			return -1
		case s.from.Unix() > t:
			return 1
		}
		return 0
	})
	if !ok {
		return -1
	}
	return i
}

func checkGroups(groups []group, most int, allowed []string) *cloud.Error {
	if len(groups) > most {
		return invalid("Number of groups must be less than or equal to %d", most)
	}
	for _, g := range groups {
		if e := g.check(allowed); e != nil {
			return e
		}
	}
	return nil
}

func checkFilter(x *expression) *cloud.Error {
	if x == nil {
		return nil
	}
	if x.count() > 100 {
		return invalid("Number of filters must be less than or equal to 100")
	}
	return x.check()
}
