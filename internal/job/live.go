package job

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/store"
)

// Live is a run while its handler works on it.
type Live struct {
	runner *Runner

	mu    sync.Mutex
	run   bursar.Run
	saved time.Time
}

// Run returns the run as it stands.
func (l *Live) Run() bursar.Run {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.run
}

// Progress says how far the run has come. Listeners hear of it at once; the store at most once a second.
func (l *Live) Progress(ctx context.Context, p bursar.Progress) {
	l.mu.Lock()
	l.run.Progress = p
	due := time.Since(l.saved) >= time.Second
	if due {
		l.saved = time.Now()
	}
	l.mu.Unlock()
	l.publish()
	if !due {
		return
	}
	err := l.runner.store.InTx(ctx, l.flush)
	if err != nil && ctx.Err() == nil && bursar.CodeOf(err) != bursar.NotFound {
		l.runner.log.WarnContext(ctx, "a run's progress cannot be written", slog.String("run", l.run.ID), slog.Any("error", err))
	}
}

func (l *Live) flush(tx *store.Tx) error {
	run := l.Run()
	return tx.SetProgress(run.ID, run.Progress)
}

// Found tells listeners of a finding. Keeping it is the handler's business.
func (l *Live) Found(f bursar.Finding) {
	l.runner.events.publish(l.Run().ID, Event{Finding: &f})
}

func (l *Live) publish() {
	run := l.Run()
	l.runner.events.publish(run.ID, Event{Run: &run})
}

// publishStored tells listeners how the run stands in the store, which is the truth once its handler is done.
func (l *Live) publishStored(ctx context.Context) {
	id, ws := l.run.ID, l.run.WorkspaceID
	err := l.runner.store.View(ctx, func(tx *store.Tx) error {
		run, err := tx.Run(ws, id)
		if err == nil {
			l.runner.events.publish(id, Event{Run: &run})
		}
		return err
	})
	if err != nil {
		l.runner.log.WarnContext(ctx, "a run cannot be read back", slog.String("run", id), slog.Any("error", err))
	}
}

// Event is one thing that happened in a run: exactly one field is set.
type Event struct {
	Run     *bursar.Run
	Finding *bursar.Finding
}

// events hands what happens in runs to those who listen. A listener that is too slow misses progress, and never the last word:
// each holds a bounded buffer, whose oldest event gives way.
type events struct {
	mu        sync.Mutex
	listeners map[string]map[chan Event]bool // by run
}

const listenerBuffer = 256

func newEvents() *events { return &events{listeners: map[string]map[chan Event]bool{}} }

func (e *events) publish(runID string, ev Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for c := range e.listeners[runID] {
		for {
			select {
			case c <- ev:
			default:
				select {
				case <-c:
				default:
				}
				continue
			}
			break
		}
	}
}

func (e *events) listen(runID string) (<-chan Event, func()) {
	c := make(chan Event, listenerBuffer)
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.listeners[runID] == nil {
		e.listeners[runID] = map[chan Event]bool{}
	}
	e.listeners[runID][c] = true
	return c, func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		delete(e.listeners[runID], c)
		if len(e.listeners[runID]) == 0 {
			delete(e.listeners, runID)
		}
	}
}

// Listen gives what happens in a run from now on. The caller calls stop when it is done.
func (r *Runner) Listen(runID string) (happening <-chan Event, stop func()) {
	return r.events.listen(runID)
}
