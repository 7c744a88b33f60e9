package api

import (
	"bytes"
	"io"
	"net/http"
	"sync"

	"github.com/danielgtaylor/huma/v2"
)

// recorded is a request whose answer is kept instead of sent.
type recorded struct {
	humaContext
	header http.Header
	status int
	body   bytes.Buffer
}

// SetStatus keeps the status.
func (r *recorded) SetStatus(code int) { r.status = code }

// Status returns it.
func (r *recorded) Status() int { return r.status }

// SetHeader keeps a header.
func (r *recorded) SetHeader(name, value string) { r.header.Set(name, value) }

// AppendHeader keeps one more value of a header.
func (r *recorded) AppendHeader(name, value string) { r.header.Add(name, value) }

// BodyWriter keeps the body.
func (r *recorded) BodyWriter() io.Writer { return &r.body }

// send answers with what was kept.
func (r *recorded) send() { answer{r.header, r.body.Bytes()}.write(r.humaContext, r.status) }

// Unwrap returns the request as it came.
func (r *recorded) Unwrap() huma.Context { return r.humaContext }

// underWay are the requests with an Idempotency-Key that are being answered.
type underWay struct {
	mu     sync.Mutex
	scopes map[string]bool
}

// begin says whether nobody else works on it.
func (u *underWay) begin(scope string) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.scopes[scope] {
		return false
	}
	if u.scopes == nil {
		u.scopes = map[string]bool{}
	}
	u.scopes[scope] = true
	return true
}

func (u *underWay) end(scope string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.scopes, scope)
}
