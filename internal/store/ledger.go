package store

import (
	"time"

	"github.com/bursarhq/bursar"
)

// nano is how many billionths a dollar has: the ledger counts in them, so that sums are exact in SQL.
const nano = 9

func usd(nanos int64) bursar.Decimal { return bursar.DecimalFromInt64(nanos, nano) }

func nanos(d bursar.Decimal) int64 {
	u, ok := d.Unscaled(nano)
	if !ok || !u.IsInt64() {
		return 0
	}
	return u.Int64()
}

const requestColumns = `id, access, account_id, source_id, run_id, stream, operation, page, attempt, state, status, code, nano_usd, took_ms, at`

func scanRequest(r scanner) (bursar.CostRequest, error) {
	var v bursar.CostRequest
	var n, at int64
	err := r.Scan(&v.ID, &v.Access, &v.AccountID, &v.SourceID, &v.RunID, &v.Stream, &v.Operation, &v.Page, &v.Attempt, &v.State, &v.Status, &v.Code, &n, &v.TookMS, &at)
	v.USD, v.At = usd(n), fromStamp(at)
	return v, err
}

// AddRequest writes a line of the ledger and returns it with its id and time.
func (tx *Tx) AddRequest(workspaceID string, r bursar.CostRequest) (bursar.CostRequest, error) {
	r.ID, r.At = bursar.NewID("req"), tx.Now
	return r, tx.exec(`INSERT INTO cost_requests (`+requestColumns+`, workspace_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`,
		r.ID, r.Access, r.AccountID, r.SourceID, r.RunID, r.Stream, r.Operation, r.Page, r.Attempt, r.State, r.Status, r.Code, nanos(r.USD), r.TookMS, stamp(r.At), workspaceID)
}

// SettleRequest records what became of a request.
func (tx *Tx) SettleRequest(workspaceID string, r bursar.CostRequest) error {
	return tx.change("request", `UPDATE cost_requests SET state = $1, status = $2, code = $3, nano_usd = $4, took_ms = $5 WHERE workspace_id = $6 AND id = $7`,
		r.State, r.Status, r.Code, nanos(r.USD), r.TookMS, workspaceID, r.ID)
}

// RequestFilter chooses lines of the ledger; what is empty chooses all.
type RequestFilter struct{ Source, Access, Run, Stream string }

// Requests lists the ledger, the newest first.
func (tx *Tx) Requests(workspaceID string, f RequestFilter, p Page) (list []bursar.CostRequest, next string, err error) {
	at, id, err := p.before()
	if err != nil {
		return nil, "", err
	}
	list, err = many(tx, scanRequest, `SELECT `+requestColumns+` FROM cost_requests
		WHERE workspace_id = $1 AND ($2 = '' OR source_id = $2) AND ($3 = '' OR access = $3) AND ($4 = '' OR run_id = $4) AND ($5 = '' OR stream = $5) AND (at, id) < ($6, $7)
		ORDER BY at DESC, id DESC LIMIT $8`, workspaceID, f.Source, f.Access, f.Run, f.Stream, at, id, p.Limit+1)
	if err == nil && len(list) > p.Limit {
		list = list[:p.Limit]
		next = cursor(list[p.Limit-1].At, list[p.Limit-1].ID)
	}
	return list, next, err
}

// Spent adds up what requests cost since a time.
func (tx *Tx) Spent(workspaceID string, f RequestFilter, since time.Time) (bursar.Decimal, error) {
	var n int64
	err := tx.row(`SELECT coalesce(sum(nano_usd), 0) FROM cost_requests
		WHERE workspace_id = $1 AND ($2 = '' OR source_id = $2) AND ($3 = '' OR access = $3) AND ($4 = '' OR run_id = $4) AND at >= $5`,
		workspaceID, f.Source, f.Access, f.Run, stamp(since)).Scan(&n)
	return usd(n), err
}

// SpendOnRequests is what was spent on one UTC day with one operation.
type SpendOnRequests struct {
	Day       string         `json:"day"` // YYYY-MM-DD
	Operation string         `json:"operation"`
	Requests  int64          `json:"requests"` // that were sent
	Cached    int64          `json:"cached"`   // that did not have to be
	Failed    int64          `json:"failed"`
	USD       bursar.Decimal `json:"usd"`
}

