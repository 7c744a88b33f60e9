// Package kind holds the kinds of runs, one file each.
package kind

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/billing/export"
	"github.com/bursarhq/bursar/internal/billing/ingest"
	"github.com/bursarhq/bursar/internal/job"
	"github.com/bursarhq/bursar/internal/store"
)

// Importer takes a delivery in. [lake.Lake] does.
type Importer interface {
	Import(ctx context.Context, c export.Candidate, b bursar.Bucket, progress func(ingest.Progress)) (bursar.Delivery, error)
	// Overlaps tells by export which others bring the same costs, and which count.
	Overlaps(ctx context.Context, workspaceID string) (map[string][]bursar.Overlap, error)
}

// Buckets opens the bucket of an export with the access of its account.
type Buckets func(ctx context.Context, a bursar.Account, e bursar.Export) (bursar.Bucket, error)

// Import looks at every export of an account and imports what is new. What is wrong with one export, or one period, does not keep the
// others from coming in.
type Import struct {
	Store *store.Store
	Lake  Importer
	Open  Buckets
	Now   func() time.Time
	// Deposits lists the bills of an account that people brought themselves, as exports without a bucket. May be nil.
	Deposits func(a bursar.Account) ([]bursar.Export, error)
	// Check enqueues a check of the account. It is called when bills arrive that its findings do not know of yet. May be nil.
	Check func(tx *store.Tx, a bursar.Account) error
}

// Do does the work of one run.
func (k Import) Do(ctx context.Context, live *job.Live) error {
	run := live.Run()
	var account bursar.Account
	var exports []bursar.Export
	err := k.Store.View(ctx, func(tx *store.Tx) (err error) {
		if account, err = tx.Account(run.WorkspaceID, run.AccountID); err != nil {
			return err
		}
		return secure(tx, account)
	})
	if err != nil {
		return err
	}
	if exports, err = k.Follow(ctx, account); err != nil {
		return err
	}
	tell := func(p bursar.Progress) { live.Progress(ctx, p) }
	if len(exports) == 0 {
		tell(bursar.Progress{Step: "no export is followed yet"})
		return nil
	}
	var failures error
	var troubles []trouble
	published := 0
	for _, e := range exports {
		n, err := k.One(ctx, tell, account, e)
		if e.Bucket != "" { // AWS delivered it: what the findings say of the account may have changed
			published += n
		}
		if err != nil {
			failures = errors.Join(failures, fmt.Errorf("export %s: %w", e.Name, err))
			troubles = append(troubles, trouble{e, err})
		}
	}
	if ctx.Err() == nil {
		failures = errors.Join(failures, k.tell(ctx, run, account, exports, troubles))
	}
	if published > 0 {
		failures = errors.Join(failures, k.Store.InTx(ctx, func(tx *store.Tx) error { return k.arrived(tx, account) }))
	}
	return failures
}

// arrived has an account checked whose findings still say that its bills are awaited, late or gone.
func (k Import) arrived(tx *store.Tx, a bursar.Account) error {
	newest, err := tx.NewestFindings(a.WorkspaceID, a.ID)
	if err != nil || k.Check == nil || bursar.Summarize(newest).DataArrival == bursar.ArrivalReceiving {
		return err
	}
	return k.Check(tx, a)
}

// secure refuses an account whose role lets anybody in: nothing is done with it until that is mended.
func secure(tx *store.Tx, a bursar.Account) error {
	newest, err := tx.NewestFindings(a.WorkspaceID, a.ID)
	if err != nil {
		return err
	}
	if bursar.Summarize(newest).Summary == bursar.SummaryInsecure {
		return bursar.Errorf(bursar.Conflict, "the role of account %s can be assumed without its external id", a.AccountID).
			WithReason(bursar.CodeInsecureTrust).WithHint("mend the role's trust policy, then check again")
	}
	return nil
}

