package store

import (
	"context"

	"github.com/bursarhq/bursar"
)

// Origin says who asked for a change, and how. A context that carries one makes every transaction that changes something leave a line in
// the audit log, whether or not the change thinks of it.
type Origin struct {
	WorkspaceID string
	Actor       bursar.Actor
	Operation   string // of the API: "addAccount"
	Target      string // what the request's path names; "" for none
	RequestID   string
	From        string // network address
}

type originKey struct{}

// WithOrigin returns a context whose transactions are audited as asked for by o.
func WithOrigin(ctx context.Context, o Origin) context.Context {
	return context.WithValue(ctx, originKey{}, o)
}

// OriginOf returns who asked; bursar itself when nobody did.
func OriginOf(ctx context.Context) Origin {
	if o, ok := ctx.Value(originKey{}).(Origin); ok {
		return o
	}
	return Origin{Actor: bursar.Actor{Kind: bursar.ActorSystem, Name: "bursar"}}
}

// Actor returns who asked for the transaction.
func (tx *Tx) Actor() bursar.Actor { return tx.origin.Actor }

// As names who acts, where the transaction itself has found out: somebody who has just proven who they are.
func (tx *Tx) As(a bursar.Actor) { tx.origin.Actor = a }
