package lake_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/billing/lake"
	"github.com/bursarhq/bursar/internal/store"
)

// The child process of the tests below: it imports what the bucket has, and is killed on the way.
const (
	childDir  = "BURSAR_TEST_LAKE"   // the installation; set in the child alone
	childStep = "BURSAR_TEST_STEP"   // the step at which it kills itself
	childFor  = "BURSAR_TEST_MICROS" // or how long after it began
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		if err := child(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	check0(flag.Set("rapid.checks", "15")) // unless the command line says otherwise
	os.Exit(m.Run())
}

func check0(err error) {
	if err != nil {
		panic(err)
	}
}

func child(dir string) error {
	w, err := openWorld(context.Background(), dir)
	if err != nil {
		return err
	}
	lake.SetStep(func(name string) {
		if name == os.Getenv(childStep) {
			die()
		}
	})
	if micros, err := strconv.Atoi(os.Getenv(childFor)); err == nil {
		time.AfterFunc(time.Duration(micros)*time.Microsecond, die)
	}
	began := time.Now()
	_, err = w.poll(context.Background(), time.Now())
	fmt.Println(time.Since(began).Microseconds())
	return err
}

// die is kill -9: nothing is flushed, closed or deferred.
func die() {
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}

// run runs a child; it returns how long its import took when it lived to tell.
func run(t *testing.T, dir string, env ...string) (micros int, killed bool) {
	t.Helper()
	exe, err := os.Executable()
	check(t, err)
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(t.Context(), exe)
	cmd.Env = append(append(os.Environ(), childDir+"="+dir), env...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	err = cmd.Run()
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() && status.Signal() == syscall.SIGKILL {
		return 0, true
	}
	if err != nil {
		t.Fatalf("the child failed: %v\n%s", err, errs.String())
	}
	micros, err = strconv.Atoi(strings.TrimSpace(out.String()))
	check(t, err)
	return micros, false
}

// restart opens the installation again, as after a crash, within the time that a start may take.
func restart(t *testing.T, dir string) *world {
	t.Helper()
	began := time.Now()
	w, err := openWorld(t.Context(), dir)
	check(t, err)
	if d := time.Since(began); d > 5*time.Second {
		t.Errorf("the start took %s", d)
	}
	return w
}

func version(n int) delivery {
	modes := []bursar.Versioning{bursar.Overwrite, bursar.CreateNew}
	return delivery{
		period: february, version: fmt.Sprintf("v%d", n), files: 1 + n%3, mode: modes[n%2],
		lines: append(lines(40+n%7, "2026-02-01", "AmazonEC2", fmt.Sprintf("%d.0000000001", n)), line{"2026-02-11", "AmazonS3", "-0.5"}),
	}
}

func TestKilledAtEachStep(t *testing.T) {
	w := newWorld(t)
	n := 1
	version(n).put(t, w.objects())
	w.mustPoll(t)
	w.close()
	for _, step := range []string{"staged", "ingested", "read", "moved", "in transaction", "published", "collected"} {
		t.Run(step, func(t *testing.T) {
			old := version(n)
			n++
			next := version(n)
			next.put(t, w.objects())
			if _, killed := run(t, w.dir, childStep+"="+step); !killed {
				t.Fatal("the child was not killed there")
			}
			again := restart(t, w.dir)
			defer again.close()
			want := old
			if step == "published" || step == "collected" {
				want = next
			}
			again.counts(t, want)
			again.mustPoll(t)
			again.counts(t, next)
			if s := again.versions(t); strings.Count(s, next.version+" ") != 1 {
				t.Errorf("%s is not there once: %s", next.version, s)
			}
		})
	}
}

// TestKilledAnywhere kills imports at random times. BURSAR_KILLS says how many; make soak asks for 200.
func TestKilledAnywhere(t *testing.T) {
	kills, err := strconv.Atoi(os.Getenv("BURSAR_KILLS"))
	if err != nil {
		kills = 12
	}
	w := newWorld(t)
	n := 1
	version(n).put(t, w.objects())
	w.close()
	whole, _ := run(t, w.dir) // how long an import takes when it lives
	published := version(n)
	cut := 0
	for range kills {
		n++
		next := version(n)
		next.put(t, w.objects())
		_, killed := run(t, w.dir, childFor+"="+strconv.Itoa(rand.IntN(whole*5/4)))
		if killed {
			cut++
		}
		again := restart(t, w.dir)
		if !killed || again.state(t) == next.version {
			published = next
		}
		again.counts(t, published)
		again.close()
	}
	t.Logf("%d of %d imports were killed; a whole one takes %d µs", cut, kills, whole)
	again := restart(t, w.dir)
	defer again.close()
	again.mustPoll(t)
	again.counts(t, version(n))
}

// counts says whether one delivery, and it alone, is what readers see.
func (w *world) counts(t *testing.T, d delivery) {
	t.Helper()
	if got, want := joined(w.totals(t)), "2026-02="+d.total(t).String(); got != want || w.state(t) != d.version {
		t.Errorf("published %s (version %s), want %s (version %s)", got, w.state(t), want, d.version)
	}
	w.tidy(t)
}

// state returns the version that is published.
func (w *world) state(t *testing.T) (version string) {
	t.Helper()
	check(t, w.store.View(t.Context(), func(tx *store.Tx) error {
		d, err := tx.Published(w.export.WorkspaceID, w.export.ID, february)
		version = d.Version
		return err
	}))
	return version
}

func (w *world) versions(t *testing.T) (out string) {
	t.Helper()
	check(t, w.store.View(t.Context(), func(tx *store.Tx) error {
		all, err := tx.DeliveriesOfPeriod(w.export.WorkspaceID, w.export.ID, february)
		for _, d := range all {
			out += d.Version + " " + string(d.State) + ", "
		}
		return err
	}))
	return out
}
