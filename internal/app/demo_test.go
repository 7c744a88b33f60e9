package app_test

import (
	"bytes"
	"encoding/json"
	"io"
	"testing"

	"github.com/bursarhq/bursar/internal/app"
	"github.com/bursarhq/bursar/internal/cli"
)

// TestDemoOnce does the main job end to end: register, check, export, deliver, import, ask, restate.
func TestDemoOnce(t *testing.T) {
	var out bytes.Buffer
	err := app.Local{}.Demo(t.Context(), cli.DemoOptions{Once: true, JSON: true, DataDir: t.TempDir()}, &out, io.Discard)
	if err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	type step struct {
		Step   int
		OK     bool
		What   string
		Result string
	}
	var steps []step
	for dec := json.NewDecoder(&out); dec.More(); {
		var s step
		if err := dec.Decode(&s); err != nil {
			t.Fatal(err)
		}
		steps = append(steps, s)
	}
	if len(steps) < 12 {
		t.Fatalf("%d steps: the job has more", len(steps))
	}
	for i, s := range steps {
		if !s.OK || s.Step != i+1 || s.Result == "" {
			t.Errorf("%+v", s)
		}
	}
}
