package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/client"
	"github.com/bursarhq/bursar/internal/api"
	"github.com/bursarhq/bursar/internal/auth"
	"github.com/bursarhq/bursar/internal/store"
)

// browser is a person's: it keeps the cookie, and sends what bursar's own pages send.
type browser struct {
	*bench
	cookie string
}

func (w *browser) send(method, path, body string, header ...string) (*http.Response, string) {
	w.Helper()
	h := append([]string{"Authorization", "", "Content-Type", "application/json", "Cookie", w.cookie, "X-Bursar-Csrf", "1", "Sec-Fetch-Site", "same-origin"}, header...)
	resp, got := w.raw(method, path, body, h...)
	for _, c := range resp.Cookies() {
		w.cookie = c.Name + "=" + c.Value
	}
	return resp, got
}

func (w *browser) must(status int, method, path, body string) map[string]any {
	w.Helper()
	resp, got := w.send(method, path, body)
	if resp.StatusCode != status {
		w.Fatalf("%s %s: %d %.300s, want %d", method, path, resp.StatusCode, got, status)
	}
	var out map[string]any
	if err := json.Unmarshal([]byte(got), &out); err != nil {
		w.Fatal(err)
	}
	return out
}

func (b *bench) owns() *browser {
	b.Helper()
	w := &browser{bench: b}
	w.must(200, "POST", "/api/v1/invitation/accept", fmt.Sprintf(`{"token":%q,"email":"Olga@Example.com","name":"Olga","password":%q}`, b.setup.Reveal(), password))
	return w
}

func TestTheFirstPersonIsTheOwner(t *testing.T) {
	b := start(t)
	w := &browser{bench: b}
	look := w.must(200, "POST", "/api/v1/invitation/look", `{"token":"`+b.setup.Reveal()+`"}`)
	if look["role"] != "owner" || look["email"] != nil {
		t.Errorf("%v", look)
	}
	for body, reason := range map[string]string{
		`{"token":"bui_x","email":"a@example.com","name":"A","password":"correct horse battery"}`:                                     "invitation_gone",
		`{"token":"` + b.setup.Reveal() + `","email":"a@example.com","name":"A","password":"short"}`:                                  "password_too_short",
		`{"token":"` + b.setup.Reveal() + `","email":"a@example.com","name":"A","password":"ababababababab"}`:                         "password_too_easy",
		`{"token":"` + b.setup.Reveal() + `","email":"nobody","name":"A","password":"correct horse battery"}`:                         "email_malformed",
		`{"token":"` + b.setup.Reveal() + `","email":"A <a@example.com>","name":"A","password":"correct horse battery"}`:              "email_malformed",
		`{"token":"` + b.setup.Reveal() + `","email":"a@example.com","name":"","password":"correct horse battery"}`:                   "name_empty",
		`{"token":"` + b.setup.Reveal() + `","email":"a@example.com","name":"A","password":"my a@example.com password, very long"}`:   "password_too_easy",
		`{"token":"` + b.setup.Reveal() + `","email":"a@example.com","name":"A","password":"` + strings.Repeat("correct ", 70) + `"}`: "password_malformed",
	} {
		resp, got := w.send("POST", "/api/v1/invitation/accept", body)
		if p := problem(t, resp, got); p.Reason != reason || w.cookie != "" {
			t.Errorf("%s: %s", reason, got)
		}
	}
	w = b.owns()
	me := w.must(200, "GET", "/api/v1/me", "")
	if me["email"] != "olga@example.com" || me["name"] != "Olga" || me["role"] != "owner" || me["kind"] != "user" || me["workspace"].(map[string]any)["id"] != b.ws {
		t.Errorf("%v", me)
	}
	if resp, got := w.send("POST", "/api/v1/invitation/look", `{"token":"`+b.setup.Reveal()+`"}`); resp.StatusCode != 404 || problem(t, resp, got).Reason != "invitation_gone" {
		t.Errorf("the link works twice: %s", got)
	}
}

