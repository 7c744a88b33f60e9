package store

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/bursarhq/bursar"
)

// Delivery is a delivery with what the lake keeps of it.
type Delivery struct {
	bursar.Delivery
	Contents json.RawMessage // the lake's own: its files, columns and types
}

const deliveryColumns = `id, workspace_id, export_id, period, version, state, reason, manifest_key, delivered_at, imported_at, files, source_bytes, rows, totals, contents, collected_at`

func scanDelivery(r scanner) (Delivery, error) {
	var d Delivery
	var period, totals, contents string
	var delivered, imported, collected int64
	err := r.Scan(&d.ID, &d.WorkspaceID, &d.ExportID, &period, &d.Version, &d.State, &d.Reason, &d.ManifestKey, &delivered, &imported,
		&d.Files, &d.SourceBytes, &d.Rows, &totals, &contents, &collected)
	if err != nil {
		return d, err
	}
	d.CollectedAt = fromStamp(collected)
	d.DeliveredAt, d.ImportedAt, d.Contents = fromStamp(delivered), fromStamp(imported), json.RawMessage(contents)
	return d, errors.Join(d.Period.UnmarshalText([]byte(period)), json.Unmarshal([]byte(totals), &d.Totals))
}

// Publish makes a delivery the one that counts for its (export, period), and the one that counted before superseded. It returns
// the one before, with an empty ID when there was none. One of another export of the same account, which was followed before, is superseded
// too: a month of an account counts once. A delivery of an export that is not followed any more is a Conflict.
func (tx *Tx) Publish(d Delivery) (before Delivery, err error) {
	e, err := tx.Export(d.WorkspaceID, d.ExportID)
	if err != nil {
		return before, err
	}
	if !e.Followed {
		return before, bursar.Errorf(bursar.Conflict, "the export %s is not followed any more", e.Name).WithReason("export_not_followed").WithHint("choose it again for its account")
	}
	before, err = tx.Counts(d.WorkspaceID, d.ExportID, d.Period)
	if err != nil && bursar.CodeOf(err) != bursar.NotFound {
		return before, err
	}
	if err := tx.displace(d); err != nil {
		return before, err
	}
	d.State = bursar.DeliveryPublished
	if err := tx.putDelivery(d); err != nil {
		return before, err
	}
	return before, tx.Audit(Change{WorkspaceID: d.WorkspaceID, Action: "publishDelivery", Target: d.ID, Before: before.counted(), After: d.counted()})
}

// counted is a delivery as the audit log shows it; nil for none.
func (d Delivery) counted() any {
	if d.ID == "" {
		return nil
	}
	return struct {
		ID      string                    `json:"id"`
		Export  string                    `json:"export_id"`
		Period  bursar.Period             `json:"period"`
		Version string                    `json:"version"`
		Rows    int64                     `json:"rows"`
		Totals  map[string]bursar.Decimal `json:"totals"`
	}{d.ID, d.ExportID, d.Period, d.Version, d.Rows, d.Totals}
}

// displace supersedes what counts for the period of a delivery from any export of its account.
func (tx *Tx) displace(d Delivery) error {
	return tx.exec(`UPDATE deliveries SET state = 'superseded' WHERE workspace_id = $1 AND period = $2 AND state = 'published'
		AND export_id IN (SELECT id FROM exports WHERE account = (SELECT account FROM exports WHERE id = $3))`, d.WorkspaceID, d.Period.String(), d.ExportID)
}

// Republish makes a superseded delivery the one that counts again. One that counts already stays as it is.
func (tx *Tx) Republish(workspaceID, id string) (Delivery, error) {
	d, err := tx.Delivery(workspaceID, id)
	if err != nil {
		return d, err
	}
	if d.State == bursar.DeliveryPublished {
		return d, nil
	}
	if d.State != bursar.DeliverySuperseded {
		return d, bursar.Errorf(bursar.Conflict, "delivery %s is %s", id, d.State).WithReason("delivery_not_superseded").WithHint("only a superseded delivery can be published again")
	}
	if !d.CollectedAt.IsZero() {
		return d, bursar.Errorf(bursar.Conflict, "the files of delivery %s were removed %s", id, d.CollectedAt.Format(time.DateOnly)).WithReason("delivery_collected").
			WithHint("only the newest versions of a period are kept, as many as keep_versions says")
	}
	now, err := tx.Counts(workspaceID, d.ExportID, d.Period)
	if err != nil && bursar.CodeOf(err) != bursar.NotFound {
		return d, err
	}
	if err := tx.displace(d); err != nil {
		return d, err
	}
	d.State = bursar.DeliveryPublished
	if err := tx.setDeliveryState(workspaceID, id, bursar.DeliveryPublished); err != nil {
		return d, err
	}
	return d, tx.Audit(Change{WorkspaceID: workspaceID, Action: "republishDelivery", Target: d.ID, Before: now.counted(), After: d.counted()})
}

