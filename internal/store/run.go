package store

import (
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"github.com/bursarhq/bursar"
)

const runColumns = `id, workspace_id, kind, account, state, progress, error, attempt, created_at, started_at, finished_at`

func scanRun(r scanner) (bursar.Run, error) {
	var v bursar.Run
	var progress, failure string
	var created, started, finished int64
	if err := r.Scan(&v.ID, &v.WorkspaceID, &v.Kind, &v.AccountID, &v.State, &progress, &failure, &v.Attempt, &created, &started, &finished); err != nil {
		return v, err
	}
	v.CreatedAt, v.StartedAt, v.FinishedAt = fromStamp(created), fromStamp(started), fromStamp(finished)
	return v, errors.Join(json.Unmarshal([]byte(progress), &v.Progress), json.Unmarshal([]byte(failure), &v.Error))
}

// Enqueue adds a run that is due at a time. When one of the same kind and account is queued or running already, that
// one is returned instead, and added is false; a queued one that was due later is then due at the earlier time.
func (tx *Tx) Enqueue(workspaceID, kind, account string, due time.Time) (run bursar.Run, added bool, err error) {
	run, err = one(tx, "run", scanRun, `SELECT `+runColumns+` FROM runs
		WHERE workspace_id = $1 AND kind = $2 AND account = $3 AND state IN ('queued', 'running')`, workspaceID, kind, account)
	if err == nil {
		return run, false, tx.exec(`UPDATE runs SET due_at = $1 WHERE id = $2 AND state = 'queued' AND due_at > $1`, stamp(due), run.ID)
	}
	if bursar.CodeOf(err) != bursar.NotFound {
		return run, false, err
	}
	tx.touch(workspaceID, TopicRuns)
	run = bursar.Run{ID: bursar.NewID("run"), WorkspaceID: workspaceID, Kind: kind, AccountID: account, State: bursar.RunQueued, CreatedAt: tx.Now}
	err = tx.exec(`INSERT INTO runs (`+runColumns+`, due_at) VALUES ($1, $2, $3, $4, $5, '{}', 'null', 0, $6, 0, 0, $7)`,
		run.ID, run.WorkspaceID, run.Kind, run.AccountID, run.State, stamp(run.CreatedAt), stamp(due))
	if err != nil || tx.origin.Operation == "" { // what a schedule starts is no change that anybody asked for
		return run, true, err
	}
	return run, true, tx.Audit(Change{WorkspaceID: workspaceID, Target: account, After: run})
}

// ClaimRun takes the run that has been due longest, of any kind but those named, and makes it running. ok is false when none is due.
func (tx *Tx) ClaimRun(except ...string) (run bursar.Run, ok bool, err error) {
	not, args := notOfKinds(except, stamp(tx.Now))
	run, err = one(tx, "run", scanRun, `UPDATE runs SET state = 'running', attempt = attempt + 1, started_at = $1
		WHERE id = (SELECT id FROM runs WHERE state = 'queued' AND due_at <= $1`+not+` ORDER BY due_at, created_at, id LIMIT 1)
		RETURNING `+runColumns, args...)
	if bursar.CodeOf(err) == bursar.NotFound {
		return run, false, nil
	}
	tx.touch(run.WorkspaceID, TopicRuns)
	return run, err == nil, err
}

// NextDue returns when the next queued run, of any kind but those named, is due; the zero time when none is queued.
func (tx *Tx) NextDue(except ...string) (time.Time, error) {
	var due int64
	not, args := notOfKinds(except)
	err := tx.row(`SELECT coalesce(min(due_at), 0) FROM runs WHERE state = 'queued'`+not, args...).Scan(&due)
	return fromStamp(due), err
}

// notOfKinds writes a condition that leaves kinds out, and appends them to the arguments before it.
func notOfKinds(kinds []string, args ...any) (condition string, all []any) {
	for _, k := range kinds {
		args = append(args, k)
		condition += " AND kind <> $" + strconv.Itoa(len(args))
	}
	return condition, args
}

// SetProgress records how far a running run has come.
func (tx *Tx) SetProgress(id string, p bursar.Progress) error {
	tx.touchRun(id)
	b, err := json.Marshal(p)
	if err != nil {
		return err
	}
	return tx.change("run", `UPDATE runs SET progress = $1 WHERE id = $2 AND state = 'running'`, string(b), id)
}

// FinishRun ends a run that is not final yet.
func (tx *Tx) FinishRun(id string, state bursar.RunState, failure *bursar.RunError) error {
	tx.touchRun(id)
	b, err := json.Marshal(failure)
	if err != nil {
		return err
	}
	return tx.change("run", `UPDATE runs SET state = $1, error = $2, finished_at = $3 WHERE id = $4 AND state IN ('queued', 'running')`,
		state, string(b), stamp(tx.Now), id)
}

