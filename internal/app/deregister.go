package app

import (
	"context"
	"log/slog"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/awsapi"
	"github.com/bursarhq/bursar/internal/billing/deposit"
)

// removed lets go of what is left of an account that was deregistered: its sessions, and the files of exports that are gone.
func (a *App) removed(aws *awsapi.Client) func(context.Context, bursar.Account, []bursar.Export) {
	return func(_ context.Context, acct bursar.Account, gone []bursar.Export) {
		aws.Forget(acct.WorkspaceID, acct.AccountID)
		for _, e := range gone {
			if err := a.lake.Drop(e); err != nil {
				a.log.Warn("files of a deleted bill cannot be removed now; the next start tries again", slog.String("export", e.ID), slog.Any("error", err))
			}
			if !deposit.Is(e) {
				continue
			}
			if err := deposit.In(a.config.DataDir).Remove(acct.ID); err != nil {
				a.log.Warn("bills that were imported from a disk cannot be removed", slog.String("account", acct.AccountID), slog.Any("error", err))
			}
		}
	}
}
