package store

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/bursarhq/bursar"
)

const destinationColumns = `id, workspace_id, name, kind, datasets, delivered_on, everything, paused, target, account, credential, secret_version, checked_at, checks, seen, attempted_at, created_at, updated_at, version`

func scanDestination(r scanner) (d bursar.Destination, err error) {
	var datasets, target, account, credential, checks string
	var checked, attempted, created, updated int64
	err = r.Scan(&d.ID, &d.WorkspaceID, &d.Name, &d.Kind, &datasets, &d.Trigger, &d.Full, &d.Paused, &target, &account, &credential, &d.SecretVersion,
		&checked, &checks, &d.Seen, &attempted, &created, &updated, &d.Version)
	if err != nil {
		return d, err
	}
	d.HasSecret = d.SecretVersion > 0
	d.CheckedAt, d.AttemptedAt, d.CreatedAt, d.UpdatedAt = fromStamp(checked), fromStamp(attempted), fromStamp(created), fromStamp(updated)
	return d, errors.Join(json.Unmarshal([]byte(datasets), &d.Datasets), json.Unmarshal([]byte(target), &d.Target), json.Unmarshal([]byte(checks), &d.Checks))
}

// kept are the parts of a destination that are kept as JSON.
func keptDestination(d bursar.Destination) (datasets, target string, err error) {
	a, err := json.Marshal(d.Datasets)
	if err != nil {
		return "", "", err
	}
	b, err := json.Marshal(d.Target)
	return string(a), string(b), err
}

func destinationTaken(err error, d bursar.Destination) error {
	if violates(err, "destinations.name") {
		e := bursar.Errorf(bursar.Conflict, "there is a destination %q already", d.Name)
		e.Field = "name"
		return e.WithReason("destination_name_taken").WithHint("choose another name, or change the one that is there")
	}
	return err
}

