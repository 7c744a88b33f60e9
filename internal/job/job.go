// Package job runs the work that bursar does in the background.
//
// A run is the queued job itself: the row that people look at, its progress, and the work to do are one, written in the same transaction
// as the change that asked for it. That is why the queue is a table of the state store and not a library's: after a
// crash each interrupted run is simply queued again, and nothing can be in one place and not in the other.
//
// A handler may be run more than once for the same run, and must be safe to run again. One program at a time works on a
// state store: at its start it takes up everything that is marked as running.
package job

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/store"
	"github.com/bursarhq/bursar/internal/tracing"
	"go.opentelemetry.io/otel/attribute"
)

// Handler does the work of one kind of run. An error with the code Unavailable is tried again later; any other ends the
// run as failed. When ctx ends, the handler returns soon.
type Handler func(ctx context.Context, run *Live) error

// Partial is the error of a run that did some of its work and could not do the rest: the run ends as partial, and is not tried again.
type Partial struct{ Err error }

// Error says what could not be done.
func (p *Partial) Error() string { return p.Err.Error() }

// Unwrap returns why.
func (p *Partial) Unwrap() error { return p.Err }

// Kind is a kind of run.
type Kind struct {
	Name     string
	Do       Handler
	Attempts int // at most, for Unavailable errors; 0 is 5
	AtOnce   int // runs of this kind at once, at most; 0 is as many as there are workers
}

// Runner works off the queue. The zero value is not usable: see [New].
type Runner struct {
	// Tracer traces each attempt at a run. Set it before Start; nil traces none.
	Tracer *tracing.Tracer

	store   *store.Store
	kinds   map[string]Kind
	workers int
	log     *slog.Logger

	wake   chan struct{}
	events *events

	mu      sync.Mutex
	cancel  context.CancelFunc            // stops everything; nil while stopped
	running map[string]context.CancelFunc // by run
	active  map[string]int                // runs by kind
	broken  error                         // why the queue could not be read last; nil when it could
	done    sync.WaitGroup
}

// mostStarts is how often a run is begun again after a crash, before it is taken for the cause.
const mostStarts = 10

// New makes a runner of the given kinds that works on at most workers runs at once. Two kinds of one name panic.
func New(s *store.Store, log *slog.Logger, workers int, kinds ...Kind) *Runner {
	r := &Runner{store: s, log: log, workers: workers, kinds: map[string]Kind{}, wake: make(chan struct{}, 1), events: newEvents(), running: map[string]context.CancelFunc{}, active: map[string]int{}}
	for _, k := range kinds {
		if _, twice := r.kinds[k.Name]; twice || k.Do == nil {
			panic("job: kind " + k.Name + " is registered twice or does nothing")
		}
		r.kinds[k.Name] = k
	}
	return r
}

// Start takes up what a crash interrupted and begins to work. Starting twice is an error; Stop without Start is not.
func (r *Runner) Start(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.cancel != nil {
		return errors.New("job: the runner is running already")
	}
	var cut int64
	err := r.store.InTx(ctx, func(tx *store.Tx) (err error) { cut, err = tx.RequeueInterrupted(mostStarts); return err })
	if err != nil {
		return err
	}
	if cut > 0 {
		r.log.Info("taking up interrupted runs", slog.Int64("runs", cut))
	}
	ctx, r.cancel = context.WithCancel(context.WithoutCancel(ctx))
	r.done.Add(1)
	go r.loop(ctx)
	return nil
}

// Stop tells every run to come to an end, and waits. Runs that did not finish are queued again, for the next start.
func (r *Runner) Stop() {
	r.mu.Lock()
	cancel := r.cancel
	r.cancel = nil
	r.mu.Unlock()
	if cancel != nil {
		cancel()
	}
	r.done.Wait()
}

// Ready says whether runs are worked off: not before Start, not after Stop, and not while the queue cannot be read.
func (r *Runner) Ready() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.cancel == nil {
		return errors.New("job: the runner is not running")
	}
	return r.broken
}

