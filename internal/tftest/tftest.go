// Package tftest runs Terraform in tests. A test whose Terraform, or whose AWS provider, is missing skips with one clear line, and fails
// where CI is set.
package tftest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Terraform is one that works, with the AWS provider at hand.
type Terraform struct {
	path   string
	mirror string // a folder of providers; "" = Terraform finds them itself
}

// Find returns Terraform. Providers come from the folder that TF_PLUGIN_DIR names, or a mirror on this machine; without either Terraform asks its registry.
func Find(t testing.TB) Terraform {
	t.Helper()
	path, err := exec.LookPath("terraform")
	if err != nil {
		missing(t, "terraform is not installed: https://developer.hashicorp.com/terraform/install")
	}
	return Terraform{path, mirror()}
}

func missing(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(what)
	}
	t.Skip(what)
}

// mirror looks for a folder that holds providers of the registry, as `terraform providers mirror` makes one.
func mirror() string {
	if dir := os.Getenv("TF_PLUGIN_DIR"); dir != "" {
		return dir
	}
	roots := []string{string(filepath.Separator)}
	if home, err := os.UserHomeDir(); err == nil {
		roots = append(roots, home)
	}
	for _, root := range roots {
		for _, depth := range []string{"*", "*/*", "*/*/*"} {
			found, err := filepath.Glob(filepath.Join(root, depth, "registry.terraform.io", "hashicorp", "aws"))
			if err == nil && len(found) > 0 {
				return filepath.Dir(filepath.Dir(filepath.Dir(found[0])))
			}
		}
	}
	return ""
}

// Init prepares a folder. A provider that cannot be had skips the test; whatever else goes wrong fails it.
func (tf Terraform) Init(t testing.TB, dir string, args ...string) {
	t.Helper()
	args = append([]string{"init", "-no-color", "-input=false"}, args...)
	if tf.mirror != "" {
		args = append(args, "-plugin-dir="+tf.mirror)
	}
	out, err := tf.command(t, dir, nil, args...).CombinedOutput()
	if err != nil && (strings.Contains(string(out), "Failed to query available provider packages") || strings.Contains(string(out), "registry service is unreachable")) {
		missing(t, "terraform cannot get the AWS provider: set TF_PLUGIN_DIR to a folder that has it\n"+string(out))
	}
	if err != nil {
		t.Fatalf("terraform init: %v\n%s", err, out)
	}
}

// Run runs a command in a folder that was prepared, with more environment, and returns what it printed. It fails the test when the command does.
func (tf Terraform) Run(t testing.TB, dir string, env []string, args ...string) string {
	t.Helper()
	out, err := tf.Try(t, dir, env, args...)
	if err != nil {
		t.Fatalf("terraform %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

// Try is Run for a command that may fail.
func (tf Terraform) Try(t testing.TB, dir string, env []string, args ...string) (string, error) {
	t.Helper()
	out, err := tf.command(t, dir, env, args...).CombinedOutput()
	return string(out), err
}

func (tf Terraform) command(t testing.TB, dir string, env []string, args ...string) *exec.Cmd {
	c := exec.CommandContext(t.Context(), tf.path, args...)
	c.Dir = dir
	c.Env = append(os.Environ(), "CHECKPOINT_DISABLE=1", "TF_IN_AUTOMATION=1", "AWS_EC2_METADATA_DISABLED=true")
	if tf.mirror != "" { // the person's own settings may forbid it
		c.Env = append(c.Env, "TF_CLI_CONFIG_FILE="+os.DevNull)
	}
	c.Env = append(c.Env, env...)
	return c
}
