package api

import (
	"fmt"
	"sync"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/auth"
)

const rateWindow = time.Minute

// rates counts the requests of each caller in the minute that it is. It starts again with the next minute.
type rates struct {
	mu    sync.Mutex
	began time.Time
	count map[string]int64
}

// take counts one request of a caller. It returns how many there were in this minute, this one included, and how long the minute goes on.
func (r *rates) take(caller string, now time.Time) (n int64, left time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if began := now.Truncate(rateWindow); r.count == nil || !began.Equal(r.began) {
		r.began, r.count = began, map[string]int64{}
	}
	r.count[caller]++
	return r.count[caller], r.began.Add(rateWindow).Sub(now)
}

// Limit counts a request of a key or a person, and refuses it when there are too many in this minute. It sets the headers of
// draft-ietf-httpapi-ratelimit-headers. Every face asks it, so that a caller has one limit and not one for each.
func (a *API) Limit(set func(header, value string), p auth.Principal) error {
	most := a.RequestsPerMinute
	if most <= 0 {
		return nil
	}
	n, left := a.rates.take(p.Actor().ID, a.Now())
	seconds := int64((left + time.Second - 1) / time.Second)
	set("RateLimit-Policy", fmt.Sprintf(`"caller";q=%d;w=%d`, most, int64(rateWindow/time.Second)))
	set("RateLimit", fmt.Sprintf(`"caller";r=%d;t=%d`, max(0, most-n), seconds))
	if n <= most {
		return nil
	}
	set("Retry-After", fmt.Sprint(seconds))
	return bursar.Errorf(bursar.TooMany, "there were more than %d requests in this minute", most).WithReason("rate_limited").
		WithHint("send it again in %d s; the server's setting requests_per_minute allows more", seconds)
}
