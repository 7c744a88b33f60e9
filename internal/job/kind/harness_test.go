package kind_test

import (
	"context"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/deploy"
	"github.com/bursarhq/bursar/internal/awsapi"
	"github.com/bursarhq/bursar/internal/check"
	"github.com/bursarhq/bursar/internal/job"
	"github.com/bursarhq/bursar/internal/job/kind"
	"github.com/bursarhq/bursar/internal/sandbox"
	"github.com/bursarhq/bursar/internal/sandbox/cfn"
	"github.com/bursarhq/bursar/internal/sandbox/cloud"
	"github.com/bursarhq/bursar/internal/sandbox/world"
	"github.com/bursarhq/bursar/internal/store"
)

// Accounts of the sandbox's demo world.
const (
	payer  = "111122223333"
	member = "222233334444"
	loner  = "777788889999"
	own    = "999900001111"
)

var now = time.Date(2026, 7, 3, 9, 0, 0, 0, time.UTC)

// bench is a state store, a simulated AWS, and a runner of the kinds between them.
type bench struct {
	*testing.T
	store  *store.Store
	aws    *sandbox.Sandbox
	client *awsapi.Client
	runner *job.Runner
	ws     string
	inBill []string
}

func setup(t *testing.T, worlds ...string) *bench {
	t.Helper()
	b := &bench{T: t}
	cfg := sandbox.Config{Start: now, Frozen: true}
	for _, text := range worlds {
		w, err := world.Parse([]byte(text))
		b.must(err)
		cfg.World = w
	}
	var err error
	b.aws, err = sandbox.New(cfg)
	b.must(err)
	b.must(b.aws.Start(t.Context(), "127.0.0.1:0"))
	t.Cleanup(func() { _ = b.aws.Close() })
	b.store, err = store.Open(t.Context(), filepath.Join(t.TempDir(), "s.db"))
	b.must(err)
	t.Cleanup(func() { b.store.Close() })
	b.ws = b.workspace("one")
	k := b.aws.Cloud().BursarKey()
	b.client, err = awsapi.New(t.Context(), awsapi.Config{Endpoint: b.aws.URL(), AccessKeyID: k.ID, SecretAccessKey: bursar.NewSecret(k.Secret.Reveal())})
	b.must(err)
	b.start(check.Through(b.client))
	return b
}

// start begins to work off runs, with the given access.
func (b *bench) start(access check.Access) {
	b.Helper()
	pace := func(bool) check.Schedule {
		return check.Schedule{Waits: []time.Duration{0, time.Millisecond}, Limit: 50 * time.Millisecond, Apart: time.Millisecond}
	}
	looks := kind.Check{Store: b.store, Access: access, Suite: check.All, Forget: b.client.Forget, Version: deploy.Version, Pace: pace, Now: b.now}
	members := func(whom kind.Whom) kind.Members {
		return kind.Members{Store: b.store, Access: access, Whom: whom, Forget: b.client.Forget, Pace: pace, Now: b.now, InBill: b.bill}
	}
	b.runner = job.New(b.store, slog.New(slog.DiscardHandler), 4,
		job.Kind{Name: "check", Do: looks.Do}, job.Kind{Name: "members", Do: members(kind.Everyone).Do, Attempts: 2},
		job.Kind{Name: "members_failed", Do: members(kind.Lacking).Do}, job.Kind{Name: "sync", Do: members(kind.Reached).Do},
	)
	b.must(b.runner.Start(b.Context()))
	b.Cleanup(b.runner.Stop)
}

