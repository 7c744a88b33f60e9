package check

import (
	"context"
	"math/rand/v2"
	"time"
)

// Schedule says how patiently a role is assumed while IAM propagates. AWS gives no figure for that; Terraform's provider
// waits two minutes. An answer of one STS endpoint proves nothing for another, so two successes with some time between are
// required.
type Schedule struct {
	Waits []time.Duration // before each attempt; the last one repeats. A random part of each is waited
	Limit time.Duration   // after which no new attempt is made
	Apart time.Duration   // between the first success and the second

	// For tests; nil = the real ones.
	Sleep func(ctx context.Context, d time.Duration) error
	Now   func() time.Time
}

// Patient is the schedule after something was set up: attempts for two minutes, successes five seconds apart.
func Patient() Schedule {
	return Schedule{
		Waits: []time.Duration{0, 2 * time.Second, 4 * time.Second, 8 * time.Second, 10 * time.Second},
		Limit: 120 * time.Second, Apart: 5 * time.Second,
	}
}

// Settled is the schedule for an access that has worked before: a denial is believed after a few seconds.
func Settled() Schedule {
	return Schedule{Waits: []time.Duration{0, 2 * time.Second, 4 * time.Second}, Limit: 10 * time.Second, Apart: 5 * time.Second}
}

func (s Schedule) orPatient() Schedule {
	if len(s.Waits) == 0 {
		p := Patient()
		s.Waits, s.Limit, s.Apart = p.Waits, p.Limit, p.Apart
	}
	if s.Sleep == nil {
		s.Sleep = sleep
	}
	if s.Now == nil {
		s.Now = time.Now
	}
	return s
}

// wait returns how long to wait before an attempt: full jitter, so that many accounts do not ask at once.
func (s Schedule) wait(attempt int) time.Duration {
	d := s.Waits[min(attempt, len(s.Waits)-1)]
	if d <= 0 {
		return 0
	}
	return rand.N(d + 1)
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
