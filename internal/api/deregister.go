package api

import (
	"context"
	"fmt"
	"strings"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/auth"
	"github.com/bursarhq/bursar/internal/register"
	"github.com/bursarhq/bursar/internal/store"
)

// NewName is what can be changed of an account.
type NewName struct {
	Name string `json:"name"`
}

func (a *API) renameAccount(ctx context.Context, p auth.Principal, in *struct {
	Account string `path:"account" doc:"The account's id (acc_…) or its 12 digits."`
	Body    NewName
},
) (*accountOutput, error) {
	if err := bursar.CheckAccountName(in.Body.Name); err != nil {
		return nil, err
	}
	var out Account
	err := a.Store.InTx(ctx, func(tx *store.Tx) error {
		account, err := tx.Account(p.WorkspaceID, in.Account)
		if err != nil {
			return err
		}
		if err := unchanged(ctx, versionState(account.Version)); err != nil {
			return err
		}
		if account, err = tx.RenameAccount(p.WorkspaceID, account.ID, in.Body.Name); err != nil {
			return err
		}
		newest, err := tx.NewestFindings(p.WorkspaceID, account.ID)
		out = show(p, account, newest)
		out.Findings = newest
		return err
	})
	return &accountOutput{out}, err
}

// Deregistration says what deregistering an account does, or did.
type Deregistration struct {
	AccountID string     `json:"account_id" doc:"The AWS account: 12 digits."`
	Name      string     `json:"name" doc:"Its name, to be typed when its bill goes too."`
	Removed   []string   `json:"removed" doc:"What goes in bursar."`
	Kept      []string   `json:"kept" doc:"What stays in bursar."`
	Bill      Bill       `json:"bill" doc:"What bursar holds of its bill."`
	InAWS     []Teardown `json:"in_aws" doc:"What stays in AWS, and the commands that take it away, in their order."`
}

// Bill is what bursar holds of an account's bill.
type Bill struct {
	Exports    int    `json:"exports" doc:"Exports, followed or followed before."`
	Deliveries int64  `json:"deliveries" doc:"Their deliveries, of every state."`
	LineItems  int64  `json:"line_items" doc:"Line items that count."`
	First      string `json:"first,omitempty" doc:"The first billing period that counts: YYYY-MM."`
	Last       string `json:"last,omitempty" doc:"The last one."`
}

// Teardown is one command that takes something out of an account.
type Teardown struct {
	Title   string `json:"title" doc:"What it takes away."`
	Command string `json:"command" doc:"The command."`
	Keeps   string `json:"keeps,omitempty" doc:"What stays all the same."`
}

type deregistrationOutput struct{ Body Deregistration }

// leaves says what becomes of an external id. One that clients of the Cloudcraft API use is that of the owner of their key.
func leaves(account bursar.Account) string {
	if strings.HasPrefix(account.ExternalID, "bur-") {
		return "the account with its external id, which is never used again"
	}
	return "the account. Its external id stays that of whoever added it, for their other accounts"
}

func plan(account bursar.Account, h store.Holdings, withBill bool) Deregistration {
	d := Deregistration{
		AccountID: account.AccountID, Name: account.Name, Kept: []string{},
		Removed: []string{leaves(account), "what its checks have found, and the runs that wait for it"},
		Bill:    Bill{Exports: len(h.Exports), Deliveries: h.Deliveries, LineItems: h.Rows},
	}
	if n := len(h.Sources); n > 0 {
		d.Removed = append(d.Removed, fmt.Sprintf("its %d sources of Cost Explorer with their data; the ledger of what they paid for stays", n))
	}
	if !h.First.IsZero() {
		d.Bill.First, d.Bill.Last = h.First.String(), h.Last.String()
	}
	if len(h.Exports) > 0 {
		bill := fmt.Sprintf("its bill: %d deliveries of %d exports, %d line items", h.Deliveries, len(h.Exports), h.Rows)
		if withBill {
			d.Removed = append(d.Removed, bill)
		} else {
			d.Kept = append(d.Kept, bill+". It still counts in every answer, and goes on when the account is registered again")
		}
	}
	if account.Kind == bursar.KindPayer {
		d.Kept = append(d.Kept, "its linked accounts that are registered: each is deregistered by itself, and loses its access with the StackSet")
	}
	for _, t := range register.Teardowns(account) {
		d.InAWS = append(d.InAWS, Teardown(t))
	}
	if d.InAWS == nil {
		d.InAWS = []Teardown{}
	}
	return d
}

// BillFate is what becomes of the bill.
type BillFate struct {
	Bill string `query:"bill" enum:"keep,delete" default:"keep" doc:"What becomes of the bill: keep, or delete."`
}

func (a *API) planDeregistration(ctx context.Context, p auth.Principal, in *struct {
	Account string `path:"account" doc:"The account's id (acc_…) or its 12 digits."`
	BillFate
},
) (*deregistrationOutput, error) {
	var out Deregistration
	err := a.Store.View(ctx, func(tx *store.Tx) error {
		account, err := tx.Account(p.WorkspaceID, in.Account)
		if err != nil {
			return err
		}
		h, err := tx.Holdings(p.WorkspaceID, account.ID)
		out = plan(account, h, in.Bill == "delete")
		return err
	})
	return &deregistrationOutput{out}, err
}

func (a *API) removeAccount(ctx context.Context, p auth.Principal, in *struct {
	Account string `path:"account" doc:"The account's id (acc_…) or its 12 digits."`
	BillFate
	Name string `query:"name" doc:"The account's name, exactly; needed when the bill is deleted."`
},
) (*deregistrationOutput, error) {
	withBill := in.Bill == "delete"
	if err := a.stopRuns(ctx, p, in.Account); err != nil {
		return nil, err
	}
	var out Deregistration
	var account bursar.Account
	var h store.Holdings
	err := a.Store.InTx(ctx, func(tx *store.Tx) (err error) {
		if account, err = tx.Account(p.WorkspaceID, in.Account); err != nil {
			return err
		}
		if err := unchanged(ctx, versionState(account.Version)); err != nil {
			return err
		}
		if withBill && in.Name != account.Name {
			return bursar.InvalidField("name", "the bill of account %s is about to be deleted, and this is not the account's name", account.AccountID).
				WithReason("name_not_typed").WithHint("give its name exactly, or keep the bill")
		}
		if h, err = tx.Holdings(p.WorkspaceID, account.ID); err != nil {
			return err
		}
		out = plan(account, h, withBill)
		return tx.RemoveAccount(p.WorkspaceID, account.ID, withBill)
	})
	if err != nil {
		return nil, err
	}
	if !withBill {
		h.Exports = nil
	}
	if a.Removed != nil {
		a.Removed(ctx, account, h.Exports)
	}
	return &deregistrationOutput{out}, nil
}

// stopRuns cancels what runs for an account: nothing more is done with an access that is about to be forgotten.
func (a *API) stopRuns(ctx context.Context, p auth.Principal, id string) error {
	var live []string
	err := a.Store.View(ctx, func(tx *store.Tx) error {
		account, err := tx.Account(p.WorkspaceID, id)
		if err != nil {
			return err
		}
		if err := unchanged(ctx, versionState(account.Version)); err != nil {
			return err
		}
		runs, err := tx.LiveRuns(p.WorkspaceID, account.ID)
		for _, r := range runs {
			live = append(live, r.ID)
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, id := range live {
		if _, err := a.Runs.Cancel(ctx, p.WorkspaceID, id); err != nil && bursar.CodeOf(err) != bursar.NotFound {
			return err
		}
	}
	return nil
}
