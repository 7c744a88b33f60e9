package api

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"

	"github.com/bursarhq/bursar"
	"github.com/danielgtaylor/huma/v2"
)

// Problem is the answer to a request that cannot be granted: a problem document of RFC 9457.
type Problem struct {
	Title     string         `json:"title" doc:"What the status means."`
	Status    int            `json:"status" doc:"HTTP status."`
	Detail    string         `json:"detail" doc:"What was wrong, in one sentence."`
	Code      bursar.Code    `json:"code" doc:"What kind of error it is."`
	Reason    string         `json:"reason,omitempty" doc:"Stable and finer than the code: account_id_taken."`
	Field     string         `json:"field,omitempty" doc:"The field or parameter that is wrong."`
	Hint      string         `json:"hint,omitempty" doc:"What to do."`
	Line      int            `json:"line,omitempty" doc:"Where in the field's text the mistake is, from 1."`
	Column    int            `json:"column,omitempty" doc:"The character in that line, from 1."`
	RequestID string         `json:"request_id,omitempty" doc:"Names the request in the server's log."`
	Errors    []FieldProblem `json:"errors,omitempty" doc:"Every field that is wrong, when there are several."`
}

// FieldProblem is one of several wrong fields.
type FieldProblem struct {
	Field  string `json:"field" doc:"The field or parameter that is wrong."`
	Detail string `json:"detail" doc:"What was wrong with it."`
	Reason string `json:"reason,omitempty" doc:"Stable, for programs."`
	Hint   string `json:"hint,omitempty" doc:"What to do."`
}

// Error returns the detail.
func (p *Problem) Error() string { return p.Detail }

// GetStatus returns the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType returns the media type of problem documents.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

var statusOf = map[bursar.Code]int{
	bursar.Invalid: http.StatusUnprocessableEntity, bursar.Malformed: http.StatusBadRequest, bursar.NotFound: http.StatusNotFound,
	bursar.Conflict: http.StatusConflict, bursar.Changed: http.StatusPreconditionFailed, bursar.Unauthorized: http.StatusUnauthorized, bursar.Forbidden: http.StatusForbidden,
	bursar.TooMany: http.StatusTooManyRequests, bursar.Unavailable: http.StatusServiceUnavailable, bursar.Internal: http.StatusInternalServerError,
}

// problemOf is the one place that turns an error into an answer. An error that is not a [bursar.Error] is our mistake: it is
// logged here, once, and its text stays with us.
func problemOf(ctx context.Context, method string, err error) *Problem {
	c := callOf(ctx)
	var e *bursar.Error
	if !errors.As(err, &e) || e.Code == bursar.Internal {
		level := slog.LevelError
		if ctx.Err() != nil {
			level = slog.LevelDebug // the caller has gone
		}
		c.logger().Log(ctx, level, "a request failed", slog.String("request_id", c.requestID()), slog.Any("error", err))
		e = bursar.Errorf(bursar.Internal, "Internal error.").WithHint("the server's log says more about request %s", c.requestID())
	}
	if e.Code == bursar.NotFound && e.Hint == "" {
		e = e.WithHint("check its spelling: the list shows what there is, in this workspace")
	}
	status := statusOf[e.Code]
	if status == 0 {
		status = http.StatusInternalServerError
	}
	// 422 is about what a body says (RFC 9110, 15.5.21); a wrong parameter is a bad request.
	if status == http.StatusUnprocessableEntity && (method == http.MethodGet || method == http.MethodHead) {
		status = http.StatusBadRequest
	}
	return &Problem{Title: http.StatusText(status), Status: status, Detail: e.Message, Code: e.Code, Reason: e.Reason, Field: e.Field, Hint: e.Hint, Line: e.Line, Column: e.Column, RequestID: c.requestID()}
}

