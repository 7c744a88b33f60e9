package cloudcraft

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"regexp"
	"time"

	"github.com/bursarhq/bursar"
)

const (
	maxBody     = 64 << 10
	bodyTimeout = 30 * time.Second

	mostShares = 100 // entries of an access list
	maxShare   = 200 // bytes of one
)

// accountBody is what clients send of an account. They send much more, such as dates and ids of their own, which is not looked at.
type accountBody struct {
	Name    *string         `json:"name"`
	RoleARN *string         `json:"roleArn"`
	Region  string          `json:"region"`
	Read    json.RawMessage `json:"readAccess"`
	Write   json.RawMessage `json:"writeAccess"`
}

// body reads a request's JSON, whatever its Content-Type says.
func (c *call) body() (accountBody, error) {
	var in accountBody
	text, err := io.ReadAll(http.MaxBytesReader(nil, c.http.Body, maxBody))
	if err != nil {
		return in, problem(bursar.Malformed, "invalid_body", "The request's body cannot be read: it is too long, or was cut off")
	}
	err = json.Unmarshal(text, &in)
	var typ *json.UnmarshalTypeError
	switch {
	case errors.As(err, &typ) && typ.Field != "":
		return in, problem(bursar.Invalid, "invalid_property", "Invalid property: "+typ.Field)
	case err != nil:
		return in, problem(bursar.Malformed, "invalid_body", "The request's body is no JSON object")
	}
	return in, in.checkRegion()
}

var regionPattern = regexp.MustCompile(`^[a-z]{2,4}(-[a-z]{1,12}){1,3}-[0-9]{1,2}$`)

// checkRegion looks at the form alone: a role is checked through the security token service, in any region.
func (in accountBody) checkRegion() error {
	if in.Region == "" || regionPattern.MatchString(in.Region) {
		return nil
	}
	shown := in.Region[:min(len(in.Region), 40)]
	return problem(bursar.Invalid, "invalid_parameter", "Invalid region parameter: "+shown)
}

// shares reads an access list: as it was when it is absent, nil for null.
func shares(name string, text json.RawMessage, before []string) ([]string, error) {
	if text == nil {
		return before, nil
	}
	var out []string
	err := json.Unmarshal(text, &out)
	bad := err != nil || len(out) > mostShares
	for _, s := range out {
		bad = bad || len(s) > maxShare
	}
	if bad {
		return nil, problem(bursar.Invalid, "invalid_property", "Invalid property: "+name)
	}
	return out, nil
}
