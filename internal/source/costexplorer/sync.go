// Package costexplorer asks AWS Cost Explorer for a source's streams, and pays for as little as it can.
//
// A stream is one line of a table ([Operations]): which operation answers it, how it is asked, paged and read. [Sync] asks for all
// streams of a source, one after the other and independent of each other: windows are planned from what is held ([Operation.Plan]), every page is paid at
// the [paid.Desk] or found among those that were paid for before, and a window is replaced as a whole, in one transaction, once all of its pages are there.
//
// Facts of the API, prices and limits: https://docs.aws.amazon.com/cost-management/latest/userguide/ce-api-best-practices.html.
package costexplorer

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/awsapi"
	"github.com/bursarhq/bursar/internal/source/costexplorer/paid"
	"github.com/bursarhq/bursar/internal/store"
)

// Sync asks for the streams of one source.
type Sync struct {
	Desk   *paid.Desk
	Asker  paid.Asker
	Source bursar.Source // its AccountID must be known
	RunID  string
	Now    func() time.Time                     // AWS's time
	Began  func(stream string, done, total int) // is told before each stream; may be nil
}

// Run asks for every stream, and tells how each of them ended. A stream that fails keeps what it held and hinders no other one; an error is
// returned only when nothing can be written, or ctx ends.
func (s *Sync) Run(ctx context.Context) ([]bursar.StreamStatus, error) {
	out := make([]bursar.StreamStatus, 0, len(s.Source.Streams))
	for i, stream := range s.Source.Streams {
		if s.Began != nil {
			s.Began(stream.Name, i, len(s.Source.Streams))
		}
		status, err := s.stream(ctx, stream)
		if err != nil {
			return out, err
		}
		out = append(out, status)
	}
	return out, s.Desk.Store.InTx(ctx, func(tx *store.Tx) error { return tx.SweepPages() })
}

// stream asks for one stream and records how it ended.
func (s *Sync) stream(ctx context.Context, stream bursar.Stream) (bursar.StreamStatus, error) {
	j := &asking{Sync: s, stream: stream, op: Find(stream.Name), teller: &paid.Teller{Desk: s.Desk, Asker: s.Asker, Source: s.Source, AccountID: s.Source.AccountID, RunID: s.RunID, Stream: stream.Name}}
	err := j.run(ctx)
	if ctx.Err() != nil {
		return bursar.StreamStatus{}, ctx.Err()
	}
	now := s.Now().UTC()
	status := StatusOf(err)
	status.Name, status.TriedAt, status.Requests, status.Clamped = stream.Name, now, j.teller.Sent, j.clamped
	if status.State == bursar.StreamOK {
		status.OKAt = now
	}
	return status, s.Desk.Store.InTx(ctx, func(tx *store.Tx) error { return tx.SetStream(s.Source.ID, status) })
}

// asking is one stream of one run.
type asking struct {
	*Sync
	stream   bursar.Stream
	op       *Operation
	teller   *paid.Teller
	question string
	held     []bursar.CostMonth
	clamped  string
}

func (j *asking) run(ctx context.Context) error {
	if j.op == nil {
		return Check(j.stream)
	}
	j.question = j.op.Hash(j.Source.AccountID, j.stream)
	err := j.Desk.Store.View(ctx, func(tx *store.Tx) (err error) { j.held, err = tx.CostMonths(j.Source.ID, j.stream.Name); return err })
	if err != nil {
		return err
	}
	var windows []Window
	windows, j.clamped = j.op.Plan(j.stream, j.question, j.held, j.Now())
	slices.SortFunc(windows, func(a, b Window) int { return b.From.Compare(a.From) }) // the newest first: a budget may end it
	var failed error
	for _, w := range windows {
		if err := j.window(ctx, w); err != nil {
			failed = cmp.Or(failed, err)
			if stops(err) {
				break
			}
		}
	}
	if failed != nil {
		return failed
	}
	return j.Desk.Store.InTx(ctx, func(tx *store.Tx) error { return tx.DropCostsExcept(j.Source.ID, j.stream.Name, j.question) })
}

