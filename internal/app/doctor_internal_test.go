package app

import (
	"context"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bursarhq/bursar/internal/cli"
	"github.com/bursarhq/bursar/internal/register"
	"github.com/bursarhq/bursar/internal/sandbox"
	"github.com/bursarhq/bursar/internal/store"
)

func diagnosis(t *testing.T, c Config, now func() time.Time, check string) cli.Diagnosis {
	t.Helper()
	for _, d := range diagnose(t.Context(), c, now) {
		if d.Check == check {
			return d
		}
	}
	t.Fatalf("there is no check %s", check)
	return cli.Diagnosis{}
}

func TestDoctorFindsEachTrouble(t *testing.T) {
	aws, err := sandbox.New(sandbox.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if err := aws.Start(t.Context(), "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	defer aws.Close()
	templates := httptest.NewServer(register.Published())
	defer templates.Close()
	key := aws.Cloud().BursarKey()
	good := Config{DataDir: t.TempDir(), Region: "us-east-1", AccessKeyID: key.ID, SecretAccessKey: key.Secret, Endpoint: aws.URL(), TemplateBaseURL: templates.URL}
	s, err := store.Open(context.Background(), filepath.Join(good.DataDir, "state.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, d := range diagnose(t.Context(), good, time.Now) {
		if !d.OK && d.Check != "disk" {
			t.Errorf("a sound installation: %+v", d)
		}
	}
	fresh := good
	fresh.DataDir = filepath.Join(t.TempDir(), "none")
	if d := diagnosis(t, fresh, time.Now, "schema"); !d.OK || d.Found != noDataYet {
		t.Errorf("before the first start: %+v", d)
	}
	noKey, noTemplates := good, good
	noKey.AccessKeyID = "AKIAWRONG"
	noTemplates.TemplateBaseURL = templates.URL + "/elsewhere"
	late := func() time.Time { return time.Now().Add(7 * time.Minute) }
	for check, d := range map[string]cli.Diagnosis{
		"own identity": diagnosis(t, noKey, time.Now, "own identity"),
		"clock":        diagnosis(t, good, late, "clock"),
		"templates":    diagnosis(t, noTemplates, time.Now, "templates"),
	} {
		if d.OK || d.Do == "" || strings.Contains(d.Found, key.Secret.Reveal()) {
			t.Errorf("%s: %+v", check, d)
		}
	}
	if _, do := schemaWords(9, 8); !strings.Contains(do, "newer bursar") {
		t.Errorf("a newer schema: %q", do)
	}
}

func TestDoctorMissesAFileOfTheLake(t *testing.T) {
	if err := readable(filepath.Join(t.TempDir(), "gone"), 1); err == nil {
		t.Error("a file that is gone is found readable")
	}
}
