package kind

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/check"
	"github.com/bursarhq/bursar/internal/store"
)

// What the taking in of bills finds wrong. It finds nothing where all is well: that bills arrive is what checks say.
const (
	billImport    = "bill_import"    // a bill that AWS delivered does not count
	exportOverlap = "export_overlap" // two exports bring the same costs, and nobody said which counts
)

// trouble is why an export was not taken in.
type trouble struct {
	export bursar.Export
	err    error
}

// tell keeps as findings what is wrong with an account's bills. What was found before and still holds is not found again.
func (k Import) tell(ctx context.Context, run bursar.Run, a bursar.Account, exports []bursar.Export, troubles []trouble) error {
	overlaps, err := k.Lake.Overlaps(ctx, run.WorkspaceID)
	if err != nil {
		return err
	}
	return k.Store.InTx(ctx, func(tx *store.Tx) error {
		refused, err := refused(tx, a, exports, troubles)
		if err != nil {
			return err
		}
		shared, err := shared(tx, run.WorkspaceID, exports, overlaps)
		if err != nil {
			return err
		}
		changed, err := k.replace(tx, run, billImport, refused)
		if err != nil {
			return err
		}
		too, err := k.replace(tx, run, exportOverlap, shared)
		if err != nil || !changed && !too {
			return err
		}
		return noteStatus(tx, run.WorkspaceID, run.AccountID, run.ID)
	})
}

// replace makes findings the newest of their check, and says whether that changed anything.
func (k Import) replace(tx *store.Tx, run bursar.Run, name string, findings []bursar.Finding) (changed bool, err error) {
	newest, err := tx.NewestFindings(run.WorkspaceID, run.AccountID)
	if err != nil {
		return false, err
	}
	newest = slices.DeleteFunc(newest, func(f bursar.Finding) bool { return f.Check != name })
	same := func(a, b bursar.Finding) bool { return a.Code == b.Code && a.Message == b.Message }
	if slices.EqualFunc(newest, findings, same) {
		return false, nil
	}
	if len(findings) == 0 {
		return true, tx.RetireFindings(run.WorkspaceID, run.AccountID, name)
	}
	for _, f := range findings {
		f.RunID, f.Check, f.Capability, f.At = run.ID, name, bursar.CapBillingExport, k.Now().UTC()
		if _, err := tx.AddFinding(run.WorkspaceID, run.AccountID, f); err != nil {
			return false, err
		}
	}
	return true, nil
}

// refused says which bills do not count, and why: first those whose newest delivery was refused, however long ago, then what kept this
// run from taking an export in.
func refused(tx *store.Tx, a bursar.Account, exports []bursar.Export, troubles []trouble) (out []bursar.Finding, err error) {
	for _, e := range exports {
		standing, err := tx.NewestRefused(e.WorkspaceID, e.ID)
		if err != nil {
			return nil, err
		}
		for _, d := range standing {
			out = append(out, bursar.Finding{
				Status: bursar.StatusFailed, Code: "delivery_rejected",
				Message:  fmt.Sprintf("The newest delivery of %s by the export %s was not published: %s", d.Period, e.Name, d.Reason),
				Remedy:   "What was published before still counts. AWS delivers an open month again within a day, and that is taken in by itself. For a closed month, ask AWS Support to deliver it again, or restore the file; then import the delivery again.",
				Evidence: map[string]string{"export": e.Name, "period": d.Period.String(), "manifest": d.ManifestKey, "delivery": d.ID},
			})
		}
	}
	newest, err := tx.NewestFindings(a.WorkspaceID, a.ID)
	if err != nil {
		return nil, err
	}
	readable := slices.ContainsFunc(newest, func(f bursar.Finding) bool { return f.Check == "export_bucket" && f.Status == bursar.StatusOK })
	for _, t := range troubles {
		for _, err := range flat(t.err) {
			if f, ok := hindered(a, t.export, err, readable); ok {
				out = append(out, f)
			}
		}
	}
	return out, nil
}

// hindered is the finding about an export that could not be taken in. A delivery that was refused has its own; and what AWS refuses is
// the matter of the check of the export's bucket, unless that has found that its bills are readable.
func hindered(a bursar.Account, e bursar.Export, err error, readable bool) (bursar.Finding, bool) {
	if f, ok := check.Explain(a, err, "take in the bills of the export "+e.Name, e.RoleARN); ok {
		return f, readable
	}
	var known *bursar.Error
	errors.As(err, &known)
	f := bursar.Finding{
		Status: bursar.StatusFailed, Code: "import_failed", Message: fmt.Sprintf("Bills of the export %s cannot be taken in: %v", e.Name, err),
		Remedy: "What was published before still counts, and it is tried again by itself. The log of bursar has more.", Evidence: map[string]string{"export": e.Name},
	}
	if known == nil {
		return f, true
	}
	if known.Hint != "" {
		hint := known.Hint
		f.Message = strings.Replace(f.Message, " (hint: "+hint+")", "", 1)
		f.Remedy = strings.ToUpper(hint[:1]) + hint[1:] + "."
	}
	if known.Reason != "" {
		f.Code = known.Reason
	}
	if known.Reason == "delivery_changing" { // AWS writes it at this moment
		f.Status = bursar.StatusWaiting
	}
	return f, known.Reason != "delivery_rejected"
}

// flat takes joined errors apart.
func flat(err error) []error {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var out []error
	for _, e := range joined.Unwrap() {
		out = append(out, flat(e)...)
	}
	return out
}

// shared says which exports bring costs that another one brings too. Whoever made one of the two primary knows.
func shared(tx *store.Tx, workspaceID string, exports []bursar.Export, overlaps map[string][]bursar.Overlap) (out []bursar.Finding, err error) {
	for _, e := range exports {
		for _, o := range overlaps[e.ID] {
			other, err := tx.Export(workspaceID, o.ExportID)
			if err != nil {
				return nil, err
			}
			if !e.PreferredAt.IsZero() || !other.PreferredAt.IsZero() {
				continue
			}
			counts := other
			if o.Counts {
				counts = e
			}
			out = append(out, bursar.Finding{
				Status: bursar.StatusWarning, Code: "overlapping_exports",
				Message: fmt.Sprintf("The exports %s (%s) and %s (%s) both bring costs of %d accounts for %s. They are never added: those of %s count.",
					e.Name, e.ID, other.Name, other.ID, o.Accounts, span(o.Periods), counts.Name),
				Remedy:   fmt.Sprintf("Say which counts: bursar export primary %s, or bursar export primary %s. Or delete the export that is not needed in AWS.", counts.ID, otherOf(counts, e, other).ID),
				Evidence: map[string]string{"export": e.ID, "other": other.ID, "counts": counts.ID},
			})
		}
	}
	return out, nil
}

func otherOf(one, a, b bursar.Export) bursar.Export {
	if one.ID == a.ID {
		return b
	}
	return a
}

// span names the first and the last of periods, which ascend.
func span(periods []bursar.Period) string {
	if len(periods) == 0 {
		return "no month"
	}
	first, last := periods[0], periods[len(periods)-1]
	if first == last {
		return first.String()
	}
	return fmt.Sprintf("%d months from %s to %s", len(periods), first, last)
}
