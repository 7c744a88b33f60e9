package app_test

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bursarhq/bursar/internal/app"
	"github.com/bursarhq/bursar/internal/cli"
	"github.com/bursarhq/bursar/internal/shareddata"
)

type demoStep struct {
	Step   int
	OK     bool
	What   string
	Result string
}

// demoOnce runs the demo and returns its steps, all of which must have gone well.
func demoOnce(t *testing.T, bill string) (steps []demoStep) {
	t.Helper()
	var out bytes.Buffer
	err := app.Local{}.Demo(t.Context(), cli.DemoOptions{Once: true, JSON: true, DataDir: filepath.Join(t.TempDir(), "new", "folder"), Bill: bill}, &out, t.Output())
	if err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	for dec := json.NewDecoder(&out); dec.More(); {
		var s demoStep
		if err := dec.Decode(&s); err != nil {
			t.Fatal(err)
		}
		steps = append(steps, s)
		if !s.OK || s.Step != len(steps) || s.Result == "" {
			t.Errorf("%+v", s)
		}
	}
	return steps
}

// TestDemoOnce does the main job end to end: register, check, export, deliver, import, ask, restate.
func TestDemoOnce(t *testing.T) {
	if steps := demoOnce(t, ""); len(steps) != 13 {
		t.Errorf("%d steps, want 13", len(steps))
	}
}

// TestDemoWithARealBill has real bills come in by the ordinary import, with their published totals.
func TestDemoWithARealBill(t *testing.T) {
	steps := demoOnce(t, shareddata.Path(t, "wa-labs"))
	last := steps[len(steps)-1].Result
	for _, want := range []string{"2018-10: 4064.4831315379 USD", "2018-11: 3505.3269681268 USD"} {
		if len(steps) != 21 || !strings.Contains(last, want) {
			t.Errorf("%d steps, the last says %q, want %q", len(steps), last, want)
		}
	}
}
