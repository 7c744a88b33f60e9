// Package realserver starts servers of other makers for the tests and the benchmarks: PostgreSQL and ClickHouse, each a process with a
// folder of its own that is gone when it is stopped.
package realserver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

// ErrAbsent is why a server cannot be started: it is not installed.
var ErrAbsent = errors.New("not installed")

// Need gives what a start function made, until the test ends. Where the server is not installed, the test is skipped on a laptop and
// fails where CI is set.
func Need[S interface{ Stop() }](t testing.TB, start func(context.Context) (S, error)) S {
	t.Helper()
	s, err := start(context.WithoutCancel(t.Context()))
	switch {
	case errors.Is(err, ErrAbsent) && os.Getenv("CI") != "true":
		t.Skip(err)
	case err != nil:
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s
}

// process is a server that runs.
type process struct {
	cmd  *exec.Cmd
	done chan struct{}
	dir  string
}

// begin starts a command, and waits until ready answers without an error.
func begin(ctx context.Context, cmd *exec.Cmd, dir string, ready func() error) (*process, error) {
	log, err := os.Create(dir + "/log")
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &process{cmd: cmd, done: make(chan struct{}), dir: dir}
	go func() { _ = cmd.Wait(); close(p.done) }() // its log says how it ended
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		err := ready()
		if err == nil {
			return p, nil
		}
		select {
		case <-p.done:
			err = errors.New("it has ended")
		case <-ctx.Done():
		case <-time.After(20 * time.Millisecond):
			continue
		}
		said, _ := os.ReadFile(dir + "/log")
		p.Stop()
		return nil, fmt.Errorf("%s does not answer: %w\n%s", cmd.Path, err, said)
	}
}

// Stop ends the server at once, and removes its folder.
func (p *process) Stop() {
	_ = p.cmd.Process.Signal(syscall.SIGKILL) // it may have ended already
	<-p.done
	_ = os.RemoveAll(p.dir)
}

// freePort is a port of this machine that nobody listens on.
func freePort(ctx context.Context) (int, error) {
	var c net.ListenConfig
	l, err := c.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

func answers(ctx context.Context, port int) error {
	var d net.Dialer
	c, err := d.DialContext(ctx, "tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err == nil {
		err = c.Close()
	}
	return err
}
