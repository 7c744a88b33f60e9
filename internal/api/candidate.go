package api

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/auth"
	"github.com/bursarhq/bursar/internal/billing/export"
	"github.com/bursarhq/bursar/internal/store"
)

// Candidate is a billing export that an account has in AWS, with what speaks for it and against it.
type Candidate struct {
	Definition bursar.Definition `json:"definition" doc:"The export, as AWS has it."`
	Verdicts   []Verdict         `json:"verdicts" doc:"What each property means."`
	Usable     bool              `json:"usable" doc:"Whether nothing keeps it from being used."`
	Proposed   bool              `json:"proposed" doc:"Whether it is the best of them."`
	Chosen     bool              `json:"chosen" doc:"Whether it was chosen for the account."`
}

// Verdict is what one property of an export means.
type Verdict struct {
	Property string               `json:"property" doc:"format, granularity, resource_ids, versioning, refresh, encryption, region, owner, path, health or last_delivery."`
	Value    string               `json:"value" doc:"As AWS has it."`
	Status   bursar.FindingStatus `json:"status" enum:"ok,warning,failed,unknown" doc:"ok; warning: it can be used, with less; failed: it cannot be used; unknown."`
	Why      string               `json:"why" doc:"For people."`
	Remedy   string               `json:"remedy,omitempty" doc:"What to do about it. Absent when there is nothing to do, or it cannot be helped."`
}

// Candidates are the billing exports of an account, as they were seen last.
type Candidates struct {
	Items  []Candidate `json:"items" doc:"The exports."`
	SeenAt time.Time   `json:"seen_at,omitzero" doc:"When bursar looked last. Absent before the first check that could."`
}

type candidatesOutput struct{ Body Candidates }

func (a *API) listCandidates(ctx context.Context, p auth.Principal, in *accountPath) (*candidatesOutput, error) {
	out := Candidates{Items: []Candidate{}}
	err := a.Store.View(ctx, func(tx *store.Tx) error {
		account, err := tx.Account(p.WorkspaceID, in.Account)
		if err != nil {
			return err
		}
		list, seen, err := tx.Definitions(p.WorkspaceID, account.ID)
		if err != nil {
			return err
		}
		newest, err := tx.NewestFindings(p.WorkspaceID, account.ID)
		out.SeenAt = seen
		best := export.Best(list, account, a.Now())
		for i, d := range list {
			c := Candidate{Definition: d, Proposed: i == best, Chosen: d.Export.ARN == account.Choice.Export.Existing}
			verdicts := export.Verdicts(d, account, encryptionOf(d, newest), a.Now())
			for _, v := range verdicts {
				c.Verdicts = append(c.Verdicts, Verdict(v))
			}
			c.Usable = export.Usable(verdicts)
			out.Items = append(out.Items, c)
		}
		return err
	})
	return &candidatesOutput{out}, err
}

// encryptionOf is how the bucket of an export encrypts, where a check could look at it.
func encryptionOf(d bursar.Definition, newest []bursar.Finding) string {
	i := slices.IndexFunc(newest, func(f bursar.Finding) bool {
		return f.Check == "export_bucket" && f.Evidence["bucket"] == d.Export.Bucket
	})
	if i < 0 {
		return ""
	}
	return newest[i].Evidence["encryption"]
}

// canRead says why an existing export cannot be chosen: it is not there, or no role can be limited to it. One that AWS cannot deliver at the moment can be
// chosen: that can be mended.
func (a *API) canRead(tx *store.Tx, account bursar.Account, e bursar.ExportChoice) error {
	if !e.Chosen() {
		return nil
	}
	list, seen, err := tx.Definitions(account.WorkspaceID, account.ID)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(list, func(d bursar.Definition) bool { return d.Export.ARN == e.Existing })
	switch {
	case i < 0 && seen.IsZero():
		return bursar.InvalidField("export.existing", "bursar has not seen the exports of account %s yet", account.AccountID).WithReason("exports_not_seen").WithHint("set up access, check the account, then choose")
	case i < 0:
		return bursar.InvalidField("export.existing", "account %s had no export of that ARN when bursar looked last", account.AccountID).WithReason("no_such_export").WithHint("list the account's exports; check the account to look again")
	}
	var against []string
	for _, v := range export.Verdicts(list[i], account, "", a.Now()) {
		if v.Status == bursar.StatusFailed && v.Property != "health" {
			against = append(against, v.Why)
		}
	}
	if against == nil {
		return nil
	}
	return bursar.InvalidField("export.existing", "the export %s cannot be used: %s", list[i].Export.Name, strings.Join(against, "; ")).WithReason("export_unusable").WithHint("choose another, or have a new one made")
}
