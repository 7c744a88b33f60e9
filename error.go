package bursar

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Code tells machines what kind of error it is. The set is closed: faces map each one to a status.
type Code string

// The codes of an [Error].
const (
	Invalid      Code = "invalid"      // the request is well formed, a value in it is not acceptable
	Malformed    Code = "malformed"    // the request cannot be read: unknown fields, wrong types, a field that callers may not set
	NotFound     Code = "not_found"    // no such thing in this workspace
	Conflict     Code = "conflict"     // the thing exists already, or its state forbids the change
	Changed      Code = "changed"      // it is no longer what the caller has seen; read it again
	Unauthorized Code = "unauthorized" // no valid credential was given
	Forbidden    Code = "forbidden"    // the credential is valid and may not do this
	TooMany      Code = "too_many"     // asked too often; wait
	Unavailable  Code = "unavailable"  // something outside bursar does not answer; try again
	Internal     Code = "internal"     // our mistake; the cause is logged and never shown
)

// Error is what bursar tells people and programs when something cannot be done: a code for machines, a
// sentence for people, and a hint that says what to do. It never holds a secret.
type Error struct {
	Code    Code
	Reason  string // stable, lower_snake_case, finer than Code: "account_id_taken". May be empty
	Field   string // the request's field that is wrong, as the caller spelled it. May be empty
	Message string // one sentence that says what was wrong
	Hint    string // one sentence that says what to do. May be empty
	Line    int    // where in the field's text, from 1. 0 where it says nothing about a place
	Column  int    // the character in that line, from 1
	Err     error  // the cause, for the log. May be nil
}

// Error returns the message, with the field and the hint where there are any.
func (e *Error) Error() string {
	var b strings.Builder
	if e.Field != "" {
		fmt.Fprintf(&b, "%s: ", e.Field)
	}
	if e.Line > 0 {
		fmt.Fprintf(&b, "line %d, column %d: ", e.Line, e.Column)
	}
	b.WriteString(e.Message)
	if e.Hint != "" {
		fmt.Fprintf(&b, " (hint: %s)", e.Hint)
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Errorf makes an [Error] of the given code. A %w verb keeps the cause.
func Errorf(code Code, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Code: code, Message: err.Error(), Err: errors.Unwrap(err)}
}

// InvalidField makes an Invalid [Error] about one field of a request.
func InvalidField(field, format string, args ...any) *Error {
	e := Errorf(Invalid, format, args...)
	e.Field = field
	return e
}

// WithHint returns a copy that says what to do.
func (e *Error) WithHint(format string, args ...any) *Error {
	c := *e
	c.Hint = fmt.Sprintf(format, args...)
	return &c
}

// WithReason returns a copy with a stable, finer code.
func (e *Error) WithReason(reason string) *Error {
	c := *e
	c.Reason = reason
	return &c
}

// At returns a copy that says where in the field's text the mistake is: at so many bytes from its beginning.
func (e *Error) At(text string, offset int) *Error {
	c := *e
	if offset < 0 || offset > len(text) {
		return &c
	}
	before := text[:offset]
	line := before[strings.LastIndexByte(before, '\n')+1:]
	c.Line, c.Column = strings.Count(before, "\n")+1, utf8.RuneCountInString(line)+1
	return &c
}

// CodeOf returns the code of the first [Error] in err's chain, Internal for any other error, and "" for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return Internal
}
