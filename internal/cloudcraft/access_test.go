package cloudcraft_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/auth"
	"github.com/bursarhq/bursar/internal/cloudcraft"
	"github.com/bursarhq/bursar/internal/store"
)

// TestServes: nothing of the console and of bursar's own API is taken.
func TestServes(t *testing.T) {
	for path, want := range map[string]bool{
		"/aws/account": true, "/api/aws/account": true, "/aws": true, "/team": true, "/api/team": true, "/user/me": true, "/blueprint/x/../y": true, "/azure/account": true,
		"/": false, "/accounts": false, "/api/v1/accounts": false, "/apiaws/account": false, "/assets/aws": false, "/teams": false, "/api/": false, "/healthz": false, "//aws/account": false,
	} {
		if cloudcraft.Serves(path) != want {
			t.Errorf("%s: %t", path, !want)
		}
	}
}

// protected are the routes that need a key, with the roles that may. ID is an account of the caller's workspace.
var protected = []struct {
	method, path, body string
	status             int
	reads              bool // every role may
}{
	{"GET", "/aws/account", "", 200, true},
	{"POST", "/aws/account", `{"name":"Other","roleArn":"arn:aws:iam::210987654321:role/cloudcraft"}`, 201, false},
	{"GET", "/aws/account/iamParameters", "", 200, false},
	{"PUT", "/aws/account/ID", `{"name":"New"}`, 200, false},
	{"DELETE", "/aws/account/ID", "", 204, false},
	{"GET", "/aws/account/ID/us-east-1/svg", "", 404, true},
	{"GET", "/user/me", "", 200, true},
	{"GET", "/team", "", 200, true},
	{"GET", "/azure/account", "", 200, true},
	{"GET", "/blueprint", "", 200, true},
}

func TestEveryRouteWithEveryRole(t *testing.T) {
	for _, rl := range auth.Roles {
		r := newRoom(t)
		owner, _ := r.key(r.ws, auth.Owner)
		key, _ := r.key(r.ws, rl)
		id := r.add(owner, "Dev", role).ID
		manages := rl == auth.Owner || rl == auth.Administrator
		for _, tt := range protected {
			var f failure
			got := r.ask(tt.method, strings.ReplaceAll(tt.path, "ID", id), key, tt.body, nil)
			want := tt.status
			if !tt.reads && !manages {
				want = 403
				r.ask(tt.method, strings.ReplaceAll(tt.path, "ID", id), key, tt.body, &f)
				if f.Error != "API key does not have sufficient permissions" || f.Reason != "insufficient_privileges" || f.Code != 403 {
					t.Errorf("%+v", f)
				}
			}
			if got != want {
				t.Errorf("%s %s %s: %d, want %d", rl, tt.method, tt.path, got, want)
			}
		}
		if !manages && len(r.refused) == 0 {
			t.Errorf("%s: refusals are not told of", rl)
		}
	}
}

// TestKeysOutOfForce: none, wrong, revoked and expired ones get the same answer, and the same for unknown ids.
func TestKeysOutOfForce(t *testing.T) {
	r := newRoom(t)
	owner, _ := r.key(r.ws, auth.Owner)
	id := r.add(owner, "Dev", role).ID
	revoked, kept := r.key(r.ws, auth.Owner)
	r.tx(func(tx *store.Tx) error { return tx.RevokeKey(r.ws, kept) })
	var expired bursar.Secret
	r.tx(func(tx *store.Tx) (err error) {
		expired, _, err = auth.NewCloudcraftKey(tx, r.ws, "short", auth.Owner, r.now.Add(time.Minute))
		return err
	})
	if status := r.ask("GET", "/team", expired.Reveal(), "", nil); status != 200 {
		t.Errorf("before it expires: %d", status)
	}
	r.now = r.now.Add(time.Minute)
	for name, key := range map[string]string{
		"none": "", "wrong": strings.Repeat("A", 43) + "=", "revoked": revoked, "expired": expired.Reveal(), "no key": "x", "another scheme": "\x00",
	} {
		for _, tt := range protected {
			var f failure
			head := "Authorization: Bearer " + key
			if name == "another scheme" {
				head = "Authorization: Basic " + owner
			}
			status, h, body := r.send(tt.method+" "+strings.ReplaceAll(tt.path, "ID", id)+" HTTP/1.1\nHost: x\n"+head+"\n\n"+tt.body, "")
			if status != 401 || h.Get("WWW-Authenticate") == "" || len(key) > 3 && strings.Contains(string(body), key) {
				t.Errorf("%s %s %s: %d %s", name, tt.method, tt.path, status, body)
			}
			if r.ask(tt.method, tt.path, key, tt.body, &f); name != "another scheme" && (f.Code != 401 || f.Reason != "key_refused") {
				t.Errorf("%s: %+v", name, f)
			}
		}
	}
	if len(r.refused) == 0 || len(r.list(owner)) != 1 {
		t.Error("a refusal is not told of, or something was changed")
	}
	for _, key := range []string{owner, revoked, expired.Reveal()} {
		if strings.Contains(r.log.String(), key) {
			t.Error("a key is in the log")
		}
	}
}

