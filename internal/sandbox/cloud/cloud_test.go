package cloud

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bursarhq/bursar/internal/sandbox/policy"
	"github.com/bursarhq/bursar/internal/sandbox/world"
)

var epoch = time.Date(2026, 7, 3, 9, 0, 0, 0, time.UTC)

const (
	owner    = "111122223333"
	stranger = "222233334444"
)

func newCloud(t *testing.T) *Cloud {
	t.Helper()
	w, err := world.Parse([]byte(`
accounts:
  - id: "111122223333"
    users: [{name: ann}, {name: bob, policies: {read: {Version: "2012-10-17", Statement: {Effect: Allow, Action: "s3:Get*", Resource: "*"}}}}]
  - id: "222233334444"
    state: SUSPENDED
    users: [{name: eve, policies: {read: {Version: "2012-10-17", Statement: {Effect: Allow, Action: "s3:*", Resource: "*"}}}}]
`))
	if err != nil {
		t.Fatal(err)
	}
	c, err := New(w, Options{Start: epoch, Frozen: true})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func who(t *testing.T, c *Cloud, account, name string) Principal {
	t.Helper()
	p, e := c.UserPrincipal(account, name)
	if e != nil {
		t.Fatal(e)
	}
	return p
}

// TestBucketPolicies holds the rules of one's own and another's account together.
func TestBucketPolicies(t *testing.T) {
	c := newCloud(t)
	ann, bob, eve := who(t, c, owner, "ann"), who(t, c, owner, "bob"), who(t, c, stranger, "eve")
	delivery := ServicePrincipal("bcm-data-exports.amazonaws.com", owner, "arn:aws:bcm-data-exports:us-east-1:"+owner+":export/x")
	foreign := ServicePrincipal("bcm-data-exports.amazonaws.com", stranger, "arn:aws:bcm-data-exports:us-east-1:"+stranger+":export/x")
	allow := func(rest string) string {
		return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*",` + rest + `}]}`
	}
	service := allow(`"Principal":{"Service":"bcm-data-exports.amazonaws.com"},"Condition":{"StringLike":{"aws:SourceAccount":"` + owner + `","aws:SourceArn":"arn:aws:bcm-data-exports:us-east-1:` + owner + `:export/*"}}`)
	for _, tt := range []struct {
		name, policy string
		p            Principal
		want         string // "" = allowed, else what the message says
	}{
		{"nothing", "", ann, "because no identity-based policy allows the s3:GetObject action"},
		{"identity alone", "", bob, ""},
		{"another account, identity alone", "", eve, "because no resource-based policy allows the s3:GetObject action"},
		{"named in one's own account", allow(`"Principal":{"AWS":"arn:aws:iam::` + owner + `:user/ann"}`), ann, ""},
		{"the account's root delegates", allow(`"Principal":{"AWS":"` + owner + `"}`), ann, "because no identity-based policy"},
		{"root and identity", allow(`"Principal":{"AWS":"` + owner + `"}`), bob, ""},
		{"both sides", allow(`"Principal":{"AWS":"` + stranger + `"}`), eve, ""},
		{"everyone", allow(`"Principal":"*"`), eve, ""},
		{"anonymous and everyone", allow(`"Principal":"*"`), Principal{}, ""},
		{"anonymous", "", Principal{}, "Access Denied"},
		{"deny wins", strings.Replace(allow(`"Principal":"*"`), "Allow", "Deny", 1), bob, "with an explicit deny in a resource-based policy"},
		{"the service", service, delivery, ""},
		{"the service for another account", service, foreign, "s3:GetObject"},
		{"service without a policy", "", delivery, "s3:GetObject"},
		{"root user", "", Principal{Kind: RootUser, AccountID: owner, ARN: "arn:aws:iam::" + owner + ":root"}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := Access{Action: "s3:GetObject", Resource: "arn:aws:s3:::b/k", ResourceAccount: owner}
			if tt.policy != "" {
				d, err := policy.Parse(tt.policy, policy.Resource)
				if err != nil {
					t.Fatal(err)
				}
				a.ResourcePolicy = d
			}
			e := c.Authorize(tt.p, a)
			if (e == nil) != (tt.want == "") || e != nil && !strings.Contains(e.Message, tt.want) {
				t.Errorf("got %v, want %q", e, tt.want)
			}
		})
	}
}

