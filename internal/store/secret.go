package store

import "time"

// Secret is one version of one secret of an owner, sealed. What opens it is not in the store.
type Secret struct {
	WorkspaceID string // "" for the row that proves the keys at the start
	Owner       string // "crd_…", "dst_…"
	Field       string
	Version     int
	Sealed      []byte
	KeyID       string    // of the key that its data key is wrapped with
	WrappedAt   time.Time // since when; set by the store
}

const secretColumns = `workspace_id, owner, field, version, sealed, key_id, wrapped_at`

func scanSecret(r scanner) (s Secret, err error) {
	var wrapped int64
	err = r.Scan(&s.WorkspaceID, &s.Owner, &s.Field, &s.Version, &s.Sealed, &s.KeyID, &wrapped)
	s.WrappedAt = fromStamp(wrapped)
	return s, err
}

// AddSecret keeps a version of a secret. A version that is there already is an error: versions do not change.
func (tx *Tx) AddSecret(s Secret) error {
	return tx.exec(`INSERT INTO secrets (`+secretColumns+`, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $7)`,
		s.WorkspaceID, s.Owner, s.Field, s.Version, s.Sealed, s.KeyID, stamp(tx.Now))
}

// Secret returns one version of a secret.
func (tx *Tx) Secret(workspaceID, owner, field string, version int) (Secret, error) {
	return one(tx, "secret", scanSecret, `SELECT `+secretColumns+` FROM secrets WHERE workspace_id = $1 AND owner = $2 AND field = $3 AND version = $4`, workspaceID, owner, field, version)
}

// DropSecrets deletes the versions of an owner's secrets before one: 0 deletes them all.
func (tx *Tx) DropSecrets(workspaceID, owner string, before int) error {
	return tx.exec(`DELETE FROM secrets WHERE workspace_id = $1 AND owner = $2 AND ($3 = 0 OR version < $3)`, workspaceID, owner, before)
}

// SecretsToRewrap returns secrets, of all workspaces, that were wrapped before a time.
func (tx *Tx) SecretsToRewrap(before time.Time, limit int) ([]Secret, error) {
	return many(tx, scanSecret, `SELECT `+secretColumns+` FROM secrets WHERE wrapped_at < $1 ORDER BY wrapped_at, workspace_id, owner, field, version LIMIT $2`, stamp(before), limit)
}

// CountSecretsToRewrap says how many secrets were wrapped before a time, and how many there are.
func (tx *Tx) CountSecretsToRewrap(before time.Time) (left, all int64, err error) {
	err = tx.row(`SELECT coalesce(sum(CASE WHEN wrapped_at < $1 THEN 1 ELSE 0 END), 0), count(*) FROM secrets`, stamp(before)).Scan(&left, &all)
	return left, all, err
}

// Rewrapped puts a secret that was wrapped anew in the place of the one that was read, unless that is gone or was changed meanwhile.
func (tx *Tx) Rewrapped(was Secret, sealed []byte, keyID string) error {
	return tx.exec(`UPDATE secrets SET sealed = $1, key_id = $2, wrapped_at = $3 WHERE workspace_id = $4 AND owner = $5 AND field = $6 AND version = $7 AND sealed = $8`,
		sealed, keyID, stamp(tx.Now), was.WorkspaceID, was.Owner, was.Field, was.Version, was.Sealed)
}

// SealingKey is a key that secrets are wrapped with, and how many.
type SealingKey struct {
	ID      string
	Secrets int64 // the row that proves the keys is one of them
}

// SealingKeys lists the keys that secrets are wrapped with.
func (tx *Tx) SealingKeys() ([]SealingKey, error) {
	return many(tx, func(r scanner) (k SealingKey, err error) { return k, r.Scan(&k.ID, &k.Secrets) },
		`SELECT key_id, count(*) FROM secrets GROUP BY key_id ORDER BY key_id`)
}

// SecretsNotUnder returns the secrets, of all workspaces, that another key than the given one has wrapped.
func (tx *Tx) SecretsNotUnder(keyID string) ([]Secret, error) {
	return many(tx, scanSecret, `SELECT `+secretColumns+` FROM secrets WHERE key_id <> $1 ORDER BY workspace_id, owner, field, version`, keyID)
}
