package kind

import (
	"context"
	"fmt"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/awsapi"
	"github.com/bursarhq/bursar/internal/check"
	"github.com/bursarhq/bursar/internal/job"
	"github.com/bursarhq/bursar/internal/store"
)

// Whom says which members a run looks at.
type Whom int

// Whom a run of [Members] looks at.
const (
	Everyone Whom = iota // every active account of the organization
	Lacking              // those that cannot be read yet
	Reached              // those that the StackSet has reached, or that could be read before: what the schedule looks at
)

// Members looks at the accounts of a payer's organization: it keeps who is there and in what state, holds each to the checks that prove
// the trust, and registers those that pass. What works is kept as soon as it is known; a run that was broken off, or whose rest AWS was
// too busy for, goes on with what is left.
type Members struct {
	Store  *store.Store
	Access check.Access
	Whom   Whom
	Forget func(workspaceID, accountID string)
	Pace   func(known bool) check.Schedule
	InBill func(ctx context.Context, payer bursar.Account) ([]string, error) // the account ids of the payer's bill; nil = not asked
	Now    func() time.Time
}

// Do does the work of one run.
func (k Members) Do(ctx context.Context, live *job.Live) error {
	r := &roster{Members: k, live: live, run: live.Run(), flushed: time.Now()}
	if err := k.Store.InTx(ctx, r.begin); err != nil {
		return err
	}
	suite := append(check.Trust(), check.MemberAccess(check.Members{
		Skip: r.skip, OnlyReached: k.Whom == Reached, NeverReached: r.never(), Listed: r.listed, Verified: r.verified,
	}))
	result, err := suite.Run(ctx, r.target(), r.keep)
	if err != nil {
		return err
	}
	if r.failed == nil {
		r.failed = r.flush(ctx)
	}
	if r.failed == nil && result.Trusted {
		r.failed = r.fromBill(ctx)
	}
	if r.failed != nil {
		return r.failed
	}
	if result.Insecure && k.Forget != nil {
		k.Forget(r.payer.WorkspaceID, r.payer.AccountID)
	}
	if err := k.Store.InTx(ctx, func(tx *store.Tx) error { return noteStatus(tx, r.payer.WorkspaceID, r.payer.ID, r.run.ID) }); err != nil {
		return err
	}
	return r.verdict(result)
}

// roster is one run.
type roster struct {
	Members
	live  *job.Live
	run   bursar.Run
	payer bursar.Account
	known map[string]bursar.Member

	total, done int
	passing     int // members that AWS was too busy, or out of reach, for
	pending     []check.Verified
	flushed     time.Time
	last        bursar.Finding // of the payer
	failed      error          // something could not be kept
}

// begin reads the payer. What an attempt that was broken off found about the payer is dropped: this one finds it again.
func (r *roster) begin(tx *store.Tx) (err error) {
	if r.payer, err = tx.Account(r.run.WorkspaceID, r.run.AccountID); err != nil {
		return err
	}
	if err := r.payer.CanHaveMembers(); err != nil {
		return err
	}
	if err := secure(tx, r.payer); err != nil {
		return err
	}
	if r.known, err = tx.AllMembers(r.payer.WorkspaceID, r.payer.ID); err != nil {
		return err
	}
	return tx.DropFindingsOfRun(r.run.WorkspaceID, r.run.ID, r.payer.ID)
}

func (r *roster) target() *check.Target {
	return &check.Target{
		Account: r.payer, RunID: r.run.ID, Access: r.Access, Now: r.Now, Schedule: r.Pace(true),
		Progress: func(step string) { r.progress(context.Background(), step) },
	}
}

func (r *roster) progress(ctx context.Context, step string) {
	r.live.Progress(ctx, bursar.Progress{Step: step, Done: int64(r.done), Total: int64(r.total), Unit: "accounts"})
}

// skip leaves out what this run, or its purpose, need not look at.
func (r *roster) skip(id string) (bursar.MemberState, bool) {
	m := r.known[id]
	doneInThisRun := !m.CheckedAt.IsZero() && !m.CheckedAt.Before(r.run.CreatedAt) && m.State != bursar.MemberFailed
	return m.State, doneInThisRun || r.Whom == Lacking && m.State == bursar.MemberAssumable
}

// never says whether no member could be read so far.
func (r *roster) never() bool {
	for _, m := range r.known {
		if m.State == bursar.MemberAssumable || m.State == bursar.MemberInsecure {
			return false
		}
	}
	return true
}

// keep keeps a finding about the payer itself.
func (r *roster) keep(f bursar.Finding) {
	r.last = f
	err := r.Store.InTx(context.Background(), func(tx *store.Tx) (err error) {
		f, err = tx.AddFinding(r.payer.WorkspaceID, r.payer.ID, f)
		return err
	})
	if err != nil {
		r.failed = err
		return
	}
	r.live.Found(f)
}

// verified takes what was seen of a member, and keeps it together with others.
func (r *roster) verified(ctx context.Context, v check.Verified) error {
	r.done++
	if v.Passing {
		r.passing++
	}
	if r.pending = append(r.pending, v); len(r.pending) < 50 && time.Since(r.flushed) < time.Second {
		return nil
	}
	return r.flush(ctx)
}

func (r *roster) flush(ctx context.Context) error {
	err := r.Store.InTx(ctx, func(tx *store.Tx) error {
		for _, v := range r.pending {
			if err := r.settle(tx, v); err != nil {
				return fmt.Errorf("account %s: %w", v.Account.AccountID, err)
			}
		}
		return nil
	})
	if r.failed = err; err != nil {
		return err
	}
	for _, v := range r.pending {
		if v.State == bursar.MemberInsecure && r.Forget != nil {
			r.Forget(r.payer.WorkspaceID, v.Account.AccountID)
		}
	}
	r.pending, r.flushed = nil, time.Now()
	return nil
}

// verdict ends the run: well, when every member gave an answer, whatever it was. What AWS was too busy for is tried again by itself.
func (r *roster) verdict(result check.Result) error {
	code := bursar.Conflict
	switch awsapi.Class(r.last.Evidence["cause"]) {
	case awsapi.Throttled, awsapi.Unreachable, awsapi.Propagating:
		code = bursar.Unavailable
	}
	switch {
	case !result.Trusted:
		return bursar.Errorf(code, "the payer %s itself cannot be used: %s", r.payer.AccountID, r.last.Message).WithReason(r.last.Code).
			WithHint("check the payer first, and do what its findings say")
	case r.last.Check == "member_access" && r.last.Evidence["cause"] != "":
		return bursar.Errorf(code, "%s", r.last.Message).WithReason(r.last.Code).WithHint("%s", r.last.Remedy)
	case r.passing > 0:
		return bursar.Errorf(bursar.Unavailable, "%d of %d accounts could not be asked now; what is known of the others is kept", r.passing, r.total).
			WithReason("members_not_asked").WithHint("it is tried again by itself, for these accounts alone")
	}
	return nil
}
