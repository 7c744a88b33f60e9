package store

import (
	"cmp"
	"database/sql"
	"encoding/json"
	"errors"
	"regexp"
	"strings"

	"github.com/bursarhq/bursar"
)

const auditColumns = `workspace_id, seq, at, actor_kind, actor_id, actor_name, action, outcome, target, reason, times, request_id, from_address, before, after, previous, hash`

func scanAudit(r scanner) (bursar.AuditEntry, error) {
	var e bursar.AuditEntry
	var at int64
	var before, after string
	err := r.Scan(&e.WorkspaceID, &e.Seq, &at, &e.Actor.Kind, &e.Actor.ID, &e.Actor.Name, &e.Action, &e.Outcome, &e.Target, &e.Reason, &e.Times,
		&e.RequestID, &e.From, &before, &after, &e.Previous, &e.Hash)
	e.At, e.Before, e.After = fromStamp(at), raw(before), raw(after)
	return e, err
}

func raw(s string) json.RawMessage {
	if s == "" {
		return nil
	}
	return json.RawMessage(s)
}

// Change is what the audit log is told of something that was done. What is empty is taken from the transaction's [Origin].
type Change struct {
	WorkspaceID string
	Action      string // done by bursar itself; the operation's name goes before it
	Target      string
	Outcome     bursar.Outcome // "" is done
	Reason      string         // why it was refused or failed
	Times       int64
	Before      any // anything that marshals to a JSON object; nil for nothing
	After       any
}

// Audit appends a line to the workspace's audit log. It is part of the transaction: without the line there is no change, and
// without the change no line.
func (tx *Tx) Audit(c Change) error { return tx.auditAs(tx.origin, c) }

func (tx *Tx) auditAs(from Origin, c Change) error {
	e := bursar.AuditEntry{
		WorkspaceID: cmp.Or(c.WorkspaceID, from.WorkspaceID), At: tx.Now, Actor: from.Actor, Action: cmp.Or(from.Operation, c.Action),
		Outcome: cmp.Or(c.Outcome, bursar.OutcomeDone), Target: cmp.Or(c.Target, from.Target), Reason: c.Reason, Times: c.Times, RequestID: from.RequestID, From: from.From,
	}
	var err error
	if e.Before, err = redact(c.Before); err != nil {
		return err
	}
	if e.After, err = redact(c.After); err != nil {
		return err
	}
	tx.audited = true
	tx.touch(e.WorkspaceID, TopicAudit)
	tx.touch(e.WorkspaceID, topicOf(e.Target))
	return tx.append(e)
}

// append closes the chain: writers take turns, so that nobody can come between the look at the last line and the new one.
func (tx *Tx) append(e bursar.AuditEntry) error {
	last, err := tx.AuditHead(e.WorkspaceID)
	if err != nil {
		return err
	}
	e.Seq, e.Previous = last.Seq+1, last.Hash
	if e.Hash, err = e.Sum(); err != nil {
		return err
	}
	return tx.exec(`INSERT INTO audit (`+auditColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`,
		e.WorkspaceID, e.Seq, stamp(e.At), e.Actor.Kind, e.Actor.ID, e.Actor.Name, e.Action, e.Outcome, e.Target, e.Reason, e.Times,
		e.RequestID, e.From, string(e.Before), string(e.After), e.Previous, e.Hash)
}

// AuditHead returns where a workspace's log ends; the zero value for an empty one.
func (tx *Tx) AuditHead(workspaceID string) (bursar.AuditChain, error) {
	c := bursar.AuditChain{WorkspaceID: workspaceID}
	err := tx.row(`SELECT seq, hash FROM audit WHERE workspace_id = $1 ORDER BY seq DESC LIMIT 1`, workspaceID).Scan(&c.Seq, &c.Hash)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return c, err
}

// AuditFilter narrows a list of audit lines. What is empty matches everything.
type AuditFilter struct {
	Actor   string // an id or a name
	Action  string
	Target  string
	Outcome bursar.Outcome
}

// AuditEntries lists lines of a workspace with smaller numbers than before, the newest first. A before of 0 begins with the newest.
func (tx *Tx) AuditEntries(workspaceID string, f AuditFilter, before int64, limit int) ([]bursar.AuditEntry, error) {
	return many(tx, scanAudit, `SELECT `+auditColumns+` FROM audit
		WHERE workspace_id = $1 AND ($2 = 0 OR seq < $2) AND ($3 = '' OR actor_id = $3 OR actor_name = $3) AND ($4 = '' OR action = $4)
		AND ($5 = '' OR target = $5) AND ($6 = '' OR outcome = $6) ORDER BY seq DESC LIMIT $7`,
		workspaceID, before, f.Actor, f.Action, f.Target, f.Outcome, limit)
}

// AuditAfter lists lines of a workspace with greater numbers, the oldest first: in the order of the chain.
func (tx *Tx) AuditAfter(workspaceID string, after int64, limit int) ([]bursar.AuditEntry, error) {
	return many(tx, scanAudit, `SELECT `+auditColumns+` FROM audit WHERE workspace_id = $1 AND seq > $2 ORDER BY seq LIMIT $3`, workspaceID, after, limit)
}

// secretNames are fields whose values never stand in the audit log, whoever hands them in.
var secretNames = regexp.MustCompile(`(?i)secret|password|token|external_?id|hash|credential|private|authorization`)

// redact marshals a value without its secrets.
func redact(v any) (json.RawMessage, error) {
	if v == nil {
		return nil, nil
	}
	b, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	var doc any
	dec := json.NewDecoder(strings.NewReader(string(b)))
	dec.UseNumber()
	if err := dec.Decode(&doc); err != nil {
		return nil, err
	}
	return json.Marshal(clean(doc))
}

func clean(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key, inner := range v {
			if secretNames.MatchString(key) && inner != "" && inner != nil {
				v[key] = bursar.Secret{}.String()
				continue
			}
			v[key] = clean(inner)
		}
	case []any:
		for i := range v {
			v[i] = clean(v[i])
		}
	case string:
		return bursar.Redact(v)
	}
	return v
}
