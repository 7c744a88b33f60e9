package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/auth"
	"github.com/bursarhq/bursar/internal/job"
	"github.com/bursarhq/bursar/internal/store"
	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

type runPath struct {
	Run string `path:"run" doc:"The run's id (run_…)."`
}

type runOutput struct{ Body bursar.Run }

type startedOutput struct {
	Location string `header:"Location" doc:"The run's path."`
	Body     bursar.Run
}

// start enqueues a run for an account of the caller's workspace.
func (a *API) start(ctx context.Context, p auth.Principal, kind, account string) (*startedOutput, error) {
	found, _, err := a.account(ctx, p, account)
	if err != nil {
		return nil, err
	}
	run, err := a.Runs.Enqueue(ctx, p.WorkspaceID, kind, found.ID)
	return &startedOutput{"/api/v1/runs/" + run.ID, run}, err
}

func (a *API) getRun(ctx context.Context, p auth.Principal, in *runPath) (*runOutput, error) {
	var out runOutput
	err := a.Store.View(ctx, func(tx *store.Tx) (err error) { out.Body, err = tx.Run(p.WorkspaceID, in.Run); return err })
	return &out, err
}

func (a *API) listRuns(ctx context.Context, p auth.Principal, in *struct {
	Account string `query:"account" doc:"Only those of this account: its id (acc_…) or its 12 digits."`
	Paging
},
) (*listOutput[bursar.Run], error) {
	return paged(ctx, a, in.Paging, func(tx *store.Tx, page store.Page) ([]bursar.Run, string, error) {
		account, err := known(tx, p, in.Account)
		if err != nil {
			return nil, "", err
		}
		return tx.Runs(p.WorkspaceID, account, page)
	})
}

// known gives the id of the account that a list is about; "" when it is about all of them.
func known(tx *store.Tx, p auth.Principal, account string) (id string, err error) {
	if account == "" {
		return "", nil
	}
	found, err := tx.Account(p.WorkspaceID, account)
	return found.ID, err
}

func (a *API) cancelRun(ctx context.Context, p auth.Principal, in *runPath) (*runOutput, error) {
	run, err := a.Runs.Cancel(ctx, p.WorkspaceID, in.Run)
	return &runOutput{run}, err
}

// runEvents listens before it looks, so that nothing falls between what it reads and what it hears.
func (a *API) runEvents(ctx context.Context, p auth.Principal, in *runPath) (func(huma.Context), error) {
	var run bursar.Run
	var found []bursar.Finding
	happening, stop := a.Runs.Listen(in.Run)
	err := a.Store.View(ctx, func(tx *store.Tx) (err error) {
		if run, err = tx.Run(p.WorkspaceID, in.Run); err != nil {
			return err
		}
		found, err = tx.FindingsOfRun(p.WorkspaceID, in.Run)
		return err
	})
	if err != nil {
		stop()
		return nil, err
	}
	return func(ctx huma.Context) {
		defer stop()
		_, w := humago.Unwrap(ctx)
		e := newEventStream(w)
		defer e.close()
		a.tell(ctx.Context(), e, run, found, happening)
	}, nil
}

const heartbeat = 15 * time.Second

// tell writes what happened so far and then what happens, until the run has ended, the caller has gone, or the server stops.
func (a *API) tell(ctx context.Context, e *eventStream, run bursar.Run, found []bursar.Finding, happening <-chan job.Event) {
	told := map[string]bool{}
	for _, f := range found {
		told[f.ID] = true
		e.send("finding", f)
	}
	e.send("run", run)
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for ended := run.State.Final(); !ended && e.err == nil; {
		select {
		case <-ctx.Done():
			return
		case <-a.stopping:
			return
		case <-beat.C: // proxies close what is silent
			e.write(": still here\n\n")
		case ev := <-happening:
			switch {
			case ev.Finding != nil && (ev.Finding.ID == "" || !told[ev.Finding.ID]):
				told[ev.Finding.ID] = true
				e.send("finding", ev.Finding)
			case ev.Run != nil:
				e.send("run", ev.Run)
				ended = ev.Run.State.Final()
			}
		}
	}
}

// eventStream writes server-sent events. After an error it writes nothing more.
type eventStream struct {
	w       http.ResponseWriter
	control *http.ResponseController
	err     error
}

func newEventStream(w http.ResponseWriter) *eventStream {
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no") // nginx would hold events back
	w.Header().Set("No-Gzip-Compression", "1")
	w.WriteHeader(http.StatusOK)
	return &eventStream{w: w, control: http.NewResponseController(w)}
}

// close lifts the deadline: the connection may serve more requests.
func (e *eventStream) close() { _ = e.control.SetWriteDeadline(time.Time{}) }

func (e *eventStream) send(event string, data any) {
	b, err := json.Marshal(data)
	if err != nil {
		e.err = err
		return
	}
	e.write(fmt.Sprintf("event: %s\ndata: %s\n\n", event, b))
}

// write gives a caller that does not read 10 seconds.
func (e *eventStream) write(text string) {
	if e.err != nil {
		return
	}
	_ = e.control.SetWriteDeadline(time.Now().Add(10 * time.Second)) // not every writer has one
	if _, e.err = e.w.Write([]byte(text)); e.err == nil {
		e.err = e.control.Flush()
	}
}
