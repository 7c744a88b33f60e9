package app_test

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/client"
	"github.com/bursarhq/bursar/internal/app"
	"github.com/bursarhq/bursar/internal/register"
	"github.com/bursarhq/bursar/internal/sandbox"
)

// The accounts of the demo's world.
const (
	payer = "111122223333"
	lone  = "777788889999" // standalone, with a legacy report of its own
)

// land is a bursar, over real HTTP, and a simulated AWS whose clock stands still.
type land struct {
	*testing.T
	aws *sandbox.Sandbox
	app *app.App
	log *lines // what the server logged, from debug on
	*client.Client
}

// lines is a log that can be read while it is written.
type lines struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func newLand(t *testing.T, change ...func(*app.Config)) land {
	t.Helper()
	aws, err := sandbox.New(sandbox.Config{Frozen: true, Start: time.Date(2026, 7, 3, 9, 0, 0, 0, time.UTC)})
	if err != nil {
		t.Fatal(err)
	}
	if err := aws.Start(t.Context(), "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	templates := httptest.NewServer(register.Published())
	key := aws.Cloud().BursarKey()
	c := app.Config{
		DataDir: t.TempDir(), Addr: "127.0.0.1:0", Region: "us-east-1", AccessKeyID: key.ID, SecretAccessKey: key.Secret, Endpoint: aws.URL(),
		TemplateBaseURL: templates.URL, ConsoleBaseURL: aws.URL() + "/console", CheckEvery: 6 * time.Hour, PollEvery: time.Hour, KeepVersions: 3, MemoryLimitMB: 256,
		Propagation: app.Propagation{Window: 2 * time.Second, Between: 10 * time.Millisecond}, Now: aws.Cloud().Clock.Now,
	}
	for _, f := range change {
		f(&c)
	}
	log := &lines{}
	a, err := app.New(t.Context(), c, slog.New(slog.NewMultiHandler(
		slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}), slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- a.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
		a.Close()
		templates.Close()
		aws.Close()
	})
	api, err := client.New(a.URL(), client.WithToken(a.Owner.Reveal()))
	if err != nil {
		t.Fatal(err)
	}
	return land{t, aws, a, log, api}
}

