package deploy_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/bursarhq/bursar/internal/tftest"
)

// copied is the module in a folder where Terraform may leave its own files.
func copied(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Clean(moduleDir))); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestTerraformTest runs the module's own tests, against a mocked provider.
func TestTerraformTest(t *testing.T) {
	tf, dir := tftest.Find(t), copied(t)
	tf.Init(t, dir, "-backend=false")
	if out := tf.Run(t, dir, nil, "test", "-no-color"); !strings.Contains(out, "0 failed") || strings.Contains(out, "Success! 0 passed") {
		t.Error(out)
	}
	if out, err := tf.Try(t, dir, nil, "fmt", "-check", "-recursive", "-no-color"); err != nil {
		t.Errorf("terraform fmt wants to change: %s", out)
	}
}

func TestTerraformExamples(t *testing.T) {
	tf, dir := tftest.Find(t), copied(t)
	for _, name := range []string{"payer", "linked", "standalone"} {
		example := filepath.Join(dir, "examples", name)
		tf.Init(t, example, "-backend=false")
		var verdict struct {
			Valid       bool
			Diagnostics []any
		}
		out := tf.Run(t, example, nil, "validate", "-json")
		if err := json.Unmarshal([]byte(out), &verdict); err != nil || !verdict.Valid || len(verdict.Diagnostics) > 0 {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}

var declared = regexp.MustCompile(`(?m)^(variable|output) "([a-z_]+)"`)

// TestModuleReadme: the tables of the README name every input and output, and no other.
func TestModuleReadme(t *testing.T) {
	var want, got []string
	for _, file := range []string{"variables.tf", "outputs.tf"} {
		text, err := os.ReadFile(moduleDir + file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range declared.FindAllStringSubmatch(string(text), -1) {
			want = append(want, m[2])
		}
	}
	readme, err := os.ReadFile(moduleDir + "README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\|").FindAllStringSubmatch(string(readme), -1) {
		got = append(got, m[1])
	}
	if !slices.Equal(want, got) {
		t.Errorf("the README names %v, the module has %v", got, want)
	}
	for _, file := range []string{"main.tf", "export.tf", "members.tf", "outputs.tf", "variables.tf", "versions.tf"} {
		text, err := os.ReadFile(moduleDir + file)
		if err != nil || regexp.MustCompile(`(?m)^provider `).Match(text) {
			t.Errorf("%s has a provider block (%v): only the caller knows the account", file, err)
		}
	}
}