func TestSuspendedAccountsHaveNoRoles(t *testing.T) {
	c := newCloud(t)
	const trust = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}}`
	for account, want := range map[string]bool{owner: true, stranger: false} {
		r, e := c.CreateRole(Role{Identity: Identity{AccountID: account, Path: "/", Name: "r"}}, trust)
		if e != nil {
			t.Fatal(e)
		}
		if got := c.RoleInForce(r.ARN()) != nil; got != want {
			t.Errorf("%s: %v", account, got)
		}
	}
}

func TestQuotas(t *testing.T) {
	c := newCloud(t)
	const trust = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}}`
	long := strings.Replace(trust, `"Effect"`, `"Sid":"`+strings.Repeat("x", 2048)+`","Effect"`, 1)
	if _, e := c.CreateRole(Role{Identity: Identity{AccountID: owner, Name: "a"}}, long); e == nil || e.Code != "LimitExceeded" {
		t.Errorf("long trust: %v", e)
	}
	if _, e := c.CreateRole(Role{Identity: Identity{AccountID: owner, Name: "a"}}, trust+strings.Repeat(" ", 4096)); e != nil {
		t.Errorf("white space does not count: %v", e)
	}
	for i, want := range []string{"", "", "LimitExceeded"} {
		if _, e := c.CreateAccessKey(owner, "ann"); (e == nil) != (want == "") {
			t.Errorf("key %d: %v", i, e)
		}
	}
}

func TestClockPlaysEventsInOrder(t *testing.T) {
	c := NewClock(epoch, true)
	var got []string
	note := func(what string) func(time.Time) {
		return func(now time.Time) {
			if !now.Equal(c.Now()) {
				t.Errorf("%s: the event says %v, the clock %v", what, now, c.Now())
			}
			got = append(got, what+" "+now.Sub(epoch).String())
		}
	}
	c.At(epoch.Add(3*time.Hour), note("c"))
	c.At(epoch.Add(time.Hour), func(now time.Time) {
		note("a")(now)
		c.At(now.Add(time.Hour), note("b"))
		c.At(now.Add(24*time.Hour), note("tomorrow"))
	})
	c.At(epoch.Add(3*time.Hour), note("d"))
	c.At(epoch.Add(-time.Hour), note("past"))
	c.OnMove(func(from, to time.Time) { got = append(got, "moved "+to.Sub(from).String()) })
	if now := c.Advance(4 * time.Hour); !now.Equal(epoch.Add(4 * time.Hour)) {
		t.Errorf("now %v", now)
	}
	c.Advance(-time.Hour)
	want := []string{"past 0s", "a 1h0m0s", "b 2h0m0s", "c 3h0m0s", "d 3h0m0s", "moved 4h0m0s", "moved 0s"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if running := NewClock(epoch, false); !running.Advance(time.Hour).After(epoch.Add(time.Hour-1)) || running.Now().Before(epoch.Add(time.Hour)) {
		t.Error("a running clock went back")
	}
}

func TestMeterPrices(t *testing.T) {
	m := &Meter{}
	m.Add("ce", "GetCostAndUsage", false)
	m.Add("ce", "GetCostAndUsage", true)
	m.Add("s3", "ListObjectsV2", false)
	m.Add("s3", "GetObject", false)
	m.Add("sts", "AssumeRole", false)
	if got := m.NanoUSD(); got != 10_000_000+5_000+400 {
		t.Errorf("%d nano USD", got)
	}
	if m.Requests("ce", "") != 2 || m.Requests("s3", "GetObject") != 1 {
		t.Errorf("%+v", m.Counts())
	}
	m.Reset()
	if len(m.Counts()) != 0 {
		t.Error("not reset")
	}
}

func TestFaultsAreUsedUp(t *testing.T) {
	f := &Faults{}
	f.Add(Fault{Kind: FaultThrottle, Service: "sts", Account: owner, Times: 2})
	take := func(service, account string) bool {
		_, ok := f.Take(FaultThrottle, service, "AssumeRole", account, "")
		return ok
	}
	got := []bool{take("iam", owner), take("sts", stranger), take("sts", owner), take("sts", owner), take("sts", owner)}
	if diff := cmp.Diff([]bool{false, false, true, true, false}, got); diff != "" {
		t.Error(diff)
	}
}
