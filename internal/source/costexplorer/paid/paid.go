// Package paid asks Cost Explorer and keeps account of it. Every attempt is a line of a ledger, written before it is sent; budgets are asked in the
// same transaction, so that nothing is sent that would pass one; and a page that was paid for is kept in the transaction that says so, to be
// used again as long as it cannot have changed.
package paid

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/awsapi"
	"github.com/bursarhq/bursar/internal/store"
)

// Asker sends one request to Cost Explorer, and never another by itself. [awsapi.Session] does.
type Asker interface {
	CostExplorer(ctx context.Context, operation string, body []byte) (awsapi.CostAnswer, error)
}

// Fresh is how long an answer cannot have changed: AWS works the data out up to three times a day.
const Fresh = 6 * time.Hour

// attempts is how often a page is tried in all, where AWS asks to slow down or does not answer.
const attempts = 4

// Desk is where requests are paid: it keeps the ledger, the budgets, the pages that were paid for, and the pace. One desk serves a whole
// installation; it is safe for concurrent use.
type Desk struct {
	Store *store.Store
	Wait  func(ctx context.Context, d time.Duration) error // nil waits by the clock
	Told  func(operation string, r bursar.CostRequest)     // is told of each line of the ledger once it is settled; may be nil

	mu    sync.Mutex
	paces map[string]time.Time  // by access: when the next request may be sent
	locks map[string]*questions // by question: who asks it now
}

type questions struct {
	sync.Mutex
	users int
}

// pace is how long lies between two requests of one access: AWS names no limit, and answers too many with an error.
const pace = time.Second

// Teller asks for one stream of one source in one run, and pays at a desk.
type Teller struct {
	Desk      *Desk
	Asker     Asker
	Source    bursar.Source
	AccountID string // whose costs are asked: 12 digits. It is part of what tells questions apart
	RunID     string
	Stream    string

	Sent int // requests that were sent
}

// Page answers one page of a question, the n-th from 1: with what was paid for before, or with a request. question is the hash of its first page.
// Errors are AWS's, as [awsapi.Classify] knows them, or a Conflict whose reason begins with budget_.
func (t *Teller) Page(ctx context.Context, action string, body map[string]any, question string, n int) ([]byte, error) {
	key := t.Hash(action, body)
	defer t.Desk.lock(key)()
	var kept string
	err := t.Desk.Store.InTx(ctx, func(tx *store.Tx) error {
		text, ok, err := tx.CostPage(key)
		if err != nil || !ok {
			return err
		}
		kept = text
		_, err = tx.AddRequest(t.Source.WorkspaceID, t.line(action, n, 0, bursar.RequestCached))
		return err
	})
	if err != nil {
		return nil, err
	}
	if kept != "" {
		t.Desk.tell(action, t.line(action, n, 0, bursar.RequestCached))
		return []byte(kept), nil
	}
	text, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	for attempt := 1; ; attempt++ {
		answer, err := t.try(ctx, action, text, key, question, n, attempt)
		if err == nil || attempt == attempts || !again(err) {
			return answer, err
		}
		if err := t.Desk.wait(ctx, backOff(attempt)); err != nil {
			return nil, err
		}
	}
}

// again says whether an error may pass by itself within seconds.
func again(err error) bool {
	switch awsapi.Classify(err).Class {
	case awsapi.Throttled, awsapi.Unreachable:
		return !errors.Is(err, context.Canceled)
	}
	return false
}

// backOff doubles from a second, with full jitter.
func backOff(attempt int) time.Duration { return rand.N(time.Second<<attempt) + time.Second/10 }

func (t *Teller) line(action string, page, attempt int, state bursar.CostRequestState) bursar.CostRequest {
	return bursar.CostRequest{
		Access: t.Source.Access(), AccountID: t.AccountID, SourceID: t.Source.ID, RunID: t.RunID, Stream: t.Stream, Operation: action, Page: page, Attempt: attempt, State: state,
	}
}

// try pays for one attempt. The line of the ledger is written, and every budget asked, before anything is sent; the page is kept in the same
// transaction that says that it was answered.
func (t *Teller) try(ctx context.Context, action string, body []byte, key, question string, page, attempt int) ([]byte, error) {
	line := t.line(action, page, attempt, bursar.RequestSent)
	line.USD = bursar.CostRequestUSD()
	if err := t.Desk.slow(ctx, t.Source.Access()); err != nil {
		return nil, err
	}
	err := t.Desk.Store.InTx(ctx, func(tx *store.Tx) (err error) {
		if err := t.afford(tx); err != nil {
			return err
		}
		line, err = tx.AddRequest(t.Source.WorkspaceID, line)
		return err
	})
	if err != nil {
		return nil, err
	}
	began := time.Now()
	answer, asked := t.Asker.CostExplorer(ctx, action, body)
	t.Sent++
	settle(&line, asked, time.Since(began))
	err = t.Desk.Store.InTx(context.WithoutCancel(ctx), func(tx *store.Tx) error { // it was paid: it is written down, whoever goes away
		if asked == nil {
			if err := tx.KeepPage(key, question, string(answer.Body), tx.Now.Add(Fresh)); err != nil {
				return err
			}
		}
		return tx.SettleRequest(t.Source.WorkspaceID, line)
	})
	t.Desk.tell(action, line)
	return answer.Body, errors.Join(asked, err)
}