func TestTheSessionsCookie(t *testing.T) {
	b := start(t)
	b.owns()
	signIn := `{"email":"olga@example.com","password":"` + password + `"}`
	resp, body := b.raw("POST", "/api/v1/session", signIn, "Authorization", "", "Content-Type", "application/json", "X-Bursar-Csrf", "1")
	if resp.StatusCode != 200 || len(resp.Cookies()) != 1 {
		t.Fatalf("%d %s", resp.StatusCode, body)
	}
	c := resp.Cookies()[0]
	if c.Name != "bursar-session" || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.Secure || c.Domain != "" || !strings.HasPrefix(c.Value, "bus_") || strings.Contains(body, c.Value) {
		t.Errorf("on loopback: %v", c)
	}
	b.api.PublicURL = "https://bursar.example.com"
	resp, _ = b.raw("POST", "/api/v1/session", signIn, "Authorization", "", "Content-Type", "application/json", "X-Bursar-Csrf", "1")
	if c := resp.Cookies()[0]; c.Name != "__Host-bursar-session" || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.Domain != "" {
		t.Errorf("through https: %v", c)
	}
	b.api.PublicURL = ""
	req, err := http.NewRequestWithContext(t.Context(), "POST", b.url+"/api/v1/session", strings.NewReader(signIn))
	if err != nil {
		t.Fatal(err)
	}
	req.Host = "bursar.example.com"
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Bursar-Csrf", "1")
	plain, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Body.Close()
	var p api.Problem
	if err := json.NewDecoder(plain.Body).Decode(&p); err != nil || plain.StatusCode != 403 || p.Reason != "https_required" || len(plain.Cookies()) != 0 {
		t.Errorf("over plain HTTP: %d %+v", plain.StatusCode, p)
	}
}

func TestNoOtherSiteCanUseTheSession(t *testing.T) {
	b := start(t)
	w := b.owns()
	for name, header := range map[string][]string{
		"no header of ours": {"X-Bursar-Csrf", ""}, "another site": {"Sec-Fetch-Site", "cross-site"}, "a sister site": {"Sec-Fetch-Site", "same-site"},
		"an old browser's origin": {"Sec-Fetch-Site", "", "Origin", "https://evil.example"},
	} {
		for _, r := range []string{"POST /api/v1/keys", "DELETE /api/v1/session", "PATCH /api/v1/me", "POST /api/v1/session"} {
			method, path, _ := strings.Cut(r, " ")
			resp, got := w.send(method, path, `{"name":"x","role":"viewer"}`, header...)
			if resp.StatusCode != 403 || problem(t, resp, got).Reason != "cross_site" {
				t.Errorf("%s, %s: %d %s", name, r, resp.StatusCode, got)
			}
		}
	}
	w.must(200, "PATCH", "/api/v1/me", `{"name":"Olga the Great"}`)
	if resp, got := w.send("GET", "/api/v1/me", "", "Sec-Fetch-Site", "cross-site", "X-Bursar-Csrf", ""); resp.StatusCode != 200 {
		t.Errorf("a read changes nothing: %d %s", resp.StatusCode, got)
	}
}

func TestSignInIsLimited(t *testing.T) {
	b := start(t)
	b.owns()
	now := b.clock.set(time.Now())
	w := &browser{bench: b}
	try := func(email, password string) (int, string) {
		resp, got := w.send("POST", "/api/v1/session", fmt.Sprintf(`{"email":%q,"password":%q}`, email, password))
		p := api.Problem{}
		if resp.StatusCode != 200 {
			p = problem(t, resp, got)
			p.RequestID = ""
		}
		return resp.StatusCode, p.Reason + p.Detail + p.Hint
	}
	_, wrong := try("olga@example.com", "wrong wrong wrong")
	if _, unknown := try("nobody@example.com", password); unknown != wrong || !strings.HasPrefix(wrong, "sign_in_refused") {
		t.Errorf("an unknown person is told apart: %q, %q", unknown, wrong)
	}
	for range 4 {
		if status, what := try("olga@example.com", "wrong wrong wrong"); status != 401 {
			t.Errorf("%d %s", status, what)
		}
	}
	if status, what := try("olga@example.com", password); status != 429 || !strings.HasPrefix(what, "too_many_attempts") {
		t.Errorf("the sixth: %d %s", status, what)
	}
	b.clock.set(now.Add(15 * time.Minute))
	if status, what := try("OLGA@example.com", password); status != 200 {
		t.Errorf("a quarter of an hour later: %d %s", status, what)
	}
	log, err := b.client(b.owner).Audit(t.Context(), client.AuditFilter{Action: "signIn"}, 100)
	if err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	for _, e := range log {
		count[string(e.Outcome)+" "+e.Reason]++
		if strings.Contains(fmt.Sprint(e), "nobody@example.com") {
			t.Errorf("what was typed is kept: %+v", e)
		}
	}
	if count["refused sign_in_refused"] != 6 || count["refused too_many_attempts"] != 1 || count["done "] != 1 {
		t.Errorf("the log has %v", count)
	}
}