// stops says whether no other window of the stream can fare better.
func stops(err error) bool { return StatusOf(err).State != bursar.StreamNoData }

// window asks for one window and replaces it. Where AWS does not give history so far back, the window is cut from its old end, and that
// is told.
func (j *asking) window(ctx context.Context, w Window) error {
	for tries := 0; ; tries++ {
		err := j.fetch(ctx, w)
		cut, ok := clamp(j.op, w, err, j.Now())
		if !ok || tries == 3 {
			return err
		}
		j.clamped = max(j.clamped, cut.From.Format(time.DateOnly))
		if !cut.From.Before(cut.To) {
			return nil // all of it is older than what AWS gives
		}
		w = cut
	}
}

// clamp cuts a window that AWS refuses for its age.
func clamp(o *Operation, w Window, err error, now time.Time) (Window, bool) {
	c := awsapi.Classify(err)
	if c.Class != awsapi.Validation || w.From.IsZero() {
		return w, false
	}
	text := strings.ToLower(c.Message)
	switch {
	case strings.Contains(text, "historical data beyond 14 months"), strings.Contains(text, "beyond the past 14 months"), strings.Contains(text, "beyond the past 38 months"), strings.Contains(text, "last 13 months"):
		oldest := bursar.PeriodOf(now).Add(-history).Start()
		if !w.From.Before(oldest) { // it is counted from today, and not from the month's first day
			oldest = bursar.PeriodOf(w.From).Add(1).Start()
		}
		return Window{oldest, w.To}, true
	case strings.Contains(text, "last 14 days") && (o.Times == Hourly || o.Times == Resources): // AWS speaks of hours whatever was asked
		return Window{w.From.AddDate(0, 0, 1), w.To}, true
	}
	return w, false
}

// fetch asks for all pages of a window, and replaces what is held of it once they are there.
func (j *asking) fetch(ctx context.Context, w Window) error {
	if err := j.forgetReopened(ctx, w); err != nil {
		return err
	}
	a, err := j.answer(ctx, w)
	if err != nil {
		return err
	}
	for i := range a.rows {
		a.name(i)
	}
	return j.Desk.Store.InTx(ctx, func(tx *store.Tx) error { return j.replace(tx, w, a) })
}

// forgetReopened drops the kept pages of a window that somebody wants asked anew.
func (j *asking) forgetReopened(ctx context.Context, w Window) error {
	reopened := slices.ContainsFunc(j.held, func(m bursar.CostMonth) bool {
		return m.FetchedAt.IsZero() && slices.Contains(j.op.periods(w), m.Period)
	})
	if !reopened {
		return nil
	}
	return j.teller.Forget(ctx, j.teller.Hash(j.op.Action, j.op.in(j.op.body(j.stream), w)))
}

func (j *asking) answer(ctx context.Context, w Window) (*answer, error) {
	tail := []string{j.Source.AccountID, stamp(j.Now()), j.RunID, j.question, "ce"}
	a := newAnswer(j.op, j.stream, tail)
	by := j.op.beyond(j.stream)
	if by == (group{}) {
		err := j.ask(ctx, w, &a, tail)
		return a, err
	}
	values, err := j.values(ctx, w, by)
	if err != nil {
		return nil, err
	}
	for _, v := range values {
		part := newAnswer(j.op, j.stream, tail)
		part.extra = v
		if err := j.ask(ctx, w, &part, tail, by.condition([]string{v})); err != nil {
			return nil, err
		}
		a.join(part)
	}
	return a, nil
}

// ask asks one question. When it has to begin again, so does the answer.
func (j *asking) ask(ctx context.Context, w Window, a **answer, tail []string, more ...map[string]any) error {
	body := j.op.in(j.op.body(j.stream, more...), w)
	return each(ctx, j.teller, j.op, body, func(begin bool, page []byte) error {
		if begin {
			extra := (*a).extra
			*a = newAnswer(j.op, j.stream, tail)
			(*a).extra = extra
		}
		return (*a).add(page)
	})
}

