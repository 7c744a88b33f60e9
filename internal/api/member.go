package api

import (
	"context"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/auth"
	"github.com/bursarhq/bursar/internal/store"
)

// MemberList is one page of the accounts of a payer's organization, with what there is in all.
type MemberList struct {
	Items      []bursar.Member            `json:"items" doc:"The members of this page, by their account ids."`
	NextCursor string                     `json:"next_cursor,omitempty" doc:"Gives the next page as cursor. Absent on the last one."`
	Counts     map[bursar.MemberState]int `json:"counts" doc:"How many members there are in each state."`
}

type membersOutput struct{ Body MemberList }

func (a *API) listMembers(ctx context.Context, p auth.Principal, in *struct {
	Account string `path:"account" doc:"The account's id (acc_…) or its 12 digits."`
	State   string `query:"state" doc:"Only those in this state: assumable, not_deployed, insecure, failed, unchecked, pending, suspended, closed, left or in_bill."`
	Paging
},
) (*membersOutput, error) {
	page, err := in.page()
	if err != nil {
		return nil, err
	}
	if in.State != "" {
		if err := oneOf("state", bursar.MemberState(in.State), memberStates); err != nil {
			return nil, err
		}
	}
	var out membersOutput
	err = a.Store.View(ctx, func(tx *store.Tx) error {
		payer, err := tx.Account(p.WorkspaceID, in.Account)
		if err != nil {
			return err
		}
		if out.Body.Counts, err = tx.CountMembers(p.WorkspaceID, payer.ID); err != nil {
			return err
		}
		if len(out.Body.Counts) == 0 {
			if err := payer.CanHaveMembers(); err != nil {
				return err
			}
		}
		members, next, err := tx.Members(p.WorkspaceID, payer.ID, bursar.MemberState(in.State), page)
		l := listed(members, next)
		out.Body.Items, out.Body.NextCursor = l.Body.Items, l.Body.NextCursor
		return err
	})
	return &out, err
}

// Unregistered is an account of an organization that is not registered.
type Unregistered struct {
	bursar.Member
	Partition bursar.Partition `json:"partition" doc:"The partition of its organization."`
	Payer     Payer            `json:"payer" doc:"The registered payer of its organization."`
}

func (a *API) listUnregistered(ctx context.Context, p auth.Principal, in *struct {
	Text string `query:"q" doc:"Words that are found in the name or in the account id, in any case of letters."`
	Paging
},
) (*listOutput[Unregistered], error) {
	return paged(ctx, a, in.Paging, func(tx *store.Tx, page store.Page) (items []Unregistered, next string, err error) {
		list, next, err := tx.Unregistered(p.WorkspaceID, in.Text, page)
		for _, u := range list {
			items = append(items, Unregistered{u.Member, u.Payer.Partition, Payer{u.Payer.ID, u.Payer.AccountID, u.Payer.Name}})
		}
		return items, next, err
	})
}

var memberStates = []bursar.MemberState{
	bursar.MemberAssumable, bursar.MemberNotDeployed, bursar.MemberInsecure, bursar.MemberFailed, bursar.MemberUnchecked,
	bursar.MemberPending, bursar.MemberSuspended, bursar.MemberClosed, bursar.MemberLeft, bursar.MemberInBill,
}

func (a *API) checkMembers(ctx context.Context, p auth.Principal, in *struct {
	Account string `path:"account" doc:"The account's id (acc_…) or its 12 digits."`
	Failed  bool   `query:"failed" doc:"Look only at those that cannot be read yet."`
},
) (*startedOutput, error) {
	if in.Failed {
		return a.startMembers(ctx, p, KindMembersFailed, in.Account)
	}
	return a.startMembers(ctx, p, KindMembers, in.Account)
}

func (a *API) syncMembers(ctx context.Context, p auth.Principal, in *accountPath) (*startedOutput, error) {
	return a.startMembers(ctx, p, KindSync, in.Account)
}

// startMembers says at once, and not in a run, that an account is no payer.
func (a *API) startMembers(ctx context.Context, p auth.Principal, kind, account string) (*startedOutput, error) {
	found, _, err := a.account(ctx, p, account)
	if err != nil {
		return nil, err
	}
	if err := found.CanHaveMembers(); err != nil {
		return nil, err
	}
	return a.start(ctx, p, kind, found.ID)
}
