package app_test

import (
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/client"
	"github.com/bursarhq/bursar/internal/sandbox/cloud"
)

// compatible runs the commands of the published guide "Add AWS accounts via the Cloudcraft API", as they stand there, with only the host changed.
type compatible struct {
	land
	url string
	env []string
}

// mayAssume is what the operator adds to bursar's own identity for roles of the name that the guide gives them.
const mayAssume = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"arn:aws:iam::*:role/cloudcraft"}]}`

func newCompatible(t *testing.T) compatible {
	t.Helper()
	for _, tool := range []string{"curl", "aws"} {
		if _, err := exec.LookPath(tool); err != nil {
			missing(t, tool+" is not installed: the guide's commands cannot be run")
		}
	}
	l := newLand(t)
	world := l.aws.Cloud().World.Bursar
	doc, e := cloud.ParsePolicy(mayAssume, 0)
	if e != nil {
		t.Fatal(e)
	}
	if _, e := l.aws.Cloud().ChangeUser(world.Account, world.User.Name, func(u *cloud.IAMUser) *cloud.Error { u.SetInline("cloudcraft", doc); return nil }); e != nil {
		t.Fatal(e)
	}
	srv := httptest.NewTLSServer(l.app.Handler())
	t.Cleanup(srv.Close)
	trusted := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(trusted, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	key := must[*client.Key](t)(l.AddKey(t.Context(), client.NewKey{Name: "cloudcraft", Role: "administrator", Format: "cloudcraft"}))
	if len(key.Key) != 44 {
		t.Fatalf("the key has %d characters", len(key.Key))
	}
	admin, e := l.aws.Cloud().AdminKey(lone)
	if e != nil {
		t.Fatal(e)
	}
	return compatible{l, srv.URL, append(os.Environ(), "API_KEY="+key.Key, "CURL_CA_BUNDLE="+trusted, "AWS_ACCESS_KEY_ID="+admin.ID,
		"AWS_SECRET_ACCESS_KEY="+admin.Secret.Reveal(), "AWS_SESSION_TOKEN=", "AWS_ENDPOINT_URL="+l.aws.URL(), "AWS_DEFAULT_REGION=us-east-1")}
}

func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(what)
	}
	t.Skip(what)
}

// run runs one of the commands, with the guide's words replaced by values.
func (c compatible) run(name string, words ...string) string {
	c.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "cloudcraft", name))
	if err != nil {
		c.Fatal(err)
	}
	script := strings.NewReplacer(append(words, "https://api.cloudcraft.co", c.url)...).Replace(string(text))
	cmd := exec.CommandContext(c.Context(), "sh", "-c", script)
	cmd.Env = c.env
	out, err := cmd.Output()
	if err != nil {
		c.Fatalf("%s: %v\n%s", name, err, out)
	}
	return strings.TrimSpace(string(out))
}

// compatibleAccount is what the guide's last command answers.
type compatibleAccount struct{ ID, Name, RoleARN, ExternalID string }

func (c compatible) add(name, role string) (a compatibleAccount) {
	c.Helper()
	out := c.run("account.sh", "AWS_ACCOUNT_NAME", name, "ROLE_ARN", role)
	if err := json.Unmarshal([]byte(out), &a); err != nil || a.ID == "" {
		c.Fatalf("%v in %s", err, out)
	}
	return a
}

// TestCloudcraftGuide follows the guide from its first command to its last.
func TestCloudcraftGuide(t *testing.T) {
	c := newCompatible(t)
	var p struct{ AccountID, ExternalID, AwsConsoleURL string }
	if out := c.run("parameters.sh"); json.Unmarshal([]byte(out), &p) != nil || p.AccountID == "" || p.ExternalID == "" || p.AwsConsoleURL == "" {
		t.Fatalf("%s", out)
	}
	role := c.run("role.sh", "ACCOUNT_ID", p.AccountID, "EXTERNAL_ID", p.ExternalID)
	c.run("attach.sh")
	made := c.add("Lone star", role)
	if made.RoleARN != role || made.ExternalID != p.ExternalID {
		t.Errorf("%+v", made)
	}
	if again := c.add("Lone star", role); again != made {
		t.Errorf("%+v, then %+v", made, again)
	}
	runs := must[[]bursar.Run](t)(c.Runs(t.Context(), lone, 10))
	if len(runs) == 0 || runs[len(runs)-1].Kind != "check" {
		t.Fatalf("its check was not queued: %+v", runs)
	}
	a := c.confirm(lone)
	if a.Method != bursar.MethodRole || a.Status.Summary != bursar.SummaryConnected || code(a, "external_id_required") != "ok" || a.Kind != bursar.KindStandalone {
		t.Errorf("%s %s %s %+v", a.Method, a.Kind, a.Status.Summary, a.Findings)
	}
}

// TestCloudcraftGuideWithoutItsCondition: a role that trusts whoever comes is taken, found out, and not used.
func TestCloudcraftGuideWithoutItsCondition(t *testing.T) {
	c := newCompatible(t)
	var p struct{ AccountID string }
	if err := json.Unmarshal([]byte(c.run("parameters.sh")), &p); err != nil {
		t.Fatal(err)
	}
	const condition = `,"Condition":{"StringEquals":{"sts:ExternalId":"EXTERNAL_ID"}}`
	c.add("Lone star", c.run("role.sh", "ACCOUNT_ID", p.AccountID, condition, ""))
	if a := c.confirm(lone); a.Status.Summary != bursar.SummaryInsecure || code(a, "external_id_required") != bursar.CodeInsecureTrust {
		t.Errorf("%s %+v", a.Status.Summary, a.Findings)
	}
}

// TestFacesBesideEachOther: the console and bursar's own API answer as before, and no path of the third face is redirected.
func TestFacesBesideEachOther(t *testing.T) {
	l := newLand(t)
	plain := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for path, want := range map[string]string{
		"/api/v1/accounts": "application/problem+json", "/api/team": "application/json", "/aws/account": "application/json", "/aws/../accounts": "application/json",
		"/api/aws//account": "application/json", "/aws/account/": "application/json",
	} {
		res, err := plain.Get(l.app.URL() + path)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if got := res.Header.Get("Content-Type"); !strings.HasPrefix(got, want) || res.StatusCode >= 300 && res.StatusCode < 400 {
			t.Errorf("%s: %d %s", path, res.StatusCode, got)
		}
	}
	if res, err := plain.Get(l.app.URL() + "/accounts/aws"); err != nil || res.Body.Close() != nil || res.Header.Get("Content-Type") == "application/json" {
		t.Errorf("a page of the console is taken: %v %v", res, err)
	}
}