// writeProblem answers with a problem outside of huma.
func writeProblem(w http.ResponseWriter, r *http.Request, status int, err error) {
	p := problemOf(r.Context(), r.Method, err)
	if status != 0 {
		p.Status, p.Title = status, http.StatusText(status)
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // the caller has gone when it fails
}

// useProblems makes huma answer with problems of ours. It keeps these in variables of its own package.
var useProblems = sync.OnceFunc(func() {
	huma.DefaultArrayNullable = false
	huma.NewError = func(status int, msg string, _ ...error) huma.StatusError {
		return &Problem{Status: status, Title: http.StatusText(status), Detail: msg}
	}
	huma.NewErrorWithContext = func(ctx huma.Context, status int, msg string, errs ...error) huma.StatusError {
		return refusal(ctx, status, msg, errs)
	}
})

// refusal renders what huma, or authorize, found wrong with a request.
func refusal(ctx huma.Context, status int, msg string, errs []error) *Problem {
	var ours *bursar.Error
	if errors.As(errors.Join(errs...), &ours) {
		return problemOf(ctx.Context(), ctx.Method(), ours)
	}
	var found []*bursar.Error
	for _, err := range errs {
		var d *huma.ErrorDetail
		if errors.As(err, &d) {
			found = append(found, fieldError(d))
		}
	}
	switch {
	case status == http.StatusRequestEntityTooLarge:
		return withStatus(ctx, status, bursar.Errorf(bursar.Malformed, "the body is larger than %d bytes", ctx.Operation().MaxBodyBytes).WithReason("body_too_large").WithHint("send less"))
	case status == http.StatusUnsupportedMediaType:
		return withStatus(ctx, status, bursar.Errorf(bursar.Malformed, "the body's type is not understood").WithReason("content_type_unknown").WithHint("send JSON, as application/json"))
	case status == http.StatusRequestTimeout || msg == "cannot read request body":
		return withStatus(ctx, http.StatusRequestTimeout, bursar.Errorf(bursar.Malformed, "the body did not arrive").WithReason("body_incomplete").WithHint("send it again, within %s", bodyTimeout))
	case len(found) > 0:
		return severalFields(ctx, found)
	case msg == "request body is required":
		return problemOf(ctx.Context(), ctx.Method(), bursar.Errorf(bursar.Malformed, "the body is missing").WithReason("body_missing").WithHint("send a JSON object"))
	}
	if len(errs) == 0 {
		errs = []error{errors.New(msg)}
	}
	return problemOf(ctx.Context(), ctx.Method(), errs[0])
}

func withStatus(ctx huma.Context, status int, err error) *Problem {
	p := problemOf(ctx.Context(), ctx.Method(), err)
	p.Status, p.Title = status, http.StatusText(status)
	return p
}

// severalFields speaks of the worst first: what cannot be read comes before what is not acceptable.
func severalFields(ctx huma.Context, found []*bursar.Error) *Problem {
	first := found[0]
	for _, e := range found {
		if e.Code == bursar.Malformed && first.Code != bursar.Malformed {
			first = e
		}
	}
	p := problemOf(ctx.Context(), ctx.Method(), first)
	if len(found) > 1 {
		for _, e := range found {
			p.Errors = append(p.Errors, FieldProblem{e.Field, e.Message, e.Reason, e.Hint})
		}
	}
	return p
}

// fieldError says in our words what huma found. The value is left out: it may be a secret.
func fieldError(d *huma.ErrorDetail) *bursar.Error {
	where, field, _ := strings.Cut(d.Location, ".")
	missing, isMissing := strings.CutPrefix(d.Message, "expected required property ")
	e := bursar.InvalidField(field, "%s", d.Message)
	switch {
	case isMissing:
		e.Field = strings.TrimPrefix(field+"."+strings.TrimSuffix(missing, " to be present"), ".")
		e.Message = "it is missing"
		return e.WithReason("missing")
	case field == "external_id", strings.HasSuffix(field, ".external_id"):
		return externalIDGiven(field)
	case d.Message == "unexpected property" || d.Message == "unknown query parameter":
		e.Code, e.Message = bursar.Malformed, "there is no such "+map[string]string{"query": "parameter"}[where]
		if where != "query" {
			e.Message = "there is no such field"
		}
		return e.WithReason("unknown_field").WithHint("leave it out, or check its spelling")
	case d.Location == "body":
		e.Code, e.Message = bursar.Malformed, "the body is not a JSON object"
		return e.WithReason("body_malformed").WithHint("send one JSON object, whole and not compressed")
	case strings.Contains(d.Message, ">=") || strings.Contains(d.Message, "<="):
		return e.WithReason("out_of_range")
	}
	e.Code = bursar.Malformed
	return e.WithReason("wrong_type")
}

// noRoute answers where no route is: 405 when the path exists with another method, 404 otherwise.
func (a *API) noRoute(w http.ResponseWriter, r *http.Request) {
	var allowed []string
	for _, m := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		probe := &http.Request{Method: m, URL: r.URL, Host: r.Host}
		if _, pattern := a.mux.Handler(probe); pattern != "/" && pattern != "" {
			allowed = append(allowed, m)
		}
	}
	if len(allowed) == 0 {
		writeProblem(w, r, 0, bursar.Errorf(bursar.NotFound, "there is nothing at %s", r.URL.Path).WithReason("no_route").WithHint("GET /api/v1/openapi.json describes the API"))
		return
	}
	w.Header().Set("Allow", strings.Join(allowed, ", "))
	writeProblem(w, r, http.StatusMethodNotAllowed, bursar.Errorf(bursar.Malformed, "%s is not for %s", r.URL.Path, r.Method).
		WithReason("method_not_allowed").WithHint("use %s", strings.Join(allowed, " or ")))
}
