package api

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/auth"
	"github.com/bursarhq/bursar/internal/store"
	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

const jsonLines = "application/jsonl"

var outcomes = []bursar.Outcome{bursar.OutcomeDone, bursar.OutcomeRefused, bursar.OutcomeFailed}

func (a *API) listAudit(ctx context.Context, p auth.Principal, in *struct {
	Actor   string         `query:"actor" doc:"Only what this one did: the id or the name of a person or key."`
	Action  string         `query:"action" doc:"Only this: addAccount, signIn, assumeRole…"`
	Target  string         `query:"target" doc:"Only what was done to this id."`
	Outcome bursar.Outcome `query:"outcome" doc:"Only what ended so: done, refused or failed."`
	Paging
},
) (*listOutput[bursar.AuditEntry], error) {
	page, err := in.page()
	if err != nil {
		return nil, err
	}
	before, err := strconv.ParseInt("0"+page.After, 10, 64)
	if err != nil {
		return nil, bursar.InvalidField("cursor", "the cursor is not one of this list").WithReason("cursor_malformed").WithHint("send the next_cursor of the page before, as it is")
	}
	if in.Outcome != "" {
		if err := oneOf("outcome", in.Outcome, outcomes); err != nil {
			return nil, err
		}
	}
	var entries []bursar.AuditEntry
	err = a.Store.View(ctx, func(tx *store.Tx) (err error) {
		f := store.AuditFilter{Actor: in.Actor, Action: in.Action, Target: in.Target, Outcome: in.Outcome}
		entries, err = tx.AuditEntries(p.WorkspaceID, f, before, page.Limit+1)
		return err
	})
	next := ""
	if len(entries) > page.Limit {
		entries = entries[:page.Limit]
		next = strconv.FormatInt(entries[page.Limit-1].Seq, 10)
	}
	return listed(entries, next), err
}

// exportPage is how many lines are read at once: a long log must not hold one state of the database open while a slow caller reads.
const exportPage = 1000

func (a *API) exportAudit(_ context.Context, p auth.Principal, in *struct {
	After int64 `query:"after" minimum:"0" doc:"Only lines after the one with this number."`
},
) (func(huma.Context), error) {
	return func(ctx huma.Context) {
		_, w := humago.Unwrap(ctx)
		w.Header().Set("Content-Type", jsonLines)
		w.Header().Set("Content-Disposition", `attachment; filename="audit.jsonl"`)
		if err := a.writeAudit(ctx.Context(), w, p.WorkspaceID, in.After); err != nil {
			panic(http.ErrAbortHandler) // the caller must see that the export is cut
		}
	}, nil
}

func (a *API) writeAudit(ctx context.Context, w http.ResponseWriter, workspaceID string, after int64) error {
	control := http.NewResponseController(w)
	defer func() { _ = control.SetWriteDeadline(time.Time{}) }()
	enc := json.NewEncoder(w)
	for {
		var entries []bursar.AuditEntry
		err := a.Store.View(ctx, func(tx *store.Tx) (err error) {
			entries, err = tx.AuditAfter(workspaceID, after, exportPage)
			return err
		})
		if err != nil {
			return err
		}
		_ = control.SetWriteDeadline(time.Now().Add(30 * time.Second)) // not every writer has one
		for _, e := range entries {
			if err := enc.Encode(e); err != nil {
				return err
			}
			after = e.Seq
		}
		if len(entries) < exportPage {
			return nil
		}
	}
}
