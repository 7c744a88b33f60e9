package store

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/bursarhq/bursar"
)

// Page asks for one page of a list.
type Page struct {
	After string // the cursor that the page before gave; "" for the first page
	Limit int    // rows at most, at least 1
}

// cursor names the last row of a page of a list that has the newest first.
func cursor(at time.Time, id string) string { return strconv.FormatInt(stamp(at), 10) + "~" + id }

// before reads such a cursor: the rows that follow are smaller than (at, id).
func (p Page) before() (at int64, id string, err error) {
	if p.After == "" {
		return math.MaxInt64, "", nil
	}
	micros, id, ok := strings.Cut(p.After, "~")
	at, err = strconv.ParseInt(micros, 10, 64)
	if err != nil || !ok {
		return 0, "", bursar.InvalidField("cursor", "the cursor is not one of this list").WithReason("cursor_malformed").
			WithHint("send the next_cursor of the page before, as it is")
	}
	return at, id, nil
}
