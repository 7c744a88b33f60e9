package kind

import (
	"context"
	"fmt"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/awsapi"
	"github.com/bursarhq/bursar/internal/check"
	"github.com/bursarhq/bursar/internal/store"
)

// listed keeps who is in the organization. At the first time that is where things begin; after it, whoever comes, leaves, or is closed
// is an event.
func (r *roster) listed(ctx context.Context, all []awsapi.OrgAccount) error {
	first := len(r.known) == 0
	there := map[string]bool{}
	return r.keeping(r.Store.InTx(ctx, func(tx *store.Tx) error {
		for _, a := range all {
			there[a.ID] = true
			if _, skip := r.skip(a.ID); a.Active() && skip {
				r.done++
			}
			if a.Active() {
				r.total++
			}
			if err := r.seen(tx, a, first); err != nil {
				return err
			}
		}
		for id, m := range r.known {
			if there[id] || m.State == bursar.MemberInBill || m.State == bursar.MemberLeft {
				continue
			}
			m.OrganizationState, m.Code, m.Message, m.Remedy = "", "", fmt.Sprintf("Account %s is not in the organization of payer %s any more.", id, r.payer.AccountID), ""
			if err := r.put(tx, m, bursar.MemberLeft, false); err != nil {
				return err
			}
		}
		return nil
	}))
}

func (r *roster) keeping(err error) error {
	if err != nil {
		r.failed = err
	}
	return err
}

// seen keeps one account of the organization as AWS lists it.
func (r *roster) seen(tx *store.Tx, a awsapi.OrgAccount, quietly bool) error {
	m, known := r.known[a.ID]
	state := bursar.StateInOrganization(a.State)
	if state == bursar.MemberUnchecked && m.Open() {
		state = m.State // what a look has told stays until the next
	}
	if known && m.Name == a.Name && m.OrganizationState == a.State && m.State == state {
		return nil
	}
	if !known {
		m.AccountID, m.FirstSeenAt = a.ID, tx.Now
	}
	m.Name, m.OrganizationState, m.JoinedAt = a.Name, a.State, a.JoinedAt
	if m.State != state {
		m.Code, m.Message, m.Remedy = "", "", ""
	}
	return r.put(tx, m, state, quietly)
}

// put keeps a member in a state, and an event when that is another than before.
func (r *roster) put(tx *store.Tx, m bursar.Member, state bursar.MemberState, quietly bool) error {
	from := m.State
	if from != state {
		m.State, m.Since = state, tx.Now
	}
	r.known[m.AccountID] = m
	if err := tx.PutMember(r.payer.WorkspaceID, r.payer.ID, m); err != nil || from == state || quietly {
		return err
	}
	if err := r.tell(tx, m, from); err != nil {
		return err
	}
	_, err := tx.AddEvent(r.payer.WorkspaceID, bursar.Event{
		AccountID: r.payer.ID, About: bursar.AboutMember, Subject: m.AccountID, From: string(from), To: string(state), Code: m.Code, Message: m.Message, RunID: r.run.ID,
	})
	return err
}

// closed says of the states in which an account cannot be read any more what that is called, and what to do.
var closed = map[bursar.MemberState]struct{ code, what, remedy string }{
	bursar.MemberSuspended: {"account_suspended", "is suspended in its organization", "If that was not meant, ask AWS Support to reinstate it within 90 days. Its history stays until it is deregistered."},
	bursar.MemberClosed:    {"account_closed", "was closed", "Nothing is left to be done in AWS. Deregister it when its history is not needed."},
	bursar.MemberLeft:      {"left_organization", "has left its organization", "If bursar shall read it still, set up an access of its own; otherwise deregister it."},
}

// tell keeps at a registered account that only its payer's StackSet reaches that it is closed, or that it is open again.
func (r *roster) tell(tx *store.Tx, m bursar.Member, from bursar.MemberState) error {
	now, isClosed := closed[m.State]
	if _, was := closed[from]; !was && !isClosed {
		return nil
	}
	a, err := tx.Account(r.payer.WorkspaceID, m.AccountID)
	if bursar.CodeOf(err) == bursar.NotFound || err == nil && !a.ByStackSet() {
		return nil
	}
	if err == nil && isClosed {
		_, err = tx.AddFinding(a.WorkspaceID, a.ID, bursar.Finding{
			RunID: r.run.ID, Check: "organization", Capability: bursar.CapOrganization, Status: bursar.StatusWarning, Code: now.code, At: tx.Now,
			Message: fmt.Sprintf("Account %s %s (organizations:ListAccounts in payer %s).", a.AccountID, now.what, r.payer.AccountID), Remedy: now.remedy,
		})
	} else if err == nil {
		err = tx.RetireFindings(a.WorkspaceID, a.ID, "organization")
	}
	if err != nil {
		return err
	}
	return noteStatus(tx, a.WorkspaceID, a.ID, r.run.ID)
}

