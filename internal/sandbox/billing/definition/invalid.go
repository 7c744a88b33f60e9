// Package definition holds the definitions of reports and exports in the shapes of AWS's APIs, and proves them as AWS does:
// what it takes and refuses is all here, and needs no state.
package definition

import (
	"net/http"
	"slices"
	"strings"

	"github.com/bursarhq/bursar/internal/sandbox/cloud"
)

// Invalid is the ValidationException of both services.
func Invalid(format string, args ...any) *cloud.Error {
	return cloud.Errorf(http.StatusBadRequest, "ValidationException", format, args...)
}

// Refused is Invalid for one member that breaks a constraint, in the words of AWS's request validator.
func Refused(member, value, constraint string) *cloud.Error {
	return Invalid("1 validation error detected: Value '%s' at '%s' failed to satisfy constraint: Member must %s", value, member, constraint)
}

// First returns the first error of a list, nil when there is none.
func First(errs ...*cloud.Error) *cloud.Error {
	for _, e := range errs {
		if e != nil {
			return e
		}
	}
	return nil
}

// enum refuses a value that is none of a list.
func enum(member, value string, values ...string) *cloud.Error {
	if slices.Contains(values, value) {
		return nil
	}
	return Refused(member, value, "satisfy enum value set: ["+strings.Join(values, ", ")+"]")
}