func TestSessionsEnd(t *testing.T) {
	b := start(t)
	now := b.clock.set(time.Now())
	w := b.owns()
	for range 13 { // in use, until its lifetime of seven days ends
		now = b.clock.set(now.Add(12*time.Hour - time.Second))
		w.must(200, "GET", "/api/v1/me", "")
	}
	b.clock.set(now.Add(12 * time.Hour))
	if resp, _ := w.send("GET", "/api/v1/me", ""); resp.StatusCode != 401 {
		t.Errorf("a session outlives its lifetime: %d", resp.StatusCode)
	}
	signIn := `{"email":"olga@example.com","password":"` + password + `"}`
	one, two := &browser{bench: b}, &browser{bench: b}
	one.must(200, "POST", "/api/v1/session", signIn)
	two.must(200, "POST", "/api/v1/session", signIn)
	list := one.must(200, "GET", "/api/v1/me/sessions", "")["items"].([]any)
	if len(list) != 2 {
		t.Errorf("%v", list)
	}
	for _, s := range list {
		if s := s.(map[string]any); s["current"] == false {
			one.must(200, "DELETE", "/api/v1/me/sessions/"+s["id"].(string), "")
		}
	}
	if resp, _ := two.send("GET", "/api/v1/me", ""); resp.StatusCode != 401 {
		t.Errorf("an ended session: %d", resp.StatusCode)
	}
	two.must(200, "POST", "/api/v1/session", signIn)
	resp, got := one.send("PUT", "/api/v1/me/password", `{"current":"wrong wrong wrong","password":"another horse battery"}`)
	if p := problem(t, resp, got); p.Field != "current" {
		t.Errorf("%s", got)
	}
	one.must(200, "PUT", "/api/v1/me/password", `{"current":"`+password+`","password":"another horse battery"}`)
	if resp, _ := two.send("GET", "/api/v1/me", ""); resp.StatusCode != 401 {
		t.Error("another session outlives the password")
	}
	if resp, _ := two.send("POST", "/api/v1/session", signIn); resp.StatusCode != 401 {
		t.Error("the old password is good")
	}
	kept := one.cookie
	one.must(200, "DELETE", "/api/v1/session", "")
	one.cookie = kept
	if resp, _ := one.send("GET", "/api/v1/me", ""); resp.StatusCode != 401 {
		t.Error("a session outlives signing out")
	}
}

func TestPeopleComeAndGo(t *testing.T) {
	b := start(t)
	w := b.owns()
	invited := w.must(201, "POST", "/api/v1/invitations", `{"email":"bob@example.com","role":"member"}`)
	older := strings.TrimPrefix(invited["link"].(string), b.url+"/invitation#")
	invited = w.must(201, "POST", "/api/v1/invitations", `{"email":"bob@example.com","role":"member"}`)
	token := strings.TrimPrefix(invited["link"].(string), b.url+"/invitation#")
	if open := w.must(200, "GET", "/api/v1/invitations", "")["items"].([]any); len(open) != 1 || open[0].(map[string]any)["link"] != nil {
		t.Errorf("%v", open)
	}
	bob := &browser{bench: b}
	if resp, got := bob.send("POST", "/api/v1/invitation/accept", `{"token":"`+older+`","name":"Bob","password":"`+password+`"}`); resp.StatusCode != 404 {
		t.Errorf("an older link: %s", got)
	}
	bob.must(200, "POST", "/api/v1/invitation/accept", `{"token":"`+token+`","email":"eve@example.com","name":"Bob","password":"`+password+`"}`)
	if me := bob.must(200, "GET", "/api/v1/me", ""); me["email"] != "bob@example.com" || me["role"] != "member" {
		t.Errorf("%v", me)
	}
	people := w.must(200, "GET", "/api/v1/users", "")["items"].([]any)
	id := people[0].(map[string]any)["id"].(string)
	w.must(200, "PATCH", "/api/v1/users/"+id, `{"role":"auditor"}`)
	bob.must(200, "GET", "/api/v1/audit", "") // at once
	if resp, _ := bob.send("GET", "/api/v1/costs", ""); resp.StatusCode != 403 {
		t.Errorf("an auditor asks for costs: %d", resp.StatusCode)
	}
	w.must(200, "DELETE", "/api/v1/users/"+id, "")
	if resp, _ := bob.send("GET", "/api/v1/me", ""); resp.StatusCode != 401 {
		t.Errorf("somebody who is gone: %d", resp.StatusCode)
	}
	if resp, got := bob.send("POST", "/api/v1/session", `{"email":"bob@example.com","password":"`+password+`"}`); resp.StatusCode != 401 || problem(t, resp, got).Reason != "no_workspace" {
		t.Errorf("%s", got)
	}
	olga := people[1].(map[string]any)["id"].(string)
	for _, r := range []string{"DELETE", "PATCH"} {
		if resp, got := w.send(r, "/api/v1/users/"+olga, map[string]string{"PATCH": `{"role":"viewer"}`}[r]); resp.StatusCode != 409 || problem(t, resp, got).Reason != "last_owner" {
			t.Errorf("%s of the last owner: %d %s", r, resp.StatusCode, got)
		}
	}
}

