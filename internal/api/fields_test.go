package api_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/auth"
)

func TestFields(t *testing.T) {
	b := start(t)
	c := b.client(b.owner)
	a := b.add(c, "012345678901", "payer")
	b.add(c, "012345678902", "zürich & <other>")
	for query, want := range map[string]string{
		"/api/v1/accounts/" + a.ID + "?fields=name":                          `{"id":"` + a.ID + `","name":"payer"}`,
		"/api/v1/accounts/" + a.ID + "?fields=version,id,account_id":         `{"id":"` + a.ID + `","account_id":"012345678901","version":1}`,
		"/api/v1/accounts/" + a.ID + "?fields=name&fields=version":           `{"id":"` + a.ID + `","name":"payer","version":1}`,
		"/api/v1/accounts/" + a.ID + "?fields=name,%20version":               `{"id":"` + a.ID + `","name":"payer","version":1}`,
		"/api/v1/accounts/" + a.ID + "?fields=findings":                      `{"id":"` + a.ID + `"}`,
		"/api/v1/accounts/" + a.ID + "/setup?fields=account_id,version":      `{"account_id":"012345678901","version":1}`,
		"/api/v1/accounts?limit=1&fields=account_id":                         `{"items":[{"id":"` + a.ID + `","account_id":"012345678901"}],"next_cursor":`,
		"/api/v1/runs?fields=state":                                          `{"items":[]}`,
		"/api/v1/costs?fields=totals":                                        `{"totals":[{"amount":"4064.4831315379","currency":"USD"}]}`,
		"/api/v1/accounts/" + a.ID + "/deregistration?fields=name&bill=keep": `{"name":"payer"}`,
	} {
		resp, body := b.raw("GET", query, "")
		if resp.StatusCode != 200 || !strings.HasPrefix(strings.TrimSpace(body), want) || resp.Header.Get("ETag") == "" {
			t.Errorf("%s: %d %s\n want %s", query, resp.StatusCode, body, want)
		}
	}
	if _, body := b.raw("GET", "/api/v1/accounts?fields=name", ""); !strings.Contains(body, `"zürich \u0026 \u003cother\u003e"`) && !strings.Contains(body, `"zürich & <other>"`) {
		t.Errorf("values stay as they are: %s", body)
	}
	whole, _ := b.raw("GET", "/api/v1/accounts/"+a.ID, "")
	part, _ := b.raw("GET", "/api/v1/accounts/"+a.ID+"?fields=name", "")
	if whole.Header.Get("ETag") == part.Header.Get("ETag") {
		t.Error("two answers have one tag")
	}
	if resp, body := b.patch("/api/v1/accounts/"+a.ID, `{"name":"main"}`, part.Header.Get("ETag")); resp.StatusCode != 200 {
		t.Errorf("the tag of a part is good for a change: %d %s", resp.StatusCode, body)
	}
}

func TestFieldsThatThereAreNot(t *testing.T) {
	b := start(t)
	a := b.add(b.client(b.owner), "012345678901", "payer")
	for _, fields := range []string{"colour", "", "name,", "status.summary", "Name", "items", strings.Repeat("x", 4000)} {
		for _, path := range []string{"/api/v1/accounts", "/api/v1/accounts/" + a.ID} {
			resp, body := b.raw("GET", path+"?fields="+fields, "")
			if p := problem(t, resp, body); resp.StatusCode != 400 || p.Code != bursar.Invalid || p.Field != "fields" || p.Reason != "unknown_field" || !strings.Contains(p.Hint, "account_id, created_at, external_id") || len(p.Detail) > 100 {
				t.Errorf("%s with %.20q: %d %s", path, fields, resp.StatusCode, body)
			}
		}
	}
	if resp, body := b.raw("GET", "/api/v1/accounts?fields=name&colour=red", ""); problem(t, resp, body).Field != "colour" {
		t.Errorf("%d %s", resp.StatusCode, body)
	}
	if resp, body := b.raw("GET", "/api/v1/accounts/acc_none?fields=name", ""); problem(t, resp, body).Code != bursar.NotFound {
		t.Errorf("%d %s", resp.StatusCode, body)
	}
	viewer := "Bearer " + b.key(b.ws, auth.Viewer).Reveal()
	if resp, body := b.raw("GET", "/api/v1/accounts?fields=external_id", "", "Authorization", viewer); resp.StatusCode != 200 || strings.Contains(body, a.ExternalID) {
		t.Errorf("a viewer asks for external ids: %d %s", resp.StatusCode, body)
	}
}

// One mechanism is behind every route: each read whose answer has fields knows the parameter, and answers with what was asked for alone.
func TestEveryReadTakesFields(t *testing.T) {
	m := startMatrix(t)
	owner := m.callers(m.ws, auth.Owner)
	described := m.described()
	for _, op := range m.reads() {
		by := owner[0]
		if personal(op) {
			by = owner[1]
		}
		var names []string
		for _, p := range described[op].Parameters {
			if p.Name == "fields" {
				names = p.Schema.Items.Enum
			}
		}
		if len(names) == 0 {
			t.Errorf("%s has no fields", op)
			continue
		}
		for _, name := range names {
			method, path, _ := m.request(op, by)
			resp, body := m.raw(method, asking(path, "fields="+name), "", by.header...)
			var one map[string]json.RawMessage
			if err := json.Unmarshal([]byte(body), &one); err != nil || resp.StatusCode != 200 {
				t.Errorf("%s with %s: %d, %v: %.300s", op, name, resp.StatusCode, err, body)
				continue
			}
			all := []map[string]json.RawMessage{one}
			if items, ok := one["items"]; ok && !slices.Contains(names, "items") {
				all = nil
				if err := json.Unmarshal(items, &all); err != nil {
					t.Errorf("%s with %s: %v", op, name, err)
				}
			}
			for _, o := range all {
				for got := range o {
					if got != name && got != "id" {
						t.Errorf("%s with %s has %s: %.300s", op, name, got, body)
					}
				}
			}
		}
	}
}

// asking adds to what a path asks for.
func asking(path, query string) string {
	switch {
	case query == "":
		return path
	case strings.Contains(path, "?"):
		return path + "&" + query
	}
	return path + "?" + query
}
