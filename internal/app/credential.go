package app

import (
	"context"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/awsapi"
	"github.com/bursarhq/bursar/internal/credential"
	"github.com/bursarhq/bursar/internal/source/costexplorer/paid"
)

// payAt has the paid requests of a check stand in the ledger, beside those of sources and under the same budgets.
func payAt(desk *paid.Desk) func(bursar.Credential, string, *awsapi.Session, bursar.Decimal) credential.Payer {
	return func(c bursar.Credential, accountID string, s *awsapi.Session, most bursar.Decimal) credential.Payer {
		source := bursar.Source{ID: c.ID, WorkspaceID: c.WorkspaceID, Name: c.Name, Credential: c.ID, Budget: bursar.Budget{Run: most, Day: unbounded, Month: unbounded}}
		teller := &paid.Teller{Desk: desk, Asker: s, Source: source, AccountID: accountID, RunID: bursar.NewID("chk"), Stream: "check"}
		return func(ctx context.Context, operation string, body map[string]any) (int, error) {
			before := teller.Sent
			_, err := teller.Page(ctx, operation, body, teller.Hash(operation, body), 1)
			if err != nil || teller.Sent == before { // refused, or kept from before
				return 0, err
			}
			return 1, nil
		}
	}
}

// unbounded is more than anybody spends on requests: what bounds a check is what was agreed, and the budgets of its access and workspace.
var unbounded = bursar.DecimalFromInt64(1_000_000, 0)
