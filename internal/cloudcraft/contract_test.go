package cloudcraft_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bursarhq/bursar/internal/auth"
	"github.com/google/go-cmp/cmp"
)

// The header blocks of the published clients, as they were recorded.
const (
	goHead     = "Host: 127.0.0.1:8440\nUser-Agent: cloudcraft-go/1.1.0\nContent-Type: application/json"
	pythonHead = "Host: localhost:8440\nUser-Agent: python-requests/2.34.2\nAccept-Encoding: identity\nAccept: */*\nConnection: keep-alive\nContent-Type: application/json"
	nodeHead   = "host: 127.0.0.1:8440\nconnection: keep-alive\nContent-Type: application/json\naccept: */*\naccept-language: *\nsec-fetch-mode: cors\nuser-agent: node"
	formHead   = "Host: 127.0.0.1:8440\nContent-Type: application/x-www-form-urlencoded"
	zeroTimes  = `"createdAt":"0001-01-01T00:00:00Z","updatedAt":"0001-01-01T00:00:00Z"`
	someTeam   = "team/9e7e8b46-cfb7-486e-ade5-bd8c1ec1971a"
)

// TestRecordedRequests replays what real clients send. ID stands for the account's id.
func TestRecordedRequests(t *testing.T) {
	for _, tt := range []struct {
		name, head, line, body string
		status                 int
		reason                 string
	}{
		{"go list", goHead, "GET /aws/account", "", 200, ""},
		{"go create", goHead, "POST /aws/account", `{` + zeroTimes + `,"name":"Go","roleArn":"arn:aws:iam::210987654321:role/cloudcraft"}`, 201, ""},
		{"go create with access lists", goHead, "POST /aws/account", `{` + zeroTimes + `,"readAccess":["` + someTeam + `"],"writeAccess":[],"name":"Go","roleArn":"arn:aws:iam::210987654321:role/cloudcraft"}`, 201, ""},
		{"go update", goHead, "PUT /aws/account/ID", `{` + zeroTimes + `,"id":"ID","name":"Dev2","roleArn":"` + role + `"}`, 200, ""},
		{"go delete", goHead, "DELETE /aws/account/ID", "", 204, ""},
		{"go parameters", goHead, "GET /aws/account/iamParameters", "", 200, ""},
		{"go policy", goHead, "GET /aws/account/iamParameters/policy/minimal", "", 200, ""},
		{"custom policy", goHead, "GET /aws/account/iamParameters/policy/custom", "", 200, ""},
		{"go snapshot", goHead, "GET /aws/account/ID/us-east-1/png?height=1080&width=1920", "", 404, "not_found"},
		{"go user", goHead, "GET /user/me", "", 200, ""},
		{"teams", goHead, "GET /team", "", 200, ""},
		{"go azure", goHead, "GET /azure/account", "", 200, ""},
		{"go blueprints", goHead, "GET /blueprint", "", 200, ""},
		{"go budget", goHead, "GET /blueprint/bp/budget/csv?currency=USD&period=m", "", 404, "not_found"},
		{"go blueprint", goHead + "\nIf-Match: \"etag1\"", "PUT /blueprint/bp", `{"data":{"name":"x"},` + zeroTimes + `,"id":"bp"}`, 404, "not_found"},
		{"azure create", goHead, "POST /azure/account", `{"name":"x"}`, 405, "method_not_allowed"},
		{"python create, bad role", pythonHead + "\nContent-Length: 56", "POST /api/aws/account", `{"name": "a", "roleArn": "arn:x", "region": "eu-west-1"}`, 400, "role_arn_malformed"},
		{"python update", pythonHead, "PUT /api/aws/account/ID", `{"name": "Renamed", "roleArn": "` + role + `"}`, 200, ""},
		{"python delete", pythonHead + "\nContent-Length: 0", "DELETE /aws/account/ID", "", 204, ""},
		{"python snapshot", pythonHead, "GET /aws/account/ID/us-east-1/png?grid=True&scale=1.5&exclude=ec2&exclude=sg&label=False", "", 404, "not_found"},
		{"python delete again", pythonHead, "DELETE /aws/account/fe3e5b29-a0e8-41ca-91e2-02a0441b1d33", "", 404, "not_found"},
		{"node create, bad role", nodeHead, "POST /api/aws/account", `{"region":"eu-west-1","name":"a","roleArn":"arn:x"}`, 400, "role_arn_malformed"},
		{"node create", nodeHead, "POST /api/aws/account", `{"region":"eu-west-1","name":"a","roleArn":"arn:aws:iam::210987654321:role/x"}`, 201, ""},
		{"node update, everything sent back", nodeHead, "PUT /api/aws/account/ID", `{"id":"ID","name":"b","roleArn":"` + role + `","externalId":"mine","CreatorId":"x","createdAt":"2024-02-21T15:19:26.232Z","updatedAt":"2024-02-21T15:19:26.232Z","readAccess":null,"writeAccess":["` + someTeam + `"],"source":"aws"}`, 200, ""},
		{"node snapshot", nodeHead, "GET /api/aws/account/ID/us-east-1/png?exclude=ec2%2Csg&label=false&filter=env%3Ddev%20OR%20env%3Dtest", "", 404, "not_found"},
		{"reference page's curl", formHead, "PUT /aws/account/ID", `{"name":"c","roleArn":"` + role + `"}`, 200, ""},
		{"invalid role", formHead, "POST /aws/account", `{"name":"x","roleArn":"arn:invalid-arn"}`, 400, "role_arn_malformed"},
		{"bad id", goHead, "DELETE /aws/account/..%2F..%2Fteam", "", 400, "invalid_property"},
		{"bad id, dots", goHead, "PUT /aws/account/..", `{}`, 400, "invalid_property"},
		{"bad region", goHead, "POST /aws/account", `{"name":"x","roleArn":"` + role + `","region":"moon"}`, 400, "invalid_parameter"},
		{"name of the wrong type", goHead, "POST /aws/account", `{"name":1,"roleArn":"` + role + `"}`, 400, "invalid_property"},
		{"nothing", goHead, "POST /aws/account", ``, 400, "invalid_body"},
		{"an array", goHead, "POST /aws/account", `[]`, 400, "invalid_body"},
		{"no role", goHead, "POST /aws/account", `{"name":"x"}`, 400, "invalid_property"},
		{"access list of the wrong type", goHead, "PUT /aws/account/ID", `{"readAccess":"all"}`, 400, "invalid_property"},
		{"too long", goHead, "POST /aws/account", `{"name":"` + strings.Repeat("x", 70<<10) + `"}`, 400, "invalid_body"},
		{"taken", goHead, "POST /aws/account", `{"name":"Another","roleArn":"` + role + `"}`, 409, "account_id_taken"},
		{"other account's role", goHead, "PUT /aws/account/ID", `{"roleArn":"arn:aws:iam::210987654321:role/cloudcraft"}`, 400, "invalid_property"},
		{"no such path", goHead, "GET /aws", "", 404, "not_found"},
		{"one account is not read", goHead, "GET /aws/account/ID", "", 405, "method_not_allowed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRoom(t)
			key, _ := r.key(r.ws, auth.Administrator)
			id := r.add(key, "Dev", role).ID
			in := strings.ReplaceAll(tt.line+" HTTP/1.1\n"+tt.head+"\n\n"+tt.body, "ID", id)
			status, h, body := r.send(in, key)
			if status != tt.status {
				t.Fatalf("%d %s", status, body)
			}
			if status == http.StatusNoContent {
				if len(body) > 0 {
					t.Errorf("a body: %q", body)
				}
				return
			}
			if h.Get("Content-Type") != "application/json" || !json.Valid(body) || bytes.Contains(body, []byte(key)) {
				t.Errorf("%s %s", h.Get("Content-Type"), body)
			}
			if status < 300 {
				return
			}
			var f failure
			if err := json.Unmarshal(body, &f); err != nil || f.Error == "" || f.Reason != tt.reason || f.Code != status {
				t.Errorf("%v %s", err, body)
			}
		})
	}
}

