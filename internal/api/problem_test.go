package api_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/bursarhq/bursar"
)

// withBody are the operations that take a body.
func (b *bench) withBody() (out []string) {
	b.Helper()
	_, text := b.raw("GET", "/api/v1/openapi.json", "", "Authorization", "")
	var doc struct {
		Paths map[string]map[string]struct {
			Body any `json:"requestBody"`
		} `json:"paths"`
	}
	if err := json.Unmarshal([]byte(text), &doc); err != nil {
		b.Fatal(err)
	}
	for path, methods := range doc.Paths {
		for method, op := range methods {
			if op.Body != nil {
				out = append(out, strings.ToUpper(method)+" "+path)
			}
		}
	}
	if len(out) == 0 {
		b.Fatal("no operation takes a body")
	}
	return out
}

var nowhere = strings.NewReplacer("{account}", "acc_none", "{run}", "run_none", "{export}", "exp_none", "{delivery}", "dlv_none", "{member}", "999999999999")

// Every operation refuses a body that it cannot read in the same way, before it looks at what the path names.
func TestBodiesThatCannotBeRead(t *testing.T) {
	b := start(t)
	for _, op := range b.withBody() {
		method, path, _ := strings.Cut(op, " ")
		for name, tc := range map[string]struct {
			body, kind    string
			status        int
			reason, field string
		}{
			"unknown field":  {`{"colour":"red"}`, "application/json", 400, "unknown_field", "colour"},
			"external id":    {`{"external_id":"mine"}`, "application/json", 400, "external_id_generated", "external_id"},
			"too large":      {`{"colour":"` + strings.Repeat("x", 20<<20) + `"}`, "application/json", 413, "body_too_large", ""},
			"a form":         {"colour=red", "application/x-www-form-urlencoded", 415, "content_type_unknown", ""},
			"XML":            {"<colour/>", "application/xml", 415, "content_type_unknown", ""},
			"cut off":        {`{"colour":`, "application/json", 400, "body_malformed", ""},
			"nothing at all": {"", "application/json", 400, "body_missing", ""},
			"a list":         {`[{}]`, "application/json", 400, "body_malformed", ""},
			"a text":         {`"x"`, "application/json", 400, "body_malformed", ""},
			"compressed":     {"\x1f\x8b\x08\x00", "application/json", 400, "body_malformed", ""},
		} {
			resp, body := b.raw(method, nowhere.Replace(path), tc.body, "Content-Type", tc.kind)
			p := problem(t, resp, body)
			if resp.StatusCode != tc.status || p.Reason != tc.reason || p.Field != tc.field || p.Hint == "" {
				t.Errorf("%s, %s: %d %.300s\n want %d %s %s and a hint", op, name, resp.StatusCode, body, tc.status, tc.reason, tc.field)
			}
			if said := strings.ReplaceAll(body, p.RequestID, ""); strings.Contains(said, "mine") || strings.Contains(said, "red") {
				t.Errorf("%s, %s: the refusal repeats a value: %s", op, name, body)
			}
		}
	}
}

// Every operation refuses a parameter that it does not have, and names it.
func TestParametersThatAreUnknown(t *testing.T) {
	b := start(t)
	for _, op := range b.operations() {
		method, path, _ := strings.Cut(op, " ")
		resp, body := b.raw(method, nowhere.Replace(path)+"?colour=red", "{}", "Content-Type", "application/json")
		if p := problem(t, resp, body); resp.StatusCode != http.StatusBadRequest || p.Reason != "unknown_field" || p.Field != "colour" || p.Hint == "" {
			t.Errorf("%s: %d %s", op, resp.StatusCode, body)
		}
	}
}

// Every operation says of what does not exist that it does not, with a whole problem; and so does every path beside the map.
func TestNothingThere(t *testing.T) {
	b := start(t)
	for _, op := range b.operations() {
		method, path, _ := strings.Cut(op, " ")
		if method != http.MethodGet || !strings.Contains(path, "{") {
			continue
		}
		resp, body := b.raw(method, nowhere.Replace(path), "")
		if p := problem(t, resp, body); resp.StatusCode != http.StatusNotFound || p.Code != bursar.NotFound || p.Hint == "" {
			t.Errorf("%s: %d %s", op, resp.StatusCode, body)
		}
	}
	for _, path := range []string{"/api", "/api/", "/api/v1", "/api/v1/accounts/", "/index.html", "/api/v1/accounts/acc_none/frobnicate", "/.env", "/debug/pprof/", "/metrics.json"} {
		resp, body := b.raw("GET", path, "", "Authorization", "")
		if p := problem(t, resp, body); resp.StatusCode != http.StatusNotFound || p.Reason != "no_route" || p.Hint == "" {
			t.Errorf("%s: %d %s", path, resp.StatusCode, body)
		}
	}
}

// Every path refuses a method that it does not have, and names those that it has.
func TestMethodsThatArePlainWrong(t *testing.T) {
	b := start(t)
	has := map[string][]string{}
	for _, op := range b.operations() {
		method, path, _ := strings.Cut(op, " ")
		has[path] = append(has[path], method)
	}
	for path, methods := range has {
		for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"} {
			if strings.Contains(strings.Join(methods, " "), method) {
				continue
			}
			resp, body := b.raw(method, nowhere.Replace(path), "")
			p := problem(t, resp, body)
			if resp.StatusCode != http.StatusMethodNotAllowed || p.Reason != "method_not_allowed" {
				t.Errorf("%s %s: %d %s", method, path, resp.StatusCode, body)
			}
			for _, m := range methods {
				if !strings.Contains(resp.Header.Get("Allow"), m) {
					t.Errorf("%s %s: Allow %q lacks %s", method, path, resp.Header.Get("Allow"), m)
				}
			}
		}
	}
}
