// Package checktest proves of a check what its contract promises: that it calls only the actions that it declares, and
// that its findings can be kept, shown and acted on.
package checktest

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/awsapi"
	"github.com/bursarhq/bursar/internal/check"
)

var (
	wordPattern   = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)
	actionPattern = regexp.MustCompile(`^[a-z0-9-]+:[A-Z][A-Za-z0-9]+$`)
)

// Run runs a check on a target that reaches AWS through an awsapi client, fails the test where the check breaks its
// contract, and returns the findings and the actions that it called.
func Run(t testing.TB, c check.Check, target *check.Target) ([]bursar.Finding, []string) {
	t.Helper()
	if !wordPattern.MatchString(c.Name()) || c.Capability() == "" {
		t.Errorf("check %q of capability %q: both need stable names", c.Name(), c.Capability())
	}
	for _, a := range c.Actions() {
		if !actionPattern.MatchString(a) {
			t.Errorf("%s declares %q, which is not an IAM action", c.Name(), a)
		}
	}
	ctx, recorder := awsapi.Record(t.Context())
	found := c.Run(ctx, target)
	for _, called := range recorder.Actions() {
		if !slices.Contains(c.Actions(), called) {
			t.Errorf("%s calls %s and does not declare it", c.Name(), called)
		}
	}
	for _, f := range found {
		Finding(t, c, f)
		if bad := f.Status == bursar.StatusFailed || f.Status == bursar.StatusWarning; bad && !strings.Contains(f.Message, target.Account.AccountID) {
			t.Errorf("%s: %s does not name the account: %q", c.Name(), f.Code, f.Message)
		}
	}
	return found, recorder.Actions()
}

// Finding fails the test where a finding lacks what people and programs need.
func Finding(t testing.TB, c check.Check, f bursar.Finding) {
	t.Helper()
	switch {
	case f.Check != c.Name():
		t.Errorf("%s: a finding says that it is of %q", c.Name(), f.Check)
	case !wordPattern.MatchString(f.Code):
		t.Errorf("%s: code %q is not lower_snake_case", c.Name(), f.Code)
	case f.ID == "" || f.At.IsZero() || f.Capability == "" || f.Status == "":
		t.Errorf("%s: a finding lacks its id, time, capability or status: %+v", c.Name(), f)
	case f.Message == "" || !strings.HasSuffix(f.Message, "."):
		t.Errorf("%s: message %q is not a sentence", c.Name(), f.Message)
	case (f.Status == bursar.StatusFailed || f.Status == bursar.StatusWarning) && f.Remedy == "":
		t.Errorf("%s: %s has no remedy", c.Name(), f.Code)
	}
}