// AddDestination saves a new destination with an id that the caller has made, so that its secret could be sealed for it. A name that the
// workspace has already is a Conflict with the reason destination_name_taken.
func (tx *Tx) AddDestination(d bursar.Destination) (bursar.Destination, error) {
	d.CreatedAt, d.UpdatedAt, d.Version, d.Checks, d.HasSecret = tx.Now, tx.Now, 1, []bursar.Probe{}, d.SecretVersion > 0
	datasets, target, err := keptDestination(d)
	if err != nil {
		return d, err
	}
	err = tx.exec(`INSERT INTO destinations (`+destinationColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0, '[]', '', 0, $13, $13, 1)`,
		d.ID, d.WorkspaceID, d.Name, d.Kind, datasets, d.Trigger, d.Full, d.Paused, target, d.Target.AccountID, d.Target.CredentialID, d.SecretVersion, stamp(tx.Now))
	if err != nil {
		return d, destinationTaken(err, d)
	}
	return d, tx.Audit(Change{WorkspaceID: d.WorkspaceID, Action: "addDestination", Target: d.ID, After: d})
}

// Destination returns a destination by its id, or by its name.
func (tx *Tx) Destination(workspaceID, idOrName string) (bursar.Destination, error) {
	return one(tx, "destination", scanDestination, `SELECT `+destinationColumns+` FROM destinations WHERE workspace_id = $1 AND (id = $2 OR name = $2) ORDER BY id <> $2 LIMIT 1`, workspaceID, idOrName)
}

// Destinations lists the destinations of a workspace by name.
func (tx *Tx) Destinations(workspaceID string, p Page) (list []bursar.Destination, next string, err error) {
	list, err = many(tx, scanDestination, `SELECT `+destinationColumns+` FROM destinations WHERE workspace_id = $1 AND name > $2 ORDER BY name LIMIT $3`, workspaceID, p.After, p.Limit+1)
	if err == nil && len(list) > p.Limit {
		list = list[:p.Limit]
		next = list[p.Limit-1].Name
	}
	return list, next, err
}

// AllDestinations lists the destinations of every workspace, for what delivers by itself.
func (tx *Tx) AllDestinations() ([]bursar.Destination, error) {
	return many(tx, scanDestination, `SELECT `+destinationColumns+` FROM destinations ORDER BY workspace_id, id`)
}

// DestinationsUsing lists the destinations that use an account's role (acc_…) or a credential (crd_…).
func (tx *Tx) DestinationsUsing(workspaceID, id string) ([]bursar.Destination, error) {
	return many(tx, scanDestination, `SELECT `+destinationColumns+` FROM destinations WHERE workspace_id = $1 AND (account = $2 OR credential = $2) ORDER BY name`, workspaceID, id)
}

// ChangeDestination saves a changed destination. What its checks saw is forgotten when recheck says that they may not be true any more.
func (tx *Tx) ChangeDestination(d bursar.Destination, recheck bool) (bursar.Destination, error) {
	before, err := tx.Destination(d.WorkspaceID, d.ID)
	if err != nil {
		return d, err
	}
	datasets, target, err := keptDestination(d)
	if err != nil {
		return d, err
	}
	d.UpdatedAt, d.Version, d.Seen, d.HasSecret = tx.Now, before.Version+1, "", d.SecretVersion > 0
	if recheck {
		d.CheckedAt, d.Checks = fromStamp(0), []bursar.Probe{}
	}
	checks, err := json.Marshal(d.Checks)
	if err != nil {
		return d, err
	}
	err = tx.change("destination", `UPDATE destinations SET name = $1, datasets = $2, delivered_on = $3, everything = $4, paused = $5, target = $6, account = $7, credential = $8,
		secret_version = $9, checked_at = $10, checks = $11, seen = '', updated_at = $12, version = $13 WHERE workspace_id = $14 AND id = $15`,
		d.Name, datasets, d.Trigger, d.Full, d.Paused, target, d.Target.AccountID, d.Target.CredentialID,
		d.SecretVersion, stamp(d.CheckedAt), string(checks), stamp(tx.Now), d.Version, d.WorkspaceID, d.ID)
	if err != nil {
		return d, destinationTaken(err, d)
	}
	if d.SecretVersion != before.SecretVersion {
		if err := tx.DropSecrets(d.WorkspaceID, d.ID, d.SecretVersion); err != nil {
			return d, err
		}
	}
	return d, tx.Audit(Change{WorkspaceID: d.WorkspaceID, Action: "changeDestination", Target: d.ID, Before: before, After: d})
}

// RemoveDestination forgets a destination, its secret and what was delivered to it. What it holds stays there.
func (tx *Tx) RemoveDestination(workspaceID, id string) error {
	d, err := tx.Destination(workspaceID, id)
	if err != nil {
		return err
	}
	failure, err := json.Marshal(bursar.RunError{Code: string(bursar.Conflict), Message: "the destination was removed"})
	if err != nil {
		return err
	}
	err = tx.exec(`UPDATE runs SET state = 'cancelled', error = $1, finished_at = $2 WHERE workspace_id = $3 AND account = $4 AND state = 'queued'`,
		string(failure), stamp(tx.Now), workspaceID, d.ID)
	if err != nil {
		return err
	}
	if err := tx.DropSecrets(workspaceID, d.ID, 0); err != nil {
		return err
	}
	if err := tx.change("destination", `DELETE FROM destinations WHERE workspace_id = $1 AND id = $2`, workspaceID, d.ID); err != nil {
		return err
	}
	return tx.Audit(Change{WorkspaceID: workspaceID, Action: "removeDestination", Target: d.ID, Before: d})
}

// SetChecks keeps what a check of a destination saw, if it is still the version that was checked.
func (tx *Tx) SetChecks(d bursar.Destination, checks []bursar.Probe) error {
	body, err := json.Marshal(checks)
	if err != nil {
		return err
	}
	return tx.exec(`UPDATE destinations SET checks = $1, checked_at = $2 WHERE workspace_id = $3 AND id = $4 AND version = $5`,
		string(body), stamp(tx.Now), d.WorkspaceID, d.ID, d.Version)
}

// SetAttempt keeps which state of the published deliveries a run set out to deliver.
func (tx *Tx) SetAttempt(workspaceID, id, seen string) error {
	return tx.change("destination", `UPDATE destinations SET seen = $1, attempted_at = $2 WHERE workspace_id = $3 AND id = $4`, seen, stamp(tx.Now), workspaceID, id)
}

// Fingerprint is a short name for what counts in a workspace now: it changes whenever that does.
func (tx *Tx) Fingerprint(workspaceID string) (string, error) {
	rows, err := many(tx, func(r scanner) (line string, err error) {
		var id, export string
		var preferred int64
		err = r.Scan(&id, &export, &preferred)
		return fmt.Sprint(id, " ", export, " ", preferred, "\n"), err
	}, `SELECT d.id, e.id, e.preferred_at FROM deliveries d JOIN exports e ON e.id = d.export_id WHERE d.workspace_id = $1 AND d.state = 'published' ORDER BY d.id`, workspaceID)
	if err != nil {
		return "", err
	}
	months, err := many(tx, func(r scanner) (line string, err error) {
		var source, stream, period, digest string
		var fetched int64
		err = r.Scan(&source, &stream, &period, &digest, &fetched)
		return fmt.Sprint(source, " ", stream, " ", period, " ", digest, " ", fetched, "\n"), err
	}, `SELECT m.source_id, m.stream, m.period, m.digest, m.fetched_at FROM source_months m JOIN sources s ON s.id = m.source_id WHERE s.workspace_id = $1 ORDER BY m.source_id, m.stream, m.period`, workspaceID)
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	for _, line := range append(rows, months...) {
		sum.Write([]byte(line))
	}
	return hex.EncodeToString(sum.Sum(nil)[:12]), nil
}
