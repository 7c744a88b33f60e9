package sandbox_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/sandbox"
	"github.com/bursarhq/bursar/internal/sandbox/billing"
	"github.com/bursarhq/bursar/internal/sandbox/world"
)

const beginReference, endReference = "<!-- generated: make golden -->\n", "<!-- end -->\n"

func guide(t *testing.T) (path, text string) {
	t.Helper()
	path = filepath.Join("..", "..", "docs", "sandbox.md")
	body, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return path, string(body)
}

func TestGuideIsCurrent(t *testing.T) {
	path, text := guide(t)
	before, rest, ok := strings.Cut(text, beginReference)
	_, after, ok2 := strings.Cut(rest, endReference)
	if !ok || !ok2 {
		t.Fatal("the guide has no place for the reference")
	}
	want := before + beginReference + start(t).Reference() + endReference + after
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		text = want
	}
	if text != want {
		t.Error("docs/sandbox.md does not match the code: run make golden")
	}
	for _, kind := range append(billing.Troubles(), "throttle", "denied_scp", "drop", "error", "latency", "clock_skew") {
		if !strings.Contains(text, "| `"+kind+"` |") {
			t.Errorf("the guide does not know the fault %s", kind)
		}
	}
}

// TestTheGuidesWorld loads the world that the guide shows, and finds in it what the guide says.
func TestTheGuidesWorld(t *testing.T) {
	_, text := guide(t)
	_, text, _ = strings.Cut(text, "```yaml\n")
	text, _, _ = strings.Cut(text, "```")
	w, err := world.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	s := start(t, func(c *sandbox.Config) { c.World, c.Start = w, time.Time{} })
	x := listed(t, s, "hourly")
	d := agree(t, s, buckets(asAdmin(t, s, loner)), x, june)
	if d.Truth.Rows < 4_000 || x.Format != bursar.FormatLegacy || len(s.Accounts()) != 4 {
		t.Errorf("%d rows, %+v", d.Truth.Rows, x)
	}
	if got := s.Billing().Deliveries(x.ARN); got[0].Period != bursar.NewPeriod(2026, 3) {
		t.Errorf("usage begins in %s", got[0].Period)
	}
}
