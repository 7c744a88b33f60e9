package job

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/bursarhq/bursar/internal/store"
)

// Schedule enqueues runs of one kind again and again, for everything that Due names.
type Schedule struct {
	Name  string
	Every time.Duration // how often Due is asked; jitter of a tenth is added
	// Due enqueues what is due, in one transaction.
	Due func(tx *store.Tx) error
}

// Scheduler runs schedules.
type Scheduler struct {
	runner    *Runner
	schedules []Schedule

	mu     sync.Mutex
	cancel context.CancelFunc
	done   sync.WaitGroup
}

// NewScheduler makes a scheduler that enqueues for a runner.
func NewScheduler(r *Runner, schedules ...Schedule) *Scheduler {
	return &Scheduler{runner: r, schedules: schedules}
}

// Start begins. Each schedule looks at once, and then every so often. Starting a started scheduler does nothing.
func (s *Scheduler) Start(ctx context.Context) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cancel != nil {
		return
	}
	ctx, s.cancel = context.WithCancel(context.WithoutCancel(ctx))
	for _, sched := range s.schedules {
		s.done.Add(1)
		go s.loop(ctx, sched)
	}
}

// Stop ends every schedule and waits. Stopping a stopped scheduler does nothing.
func (s *Scheduler) Stop() {
	s.mu.Lock()
	cancel := s.cancel
	s.cancel = nil
	s.mu.Unlock()
	if cancel != nil {
		cancel()
	}
	s.done.Wait()
}

func (s *Scheduler) loop(ctx context.Context, sched Schedule) {
	defer s.done.Done()
	for {
		err := s.runner.store.InTx(ctx, sched.Due)
		if err != nil && ctx.Err() == nil {
			s.runner.log.Error("a schedule cannot enqueue", slog.String("schedule", sched.Name), slog.Any("error", err))
		}
		s.runner.Wake()
		t := time.NewTimer(sched.Every + rand.N(sched.Every/10+1))
		select {
		case <-ctx.Done():
			t.Stop()
			return
		case <-t.C:
		}
	}
}
