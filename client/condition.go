package client

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
)

type idempotencyKey struct{}

type version struct{}

// WithIdempotencyKey makes the one call that gets the context send this key, in place of a fresh one: a program that keeps the key may make
// the same call again after it was ended itself, within 24 hours, and it is done once. The key has 1 to 255 visible ASCII characters.
func WithIdempotencyKey(ctx context.Context, key string) context.Context {
	return context.WithValue(ctx, idempotencyKey{}, key)
}

func keyOf(ctx context.Context) string {
	key, _ := ctx.Value(idempotencyKey{}).(string)
	return cmp.Or(key, rand.Text())
}

// IfVersion makes a change of an account or of its set-up conditional: when the account's version is another one, somebody has changed it
// since, and the call is an [*Error] with the code changed and the reason changed_meanwhile.
func IfVersion(ctx context.Context, v int64) context.Context {
	return context.WithValue(ctx, version{}, v)
}

func ifMatch(ctx context.Context, method string) string {
	v, ok := ctx.Value(version{}).(int64)
	if !ok || method == http.MethodGet || method == http.MethodPost {
		return ""
	}
	return fmt.Sprintf(`"v%d"`, v)
}
