package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/auth"
)

// patch sends JSON with an If-Match.
func (b *bench) patch(path, body, ifMatch string) (*http.Response, string) {
	b.Helper()
	return b.raw("PATCH", path, body, "Content-Type", "application/json", "If-Match", ifMatch)
}

// reads are the routes that answer a GET with JSON.
func (b *bench) reads() (out []string) {
	for op, d := range b.described() {
		if ok := d.Responses["200"]; strings.HasPrefix(op, "GET ") && ok.Content["application/json"] != nil {
			out = append(out, op)
		}
	}
	if len(out) < 20 {
		b.Fatalf("only %d routes read", len(out))
	}
	return out
}

func TestEveryReadHasATag(t *testing.T) {
	m := startMatrix(t)
	owner := m.callers(m.ws, auth.Owner)
	for _, op := range m.reads() {
		by := owner[0]
		if personal(op) {
			by = owner[1]
		}
		method, path, _ := m.request(op, by)
		resp, body := m.raw(method, path, "", by.header...)
		tag := resp.Header.Get("ETag")
		if resp.StatusCode != 200 || !strings.HasPrefix(tag, `"`) || !strings.HasSuffix(tag, `"`) || len(tag) < 34 {
			t.Errorf("%s: %d, ETag %q: %.200s", op, resp.StatusCode, tag, body)
			continue
		}
		if op == "GET /api/v1/me/sessions" || op == "GET /api/v1/keys" {
			continue // when they were used last is in them
		}
		resp, body = m.raw(method, path, "", append([]string{"If-None-Match", `"other", ` + tag}, by.header...)...)
		if resp.StatusCode != 304 || body != "" || resp.Header.Get("ETag") != tag || resp.Header.Get("Content-Type") != "" {
			t.Errorf("%s, again: %d %v %.200s", op, resp.StatusCode, resp.Header, body)
		}
	}
}

func TestATagHoldsAsLongAsTheAnswer(t *testing.T) {
	b := start(t)
	c := b.client(b.owner)
	path := "/api/v1/accounts/" + b.add(c, "012345678901", "payer").ID
	first, _ := b.raw("GET", path, "")
	tag := first.Header.Get("ETag")
	for _, known := range []string{tag, "W/" + tag, `"x", ` + tag, "*"} {
		if resp, body := b.raw("GET", path, "", "If-None-Match", known); resp.StatusCode != 304 || resp.Header.Get("ETag") != tag || body != "" {
			t.Errorf("If-None-Match %s: %d %v %s", known, resp.StatusCode, resp.Header, body)
		}
	}
	for _, unknown := range []string{`"x"`, strings.Trim(tag, `"`), `"v1"`, "", `"`, tag + tag} {
		if resp, body := b.raw("GET", path, "", "If-None-Match", unknown); resp.StatusCode != 200 || body == "" {
			t.Errorf("If-None-Match %s: %d %s", unknown, resp.StatusCode, body)
		}
	}
	if resp, _ := b.raw("HEAD", path, "", "If-None-Match", tag); resp.StatusCode != 304 {
		t.Errorf("HEAD: %d", resp.StatusCode)
	}
	if first.Header.Get("Cache-Control") != "private, no-cache" {
		t.Errorf("a program may keep what it checks again: %v", first.Header)
	}
	_, cookie := b.person(b.ws, auth.Owner)
	if resp, _ := b.raw("GET", path, "", "Authorization", "", "Cookie", cookie); resp.Header.Get("Cache-Control") != "no-store" || resp.Header.Get("ETag") != tag {
		t.Errorf("a browser keeps nothing: %v", resp.Header)
	}
	viewer, _ := b.raw("GET", path, "", "Authorization", "Bearer "+b.key(b.ws, auth.Viewer).Reveal(), "If-None-Match", tag)
	if viewer.StatusCode != 200 || viewer.Header.Get("ETag") == tag {
		t.Errorf("a viewer's answer is another one: %d %v", viewer.StatusCode, viewer.Header)
	}
	if _, err := c.RenameAccount(t.Context(), "012345678901", "main"); err != nil {
		t.Fatal(err)
	}
	if resp, body := b.raw("GET", path, "", "If-None-Match", tag); resp.StatusCode != 200 || resp.Header.Get("ETag") == tag || !strings.Contains(body, `"main"`) {
		t.Errorf("after a change: %d %v %s", resp.StatusCode, resp.Header, body)
	}
	if resp, _ := b.raw("GET", "/api/v1/accounts/acc_none", "", "If-None-Match", "*"); resp.StatusCode != 404 || resp.Header.Get("ETag") != "" {
		t.Errorf("what is not there: %d %v", resp.StatusCode, resp.Header)
	}
}

