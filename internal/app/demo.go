package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/client"
	"github.com/bursarhq/bursar/internal/cli"
	"github.com/bursarhq/bursar/internal/register"
	"github.com/bursarhq/bursar/internal/sandbox"
)

// Demo runs bursar and a simulated AWS beside it, on loopback.
func (Local) Demo(ctx context.Context, o cli.DemoOptions, out, log io.Writer) error {
	d := &demo{options: o, out: out, log: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelWarn}))}
	defer d.close()
	if err := d.open(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	served := make(chan error, 1)
	go func() { served <- d.app.Run(ctx) }()
	if o.Once {
		err := d.once(ctx)
		cancel()
		return errors.Join(err, <-served)
	}
	d.welcome()
	err := <-served
	fmt.Fprintln(out, "stopped")
	return err
}

// demo is bursar, the simulated AWS, and the place where templates are published.
type demo struct {
	options cli.DemoOptions
	out     io.Writer
	log     *slog.Logger
	aws     *sandbox.Sandbox
	app     *App
	client  *client.Client
	closers []func() error
}

// demoPoll is how often the demo looks for deliveries: whoever moves the clock does not want to wait for them.
const demoPoll = 5 * time.Second

func (d *demo) open(ctx context.Context) (err error) {
	dir := d.options.DataDir
	if dir == "" {
		if dir, err = os.MkdirTemp("", "bursar-demo-"); err != nil {
			return err
		}
		d.onClose(func() error { return os.RemoveAll(dir) })
	} else if err := os.MkdirAll(dir, 0o700); err != nil {
		return bursar.Errorf(bursar.Unavailable, "the demo's folder cannot be made: %w", err).WithHint("name a folder that this user may make with --data, or leave it out")
	}
	if d.aws, err = sandbox.New(sandbox.Config{Dir: dir, Log: d.log}); err != nil {
		return err
	}
	d.onClose(d.aws.Close)
	if err := d.aws.Start(ctx, "127.0.0.1:0"); err != nil {
		return err
	}
	templates, err := d.publish(ctx)
	if err != nil {
		return err
	}
	if d.app, err = New(ctx, d.config(dir, templates), d.log); err != nil {
		return err
	}
	d.onClose(d.app.Close)
	if d.app.Owner.IsZero() {
		return bursar.Errorf(bursar.Conflict, "the folder %s belongs to an earlier demo, whose simulated AWS is gone", dir).
			WithHint("name a new folder with --data, or leave it out")
	}
	d.client, err = client.New(d.app.URL(), client.WithToken(d.app.Owner.Reveal()))
	return err
}

// config is that of an ordinary server which sees other endpoints. IAM of the simulated AWS takes up a change at once.
func (d *demo) config(dir, templates string) Config {
	key := d.aws.Cloud().BursarKey()
	poll := demoPoll
	if d.options.Once { // it looks by itself, and counts the requests of one look
		poll = time.Hour
	}
	return Config{
		DataDir: dir, Addr: cmp.Or(d.options.Addr, "127.0.0.1:0"), Region: "us-east-1",
		AccessKeyID: key.ID, SecretAccessKey: key.Secret, Endpoint: d.aws.URL(),
		TemplateBaseURL: templates, ConsoleBaseURL: d.aws.URL() + "/console",
		CheckEvery: 6 * time.Hour, PollEvery: poll, KeepVersions: 3, MemoryLimitMB: 256, SQLTimeout: 20 * time.Second, SQLMemoryMB: 256,
		Propagation: Propagation{Window: 10 * time.Second, Between: 200 * time.Millisecond}, Now: d.aws.Cloud().Clock.Now,
	}
}

// publish serves the templates as a bucket would in which they are published.
func (d *demo) publish(ctx context.Context) (string, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	srv := &http.Server{Handler: http.StripPrefix("/templates", register.Published()), ReadHeaderTimeout: 10 * time.Second}
	done := make(chan error, 1)
	go func() { done <- srv.Serve(l) }()
	d.onClose(func() error {
		err := srv.Close()
		<-done
		return err
	})
	return "http://" + l.Addr().String() + "/templates", nil
}

func (d *demo) onClose(f func() error) { d.closers = append(d.closers, f) }

func (d *demo) close() {
	for i := len(d.closers) - 1; i >= 0; i-- {
		if err := d.closers[i](); err != nil {
			d.log.Warn("the demo cannot be put away", slog.Any("error", err))
		}
	}
}

// welcome says what a person can do now.
func (d *demo) welcome() {
	fmt.Fprintf(d.out, `bursar runs against a simulated AWS. Nothing here is real, and nothing leaves this machine.

  bursar           %[1]s
  simulated AWS    %[2]s/console/
  owner's token    %[3]s
                   shown this once; for the commands below:

  export BURSAR_SERVER=%[1]s BURSAR_TOKEN=%[3]s

Simulated accounts to try:

%[4]s
Next, in another terminal:

  bin/bursar account add %[5]s "Example Corp"     register the payer
  bin/bursar account setup %[5]s                  open the create-stack link that it prints, and create the stack
  bin/bursar account check %[5]s                  check and confirm: what works, what does not
  bin/bursar account setup %[5]s                  the export step, in the same way; then check again
  curl -d '{"advance": "36h"}' -H 'Content-Type: application/json' %[2]s/_sandbox/clock
                                                       let time pass: AWS delivers, bursar imports
  bin/bursar cost --group-by service                   what it cost

Ctrl-C stops everything.
`, d.app.URL(), d.aws.URL(), d.app.Owner.Reveal(), d.accounts(), demoPayer)
}

// accounts lists what the simulated AWS has, with what each account is good for.
func (d *demo) accounts() string {
	text := ""
	for _, a := range d.aws.Cloud().Accounts() {
		what := "linked to " + demoPayer
		switch o, member := d.aws.Cloud().OrganizationOf(a.ID); {
		case a.ID == d.aws.Cloud().World.Bursar.Account:
			continue
		case member && o.ManagementID == a.ID:
			what = "payer of an organization"
		case !member:
			what = "standalone"
		}
		if a.State != "ACTIVE" {
			what += ", " + a.State
		}
		text += fmt.Sprintf("  %s  %-28s %s\n", a.ID, a.Name, what)
	}
	return text
}
