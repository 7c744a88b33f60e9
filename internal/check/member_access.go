package check

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/awsapi"
)

// membersAtOnce is how many members are looked at together: most of the time each of them waits between two requests.
const membersAtOnce = 256

// Members is what the check of an organization's accounts needs beside its target, and to whom it tells what it saw.
type Members struct {
	// Skip says that a member need not be looked at in this run, and in which state it is known to be. nil = all are looked at.
	Skip func(accountID string) (bursar.MemberState, bool)
	// OnlyReached leaves out, without a request, those that the StackSet has not reached. Where there is no StackSet of our name, all are
	// looked at, because it may have another; but none when NeverReached says that no member could ever be read.
	OnlyReached, NeverReached bool
	// Listed is told every account of the organization but the payer's own, before the first of them is looked at.
	Listed func(ctx context.Context, accounts []awsapi.OrgAccount) error
	// Verified is told of each account that was looked at, from one goroutine at a time.
	Verified func(ctx context.Context, m Verified) error
}

// Verified is what was seen of one member.
type Verified struct {
	Account  bursar.Account // how it was reached: without ID and name
	State    bursar.MemberState
	Findings []bursar.Finding // of the checks that prove the trust
	Passing  bool             // AWS kept the look from its end: look again
}

// Last is the finding behind the state.
func (v Verified) Last() bursar.Finding { return v.Findings[len(v.Findings)-1] }

type memberAccess struct {
	basis
	members Members
}

// MemberAccess looks at the accounts of a payer's organization, all at the same time: each must be reachable by the role that the
// StackSet makes, and is held to the three checks of [Trust]. It runs after these have found the payer itself safe.
func MemberAccess(m Members) Check {
	return memberAccess{basis{"member_access", bursar.CapMemberAccess, []string{
		"cloudformation:DescribeOrganizationsAccess", "cloudformation:ListStackInstances", "organizations:ListAccounts", "sts:AssumeRole", "sts:GetCallerIdentity",
	}}, m}
}

// Run lists the organization, looks at every active account, and sums up.
func (c memberAccess) Run(ctx context.Context, t *Target) []bursar.Finding {
	if t.session == nil || !t.Result.Trusted {
		return nil
	}
	tally := newTally()
	active, err := c.list(ctx, t, tally)
	if err != nil {
		return []bursar.Finding{c.failure(t, err, "list the accounts of the organization", t.Account.RoleARN)}
	}
	r := c.rollout(ctx, t)
	active, err = c.unreached(ctx, t, active, r, tally)
	if err == nil {
		err = c.verify(ctx, t, active, r, tally)
	}
	if err != nil {
		return []bursar.Finding{c.failure(t, err, "look at the accounts of the organization", t.Account.RoleARN)}
	}
	return []bursar.Finding{c.sum(t, tally, r)}
}

// list reads the organization and tells of it. It returns the ids of the accounts to look at, and counts the others.
func (c memberAccess) list(ctx context.Context, t *Target, y *tally) (ids []string, err error) {
	var all []awsapi.OrgAccount
	for a, err := range t.session.Accounts(ctx) {
		if err != nil {
			return nil, err
		}
		if a.ID == t.Account.AccountID {
			continue
		}
		all = append(all, a)
		if a.Active() {
			y.total++
			if state, skip := c.skip(a.ID); skip {
				y.add(state)
			} else {
				ids = append(ids, a.ID)
			}
		}
		if len(all)%100 == 0 {
			t.progress(fmt.Sprintf("%s: %d accounts found", c.name, len(all)))
		}
	}
	if c.members.Listed != nil {
		err = c.members.Listed(ctx, all)
	}
	return ids, err
}

func (c memberAccess) skip(id string) (bursar.MemberState, bool) {
	if c.members.Skip == nil {
		return "", false
	}
	return c.members.Skip(id)
}

// verify looks at each account, and tells of each as soon as it is known.
func (c memberAccess) verify(ctx context.Context, t *Target, ids []string, r rollout, tally *tally) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	g, places, seen := newGate(t.Access, callsAtOnce), make(chan struct{}, membersAtOnce), make(chan Verified)
	var looking sync.WaitGroup
	go func() {
		defer close(seen)
		defer looking.Wait()
		for _, id := range ids {
			select {
			case places <- struct{}{}:
			case <-ctx.Done():
				return
			}
			looking.Go(func() {
				defer func() { <-places }()
				if v, err := t.verify(ctx, g, id); err == nil {
					seen <- v
				}
			})
		}
	}()
	for v := range seen {
		if ctx.Err() != nil {
			continue
		}
		if err := c.tell(ctx, v, r, tally); err != nil {
			cancel(err)
		}
		t.progress(tally.String())
	}
	return context.Cause(ctx)
}

func (c memberAccess) tell(ctx context.Context, v Verified, r rollout, tally *tally) error {
	r.explain(&v)
	tally.add(v.State)
	if c.members.Verified == nil {
		return nil
	}
	return c.members.Verified(ctx, v)
}

