package app_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/client"
	"github.com/bursarhq/bursar/internal/app"
	"github.com/bursarhq/bursar/internal/tftest"
)

// applied is one folder with a main.tf that bursar wrote, applied with the rights of an account's administrator.
type applied struct {
	land
	tf      tftest.Terraform
	dir     string
	env     []string
	account string
}

// terraform writes the main.tf of a step, and beside it what makes the provider speak to the simulated AWS.
func (l land) terraform(tf tftest.Terraform, account string) applied {
	l.Helper()
	key, e := l.aws.Cloud().AdminKey(account)
	if e != nil {
		l.Fatal(e)
	}
	a := applied{l, tf, l.TempDir(), []string{"AWS_ACCESS_KEY_ID=" + key.ID, "AWS_SECRET_ACCESS_KEY=" + key.Secret.Reveal(), "AWS_ENDPOINT_URL=" + l.aws.URL()}, account}
	return a
}

func (a applied) write(step string, elsewhere bool) {
	a.Helper()
	override := "provider \"aws\" {\n  s3_use_path_style = true\n}\n"
	if elsewhere {
		override += "\nprovider \"aws\" {\n  alias             = \"bucket\"\n  s3_use_path_style = true\n}\n"
	}
	for name, text := range map[string]string{"main.tf": a.step(a.account, step).Terraform, "sandbox_override.tf": override} {
		if err := os.WriteFile(filepath.Join(a.dir, name), []byte(text), 0o600); err != nil {
			a.Fatal(err)
		}
	}
	a.tf.Init(a, a.dir, "-upgrade")
}

func (a applied) apply() {
	a.Helper()
	a.tf.Run(a, a.dir, a.env, "apply", "-auto-approve", "-no-color", "-input=false")
}

// settled proves that a second plan changes nothing.
func (a applied) settled() {
	a.Helper()
	if out, err := a.tf.Try(a, a.dir, a.env, "plan", "-detailed-exitcode", "-no-color", "-input=false"); err != nil {
		a.Errorf("a second plan changes something: %v\n%s", err, out)
	}
}

// TestTerraformPath registers a payer by Terraform, with the module as bursar serves it: access, then the export with its bucket
// elsewhere, then the linked accounts; and takes all of it away.
func TestTerraformPath(t *testing.T) {
	if testing.Short() {
		t.Skip("applies with the real AWS provider for a minute")
	}
	tf := tftest.Find(t)
	l := newLand(t, func(c *app.Config) { c.TemplateBaseURL = "" })
	l.register(client.NewAccount{AccountID: payer, Name: "Example", Method: string(bursar.MethodTerraform)})
	l.choose(payer, bursar.ExportChoice{BucketRegion: "eu-west-1"})
	a := l.terraform(tf, payer)
	a.write("access", false)
	a.apply()
	if got := l.confirm(payer); got.Kind != bursar.KindPayer || got.Status.Summary != bursar.SummaryConnected || code(got, "template_version") != "latest" && code(got, "template_version") != "ok" {
		t.Fatalf("%+v", got.Findings)
	}
	a.write("export", true)
	a.apply()
	if got := l.confirm(payer); got.Status.DataArrival != bursar.ArrivalAwaiting || code(got, "export_bucket") != "ok" || code(got, "export_definition") != "ok" {
		t.Fatalf("%+v", got.Findings)
	}
	l.aws.Cloud().Clock.Advance(36 * time.Hour)
	l.confirm(payer)
	l.bring(payer)
	if len(l.published()) == 0 {
		t.Error("nothing was published")
	}
	a.write("members", true)
	a.apply()
	a.settled()
	if _, e := l.aws.Cloud().Role("222233334444", roleName(t, l)); e != nil {
		t.Errorf("the linked accounts have no role: %v", e)
	}
	out := a.tf.Run(t, a.dir, a.env, "output", "-json", "bursar")
	for _, want := range []string{`"bucket":"bursar-cur-111122223333-eu-west-1"`, `"stackset":"` + roleName(t, l) + `-members"`, `export/bursar-cur2`} {
		if !strings.Contains(out, want) {
			t.Errorf("no %s in %s", want, out)
		}
	}
	if out, err := a.tf.Try(t, a.dir, a.env, "destroy", "-auto-approve", "-no-color", "-input=false"); err == nil || !strings.Contains(out, "BucketNotEmpty") {
		t.Errorf("a bucket with bills was destroyed: %v\n%s", err, out)
	}
	if _, e := l.aws.Cloud().Role(payer, roleName(t, l)); e == nil {
		t.Error("the role is still there")
	}
	if got := l.confirm(payer); got.Status.Summary != bursar.SummaryBroken {
		t.Errorf("%+v", got.Findings)
	}
}

func roleName(t *testing.T, l land) string {
	t.Helper()
	a := must[*client.Account](t)(l.Account(t.Context(), payer))
	return a.RoleARN[strings.LastIndex(a.RoleARN, "/")+1:]
}

// TestTerraformVerifiesItsModule: the address has the digest, and another module is refused.
func TestTerraformVerifiesItsModule(t *testing.T) {
	tf := tftest.Find(t)
	l := newLand(t, func(c *app.Config) { c.TemplateBaseURL = "" })
	l.register(client.NewAccount{AccountID: lone, Name: "Example", Method: string(bursar.MethodTerraform)})
	a := l.terraform(tf, lone)
	main := l.step(lone, "access").Terraform
	i := strings.Index(main, "sha256:") + len("sha256:")
	forged := main[:i] + strings.Repeat("0", 64) + main[i+64:]
	if err := os.WriteFile(filepath.Join(a.dir, "main.tf"), []byte(forged), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := tf.Try(t, a.dir, nil, "get", "-no-color")
	if err == nil || !strings.Contains(strings.ToLower(out), "checksum") {
		t.Errorf("a module that is another was taken: %v\n%s", err, out)
	}
}