// Wake makes the runner look at the queue now. Whoever enqueues a run calls it after the commit.
func (r *Runner) Wake() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// Enqueue adds a run that is due now and wakes the runner. While a run of this kind is live for the account, that one
// is returned.
func (r *Runner) Enqueue(ctx context.Context, workspaceID, kind, account string) (run bursar.Run, err error) {
	if _, known := r.kinds[kind]; !known {
		return run, fmt.Errorf("job: there is no kind %q", kind)
	}
	err = r.store.InTx(ctx, func(tx *store.Tx) error { run, _, err = tx.Enqueue(workspaceID, kind, account, tx.Now); return err })
	r.Wake()
	return run, err
}

// Cancel ends a run: at once when it is queued, and as soon as its handler lets go when it is running. A final run stays as it is.
// It returns the run as it is then.
func (r *Runner) Cancel(ctx context.Context, workspaceID, id string) (run bursar.Run, err error) {
	changed := false
	err = r.store.InTx(ctx, func(tx *store.Tx) error {
		if run, err = tx.Run(workspaceID, id); err != nil || run.State.Final() {
			return err
		}
		if err := tx.FinishRun(id, bursar.RunCancelled, &bursar.RunError{Code: "cancelled", Message: "somebody cancelled the run"}); err != nil {
			return err
		}
		changed = true
		run, err = tx.Run(workspaceID, id)
		return err
	})
	if err != nil || !changed {
		return run, err
	}
	r.mu.Lock()
	if stop := r.running[id]; stop != nil {
		stop()
	}
	r.mu.Unlock()
	r.events.publish(id, Event{Run: &run})
	return run, nil
}

// loop claims due runs while a worker is free, and otherwise waits until it is woken or the next run is due.
func (r *Runner) loop(ctx context.Context) {
	defer r.done.Done()
	free := make(chan struct{}, r.workers)
	for range r.workers {
		free <- struct{}{}
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-free:
		}
		t, wait := r.claim(ctx)
		if t != nil {
			r.done.Add(1)
			go func() {
				defer r.done.Done()
				r.work(t)
				free <- struct{}{}
				r.Wake()
			}()
			continue
		}
		free <- struct{}{}
		r.sleep(ctx, wait)
	}
}

func (r *Runner) sleep(ctx context.Context, wait time.Duration) {
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-r.wake:
	case <-t.C:
	}
}

// task is a claimed run, with what ends it.
type task struct {
	run    bursar.Run
	ctx    context.Context
	cancel context.CancelFunc
}

// register makes a claimed run known to Cancel. It happens inside of the claiming transaction: whoever sees the run running, can
// end it.
func (r *Runner) register(ctx context.Context, run bursar.Run) *task {
	t := &task{run: run}
	t.ctx, t.cancel = context.WithCancel(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.running[run.ID] = t.cancel
	r.active[run.Kind]++
	return t
}

// busy names the kinds of which no more runs may begin now.
func (r *Runner) busy() (kinds []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for name, n := range r.active {
		if most := r.kinds[name].AtOnce; most > 0 && n >= most {
			kinds = append(kinds, name)
		}
	}
	return kinds
}

func (r *Runner) forget(t *task) {
	t.cancel()
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.running, t.run.ID)
	r.active[t.run.Kind]--
}

// claim takes the next due run; without one it says how long to wait for the next.
func (r *Runner) claim(ctx context.Context) (t *task, wait time.Duration) {
	const longest = time.Minute
	busy := r.busy()
	err := r.store.InTx(ctx, func(tx *store.Tx) error {
		run, ok, err := tx.ClaimRun(busy...)
		if err != nil {
			return err
		}
		if ok {
			t = r.register(ctx, run)
			return nil
		}
		due, err := tx.NextDue(busy...)
		wait = longest
		if !due.IsZero() {
			wait = min(longest, max(time.Millisecond, due.Sub(tx.Now)))
		}
		return err
	})
	r.mu.Lock()
	r.broken = err
	r.mu.Unlock()
	if err != nil {
		if t != nil {
			r.forget(t)
		}
		if ctx.Err() == nil {
			r.log.Error("the queue cannot be read", slog.Any("error", err))
		}
		return nil, time.Second
	}
	return t, wait
}