func TestATagOfACompressedAnswer(t *testing.T) {
	b := start(t)
	c := b.client(b.owner)
	for i := range 20 {
		b.add(c, fmt.Sprintf("%012d", i), fmt.Sprintf("account %d", i))
	}
	plain, _ := b.raw("GET", "/api/v1/accounts", "", "Accept-Encoding", "identity")
	zip, _ := b.raw("GET", "/api/v1/accounts", "", "Accept-Encoding", "gzip")
	tag, zipTag := plain.Header.Get("ETag"), zip.Header.Get("ETag")
	if zip.Header.Get("Content-Encoding") != "gzip" || plain.Header.Get("Content-Encoding") != "" || zipTag != strings.TrimSuffix(tag, `"`)+`-gzip"` {
		t.Fatalf("%v\n%v", plain.Header, zip.Header)
	}
	for _, known := range []string{tag, zipTag} {
		resp, body := b.raw("GET", "/api/v1/accounts", "", "Accept-Encoding", "gzip", "If-None-Match", known)
		if resp.StatusCode != 304 || resp.Header.Get("ETag") != known || body != "" || resp.Header.Get("Content-Encoding") != "" || !strings.Contains(resp.Header.Get("Vary"), "Accept-Encoding") {
			t.Errorf("If-None-Match %s: %d %v %s", known, resp.StatusCode, resp.Header, body)
		}
	}
	doc, _ := b.raw("GET", "/api/v1/openapi.json", "", "Accept-Encoding", "gzip")
	if resp, _ := b.raw("GET", "/api/v1/openapi.json", "", "Accept-Encoding", "gzip", "If-None-Match", doc.Header.Get("ETag")); resp.StatusCode != 304 || doc.Header.Get("ETag") == "" {
		t.Errorf("the document: %d %v", resp.StatusCode, resp.Header)
	}
	path := "/api/v1/accounts/000000000003"
	one, _ := b.raw("GET", path+"/setup", "", "Accept-Encoding", "gzip")
	if one.Header.Get("Content-Encoding") != "gzip" {
		t.Fatalf("%v", one.Header)
	}
	if resp, body := b.patch(path+"/setup", `{"target_organization_id":"r-abcd"}`, one.Header.Get("ETag")); resp.StatusCode != 200 {
		t.Errorf("%d %s", resp.StatusCode, body)
	}
	if resp, body := b.patch(path+"/setup", `{"target_organization_id":"r-abcd"}`, one.Header.Get("ETag")); resp.StatusCode != 412 {
		t.Errorf("again: %d %s", resp.StatusCode, body)
	}
}

