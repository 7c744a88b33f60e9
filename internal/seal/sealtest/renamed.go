package sealtest

import (
	"context"
	"strings"

	"github.com/bursarhq/bursar/internal/seal"
)

// renamed is a wrapper as if it were of another kind, so that two of one kind can be in one sealer.
type renamed struct{ seal.Wrapper }

func (r renamed) Kind() string  { return "other" }
func (r renamed) KeyID() string { return "other:" + r.Wrapper.KeyID() }

func (r renamed) Wrap(ctx context.Context, dataKey []byte, bound seal.Scope) ([]byte, string, error) {
	wrapped, id, err := r.Wrapper.Wrap(ctx, dataKey, bound)
	return wrapped, "other:" + id, err
}

func (r renamed) Unwrap(ctx context.Context, keyID string, wrapped []byte, bound seal.Scope) ([]byte, error) {
	return r.Wrapper.Unwrap(ctx, strings.TrimPrefix(keyID, "other:"), wrapped, bound)
}
