package cloudcraft

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"runtime/debug"
	"strings"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/auth"
	"github.com/bursarhq/bursar/internal/store"
	"github.com/bursarhq/bursar/internal/tracing"
)

// call is a request that is being answered.
type call struct {
	http   *http.Request
	ctx    context.Context // says who asks
	who    auth.Principal
	values map[string]string // of the path
}

// seen is what is told of a request in the log.
type seen struct {
	http.ResponseWriter
	id, from, key string
	route         string // "" where none was found
	status        int
}

// WriteHeader remembers the status.
func (s *seen) WriteHeader(status int) {
	s.status = status
	s.ResponseWriter.WriteHeader(status)
}

// Unwrap gives the writer inside to http.ResponseController.
func (s *seen) Unwrap() http.ResponseWriter { return s.ResponseWriter }

type seenKey struct{}

var requestIDPattern = regexp.MustCompile(`^[A-Za-z0-9._-]{8,64}$`)

// logged names the request, answers when its handler breaks, and writes one line about it, without its query and headers.
func (f *Face) logged(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := &seen{ResponseWriter: w, id: r.Header.Get("X-Request-Id"), from: f.From(r)}
		if !requestIDPattern.MatchString(s.id) {
			s.id = strings.ToLower(rand.Text())
		}
		h := w.Header()
		h.Set("X-Request-Id", s.id)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-store")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		start := time.Now()
		defer func() { tracing.Answered(r.Context(), r.Method, s.route, s.id, s.status) }()
		f.guarded(s, r.WithContext(context.WithValue(r.Context(), seenKey{}, s)), next)
		f.Log.LogAttrs(r.Context(), slog.LevelInfo, "request", slog.String("method", r.Method), slog.String("path", r.URL.Path), slog.Int("status", s.status),
			slog.Duration("took", time.Since(start)), slog.String("request_id", s.id), slog.String("key", s.key), slog.String("from", s.from))
	})
}

func (f *Face) guarded(w *seen, r *http.Request, next http.Handler) {
	defer func() {
		p := recover()
		if p == nil || p == http.ErrAbortHandler || r.Context().Err() != nil { // the caller has gone
			return
		}
		f.Log.ErrorContext(r.Context(), "a handler panicked", slog.String("panic", bursar.Redact(fmt.Sprint(p))), slog.String("stack", string(debug.Stack())))
		if w.status == 0 {
			f.fail(w, r, fmt.Errorf("panic: %s", bursar.Redact(fmt.Sprint(p))))
		}
	}()
	next.ServeHTTP(w, r)
}

// serve finds the route, lets in who may come in, and writes what it answers.
func (f *Face) serve(w http.ResponseWriter, r *http.Request) {
	found, values, allowed := f.find(r)
	switch {
	case found == nil && allowed != nil:
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		write(w, http.StatusMethodNotAllowed, failure{"Method not allowed", "method_not_allowed", http.StatusMethodNotAllowed})
		return
	case found == nil:
		f.fail(w, r, problem(bursar.NotFound, "not_found", "There is no such path here"))
		return
	}
	if s, ok := r.Context().Value(seenKey{}).(*seen); ok {
		s.route = found.path
	}
	c := &call{http: r, ctx: r.Context(), values: values}
	if found.action != "" {
		if err := f.letIn(w, c, found); err != nil {
			f.Refuse(c.ctx, err)
			f.fail(w, r, err)
			return
		}
	}
	// A body that trickles in must not hold the connection for ever. Not every writer has deadlines.
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyTimeout))
	out, err := found.do(c)
	if err != nil {
		f.fail(w, r, err)
		return
	}
	write(w, out.status, out.body)
}

// letIn tells who asks, and whether they may. From then on the request's changes are theirs in the audit log.
func (f *Face) letIn(w http.ResponseWriter, c *call, to *route) error {
	scheme, key, _ := strings.Cut(c.http.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		key = ""
	}
	p, err := f.Keys.Authenticate(c.ctx, bursar.NewSecret(strings.TrimSpace(key)))
	origin := store.Origin{WorkspaceID: p.WorkspaceID, Actor: p.Actor(), Operation: to.operation}
	if id := c.values["account"]; idPattern.MatchString(id) { // nothing else that stands there is repeated in the audit log
		origin.Target = id
	}
	if s, ok := c.ctx.Value(seenKey{}).(*seen); ok {
		s.key = p.KeyID
		origin.RequestID, origin.From = s.id, s.from
	}
	c.who, c.ctx = p, store.WithOrigin(c.ctx, origin)
	switch {
	case bursar.CodeOf(err) == bursar.Unauthorized:
		return bursar.Errorf(bursar.Unauthorized, "The API key is missing, wrong, expired or revoked").WithReason("key_refused")
	case err != nil:
		return err
	}
	if f.Limit != nil {
		if err := f.Limit(w.Header().Set, p); err != nil {
			return err
		}
	}
	if !p.May(to.action) {
		return problem(bursar.Forbidden, "insufficient_privileges", "API key does not have sufficient permissions")
	}
	return nil
}

// write writes an answer as JSON. The caller has gone when it fails.
func write(w http.ResponseWriter, status int, body any) {
	if body == nil {
		w.WriteHeader(status)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(body)
}
