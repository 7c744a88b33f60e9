// Package e2e runs the real program, as a process of its own, against the simulated AWS.
package e2e

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/bursarhq/bursar/client"
	"github.com/bursarhq/bursar/internal/app"
	"github.com/bursarhq/bursar/internal/cli"
	"github.com/bursarhq/bursar/internal/register"
	"github.com/bursarhq/bursar/internal/sandbox"
	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain makes this test's own executable be bursar when it is started under that name, as cmd/bursar is.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"bursar": bursarMain})
}

func bursarMain() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	os.Exit(cli.Main(ctx, app.Local{}, cli.Environment{
		Args: os.Args[1:], Environ: os.Environ(), Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
	}))
}

// patience is how long anything here may take before it counts as hanging.
const patience = 60 * time.Second

// server is a running `bursar serve`.
type server struct {
	cmd   *exec.Cmd
	url   string
	token string // the owner's, when this was the first start
	link  string // the secret of the link by which the owner sets a password, then
	log   *safeBuffer
	out   *safeBuffer
	done  chan struct{}
	err   error // of Wait; read it after done
}

type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// startServer starts `bursar serve` and waits until it has said where it listens.
func startServer(env []string, args ...string) (*server, error) {
	path, err := exec.LookPath("bursar")
	if err != nil {
		return nil, err
	}
	s := &server{cmd: exec.Command(path, append([]string{"serve"}, args...)...), log: &safeBuffer{}, out: &safeBuffer{}, done: make(chan struct{})}
	s.cmd.Env = append(env, "PATH="+os.Getenv("PATH"))
	s.cmd.Stderr = s.log
	pipe, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	listening := make(chan struct{})
	go s.read(pipe, listening)
	select {
	case <-listening:
		return s, nil
	case <-s.done:
		return nil, fmt.Errorf("bursar serve ended: %w\n%s", s.err, s.log)
	case <-time.After(patience):
		return nil, errors.Join(errors.New("bursar serve does not begin to listen"), s.cmd.Process.Kill())
	}
}

func (s *server) read(pipe io.Reader, listening chan struct{}) {
	lines := bufio.NewScanner(pipe)
	for lines.Scan() {
		fmt.Fprintln(s.out, lines.Text())
		line := strings.TrimSpace(lines.Text())
		if strings.HasPrefix(line, "bur_") {
			s.token = line
		}
		if _, token, ok := strings.Cut(line, "#"); ok && s.link == "" {
			s.link = token
		}
		if url, ok := strings.CutPrefix(line, "bursar listens on "); ok {
			s.url = url
			close(listening)
		}
	}
	s.err = s.cmd.Wait()
	close(s.done)
}

// end sends a signal and waits for the process.
func (s *server) end(how os.Signal) error {
	if err := s.cmd.Process.Signal(how); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-s.done:
		return s.err
	case <-time.After(patience):
		return errors.Join(fmt.Errorf("bursar serve does not end upon %s\n%s", how, s.log), s.cmd.Process.Kill())
	}
}

// simulated starts a simulated AWS, and a place where the templates are published, and gives it with the settings that point bursar
// at them. Both end with stop.
func simulated() (aws *sandbox.Sandbox, env []string, stop func(), err error) {
	if aws, err = sandbox.New(sandbox.Config{}); err != nil {
		return nil, nil, nil, err
	}
	if err := aws.Start(context.Background(), "127.0.0.1:0"); err != nil {
		return nil, nil, nil, err
	}
	templates := httptest.NewServer(register.Published())
	key := aws.Cloud().BursarKey()
	return aws, []string{
		"BURSAR_TEMPLATES_BASE_URL=" + templates.URL,
		"BURSAR_ADDR=127.0.0.1:0", "BURSAR_AWS_ENDPOINT=" + aws.URL(), "BURSAR_AWS_CONSOLE_URL=" + aws.URL() + "/console",
		"BURSAR_AWS_ACCESS_KEY_ID=" + key.ID, "BURSAR_AWS_SECRET_ACCESS_KEY=" + key.Secret.Reveal(),
	}, func() { templates.Close(); _ = aws.Close() }, nil
}

// createStack does what a person does with the link of a set-up step: open it signed in to the account, and press Create stack.
func createStack(ctx context.Context, c *client.Client, aws *sandbox.Sandbox, account, step string) error {
	setup, err := c.Setup(ctx, account)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(setup.Steps, func(s client.Step) bool { return s.ID == step })
	if i < 0 || len(setup.Steps[i].Links) == 0 {
		return fmt.Errorf("the set-up of %s has no link for the step %s", account, step)
	}
	stack, err := aws.Console().CreateStackFromLink(ctx, setup.Steps[i].Links[0].URL, account)
	if err == nil && stack.Status != "CREATE_COMPLETE" {
		err = fmt.Errorf("the stack %s is %s: %s", stack.Name, stack.Status, stack.Reason)
	}
	return err
}

// installation is one bursar with its data folder, and the simulated AWS that it sees. It can be started many times.
type installation struct {
	*testing.T
	aws *sandbox.Sandbox
	env []string
	*server
	owner    string
	restarts int
}

// install starts a simulated AWS and bursar on a data folder of the test's own.
func install(t *testing.T, extra ...string) *installation {
	t.Helper()
	aws, env, stop, err := simulated()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	env = append(env, "HOME="+t.TempDir(), "BURSAR_DATA_DIR="+filepath.Join(t.TempDir(), "data"))
	in := &installation{T: t, aws: aws, env: append(env, extra...)}
	in.start()
	in.owner = in.token
	t.Cleanup(func() { _ = in.end(os.Kill) })
	return in
}

func (in *installation) start() {
	in.Helper()
	s, err := startServer(in.env)
	if err != nil {
		in.Fatal(err)
	}
	in.server = s
	in.restarts++
}

func (in *installation) client() *client.Client {
	in.Helper()
	c, err := client.New(in.url, client.WithToken(in.owner))
	if err != nil {
		in.Fatal(err)
	}
	return c
}

// must gives a value, or fails the test when there is an error: must(c.Run(…))(in).
func must[T any](v T, err error) func(*installation) T {
	return func(in *installation) T {
		in.Helper()
		if err != nil {
			in.Fatalf("%v\n%s", err, in.log)
		}
		return v
	}
}

// eventually waits until something holds.
func (in *installation) eventually(what string, holds func() bool) {
	in.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-deadline:
			in.Fatalf("it never came about that %s\n%s", what, in.log)
		case <-tick.C:
		}
	}
}
