package store

import "time"

// Key is an API key as it is kept: its hash, never itself.
type Key struct {
	ID          string // the middle part of the key, not secret
	WorkspaceID string
	Name        string
	Role        string
	Hash        string // SHA-256 of the whole key, in hexadecimal
	CreatedAt   time.Time
	ExpiresAt   time.Time // zero: never
	LastUsedAt  time.Time
	RevokedAt   time.Time // zero: in force
}

const keyColumns = `id, workspace_id, name, role, hash, created_at, expires_at, last_used_at, revoked_at`

func scanKey(r scanner) (Key, error) {
	var k Key
	var created, expires, used, revoked int64
	err := r.Scan(&k.ID, &k.WorkspaceID, &k.Name, &k.Role, &k.Hash, &created, &expires, &used, &revoked)
	k.CreatedAt, k.ExpiresAt, k.LastUsedAt, k.RevokedAt = fromStamp(created), fromStamp(expires), fromStamp(used), fromStamp(revoked)
	return k, err
}

// AddKey saves a key.
func (tx *Tx) AddKey(k Key) error {
	return tx.exec(`INSERT INTO api_keys (`+keyColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		k.ID, k.WorkspaceID, k.Name, k.Role, k.Hash, stamp(tx.Now), stamp(k.ExpiresAt), 0, 0)
}

// KeyByID returns a key of any workspace: who it belongs to is what the caller wants to know.
func (tx *Tx) KeyByID(id string) (Key, error) {
	return one(tx, "key", scanKey, `SELECT `+keyColumns+` FROM api_keys WHERE id = $1`, id)
}

// TouchKey records that a key was used.
func (tx *Tx) TouchKey(id string) error {
	return tx.change("key", `UPDATE api_keys SET last_used_at = $1 WHERE id = $2`, stamp(tx.Now), id)
}

// Keys lists the keys of a workspace, the newest first.
func (tx *Tx) Keys(workspaceID string) ([]Key, error) {
	return many(tx, scanKey, `SELECT `+keyColumns+` FROM api_keys WHERE workspace_id = $1 ORDER BY created_at DESC, id`, workspaceID)
}

// RevokeKey puts a key out of force, at once.
func (tx *Tx) RevokeKey(workspaceID, id string) error {
	return tx.change("key", `UPDATE api_keys SET revoked_at = $1 WHERE workspace_id = $2 AND id = $3 AND revoked_at = 0`, stamp(tx.Now), workspaceID, id)
}

// CheckKeys says whether any key exists: an installation without one has not been started before.
func (tx *Tx) CheckKeys() (bool, error) {
	var n int
	err := tx.row(`SELECT count(*) FROM api_keys`).Scan(&n)
	return n > 0, err
}
