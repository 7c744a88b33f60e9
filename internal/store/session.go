package store

import "time"

// Session is a person who has signed in with a browser.
type Session struct {
	ID          string // "ses_…"
	Hash        string // SHA-256 of the cookie's value, in hexadecimal
	UserID      string
	WorkspaceID string // the one that the person looks at
	Method      string // "password", "oidc" or "invitation"
	CreatedAt   time.Time
	LastSeenAt  time.Time
	ExpiresAt   time.Time // at the latest, whatever is done with it
	From        string    // network address at its beginning
	Agent       string    // the browser, in its own words
}

const sessionColumns = `id, hash, user_id, workspace_id, method, created_at, last_seen_at, expires_at, from_address, agent`

func scanSession(r scanner) (Session, error) {
	var s Session
	var created, seen, expires int64
	err := r.Scan(&s.ID, &s.Hash, &s.UserID, &s.WorkspaceID, &s.Method, &created, &seen, &expires, &s.From, &s.Agent)
	s.CreatedAt, s.LastSeenAt, s.ExpiresAt = fromStamp(created), fromStamp(seen), fromStamp(expires)
	return s, err
}

// AddSession saves a session that begins now, and forgets those of anybody that have expired or were not used since idle.
func (tx *Tx) AddSession(s Session, idle time.Time) error {
	if err := tx.exec(`DELETE FROM sessions WHERE expires_at <= $1 OR last_seen_at <= $2`, stamp(tx.Now), stamp(idle)); err != nil {
		return err
	}
	return tx.exec(`INSERT INTO sessions (`+sessionColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		s.ID, s.Hash, s.UserID, s.WorkspaceID, s.Method, stamp(tx.Now), stamp(tx.Now), stamp(s.ExpiresAt), s.From, s.Agent)
}

// SessionByHash returns a session of anybody: whose it is is what the caller wants to know.
func (tx *Tx) SessionByHash(hash string) (Session, error) {
	return one(tx, "session", scanSession, `SELECT `+sessionColumns+` FROM sessions WHERE hash = $1`, hash)
}

// SessionsOf lists a person's sessions, the newest first.
func (tx *Tx) SessionsOf(userID string) ([]Session, error) {
	return many(tx, scanSession, `SELECT `+sessionColumns+` FROM sessions WHERE user_id = $1 ORDER BY created_at DESC, id`, userID)
}

// TouchSession records that a session was used.
func (tx *Tx) TouchSession(id string) error {
	return tx.change("session", `UPDATE sessions SET last_seen_at = $1 WHERE id = $2`, stamp(tx.Now), id)
}

// SwitchSession makes a session look at another workspace.
func (tx *Tx) SwitchSession(id, workspaceID string) error {
	return tx.change("session", `UPDATE sessions SET workspace_id = $1 WHERE id = $2`, workspaceID, id)
}

// DropSession ends a session of a person.
func (tx *Tx) DropSession(userID, id string) error {
	return tx.change("session", `DELETE FROM sessions WHERE user_id = $1 AND id = $2`, userID, id)
}

// DropOtherSessions ends every session of a person but one; "" keeps none.
func (tx *Tx) DropOtherSessions(userID, but string) error {
	return tx.exec(`DELETE FROM sessions WHERE user_id = $1 AND id <> $2`, userID, but)
}