// TestOrderOfTheVendorsTests walks the path of their integration tests.
func TestOrderOfTheVendorsTests(t *testing.T) {
	r := newRoom(t)
	key, _ := r.key(r.ws, auth.Owner)
	if got := r.list(key); len(got) != 0 || got == nil {
		t.Fatalf("an empty list is %v", got)
	}
	made := r.add(key, "Dev", role)
	want := shown{ID: made.ID, Name: "Dev", RoleARN: role, ExternalID: made.ExternalID, CreatorID: made.CreatorID, Source: "aws", CreatedAt: start.Truncate(time.Millisecond), UpdatedAt: start.Truncate(time.Millisecond)}
	if d := cmp.Diff(want, made); d != "" || !isUUID(made.ID) || !isUUID(made.ExternalID) || !isUUID(made.CreatorID) {
		t.Errorf("%s", d)
	}
	if got := r.list(key); len(got) != 1 || !cmp.Equal(got[0], made) {
		t.Errorf("%+v", got)
	}
	r.now = r.now.Add(time.Hour)
	var changed shown
	if status := r.ask("PUT", "/aws/account/"+made.ID, key, `{"name":"Prod","roleArn":"`+role+`","readAccess":["`+someTeam+`"]}`, &changed); status != 200 || changed.Name != "Prod" || !changed.UpdatedAt.After(made.UpdatedAt) {
		t.Errorf("%d %+v", status, changed)
	}
	if got := r.list(key); !cmp.Equal(got, []shown{changed}) || !slices.Equal(changed.ReadAccess, []string{someTeam}) {
		t.Errorf("%+v", got)
	}
	if status := r.ask("DELETE", "/aws/account/"+made.ID, key, "", nil); status != 204 || len(r.list(key)) != 0 {
		t.Errorf("deleting: %d", status)
	}
	if len(r.canceled) != 1 || !slices.Equal(r.gone, []string{account}) {
		t.Errorf("the check that was queued goes on: %v %v", r.canceled, r.gone)
	}
	var p struct{ AccountID, ExternalID, AwsConsoleURL string }
	if status := r.ask("GET", "/aws/account/iamParameters", key, "", &p); status != 200 || p.AccountID != own || p.ExternalID != made.ExternalID ||
		!strings.Contains(p.AwsConsoleURL, "externalId="+p.ExternalID) || !strings.HasPrefix(p.AwsConsoleURL, "https://console.aws.amazon.com/iam/") {
		t.Errorf("%d %+v", status, p)
	}
}

