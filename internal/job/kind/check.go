package kind

import (
	"context"
	"slices"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/billing/deposit"
	"github.com/bursarhq/bursar/internal/check"
	"github.com/bursarhq/bursar/internal/job"
	"github.com/bursarhq/bursar/internal/store"
)

// Check looks at an account: it runs the suite and keeps each finding as it is made, what was learned about the account, and the
// export to follow. A run that AWS kept from its end leaves what was known before.
type Check struct {
	Store   *store.Store
	Access  check.Access
	Suite   func() check.Suite                  // fresh for each run
	Forget  func(workspaceID, accountID string) // drops every session of an account
	Version string                              // of the newest access template
	Adds    string                              // what that version adds, for people
	Pace    func(known bool) check.Schedule     // known: this access has worked before
	Import  func(tx *store.Tx, a bursar.Account) error
	Now     func() time.Time
}

// Do does the work of one run.
func (k Check) Do(ctx context.Context, live *job.Live) error {
	run := live.Run()
	l := &look{Check: k, live: live, suite: k.Suite(), answered: map[string]bool{}}
	err := k.Store.InTx(ctx, func(tx *store.Tx) error { return l.begin(tx, run) })
	if err != nil {
		return err
	}
	result, err := l.suite.Run(ctx, l.target(run), func(f bursar.Finding) { l.keep(ctx, f) })
	if err != nil {
		return err
	}
	if l.failed != nil {
		return l.failed
	}
	if k.Forget != nil { // the trust may not be safe any more, and a role that was made anew has voided the sessions of the one before it
		k.Forget(l.account.WorkspaceID, l.account.AccountID)
	}
	return k.Store.InTx(ctx, func(tx *store.Tx) error { return l.conclude(tx, result) })
}

// look is one run of the suite.
type look struct {
	Check
	live     *job.Live
	suite    check.Suite
	account  bursar.Account
	exports  []bursar.Export
	known    bool // the access has worked before
	answered map[string]bool
	worst    bursar.Finding // of the last check that answered
	failed   error          // a finding could not be kept
}

// begin reads the account. What an attempt that was broken off found is dropped: this one finds it again.
func (l *look) begin(tx *store.Tx, run bursar.Run) (err error) {
	if l.account, err = tx.Account(run.WorkspaceID, run.AccountID); err != nil {
		return err
	}
	if l.exports, err = tx.Followed(run.WorkspaceID, run.AccountID); err != nil {
		return err
	}
	l.exports = slices.DeleteFunc(l.exports, deposit.Is) // AWS knows nothing of bills that people brought
	newest, err := tx.NewestFindings(run.WorkspaceID, run.AccountID)
	l.known = slices.ContainsFunc(newest, func(f bursar.Finding) bool { return f.Check == "assume_role" && f.Status == bursar.StatusOK })
	if err != nil {
		return err
	}
	return tx.DropFindingsOfRun(run.WorkspaceID, run.ID, run.AccountID)
}

func (l *look) target(run bursar.Run) *check.Target {
	step := 0
	return &check.Target{
		Account: l.account, RunID: run.ID, Access: l.Access, Exports: l.exports, TemplateVersion: l.Version, TemplateAdds: l.Adds,
		Now: l.Now, Schedule: l.Pace(l.known),
		Progress: func(name string) {
			if i := slices.IndexFunc(l.suite, func(c check.Check) bool { return c.Name() == name }); i >= 0 {
				step = i
			}
			l.live.Progress(context.Background(), bursar.Progress{Step: name, Done: int64(step), Total: int64(len(l.suite)), Unit: "checks"})
		},
	}
}

// keep keeps a finding and tells those who listen.
func (l *look) keep(ctx context.Context, f bursar.Finding) {
	err := l.Store.InTx(ctx, func(tx *store.Tx) (err error) {
		f, err = tx.AddFinding(l.account.WorkspaceID, l.account.ID, f)
		return err
	})
	if err != nil {
		l.failed = err
		return
	}
	l.answered[f.Check], l.worst = true, f
	l.live.Found(f)
}

// conclude keeps what was learned, and retires what does not hold any more.
func (l *look) conclude(tx *store.Tx, r check.Result) error {
	if err := l.retire(tx, r); err != nil {
		return err
	}
	if err := noteStatus(tx, l.account.WorkspaceID, l.account.ID, l.live.Run().ID); err != nil {
		return err
	}
	if err := l.member(tx, r); err != nil {
		return err
	}
	if !r.Trusted || r.Insecure {
		return nil
	}
	if r.Kind != "" && r.Kind != bursar.KindUnknown {
		payer, organization := r.PayerID, r.OrganizationID
		if r.Kind == bursar.KindLinked && payer == "" { // its organization hides who pays: what was known stays
			payer, organization = l.account.PayerID, l.account.OrganizationID
		}
		if err := learnOrganization(tx, l.account, r.Kind, payer, organization, l.live.Run().ID); err != nil {
			return err
		}
	}
	if r.AllSeen {
		if err := tx.SetDefinitions(l.account.WorkspaceID, l.account.ID, r.Definitions); err != nil {
			return err
		}
	}
	if r.Chosen == nil {
		return nil
	}
	if _, err := tx.FollowExport(r.Chosen.Export); err != nil {
		return err
	}
	if l.Import == nil {
		return nil
	}
	return l.Import(tx, l.account)
}

// member tells the list of the payer's members how an account that a StackSet reaches stands.
func (l *look) member(tx *store.Tx, r check.Result) error {
	if !l.account.ByStackSet() {
		return nil
	}
	state := bursar.MemberFailed
	switch {
	case r.Trusted:
		state = bursar.MemberAssumable
	case r.Insecure:
		state = bursar.MemberInsecure
	case l.worst.Code == "not_deployed_or_changed":
		state = bursar.MemberNotDeployed
	case l.worst.Status != bursar.StatusFailed:
		return nil
	}
	return tx.SetMember(l.account, state, l.worst)
}

// retire makes history of the findings of checks that had nothing to say this time. Where the suite broke off, they stay unless
// it broke off because the access is wrong: a passing trouble says nothing about the rest.
func (l *look) retire(tx *store.Tx, r check.Result) error {
	brokeOff := !r.Trusted || r.Insecure
	if brokeOff && !r.Insecure && l.worst.Status != bursar.StatusFailed {
		return nil
	}
	return retireSilent(tx, l.account, names(l.suite), l.answered)
}
