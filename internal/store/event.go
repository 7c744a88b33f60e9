package store

import "github.com/bursarhq/bursar"

const eventColumns = `id, account, about, subject, from_state, to_state, since, finding_id, code, message, run_id, at`

func scanEvent(r scanner) (bursar.Event, error) {
	var e bursar.Event
	var since, at int64
	err := r.Scan(&e.ID, &e.AccountID, &e.About, &e.Subject, &e.From, &e.To, &since, &e.FindingID, &e.Code, &e.Message, &e.RunID, &at)
	e.Since, e.At = fromStamp(since), fromStamp(at)
	return e, err
}

// AddEvent keeps a change of state. From is what the newest event about the same thing said, and an event that changes nothing is not
// kept: added is then false. Its time is the transaction's; Since, when zero, too.
func (tx *Tx) AddEvent(workspaceID string, e bursar.Event) (added bool, err error) {
	last, err := one(tx, "event", scanEvent, `SELECT `+eventColumns+` FROM events WHERE account = $1 AND about = $2 AND subject = $3 AND newest = 1`, e.AccountID, e.About, e.Subject)
	switch {
	case err == nil && last.To == e.To:
		return false, nil
	case err == nil:
		e.From = last.To
	case bursar.CodeOf(err) != bursar.NotFound:
		return false, err
	}
	e.ID, e.At = bursar.NewID("evt"), tx.Now
	tx.touch(workspaceID, TopicEvents)
	if e.Since.IsZero() {
		e.Since = tx.Now
	}
	if err := tx.exec(`UPDATE events SET newest = 0 WHERE account = $1 AND about = $2 AND subject = $3 AND newest = 1`, e.AccountID, e.About, e.Subject); err != nil {
		return false, err
	}
	return true, tx.exec(`INSERT INTO events (`+eventColumns+`, workspace_id, newest) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 1)`,
		e.ID, e.AccountID, e.About, e.Subject, e.From, e.To, stamp(e.Since), e.FindingID, e.Code, e.Message, e.RunID, stamp(e.At), workspaceID)
}

// NewestEvents returns the newest event about each thing of an account.
func (tx *Tx) NewestEvents(workspaceID, account string) ([]bursar.Event, error) {
	return many(tx, scanEvent, `SELECT `+eventColumns+` FROM events WHERE workspace_id = $1 AND account = $2 AND newest = 1 ORDER BY at, id`, workspaceID, account)
}

// Events lists changes of state, the newest first; an empty account means every account's.
func (tx *Tx) Events(workspaceID, account string, p Page) (events []bursar.Event, next string, err error) {
	at, id, err := p.before()
	if err != nil {
		return nil, "", err
	}
	events, err = many(tx, scanEvent, `SELECT `+eventColumns+` FROM events
		WHERE workspace_id = $1 AND ($2 = '' OR account = $2) AND (at, id) < ($3, $4) ORDER BY at DESC, id DESC LIMIT $5`, workspaceID, account, at, id, p.Limit+1)
	if err == nil && len(events) > p.Limit {
		events = events[:p.Limit]
		next = cursor(events[p.Limit-1].At, events[p.Limit-1].ID)
	}
	return events, next, err
}