func (r *Runner) work(t *task) {
	defer r.forget(t)
	live := &Live{run: t.run, runner: r}
	live.publish()
	ctx, span := r.Tracer.Begin(t.ctx, "run "+t.run.Kind, attribute.String("bursar.run.id", t.run.ID), attribute.String("bursar.run.kind", t.run.Kind), attribute.Int("bursar.run.attempt", t.run.Attempt))
	err := r.safely(ctx, live)
	span.End(err)
	r.finish(context.WithoutCancel(ctx), t.ctx.Err() != nil, live, err)
}

// safely turns a panic of a handler into an error: one bad bill must not take the server down.
func (r *Runner) safely(ctx context.Context, live *Live) (err error) {
	defer func() {
		if p := recover(); p != nil {
			r.log.ErrorContext(ctx, "a run panicked", slog.String("run", live.run.ID), slog.String("kind", live.run.Kind), slog.String("panic", bursar.Redact(fmt.Sprint(p))), slog.String("stack", string(debug.Stack())))
			err = fmt.Errorf("panic: %s", bursar.Redact(fmt.Sprint(p)))
		}
	}()
	kind, known := r.kinds[live.run.Kind]
	if !known {
		return bursar.Errorf(bursar.Internal, "this bursar knows no runs of kind %q", live.run.Kind)
	}
	return kind.Do(ctx, live)
}

// finish writes down how a run ended. A run that Stop cut off goes back to the queue.
func (r *Runner) finish(ctx context.Context, cut bool, live *Live, err error) {
	run := live.Run()
	if err != nil && !cut {
		r.log.WarnContext(ctx, "a run failed", slog.String("run", run.ID), slog.String("kind", run.Kind), slog.Int("attempt", run.Attempt), slog.Any("error", err))
	}
	saved := r.store.InTx(ctx, func(tx *store.Tx) error {
		if err := live.flush(tx); err != nil {
			return err
		}
		switch {
		case err == nil:
			return tx.FinishRun(run.ID, bursar.RunSucceeded, nil)
		case cut:
			return tx.ReleaseRun(run.ID)
		case bursar.CodeOf(err) == bursar.Unavailable && !errors.As(err, new(*Partial)) && run.Attempt < r.attempts(run.Kind):
			return tx.RetryRun(run.ID, tx.Now.Add(backOff(run.Attempt)), runError(err))
		case errors.As(err, new(*Partial)):
			return tx.FinishRun(run.ID, bursar.RunPartial, runError(err))
		}
		return tx.FinishRun(run.ID, bursar.RunFailed, runError(err))
	})
	if saved != nil && bursar.CodeOf(saved) != bursar.NotFound { // not found: it was cancelled meanwhile
		r.log.ErrorContext(ctx, "a run's end cannot be written", slog.String("run", run.ID), slog.Any("error", saved))
	}
	live.publishStored(ctx)
}

func (r *Runner) attempts(kind string) int {
	if n := r.kinds[kind].Attempts; n > 0 {
		return n
	}
	return 5
}

// backOff doubles from 10 seconds to 10 minutes, with jitter so that many runs do not come back together.
func backOff(attempt int) time.Duration {
	d := min(10*time.Second<<min(attempt-1, 10), 10*time.Minute)
	return d/2 + rand.N(d/2+1)
}

// runError says why a run failed. What is no error of ours stays in the log: it may say more than a reader of runs should know.
func runError(err error) *bursar.RunError {
	var e *bursar.Error
	if errors.As(err, &e) {
		code := e.Reason
		if code == "" {
			code = string(e.Code)
		}
		message := strings.Replace(err.Error(), " (hint: "+e.Hint+")", "", 1) // it has a place of its own
		return &bursar.RunError{Code: code, Message: message, Hint: e.Hint}
	}
	return &bursar.RunError{Code: string(bursar.Internal), Message: "the run broke off", Hint: "the server's log says why"}
}