func TestAnAdministratorReachesNoOwner(t *testing.T) {
	b := start(t)
	w := b.owns()
	olga := w.must(200, "GET", "/api/v1/me", "")["id"].(string)
	_, cookie := b.person(b.ws, auth.Administrator)
	admin := &browser{b, cookie}
	for _, r := range []string{`PATCH /api/v1/users/` + olga + ` {"role":"viewer"}`, `DELETE /api/v1/users/` + olga + ` `, `POST /api/v1/invitations {"email":"x@example.com","role":"owner"}`, `POST /api/v1/invitations {"email":"x@example.com","role":"auditor"}`} {
		part := strings.SplitN(r, " ", 3)
		if resp, got := admin.send(part[0], part[1], part[2]); resp.StatusCode != 403 || problem(t, resp, got).Reason != "role_too_high" {
			t.Errorf("%s: %d %s", r, resp.StatusCode, got)
		}
	}
}

func TestOnePersonInSeveralWorkspaces(t *testing.T) {
	b := start(t)
	w := b.owns()
	customer := w.must(201, "POST", "/api/v1/workspaces", `{"name":"Customer"}`)["id"].(string)
	twin := w.must(201, "POST", "/api/v1/workspaces", `{"name":"Customer"}`)["id"].(string) // no conflict tells of the other one
	w.must(201, "POST", "/api/v1/accounts", `{"account_id":"012345678901","name":"at home"}`)
	w.must(200, "PUT", "/api/v1/session/workspace", `{"workspace_id":"`+customer+`"}`)
	if list := w.must(200, "GET", "/api/v1/accounts", "")["items"].([]any); len(list) != 0 {
		t.Errorf("%v", list)
	}
	me := w.must(200, "GET", "/api/v1/me", "")
	if me["workspace"].(map[string]any)["id"] != customer || len(me["others"].([]any)) != 2 {
		t.Errorf("%v", me)
	}
	if resp, _ := w.send("PATCH", "/api/v1/workspaces/"+twin, `{"name":"x"}`); resp.StatusCode != 404 {
		t.Errorf("a workspace that the person does not look at: %d", resp.StatusCode)
	}
	w.must(200, "PATCH", "/api/v1/workspaces/"+customer, `{"name":"Customer & Sons"}`)

	email, cookie := b.person(customer, auth.Viewer)
	viewer := &browser{b, cookie}
	for path, status := range map[string]int{"/api/v1/workspaces/" + customer: 200, "/api/v1/workspaces/" + b.ws: 404, "/api/v1/workspaces/ws_nothing": 404} {
		if resp, got := viewer.send("GET", path, ""); resp.StatusCode != status {
			t.Errorf("%s: %d %s", path, resp.StatusCode, got)
		}
	}
	var token bursar.Secret
	in(b, func(tx *store.Tx) (err error) { token, _, err = auth.Invite(tx, b.ws, email, auth.Member); return err })
	if resp, got := viewer.send("POST", "/api/v1/invitation/accept", `{"token":"`+token.Reveal()+`","password":"wrong wrong wrong"}`); resp.StatusCode != 401 {
		t.Errorf("a known person without their password: %d %s", resp.StatusCode, got)
	}
	if me := viewer.must(200, "POST", "/api/v1/invitation/accept", `{"token":"`+token.Reveal()+`","password":"`+password+`"}`); me["role"] != "member" || me["workspace"].(map[string]any)["id"] != b.ws {
		t.Errorf("%v", me)
	}
	if list := viewer.must(200, "GET", "/api/v1/workspaces", "")["items"].([]any); len(list) != 2 {
		t.Errorf("%v", list)
	}
	made, err := b.client(b.owner).AddKey(t.Context(), client.NewKey{Name: "msp", Role: "owner"})
	if err != nil {
		t.Fatal(err)
	}
	resp, body := b.raw("POST", "/api/v1/workspaces", `{"name":"Another"}`, "Authorization", "Bearer "+made.Key, "Content-Type", "application/json")
	var ws api.Workspace
	if err := json.Unmarshal([]byte(body), &ws); err != nil || resp.StatusCode != 201 || !strings.HasPrefix(ws.Key, "bur_") {
		t.Errorf("%d %s", resp.StatusCode, body)
	}
	if _, err := b.client(bursar.NewSecret(ws.Key)).Keys(t.Context()); err != nil {
		t.Errorf("the new workspace's key: %v", err)
	}
}