func TestAChangeOfWhatSomebodyElseChanged(t *testing.T) {
	m := startMatrix(t)
	_, cookie := m.person(m.ws, auth.Owner)
	user := m.userID(m.ws)
	m.keyID(m.ws)
	for _, tc := range []struct{ path, change, another string }{
		{"/api/v1/accounts/" + m.account, `{"name":"first"}`, `{"name":"second"}`},
		{"/api/v1/accounts/" + m.account + "/setup", `{"target_organization_id":"r-abcd"}`, `{"target_organization_id":"r-efgh"}`},
		{"/api/v1/users/" + user, `{"role":"member"}`, `{"role":"auditor"}`},
		{"/api/v1/workspaces/" + m.ws, `{"name":"first"}`, `{"name":"second"}`},
		{"/api/v1/me", `{"name":"first"}`, `{"name":"second"}`},
	} {
		by := []string{"Authorization", "", "Cookie", cookie, "Content-Type", "application/json"}
		read, _ := m.raw("GET", tc.path, "", by...)
		tag := read.Header.Get("ETag")
		resp, body := m.raw("PATCH", tc.path, tc.change, append(by, "If-Match", tag)...)
		if resp.StatusCode != 200 {
			t.Errorf("%s with %s: %d %s", tc.path, tag, resp.StatusCode, body)
		}
		next := resp.Header.Get("ETag")
		resp, body = m.raw("PATCH", tc.path, tc.another, append(by, "If-Match", tag)...)
		if p := problem(t, resp, body); resp.StatusCode != 412 || p.Code != bursar.Changed || p.Reason != "changed_meanwhile" || p.Field != "If-Match" || p.Hint == "" {
			t.Errorf("%s with an old tag: %d %s", tc.path, resp.StatusCode, body)
		}
		for name, stale := range map[string]string{"weak": "W/" + next, "of another": `"v77.x"`} {
			if resp, body := m.raw("PATCH", tc.path, tc.another, append(by, "If-Match", stale)...); resp.StatusCode != 412 {
				t.Errorf("%s with a tag that is %s: %d %s", tc.path, name, resp.StatusCode, body)
			}
		}
		resp, body = m.raw("PATCH", tc.path, tc.another, append(by, "If-Match", next[:len(next)-1]+"x")...)
		if problem(t, resp, body).Reason != "if_match_malformed" || resp.StatusCode != 400 {
			t.Errorf("%s without a quote: %d %s", tc.path, resp.StatusCode, body)
		}
		if resp, body := m.raw("PATCH", tc.path, tc.another, append(by, "If-Match", `"x", `+next)...); resp.StatusCode != 200 {
			t.Errorf("%s with the tag of the answer to the change: %d %s", tc.path, resp.StatusCode, body)
		}
		if resp, body := m.raw("PATCH", tc.path, tc.change, append(by, "If-Match", "*")...); resp.StatusCode != 200 {
			t.Errorf("%s with *: %d %s", tc.path, resp.StatusCode, body)
		}
	}
	for _, path := range []string{"/api/v1/accounts/" + m.account, "/api/v1/users/" + user} {
		read, _ := m.raw("GET", path, "")
		if resp, body := m.raw("DELETE", path, "", "If-Match", `"v1.x"`); resp.StatusCode != 412 {
			t.Errorf("DELETE %s: %d %s", path, resp.StatusCode, body)
		}
		if resp, body := m.raw("DELETE", path, "", "If-Match", read.Header.Get("ETag")); resp.StatusCode != 200 {
			t.Errorf("DELETE %s: %d %s", path, resp.StatusCode, body)
		}
	}
}

// A header that is passed over in silence would be taken for a promise.
func TestWhatCannotBeComparedIsRefused(t *testing.T) {
	m := startMatrix(t)
	owner := m.callers(m.ws, auth.Owner)
	described := m.described()
	for _, op := range m.guarded() {
		method, _, _ := strings.Cut(op, " ")
		if method == "GET" || method == "POST" {
			continue
		}
		by := owner[1]
		if !personal(op) {
			by = owner[0]
		}
		by.header = append([]string{"If-Match", `"v77.x"`}, by.header...)
		resp, body := m.send(op, by)
		want := "if_match_unsupported"
		for _, p := range described[op].Parameters {
			if p.Name == "If-Match" {
				want = "changed_meanwhile"
			}
		}
		if p := problem(t, resp, body); resp.StatusCode != 412 || p.Reason != want {
			t.Errorf("%s: %d %s, want %s", op, resp.StatusCode, body, want)
		}
	}
}

// Both have read the same: one of them wins, and the other one is told.
func TestOfTwoWritersOneWins(t *testing.T) {
	b := start(t)
	path := "/api/v1/accounts/" + b.add(b.client(b.owner), "012345678901", "payer").ID
	for round := range 20 {
		read, _ := b.raw("GET", path, "")
		var wg sync.WaitGroup
		statuses := make([]int, 2)
		for i := range statuses {
			wg.Go(func() {
				req, err := http.NewRequest("PATCH", b.url+path, strings.NewReader(fmt.Sprintf(`{"name":"round %d of %d"}`, round, i)))
				if err != nil {
					return
				}
				req.Header = http.Header{"Content-Type": {"application/json"}, "If-Match": {read.Header.Get("ETag")}, "Authorization": {"Bearer " + b.owner.Reveal()}}
				if resp, err := http.DefaultClient.Do(req); err == nil {
					resp.Body.Close()
					statuses[i] = resp.StatusCode
				}
			})
		}
		wg.Wait()
		if statuses[0]+statuses[1] != 200+412 {
			t.Fatalf("round %d: %v", round, statuses)
		}
		winner := map[bool]int{true: 0, false: 1}[statuses[0] == 200]
		if _, body := b.raw("GET", path, ""); !strings.Contains(body, fmt.Sprintf(`"round %d of %d"`, round, winner)) {
			t.Fatalf("round %d was won by %d: %s", round, winner, body)
		}
	}
}