// SpendByDay adds up the ledger by day and operation since a time, the oldest first.
func (tx *Tx) SpendByDay(workspaceID string, f RequestFilter, since time.Time) ([]SpendOnRequests, error) {
	const day = 24 * 3600 * 1_000_000
	scan := func(r scanner) (v SpendOnRequests, err error) {
		var at, n int64
		err = r.Scan(&at, &v.Operation, &v.Requests, &v.Cached, &v.Failed, &n)
		v.Day, v.USD = fromStamp(at*day+1).Format(time.DateOnly), usd(n)
		return v, err
	}
	return many(tx, scan, `SELECT at / 86400000000 AS day, operation, sum(CASE WHEN state = 'cached' THEN 0 ELSE 1 END), sum(CASE WHEN state = 'cached' THEN 1 ELSE 0 END),
		sum(CASE WHEN state = 'failed' THEN 1 ELSE 0 END), sum(nano_usd) FROM cost_requests
		WHERE workspace_id = $1 AND ($2 = '' OR source_id = $2) AND ($3 = '' OR access = $3) AND at >= $4 GROUP BY at / 86400000000, operation ORDER BY 1, 2`,
		workspaceID, f.Source, f.Access, stamp(since))
}

// RequestBudget returns the budget of a scope: the one that was set, or the default.
func (tx *Tx) RequestBudget(workspaceID, scope string) (bursar.SharedBudget, error) {
	b, err := one(tx, "budget", scanBudget, `SELECT scope, day, month FROM request_budgets WHERE workspace_id = $1 AND scope = $2`, workspaceID, scope)
	if bursar.CodeOf(err) == bursar.NotFound {
		return bursar.DefaultSharedBudget(scope), nil
	}
	return b, err
}

func scanBudget(r scanner) (b bursar.SharedBudget, err error) {
	var day, month string
	if err := r.Scan(&b.Scope, &day, &month); err != nil {
		return b, err
	}
	if err := b.Day.UnmarshalText([]byte(day)); err != nil {
		return b, err
	}
	return b, b.Month.UnmarshalText([]byte(month))
}

// SetRequestBudget sets the budget of a scope.
func (tx *Tx) SetRequestBudget(workspaceID string, b bursar.SharedBudget) error {
	before, err := tx.RequestBudget(workspaceID, b.Scope)
	if err != nil {
		return err
	}
	err = tx.exec(`INSERT INTO request_budgets (workspace_id, scope, day, month) VALUES ($1, $2, $3, $4)
		ON CONFLICT (workspace_id, scope) DO UPDATE SET day = excluded.day, month = excluded.month`, workspaceID, b.Scope, b.Day.String(), b.Month.String())
	if err != nil {
		return err
	}
	return tx.Audit(Change{WorkspaceID: workspaceID, Action: "setRequestBudget", Target: b.Scope, Before: before, After: b})
}

// KeepPage keeps a page that was paid for until a time.
func (tx *Tx) KeepPage(page, question, body string, until time.Time) error {
	return tx.exec(`INSERT INTO cost_pages (page, question, body, fetched_at, expires_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (page) DO UPDATE SET body = excluded.body, fetched_at = excluded.fetched_at, expires_at = excluded.expires_at`, page, question, body, stamp(tx.Now), stamp(until))
}

// CostPage returns a page that was paid for and may still be used. ok is false where there is none.
func (tx *Tx) CostPage(page string) (body string, ok bool, err error) {
	body, err = one(tx, "page", func(r scanner) (s string, err error) { err = r.Scan(&s); return s, err }, `SELECT body FROM cost_pages WHERE page = $1 AND expires_at > $2`, page, stamp(tx.Now))
	if bursar.CodeOf(err) == bursar.NotFound {
		return "", false, nil
	}
	return body, err == nil, err
}

// DropPages forgets the pages of a question.
func (tx *Tx) DropPages(question string) error {
	return tx.exec(`DELETE FROM cost_pages WHERE question = $1`, question)
}

// SweepPages forgets the pages that may not be used any more.
func (tx *Tx) SweepPages() error {
	return tx.exec(`DELETE FROM cost_pages WHERE expires_at <= $1`, stamp(tx.Now))
}

// LastPages tells how many pages an answer of a source's stream had in the last run that had one; 0 when there was none.
func (tx *Tx) LastPages(sourceID, stream string) (pages int, err error) {
	err = tx.row(`SELECT coalesce(max(page), 0) FROM cost_requests WHERE source_id = $1 AND stream = $2 AND state IN ('answered', 'cached')
		AND run_id = (SELECT run_id FROM cost_requests WHERE source_id = $1 AND stream = $2 AND state IN ('answered', 'cached') ORDER BY at DESC, id DESC LIMIT 1)`, sourceID, stream).Scan(&pages)
	return pages, err
}
