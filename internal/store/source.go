package store

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/bursarhq/bursar"
)

const sourceColumns = `id, workspace_id, name, account, credential, account_id, streams, every_hours, budget, paused, preliminary, created_at, updated_at, version`

func scanSource(r scanner) (bursar.Source, error) {
	var v bursar.Source
	var streams, budget string
	var created, updated int64
	err := r.Scan(&v.ID, &v.WorkspaceID, &v.Name, &v.Account, &v.Credential, &v.AccountID, &streams, &v.EveryHours, &budget, &v.Paused, &v.Preliminary, &created, &updated, &v.Version)
	if err != nil {
		return v, err
	}
	v.CreatedAt, v.UpdatedAt = fromStamp(created), fromStamp(updated)
	return v, errors.Join(json.Unmarshal([]byte(streams), &v.Streams), json.Unmarshal([]byte(budget), &v.Budget))
}

// sourceValues are the columns that change, as they are written.
func sourceValues(v bursar.Source) (streams, budget string, err error) {
	s, err1 := json.Marshal(v.Streams)
	b, err2 := json.Marshal(v.Budget)
	return string(s), string(b), errors.Join(err1, err2)
}

// AddSource saves a new source and returns it with its id. A name that the workspace has already is a Conflict with the reason
// source_name_taken.
func (tx *Tx) AddSource(v bursar.Source) (bursar.Source, error) {
	v.ID, v.CreatedAt, v.UpdatedAt, v.Version = bursar.NewID("src"), tx.Now, tx.Now, 1
	streams, budget, err := sourceValues(v)
	if err != nil {
		return v, err
	}
	err = tx.exec(`INSERT INTO sources (`+sourceColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
		v.ID, v.WorkspaceID, v.Name, v.Account, v.Credential, v.AccountID, streams, v.EveryHours, budget, v.Paused, v.Preliminary, stamp(v.CreatedAt), stamp(v.UpdatedAt), v.Version)
	if err != nil {
		return v, sourceTaken(err, v)
	}
	return v, tx.Audit(Change{WorkspaceID: v.WorkspaceID, Action: "addSource", Target: v.ID, After: v})
}

func sourceTaken(err error, v bursar.Source) error {
	if violates(err, "sources.name") {
		e := bursar.Errorf(bursar.Conflict, "there is a source \"%s\" already", v.Name)
		e.Field = "name"
		return e.WithReason("source_name_taken").WithHint("choose another name, or change the source that is there")
	}
	return err
}

// ChangeSource saves what was changed of a source: everything but its access.
func (tx *Tx) ChangeSource(v bursar.Source) (bursar.Source, error) {
	before, err := tx.Source(v.WorkspaceID, v.ID)
	if err != nil {
		return v, err
	}
	v.UpdatedAt, v.Version = tx.Now, before.Version+1
	streams, budget, err := sourceValues(v)
	if err != nil {
		return v, err
	}
	err = tx.change("source", `UPDATE sources SET name = $1, account_id = $2, streams = $3, every_hours = $4, budget = $5, paused = $6, preliminary = $7, updated_at = $8, version = $9
		WHERE workspace_id = $10 AND id = $11`, v.Name, v.AccountID, streams, v.EveryHours, budget, v.Paused, v.Preliminary, stamp(v.UpdatedAt), v.Version, v.WorkspaceID, v.ID)
	if err != nil {
		return v, sourceTaken(err, v)
	}
	return v, tx.Audit(Change{WorkspaceID: v.WorkspaceID, Action: "changeSource", Target: v.ID, Before: before, After: v})
}

// RemoveSource removes a source with its data. The ledger of what it paid for stays.
func (tx *Tx) RemoveSource(workspaceID, id string) error {
	before, err := tx.Source(workspaceID, id)
	if err != nil {
		return err
	}
	if err := tx.change("source", `DELETE FROM sources WHERE workspace_id = $1 AND id = $2`, workspaceID, before.ID); err != nil {
		return err
	}
	return tx.Audit(Change{WorkspaceID: workspaceID, Action: "removeSource", Target: before.ID, Before: before})
}

// Source returns a source by its id, or by its name.
func (tx *Tx) Source(workspaceID, idOrName string) (bursar.Source, error) {
	return one(tx, "source", scanSource, `SELECT `+sourceColumns+` FROM sources WHERE workspace_id = $1 AND (id = $2 OR name = $2) ORDER BY id <> $2 LIMIT 1`, workspaceID, idOrName)
}

// Sources lists the sources of a workspace by name.
func (tx *Tx) Sources(workspaceID string, p Page) (list []bursar.Source, next string, err error) {
	list, err = many(tx, scanSource, `SELECT `+sourceColumns+` FROM sources WHERE workspace_id = $1 AND name > $2 ORDER BY name LIMIT $3`, workspaceID, p.After, p.Limit+1)
	if err == nil && len(list) > p.Limit {
		list = list[:p.Limit]
		next = list[p.Limit-1].Name
	}
	return list, next, err
}