func (b *bench) must(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

func (b *bench) tx(f func(tx *store.Tx) error) {
	b.Helper()
	b.must(b.store.InTx(b.Context(), f))
}

func (b *bench) workspace(name string) (id string) {
	b.Helper()
	b.tx(func(tx *store.Tx) error { ws, err := tx.AddWorkspace(name); id = ws.ID; return err })
	return id
}

// register adds an account as the API does.
func (b *bench) register(ws, id, name string, change ...func(*bursar.Account)) (a bursar.Account) {
	b.Helper()
	a = bursar.Account{
		WorkspaceID: ws, AccountID: id, Name: name, Partition: bursar.PartitionAWS, Kind: bursar.KindUnknown, Method: bursar.MethodConsole, ExternalID: bursar.NewExternalID(),
		RoleARN: "arn:aws:iam::" + id + ":role/bursar/" + bursar.NewRoleName(),
	}
	for _, f := range change {
		f(&a)
	}
	b.tx(func(tx *store.Tx) (err error) { a, err = tx.AddAccount(a); return err })
	return a
}

// run does a run and returns it as it ended, or waits to be tried again.
func (b *bench) run(kind string, a bursar.Account) (run bursar.Run) {
	b.Helper()
	run, err := b.runner.Enqueue(b.Context(), a.WorkspaceID, kind, a.ID)
	b.must(err)
	return b.wait(run)
}

func (b *bench) wait(run bursar.Run) bursar.Run {
	b.Helper()
	events, stop := b.runner.Listen(run.ID)
	defer stop()
	for {
		b.tx(func(tx *store.Tx) (err error) { run, err = tx.Run(run.WorkspaceID, run.ID); return err })
		if run.State.Final() || run.State == bursar.RunQueued && run.Error != nil {
			return run
		}
		select {
		case <-events:
		case <-b.Context().Done():
			b.Fatal("the run never ended")
		}
	}
}

func (b *bench) account(a bursar.Account) (out bursar.Account) {
	b.Helper()
	b.tx(func(tx *store.Tx) (err error) { out, err = tx.Account(a.WorkspaceID, a.AccountID); return err })
	return out
}

func (b *bench) status(a bursar.Account) (s bursar.Status) {
	b.Helper()
	b.tx(func(tx *store.Tx) error {
		newest, err := tx.NewestFindings(a.WorkspaceID, a.ID)
		s = bursar.Summarize(newest)
		return err
	})
	return s
}

func (b *bench) members(a bursar.Account) (m map[string]bursar.Member) {
	b.Helper()
	b.tx(func(tx *store.Tx) (err error) { m, err = tx.AllMembers(a.WorkspaceID, a.ID); return err })
	return m
}

// events writes an account's events as texts, the oldest first: "capability access: ok > failed".
func (b *bench) events(a bursar.Account, about bursar.EventAbout) (out []string) {
	b.Helper()
	b.tx(func(tx *store.Tx) error {
		list, _, err := tx.Events(a.WorkspaceID, a.ID, store.Page{Limit: 1000})
		for _, e := range list {
			if e.About == about {
				out = append(out, strings.TrimSpace(e.Subject+" "+e.From+" > "+e.To))
			}
		}
		return err
	})
	slices.Reverse(out)
	return out
}

func (b *bench) now() time.Time { return b.aws.Cloud().Clock.Now() }

func (b *bench) role(account, path, name, trust string, policies ...string) {
	b.Helper()
	r := cloud.Role{}
	r.AccountID, r.Name, r.Path = account, name, path
	if _, e := b.aws.Cloud().CreateRole(r, trust); e != nil {
		b.Fatal(e)
	}
	for _, p := range policies {
		doc, e := cloud.ParsePolicy(p, 0)
		if e != nil {
			b.Fatal(e)
		}
		if _, e := b.aws.Cloud().ChangeRole(account, name, func(r *cloud.Role) *cloud.Error { r.SetInline("p", doc); return nil }); e != nil {
			b.Fatal(e)
		}
	}
}

// access makes the shipped access stack of an account; target "r-exmp" makes the StackSet too.
func (b *bench) access(a bursar.Account, target string) {
	b.Helper()
	body, err := deploy.Template(deploy.Access)
	b.must(err)
	admin, e := b.aws.Cloud().Admin(a.AccountID)
	if e != nil {
		b.Fatal(e)
	}
	role, err := bursar.ParseRoleARN(a.RoleARN)
	b.must(err)
	in := cfn.StackInput{Name: "access-" + role.Name, TemplateBody: string(body), Capabilities: []string{"CAPABILITY_NAMED_IAM"}, Parameters: map[string]string{
		"RoleName": role.Name, "ExternalId": a.ExternalID, "Principal": own, "PrincipalArn": "arn:aws:iam::" + own + ":user/bursar", "TargetOrganizationId": target,
	}}
	st, e := b.aws.CloudFormation().CreateStack(b.Context(), admin, "us-east-1", in)
	if e != nil || st.Status != "CREATE_COMPLETE" {
		b.Fatalf("%v %s %s", e, st.Status, st.Reason)
	}
}

func (b *bench) bill(context.Context, bursar.Account) ([]string, error) { return b.inBill, nil }
