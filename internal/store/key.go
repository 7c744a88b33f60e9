package store

import (
	"time"

	"github.com/bursarhq/bursar"
)

// Key is an API key as it is kept: its hash, never itself.
type Key struct {
	ID          string // the middle part of the key, not secret
	WorkspaceID string
	Name        string
	Role        string
	Hash        string // SHA-256 of the whole key, in hexadecimal
	CreatedBy   string // who made it: a person's e-mail address, the name of another key, or "bursar"
	Owner       string // whom it works for: "user:usr_…", or "key:" and the id of the first key of its line
	CreatedAt   time.Time
	ExpiresAt   time.Time // zero: never
	LastUsedAt  time.Time
	RevokedAt   time.Time // zero: in force
}

const keyColumns = `id, workspace_id, name, role, hash, created_at, expires_at, last_used_at, revoked_at, created_by, owner`

func scanKey(r scanner) (Key, error) {
	var k Key
	var created, expires, used, revoked int64
	err := r.Scan(&k.ID, &k.WorkspaceID, &k.Name, &k.Role, &k.Hash, &created, &expires, &used, &revoked, &k.CreatedBy, &k.Owner)
	k.CreatedAt, k.ExpiresAt, k.LastUsedAt, k.RevokedAt = fromStamp(created), fromStamp(expires), fromStamp(used), fromStamp(revoked)
	return k, err
}

// keysPerName is how many keys of one name may be in force: the old and the new one, while programs change over.
const keysPerName = 2

// AddKey saves a key. A name that has two keys in force already is a Conflict with the reason key_name_full.
func (tx *Tx) AddKey(k Key) error {
	var inForce int
	err := tx.row(`SELECT count(*) FROM api_keys WHERE workspace_id = $1 AND name = $2 AND revoked_at = 0 AND (expires_at = 0 OR expires_at > $3)`,
		k.WorkspaceID, k.Name, stamp(tx.Now)).Scan(&inForce)
	if err != nil {
		return err
	}
	if inForce >= keysPerName {
		e := bursar.Errorf(bursar.Conflict, "two keys named %q are in force already", k.Name)
		e.Field = "name"
		return e.WithReason("key_name_full").WithHint("revoke one of them first, or choose another name")
	}
	k.CreatedAt = tx.Now
	if k.Owner, err = tx.ownerOf(k); err != nil {
		return err
	}
	err = tx.exec(`INSERT INTO api_keys (`+keyColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		k.ID, k.WorkspaceID, k.Name, k.Role, k.Hash, stamp(k.CreatedAt), stamp(k.ExpiresAt), 0, 0, k.CreatedBy, k.Owner)
	if err != nil {
		return err
	}
	return tx.Audit(Change{WorkspaceID: k.WorkspaceID, Action: "addKey", Target: k.ID, After: k.public()})
}

// publicKey is a key as the audit log shows it.
type publicKey struct {
	Name      string    `json:"name"`
	Role      string    `json:"role"`
	CreatedBy string    `json:"created_by,omitempty"`
	ExpiresAt time.Time `json:"expires_at,omitzero"`
	RevokedAt time.Time `json:"revoked_at,omitzero"`
}

func (k Key) public() publicKey {
	return publicKey{k.Name, k.Role, k.CreatedBy, k.ExpiresAt, k.RevokedAt}
}

// KeyByID returns a key of any workspace: who it belongs to is what the caller wants to know.
func (tx *Tx) KeyByID(id string) (Key, error) {
	return one(tx, "key", scanKey, `SELECT `+keyColumns+` FROM api_keys WHERE id = $1`, id)
}

// KeyByHash returns the key, of any workspace, that has a hash.
func (tx *Tx) KeyByHash(hash string) (Key, error) {
	return one(tx, "key", scanKey, `SELECT `+keyColumns+` FROM api_keys WHERE hash = $1`, hash)
}

// TouchKey records that a key was used.
func (tx *Tx) TouchKey(id string) error {
	return tx.change("key", `UPDATE api_keys SET last_used_at = $1 WHERE id = $2`, stamp(tx.Now), id)
}

// Key returns one key of a workspace.
func (tx *Tx) Key(workspaceID, id string) (Key, error) {
	return one(tx, "key", scanKey, `SELECT `+keyColumns+` FROM api_keys WHERE workspace_id = $1 AND id = $2`, workspaceID, id)
}

// Keys lists the keys of a workspace, the newest first.
func (tx *Tx) Keys(workspaceID string, p Page) (keys []Key, next string, err error) {
	at, id, err := p.before()
	if err != nil {
		return nil, "", err
	}
	keys, err = many(tx, scanKey, `SELECT `+keyColumns+` FROM api_keys
		WHERE workspace_id = $1 AND (created_at, id) < ($2, $3) ORDER BY created_at DESC, id DESC LIMIT $4`, workspaceID, at, id, p.Limit+1)
	if err == nil && len(keys) > p.Limit {
		keys = keys[:p.Limit]
		next = cursor(keys[p.Limit-1].CreatedAt, keys[p.Limit-1].ID)
	}
	return keys, next, err
}

// RevokeKey puts a key out of force, at once. One that is out of force already is not found.
func (tx *Tx) RevokeKey(workspaceID, id string) error {
	k, err := tx.Key(workspaceID, id)
	if err != nil {
		return err
	}
	err = tx.change("key", `UPDATE api_keys SET revoked_at = $1 WHERE workspace_id = $2 AND id = $3 AND revoked_at = 0`, stamp(tx.Now), workspaceID, id)
	if err != nil {
		return err
	}
	after := k
	after.RevokedAt = tx.Now
	return tx.Audit(Change{WorkspaceID: workspaceID, Action: "revokeKey", Target: id, Before: k.public(), After: after.public()})
}

// CheckKeys says whether any key exists: an installation without one has not been started before.
func (tx *Tx) CheckKeys() (bool, error) {
	var n int
	err := tx.row(`SELECT count(*) FROM api_keys`).Scan(&n)
	return n > 0, err
}