// values asks which values a grouping has in a window: AWS groups by two, so a third is asked value by value.
func (j *asking) values(ctx context.Context, w Window, by group) ([]string, error) {
	name := map[string]string{"DIMENSION": "dimensions", "TAG": "tags", "COST_CATEGORY": "cost_categories"}[by.Type]
	o := Find(name)
	stream := bursar.Stream{Name: name, Key: by.Key, Filter: j.stream.Filter}
	body := o.in(o.body(stream), w)
	found := newAnswer(o, stream, nil)
	err := each(ctx, j.teller, o, body, func(begin bool, page []byte) error {
		if begin {
			found = newAnswer(o, stream, nil)
		}
		return found.add(page)
	})
	var out []string
	for _, r := range found.rows {
		out = append(out, r.Cells[0])
	}
	return out, err
}

// join adds the rows of another value's answer.
func (a *answer) join(b *answer) {
	a.rows = append(a.rows, b.rows...)
	for k, v := range b.names {
		a.names[k] = v
	}
	for p := range b.estimated {
		a.estimated[p] = true
	}
}

// name fills in an account's name, which may have come on a later page than its costs.
func (a *answer) name(i int) {
	if !a.op.costs() {
		return
	}
	id, name := columnOf("linked_account_id"), columnOf("linked_account_name")
	if cells := a.rows[i].Cells; cells[name] == "" {
		cells[name] = a.names[cells[id]]
	}
}

func columnOf(name string) int {
	return slices.IndexFunc(costColumns, func(c Column) bool { return c.Name == name })
}

// replace replaces what is held of a window, month by month, in one transaction: what AWS does not tell any more is gone.
func (j *asking) replace(tx *store.Tx, w Window, a *answer) error {
	for _, p := range j.op.periods(w) {
		var rows []store.CostRow
		for _, r := range a.rows {
			if p.IsZero() || p.Contains(r.At) {
				rows = append(rows, store.CostRow{Period: p, StartsAt: r.At, Cells: r.Cells})
			}
		}
		m := bursar.CostMonth{Stream: j.stream.Name, Period: p, Question: j.question, FetchedAt: j.Now().UTC(), Estimated: a.estimated[p], Digest: digest(rows), RunID: j.RunID}
		m.Closed = j.closes(m)
		from, to := w.From, w.To
		if j.op.Times == Daily || j.op.Times == Monthly {
			from, to = time.Time{}, time.Time{} // the whole month: what another question has left goes too
			if !p.IsZero() && w.From.After(p.Start()) {
				from = w.From
			}
		}
		if p.IsZero() || j.otherwise(p) {
			from, to = time.Time{}, time.Time{}
		}
		if err := tx.ReplaceCosts(j.Source.ID, m, from, to, rows); err != nil {
			return err
		}
	}
	return nil
}

// otherwise says whether what is held of a month answers another question.
func (j *asking) otherwise(p bursar.Period) bool {
	return slices.ContainsFunc(j.held, func(h bursar.CostMonth) bool { return h.Period == p && h.Question != j.question })
}

// closes says whether a month need not be asked again: it is over for long, final, and the same as when it was asked before.
func (j *asking) closes(m bursar.CostMonth) bool {
	if m.Period.IsZero() || m.Estimated || m.FetchedAt.Before(m.Period.End().Add(settled)) {
		return false
	}
	return slices.ContainsFunc(j.held, func(h bursar.CostMonth) bool {
		return h.Period == m.Period && h.Question == m.Question && h.Digest == m.Digest && !h.Estimated
	})
}

// digest is the same for the same data, whenever and by whichever run it was asked.
func digest(rows []store.CostRow) string {
	h := sha256.New()
	lines := make([]string, 0, len(rows))
	for _, r := range rows {
		lines = append(lines, strings.Join(r.Cells[:len(r.Cells)-len(common)], "\x1f"))
	}
	slices.Sort(lines)
	for _, l := range lines {
		h.Write([]byte(l + "\x1e"))
	}
	return hex.EncodeToString(h.Sum(nil))[:32]
}