// Reject keeps a record of a delivery that could not be published, and why.
func (tx *Tx) Reject(d Delivery) error {
	d.State = bursar.DeliveryRejected
	return tx.putDelivery(d)
}

func (tx *Tx) setDeliveryState(workspaceID, id string, state bursar.DeliveryState) error {
	tx.touch(workspaceID, TopicDeliveries)
	return tx.change("delivery", `UPDATE deliveries SET state = $1 WHERE workspace_id = $2 AND id = $3`, state, workspaceID, id)
}

func (tx *Tx) putDelivery(d Delivery) error {
	tx.touch(d.WorkspaceID, TopicDeliveries)
	if d.Totals == nil {
		d.Totals = map[string]bursar.Decimal{}
	}
	totals, err := json.Marshal(d.Totals)
	if err != nil {
		return err
	}
	if len(d.Contents) == 0 {
		d.Contents = json.RawMessage("null")
	}
	return tx.exec(`INSERT INTO deliveries (`+deliveryColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`,
		d.ID, d.WorkspaceID, d.ExportID, d.Period.String(), d.Version, d.State, d.Reason, d.ManifestKey, stamp(d.DeliveredAt), stamp(d.ImportedAt),
		d.Files, d.SourceBytes, d.Rows, string(totals), string(d.Contents), stamp(d.CollectedAt))
}

// Published returns the delivery that counts for a period of an export.
func (tx *Tx) Published(workspaceID, exportID string, p bursar.Period) (Delivery, error) {
	return one(tx, "delivery", scanDelivery, `SELECT `+deliveryColumns+` FROM deliveries
		WHERE workspace_id = $1 AND export_id = $2 AND period = $3 AND state = 'published'`, workspaceID, exportID, p.String())
}

// Counts returns the delivery that counts for a period of an export's account: the one that a new delivery of the export takes the place of.
func (tx *Tx) Counts(workspaceID, exportID string, p bursar.Period) (Delivery, error) {
	return one(tx, "delivery", scanDelivery, `SELECT `+deliveryColumns+` FROM deliveries WHERE workspace_id = $1 AND period = $2 AND state = 'published'
		AND export_id IN (SELECT id FROM exports WHERE account = (SELECT account FROM exports WHERE id = $3))`, workspaceID, p.String(), exportID)
}

// AllPublished returns every delivery of a workspace that counts, by export and period.
func (tx *Tx) AllPublished(workspaceID string) ([]Delivery, error) {
	return many(tx, scanDelivery, `SELECT `+deliveryColumns+` FROM deliveries WHERE workspace_id = $1 AND state = 'published' ORDER BY export_id, period`, workspaceID)
}

// Delivery returns one delivery.
func (tx *Tx) Delivery(workspaceID, id string) (Delivery, error) {
	return one(tx, "delivery", scanDelivery, `SELECT `+deliveryColumns+` FROM deliveries WHERE workspace_id = $1 AND id = $2`, workspaceID, id)
}

// DeliveriesOfPeriod lists every delivery of a period of an export, the newest first.
func (tx *Tx) DeliveriesOfPeriod(workspaceID, exportID string, p bursar.Period) ([]Delivery, error) {
	return many(tx, scanDelivery, `SELECT `+deliveryColumns+` FROM deliveries
		WHERE workspace_id = $1 AND export_id = $2 AND period = $3 ORDER BY imported_at DESC, id DESC`, workspaceID, exportID, p.String())
}

// NewestRefused lists, by period, the deliveries of an export that were refused and that no newer one has followed.
func (tx *Tx) NewestRefused(workspaceID, exportID string) ([]Delivery, error) {
	return many(tx, scanDelivery, `SELECT `+deliveryColumns+` FROM deliveries AS d
		WHERE workspace_id = $1 AND export_id = $2 AND state = 'rejected' AND NOT EXISTS (SELECT 1 FROM deliveries AS newer
			WHERE newer.export_id = d.export_id AND newer.period = d.period AND (newer.imported_at, newer.id) > (d.imported_at, d.id))
		ORDER BY period`, workspaceID, exportID)
}

// Deliveries lists deliveries, the newest first; an empty exportID means every export's.
func (tx *Tx) Deliveries(workspaceID, exportID string, p Page) (deliveries []Delivery, next string, err error) {
	at, id, err := p.before()
	if err != nil {
		return nil, "", err
	}
	deliveries, err = many(tx, scanDelivery, `SELECT `+deliveryColumns+` FROM deliveries
		WHERE workspace_id = $1 AND ($2 = '' OR export_id = $2) AND (imported_at, id) < ($3, $4)
		ORDER BY imported_at DESC, id DESC LIMIT $5`, workspaceID, exportID, at, id, p.Limit+1)
	if err == nil && len(deliveries) > p.Limit {
		deliveries = deliveries[:p.Limit]
		next = cursor(deliveries[p.Limit-1].ImportedAt, deliveries[p.Limit-1].ID)
	}
	if err != nil {
		return nil, "", err
	}
	for i, d := range deliveries {
		if deliveries[i].Changed, err = tx.restatement(workspaceID, d.ID); err != nil {
			return nil, "", err
		}
	}
	return deliveries, next, nil
}

// CollectDelivery records that a superseded delivery's files are about to go. The record of it stays.
func (tx *Tx) CollectDelivery(workspaceID, id string) error {
	tx.touch(workspaceID, TopicDeliveries)
	return tx.change("delivery", `UPDATE deliveries SET contents = 'null', collected_at = $1 WHERE workspace_id = $2 AND id = $3 AND state = 'superseded'`,
		stamp(tx.Now), workspaceID, id)
}

// EveryDelivery lists the deliveries of every workspace, for the collection of what no catalog names.
func (tx *Tx) EveryDelivery() ([]Delivery, error) {
	return many(tx, scanDelivery, `SELECT `+deliveryColumns+` FROM deliveries ORDER BY workspace_id, export_id, period`)
}

// SetChanges records what a delivery changed against the one before it.
func (tx *Tx) SetChanges(workspaceID, id string, r bursar.Restatement, changes []bursar.Change) error {
	totals, err := json.Marshal(r.Totals)
	if err != nil {
		return err
	}
	lines, err := json.Marshal(changes)
	if err != nil {
		return err
	}
	return tx.exec(`INSERT INTO delivery_changes (delivery_id, workspace_id, against, rows, totals, changes) VALUES ($1, $2, $3, $4, $5, $6)`,
		id, workspaceID, r.Against, r.Rows, string(totals), string(lines))
}

// Changes returns what a delivery changed against the one before it, by day and service; nil where it was the first of its period.
func (tx *Tx) Changes(workspaceID, id string) (*bursar.Restatement, []bursar.Change, error) {
	r, err := tx.restatement(workspaceID, id)
	if err != nil || r == nil {
		return nil, nil, err
	}
	changes, err := one(tx, "changes", func(s scanner) (out []bursar.Change, err error) {
		var lines string
		err = s.Scan(&lines)
		return out, errors.Join(err, json.Unmarshal([]byte(lines), &out))
	}, `SELECT changes FROM delivery_changes WHERE workspace_id = $1 AND delivery_id = $2`, workspaceID, id)
	return r, changes, err
}

func (tx *Tx) restatement(workspaceID, id string) (*bursar.Restatement, error) {
	r, err := one(tx, "changes", func(s scanner) (r bursar.Restatement, err error) {
		var totals string
		err = s.Scan(&r.Against, &r.Rows, &totals)
		return r, errors.Join(err, json.Unmarshal([]byte(totals), &r.Totals))
	}, `SELECT against, rows, totals FROM delivery_changes WHERE workspace_id = $1 AND delivery_id = $2`, workspaceID, id)
	if bursar.CodeOf(err) == bursar.NotFound {
		return nil, nil
	}
	return &r, err
}