// TestAnotherWorkspace: what belongs to it does not exist, and its external id is another.
func TestAnotherWorkspace(t *testing.T) {
	r := newRoom(t)
	here, _ := r.key(r.ws, auth.Owner)
	there, _ := r.key(r.workspace("two"), auth.Owner)
	mine := r.add(here, "Dev", role)
	for _, tt := range protected {
		if !strings.Contains(tt.path, "ID") {
			continue
		}
		var got, unknown failure
		r.ask(tt.method, strings.ReplaceAll(tt.path, "ID", mine.ID), there, tt.body, &got)
		r.ask(tt.method, strings.ReplaceAll(tt.path, "ID", "fe3e5b29-a0e8-41ca-91e2-02a0441b1d33"), there, tt.body, &unknown)
		if got != unknown || got.Code != 404 {
			t.Errorf("%s %s: %+v, and of an id that nobody has %+v", tt.method, tt.path, got, unknown)
		}
	}
	if len(r.list(there)) != 0 {
		t.Error("the list shows another workspace's account")
	}
	// The same account can be in both; each has an external id of its own, so that neither can make bursar use the other's role.
	if theirs := r.add(there, "Dev", role); theirs.ExternalID == mine.ExternalID || theirs.ID == mine.ID {
		t.Errorf("%+v", theirs)
	}
}

// TestExternalIDOfTheOwner: one for all accounts of whoever made the key, through all the keys that were made with it.
func TestExternalIDOfTheOwner(t *testing.T) {
	r := newRoom(t)
	first, id := r.key(r.ws, auth.Owner)
	stranger, _ := r.key(r.ws, auth.Owner)
	var next string
	ctx := store.WithOrigin(r.Context(), store.Origin{WorkspaceID: r.ws, Actor: bursar.Actor{Kind: bursar.ActorKey, ID: id}})
	err := r.store.InTx(ctx, func(tx *store.Tx) error {
		k, _, err := auth.NewCloudcraftKey(tx, r.ws, "rotated", auth.Administrator, time.Time{})
		next = k.Reveal()
		return err
	})
	if err != nil || len(next) != 44 {
		t.Fatal(err)
	}
	a := r.add(first, "A", role)
	b := r.add(next, "B", "arn:aws:iam::210987654321:role/cloudcraft")
	c := r.add(stranger, "C", "arn:aws:iam::210987654322:role/cloudcraft")
	if a.ExternalID != b.ExternalID || a.CreatorID != b.CreatorID || a.ExternalID == c.ExternalID || a.CreatorID == c.CreatorID {
		t.Errorf("%+v %+v %+v", a, b, c)
	}
	// An account that comes back has it again, and another role of the account keeps it.
	r.ask("DELETE", "/aws/account/"+a.ID, first, "", nil)
	if again := r.add(first, "A", role); again.ExternalID != a.ExternalID {
		t.Errorf("%+v", again)
	}
	var moved shown
	if status := r.ask("PUT", "/aws/account/"+b.ID, next, `{"roleArn":"arn:aws:iam::210987654321:role/another"}`, &moved); status != 200 || moved.ExternalID != a.ExternalID || !strings.HasSuffix(moved.RoleARN, "/another") {
		t.Errorf("%d %+v", status, moved)
	}
	viewer, _ := r.key(r.ws, auth.Viewer)
	for _, x := range r.list(viewer) {
		if x.ExternalID != "" {
			t.Error("an external id is shown to a viewer")
		}
	}
}

