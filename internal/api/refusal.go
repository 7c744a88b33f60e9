package api

import (
	"cmp"
	"errors"
	"sync"
	"time"

	"github.com/bursarhq/bursar"
)

// refusals keeps callers without a credential from filling the audit log: of each, one refusal a minute is a line of its own, and the next
// line says how many there were in between.
type refusals struct {
	mu   sync.Mutex
	seen map[string]*refused
}

type refused struct {
	at      time.Time // of the last line
	skipped int64     // since then
}

const (
	refusalEvery = time.Minute
	mostRefused  = 1000 // callers that are told apart
)

// count says for how many refusals the caller's line stands; 0 when it gets none now.
func (r *refusals) count(caller string, now time.Time) int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.seen == nil {
		r.seen = map[string]*refused{}
	}
	if r.seen[caller] == nil && len(r.seen) >= mostRefused {
		r.forget(now)
		if len(r.seen) >= mostRefused {
			caller = "" // too many at once: they share a line
		}
	}
	was := r.seen[caller]
	if was == nil {
		r.seen[caller] = &refused{at: now}
		return 1
	}
	if now.Sub(was.at) < refusalEvery {
		was.skipped++
		return 0
	}
	times := was.skipped + 1
	*was = refused{at: now}
	return times
}

func (r *refusals) forget(now time.Time) {
	for caller, was := range r.seen {
		if now.Sub(was.at) >= refusalEvery && was.skipped == 0 {
			delete(r.seen, caller)
		}
	}
}

// reasonOf is the stable reason of an error; its code when it has none.
func reasonOf(err error) string {
	var e *bursar.Error
	if errors.As(err, &e) {
		return cmp.Or(e.Reason, string(e.Code))
	}
	return string(bursar.Internal)
}
