package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// program builds bursar once and returns where it is.
func (b *bench) program(ctx context.Context) (string, error) {
	path := filepath.Join(b.scratch, "bursar")
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	out, err := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", path, "github.com/bursarhq/bursar/cmd/bursar").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("building bursar: %w\n%s", err, out)
	}
	return path, nil
}

// folder returns a new folder of the run's own.
func (b *bench) folder(name string) string { return filepath.Join(b.scratch, name) }

// server is a running `bursar serve`.
type server struct {
	cmd   *exec.Cmd
	aws   *httptest.Server
	url   string
	token string        // of the first start
	took  time.Duration // until it said that it is ready
}

// serve starts bursar on a data folder and waits until it is ready. AWS is a local server that only says who bursar is, so that no network
// is in the figures.
func (b *bench) serve(ctx context.Context, data string) (*server, error) {
	return b.serveWith(ctx, data, http.HandlerFunc(callerIdentity), "AKIAIOSFODNN7EXAMPLE", "bench")
}

// serveWith does the same with a given AWS and bursar's access key in it.
func (b *bench) serveWith(ctx context.Context, data string, aws http.Handler, keyID, secret string) (*server, error) {
	program, err := b.program(ctx)
	if err != nil {
		return nil, err
	}
	s := &server{aws: httptest.NewServer(aws), cmd: exec.CommandContext(ctx, program, "serve")}
	s.cmd.Env = append(withoutSettings(os.Environ()), "BURSAR_DATA_DIR="+data, "BURSAR_ADDR=127.0.0.1:0", "BURSAR_LOG_LEVEL=error",
		"BURSAR_AWS_ACCESS_KEY_ID="+keyID, "BURSAR_AWS_SECRET_ACCESS_KEY="+secret, "BURSAR_AWS_ENDPOINT="+s.aws.URL)
	s.cmd.Stderr = os.Stderr
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	began := time.Now()
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	if err := s.listen(out); err != nil {
		return nil, errors.Join(err, s.stop())
	}
	if err := s.ready(ctx); err != nil {
		return nil, errors.Join(err, s.stop())
	}
	s.took = time.Since(began)
	return s, nil
}

func callerIdentity(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/xml")
	fmt.Fprint(w, `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>`+
		`<Arn>arn:aws:iam::210987654321:user/bursar</Arn><UserId>AIDACKCEVSQ6C2EXAMPLE</UserId><Account>210987654321</Account>`+
		`</GetCallerIdentityResult></GetCallerIdentityResponse>`)
}

func withoutSettings(environ []string) (out []string) {
	for _, kv := range environ {
		if !strings.HasPrefix(kv, "BURSAR_") {
			out = append(out, kv)
		}
	}
	return out
}

// listen reads what the server prints until it says its address.
func (s *server) listen(out io.Reader) error {
	lines := bufio.NewScanner(out)
	announced := false
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		url, found := strings.CutPrefix(line, "bursar listens on ")
		switch {
		case found:
			s.url = url
			go io.Copy(io.Discard, out)
			return nil
		case announced && s.token == "":
			s.token = line
		case strings.Contains(line, "owner's token"):
			announced = true
		}
	}
	return errors.New("bursar serve ended before it listened")
}

func (s *server) ready(ctx context.Context) error {
	for {
		resp, err := http.Get(s.url + "/readyz")
		if err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Millisecond):
		}
	}
}

// stop ends the server and waits for it.
func (s *server) stop() error {
	defer s.aws.Close()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	return s.cmd.Wait()
}

// residentNow is the memory that a process has now, in bytes; 0 where the system does not say.
func residentNow(pid int) (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	var size, pages int64
	if err == nil {
		_, err = fmt.Sscan(string(text), &size, &pages)
	}
	return pages * int64(os.Getpagesize()), err
}

// mostAtStart is what an installation without data may take, in bytes.
const mostAtStart = 80_000_000

// start measures `bursar serve` on an empty folder, and `bursar version`.
func (b *bench) start(ctx context.Context) error {
	var took, version []time.Duration
	var resident, most int64
	for i := range 5 {
		s, err := b.serve(ctx, b.folder(fmt.Sprintf("empty-%d", i)))
		if err != nil {
			return err
		}
		took = append(took, s.took)
		now, err := residentNow(s.cmd.Process.Pid)
		if err != nil {
			return err
		}
		resident = max(resident, now)
		if err := s.stop(); err != nil {
			return err
		}
		most = max(most, peak(s.cmd.ProcessState))
		began := time.Now()
		if err := exec.CommandContext(ctx, b.folder("bursar"), "version").Run(); err != nil {
			return err
		}
		version = append(version, time.Since(began))
	}
	ready := median(took)
	b.table.judge("bursar serve, start to ready, empty data", "at most 500 ms", ready <= 500*time.Millisecond, "%d ms, median of 5", ready.Milliseconds())
	b.table.judge("  resident when ready", "at most 80 MB", resident <= mostAtStart, "%s, most of 5", mb(resident))
	b.table.add("  most on the way", "%s", mb(most))
	if err := b.startAlone(ctx); err != nil {
		return err
	}
	said := median(version)
	b.table.judge("bursar version", "at most 50 ms", said <= 50*time.Millisecond, "%d ms, median of 5", said.Milliseconds())
	return nil
}

// startAlone measures the start where AWS takes connections and says nothing.
func (b *bench) startAlone(ctx context.Context) error {
	silent := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // else nobody hears that the caller has gone
		<-r.Context().Done()
	})
	s, err := b.serveWith(ctx, b.folder("alone"), silent, "AKIAIOSFODNN7EXAMPLE", "bench")
	if err != nil {
		return err
	}
	b.table.judge("  start to ready while AWS is silent", "at most 500 ms", s.took <= 500*time.Millisecond, "%d ms", s.took.Milliseconds())
	return s.stop()
}