// must gives what a call answered, or ends the test.
func must[V any](t *testing.T) func(V, error) V {
	return func(v V, err error) V {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func (l land) register(n client.NewAccount) *client.Account {
	l.Helper()
	return must[*client.Account](l.T)(l.AddAccount(l.Context(), n))
}

// step returns a step of an account's set-up.
func (l land) step(account, id string) client.Step {
	l.Helper()
	setup := must[*client.Setup](l.T)(l.Setup(l.Context(), account))
	i := slices.IndexFunc(setup.Steps, func(s client.Step) bool { return s.ID == id })
	if i < 0 {
		l.Fatalf("no step %s in %+v", id, setup.Steps)
	}
	return setup.Steps[i]
}

// open does what a person does who opens the first link of a step, signed in to the account.
func (l land) open(account, id string) {
	l.Helper()
	s := l.step(account, id)
	if len(s.Links) == 0 {
		l.Fatalf("the step %s has no link: %+v", id, s)
	}
	st, err := l.aws.Console().CreateStackFromLink(l.Context(), s.Links[0].URL, account)
	if err != nil || st.Status != "CREATE_COMPLETE" {
		l.Fatalf("%s: %v %s %s %+v", id, err, st.Status, st.Reason, st.Events)
	}
	if st.Region != s.Region || st.Name != s.StackName {
		l.Errorf("the stack %s is in %s, the step says %s in %s", st.Name, st.Region, s.StackName, s.Region)
	}
}

// confirm presses Check and confirm, waits, and shows the account.
func (l land) confirm(account string) *client.Account {
	l.Helper()
	run := must[*bursar.Run](l.T)(l.CheckAccount(l.Context(), account))
	run = must[*bursar.Run](l.T)(l.WatchRun(l.Context(), run.ID, func(client.RunEvent) {}))
	if run.State != bursar.RunSucceeded {
		l.Fatalf("%+v", run)
	}
	return must[*client.Account](l.T)(l.Account(l.Context(), account))
}

// bring imports what was delivered. A run that was under way may have looked too early: the second one has not.
func (l land) bring(account string) {
	l.Helper()
	for range 2 {
		run := must[*bursar.Run](l.T)(l.ImportAccount(l.Context(), account))
		run = must[*bursar.Run](l.T)(l.WatchRun(l.Context(), run.ID, func(client.RunEvent) {}))
		if run.State != bursar.RunSucceeded {
			l.Fatalf("%+v", run.Error)
		}
	}
}

// connect registers an account by the console method and makes its access stack.
func (l land) connect(account string) *client.Account {
	l.Helper()
	l.register(client.NewAccount{AccountID: account, Name: "Example & co"})
	if s := l.step(account, "access"); s.State != "next" || s.Template.SHA256 == "" || s.Command == "" || s.Terraform == "" {
		l.Fatalf("%+v", s)
	}
	l.open(account, "access")
	a := l.confirm(account)
	if a.Status.Summary != bursar.SummaryConnected || l.step(account, "access").State != "done" {
		l.Fatalf("%+v", a.Findings)
	}
	return a
}

func (l land) choose(account string, e bursar.ExportChoice) {
	l.Helper()
	must[*client.Setup](l.T)(l.ChangeSetup(l.Context(), account, client.NewSetup{Export: &e}))
}

// published are the months that count, with their line items.
func (l land) published() map[string]int64 {
	l.Helper()
	out := map[string]int64{}
	for _, d := range must[[]bursar.Delivery](l.T)(l.Deliveries(l.Context(), "")) {
		if d.State != bursar.DeliveryPublished {
			continue
		}
		if out[d.Period.String()] != 0 {
			l.Errorf("%s counts twice", d.Period)
		}
		out[d.Period.String()] = d.Rows
	}
	return out
}

func code(a *client.Account, check string) string {
	for _, f := range a.Findings {
		if f.Check == check {
			return f.Code
		}
	}
	return ""
}

// TestEveryNewExport walks the console path to its end for each format, in both modes of delivery.
func TestEveryNewExport(t *testing.T) {
	for name, choice := range map[string]bursar.ExportChoice{
		"CUR 2.0, bucket elsewhere": {BucketRegion: "eu-west-1"},
		"CUR 2.0, csv, kept":        {FileFormat: bursar.FileCSV, Versioning: bursar.CreateNew},
		"FOCUS 1.2":                 {Format: bursar.FormatFOCUS12, Versioning: bursar.CreateNew},
		"legacy, csv":               {Format: bursar.FormatLegacy, FileFormat: bursar.FileCSV},
		"legacy, Parquet, kept":     {Format: bursar.FormatLegacy, Versioning: bursar.CreateNew, Prefix: "a/b", Name: "monthly"},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLand(t)
			if a := l.connect(lone); a.Kind != bursar.KindStandalone {
				t.Fatalf("%s", a.Kind)
			}
			l.choose(lone, choice)
			if s := l.step(lone, "export"); s.State != "next" {
				t.Errorf("%+v", s)
			}
			if choice.BucketRegion != "" {
				l.open(lone, "bucket")
			}
			l.open(lone, "export")
			a := l.confirm(lone)
			want := choice.Complete(a.Account)
			if a.Status.DataArrival != bursar.ArrivalAwaiting || code(a, "export_bucket") != "ok" || l.step(lone, "export").State != "done" {
				t.Fatalf("%s %+v", a.Status.DataArrival, a.Findings)
			}
			exports := must[[]bursar.Export](t)(l.Exports(t.Context()))
			if len(exports) != 1 || exports[0].Format != want.Format || exports[0].FileFormat != want.FileFormat || exports[0].Versioning != want.Versioning || exports[0].Region != want.BucketRegion {
				t.Errorf("%+v", exports)
			}
			l.aws.Cloud().Clock.Advance(36 * time.Hour)
			if a = l.confirm(lone); a.Status.DataArrival != bursar.ArrivalReceiving {
				t.Errorf("%s: %+v", a.Status.DataArrival, a.Findings)
			}
			l.bring(lone)
			if got := l.published(); len(got) == 0 {
				t.Error("nothing was published")
			}
		})
	}
}

