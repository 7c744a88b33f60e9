package cloudcraft

import (
	"cmp"
	"errors"
	"log/slog"
	"net/http"

	"github.com/bursarhq/bursar"
)

// failure is the body of every answer that is no success.
type failure struct {
	Error  string `json:"error"`
	Reason string `json:"reason"`
	Code   int    `json:"code"`
}

// problem makes an error whose reason and text are those that clients of this API know.
func problem(code bursar.Code, reason, text string) *bursar.Error {
	return (&bursar.Error{Code: code, Message: text}).WithReason(reason)
}

// statuses are the statuses of errors. The clients know no 422.
var statuses = map[bursar.Code]int{
	bursar.Invalid: http.StatusBadRequest, bursar.Malformed: http.StatusBadRequest, bursar.NotFound: http.StatusNotFound, bursar.Conflict: http.StatusConflict,
	bursar.Unauthorized: http.StatusUnauthorized, bursar.Forbidden: http.StatusForbidden, bursar.TooMany: http.StatusTooManyRequests, bursar.Unavailable: http.StatusServiceUnavailable,
}

// fields are the names that this API has for fields of ours.
var fields = map[string]string{"role_arn": "roleArn", "account_id": "roleArn"}

// failureOf says in this API's words what went wrong. Of an error that is our own mistake, nothing is told.
func failureOf(err error) failure {
	var e *bursar.Error
	if !errors.As(err, &e) || statuses[e.Code] == 0 {
		return failure{"Internal server error", "internal_server_error", http.StatusInternalServerError}
	}
	text := e.Message
	if e.Field != "" {
		text = "Invalid property: " + cmp.Or(fields[e.Field], e.Field) + ": " + text
	}
	if e.Hint != "" {
		text += ". " + e.Hint
	}
	return failure{text, cmp.Or(e.Reason, string(e.Code)), statuses[e.Code]}
}

// fail answers with an error, and logs what is our own.
func (f *Face) fail(w http.ResponseWriter, r *http.Request, err error) {
	out := failureOf(err)
	switch out.Code {
	case http.StatusInternalServerError:
		f.Log.ErrorContext(r.Context(), "a request failed", slog.String("path", r.URL.Path), slog.Any("error", err))
	case http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", `Bearer realm="bursar"`)
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		if w.Header().Get("Retry-After") == "" {
			w.Header().Set("Retry-After", "60")
		}
	}
	write(w, out.Code, out)
}
