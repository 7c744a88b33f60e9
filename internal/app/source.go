package app

import (
	"context"
	"slices"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/api"
	"github.com/bursarhq/bursar/internal/awsapi"
	"github.com/bursarhq/bursar/internal/billing/query"
	"github.com/bursarhq/bursar/internal/job/kind"
	"github.com/bursarhq/bursar/internal/reconcile"
	"github.com/bursarhq/bursar/internal/source/costexplorer/paid"
	"github.com/bursarhq/bursar/internal/store"
)

// desk is where every request to Cost Explorer is paid.
func (a *App) desk() *paid.Desk {
	return &paid.Desk{Store: a.store, Told: func(operation string, r bursar.CostRequest) {
		a.metrics.CostRequest(operation, string(r.State), r.USD)
	}}
}

// sources is the kind of run that asks Cost Explorer.
func (a *App) sources(aws *awsapi.Client, desk *paid.Desk) kind.Sources {
	return kind.Sources{Store: a.store, Desk: desk, Now: a.now, Open: func(ctx context.Context, s bursar.Source) (kind.CostSession, error) {
		if s.Credential != "" {
			return a.credentials.Session(ctx, s.WorkspaceID, s.Credential, "source "+s.ID)
		}
		return a.accountSession(ctx, aws, s.WorkspaceID, s.Account, bursar.CapCostExplorer, "asking Cost Explorer")
	}}
}

// accountSession opens a session with the access role of an account. A role that can be assumed without the right external id is not used.
func (a *App) accountSession(ctx context.Context, aws *awsapi.Client, workspaceID, account string, capability bursar.Capability, doing string) (*awsapi.Session, error) {
	var acct bursar.Account
	err := a.store.View(ctx, func(tx *store.Tx) (err error) {
		if acct, err = tx.Account(workspaceID, account); err != nil {
			return err
		}
		newest, err := tx.NewestFindings(workspaceID, acct.ID)
		if slices.ContainsFunc(newest, func(f bursar.Finding) bool { return f.Code == bursar.CodeInsecureTrust }) {
			return bursar.Errorf(bursar.Conflict, "the role of account %s can be assumed without the right external id", acct.AccountID).WithReason(bursar.CodeInsecureTrust).
				WithHint("mend its trust policy first: the account's findings say how")
		}
		return err
	})
	switch {
	case err != nil:
		return nil, err
	case acct.RoleARN == "":
		return nil, bursar.Errorf(bursar.Conflict, "account %s has no role yet", acct.AccountID).WithReason("no_access").WithHint("finish its registration: check and confirm it")
	}
	session, err := aws.Session(ctx, accessRequest(acct, capability, acct.RoleARN))
	if err != nil {
		return nil, awsError(acct, doing, err)
	}
	return session, nil
}

// sourcesDue enqueues a run of each source whose time has come. Those that are paused, and those whose credential has ended, wait.
func (a *App) sourcesDue(tx *store.Tx) error {
	workspaces, err := tx.Workspaces()
	if err != nil {
		return err
	}
	for _, ws := range workspaces {
		list, err := tx.AllSources(ws.ID)
		if err != nil {
			return err
		}
		for _, s := range list {
			if due, err := sourceDue(tx, s); err != nil || !due {
				if err != nil {
					return err
				}
				continue
			}
			if _, _, err := tx.Enqueue(ws.ID, api.KindSource, s.ID, tx.Now); err != nil {
				return err
			}
		}
	}
	return nil
}

func sourceDue(tx *store.Tx, s bursar.Source) (bool, error) {
	if s.Paused || s.EveryHours == 0 {
		return false, nil
	}
	if s.Credential != "" {
		c, err := tx.Credential(s.WorkspaceID, s.Credential)
		if bursar.CodeOf(err) == bursar.NotFound || err == nil && c.Expired(tx.Now) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
	}
	last, err := tx.LastFinished(s.WorkspaceID, api.KindSource, s.ID)
	return tx.Now.Sub(last) >= time.Duration(s.EveryHours)*time.Hour, err
}

// sourcesOfCredential lists the sources that use a credential.
func sourcesOfCredential(tx *store.Tx, workspaceID, credentialID string) (out []bursar.CredentialUser, err error) {
	list, err := tx.SourcesOf(workspaceID, credentialID)
	for _, s := range list {
		out = append(out, bursar.CredentialUser{Kind: "source", ID: s.ID, Name: s.Name})
	}
	return out, err
}

// compare holds a source's months against the bill.
func (a *App) compare(questions query.Questions) func(context.Context, bursar.Source) ([]reconcile.Line, error) {
	return func(ctx context.Context, s bursar.Source) ([]reconcile.Line, error) {
		return reconcile.Compare(ctx, questions, a.store, s, a.now())
	}
}
