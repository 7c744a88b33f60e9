package app_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/bursarhq/bursar/internal/app"
)

func shipped(t *testing.T, path string) string {
	t.Helper()
	return string(must[[]byte](t)(os.ReadFile(filepath.Join("..", "..", filepath.FromSlash(path)))))
}

// TestShippedFilesSetWhatExists: a setting that was renamed would keep the container and the service from starting.
func TestShippedFilesSetWhatExists(t *testing.T) {
	for path, dataDir := range map[string]string{"deploy/docker/Dockerfile": "/data", "deploy/systemd/bursar.service": "/var/lib/bursar"} {
		set := regexp.MustCompile(`BURSAR_[A-Z_]+=\S+`).FindAllString(shipped(t, path), -1)
		if c, err := app.LoadConfig("", set); err != nil || c.DataDir != dataDir {
			t.Errorf("%s sets %v: %+v, %v", path, set, c.DataDir, err)
		}
	}
}

func TestTheImageIsNotRoot(t *testing.T) {
	_, last, _ := strings.Cut(shipped(t, "deploy/docker/Dockerfile"), "FROM scratch\n")
	if !strings.Contains(last, "USER 65532:65532\n") || strings.Contains(last, "RUN ") {
		t.Errorf("the last stage is\n%s", last)
	}
}

func TestSystemdTakesTheUnit(t *testing.T) {
	tool, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("systemd-analyze is not installed")
	}
	unit := filepath.Join(t.TempDir(), "bursar.service")
	text := strings.Replace(shipped(t, "deploy/systemd/bursar.service"), "/usr/bin/bursar", "/bin/true", -1)
	if err := os.WriteFile(unit, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), tool, "verify", unit).CombinedOutput(); err != nil || strings.Contains(string(out), "bursar.service") {
		t.Errorf("%v: %s", err, out)
	}
}

// TestEveryMetricIsDocumented compares what is served with docs/operations.md.
func TestEveryMetricIsDocumented(t *testing.T) {
	l := newLand(t, func(c *app.Config) { c.MetricsAddr = "127.0.0.1:0" })
	l.connect(lone)
	docs := shipped(t, "docs/operations.md")
	for _, m := range regexp.MustCompile(`(?m)^# TYPE (bursar_\S+)`).FindAllStringSubmatch(l.metrics(), -1) {
		if !strings.Contains(docs, "`"+m[1]+"`") {
			t.Errorf("docs/operations.md does not tell of %s", m[1])
		}
	}
}
