package store

import (
	"time"

	"github.com/bursarhq/bursar"
)

const exportColumns = `id, workspace_id, account, name, arn, format, file_format, versioning, bucket, bucket_owner, region, prefix, role_arn, created_at, followed, preferred_at`

func scanExport(r scanner) (bursar.Export, error) {
	var e bursar.Export
	var created, preferred int64
	err := r.Scan(&e.ID, &e.WorkspaceID, &e.AccountID, &e.Name, &e.ARN, &e.Format, &e.FileFormat, &e.Versioning, &e.Bucket, &e.BucketOwner,
		&e.Region, &e.Prefix, &e.RoleARN, &created, &e.Followed, &preferred)
	e.CreatedAt, e.PreferredAt = fromStamp(created), fromStamp(preferred)
	return e, err
}

// FollowExport saves an export that an account has, and returns it with its id. One that is known already (same account, bucket,
// prefix and name) keeps its id and history, and takes over what changed. Only one export of an account is followed at a time: the bill of
// another one, which was followed before, stays as it is. Bills that people brought, which have no bucket, are followed beside it.
func (tx *Tx) FollowExport(e bursar.Export) (bursar.Export, error) {
	tx.touch(e.WorkspaceID, TopicDeliveries)
	known, err := one(tx, "export", scanExport, `SELECT `+exportColumns+` FROM exports
		WHERE workspace_id = $1 AND account = $2 AND bucket = $3 AND prefix = $4 AND name = $5`, e.WorkspaceID, e.AccountID, e.Bucket, e.Prefix, e.Name)
	if err != nil && bursar.CodeOf(err) != bursar.NotFound {
		return e, err
	}
	if e.Bucket != "" {
		if err := tx.exec(`UPDATE exports SET followed = 0 WHERE workspace_id = $1 AND account = $2 AND id <> $3 AND bucket <> ''`, e.WorkspaceID, e.AccountID, known.ID); err != nil {
			return e, err
		}
	}
	e.Followed = true
	if err == nil {
		e.ID, e.CreatedAt, e.PreferredAt = known.ID, known.CreatedAt, known.PreferredAt
		return e, tx.change("export", `UPDATE exports SET arn = $1, format = $2, file_format = $3, versioning = $4, bucket_owner = $5, region = $6, role_arn = $7, followed = 1
			WHERE workspace_id = $8 AND id = $9`, e.ARN, e.Format, e.FileFormat, e.Versioning, e.BucketOwner, e.Region, e.RoleARN, e.WorkspaceID, e.ID)
	}
	e.ID, e.CreatedAt = bursar.NewID("exp"), tx.Now
	err = tx.exec(`INSERT INTO exports (`+exportColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 1, $15)`,
		e.ID, e.WorkspaceID, e.AccountID, e.Name, e.ARN, e.Format, e.FileFormat, e.Versioning, e.Bucket, e.BucketOwner, e.Region, e.Prefix, e.RoleARN, stamp(e.CreatedAt), stamp(e.PreferredAt))
	if err != nil {
		return e, err
	}
	return e, tx.Audit(Change{WorkspaceID: e.WorkspaceID, Action: "followExport", Target: e.ID, After: e})
}

// Export returns one export.
func (tx *Tx) Export(workspaceID, id string) (bursar.Export, error) {
	return one(tx, "export", scanExport, `SELECT `+exportColumns+` FROM exports WHERE workspace_id = $1 AND id = $2`, workspaceID, id)
}

// Exports lists the exports that are followed, or were, the oldest first; an empty account means every account's.
func (tx *Tx) Exports(workspaceID, account string) ([]bursar.Export, error) {
	return many(tx, scanExport, `SELECT `+exportColumns+` FROM exports WHERE workspace_id = $1 AND ($2 = '' OR account = $2) ORDER BY created_at, id`, workspaceID, account)
}

// Followed lists the exports whose deliveries are asked for, the oldest first; an empty account means every account's.
func (tx *Tx) Followed(workspaceID, account string) ([]bursar.Export, error) {
	return many(tx, scanExport, `SELECT `+exportColumns+` FROM exports WHERE workspace_id = $1 AND ($2 = '' OR account = $2) AND followed = 1 ORDER BY created_at, id`, workspaceID, account)
}

// PreferExport makes an export's costs count before those of every other one.
func (tx *Tx) PreferExport(workspaceID, id string) error {
	tx.touch(workspaceID, TopicDeliveries)
	return tx.change("export", `UPDATE exports SET preferred_at = $1 WHERE workspace_id = $2 AND id = $3`, stamp(tx.Now), workspaceID, id)
}

// Manifest is what is known of the manifest of one period of an export.
type Manifest struct {
	Period    bursar.Period
	Key       string
	ETag      string // of the version that was dealt with last: published, or rejected for good
	CheckedAt time.Time
}

func scanManifest(r scanner) (Manifest, error) {
	var m Manifest
	var period string
	var checked int64
	if err := r.Scan(&period, &m.Key, &m.ETag, &checked); err != nil {
		return m, err
	}
	m.CheckedAt = fromStamp(checked)
	return m, m.Period.UnmarshalText([]byte(period))
}

// SetManifest records what is known of a period's manifest.
func (tx *Tx) SetManifest(workspaceID, exportID string, m Manifest) error {
	return tx.exec(`INSERT INTO manifests (workspace_id, export_id, period, key, etag, checked_at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (export_id, period) DO UPDATE SET key = excluded.key, etag = excluded.etag, checked_at = excluded.checked_at`,
		workspaceID, exportID, m.Period.String(), m.Key, m.ETag, stamp(m.CheckedAt))
}

// LookedAt records what a look at a period's manifest told, unless what was known has changed since the look began, as when somebody asked
// to import the period again: then that stays.
func (tx *Tx) LookedAt(workspaceID, exportID string, m Manifest, was string) error {
	return tx.exec(`INSERT INTO manifests (workspace_id, export_id, period, key, etag, checked_at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (export_id, period) DO UPDATE SET key = excluded.key, etag = excluded.etag, checked_at = excluded.checked_at WHERE manifests.etag = $7`,
		workspaceID, exportID, m.Period.String(), m.Key, m.ETag, stamp(m.CheckedAt), was)
}

// Manifests lists what is known of an export's manifests, by period.
func (tx *Tx) Manifests(workspaceID, exportID string) ([]Manifest, error) {
	return many(tx, scanManifest, `SELECT period, key, etag, checked_at FROM manifests WHERE workspace_id = $1 AND export_id = $2 ORDER BY period`, workspaceID, exportID)
}

// LookAgain forgets when the manifests of an account's exports were looked at: the next look asks for every period's.
func (tx *Tx) LookAgain(workspaceID, account string) error {
	return tx.exec(`UPDATE manifests SET checked_at = 0 WHERE workspace_id = $1
		AND export_id IN (SELECT id FROM exports WHERE workspace_id = $1 AND account = $2)`, workspaceID, account)
}

// ForgetManifest makes the next look take a period's manifest for new, whatever its age: what it names is then imported again.
func (tx *Tx) ForgetManifest(workspaceID, exportID string, p bursar.Period) error {
	return tx.exec(`UPDATE manifests SET etag = '', checked_at = 0 WHERE workspace_id = $1 AND export_id = $2 AND period = $3`, workspaceID, exportID, p.String())
}