// TestExistingExport: what the account has is listed with verdicts, the best is proposed, and the choice grants reading it alone.
func TestExistingExport(t *testing.T) {
	l := newLand(t)
	l.connect(lone)
	list := must[*client.Candidates](t)(l.AccountExports(t.Context(), lone))
	if len(list.Items) != 1 || list.SeenAt.IsZero() {
		t.Fatalf("%+v", list)
	}
	c := list.Items[0]
	if c.Definition.Export.Name != "lone-star-hourly" || !c.Proposed || !c.Usable || c.Chosen || len(c.Verdicts) != 11 {
		t.Errorf("%+v", c)
	}
	arn := c.Definition.Export.ARN
	bogus := client.NewSetup{Export: &bursar.ExportChoice{Existing: arn + "x"}}
	if _, err := l.ChangeSetup(t.Context(), lone, bogus); bursar.CodeOf(err) != bursar.Invalid {
		t.Errorf("an export that is not there was chosen: %v", err)
	}
	l.choose(lone, bursar.ExportChoice{Existing: arn})
	s := l.step(lone, "export")
	if s.Template.Name != "existing.yaml" || s.State != "next" {
		t.Fatalf("%+v", s)
	}
	if a := l.confirm(lone); code(a, "export_bucket") != "not_deployed_or_changed" || l.step(lone, "export").State != "next" {
		t.Errorf("before the stack stands: %+v", a.Findings)
	}
	l.open(lone, "export")
	a := l.confirm(lone)
	if code(a, "export_bucket") != "ok" || a.Status.DataArrival != bursar.ArrivalReceiving || l.step(lone, "export").State != "done" {
		t.Fatalf("%+v", a.Findings)
	}
	if list = must[*client.Candidates](t)(l.AccountExports(t.Context(), lone)); !list.Items[0].Chosen || !list.Items[0].Definition.Export.Followed {
		t.Errorf("%+v", list.Items[0])
	}
	l.bring(lone)
	before := l.published()
	if len(before) == 0 {
		t.Fatal("nothing was published")
	}
	l.switchOver(before)
}

// switchOver has a new export made beside the old one: each month goes on counting once.
func (l land) switchOver(before map[string]int64) {
	l.Helper()
	l.choose(lone, bursar.ExportChoice{Format: bursar.FormatCUR2})
	if a := l.confirm(lone); code(a, "export_definition") != "not_set_up" || l.step(lone, "export").State != "next" || l.step(lone, "export").Template.Name != "export.yaml" {
		l.Errorf("%+v", a.Findings)
	}
	stack := l.step(lone, "export")
	if len(stack.Texts) != 2 || !strings.Contains(stack.Texts[0].Body, "delete-stack --region us-east-1 --stack-name "+stack.StackName) {
		l.Errorf("the stack of the role that stands in the way is not named: %+v", stack.Texts)
	}
	l.deleteStack(lone, stack)
	l.open(lone, "export")
	l.confirm(lone)
	l.aws.Cloud().Clock.Advance(36 * time.Hour)
	l.confirm(lone)
	l.bring(lone)
	after := l.published()
	for period := range before {
		if after[period] == 0 {
			l.Errorf("%s got lost when the export changed", period)
		}
	}
	var followed []string
	for _, e := range must[[]bursar.Export](l.T)(l.Exports(l.Context())) {
		if e.Followed {
			followed = append(followed, e.Name)
		}
	}
	if !slices.Equal(followed, []string{"bursar-cur2"}) {
		l.Errorf("followed %v", followed)
	}
}

func (l land) deleteStack(account string, s client.Step) {
	l.Helper()
	admin, e := l.aws.Cloud().Admin(account)
	if e != nil {
		l.Fatal(e)
	}
	if e := l.aws.CloudFormation().DeleteStack(admin, s.Region, s.StackName); e != nil {
		l.Fatal(e)
	}
}

// TestHostileNameInTheWholePath: a name that holds a parameter comes back as it is, and the stack is what it would be with any other.
func TestHostileNameInTheWholePath(t *testing.T) {
	l := newLand(t)
	name := `x&param_Principal=666666666666#/stacks/create/review?param_PrincipalArn=y "; $(id)`
	a := l.register(client.NewAccount{AccountID: payer, Name: name})
	if a.Name != name || strings.Contains(l.step(payer, "access").Links[0].URL, "666666666666") {
		t.Errorf("%+v", a)
	}
	l.open(payer, "access")
	if a := l.confirm(payer); a.Kind != bursar.KindPayer || a.Status.Summary != bursar.SummaryConnected {
		t.Errorf("%+v", a.Findings)
	}
}