// TestCreatedOnceUnderRetries: what a client sends again because it did not hear the answer is the same account.
func TestCreatedOnceUnderRetries(t *testing.T) {
	r := newRoom(t)
	key, _ := r.key(r.ws, auth.Administrator)
	other, _ := r.key(r.ws, auth.Administrator)
	first := r.add(key, "Dev", role)
	for range 3 {
		r.now = r.now.Add(4 * time.Second)
		if again := r.add(key, "Dev", role); again.ID != first.ID || !again.UpdatedAt.Equal(first.UpdatedAt) {
			t.Errorf("%+v, then %+v", first, again)
		}
	}
	const body = `{"name":"Dev","roleArn":"` + role + `"}`
	if status := r.ask("POST", "/aws/account", other, body, nil); status != http.StatusConflict {
		t.Errorf("another key: %d", status)
	}
	r.now = r.now.Add(time.Hour)
	if status := r.ask("POST", "/aws/account", key, body, nil); status != http.StatusConflict {
		t.Errorf("an hour later: %d", status)
	}
	if len(r.list(key)) != 1 {
		t.Error("it is there twice")
	}
}

// TestAccessLists: absent leaves them, [] clears them, null is kept as null.
func TestAccessLists(t *testing.T) {
	r := newRoom(t)
	key, _ := r.key(r.ws, auth.Owner)
	id := r.add(key, "Dev", role).ID
	for _, tt := range []struct{ body, want string }{
		{`{}`, `"readAccess":null,"writeAccess":null`},
		{`{"readAccess":["` + someTeam + `"],"writeAccess":[]}`, `"readAccess":["` + someTeam + `"],"writeAccess":[]`},
		{`{"name":"Dev"}`, `"readAccess":["` + someTeam + `"],"writeAccess":[]`},
		{`{"readAccess":[]}`, `"readAccess":[],"writeAccess":[]`},
		{`{"writeAccess":null}`, `"readAccess":[],"writeAccess":null`},
	} {
		if _, _, body := r.send("PUT /aws/account/"+id+" HTTP/1.1\nHost: x\n\n"+tt.body, key); !strings.Contains(string(body), tt.want) {
			t.Errorf("%s: %s", tt.body, body)
		}
	}
}

// TestAudited: each change has its line, with who and from where, and without the external id.
func TestAudited(t *testing.T) {
	r := newRoom(t)
	key, id := r.key(r.ws, auth.Owner)
	made := r.add(key, "Dev", role)
	r.ask("PUT", "/aws/account/"+made.ID, key, `{"name":"Prod"}`, nil)
	r.ask("DELETE", "/aws/account/"+made.ID, key, "", nil)
	r.tx(func(tx *store.Tx) error {
		list, err := tx.AuditEntries(r.ws, store.AuditFilter{Actor: id}, 0, 100)
		seen := map[string]bool{}
		for _, e := range list {
			seen[e.Action] = true
			if e.From != "192.0.2.1" || e.RequestID == "" || strings.Contains(string(e.Before)+string(e.After), made.ExternalID) {
				t.Errorf("%+v", e)
			}
		}
		if !seen["addAccount"] || !seen["changeAccount"] || !seen["removeAccount"] {
			t.Errorf("%v", seen)
		}
		return err
	})
}

// TestTooManyRequests: the limit is the server's own, and is said in its headers and in this API's words.
func TestTooManyRequests(t *testing.T) {
	r := newRoom(t)
	key, _ := r.key(r.ws, auth.Administrator)
	left := 1
	r.limit = func(set func(string, string), p auth.Principal) error {
		if p.KeyID == "" {
			t.Error("nobody's request is counted")
		}
		left--
		set("RateLimit", fmt.Sprintf(`"caller";r=%d;t=7`, max(0, left)))
		if left >= 0 {
			return nil
		}
		set("Retry-After", "7")
		return bursar.Errorf(bursar.TooMany, "there were more than 1 requests in this minute").WithReason("rate_limited").WithHint("send it again in 7 s")
	}
	const list = "GET /aws/account HTTP/1.1\nHost: x\nX-Request-Id: trace-12345678\n\n"
	status, h, _ := r.send(list, key)
	if status != 200 || h.Get("RateLimit") != `"caller";r=0;t=7` || h.Get("X-Request-Id") != "trace-12345678" {
		t.Errorf("%d %v", status, h)
	}
	status, h, body := r.send(list, key)
	var f failure
	if err := json.Unmarshal(body, &f); err != nil || status != 429 || f.Code != 429 || f.Reason != "rate_limited" || f.Error == "" || h.Get("Retry-After") != "7" || h.Get("RateLimit") == "" || h.Get("X-Request-Id") != "trace-12345678" || h.Get("Content-Type") != "application/json" {
		t.Errorf("%d %v %s", status, h, body)
	}
	if status, h, _ := r.send(list, "nobody's"); status != 401 || h.Get("RateLimit") != "" {
		t.Errorf("without a key: %d %v", status, h)
	}
}
