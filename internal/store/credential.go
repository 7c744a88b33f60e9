package store

import (
	"encoding/json"
	"time"

	"github.com/bursarhq/bursar"
)

const credentialColumns = `id, workspace_id, name, description, kind, partition, region, account, account_id, key_hint, temporary, expires_at, secret_version, secret_at, report, created_at, updated_at, version`

func scanCredential(r scanner) (c bursar.Credential, err error) {
	var expires, secretAt, created, updated int64
	var report string
	err = r.Scan(&c.ID, &c.WorkspaceID, &c.Name, &c.Description, &c.Kind, &c.Partition, &c.Region, &c.Account, &c.AccountID, &c.KeyHint, &c.Temporary,
		&expires, &c.SecretVersion, &secretAt, &report, &created, &updated, &c.Version)
	c.ExpiresAt, c.SecretAt, c.CreatedAt, c.UpdatedAt = fromStamp(expires), fromStamp(secretAt), fromStamp(created), fromStamp(updated)
	if err != nil || report == "" {
		return c, err
	}
	c.Report = new(bursar.CredentialReport)
	return c, json.Unmarshal([]byte(report), c.Report)
}

// AddCredential saves a new credential with an id that the caller has made, so that its secret could be sealed for it. A name that the
// workspace has already is a Conflict with the reason credential_name_taken.
func (tx *Tx) AddCredential(c bursar.Credential) (bursar.Credential, error) {
	c.CreatedAt, c.UpdatedAt, c.Version, c.Report = tx.Now, tx.Now, 1, nil
	if c.SecretVersion > 0 {
		c.SecretAt = tx.Now
	}
	err := tx.exec(`INSERT INTO credentials (`+credentialColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, '', $15, $15, $16)`,
		c.ID, c.WorkspaceID, c.Name, c.Description, c.Kind, c.Partition, c.Region, c.Account, c.AccountID, c.KeyHint, c.Temporary,
		stamp(c.ExpiresAt), c.SecretVersion, stamp(c.SecretAt), stamp(tx.Now), c.Version)
	if err != nil {
		return c, credentialTaken(err, c)
	}
	return c, tx.Audit(Change{WorkspaceID: c.WorkspaceID, Action: "addCredential", Target: c.ID, After: shown(c)})
}

func credentialTaken(err error, c bursar.Credential) error {
	if violates(err, "credentials.name") {
		e := bursar.Errorf(bursar.Conflict, "there is a credential \"%s\" already", c.Name)
		e.Field = "name"
		return e.WithReason("credential_name_taken").WithHint("choose another name, or rotate the secret of the one that is there")
	}
	return err
}

// Credential returns a credential by its id, or by its name.
func (tx *Tx) Credential(workspaceID, idOrName string) (bursar.Credential, error) {
	return one(tx, "credential", scanCredential, `SELECT `+credentialColumns+` FROM credentials WHERE workspace_id = $1 AND (id = $2 OR name = $2) ORDER BY id <> $2 LIMIT 1`, workspaceID, idOrName)
}

// Credentials lists the credentials of a workspace by name.
func (tx *Tx) Credentials(workspaceID string, p Page) (list []bursar.Credential, next string, err error) {
	list, err = many(tx, scanCredential, `SELECT `+credentialColumns+` FROM credentials WHERE workspace_id = $1 AND name > $2 ORDER BY name LIMIT $3`, workspaceID, p.After, p.Limit+1)
	if err == nil && len(list) > p.Limit {
		list = list[:p.Limit]
		next = list[p.Limit-1].Name
	}
	return list, next, err
}

// AllCredentials lists the credentials of every workspace, for what looks at them by itself.
func (tx *Tx) AllCredentials() ([]bursar.Credential, error) {
	return many(tx, scanCredential, `SELECT `+credentialColumns+` FROM credentials ORDER BY workspace_id, id`)
}

// CredentialsOfAccount lists the credentials that are the role of a registered account ("acc_…").
func (tx *Tx) CredentialsOfAccount(workspaceID, account string) ([]bursar.Credential, error) {
	return many(tx, scanCredential, `SELECT `+credentialColumns+` FROM credentials WHERE workspace_id = $1 AND account = $2 ORDER BY name`, workspaceID, account)
}

// ChangeCredential saves what may change of a credential: name, description, region, the account that it must be in.
func (tx *Tx) ChangeCredential(c bursar.Credential) (bursar.Credential, error) {
	before, err := tx.Credential(c.WorkspaceID, c.ID)
	if err != nil {
		return c, err
	}
	c.UpdatedAt, c.Version = tx.Now, before.Version+1
	err = tx.change("credential", `UPDATE credentials SET name = $1, description = $2, region = $3, account_id = $4, updated_at = $5, version = $6 WHERE workspace_id = $7 AND id = $8`,
		c.Name, c.Description, c.Region, c.AccountID, stamp(tx.Now), c.Version, c.WorkspaceID, c.ID)
	if err != nil {
		return c, credentialTaken(err, c)
	}
	return c, tx.Audit(Change{WorkspaceID: c.WorkspaceID, Action: "changeCredential", Target: c.ID, Before: shown(before), After: shown(c)})
}

// RotateCredential makes a new version of a credential's secret the one that counts, and deletes the others. The new one must have been
// added. What the last check saw is forgotten.
func (tx *Tx) RotateCredential(c bursar.Credential) (bursar.Credential, error) {
	before, err := tx.Credential(c.WorkspaceID, c.ID)
	if err != nil {
		return c, err
	}
	if c.SecretVersion != before.SecretVersion+1 {
		return c, bursar.Errorf(bursar.Conflict, "the credential was rotated by somebody else meanwhile").WithReason("credential_changed").WithHint("look at it, and rotate it again if need be")
	}
	c.SecretAt, c.UpdatedAt, c.Version, c.Report = tx.Now, tx.Now, before.Version+1, nil
	err = tx.change("credential", `UPDATE credentials SET key_hint = $1, temporary = $2, expires_at = $3, secret_version = $4, secret_at = $5, report = '', updated_at = $5, version = $6
		WHERE workspace_id = $7 AND id = $8`, c.KeyHint, c.Temporary, stamp(c.ExpiresAt), c.SecretVersion, stamp(tx.Now), c.Version, c.WorkspaceID, c.ID)
	if err != nil {
		return c, err
	}
	if err := tx.DropSecrets(c.WorkspaceID, c.ID, c.SecretVersion); err != nil {
		return c, err
	}
	return c, tx.Audit(Change{WorkspaceID: c.WorkspaceID, Action: "rotateCredential", Target: c.ID, Before: shown(before), After: shown(c)})
}

// ReportCredential keeps what a check saw of a version of a credential's secret; a report on one that counts no more is dropped.
func (tx *Tx) ReportCredential(c bursar.Credential, r bursar.CredentialReport) error {
	body, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return tx.exec(`UPDATE credentials SET report = $1, account_id = CASE WHEN account_id = '' THEN $2 ELSE account_id END WHERE workspace_id = $3 AND id = $4 AND secret_version = $5`,
		string(body), r.AccountID, c.WorkspaceID, c.ID, c.SecretVersion)
}

// DeleteCredential deletes a credential and every version of its secret. One that something uses is a Conflict with the reason
// credential_in_use, which lists the users.
func (tx *Tx) DeleteCredential(workspaceID, id string, users []bursar.CredentialUser) error {
	c, err := tx.Credential(workspaceID, id)
	if err != nil {
		return err
	}
	if len(users) > 0 {
		return credentialUsed(c, users)
	}
	if err := tx.DropSecrets(workspaceID, c.ID, 0); err != nil {
		return err
	}
	if err := tx.change("credential", `DELETE FROM credentials WHERE workspace_id = $1 AND id = $2`, workspaceID, c.ID); err != nil {
		return err
	}
	return tx.Audit(Change{WorkspaceID: workspaceID, Action: "deleteCredential", Target: c.ID, Before: shown(c)})
}

// shownCredential is a credential as the audit log shows it.
type shownCredential struct {
	Name        string                `json:"name"`
	Description string                `json:"description,omitempty"`
	Kind        bursar.CredentialKind `json:"kind"`
	Partition   bursar.Partition      `json:"partition"`
	Region      string                `json:"region"`
	Account     string                `json:"account,omitempty"`
	AccountID   string                `json:"account_id,omitempty"`
	KeyHint     string                `json:"key_hint,omitempty"`
	ExpiresAt   time.Time             `json:"expires_at,omitzero"`
	Rotation    int                   `json:"rotation"` // the version of what is secret
}

func shown(c bursar.Credential) shownCredential {
	return shownCredential{c.Name, c.Description, c.Kind, c.Partition, c.Region, c.Account, c.AccountID, c.KeyHint, c.ExpiresAt, c.SecretVersion}
}

// credentialUsed is the error of a credential that something uses.
func credentialUsed(c bursar.Credential, users []bursar.CredentialUser) error {
	list := ""
	for i, u := range users {
		if i == 10 {
			list += ", …"
			break
		}
		if i > 0 {
			list += ", "
		}
		list += u.Kind + " \"" + u.Name + "\" (" + u.ID + ")"
	}
	return bursar.Errorf(bursar.Conflict, "the credential \"%s\" is in use by %s", c.Name, list).WithReason("credential_in_use").
		WithHint("let them use another credential, or delete them; to replace the key, rotate the credential: what uses it goes on")
}