var uuidPattern = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[48][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

func isUUID(s string) bool { return uuidPattern.MatchString(s) }

// TestPolicies: both are whole policies, served without a key; the strict one names each action, and neither lets data be read.
func TestPolicies(t *testing.T) {
	r := newRoom(t)
	for _, name := range []string{"minimal", "custom"} {
		var doc struct {
			Version   string
			Statement []struct {
				Effect           string
				Action, Resource []string
			}
		}
		if status := r.ask("GET", "/aws/account/iamParameters/policy/"+name, "", "", &doc); status != 200 || doc.Version != "2012-10-17" || len(doc.Statement) < 2 {
			t.Fatalf("%s: %d %+v", name, status, doc)
		}
		wild := false
		for _, s := range doc.Statement {
			for _, a := range s.Action {
				if s.Effect != "Allow" {
					continue
				}
				wild = wild || strings.Contains(a, "*")
				if !regexp.MustCompile(`^[a-z0-9-]+:(Get|List|Describe|Simulate|Search)[A-Za-z0-9]*\*?$`).MatchString(a) || strings.HasPrefix(a, "s3:GetObject") || strings.HasSuffix(a, ":Get*") {
					t.Errorf("%s allows %s", name, a)
				}
			}
			if text := strings.Join(s.Resource, " "); strings.Contains(text, "${") {
				t.Errorf("%s has a placeholder: %s", name, text)
			}
		}
		if wild != (name == "custom") {
			t.Errorf("%s: wildcards %t", name, wild)
		}
	}
}

// TestPersonAndTeam: times have milliseconds, and lists are never null.
func TestPersonAndTeam(t *testing.T) {
	r := newRoom(t)
	key, _ := r.key(r.ws, auth.Viewer)
	var me map[string]any
	if status := r.ask("GET", "/user/me", key, "", &me); status != 200 || !isUUID(me["id"].(string)) || me["createdAt"] != "2026-07-03T09:00:00.123Z" ||
		!cmp.Equal(me["settings"], map[string]any{"currency": "USD", "firstTime": false}) {
		t.Errorf("%d %v", status, me)
	}
	var teams []map[string]any
	if status := r.ask("GET", "/team", key, "", &teams); status != 200 || len(teams) != 1 || teams[0]["name"] != "one" || teams[0]["role"] != "user" || teams[0]["members"] == nil {
		t.Errorf("%d %v", status, teams)
	}
	for path, want := range map[string]string{"/azure/account": `{"accounts":[]}`, "/blueprint": `{"blueprints":[]}`, "/aws/account": `{"accounts":[]}`} {
		if _, _, body := r.send("GET "+path+" HTTP/1.1\nHost: x\n\n", key); strings.TrimSpace(string(body)) != want {
			t.Errorf("%s: %s", path, body)
		}
	}
}

// TestCompressedWhenAsked: curl --compressed, and only who asks.
func TestCompressedWhenAsked(t *testing.T) {
	r := newRoom(t)
	const line = "GET /aws/account/iamParameters/policy/custom HTTP/1.1\nHost: x\n"
	_, plain, text := r.send(line+"\n", "")
	if plain.Get("Content-Encoding") != "" {
		t.Errorf("nobody asked for %s", plain.Get("Content-Encoding"))
	}
	_, h, small := r.send(line+"Accept-Encoding: deflate, gzip, br\n\n", "")
	zip, err := gzip.NewReader(bytes.NewReader(small))
	if err != nil || h.Get("Content-Encoding") != "gzip" {
		t.Fatalf("%v %q", err, h.Get("Content-Encoding"))
	}
	if got, err := io.ReadAll(zip); err != nil || !bytes.Equal(got, text) {
		t.Errorf("%v: %d bytes of %d", err, len(got), len(text))
	}
}
