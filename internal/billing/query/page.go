package query

import (
	"encoding/base64"
	"fmt"

	"github.com/bursarhq/bursar"
)

// Page returns the rows of an answer that a cursor names, at most so many, and the cursor of those after them: "" after the last. A
// cursor is good for the state that it was given for. Once a delivery has changed it, pages would not fit together: that is a Conflict.
func (a Answer) Page(cursor string, limit int) (rows []Row, next string, err error) {
	at := 0
	if cursor != "" {
		if at, err = a.offset(cursor); err != nil {
			return nil, "", err
		}
	}
	end := min(at+limit, len(a.Rows))
	if end < len(a.Rows) {
		next = base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d %s", end, a.State))
	}
	return a.Rows[at:end], next, nil
}

func (a Answer) offset(cursor string) (at int, err error) {
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	var state string
	if err == nil {
		_, err = fmt.Sscanf(string(raw), "%d %s", &at, &state)
	}
	if err != nil || at < 0 {
		return 0, malformedCursor()
	}
	if state != a.State || at > len(a.Rows) {
		return 0, staleCursor()
	}
	return at, nil
}

func malformedCursor() error {
	return bursar.InvalidField("cursor", "the cursor is not one of this question").WithReason("cursor_malformed").
		WithHint("send the next_cursor of the page before, as it is")
}

func staleCursor() error {
	return bursar.Errorf(bursar.Conflict, "the question is another, or a delivery has changed its answer since the page before").WithReason("cursor_stale").
		WithHint("begin again without a cursor")
}
