package kind

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/awsapi"
	"github.com/bursarhq/bursar/internal/job"
	"github.com/bursarhq/bursar/internal/source/costexplorer"
	"github.com/bursarhq/bursar/internal/source/costexplorer/paid"
	"github.com/bursarhq/bursar/internal/store"
)

// CostSession asks Cost Explorer, and knows whose session it is. [awsapi.Session] does.
type CostSession interface {
	paid.Asker
	// Identity tells whose session it is. It costs nothing.
	Identity(ctx context.Context) (awsapi.Identity, error)
}

// Sources asks Cost Explorer for the streams of a source. The run is about the source: its AccountID is the source's id.
type Sources struct {
	Store *store.Store
	Desk  *paid.Desk
	// Open opens a session with the source's access. An Unavailable error is tried again.
	Open func(ctx context.Context, s bursar.Source) (CostSession, error)
	Now  func() time.Time // AWS's time
}

// checkCost is the name of the check whose finding says how a source of an account stands.
const checkCost = "cost_explorer"

// Do does the work of one run. It ends as partial when some streams were answered and others were not.
func (k Sources) Do(ctx context.Context, live *job.Live) error {
	run := live.Run()
	var source bursar.Source
	err := k.Store.View(ctx, func(tx *store.Tx) (err error) { source, err = tx.Source(run.WorkspaceID, run.AccountID); return err })
	if err != nil {
		return err
	}
	session, err := k.open(ctx, &source)
	if err != nil {
		return k.refused(ctx, source, run, err)
	}
	s := costexplorer.Sync{
		Desk: k.Desk, Asker: session, Source: source, RunID: run.ID, Now: k.Now,
		Began: func(stream string, done, total int) {
			live.Progress(ctx, bursar.Progress{Step: stream, Done: int64(done), Total: int64(total), Unit: "streams"})
		},
	}
	list, err := s.Run(ctx)
	if err != nil {
		return err
	}
	live.Progress(ctx, bursar.Progress{Step: spent(list), Done: int64(len(list)), Total: int64(len(list)), Unit: "streams"})
	if err := k.Store.InTx(ctx, func(tx *store.Tx) error { return k.tell(tx, source, run.ID, list) }); err != nil {
		return err
	}
	return outcome(list)
}

// open opens the source's session and makes sure of whose costs it tells: data of two accounts must never be mixed.
func (k Sources) open(ctx context.Context, s *bursar.Source) (CostSession, error) {
	session, err := k.Open(ctx, *s)
	if err != nil {
		return nil, err
	}
	id, err := session.Identity(ctx)
	if err != nil {
		if class := awsapi.Classify(err).Class; class == awsapi.Throttled || class == awsapi.Unreachable {
			return nil, bursar.Errorf(bursar.Unavailable, "AWS did not say whose access it is: %w", err).WithReason(string(class))
		}
		return nil, err
	}
	if s.AccountID == id.AccountID {
		return session, nil
	}
	if s.AccountID != "" {
		return nil, bursar.Errorf(bursar.Conflict, "the source asks for account %s, and its access is in account %s", s.AccountID, id.AccountID).WithReason("wrong_account").
			WithHint("make another source for account %s: its data would be mixed with what is held", id.AccountID)
	}
	s.AccountID = id.AccountID
	return session, k.Store.InTx(ctx, func(tx *store.Tx) error { return tx.LearnSourceAccount(s.ID, id.AccountID) })
}

// refused records at every stream that the access could not be used. What is held stays.
func (k Sources) refused(ctx context.Context, s bursar.Source, run bursar.Run, err error) error {
	if bursar.CodeOf(err) == bursar.Unavailable || ctx.Err() != nil {
		return err // it is tried again
	}
	status := costexplorer.StatusOf(err)
	if status.State == bursar.StreamFailed {
		status.State = bursar.StreamExpired
	}
	status.TriedAt = k.Now().UTC()
	var list []bursar.StreamStatus
	kept := k.Store.InTx(ctx, func(tx *store.Tx) error {
		for _, stream := range s.Streams {
			status.Name = stream.Name
			list = append(list, status)
			if err := tx.SetStream(s.ID, status); err != nil {
				return err
			}
		}
		return k.tell(tx, s, run.ID, list)
	})
	return cmp.Or(kept, failure(status, err))
}

// failure is an error that tells people why.
func failure(s bursar.StreamStatus, err error) error {
	return bursar.Errorf(bursar.Conflict, "%s", cmp.Or(s.Message, err.Error())).WithReason(s.Code).WithHint("%s", s.Hint)
}

func good(s bursar.StreamStatus) bool {
	return s.State == bursar.StreamOK || s.State == bursar.StreamNoData
}

// spent says how many requests a run has sent.
func spent(list []bursar.StreamStatus) string {
	n := 0
	for _, s := range list {
		n += s.Requests
	}
	return fmt.Sprintf("%d requests sent", n)
}

// outcome is nil when every stream was answered, and otherwise says which were not.
func outcome(list []bursar.StreamStatus) error {
	var bad []string
	var first bursar.StreamStatus
	for _, s := range list {
		if good(s) {
			continue
		}
		if len(bad) == 0 {
			first = s
		}
		bad = append(bad, fmt.Sprintf("%s: %s (%s)", s.Name, s.State, s.Code))
	}
	if len(bad) == 0 {
		return nil
	}
	err := bursar.Errorf(bursar.Conflict, "%d of %d streams were not answered: %s", len(bad), len(list), strings.Join(bad, ", ")).WithReason(first.Code).WithHint("%s", first.Hint)
	if len(bad) == len(list) {
		return err
	}
	return &job.Partial{Err: err}
}

// tell keeps a finding about the account whose access the source uses, and an event when that changes something.
func (k Sources) tell(tx *store.Tx, s bursar.Source, runID string, list []bursar.StreamStatus) error {
	if s.Account == "" {
		return nil
	}
	f := bursar.Finding{
		RunID: runID, Check: checkCost, Capability: bursar.CapCostExplorer, Status: bursar.StatusOK, Code: "ok", At: tx.Now,
		Message:  fmt.Sprintf("Cost Explorer answers the source %q of account %s", s.Name, s.AccountID),
		Evidence: map[string]string{"source": s.ID},
	}
	for _, x := range list {
		if good(x) {
			continue
		}
		o := costexplorer.Find(x.Name)
		f.Status, f.Code, f.Remedy = bursar.StatusWarning, x.Code, x.Hint
		f.Message = fmt.Sprintf("account %s: %s did not answer the stream %s of the source %q: %s", s.AccountID, o.IAM(), x.Name, s.Name, x.Message)
		break
	}
	if _, err := tx.AddFinding(s.WorkspaceID, s.Account, f); err != nil {
		return err
	}
	return noteStatus(tx, s.WorkspaceID, s.Account, runID)
}
