package store

import (
	"context"
	"sync"
)

// AuditQueue writes lines about what happens outside of the store, and many at once: those that wait while one transaction is written
// share the next. It is safe for concurrent use.
type AuditQueue struct {
	store   *Store
	mu      sync.Mutex
	waiting []queued
	writing bool
}

type queued struct {
	origin Origin
	change Change
	done   chan error
}

// NewAuditQueue makes a queue that writes into a store.
func NewAuditQueue(s *Store) *AuditQueue { return &AuditQueue{store: s} }

// Add returns when the line is on disk. A change without a workspace goes to the installation's first one, and a named action stays
// what it is, whatever operation it is part of. The line is written even when ctx has ended: what it tells of has happened.
func (q *AuditQueue) Add(ctx context.Context, c Change) error {
	one := queued{OriginOf(ctx), c, make(chan error, 1)}
	if c.Action != "" {
		one.origin.Operation = ""
	}
	if c.WorkspaceID != "" && c.WorkspaceID != one.origin.WorkspaceID {
		one.origin.WorkspaceID, one.origin.Target = c.WorkspaceID, ""
	}
	q.mu.Lock()
	q.waiting = append(q.waiting, one)
	lead := !q.writing
	q.writing = true
	q.mu.Unlock()
	if lead {
		q.write(context.WithoutCancel(ctx))
	}
	return <-one.done
}

// write empties the queue, batch by batch.
func (q *AuditQueue) write(ctx context.Context) {
	for {
		q.mu.Lock()
		batch := q.waiting
		q.waiting = nil
		q.writing = len(batch) > 0
		q.mu.Unlock()
		if len(batch) == 0 {
			return
		}
		err := q.store.InTx(ctx, func(tx *Tx) error { return tx.auditBatch(batch) })
		for _, one := range batch {
			one.done <- err
		}
	}
}

func (tx *Tx) auditBatch(batch []queued) error {
	for _, one := range batch {
		if one.origin.WorkspaceID == "" {
			home, err := tx.HomeWorkspace()
			if err != nil {
				return err
			}
			one.origin.WorkspaceID = home.ID
		}
		if err := tx.auditAs(one.origin, one.change); err != nil {
			return err
		}
	}
	return nil
}
