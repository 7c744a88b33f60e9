package cloud

import (
	"fmt"
	"net/http"
)

// Error is a failure in AWS's words. Code is the protocol-neutral code as the service documents it
// ("NoSuchEntity", "AWSOrganizationsNotInUseException"); Status is the HTTP status, 400 when zero.
type Error struct {
	Code    string
	Message string
	Status  int
	Fields  map[string]string // more members of the error, for S3 (BucketName, Key) and the JSON protocols (Reason)
}

// Error returns "Code: message".
func (e *Error) Error() string { return e.Code + ": " + e.Message }

// Errorf makes an [Error] with the given HTTP status and AWS code.
func Errorf(status int, code, format string, args ...any) *Error {
	return &Error{Status: status, Code: code, Message: fmt.Sprintf(format, args...)}
}

// Validation makes the ValidationError that the query services answer with.
func Validation(format string, args ...any) *Error {
	return Errorf(http.StatusBadRequest, "ValidationError", format, args...)
}

// Invalid is the ValidationError for one member that breaks a constraint, in the words of AWS's request
// validator: Invalid("roleSessionName", "a b", `satisfy regular expression pattern: [\w+=,.@-]*`).
func Invalid(member, value, constraint string) *Error {
	return Validation("1 validation error detected: Value '%s' at '%s' failed to satisfy constraint: Member must %s", value, member, constraint)
}
