package api

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"runtime/debug"
	"strings"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/tracing"
	"github.com/klauspost/compress/gzhttp"
)

// call is what is known of the request being answered, for its problem and its line in the log.
type call struct {
	id   string
	key  string // id of the API key; not secret
	user string // id of the person
	from string // address of the caller
	http *http.Request
	log  *slog.Logger

	ifMatch []entityTag // the change is wanted only of what has one of these; nil for any
	state   string      // of what is answered, when that is one thing which can be changed
}

type callKey struct{}

func callOf(ctx context.Context) *call {
	c, _ := ctx.Value(callKey{}).(*call)
	return c
}

func (c *call) requestID() string {
	if c == nil {
		return ""
	}
	return c.id
}

func (c *call) logger() *slog.Logger {
	if c == nil {
		return slog.Default()
	}
	return c.log
}

// wrap puts what every request needs around the routes.
func (a *API) wrap(h http.Handler) (http.Handler, error) {
	zip, err := gzhttp.NewWrapper(gzhttp.MinSize(1024), gzhttp.SuffixETag(zipped), gzhttp.ContentTypes([]string{"application/json", "application/problem+json", "text/plain", "application/yaml"}))
	if err != nil {
		return nil, err
	}
	return a.logged(zip(h)), nil
}

var requestIDPattern = regexp.MustCompile(`^[A-Za-z0-9._-]{8,64}$`)

// logged names the request, answers when its handler breaks, and writes one line about it. The line has the path and not the
// query, and no header: none of them can carry a secret into the log.
func (a *API) logged(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := &call{id: r.Header.Get("X-Request-Id"), log: a.Log, from: a.Address(r), http: r}
		if !requestIDPattern.MatchString(c.id) {
			c.id = strings.ToLower(rand.Text())
		}
		h := w.Header()
		h.Set("X-Request-Id", c.id)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-store")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		seen := &watched{ResponseWriter: w}
		start := time.Now()
		r = r.WithContext(context.WithValue(r.Context(), callKey{}, c))
		whole := a.guarded(seen, r, next)
		level := slog.LevelInfo
		if r.URL.Path == "/healthz" || r.URL.Path == "/readyz" { // asked every few seconds
			level = slog.LevelDebug
		}
		a.Log.LogAttrs(r.Context(), level, "request", slog.String("method", r.Method), slog.String("path", bursar.Redact(r.URL.Path)),
			slog.Int("status", seen.status), slog.Int64("bytes", seen.bytes), slog.Duration("took", time.Since(start)),
			slog.String("request_id", c.id), slog.String("key", c.key), slog.String("user", c.user), slog.String("from", c.from))
		tracing.Answered(r.Context(), r.Method, routeOf(r.Pattern), c.id, seen.status)
		if a.Answered != nil {
			a.Answered(r.Method, r.Pattern, cmp.Or(seen.status, http.StatusOK), time.Since(start))
		}
		if !whole {
			panic(http.ErrAbortHandler) // ends the connection: nobody takes the half for the whole
		}
	})
}

// routeOf is the path of a pattern; "" of none, and of the one that says that nothing matched.
func routeOf(pattern string) string {
	_, path, _ := strings.Cut(pattern, " ")
	return path
}

// guarded answers when the handler breaks. It says whether what was answered is whole.
func (a *API) guarded(w *watched, r *http.Request, next http.Handler) (whole bool) {
	defer func() {
		p := recover()
		if whole = p == nil; whole {
			return
		}
		if p == http.ErrAbortHandler || r.Context().Err() != nil { // the answer is broken off, or the caller has gone
			return
		}
		a.Log.ErrorContext(r.Context(), "a handler panicked", slog.String("panic", bursar.Redact(fmt.Sprint(p))), slog.String("stack", string(debug.Stack())))
		if w.status == 0 {
			writeProblem(w, r, 0, fmt.Errorf("panic: %s", bursar.Redact(fmt.Sprint(p))))
			whole = true
		}
	}()
	next.ServeHTTP(w, r)
	return true
}

// watched remembers what was answered.
type watched struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (w *watched) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *watched) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(b)
	w.bytes += int64(n)
	return n, err
}

// Flush sends what was written.
func (w *watched) Flush() { _ = http.NewResponseController(w.ResponseWriter).Flush() }

// Unwrap gives the writer inside to http.ResponseController.
func (w *watched) Unwrap() http.ResponseWriter { return w.ResponseWriter }
