package job_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/job"
	"github.com/bursarhq/bursar/internal/store"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("database/sql.(*DB).connectionOpener"))
}

type bench struct {
	store *store.Store
	ws    string
}

func setup(t *testing.T) bench {
	t.Helper()
	s, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "s.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	b := bench{store: s}
	err = s.InTx(t.Context(), func(tx *store.Tx) error {
		ws, err := tx.AddWorkspace("w")
		b.ws = ws.ID
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (b bench) runner(t *testing.T, kinds ...job.Kind) *job.Runner {
	t.Helper()
	r := job.New(b.store, slog.New(slog.DiscardHandler), 2, kinds...)
	t.Cleanup(r.Stop)
	return r
}

func (b bench) start(t *testing.T, r *job.Runner) {
	t.Helper()
	if err := r.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// final waits for the run's end and returns it as the store has it.
func (b bench) final(t *testing.T, r *job.Runner, id string) (run bursar.Run) {
	t.Helper()
	events, stop := r.Listen(id)
	defer stop()
	for {
		err := b.store.View(t.Context(), func(tx *store.Tx) (err error) { run, err = tx.Run(b.ws, id); return err })
		if err != nil {
			t.Fatal(err)
		}
		if run.State.Final() {
			return run
		}
		select {
		case <-events:
		case <-t.Context().Done():
			t.Fatal("the run never ended")
		}
	}
}

func (b bench) enqueue(t *testing.T, r *job.Runner, kind string) bursar.Run {
	t.Helper()
	run, err := r.Enqueue(t.Context(), b.ws, kind, "acc_1")
	if err != nil {
		t.Fatal(err)
	}
	return run
}

func TestRunsEndAsTheirHandlersSay(t *testing.T) {
	b := setup(t)
	r := b.runner(t,
		job.Kind{Name: "good", Do: func(ctx context.Context, l *job.Live) error {
			l.Progress(ctx, bursar.Progress{Step: "half", Done: 1, Total: 2})
			l.Found(bursar.Finding{Check: "x"})
			return nil
		}},
		job.Kind{Name: "bad", Do: func(context.Context, *job.Live) error {
			return fmt.Errorf("period 2026-01: %w", bursar.Errorf(bursar.Invalid, "no such bucket").WithReason("bucket_gone").WithHint("make it"))
		}},
		job.Kind{Name: "panics", Do: func(context.Context, *job.Live) error { panic("oh") }},
	)
	b.start(t, r)
	good := b.final(t, r, b.enqueue(t, r, "good").ID)
	if good.State != bursar.RunSucceeded || good.Progress.Step != "half" || good.Attempt != 1 || good.FinishedAt.IsZero() {
		t.Errorf("good: %+v", good)
	}
	bad := b.final(t, r, b.enqueue(t, r, "bad").ID)
	if bad.State != bursar.RunFailed || bad.Error == nil || bad.Error.Code != "bucket_gone" || bad.Error.Hint != "make it" || bad.Error.Message != "period 2026-01: no such bucket" {
		t.Errorf("bad: %+v %+v", bad, bad.Error)
	}
	if p := b.final(t, r, b.enqueue(t, r, "panics").ID); p.State != bursar.RunFailed {
		t.Errorf("panics: %+v", p)
	}
	if _, err := r.Enqueue(t.Context(), b.ws, "unknown", ""); err == nil {
		t.Error("a run of an unknown kind was enqueued")
	}
}

func TestUnavailableIsTriedAgain(t *testing.T) {
	b := setup(t)
	tried := make(chan int, 1)
	r := b.runner(t, job.Kind{Name: "flaky", Do: func(_ context.Context, l *job.Live) error {
		tried <- l.Run().Attempt
		return bursar.Errorf(bursar.Unavailable, "throttled")
	}})
	run := b.enqueue(t, r, "flaky")
	events, stop := r.Listen(run.ID)
	defer stop()
	b.start(t, r)
	if n := <-tried; n != 1 {
		t.Errorf("attempt %d", n)
	}
	for e := range events {
		if e.Run != nil && e.Run.State == bursar.RunQueued {
			if e.Run.Error == nil {
				t.Error("a run that is tried again must say why")
			}
			return
		}
	}
}

func TestInterruptedRunsAreTakenUp(t *testing.T) {
	b := setup(t)
	begun := make(chan struct{})
	r := b.runner(t, job.Kind{Name: "long", Do: func(ctx context.Context, _ *job.Live) error {
		close(begun)
		<-ctx.Done()
		return ctx.Err()
	}})
	b.start(t, r)
	run := b.enqueue(t, r, "long")
	<-begun
	r.Stop()

	r = b.runner(t, job.Kind{Name: "long", Do: func(context.Context, *job.Live) error { return nil }})
	b.start(t, r)
	if again := b.final(t, r, run.ID); again.State != bursar.RunSucceeded || again.Attempt != 1 {
		t.Errorf("after the restart: %+v", again)
	}
}

func TestCancel(t *testing.T) {
	b := setup(t)
	begun := make(chan struct{})
	r := b.runner(t, job.Kind{Name: "long", Do: func(ctx context.Context, _ *job.Live) error {
		close(begun)
		<-ctx.Done()
		return ctx.Err()
	}})
	b.start(t, r)
	run := b.enqueue(t, r, "long")
	<-begun
	if _, err := r.Cancel(t.Context(), "ws_other", run.ID); bursar.CodeOf(err) != bursar.NotFound {
		t.Errorf("another workspace cancelled it: %v", err)
	}
	if run, err := r.Cancel(t.Context(), b.ws, run.ID); err != nil || run.State != bursar.RunCancelled {
		t.Fatalf("got %+v, %v", run, err)
	}
	r.Stop()
	if run := b.final(t, r, run.ID); run.State != bursar.RunCancelled || run.FinishedAt.IsZero() {
		t.Errorf("after its handler let go: %+v", run)
	}
}

func TestListenersHearThatAQueuedRunIsCancelled(t *testing.T) {
	b := setup(t)
	r := b.runner(t, job.Kind{Name: "never", Do: func(context.Context, *job.Live) error { t.Error("it ran"); return nil }})
	run := b.enqueue(t, r, "never")
	events, stop := r.Listen(run.ID)
	defer stop()
	if _, err := r.Cancel(t.Context(), b.ws, run.ID); err != nil {
		t.Fatal(err)
	}
	if e := <-events; e.Run == nil || e.Run.State != bursar.RunCancelled {
		t.Errorf("got %+v", e)
	}
}

func TestARunThatEndsTheProgramIsGivenUp(t *testing.T) {
	b := setup(t)
	r := b.runner(t, job.Kind{Name: "deadly", Do: func(context.Context, *job.Live) error { t.Error("it ran again"); return nil }})
	run := b.enqueue(t, r, "deadly")
	crash := func(n int) error { // as kill -9 leaves it: claimed and never finished
		return b.store.InTx(t.Context(), func(tx *store.Tx) error {
			for range n {
				if _, ok, err := tx.ClaimRun(); err != nil || !ok {
					return fmt.Errorf("claimed %v: %w", ok, err)
				}
				if _, err := tx.RequeueInterrupted(1000); err != nil {
					return err
				}
			}
			_, _, err := tx.ClaimRun()
			return err
		})
	}
	if err := crash(9); err != nil {
		t.Fatal(err)
	}
	b.start(t, r)
	if got := b.final(t, r, run.ID); got.State != bursar.RunFailed || got.Error == nil || got.Error.Code != "interrupted" {
		t.Errorf("got %+v %+v", got, got.Error)
	}
}

func TestAListenerThatIsSlowStillGetsTheLastWord(t *testing.T) {
	b := setup(t)
	r := b.runner(t, job.Kind{Name: "chatty", Do: func(ctx context.Context, l *job.Live) error {
		for i := range int64(5000) {
			l.Progress(ctx, bursar.Progress{Done: i})
		}
		return nil
	}})
	run := b.enqueue(t, r, "chatty")
	slow, stop := r.Listen(run.ID)
	defer stop()
	b.start(t, r)
	b.final(t, r, run.ID)
	r.Stop()
	last := job.Event{}
	for {
		select {
		case last = <-slow:
			continue
		default:
		}
		break
	}
	if last.Run == nil || last.Run.State != bursar.RunSucceeded || last.Run.Progress.Done != 4999 {
		t.Errorf("the last word was %+v", last.Run)
	}
}

func TestStartStopStress(t *testing.T) {
	b := setup(t)
	var done atomic.Int64
	r := b.runner(t, job.Kind{Name: "quick", Do: func(context.Context, *job.Live) error { done.Add(1); return nil }})
	r.Stop() // stopping what never started is fine
	for range 20 {
		b.start(t, r)
		if err := r.Start(t.Context()); err == nil {
			t.Fatal("started twice")
		}
		b.enqueue(t, r, "quick")
		r.Stop()
		r.Stop()
	}
	s := job.NewScheduler(r)
	s.Stop()
	s.Start(t.Context())
	s.Start(t.Context())
	s.Stop()
	s.Stop()
}

func TestStopIsNoFailure(t *testing.T) {
	b := setup(t)
	begun := make(chan struct{})
	r := b.runner(t, job.Kind{Name: "long", Do: func(ctx context.Context, _ *job.Live) error {
		close(begun)
		<-ctx.Done()
		return errors.New("reading: " + ctx.Err().Error())
	}})
	b.start(t, r)
	run := b.enqueue(t, r, "long")
	<-begun
	r.Stop()
	err := b.store.View(t.Context(), func(tx *store.Tx) error {
		got, err := tx.Run(b.ws, run.ID)
		if got.State != bursar.RunQueued || got.Attempt != 0 || got.Error != nil {
			t.Errorf("stopping made it %+v", got)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestNoMoreOfAKindThanAllowed(t *testing.T) {
	b := setup(t)
	begun, gate := make(chan string, 10), make(chan struct{})
	heavy := func(_ context.Context, l *job.Live) error { begun <- l.Run().AccountID; <-gate; return nil }
	light := make(chan struct{})
	r := b.runner(t, job.Kind{Name: "heavy", Do: heavy, AtOnce: 1},
		job.Kind{Name: "light", Do: func(context.Context, *job.Live) error { close(light); return nil }})
	var runs []bursar.Run
	for _, account := range []string{"acc_1", "acc_2", "acc_3"} {
		run, err := r.Enqueue(t.Context(), b.ws, "heavy", account)
		if err != nil {
			t.Fatal(err)
		}
		runs = append(runs, run)
	}
	last := b.enqueue(t, r, "light") // it is due after the heavy ones, and must not wait for them
	b.start(t, r)
	<-begun
	<-light
	b.final(t, r, last.ID)
	if len(begun) > 0 {
		t.Error("two heavy runs at once")
	}
	close(gate)
	for _, run := range runs {
		if got := b.final(t, r, run.ID); got.State != bursar.RunSucceeded {
			t.Errorf("got %+v", got)
		}
	}
}