// RetryRun puts a running run back into the queue, to be due at a time, and keeps why.
func (tx *Tx) RetryRun(id string, due time.Time, failure *bursar.RunError) error {
	tx.touchRun(id)
	b, err := json.Marshal(failure)
	if err != nil {
		return err
	}
	return tx.change("run", `UPDATE runs SET state = 'queued', error = $1, due_at = $2 WHERE id = $3 AND state = 'running'`, string(b), stamp(due), id)
}

// ReleaseRun gives a running run back to the queue as if it had not been claimed: its worker was told to stop.
func (tx *Tx) ReleaseRun(id string) error {
	tx.touchRun(id)
	return tx.change("run", `UPDATE runs SET state = 'queued', attempt = attempt - 1, due_at = $1 WHERE id = $2 AND state = 'running'`, stamp(tx.Now), id)
}

// RequeueInterrupted puts every running run back into the queue: at start-up nothing runs, so each of them was cut off by a
// crash. One that has been begun most times already is failed instead: it may be what brings the program down. It returns how many
// were put back.
func (tx *Tx) RequeueInterrupted(most int) (int64, error) {
	failure, err := json.Marshal(bursar.RunError{
		Code: "interrupted", Message: "bursar ended abruptly each time that it worked on this run",
		Hint: "look into the log for what happened at the time, then start it again",
	})
	if err != nil {
		return 0, err
	}
	err = tx.exec(`UPDATE runs SET state = 'failed', error = $1, finished_at = $2 WHERE state = 'running' AND attempt >= $3`, string(failure), stamp(tx.Now), most)
	if err != nil {
		return 0, err
	}
	res, err := tx.tx.ExecContext(tx.ctx, `UPDATE runs SET state = 'queued', due_at = $1 WHERE state = 'running'`, stamp(tx.Now))
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// touchRun tells that a run has changed to whoever watches its workspace.
func (tx *Tx) touchRun(id string) {
	var workspaceID string
	if tx.row(`SELECT workspace_id FROM runs WHERE id = $1`, id).Scan(&workspaceID) == nil { // one that is not there has not changed
		tx.touch(workspaceID, TopicRuns)
	}
}

// Run returns one run.
func (tx *Tx) Run(workspaceID, id string) (bursar.Run, error) {
	return one(tx, "run", scanRun, `SELECT `+runColumns+` FROM runs WHERE workspace_id = $1 AND id = $2`, workspaceID, id)
}

// Runs lists runs, the newest first; an empty account means every account's.
func (tx *Tx) Runs(workspaceID, account string, p Page) (runs []bursar.Run, next string, err error) {
	at, id, err := p.before()
	if err != nil {
		return nil, "", err
	}
	runs, err = many(tx, scanRun, `SELECT `+runColumns+` FROM runs
		WHERE workspace_id = $1 AND ($2 = '' OR account = $2) AND (created_at, id) < ($3, $4)
		ORDER BY created_at DESC, id DESC LIMIT $5`, workspaceID, account, at, id, p.Limit+1)
	if err == nil && len(runs) > p.Limit {
		runs = runs[:p.Limit]
		next = cursor(runs[p.Limit-1].CreatedAt, runs[p.Limit-1].ID)
	}
	return runs, next, err
}

// LiveRuns lists the runs of an account that are queued or running.
func (tx *Tx) LiveRuns(workspaceID, account string) ([]bursar.Run, error) {
	return many(tx, scanRun, `SELECT `+runColumns+` FROM runs WHERE workspace_id = $1 AND account = $2 AND state IN ('queued', 'running') ORDER BY created_at, id`, workspaceID, account)
}

// LastRun returns the newest run of a kind for an account or a destination; the zero run when there is none.
func (tx *Tx) LastRun(workspaceID, kind, account string) (bursar.Run, error) {
	run, err := one(tx, "run", scanRun, `SELECT `+runColumns+` FROM runs WHERE workspace_id = $1 AND kind = $2 AND account = $3 ORDER BY created_at DESC, id DESC LIMIT 1`, workspaceID, kind, account)
	if bursar.CodeOf(err) == bursar.NotFound {
		err = nil
	}
	return run, err
}

// LastFinished returns when a run of a kind last ended for an account; the zero time when none has.
func (tx *Tx) LastFinished(workspaceID, kind, account string) (time.Time, error) {
	var at int64
	err := tx.row(`SELECT coalesce(max(finished_at), 0) FROM runs WHERE workspace_id = $1 AND kind = $2 AND account = $3`, workspaceID, kind, account).Scan(&at)
	return fromStamp(at), err
}

// RunCount is how many runs of a kind are in a state.
type RunCount struct {
	Kind  string
	State bursar.RunState
	Count int64
}

// CountRuns counts the runs of every workspace, by kind and state.
func (tx *Tx) CountRuns() ([]RunCount, error) {
	return many(tx, func(r scanner) (n RunCount, err error) { err = r.Scan(&n.Kind, &n.State, &n.Count); return n, err },
		`SELECT kind, state, count(*) FROM runs GROUP BY kind, state ORDER BY kind, state`)
}
