package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/client"
	"github.com/bursarhq/bursar/deploy"
	"github.com/bursarhq/bursar/internal/sandbox"
	"github.com/bursarhq/bursar/internal/sandbox/cfn"
	"github.com/bursarhq/bursar/internal/sandbox/cloud"
	"github.com/bursarhq/bursar/internal/sandbox/world"
)

// The organization that is measured.
const (
	orgPayer   = "111122223333"
	orgMembers = 1000
	orgLatency = 50 * time.Millisecond // of each simulated AWS call
	orgTarget  = 60 * time.Second
)

// organization measures how long it takes from *check the members* to all of them discovered, verified and registered: by the program with
// its ordinary settings, against a simulated AWS with 50 ms for each call; then again while AWS refuses calls as too many.
func (b *bench) organization(ctx context.Context) error {
	aws, requests, err := simulatedOrganization()
	if err != nil {
		return err
	}
	defer aws.Close()
	key := aws.Cloud().BursarKey()
	srv, err := b.serveWith(ctx, b.folder("organization"), requests, key.ID, key.Secret.Reveal())
	if err != nil {
		return err
	}
	defer func() { _ = srv.stop() }()
	c, err := client.New(srv.url, client.WithToken(srv.token))
	if err != nil {
		return err
	}
	if err := registerOrgPayer(ctx, c, aws); err != nil {
		return err
	}
	aws.Cloud().Faults.Add(cloud.Fault{Kind: cloud.FaultLatency, Latency: orgLatency})
	took, err := checkOrgMembers(ctx, c)
	if err != nil {
		return err
	}
	b.table.judge("1,000 linked accounts discovered, verified, registered", "at most 60 s", took <= orgTarget, "%.1f s, %d requests, at most %d at once", took.Seconds(), requests.all.Load(), requests.most.Load())
	calm := requests.reset()
	requests.refuse.Store(true)
	if took, err = checkOrgMembers(ctx, c); err != nil {
		return err
	}
	more := float64(requests.all.Load()) / float64(calm)
	b.table.judge("the same while AWS refuses every fiftieth as too many", "at most 1.1 times the requests", more <= 1.1, "%.1f s, %.2f times the requests, at most %d at once", took.Seconds(), more, requests.most.Load())
	return nil
}

// counted counts what is asked of AWS, and has every fiftieth request for a session refused when it is told to.
type counted struct {
	aws                 *sandbox.Sandbox
	all, sts, now, most atomic.Int64
	refuse              atomic.Bool
}

// ServeHTTP passes a request on.
func (c *counted) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.all.Add(1)
	if strings.Contains(r.Header.Get("Authorization"), "/sts/") && c.sts.Add(1)%50 == 0 && c.refuse.Load() {
		c.aws.Cloud().Faults.Add(cloud.Fault{Kind: cloud.FaultThrottle, Service: "sts", Times: 1})
	}
	n := c.now.Add(1)
	defer c.now.Add(-1)
	for most := c.most.Load(); n > most && !c.most.CompareAndSwap(most, n); most = c.most.Load() {
	}
	c.aws.ServeHTTP(w, r)
}

func (c *counted) reset() (all int64) {
	c.most.Store(0)
	return c.all.Swap(0)
}

func simulatedOrganization() (*sandbox.Sandbox, *counted, error) {
	var accounts, members strings.Builder
	for i := range orgMembers {
		fmt.Fprintf(&accounts, "  - {id: \"2000000%05d\", name: Team %d}\n", i, i)
		fmt.Fprintf(&members, "\"2000000%05d\", ", i)
	}
	w, err := world.Parse([]byte("accounts:\n  - {id: \"" + orgPayer + "\", name: Payer}\n" + accounts.String() +
		"organizations:\n  - {id: o-abcdefghij, root: r-abcd, management: \"" + orgPayer + "\", members: [" + members.String() + "]}\n"))
	if err != nil {
		return nil, nil, err
	}
	aws, err := sandbox.New(sandbox.Config{World: w})
	return aws, &counted{aws: aws}, err
}

// registerOrgPayer registers the payer, makes its access stack with the StackSet for every account, and checks it.
func registerOrgPayer(ctx context.Context, c *client.Client, aws *sandbox.Sandbox) error {
	a, err := c.AddAccount(ctx, client.NewAccount{AccountID: orgPayer, Name: "Payer"})
	if err != nil {
		return err
	}
	step := a.Setup.Steps[0]
	parameters := map[string]string{"TargetOrganizationId": "r-abcd"}
	for _, p := range step.Parameters {
		parameters[p.Key] = p.Value
	}
	body, err := deploy.Template(deploy.Access)
	if err != nil {
		return err
	}
	admin, e := aws.Cloud().Admin(orgPayer)
	if e != nil {
		return e
	}
	st, e := aws.CloudFormation().CreateStack(ctx, admin, "us-east-1", cfn.StackInput{
		Name: step.StackName, TemplateBody: string(body), Parameters: parameters, Capabilities: []string{"CAPABILITY_NAMED_IAM"},
	})
	if e != nil || st.Status != "CREATE_COMPLETE" {
		return fmt.Errorf("the stack is %s %s %w", st.Status, st.Reason, e)
	}
	run, err := c.CheckAccount(ctx, a.ID)
	return ended(ctx, c, run, err)
}

func ended(ctx context.Context, c *client.Client, run *bursar.Run, err error) error {
	if err != nil {
		return err
	}
	run, err = c.WatchRun(ctx, run.ID, func(client.RunEvent) {})
	if err == nil && run.State != bursar.RunSucceeded {
		err = fmt.Errorf("the run is %s: %+v", run.State, run.Error)
	}
	return err
}

// checkOrgMembers looks at every member and wants each of them registered.
func checkOrgMembers(ctx context.Context, c *client.Client) (time.Duration, error) {
	began := time.Now()
	run, err := c.CheckMembers(ctx, orgPayer, false)
	if err := ended(ctx, c, run, err); err != nil {
		return 0, err
	}
	took := time.Since(began)
	members, err := c.Members(ctx, orgPayer, bursar.MemberAssumable)
	if err != nil {
		return took, err
	}
	for _, m := range members {
		if m.RegisteredAs == "" {
			return took, errors.New("account " + m.AccountID + " is not registered")
		}
	}
	if len(members) != orgMembers {
		return took, fmt.Errorf("%d of %d accounts can be assumed", len(members), orgMembers)
	}
	return took, nil
}