// settle keeps what was seen of a member, in its row, and at the account that it is registered as.
func (r *roster) settle(tx *store.Tx, v check.Verified) error {
	m, f := r.known[v.Account.AccountID], v.Last()
	if v.Passing && m.State != bursar.MemberUnchecked {
		return nil // a passing trouble says nothing about the account
	}
	fresh := m.State == bursar.MemberUnchecked
	m.Code, m.Message, m.Remedy, m.CheckedAt = f.Code, f.Message, f.Remedy, tx.Now
	if v.State == bursar.MemberAssumable {
		m.Message = fmt.Sprintf("The role %s of account %s can be assumed, and requires its own external id.", v.Account.RoleARN, m.AccountID)
	}
	if err := r.put(tx, m, v.State, fresh); err != nil || v.Passing {
		return err
	}
	account, err := tx.Account(r.payer.WorkspaceID, m.AccountID)
	switch {
	case bursar.CodeOf(err) == bursar.NotFound && v.State == bursar.MemberAssumable:
		account, err = r.register(tx, v.Account, m)
	case bursar.CodeOf(err) == bursar.NotFound:
		return nil // not registered, and nothing to register
	case err == nil && v.State == bursar.MemberAssumable:
		account, err = r.adopt(tx, account, v.Account)
	}
	if err != nil || account.ExternalID != v.Account.ExternalID {
		return err
	}
	return r.findings(tx, account, v)
}

// register makes an account of a member that passed. Its name is the organization's, or one that is free.
func (r *roster) register(tx *store.Tx, a bursar.Account, m bursar.Member) (bursar.Account, error) {
	names := []string{m.Name, fmt.Sprintf("%s (%s)", m.Name, m.AccountID), m.AccountID, m.AccountID + " " + bursar.NewID("linked")}
	for _, name := range names {
		if bursar.CheckAccountName(name) != nil {
			continue
		}
		if free, err := tx.NameIsFree(a.WorkspaceID, name); err != nil {
			return a, err
		} else if free {
			a.Name = name
			break
		}
	}
	a, err := tx.AddAccount(a)
	if err != nil {
		return a, err
	}
	_, err = tx.AddEvent(a.WorkspaceID, bursar.Event{AccountID: a.ID, About: bursar.AboutPayer, To: a.PayerID, RunID: r.run.ID})
	return a, err
}

// adopt links an account that was registered before to its payer. It keeps its id, name and history; and its own access, if that works.
func (r *roster) adopt(tx *store.Tx, a, member bursar.Account) (bursar.Account, error) {
	if err := learnOrganization(tx, a, bursar.KindLinked, r.payer.AccountID, r.payer.OrganizationID, r.run.ID); err != nil {
		return a, err
	}
	if a.ExternalID == member.ExternalID {
		return a, nil
	}
	newest, err := tx.NewestFindings(a.WorkspaceID, a.ID)
	if err != nil || !a.ByStackSet() && proven(newest) {
		return a, err
	}
	before := a.RoleARN
	a.RoleARN, a.ExternalID = member.RoleARN, member.ExternalID
	if err := tx.SetAccess(a); err != nil {
		return a, err
	}
	_, err = tx.AddEvent(a.WorkspaceID, bursar.Event{AccountID: a.ID, About: bursar.AboutAccess, From: before, To: a.RoleARN, RunID: r.run.ID})
	return a, err
}

// proven says whether the newest findings say that the account's own role works and is safe.
func proven(newest []bursar.Finding) bool {
	good := map[string]bool{}
	for _, f := range newest {
		good[f.Check] = f.Status == bursar.StatusOK
	}
	return good["assume_role"] && good["account_match"] && good["external_id_required"]
}

// findings keeps what the checks saw at the account, as its own check would.
func (r *roster) findings(tx *store.Tx, a bursar.Account, v check.Verified) error {
	if err := tx.DropFindingsOfRun(a.WorkspaceID, r.run.ID, a.ID); err != nil {
		return err
	}
	answered := map[string]bool{}
	for _, f := range v.Findings {
		answered[f.Check] = true
		if _, err := tx.AddFinding(a.WorkspaceID, a.ID, f); err != nil {
			return err
		}
	}
	if v.State != bursar.MemberAssumable {
		if err := retireSilent(tx, a, names(check.All()), answered); err != nil {
			return err
		}
	}
	return noteStatus(tx, a.WorkspaceID, a.ID, r.run.ID)
}

func names(s check.Suite) (out []string) {
	for _, c := range s {
		out = append(out, c.Name())
	}
	return out
}

// fromBill lists accounts that the payer's bill names and its organization does not: they left it, or are somebody else's.
func (r *roster) fromBill(ctx context.Context) error {
	if r.InBill == nil {
		return nil
	}
	ids, err := r.InBill(ctx, r.payer)
	if err != nil {
		return err
	}
	return r.Store.InTx(ctx, func(tx *store.Tx) error {
		for _, id := range ids {
			if _, known := r.known[id]; known || id == r.payer.AccountID || bursar.CheckAccountID(id) != nil {
				continue
			}
			m := bursar.Member{AccountID: id, Name: id, FirstSeenAt: tx.Now, Message: fmt.Sprintf("The bill of payer %s has costs of account %s, which is not in its organization.", r.payer.AccountID, id)}
			if err := r.put(tx, m, bursar.MemberInBill, false); err != nil {
				return err
			}
		}
		return nil
	})
}
