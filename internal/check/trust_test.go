package check_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/awsapi"
	"github.com/bursarhq/bursar/internal/check"
	"github.com/bursarhq/bursar/internal/check/checktest"
	"github.com/bursarhq/bursar/internal/sandbox/cloud"
)

func statement(condition string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::` + own + `:root"},"Action":"sts:AssumeRole"` + condition + `}]}`
}

func when(text string) string { return statement(`,"Condition":` + text) }

func like(pattern string) string { return when(`{"StringLike":{"sts:ExternalId":"` + pattern + `"}}`) }

const another = "bur-zyxwvutsrqponmlkjihgfedcba"

// TestTrustTable proves that no role is trusted that a stranger could reach through bursar, and that good ones are.
func TestTrustTable(t *testing.T) {
	s := start(t)
	access := check.Through(client(t, s))
	for i, tt := range checktest.TrustPolicies(own, loner, extID, another) {
		t.Run(tt.Name, func(t *testing.T) {
			tg := target(access, payer, makeRole(t, s, payer, fmt.Sprintf("bursar-%d", i), tt.Document, reads))
			res, found := run(t, check.Trust(), tg)
			got := "refused"
			switch {
			case res.Trusted:
				got = "trusted"
			case res.Insecure:
				got = "insecure"
			}
			if got != tt.Want {
				t.Errorf("%s, want %s: %v", got, tt.Want, found)
			}
			if code := codes(found, "external_id_required"); tt.Want == "insecure" && code != bursar.CodeInsecureTrust {
				t.Errorf("code %q", code)
			}
			if code := codes(found, "assume_role"); tt.Want == "refused" && code != "not_deployed_or_changed" {
				t.Errorf("code %q", code)
			}
		})
	}
}

func TestNothingRunsAfterInsecureTrust(t *testing.T) {
	s := start(t)
	tg := target(check.Through(client(t, s)), payer, makeRole(t, s, payer, "bursar-x", statement(""), reads))
	ctx, rec := awsapi.Record(t.Context())
	var names []string
	res, err := check.All().Run(ctx, tg, func(f bursar.Finding) { names = append(names, f.Check) })
	if err != nil || res.Trusted || !res.Insecure || strings.Join(names, " ") != "assume_role account_match external_id_required" {
		t.Errorf("%v %v %+v", names, err, res)
	}
	for _, a := range rec.Actions() {
		if !strings.HasPrefix(a, "sts:") {
			t.Errorf("%s was called on an insecure account", a)
		}
	}
}

func TestRightTemplateIsInTheRemedy(t *testing.T) {
	s := start(t)
	_, found := run(t, check.Trust(), target(check.Through(client(t, s)), payer, makeRole(t, s, payer, "bursar-x", statement(""), "")))
	f := found["external_id_required"][0]
	_, policy, _ := strings.Cut(f.Remedy, "\n")
	if _, e := s.Cloud().SetTrust(payer, "bursar-x", policy); e != nil {
		t.Fatalf("the remedy's policy is malformed: %v\n%s", e, policy)
	}
	if res, found := run(t, check.Trust(), target(check.Through(client(t, s)), payer, "arn:aws:iam::"+payer+":role/bursar/bursar-x")); !res.Trusted {
		t.Errorf("the remedy does not mend it: %v", found)
	}
}

// scripted answers AssumeRole by a script: "y" grants, "n" denies; past its end the last one holds. Negative probes are
// always denied.
type scripted struct {
	check.Access
	script string
	asked  int
}

func (s *scripted) Assume(ctx context.Context, r awsapi.AssumeRequest) (check.Session, error) {
	if r.ExternalID == extID {
		answer := s.script[min(s.asked, len(s.script)-1)]
		s.asked++
		if answer == 'n' {
			r.RoleARN += "-not-there-yet"
		}
	}
	return s.Access.Assume(ctx, r)
}

func TestPropagation(t *testing.T) {
	s := start(t)
	role := makeRole(t, s, payer, "bursar-x", goodTrust, reads)
	for _, tt := range []struct{ name, script, code string }{
		{"at once", "y", "ok"},
		{"after a while", "nnnny", "ok"},
		{"comes and goes, then stays", "nynnyy", "ok"},
		{"never", "n", "not_deployed_or_changed"},
		{"once and never again", "nyn", "propagating"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			access := &scripted{Access: check.Through(client(t, s)), script: tt.script}
			_, found := run(t, check.Trust()[:1], target(access, payer, role))
			if got := codes(found, "assume_role"); got != tt.code {
				t.Errorf("%s, want %s: %v", got, tt.code, found)
			}
		})
	}
}