// Follow returns the exports of an account; bills that were deposited for it are followed from now on.
func (k Import) Follow(ctx context.Context, a bursar.Account) (exports []bursar.Export, err error) {
	var deposited []bursar.Export
	if k.Deposits != nil {
		if deposited, err = k.Deposits(a); err != nil {
			return nil, err
		}
	}
	if len(deposited) > 0 {
		err = k.Store.InTx(ctx, func(tx *store.Tx) error {
			for _, e := range deposited {
				if _, err := tx.FollowExport(e); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err != nil {
		return nil, err
	}
	err = k.Store.View(ctx, func(tx *store.Tx) (err error) { exports, err = tx.Followed(a.WorkspaceID, a.ID); return err })
	return exports, err
}

// One looks at one export, imports what is new, and counts what was published. Where somebody asked meanwhile to import again what was
// looked at already, it looks again.
func (k Import) One(ctx context.Context, tell func(bursar.Progress), a bursar.Account, e bursar.Export) (published int, err error) {
	for {
		before, err := k.known(ctx, e)
		if err != nil {
			return published, err
		}
		n, err := k.look(ctx, tell, a, e, before)
		if published += n; err != nil {
			return published, err
		}
		after, err := k.known(ctx, e)
		if err != nil || !slices.ContainsFunc(after, func(m export.Known) bool { return m.ETag == "" && etagOf(before, m.Period) != "" }) {
			return published, err
		}
	}
}

func etagOf(known []export.Known, p bursar.Period) string {
	for _, k := range known {
		if k.Period == p {
			return k.ETag
		}
	}
	return ""
}

// look looks once, with what was known before.
func (k Import) look(ctx context.Context, tell func(bursar.Progress), a bursar.Account, e bursar.Export, before []export.Known) (published int, err error) {
	tell(bursar.Progress{Step: "looking for deliveries of " + e.Name})
	known := before
	bucket, err := k.Open(ctx, a, e)
	if err != nil {
		return 0, err
	}
	if c, ok := bucket.(io.Closer); ok {
		defer c.Close()
	}
	if e.Bucket == "" {
		if known, err = export.Relist(ctx, bucket, e, known); err != nil {
			return 0, err
		}
	}
	looks, err := export.Poll(ctx, bucket, e, known, k.Now())
	if err != nil {
		return 0, err
	}
	var failures error
	for _, l := range looks {
		err := k.deal(ctx, tell, e, bucket, l, etagOf(before, l.Period))
		if err == nil && l.New != nil {
			published++
		}
		failures = errors.Join(failures, err)
	}
	return published, failures
}

func (k Import) known(ctx context.Context, e bursar.Export) (known []export.Known, err error) {
	err = k.Store.View(ctx, func(tx *store.Tx) error {
		manifests, err := tx.Manifests(e.WorkspaceID, e.ID)
		for _, m := range manifests {
			known = append(known, export.Known(m))
		}
		return err
	})
	return known, err
}

// deal imports what a look found, and remembers the look, which began with the ETag that was. The lake itself remembers a manifest that it dealt with.
func (k Import) deal(ctx context.Context, tell func(bursar.Progress), e bursar.Export, b bursar.Bucket, l export.Look, was string) error {
	if l.Requested {
		err := k.Store.InTx(ctx, func(tx *store.Tx) error { return tx.LookedAt(e.WorkspaceID, e.ID, store.Manifest(l.Known), was) })
		if err != nil {
			return err
		}
	}
	if l.New == nil {
		return l.Err
	}
	step := fmt.Sprintf("importing %s of %s", l.Period, e.Name)
	d, err := k.Lake.Import(ctx, *l.New, b, func(p ingest.Progress) {
		tell(progress(step, p))
	})
	if err != nil {
		return fmt.Errorf("%s: %w", l.Period, err)
	}
	if d.State == bursar.DeliveryRejected {
		return bursar.Errorf(bursar.Invalid, "%s was not published: %s", l.Period, d.Reason).WithReason("delivery_rejected").
			WithHint("what was published before still counts; AWS's next delivery is imported by itself")
	}
	return nil
}

// progress tells how far an import is, how fast it goes, and how long it will take at that speed.
func progress(step string, p ingest.Progress) bursar.Progress {
	out := bursar.Progress{Step: step, Done: p.Bytes, Total: p.BytesTotal, Unit: "bytes", Rows: p.Rows}
	const early = 200 * time.Millisecond // the first moments say nothing about the rest
	if p.Elapsed < early {
		return out
	}
	out.RowsPerSecond = int64(float64(p.Rows) / p.Elapsed.Seconds())
	if left := p.BytesTotal - p.Bytes; left > 0 && p.Bytes > 0 {
		out.SecondsLeft = int64(math.Ceil(p.Elapsed.Seconds() * float64(left) / float64(p.Bytes)))
	}
	return out
}