// unreached tells of the accounts that the StackSet has not reached, and returns the others.
func (c memberAccess) unreached(ctx context.Context, t *Target, ids []string, r rollout, tally *tally) (rest []string, err error) {
	if !c.members.OnlyReached || !r.readable || !r.exists && !c.members.NeverReached {
		return ids, nil
	}
	for _, id := range ids {
		if _, reached := r.instances[id]; reached {
			rest = append(rest, id)
			continue
		}
		account, err := bursar.MemberOf(t.Account, id)
		if err != nil {
			return nil, err
		}
		none := basis{"assume_role", bursar.CapAccess, nil}.find(t, bursar.StatusFailed, "not_deployed_or_changed", fmt.Sprintf("Account %s has no role for bursar.", id), "", map[string]string{})
		if err := c.tell(ctx, Verified{Account: account, State: bursar.MemberNotDeployed, Findings: []bursar.Finding{none}}, r, tally); err != nil {
			return nil, err
		}
	}
	return rest, nil
}

// verify holds one member to the checks that prove the trust.
func (t *Target) verify(ctx context.Context, access Access, accountID string) (Verified, error) {
	account, err := bursar.MemberOf(t.Account, accountID)
	if err != nil {
		return Verified{}, err
	}
	account.ID = t.Account.ID // names the session in the member's CloudTrail
	member := &Target{Account: account, RunID: t.RunID, Access: access, Now: t.Now, Schedule: t.Schedule}
	v := Verified{Account: account}
	result, err := Trust().Run(ctx, member, func(f bursar.Finding) { v.Findings = append(v.Findings, f) })
	if err != nil {
		return v, err
	}
	v.Account.ID = ""
	last := v.Last()
	switch {
	case result.Trusted:
		v.State = bursar.MemberAssumable
	case result.Insecure:
		v.State = bursar.MemberInsecure
	case last.Code == "not_deployed_or_changed", last.Code == "propagating":
		v.State = bursar.MemberNotDeployed
	default:
		v.State = bursar.MemberFailed
	}
	v.Passing = last.Code == "propagating" || last.Code == "inconclusive" || last.Evidence["cause"] == string(awsapi.Throttled) || last.Evidence["cause"] == string(awsapi.Unreachable)
	return v, nil
}

// tally counts members by state.
type tally struct {
	total, known int
	by           map[bursar.MemberState]int
}

func newTally() *tally { return &tally{by: map[bursar.MemberState]int{}} }

func (y *tally) add(s bursar.MemberState) {
	y.known++
	y.by[s]++
}

// String says how far the look has come.
func (y *tally) String() string {
	out := fmt.Sprintf("member_access: %d of %d accounts looked at", y.known, y.total)
	for _, s := range []bursar.MemberState{bursar.MemberAssumable, bursar.MemberNotDeployed, bursar.MemberInsecure, bursar.MemberFailed} {
		if n := y.by[s]; n > 0 {
			out += fmt.Sprintf(", %d %s", n, strings.ReplaceAll(string(s), "_", " "))
		}
	}
	return out
}

// sum makes the payer's own finding.
func (c memberAccess) sum(t *Target, y *tally, r rollout) bursar.Finding {
	good := y.by[bursar.MemberAssumable]
	facts := map[string]string{"active": strconv.Itoa(y.total), "assumable": strconv.Itoa(good), "stack_set": r.set}
	for _, s := range []bursar.MemberState{bursar.MemberNotDeployed, bursar.MemberInsecure, bursar.MemberFailed} {
		facts[string(s)] = strconv.Itoa(y.by[s])
	}
	of := fmt.Sprintf("%d of the %d active linked accounts of payer %s can be read (sts:AssumeRole)", good, y.total, t.Account.AccountID)
	again := fmt.Sprintf(" Then check the members again; only what is not reachable yet needs it: bursar account members check %s --failed", t.Account.AccountID)
	switch {
	case y.by[bursar.MemberInsecure] > 0:
		return c.find(t, bursar.StatusFailed, "members_insecure", fmt.Sprintf("%s; the roles of %d can be assumed without the right external id and are not used.", of, y.by[bursar.MemberInsecure]),
			"Look at the list of members for the accounts, and mend the trust policy of their roles: it says how."+again, facts)
	case y.total == 0:
		return c.find(t, bursar.StatusSkipped, "no_members", fmt.Sprintf("The organization of payer %s has no other active account (organizations:ListAccounts).", t.Account.AccountID), "", facts)
	case good == y.total:
		return c.find(t, bursar.StatusOK, "ok", of+".", "", facts)
	case good == 0 && y.by[bursar.MemberFailed] == 0:
		return c.find(t, bursar.StatusSkipped, "not_set_up", of+". "+r.state(), r.remedy(t)+again, facts)
	}
	return c.find(t, bursar.StatusWarning, "partial", of+"; what works is kept. "+r.state(), r.remedy(t)+again, facts)
}
