package check

import (
	"context"
	"sync"

	"github.com/bursarhq/bursar/internal/awsapi"
)

// callsAtOnce is how many requests about members are under way at once, at most.
const callsAtOnce = 24

// gate lets few requests through at once, and fewer while AWS asks to slow down: many accounts are looked at together, and none of
// them must suffer from that. Who bursar is, it asks once.
type gate struct {
	access Access
	free   chan struct{}

	mu    sync.Mutex
	limit int // requests at once, now
	owed  int // places to take away as they become free
	calm  int // requests since AWS complained last

	identity func(context.Context) (awsapi.Identity, error)
}

func newGate(access Access, limit int) *gate {
	g := &gate{access: access, free: make(chan struct{}, limit), limit: limit}
	for range limit {
		g.free <- struct{}{}
	}
	var once sync.Mutex
	var id *awsapi.Identity
	g.identity = func(ctx context.Context) (awsapi.Identity, error) {
		once.Lock()
		defer once.Unlock()
		if id != nil {
			return *id, nil
		}
		got, err := access.Identity(ctx)
		if err == nil {
			id = &got
		}
		return got, err
	}
	return g
}

// Identity tells who bursar is.
func (g *gate) Identity(ctx context.Context) (awsapi.Identity, error) { return g.identity(ctx) }

// Assume opens a session, when it is its turn.
func (g *gate) Assume(ctx context.Context, r awsapi.AssumeRequest) (Session, error) {
	s, err := pass(ctx, g, func() (Session, error) { return g.access.Assume(ctx, r) })
	if err != nil {
		return nil, err
	}
	return gated{s, g}, nil
}

// gated is a session whose one question about a member goes through the gate too.
type gated struct {
	Session
	gate *gate
}

// Identity tells which account and role the session is in.
func (s gated) Identity(ctx context.Context) (awsapi.Identity, error) {
	return pass(ctx, s.gate, func() (awsapi.Identity, error) { return s.Session.Identity(ctx) })
}

// pass makes one request when there is a place. One that AWS asks to slow down for queues again: by then there are fewer places.
func pass[T any](ctx context.Context, g *gate, call func() (T, error)) (out T, err error) {
	for range 5 {
		select {
		case <-g.free:
		case <-ctx.Done():
			return out, ctx.Err()
		}
		out, err = call()
		throttled := awsapi.Classify(err).Class == awsapi.Throttled
		g.release(throttled)
		if !throttled {
			break
		}
	}
	return out, err
}

// release gives a place back. A complaint of AWS halves the places; each few calm requests open one again.
func (g *gate) release(throttled bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if throttled {
		cut := g.limit / 2
		g.limit, g.owed, g.calm = g.limit-cut, g.owed+cut, 0
	} else if g.calm++; g.calm >= 20 && g.limit < cap(g.free) {
		g.calm = 0
		g.limit++
		if g.owed > 0 {
			g.owed--
		} else {
			g.free <- struct{}{}
		}
	}
	if g.owed > 0 {
		g.owed--
		return
	}
	g.free <- struct{}{}
}
