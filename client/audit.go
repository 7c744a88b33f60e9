package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"

	"github.com/bursarhq/bursar"
)

// AuditFilter narrows a list of audit lines. What is empty matches everything.
type AuditFilter struct {
	Actor   string // the id or the name of a person or key
	Action  string // "addAccount"
	Target  string // an id
	Outcome string // "done", "refused" or "failed"
}

// Audit lists at most so many of the newest lines of the workspace's audit log, the newest first.
func (c *Client) Audit(ctx context.Context, f AuditFilter, most int) ([]bursar.AuditEntry, error) {
	q := url.Values{}
	for name, v := range map[string]string{"actor": f.Actor, "action": f.Action, "target": f.Target, "outcome": f.Outcome} {
		if v != "" {
			q.Set(name, v)
		}
	}
	out := []bursar.AuditEntry{}
	for len(out) < most {
		q.Set("limit", strconv.Itoa(min(200, most-len(out))))
		var p page[bursar.AuditEntry]
		if err := c.get(ctx, "/api/v1/audit", q, &p); err != nil {
			return nil, err
		}
		out = append(out, p.Items...)
		if p.NextCursor == "" {
			break
		}
		q.Set("cursor", p.NextCursor)
	}
	return out, nil
}

// ExportAudit gives each line after the one with a number to a function, the oldest first; 0 begins with the first. An error of the function ends
// the export and is returned. A [bursar.AuditChain] that takes each line proves that none was changed.
func (c *Client) ExportAudit(ctx context.Context, after int64, each func(bursar.AuditEntry) error) error {
	resp, err := c.send(ctx, request{method: http.MethodGet, path: "/api/v1/audit/export", query: url.Values{"after": {strconv.FormatInt(after, 10)}}, accept: "application/jsonl"})
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	dec := json.NewDecoder(resp.Body)
	for {
		var e bursar.AuditEntry
		err := dec.Decode(&e)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("the answer of %s is cut short: %w", c.base, err)
		}
		if err := each(e); err != nil {
			return err
		}
	}
}
