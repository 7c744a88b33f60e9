package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

// A task is one thing that is measured in a process of its own, so that memory and processor time are its alone.
// It answers with numbers of its own, for example rows.
type task func(ctx context.Context, args []string) (map[string]float64, error)

// cost is what a task took.
type cost struct {
	Wall  time.Duration
	CPU   time.Duration // user and system
	PeakB int64         // peak resident memory in bytes
	Out   map[string]float64
}

// measure runs a task in a fresh process.
func measure(ctx context.Context, name string, args ...string) (cost, error) {
	self, err := os.Executable()
	if err != nil {
		return cost{}, err
	}
	cmd := exec.CommandContext(ctx, self, append([]string{"-task", name}, args...)...)
	cmd.Stderr = os.Stderr
	began := time.Now()
	out, err := cmd.Output()
	c := cost{Wall: time.Since(began)}
	if err != nil {
		return c, fmt.Errorf("%s: %w", name, err)
	}
	c.CPU = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	c.PeakB = peak(cmd.ProcessState)
	return c, json.Unmarshal(out, &c.Out)
}

// peak is the most resident memory that a process which ended had, in bytes.
func peak(p *os.ProcessState) int64 {
	ru, ok := p.SysUsage().(*syscall.Rusage)
	switch {
	case !ok:
		return 0
	case runtime.GOOS == "darwin":
		return ru.Maxrss
	}
	return ru.Maxrss << 10
}

// runTask is the other side of measure.
func runTask(ctx context.Context, name string, args []string) error {
	t, ok := tasks[name]
	if !ok {
		return fmt.Errorf("there is no task %q", name)
	}
	out, err := t(ctx, args)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(out)
}

// inTurns measures several things one after another, a number of times, so that all see the same machine. It returns
// the run of each that took the shortest time.
func inTurns(ctx context.Context, turns int, things ...func() (cost, error)) ([]cost, error) {
	best := make([]cost, len(things))
	for turn := range turns {
		for i, f := range things {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			c, err := f()
			if err != nil {
				return nil, err
			}
			if turn == 0 || c.Wall < best[i].Wall {
				best[i] = c
			}
		}
	}
	return best, nil
}

// rate is rows per second.
func (c cost) rate() float64 { return c.Out["rows"] / c.Wall.Seconds() }

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}

func mb(b int64) string { return fmt.Sprintf("%d MB", b/1_000_000) }

func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", 1000*d.Seconds()) }

// machine says where and when figures were measured.
func machine() string {
	load := ""
	if raw, err := os.ReadFile("/proc/loadavg"); err == nil {
		load = ", load average " + strings.Join(strings.Fields(string(raw))[:3], " ")
	}
	return fmt.Sprintf("%s/%s, %d cores, %s%s", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version(), load)
}