// AllSources lists the sources of a workspace, the oldest first.
func (tx *Tx) AllSources(workspaceID string) ([]bursar.Source, error) {
	return many(tx, scanSource, `SELECT `+sourceColumns+` FROM sources WHERE workspace_id = $1 ORDER BY created_at, id`, workspaceID)
}

// SetStream records how a stream stood after it was asked. OKAt moves on only when it stood well.
func (tx *Tx) SetStream(sourceID string, s bursar.StreamStatus) error {
	return tx.exec(`INSERT INTO source_streams (source_id, stream, state, code, message, hint, clamped, tried_at, ok_at, requests)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		ON CONFLICT (source_id, stream) DO UPDATE SET state = excluded.state, code = excluded.code, message = excluded.message, hint = excluded.hint, clamped = excluded.clamped,
		tried_at = excluded.tried_at, ok_at = CASE WHEN excluded.ok_at > 0 THEN excluded.ok_at ELSE source_streams.ok_at END, requests = excluded.requests`,
		sourceID, s.Name, s.State, s.Code, s.Message, s.Hint, s.Clamped, stamp(s.TriedAt), stamp(s.OKAt), s.Requests)
}

// Streams tells how each stream of a source stands, in the order of the source. One that was never asked is StreamNever.
func (tx *Tx) Streams(v bursar.Source) ([]bursar.StreamStatus, error) {
	known, err := many(tx, scanStream, `SELECT s.stream, s.state, s.code, s.message, s.hint, s.clamped, s.tried_at, s.ok_at, s.requests,
		(SELECT coalesce(sum(m.rows), 0) FROM source_months m WHERE m.source_id = s.source_id AND m.stream = s.stream),
		(SELECT coalesce(min(m.period), '') FROM source_months m WHERE m.source_id = s.source_id AND m.stream = s.stream AND m.period <> ''),
		(SELECT coalesce(max(m.period), '') FROM source_months m WHERE m.source_id = s.source_id AND m.stream = s.stream),
		(SELECT coalesce(max(m.estimated), 0) FROM source_months m WHERE m.source_id = s.source_id AND m.stream = s.stream)
		FROM source_streams s WHERE s.source_id = $1`, v.ID)
	out := make([]bursar.StreamStatus, 0, len(v.Streams))
	for _, want := range v.Streams {
		s := bursar.StreamStatus{Name: want.Name, State: bursar.StreamNever}
		for _, k := range known {
			if k.Name == want.Name {
				s = k
			}
		}
		out = append(out, s)
	}
	return out, err
}

func scanStream(r scanner) (bursar.StreamStatus, error) {
	var s bursar.StreamStatus
	var tried, ok int64
	var first, last string
	err := r.Scan(&s.Name, &s.State, &s.Code, &s.Message, &s.Hint, &s.Clamped, &tried, &ok, &s.Requests, &s.Rows, &first, &last, &s.Estimated)
	s.TriedAt, s.OKAt = fromStamp(tried), fromStamp(ok)
	return s, errors.Join(err, s.First.UnmarshalText([]byte(first)), s.Last.UnmarshalText([]byte(last)))
}

func scanMonth(r scanner) (bursar.CostMonth, error) {
	var m bursar.CostMonth
	var period string
	var fetched int64
	err := r.Scan(&m.Stream, &period, &m.Question, &fetched, &m.Estimated, &m.Closed, &m.Rows, &m.Digest, &m.RunID)
	m.FetchedAt = fromStamp(fetched)
	return m, errors.Join(err, m.Period.UnmarshalText([]byte(period)))
}

// CostMonths lists what is held of a source's stream, by period; an empty stream means every stream's.
func (tx *Tx) CostMonths(sourceID, stream string) ([]bursar.CostMonth, error) {
	return many(tx, scanMonth, `SELECT stream, period, question, fetched_at, estimated, closed, rows, digest, run_id FROM source_months
		WHERE source_id = $1 AND ($2 = '' OR stream = $2) ORDER BY stream, period`, sourceID, stream)
}

// CostRow is one row of a stream: its cells are texts, in the order of the stream's columns.
type CostRow struct {
	Period   bursar.Period // zero for what has none
	StartsAt time.Time     // zero for what has none
	Cells    []string
}

