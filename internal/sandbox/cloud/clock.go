package cloud

import (
	"sort"
	"sync"
	"time"
)

// Clock is the simulated AWS's time. It starts where the world says and, unless frozen, runs with the real
// clock; [Clock.Advance] moves it forward. Signatures and temporary credentials keep to the real clock, because
// the clients that check them do.
type Clock struct {
	moving sync.Mutex // held while events run: moves never overlap

	mu     sync.Mutex
	now    time.Time // the simulated time at since
	since  time.Time // the real time at which now was set
	frozen bool
	events []event
	hooks  []func(from, to time.Time)
	seq    int
}

type event struct {
	at  time.Time
	seq int
	run func(now time.Time)
}

// NewClock returns a clock that shows start. A frozen one stands still until it is moved.
func NewClock(start time.Time, frozen bool) *Clock {
	return &Clock{now: start.UTC(), since: time.Now(), frozen: frozen}
}

// Now returns the simulated time, in UTC. While an event of [Clock.At] runs it is that event's time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.nowLocked()
}

func (c *Clock) nowLocked() time.Time {
	if c.frozen {
		return c.now
	}
	return c.now.Add(time.Since(c.since))
}

// At runs f once the clock reaches t, during a call of [Clock.Advance], with the clock standing at t: events of
// all services run in the order of their times, so that a month's move plays the month. An event may plan more.
// A time that has passed runs at the next move, even one of zero.
func (c *Clock) At(t time.Time, f func(now time.Time)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seq++
	c.events = append(c.events, event{t.UTC(), c.seq, f})
	sort.Slice(c.events, func(i, j int) bool {
		a, b := c.events[i], c.events[j]
		return a.at.Before(b.at) || a.at.Equal(b.at) && a.seq < b.seq
	})
}

// OnMove calls f after each move, once its events have run.
func (c *Clock) OnMove(f func(from, to time.Time)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hooks = append(c.hooks, f)
}

// Advance moves the clock forward by d (a negative d counts as zero) and returns the new time. Everything that
// was planned up to then has happened when it returns. Events must not call it.
func (c *Clock) Advance(d time.Duration) time.Time {
	c.moving.Lock()
	defer c.moving.Unlock()
	from := c.Now()
	to := from.Add(max(d, 0))
	for {
		e, ok := c.next(to)
		if !ok {
			break
		}
		e.run(e.at)
	}
	c.set(to)
	c.mu.Lock()
	hooks := append([]func(from, to time.Time){}, c.hooks...)
	c.mu.Unlock()
	for _, f := range hooks {
		f(from, to)
	}
	return to
}

// Settle returns once no move is under way: for whoever asks, simulated time passes between two requests and never within one.
func (c *Clock) Settle() {
	c.moving.Lock()
	defer c.moving.Unlock()
}

// next takes the earliest event due by t and sets the clock to its time.
func (c *Clock) next(t time.Time) (event, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.events) == 0 || c.events[0].at.After(t) {
		return event{}, false
	}
	e := c.events[0]
	c.events = c.events[1:]
	if now := c.nowLocked(); e.at.Before(now) {
		e.at = now
	} else {
		c.now, c.since = e.at, time.Now()
	}
	return e, true
}

func (c *Clock) set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t.After(c.nowLocked()) {
		c.now, c.since = t, time.Now()
	}
}
