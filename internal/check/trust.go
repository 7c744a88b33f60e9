package check

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/awsapi"
)

// assumed is the outcome of the positive probe.
type assumed struct {
	session  Session
	attempts int
	err      error
}

// assume assumes a role until it has succeeded twice with the schedule's pause between, or is denied to the end.
// Only what propagation or chance may explain is tried again.
func (t *Target) assume(ctx context.Context, name, role string, capability bursar.Capability) assumed {
	s := t.Schedule.orPatient()
	begin := s.Now()
	var out assumed
	once := false
	for attempt := 0; ; attempt++ {
		wait := s.wait(attempt)
		if attempt > 0 && s.Now().Add(wait).Sub(begin) > s.Limit {
			return out
		}
		if err := s.Sleep(ctx, wait); err != nil {
			out.err = err
			return out
		}
		out.attempts++
		if out.session, out.err = t.Access.Assume(ctx, t.request(role, capability)); out.err == nil {
			if err := s.Sleep(ctx, s.Apart); err != nil {
				out.session, out.err = nil, err
				return out
			}
			out.attempts++
			if out.session, out.err = t.Access.Assume(ctx, t.request(role, capability)); out.err == nil {
				return out
			}
			once = true
		}
		out.session = nil
		if once {
			out.err = awsapi.AfterSuccess(out.err)
		}
		if !worthTrying(out.err) {
			return out
		}
		t.progress(fmt.Sprintf("%s: waiting for IAM to propagate (%d s)", name, int(s.Now().Sub(begin)/time.Second)))
	}
}

func worthTrying(err error) bool {
	switch awsapi.Classify(err).Class {
	case awsapi.NotDeployed, awsapi.Propagating, awsapi.Throttled, awsapi.Unreachable:
		return true
	}
	return false
}

// proof is the outcome of the negative probes.
type proof struct {
	insecure string // which request should have been denied and was not: "no external id"; "" = none
	err      error  // why a probe says nothing; nil when every request was denied as it should be
}

// proveTrust asks for the role as a stranger's confused deputy would: without an external id, with a fresh wrong
// one of the same form, and with three that differ from the right one in a single character, which a wildcard in the policy lets
// pass. Credentials that such a request yields are thrown away unused.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
func (t *Target) proveTrust(ctx context.Context, role string, capability bursar.Capability) proof {
	right := t.Account.ExternalID
	for _, p := range []struct{ what, id string }{
		{"no external id", ""},
		{"a wrong external id", wrongID(right)},
		{"an external id with another end", otherAt(right, len(right)-1)},
		{"an external id with another beginning", otherAt(right, beginning(right))},
		{"an external id with another middle", otherAt(right, (beginning(right)+len(right))/2)},
	} {
		r := t.request(role, capability)
		r.ExternalID, r.WithoutExternalID = p.id, p.id == ""
		switch err := t.negative(ctx, r); {
		case err == nil:
			return proof{insecure: p.what}
		case !provesDenial(err):
			return proof{err: err}
		}
	}
	return proof{}
}

// negative makes one request that should be denied. It asks again when AWS could not answer.
func (t *Target) negative(ctx context.Context, r awsapi.AssumeRequest) error {
	s := t.Schedule.orPatient()
	var err error
	for attempt := range 3 {
		if attempt > 0 {
			if waited := s.Sleep(ctx, s.wait(attempt)); waited != nil {
				return waited
			}
		}
		_, err = t.Access.Assume(ctx, r)
		if class := awsapi.Classify(err).Class; class != awsapi.Throttled && class != awsapi.Unreachable {
			break
		}
	}
	return err
}

// provesDenial says whether an error is the role's own refusal. A refusal by our own policies or organization is none: the role
// might let others in.
func provesDenial(err error) bool {
	class := awsapi.Classify(err).Class
	return class == awsapi.NotDeployed || class == awsapi.DeniedResourcePolicy
}

// wrongID makes a fresh id of the same form as a given one: its prefix, its length, and, for a derived id, its account.
func wrongID(right string) string {
	prefix, rest, found := strings.Cut(right, "-")
	if !found {
		prefix, rest = "", right
	} else {
		prefix += "-"
	}
	secret, account, derived := strings.Cut(rest, ".")
	fresh := strings.ToLower(rand.Text() + rand.Text())
	for len(fresh) < len(secret) {
		fresh += strings.ToLower(rand.Text())
	}
	out := prefix + fresh[:len(secret)]
	if derived {
		out += "." + account
	}
	return out
}

// beginning is where an id's random part begins: after its prefix. An id that is shared with clients of the Cloudcraft API, a UUID, has none.
func beginning(id string) int {
	if !strings.HasPrefix(id, "bur-") {
		return 0
	}
	return len("bur-")
}

// otherAt changes one character of an id.
func otherAt(id string, i int) string {
	if i < 0 || i >= len(id) {
		return wrongID(id)
	}
	return id[:i] + another(id[i]) + id[i+1:]
}

// another returns a letter or digit that differs from c in more than its case.
func another(c byte) string {
	if c == 'q' || c == 'Q' {
		return "7"
	}
	if c >= '0' && c <= '9' {
		return string('0' + (c-'0'+1)%10)
	}
	return "q"
}

// trustPolicy writes the trust policy that the role must have.
func (t *Target) trustPolicy() string { return TrustPolicy(t.Account, t.identity) }

// TrustPolicy writes the trust policy that a role of an account must have so that bursar, whose identity is given, can assume it and nobody
// can through bursar.
func TrustPolicy(a bursar.Account, identity awsapi.Identity) string {
	text, err := json.MarshalIndent(map[string]any{
		"Version": "2012-10-17",
		"Statement": []any{map[string]any{
			"Effect": "Allow", "Action": "sts:AssumeRole",
			"Principal": map[string]any{"AWS": fmt.Sprintf("arn:%s:iam::%s:root", a.Partition, identity.AccountID)},
			"Condition": map[string]any{
				"StringEquals": map[string]any{"sts:ExternalId": a.ExternalID},
				"ArnEquals":    map[string]any{"aws:PrincipalArn": identity.PrincipalARN},
			},
		}},
	}, "", "  ")
	if err != nil {
		return ""
	}
	return string(text)
}

// insecureFinding says that a role lets in whom it must not.
func (b basis) insecureFinding(t *Target, role, how string) bursar.Finding {
	t.Result.Insecure, t.Result.Trusted = true, false
	t.stop()
	return b.find(t, bursar.StatusFailed, bursar.CodeInsecureTrust,
		fmt.Sprintf("The role %s of account %s can be assumed (sts:AssumeRole) with %s. Anybody who makes bursar ask for it could read this account through bursar. Nothing else is done with this account until that is mended.", role, t.Account.AccountID, how),
		"Replace the trust policy of the role by exactly this, then check again:\n"+t.trustPolicy(),
		map[string]string{"role_arn": role, "assumed_with": how})
}

// ownRefusal returns the bursar error in a chain: what was refused before AWS was asked.
func ownRefusal(err error) *bursar.Error {
	var e *bursar.Error
	if errors.As(err, &e) {
		return e
	}
	return nil
}

func sorted(s []string) []string {
	s = slices.Clone(s)
	slices.Sort(s)
	return slices.Compact(s)
}