// ReplaceCosts replaces what is held of a stream between two times, the end exclusive, and records the month that it belongs to. With a zero
// period everything of the stream is replaced.
func (tx *Tx) ReplaceCosts(sourceID string, m bursar.CostMonth, from, to time.Time, rows []CostRow) error {
	err := tx.exec(`DELETE FROM source_rows WHERE source_id = $1 AND stream = $2 AND period = $3 AND ($4 = 0 OR starts_at >= $4) AND ($5 = 0 OR starts_at < $5)`,
		sourceID, m.Stream, m.Period.String(), stamp(from), stamp(to))
	if err != nil {
		return err
	}
	insert, err := tx.tx.PrepareContext(tx.ctx, `INSERT INTO source_rows (source_id, stream, period, starts_at, seq, cells) VALUES ($1, $2, $3, $4, $5, $6)`)
	if err != nil {
		return err
	}
	defer insert.Close()
	tx.wrote = true
	for i, r := range rows {
		cells, err := json.Marshal(r.Cells)
		if err != nil {
			return err
		}
		if _, err := insert.ExecContext(tx.ctx, sourceID, m.Stream, m.Period.String(), stamp(r.StartsAt), i, string(cells)); err != nil {
			return err
		}
	}
	return tx.exec(`INSERT INTO source_months (source_id, stream, period, question, fetched_at, estimated, closed, rows, digest, run_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, (SELECT count(*) FROM source_rows WHERE source_id = $1 AND stream = $2 AND period = $3), $8, $9)
		ON CONFLICT (source_id, stream, period) DO UPDATE SET question = excluded.question, fetched_at = excluded.fetched_at, estimated = excluded.estimated,
		closed = excluded.closed, rows = excluded.rows, digest = excluded.digest, run_id = excluded.run_id`,
		sourceID, m.Stream, m.Period.String(), m.Question, stamp(m.FetchedAt), m.Estimated, m.Closed, m.Digest, m.RunID)
}

// DropCostsExcept removes what is held of a stream for other questions than one: it was changed, and has been answered anew.
func (tx *Tx) DropCostsExcept(sourceID, stream, question string) error {
	err := tx.exec(`DELETE FROM source_rows WHERE source_id = $1 AND stream = $2 AND period IN (SELECT period FROM source_months WHERE source_id = $1 AND stream = $2 AND question <> $3)`, sourceID, stream, question)
	if err != nil {
		return err
	}
	return tx.exec(`DELETE FROM source_months WHERE source_id = $1 AND stream = $2 AND question <> $3`, sourceID, stream, question)
}

// ReopenCosts makes the next run ask for a month of a source again, closed or not; an empty stream means every stream.
func (tx *Tx) ReopenCosts(sourceID, stream string, p bursar.Period) error {
	return tx.exec(`UPDATE source_months SET closed = 0, fetched_at = 0 WHERE source_id = $1 AND ($2 = '' OR stream = $2) AND period = $3`, sourceID, stream, p.String())
}

// CostRows gives the rows of a stream between two periods, both inclusive and zero for no bound, in order, to f. An error of f ends it.
func (tx *Tx) CostRows(sourceID, stream string, from, to bursar.Period, f func(CostRow) error) error {
	rows, err := tx.tx.QueryContext(tx.ctx, `SELECT period, starts_at, cells FROM source_rows
		WHERE source_id = $1 AND stream = $2 AND ($3 = '' OR period >= $3) AND ($4 = '' OR period <= $4) ORDER BY period, starts_at, seq`, sourceID, stream, from.String(), to.String())
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var r CostRow
		var period, cells string
		var starts int64
		if err := rows.Scan(&period, &starts, &cells); err != nil {
			return err
		}
		r.StartsAt = fromStamp(starts)
		if err := errors.Join(r.Period.UnmarshalText([]byte(period)), json.Unmarshal([]byte(cells), &r.Cells)); err != nil {
			return err
		}
		if err := f(r); err != nil {
			return err
		}
	}
	return rows.Err()
}

// LearnSourceAccount records whose costs a source asks for, once that is known.
func (tx *Tx) LearnSourceAccount(id, accountID string) error {
	return tx.change("source", `UPDATE sources SET account_id = $1 WHERE id = $2 AND account_id = ''`, accountID, id)
}

// SourcesOf lists the sources that use an access, an account's or a credential's id.
func (tx *Tx) SourcesOf(workspaceID, access string) ([]bursar.Source, error) {
	return many(tx, scanSource, `SELECT `+sourceColumns+` FROM sources WHERE workspace_id = $1 AND (account = $2 OR credential = $2) ORDER BY name`, workspaceID, access)
}

// BilledPeriods tells which months of an account, by its 12 digits, are in a bill that counts, its own or its payer's, and when AWS delivered it.
func (tx *Tx) BilledPeriods(workspaceID, accountID string) (map[bursar.Period]time.Time, error) {
	type row struct {
		period bursar.Period
		at     time.Time
	}
	scan := func(r scanner) (v row, err error) {
		var period string
		var at int64
		if err := r.Scan(&period, &at); err != nil {
			return v, err
		}
		v.at = fromStamp(at)
		return v, v.period.UnmarshalText([]byte(period))
	}
	list, err := many(tx, scan, `SELECT d.period, max(CASE WHEN d.delivered_at > 0 THEN d.delivered_at ELSE d.imported_at END) FROM deliveries d
		JOIN exports e ON e.id = d.export_id JOIN accounts a ON a.id = e.account
		WHERE d.workspace_id = $1 AND d.state = 'published' AND (a.account_id = $2 OR a.account_id IN
		(SELECT payer_id FROM accounts WHERE workspace_id = $1 AND account_id = $2 AND payer_id <> '')) GROUP BY d.period`, workspaceID, accountID)
	out := make(map[bursar.Period]time.Time, len(list))
	for _, r := range list {
		out[r.period] = r.at
	}
	return out, err
}
