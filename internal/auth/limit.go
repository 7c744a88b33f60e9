package auth

import (
	"sync"
	"time"

	"github.com/bursarhq/bursar"
)

// limiter counts attempts to sign in: of one address at one person's door, of one address at all doors, and at one door from everywhere. Each
// attempt counts before it is looked at, so that many at once gain nothing; one that succeeds is taken back.
type limiter struct {
	mu    sync.Mutex
	doors map[string]*door
}

type door struct {
	since time.Time
	n     int
}

// The attempts within a window. What is counted lives in memory: a restart forgives.
const (
	attemptWindow     = 15 * time.Minute
	attemptsPerPair   = 5
	attemptsPerFrom   = 30
	attemptsPerPerson = 50
	mostDoors         = 20_000
)

type limit struct {
	key  string
	most int
}

func limitsOf(email, from string) []limit {
	all := []limit{{"from " + from, attemptsPerFrom}}
	if email != "" {
		all = append(all, limit{"pair " + email + " " + from, attemptsPerPair}, limit{"person " + email, attemptsPerPerson})
	}
	return all
}

// take counts an attempt. The error has the code TooMany; first says that it is the first one that is refused in this window.
func (l *limiter) take(email, from string, now time.Time) (first bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.doors) > mostDoors {
		l.forget(now)
	}
	if l.doors == nil {
		l.doors = map[string]*door{}
	}
	for _, lim := range limitsOf(email, from) {
		d := l.doors[lim.key]
		if d == nil || now.Sub(d.since) >= attemptWindow {
			d = &door{since: now}
			l.doors[lim.key] = d
		}
		d.n++
		if d.n > lim.most {
			wait := d.since.Add(attemptWindow).Sub(now).Round(time.Second)
			return d.n == lim.most+1, bursar.Errorf(bursar.TooMany, "there were too many attempts to sign in").
				WithReason("too_many_attempts").WithHint("wait %s, then try again", max(wait, time.Second))
		}
	}
	return false, nil
}

// forgive takes back an attempt that succeeded.
func (l *limiter) forgive(email, from string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, lim := range limitsOf(email, from) {
		if d := l.doors[lim.key]; d != nil && d.n > 0 {
			d.n--
		}
	}
}

func (l *limiter) forget(now time.Time) {
	for key, d := range l.doors {
		if now.Sub(d.since) >= attemptWindow {
			delete(l.doors, key)
		}
	}
	if len(l.doors) > mostDoors { // a flood from many addresses: begin anew rather than grow
		clear(l.doors)
	}
}
