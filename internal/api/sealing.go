package api

import (
	"context"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/auth"
	"github.com/bursarhq/bursar/internal/store"
)

// SealingKey is a key that stored secrets are sealed with.
type SealingKey struct {
	ID      string `json:"id" doc:"What it is of, and its name there: local:…, awskms:arn…, transit:…"`
	InUse   bool   `json:"in_use" doc:"Whether it seals what is stored now."`
	Secrets int64  `json:"secrets" doc:"Secrets, of all workspaces, that need it."`
}

// atHome refuses callers of other workspaces: keys are the whole installation's.
func (a *API) atHome(tx *store.Tx, p auth.Principal) error {
	home, err := tx.HomeWorkspace()
	if err == nil && home.ID != p.WorkspaceID {
		return bursar.Errorf(bursar.Forbidden, "the keys are the whole installation's").WithReason("role_forbids").WithHint("ask whoever runs this installation")
	}
	return err
}

func (a *API) listSealingKeys(ctx context.Context, p auth.Principal, _ *struct{}) (*listOutput[SealingKey], error) {
	var out []SealingKey
	err := a.Store.View(ctx, func(tx *store.Tx) error {
		if err := a.atHome(tx, p); err != nil {
			return err
		}
		keys, err := tx.SealingKeys()
		now := a.SealingKey()
		for _, k := range keys {
			out = append(out, SealingKey{k.ID, k.ID == now, k.Secrets})
		}
		return err
	})
	return listed(out, ""), err
}

func (a *API) rotateSealingKeys(ctx context.Context, p auth.Principal, _ *struct{}) (*startedOutput, error) {
	if err := a.Store.View(ctx, func(tx *store.Tx) error { return a.atHome(tx, p) }); err != nil {
		return nil, err
	}
	run, err := a.Runs.Enqueue(ctx, p.WorkspaceID, KindRotateKeys, "")
	return &startedOutput{"/api/v1/runs/" + run.ID, run}, err
}