// settle says what became of a request. AWS does not charge for what it refuses; what was not answered counts as paid.
func settle(line *bursar.CostRequest, asked error, took time.Duration) {
	line.TookMS = took.Milliseconds()
	c := awsapi.Classify(asked)
	line.Status, line.Code = c.Status, c.Code
	switch {
	case asked == nil:
		line.State, line.Status = bursar.RequestAnswered, 200
	case c.Status == 0:
		line.State, line.Code = bursar.RequestUnknown, string(c.Class)
	default:
		line.State, line.USD = bursar.RequestFailed, bursar.Decimal{}
	}
}

// afford answers with an error when one more request would pass a budget. It runs in the transaction that writes the request down, so that
// two that ask at once cannot both have the last cent.
func (t *Teller) afford(tx *store.Tx) error {
	now := tx.Now
	day, month := now.Truncate(24*time.Hour), bursar.PeriodOf(now).Start()
	ws, price := t.Source.WorkspaceID, bursar.CostRequestUSD()
	access, err := tx.RequestBudget(ws, t.Source.Access())
	if err != nil {
		return err
	}
	all, err := tx.RequestBudget(ws, bursar.AllAccess)
	if err != nil {
		return err
	}
	own, shared := store.RequestFilter{Source: t.Source.ID}, store.RequestFilter{Access: t.Source.Access()}
	for _, b := range []struct {
		name   string
		limit  bursar.Decimal
		filter store.RequestFilter
		since  time.Time
	}{
		{"run", t.Source.Budget.Run, store.RequestFilter{Run: t.RunID}, time.Time{}},
		{"day", t.Source.Budget.Day, own, day},
		{"month", t.Source.Budget.Month, own, month},
		{"access_day", access.Day, shared, day},
		{"access_month", access.Month, shared, month},
		{"all_day", all.Day, store.RequestFilter{}, day},
		{"all_month", all.Month, store.RequestFilter{}, month},
	} {
		spent, err := tx.Spent(ws, b.filter, b.since)
		if err != nil {
			return err
		}
		if spent.Add(price).Cmp(b.limit) > 0 {
			return overBudget(b.name, spent, b.limit)
		}
	}
	return nil
}

var budgetWords = map[string][2]string{
	"run":          {"the source's budget for a run", "start another run: it goes on where this one stopped; or raise the source's budget"},
	"day":          {"the source's budget for a day", "it goes on tomorrow (UTC); or raise the source's budget"},
	"month":        {"the source's budget for a month", "it goes on next month (UTC); or raise the source's budget"},
	"access_day":   {"the budget for a day of the access that this source shares with others", "it goes on tomorrow (UTC); or raise the budget of the access"},
	"access_month": {"the budget for a month of the access that this source shares with others", "it goes on next month (UTC); or raise the budget of the access"},
	"all_day":      {"the workspace's budget for a day", "it goes on tomorrow (UTC); or raise the budget of the workspace"},
	"all_month":    {"the workspace's budget for a month", "it goes on next month (UTC); or raise the budget of the workspace"},
}

func overBudget(name string, spent, limit bursar.Decimal) error {
	w := budgetWords[name]
	return bursar.Errorf(bursar.Conflict, "the next request would pass %s: %s USD of %s USD are spent, and it costs %s USD", w[0], spent, limit, bursar.CostRequestUSD()).
		WithReason("budget_"+name).WithHint("%s", w[1])
}

func (d *Desk) tell(action string, r bursar.CostRequest) {
	if d.Told != nil {
		d.Told(action, r)
	}
}

func (d *Desk) wait(ctx context.Context, t time.Duration) error {
	if d.Wait != nil {
		return d.Wait(ctx, t)
	}
	timer := time.NewTimer(t)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// slow waits for an access's turn.
func (d *Desk) slow(ctx context.Context, access string) error {
	now := time.Now()
	d.mu.Lock()
	if d.paces == nil {
		d.paces = map[string]time.Time{}
	}
	at := d.paces[access]
	if at.Before(now) {
		at = now
	}
	d.paces[access] = at.Add(pace)
	d.mu.Unlock()
	if at.Equal(now) {
		return ctx.Err()
	}
	return d.wait(ctx, at.Sub(now))
}

// lock lets one at a time ask a question: the second finds the first one's answer. It returns what unlocks.
func (d *Desk) lock(key string) (unlock func()) {
	d.mu.Lock()
	if d.locks == nil {
		d.locks = map[string]*questions{}
	}
	q := d.locks[key]
	if q == nil {
		q = &questions{}
		d.locks[key] = q
	}
	q.users++
	d.mu.Unlock()
	q.Lock()
	return func() {
		q.Unlock()
		d.mu.Lock()
		defer d.mu.Unlock()
		if q.users--; q.users == 0 {
			delete(d.locks, key)
		}
	}
}

// Hash tells one question of the teller's account from another. It holds no secret. What one workspace has paid for, another does not see.
func (t *Teller) Hash(action string, body map[string]any) string {
	return Hash(t.Source.WorkspaceID+"/"+t.AccountID, action, body)
}

// Hash is the SHA-256, in hexadecimal, of whose question it is, the operation, and the body, whose members are sorted.
func Hash(whose, action string, body map[string]any) string {
	text, _ := json.Marshal(body) // made of texts, numbers, lists and maps
	sum := sha256.Sum256([]byte(whose + "\n" + action + "\n" + string(text)))
	return hex.EncodeToString(sum[:])
}

// Forget drops the kept pages of a question: they are stale, or cannot be used.
func (t *Teller) Forget(ctx context.Context, question string) error {
	return t.Desk.Store.InTx(ctx, func(tx *store.Tx) error { return tx.DropPages(question) })
}