// TestPatience proves that attempts end after two minutes, and that successes are five seconds apart.
func TestPatience(t *testing.T) {
	s := start(t)
	role := makeRole(t, s, payer, "bursar-x", goodTrust, reads)
	var slept []time.Duration
	clock := time.Unix(0, 0)
	schedule := check.Patient()
	schedule.Now = func() time.Time { return clock }
	schedule.Sleep = func(ctx context.Context, d time.Duration) error {
		slept, clock = append(slept, d), clock.Add(d)
		return ctx.Err()
	}
	tg := target(&scripted{Access: check.Through(client(t, s)), script: "n"}, payer, role)
	tg.Schedule = schedule
	run(t, check.Trust()[:1], tg)
	if passed := clock.Sub(time.Unix(0, 0)); passed > 120*time.Second || passed < 100*time.Second || len(slept) < 12 {
		t.Errorf("gave up after %v and %d attempts", passed, len(slept))
	}
	slept = nil
	tg = target(&scripted{Access: check.Through(client(t, s)), script: "y"}, payer, role)
	tg.Schedule = schedule
	run(t, check.Trust()[:1], tg)
	if len(slept) != 2 || slept[1] < 5*time.Second {
		t.Errorf("slept %v between two successes", slept)
	}
}

func TestOwnIdentityIsRuledOutFirst(t *testing.T) {
	s := start(t)
	k := s.Cloud().BursarKey()
	c, err := awsapi.New(t.Context(), awsapi.Config{Endpoint: s.URL(), AccessKeyID: k.ID, SecretAccessKey: bursar.NewSecret("wrong")})
	if err != nil {
		t.Fatal(err)
	}
	res, found := run(t, check.All(), target(check.Through(c), payer, "arn:aws:iam::"+payer+":role/bursar/x"))
	if codes(found, "assume_role") != "own_identity_invalid" || len(found) != 1 || res.Trusted {
		t.Errorf("%v", found)
	}
}

// TestInconclusiveProofIsNoTrust fails closed: a probe that AWS did not answer proves nothing.
func TestInconclusiveProofIsNoTrust(t *testing.T) {
	s := start(t)
	role := makeRole(t, s, payer, "bursar-x", goodTrust, reads)
	for kind, fault := range map[string]cloud.Fault{
		"our own SCP": {Kind: cloud.FaultSCP, Service: "sts", Action: "AssumeRole"},
		"no answer":   {Kind: cloud.FaultDrop, Service: "sts", Action: "AssumeRole"},
	} {
		t.Run(kind, func(t *testing.T) {
			tg := target(check.Through(client(t, s)), payer, role)
			suite := check.Trust()
			run(t, suite[:2], tg)
			s.Cloud().Faults.Add(fault)
			defer s.Cloud().Faults.Clear()
			res, found := run(t, suite[2:], tg)
			if res.Trusted || codes(found, "external_id_required") != "inconclusive" {
				t.Errorf("%+v %v", res, found)
			}
		})
	}
}

func TestDeniedByOurOwnSCP(t *testing.T) {
	s := start(t)
	s.Cloud().Faults.Add(cloud.Fault{Kind: cloud.FaultSCP, Service: "sts", Action: "AssumeRole"})
	_, found := run(t, check.All(), target(check.Through(client(t, s)), payer, makeRole(t, s, payer, "bursar-x", goodTrust, reads)))
	if codes(found, "assume_role") != "denied_by_scp" {
		t.Errorf("%v", found)
	}
}

// elsewhere answers with a session of another account than the one asked for.
type elsewhere struct {
	check.Access
	role string
}

func (e elsewhere) Assume(ctx context.Context, r awsapi.AssumeRequest) (check.Session, error) {
	r.RoleARN, r.AccountID = e.role, loner
	return e.Access.Assume(ctx, r)
}

func TestWrongAccountNamesBoth(t *testing.T) {
	s := start(t)
	access := elsewhere{check.Through(client(t, s)), makeRole(t, s, loner, "bursar-x", goodTrust, reads)}
	res, found := run(t, check.All(), target(access, payer, "arn:aws:iam::"+payer+":role/bursar/bursar-x"))
	f := found["account_match"]
	if len(f) != 1 || f[0].Code != "wrong_account" || !strings.Contains(f[0].Message, payer) || !strings.Contains(f[0].Message, loner) || res.Trusted || len(found) != 2 {
		t.Errorf("%v", found)
	}
}
