package store

import (
	"encoding/json"

	"github.com/bursarhq/bursar"
)

const handoverColumns = `id, workspace_id, destination_id, run_id, dataset, source, period, version, withdrawn, rows, bytes, totals, at`

func scanHandover(r scanner) (h bursar.Handover, err error) {
	var totals string
	var at int64
	err = r.Scan(&h.ID, &h.WorkspaceID, &h.DestinationID, &h.RunID, &h.Dataset, &h.Source, &h.Period, &h.Version, &h.Withdrawn, &h.Rows, &h.Bytes, &totals, &at)
	if err != nil {
		return h, err
	}
	h.At = fromStamp(at)
	return h, json.Unmarshal([]byte(totals), &h.Totals)
}

// AddHandover records that a part was delivered or withdrawn: it is the newest of its part then.
func (tx *Tx) AddHandover(h bursar.Handover) error {
	totals, err := json.Marshal(h.Totals)
	if err != nil {
		return err
	}
	err = tx.exec(`UPDATE handovers SET newest = 0 WHERE destination_id = $1 AND dataset = $2 AND source = $3 AND period = $4 AND newest = 1`, h.DestinationID, h.Dataset, h.Source, h.Period)
	if err != nil {
		return err
	}
	return tx.exec(`INSERT INTO handovers (`+handoverColumns+`, newest) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 1)`,
		bursar.NewID("hov"), h.WorkspaceID, h.DestinationID, h.RunID, h.Dataset, h.Source, h.Period, h.Version, h.Withdrawn, h.Rows, h.Bytes, string(totals), stamp(tx.Now))
}

// Handovers lists what was delivered to a destination, the newest first.
func (tx *Tx) Handovers(workspaceID, destinationID string, p Page) (list []bursar.Handover, next string, err error) {
	at, id, err := p.before()
	if err != nil {
		return nil, "", err
	}
	list, err = many(tx, scanHandover, `SELECT `+handoverColumns+` FROM handovers
		WHERE workspace_id = $1 AND destination_id = $2 AND (at, id) < ($3, $4) ORDER BY at DESC, id DESC LIMIT $5`, workspaceID, destinationID, at, id, p.Limit+1)
	if err == nil && len(list) > p.Limit {
		list = list[:p.Limit]
		next = cursor(list[p.Limit-1].At, list[p.Limit-1].ID)
	}
	return list, next, err
}

// Handed lists the parts that a destination holds, as far as bursar delivered and has not withdrawn them.
func (tx *Tx) Handed(workspaceID, destinationID string) ([]bursar.Handover, error) {
	return many(tx, scanHandover, `SELECT `+handoverColumns+` FROM handovers WHERE workspace_id = $1 AND destination_id = $2 AND newest = 1 AND withdrawn = 0 ORDER BY dataset, source, period`, workspaceID, destinationID)
}
