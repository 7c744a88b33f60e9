package app_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/app"
)

func write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestLoadConfigLayers(t *testing.T) {
	file := write(t, "bursar.yaml", "addr: 127.0.0.1:9000\ncheck_every: 2h\nkeep_versions: 5\n")
	c, err := app.LoadConfig(file, []string{"BURSAR_ADDR=127.0.0.1:9001", "PATH=/bin", "BURSAR_SERVER=http://elsewhere"})
	if err != nil {
		t.Fatal(err)
	}
	if c.Addr != "127.0.0.1:9001" || c.CheckEvery != 2*time.Hour || c.KeepVersions != 5 || c.Region != "us-east-1" {
		t.Errorf("the environment wins over the file, the file over the defaults: got %+v", c)
	}
}

func TestLoadConfigSecretFromFile(t *testing.T) {
	secret := write(t, "key", "s3cret\n")
	c, err := app.LoadConfig("", []string{"BURSAR_AWS_ACCESS_KEY_ID=AKIAEXAMPLE", "BURSAR_AWS_SECRET_ACCESS_KEY_FILE=" + secret})
	if err != nil {
		t.Fatal(err)
	}
	if c.SecretAccessKey.Reveal() != "s3cret" {
		t.Error("the secret's file was not read")
	}
}

func TestLoadConfigEmptyValuesAreNone(t *testing.T) {
	c, err := app.LoadConfig(write(t, "bursar.yaml", "# nothing but\nlog_level:\npublic_url: \"\"\n"), []string{"BURSAR_DATA_DIR=", "BURSAR_AWS_SESSION_TOKEN="})
	if err != nil || c.DataDir != "bursar-data" || c.LogLevel != "info" || !c.SessionToken.IsZero() {
		t.Errorf("got %+v, %v", c, err)
	}
	if _, err := app.LoadConfig(write(t, "bursar.yaml", "# nothing\n"), nil); err != nil {
		t.Error(err)
	}
}

func TestLoadConfigRefusals(t *testing.T) {
	for name, tc := range map[string]struct{ file, env, want string }{
		"misspelled key":           {file: "adr: x\n", want: "unknown setting adr"},
		"misspelled variable":      {env: "BURSAR_ADRR=x", want: "unknown setting BURSAR_ADRR"},
		"bad duration":             {env: "BURSAR_CHECK_EVERY=soon", want: "check_every (from BURSAR_CHECK_EVERY)"},
		"bad address":              {env: "BURSAR_ADDR=8440", want: "host:port"},
		"endpoint with password":   {env: "BURSAR_AWS_ENDPOINT=http://u:p@h", want: "not an http"},
		"half an identity":         {env: "BURSAR_AWS_ACCESS_KEY_ID=AKIAEXAMPLE", want: "go together"},
		"no file of a plain value": {env: "BURSAR_ADDR_FILE=/x", want: "unknown setting"},
		"a list":                   {file: "addr: [a]\n", want: "not a plain value"},
		"not YAML":                 {file: "\t:", want: "not YAML"},
		"no settings":              {file: "s3cret-of-mine\n", want: "holds no settings"},
		"a setting twice":          {file: "addr: a:1\naddr: b:1\n", want: "line 2: addr is set twice"},
		"a secret twice":           {file: "aws_secret_access_key: x\naws_secret_access_key_file: /dev/null\n", want: "set twice"},
		"secret file missing":      {env: "BURSAR_AWS_SECRET_ACCESS_KEY_FILE=/does/not/exist", want: "a secret's file cannot be read"},
		"region":                   {env: "BURSAR_AWS_REGION=us east 1", want: "us-east-1"},
		"principal":                {env: "BURSAR_AWS_PRINCIPAL_ARN=arn:aws:sts::123456789012:assumed-role/a/b", want: "arn:aws:iam::123456789012:role/path/name"},
		"too little memory":        {env: "BURSAR_MEMORY_LIMIT_MB=1", want: "at least 64"},
		"log level":                {env: "BURSAR_LOG_LEVEL=loud", want: "debug, info, warn, error"},
	} {
		file := ""
		if tc.file != "" {
			file = write(t, "bursar.yaml", tc.file)
		}
		_, err := app.LoadConfig(file, []string{tc.env})
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got %v, want it to say %q", name, err, tc.want)
		}
		if bursar.CodeOf(err) != bursar.Invalid || strings.Contains(fmt.Sprint(err), "s3cret-of-mine") {
			t.Errorf("%s: a refusal has the code invalid and repeats no value that may be secret: %v", name, err)
		}
	}
	if _, err := app.LoadConfig("/does/not/exist.yaml", nil); err == nil || !strings.Contains(err.Error(), "does not exist") {
		t.Errorf("a missing file: %v", err)
	}
}

func TestConfigReferenceIsCurrent(t *testing.T) {
	path := filepath.Join("..", "..", "docs", "config.md")
	want := app.ConfigReference()
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil || string(got) != want {
		t.Errorf("docs/config.md does not match the table of options (%v): run make golden", err)
	}
}
