package lake_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/billing/ingest"
	"github.com/bursarhq/bursar/internal/billing/lake"
)

// steps are those of an import at which it can still be cancelled.
var steps = []string{"staged", "ingested", "rolled", "read", "moved", "in transaction"}

func TestCancellingLeavesNothingBehind(t *testing.T) {
	for _, step := range steps {
		t.Run(step, func(t *testing.T) {
			w := newWorld(t)
			delivery{period: february, version: "v1", lines: lines(2, "2026-02-01", "AmazonEC2", "1")}.put(t, w.objects())
			w.mustPoll(t)
			delivery{period: february, version: "v2", lines: lines(3, "2026-02-01", "AmazonEC2", "5")}.put(t, w.objects())
			ctx, cancel := context.WithCancel(t.Context())
			lake.SetStep(func(name string) {
				if name == step {
					cancel()
				}
			})
			_, err := w.poll(ctx, time.Now())
			lake.SetStep(nil)
			if !errors.Is(err, context.Canceled) {
				t.Errorf("the import ended with %v", err)
			}
			if s := w.snapshotState(t); s != "published superseded:0 rejected:0" {
				t.Errorf("catalog %s", s)
			}
			if s := joined(w.totals(t)); s != "2026-02=2" {
				t.Errorf("published %s", s)
			}
			w.tidy(t)
			w.mustPoll(t) // and the delivery is not lost
			if s := joined(w.totals(t)); s != "2026-02=15" {
				t.Errorf("published %s", s)
			}
		})
	}
}

func TestALakeThatCannotBeWritten(t *testing.T) {
	if _, err := os.Stat("/sys/kernel"); err != nil {
		t.Skip("no /sys, which nobody can write to")
	}
	w := newWorld(t)
	delivery{period: february, version: "v1", lines: lines(2, "2026-02-01", "AmazonEC2", "1")}.put(t, w.objects())
	w.mustPoll(t)
	delivery{period: february, version: "v2", lines: lines(3, "2026-02-01", "AmazonEC2", "5")}.put(t, w.objects())
	lake.SetStep(func(name string) {
		if name != "staged" {
			return
		}
		staged, err := filepath.Glob(filepath.Join(w.dir, "lake", "staging", "dlv_*"))
		if err != nil || len(staged) != 1 {
			t.Fatalf("staged %v, %v", staged, err)
		}
		check(t, os.Remove(staged[0]))
		check(t, os.Symlink("/sys/kernel", staged[0]))
	})
	_, err := w.poll(t.Context(), time.Now())
	lake.SetStep(nil)
	w.unharmed(t, err, "lake_unwritable")
}

// unharmed wants an error with a reason and a hint, which is worth another try, and everything as it was.
func (w *world) unharmed(t *testing.T, err error, reason string) {
	t.Helper()
	var e *bursar.Error
	if !errors.As(err, &e) || e.Reason != reason || e.Code != bursar.Unavailable || e.Hint == "" {
		t.Errorf("the import ended with %v, want %s", err, reason)
	}
	if s := joined(w.totals(t)); s != "2026-02=2" {
		t.Errorf("published %s", s)
	}
	w.tidy(t)
}

// insideFull is set in a process that has a file system of its own to fill.
const insideFull = "BURSAR_TEST_FULL"

func TestAFullDisk(t *testing.T) {
	if os.Getenv(insideFull) != "" {
		fillDisk(t)
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestAFullDisk$", "-test.v")
	cmd.Env = append(os.Environ(), insideFull+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}, GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) || strings.Contains(string(out), "no mounting here") {
		t.Skipf("this system lets nobody mount a small disk: %v", err)
	}
	if err != nil || !strings.Contains(string(out), "--- PASS: TestAFullDisk") {
		t.Errorf("%v\n%s", err, out)
	}
}

// fillDisk gives the lake a disk of 512 KiB, and imports more than that.
func fillDisk(t *testing.T) {
	dir := t.TempDir()
	for _, d := range []string{"bucket", "lake"} {
		check(t, os.Mkdir(filepath.Join(dir, d), 0o755))
	}
	if err := syscall.Mount("none", filepath.Join(dir, "lake"), "tmpfs", 0, "size=512k"); err != nil {
		t.Fatalf("no mounting here: %v", err)
	}
	t.Cleanup(func() { check(t, syscall.Unmount(filepath.Join(dir, "lake"), 0)) })
	w, err := openWorld(t.Context(), dir)
	check(t, err)
	t.Cleanup(w.close)
	check(t, w.follow())
	delivery{period: february, version: "v1", lines: lines(2, "2026-02-01", "AmazonEC2", "1")}.put(t, w.objects())
	w.mustPoll(t)
	big := delivery{period: february, version: "v2"}
	random := rand.New(rand.NewPCG(1, 2))
	for range 100_000 {
		big.lines = append(big.lines, line{"2026-02-01", "AmazonEC2", fmt.Sprintf("0.%018d", random.Uint64N(1e18))})
	}
	big.put(t, w.objects())
	_, err = w.poll(t.Context(), time.Now())
	w.unharmed(t, err, "disk_full")
	delivery{period: february, version: "v3", lines: lines(3, "2026-02-01", "AmazonEC2", "5")}.put(t, w.objects())
	w.mustPoll(t)
	if s := joined(w.totals(t)); s != "2026-02=15" {
		t.Errorf("published %s", s)
	}
}

func TestProgressIsTold(t *testing.T) {
	w := newWorld(t)
	d := delivery{period: february, version: "v1", files: 3, lines: lines(5000, "2026-02-01", "AmazonEC2", "1")}
	d.put(t, w.objects())
	var last ingest.Progress
	w.progress = func(p ingest.Progress) {
		if p.Bytes < last.Bytes || p.Rows < last.Rows || p.Bytes > p.BytesTotal {
			t.Errorf("from %+v to %+v", last, p)
		}
		last = p
	}
	w.mustPoll(t)
	if last.Rows != 5000 || last.Bytes != last.BytesTotal || last.BytesTotal == 0 || last.FilesDone != 3 || last.Elapsed <= 0 {
		t.Errorf("the last word was %+v", last)
	}
}
