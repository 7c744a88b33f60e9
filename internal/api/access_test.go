package api_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/client"
	"github.com/bursarhq/bursar/internal/api"
	"github.com/bursarhq/bursar/internal/auth"
	"github.com/bursarhq/bursar/internal/store"
	"github.com/google/go-cmp/cmp"
)

// operations are every route of the document: "GET /api/v1/accounts", with its id.
func (b *bench) described() map[string]operation {
	b.Helper()
	_, body := b.raw("GET", "/api/v1/openapi.json", "", "Authorization", "")
	var doc struct {
		Paths map[string]map[string]operation `json:"paths"`
	}
	if err := json.Unmarshal([]byte(body), &doc); err != nil || len(doc.Paths) < 10 {
		b.Fatalf("%d paths, %v", len(doc.Paths), err)
	}
	out := map[string]operation{}
	for path, methods := range doc.Paths {
		for m, op := range methods {
			out[strings.ToUpper(m)+" "+path] = op
		}
	}
	return out
}

type operation struct {
	ID         string           `json:"operationId"`
	Security   []map[string]any `json:"security"` // empty: needs no credential
	Parameters []parameter      `json:"parameters"`
	Responses  map[string]struct {
		Content map[string]any `json:"content"`
	} `json:"responses"`
}

type parameter struct {
	Name   string `json:"name"`
	In     string `json:"in"`
	Schema struct {
		Items struct {
			Enum []string `json:"enum"`
		} `json:"items"`
	} `json:"schema"`
}

// guarded are the routes that need a credential.
func (b *bench) guarded() (out []string) {
	for op, d := range b.described() {
		if len(d.Security) > 0 {
			out = append(out, op)
		}
	}
	slices.Sort(out)
	return out
}

func (b *bench) operations() []string { return slices.Sorted(maps.Keys(b.described())) }

// what each role may do, route by route. A new route must be added here.
var allowed = map[string]string{ // owner administrator member viewer auditor
	"GET /api/v1/accounts":                          "oamvu",
	"POST /api/v1/accounts":                         "oa",
	"POST /api/v1/accounts:bulk":                    "oa",
	"GET /api/v1/accounts/{account}":                "oamvu",
	"GET /api/v1/accounts/{account}/setup":          "oa",
	"PATCH /api/v1/accounts/{account}":              "oa",
	"DELETE /api/v1/accounts/{account}":             "oa",
	"GET /api/v1/accounts/{account}/deregistration": "oa",
	"PATCH /api/v1/accounts/{account}/setup":        "oa",
	"GET /api/v1/accounts/{account}/exports":        "oamvu",
	"POST /api/v1/accounts/{account}/check":         "oam",
	"POST /api/v1/accounts/{account}/import":        "oam",
	"GET /api/v1/runs":                              "oamvu",
	"GET /api/v1/runs/{run}":                        "oamvu",
	"GET /api/v1/runs/{run}/events":                 "oamvu",
	"POST /api/v1/runs/{run}/cancel":                "oam",
	"GET /api/v1/exports":                           "oamv",
	"GET /api/v1/deliveries":                        "oamv",
	"GET /api/v1/costs":                             "oamv",
	"GET /api/v1/costs/export":                      "oamv",
	"GET /api/v1/costs/items":                       "oamv",
	"GET /api/v1/costs/items/export":                "oamv",
	"GET /api/v1/costs/dimensions":                  "oamv",
	"GET /api/v1/costs/values":                      "oamv",
	"GET /api/v1/costs/forecast":                    "oamv",
	"GET /api/v1/sql/views":                         "oamv",
	"POST /api/v1/sql":                              "oamv",
	"POST /api/v1/sql/export":                       "oamv",
	"GET /api/v1/keys":                              "oa",
	"POST /api/v1/keys":                             "oa",
	"DELETE /api/v1/keys/{key}":                     "oa",
	"GET /api/v1/audit":                             "ou",
	"GET /api/v1/audit/export":                      "ou",
	"GET /api/v1/accounts/{account}/members":        "oamvu",
	"POST /api/v1/accounts/{account}/members/check": "oam",
	"POST /api/v1/accounts/{account}/members/sync":  "oam",
	"GET /api/v1/accounts/{account}/events":         "oamvu",
	"GET /api/v1/events":                            "oamvu",
	"POST /api/v1/validate":                         "oa",
	"POST /api/v1/exports/{export}/primary":         "oa",
	"GET /api/v1/accounts:export":                   "oamvu",
	"GET /api/v1/members/unregistered":              "oamvu",
	"GET /api/v1/accounts/{account}/findings":       "oamvu",
	"GET /api/v1/changes":                           "oamvu",
	"GET /api/v1/deliveries/{delivery}":             "oamv",
	"GET /api/v1/deliveries/{delivery}/changes":     "oamv",
	"POST /api/v1/deliveries/{delivery}/rollback":   "oa",
	"POST /api/v1/deliveries/{delivery}/reimport":   "oa",

	"GET /api/v1/streams":                         "oamv",
	"GET /api/v1/sources":                         "oamv",
	"POST /api/v1/sources":                        "oa",
	"POST /api/v1/sources:price":                  "oa",
	"GET /api/v1/sources/{source}":                "oamv",
	"PATCH /api/v1/sources/{source}":              "oa",
	"DELETE /api/v1/sources/{source}":             "oa",
	"GET /api/v1/sources/{source}/price":          "oamv",
	"POST /api/v1/sources/{source}/run":           "oa",
	"POST /api/v1/sources/{source}/reopen":        "oa",
	"GET /api/v1/sources/{source}/data/{stream}":  "oamv",
	"GET /api/v1/sources/{source}/reconciliation": "oamv",
	"GET /api/v1/requests":                        "oamv",
	"GET /api/v1/requests/spend":                  "oamv",
	"GET /api/v1/request-budgets":                 "oamv",
	"PUT /api/v1/request-budgets/{scope}":         "oa",

	"GET /api/v1/credentials":                      "oamu",
	"POST /api/v1/credentials":                     "oa",
	"GET /api/v1/credentials/{credential}":         "oamu",
	"PATCH /api/v1/credentials/{credential}":       "oa",
	"DELETE /api/v1/credentials/{credential}":      "oa",
	"POST /api/v1/credentials/{credential}/rotate": "oa",
	"POST /api/v1/credentials/{credential}/check":  "oa",
	"GET /api/v1/credential-policy":                "oamu",
	"GET /api/v1/sealing-keys":                     "o",
	"POST /api/v1/sealing-keys:rotate":             "o",
}

var letters = map[auth.Role]string{auth.Owner: "o", auth.Administrator: "a", auth.Member: "m", auth.Viewer: "v", auth.Auditor: "u"}

func TestAnotherWorkspaceSeesNothing(t *testing.T) {
	b := start(t)
	mine := b.add(b.client(b.owner), "012345678901", "payer")
	other := b.as(b.workspace("foreign"), auth.Owner)
	if list, err := other.Accounts(t.Context()); err != nil || len(list) != 0 {
		t.Errorf("accounts: %+v, %v", list, err)
	}
	theirs := b.add(other, "012345678901", "payer") // no conflict tells of the other one
	if theirs.ID == mine.ID || theirs.ExternalID == mine.ExternalID {
		t.Error("two workspaces share an account")
	}
	_, unknown := other.Account(t.Context(), "acc_00000000000000000000000000")
	_, foreign := other.Account(t.Context(), mine.ID)
	var u, f *client.Error
	if !asClientError(unknown, &u) || !asClientError(foreign, &f) {
		t.Fatalf("%v, %v", unknown, foreign)
	}
	u.RequestID, f.RequestID = "", ""
	if diff := cmp.Diff(u, f); diff != "" {
		t.Errorf("another workspace's account is told apart from one that does not exist:\n%s", diff)
	}
}

func TestOnlyManagersSeeExternalIDs(t *testing.T) {
	b := start(t)
	a := b.add(b.client(b.owner), "012345678901", "payer")
	for role, sees := range map[auth.Role]bool{auth.Administrator: true, auth.Member: false, auth.Viewer: false, auth.Auditor: false} {
		for _, path := range []string{"/api/v1/accounts", "/api/v1/accounts/" + a.ID} {
			_, body := b.raw("GET", path, "", "Authorization", "Bearer "+b.key(b.ws, role).Reveal())
			if strings.Contains(body, a.ExternalID) != sees {
				t.Errorf("%s as %s: %s", path, role, body)
			}
		}
	}
}

func TestNothingSecretInTheLog(t *testing.T) {
	b := start(t)
	a := b.add(b.client(b.owner), "012345678901", "payer")
	b.raw("GET", "/api/v1/accounts?token="+b.owner.Reveal(), "", "X-Request-Id", "trace-1234567890")
	b.raw("POST", "/api/v1/accounts", `{"external_id":"`+a.ExternalID+`"}`)
	log := b.log.String()
	for _, secret := range []string{b.owner.Reveal(), b.owner.Reveal()[13:40], a.ExternalID} {
		if strings.Contains(log, secret) {
			t.Errorf("the log has %.8s…:\n%s", secret, log)
		}
	}
	if !strings.Contains(log, `"request_id":"trace-1234567890"`) || !strings.Contains(log, `"status":201`) {
		t.Errorf("the log lacks requests:\n%s", log)
	}
}

func TestOurMistakesStayOurs(t *testing.T) {
	b := start(t)
	b.store.Close()
	resp, body := b.raw("GET", "/api/v1/accounts", "")
	p := problem(t, resp, body)
	if resp.StatusCode != 500 || p.Detail != "Internal error." || strings.Contains(body, "database") {
		t.Errorf("got %d %s", resp.StatusCode, body)
	}
	if n := strings.Count(b.log.String(), `"a request failed"`); n != 1 || !strings.Contains(b.log.String(), "database is closed") {
		t.Errorf("the cause was logged %d times:\n%s", n, b.log)
	}
}

func TestPages(t *testing.T) {
	b := start(t)
	c := b.client(b.owner)
	for i := range 7 {
		b.add(c, fmt.Sprintf("%012d", i), fmt.Sprintf("Ä %d", i))
	}
	seen, cursor := 0, ""
	for {
		_, body := b.raw("GET", "/api/v1/accounts?limit=3&cursor="+cursor, "")
		var page struct {
			Items      []client.Account `json:"items"`
			NextCursor string           `json:"next_cursor"`
		}
		if err := json.Unmarshal([]byte(body), &page); err != nil {
			t.Fatal(err)
		}
		for _, a := range page.Items {
			if a.Name != fmt.Sprintf("Ä %d", seen) {
				t.Errorf("item %d is %q", seen, a.Name)
			}
			seen++
		}
		if cursor = page.NextCursor; cursor == "" {
			break
		}
	}
	if seen != 7 {
		t.Errorf("%d accounts, want 7", seen)
	}
	for _, query := range []string{"limit=0", "limit=201", "limit=x", "cursor=%21"} {
		if resp, body := b.raw("GET", "/api/v1/accounts?"+query, ""); resp.StatusCode != 400 || problem(t, resp, body).Field == "" {
			t.Errorf("%s: %d %s", query, resp.StatusCode, body)
		}
	}
	if resp, body := b.raw("GET", "/api/v1/runs?cursor=bm9wZQ", ""); resp.StatusCode != 400 || problem(t, resp, body).Field != "cursor" {
		t.Errorf("a cursor of another list: %d %s", resp.StatusCode, body)
	}
}

// deliver has an account's export deliver so often; the newest counts.
func (b *bench) deliver(account string, n int) (e bursar.Export, deliveries []bursar.Delivery) {
	b.Helper()
	err := b.store.InTx(b.Context(), func(tx *store.Tx) (err error) {
		e, err = tx.FollowExport(bursar.Export{WorkspaceID: b.ws, AccountID: account, Name: "cur", Bucket: "b", Format: bursar.FormatCUR2, FileFormat: bursar.FileCSV, Versioning: bursar.Overwrite})
		if err != nil {
			return err
		}
		for i := range n {
			d := bursar.Delivery{
				ID: bursar.NewID("dlv"), WorkspaceID: b.ws, ExportID: e.ID, Period: bursar.NewPeriod(2026, 1), Version: fmt.Sprint(i), ImportedAt: tx.Now.Add(time.Duration(i) * time.Second),
				Totals: map[string]bursar.Decimal{"USD": bursar.DecimalFromInt64(int64(i), 1)},
			}
			before, err := tx.Publish(store.Delivery{Delivery: d, Contents: []byte(`{"inside":1}`)})
			if err != nil {
				return err
			}
			if before.ID != "" {
				changes := []bursar.Change{{Day: "2026-01-02", Service: "AmazonEC2", Currency: "USD", After: d.Totals["USD"]}}
				if err := tx.SetChanges(b.ws, d.ID, bursar.Restatement{Against: before.ID, Rows: 7, Totals: d.Totals}, changes); err != nil {
					return err
				}
			}
			deliveries = append(deliveries, d)
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	return e, deliveries
}

func TestRollBackAndReimport(t *testing.T) {
	b := start(t)
	c := b.client(b.owner)
	a := b.add(c, "012345678901", "payer")
	e, kept := b.deliver(a.ID, 2)
	changes, err := c.DeliveryChanges(t.Context(), kept[1].ID)
	if err != nil || changes.Changed == nil || changes.Changed.Against != kept[0].ID || len(changes.Items) != 1 || changes.Items[0].After.String() != "0.1" {
		t.Errorf("changes %+v, %v", changes, err)
	}
	if first, err := c.DeliveryChanges(t.Context(), kept[0].ID); err != nil || first.Changed != nil || len(first.Items) != 0 {
		t.Errorf("changes of the first %+v, %v", first, err)
	}
	back, err := c.RollBack(t.Context(), kept[0].ID)
	if err != nil || back.State != bursar.DeliveryPublished {
		t.Errorf("rolled back to %+v, %v", back, err)
	}
	if d, err := c.Delivery(t.Context(), kept[1].ID); err != nil || d.State != bursar.DeliverySuperseded || d.Changed == nil || d.Changed.Rows != 7 {
		t.Errorf("got %+v, %v", d, err)
	}
	if run, err := c.Reimport(t.Context(), kept[1].ID); err != nil || run.Kind != api.KindImport || run.AccountID != a.ID {
		t.Errorf("re-import %+v, %v", run, err)
	}
	if p, err := c.PreferExport(t.Context(), e.ID); err != nil || p.PreferredAt.IsZero() {
		t.Errorf("preferred %+v, %v", p, err)
	}
	var problem *client.Error
	if _, err := c.RollBack(t.Context(), "dlv_none"); !asClientError(err, &problem) || problem.Status != 404 {
		t.Errorf("got %v", err)
	}
}

func TestDeliveries(t *testing.T) {
	b := start(t)
	c := b.client(b.owner)
	a := b.add(c, "012345678901", "payer")
	e, kept := b.deliver(a.ID, 3)
	exports, err := c.Exports(t.Context())
	if err != nil || len(exports) != 1 || exports[0].Name != "cur" || exports[0].AccountID != a.ID {
		t.Errorf("exports: %+v, %v", exports, err)
	}
	deliveries, err := c.Deliveries(t.Context(), e.ID)
	published := 0
	for _, d := range deliveries {
		if d.State == bursar.DeliveryPublished && d.Totals["USD"].String() == "0.2" {
			published++
		}
	}
	if err != nil || len(deliveries) != 3 || published != 1 {
		t.Errorf("deliveries: %+v, %v", deliveries, err)
	}
	if deliveries[0].Changed == nil || deliveries[0].ID != kept[2].ID || deliveries[2].Changed != nil {
		t.Errorf("what changed: %+v", deliveries)
	}
	if _, body := b.raw("GET", "/api/v1/deliveries", ""); strings.Contains(body, "inside") {
		t.Errorf("the lake's own is shown: %s", body)
	}
}

func TestHealthAndTemplates(t *testing.T) {
	b := start(t)
	for _, path := range []string{"/healthz", "/readyz", "/api/v1/templates/access.yaml", "/api/v1/openapi.json"} {
		resp, body := b.raw("GET", path, "", "Authorization", "")
		if resp.StatusCode != 200 || body == "" {
			t.Errorf("%s: %d %s", path, resp.StatusCode, body)
		}
	}
	for known, want := range map[bool]string{true: `"aws_identity":"known"`, false: `"aws_identity":"unknown"`} {
		b.api.Identified = func() bool { return known }
		if resp, body := b.raw("GET", "/readyz", "", "Authorization", ""); resp.StatusCode != 200 || !strings.Contains(body, want) {
			t.Errorf("ready, with an identity %v: %d %s", known, resp.StatusCode, body)
		}
	}
	if resp, body := b.raw("GET", "/api/v1/templates/other.yaml", ""); resp.StatusCode != 404 {
		t.Errorf("%d %s", resp.StatusCode, body)
	}
	resp, _ := b.raw("GET", "/api/v1/openapi.json", "", "Accept-Encoding", "gzip")
	if resp.Header.Get("Content-Encoding") != "gzip" {
		t.Errorf("not compressed: %v", resp.Header)
	}
	b.store.Close()
	if resp, _ := b.raw("GET", "/readyz", ""); resp.StatusCode != 503 {
		t.Errorf("ready without a store: %d", resp.StatusCode)
	}
	if resp, _ := b.raw("GET", "/healthz", ""); resp.StatusCode != 200 {
		t.Errorf("dead without a store: %d", resp.StatusCode)
	}
}

var versionPattern = regexp.MustCompile(`"version": "([^"]+)"`)

// TestDocumentIsNoted holds the document against the file: a change needs a line in versions, and its number.
func TestDocumentIsNoted(t *testing.T) {
	b := start(t)
	_, got := b.raw("GET", "/api/v1/openapi.json", "")
	const path = "openapi.json"
	kept, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	if string(kept) == got {
		return
	}
	if m := versionPattern.FindSubmatch(kept); m != nil && string(m[1]) == api.Version() {
		t.Fatalf("the API has changed and its version has not: add a line to versions in openapi.go, then run make golden\n%s", cmp.Diff(strings.Split(string(kept), "\n"), strings.Split(got, "\n")))
	}
	if os.Getenv("UPDATE_GOLDEN") == "" {
		t.Fatal("openapi.json is not current: run make golden")
	}
	if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestEveryFieldHasWords(t *testing.T) {
	b := start(t)
	_, body := b.raw("GET", "/api/v1/openapi.json", "")
	var doc struct {
		Components struct {
			Schemas map[string]struct {
				Properties map[string]struct {
					Description string `json:"description"`
				} `json:"properties"`
			} `json:"schemas"`
		} `json:"components"`
	}
	if err := json.Unmarshal([]byte(body), &doc); err != nil {
		t.Fatal(err)
	}
	for name, s := range doc.Components.Schemas {
		for field, p := range s.Properties {
			if p.Description == "" {
				t.Errorf("%s.%s has no description in the document", name, field)
			}
		}
	}
}

func asClientError(err error, e **client.Error) bool {
	got, ok := err.(*client.Error)
	*e = got
	return ok
}

// TestTheClientKnowsEveryField holds the client's types against what the API says.
func TestTheClientKnowsEveryField(t *testing.T) {
	b := start(t)
	c := b.client(b.owner)
	for range cap(b.gate) {
		b.gate <- struct{}{}
	}
	a := b.add(c, "012345678901", "payer")
	run, err := c.CheckAccount(t.Context(), a.ID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.WatchRun(t.Context(), run.ID, func(client.RunEvent) {}); err != nil {
		t.Fatal(err)
	}
	for path, into := range map[string]any{
		"/api/v1/accounts/" + a.ID:                                 &client.Account{},
		"/api/v1/accounts/" + a.ID + "/setup":                      &client.Setup{},
		"/api/v1/accounts/" + a.ID + "/exports":                    &client.Candidates{},
		"/api/v1/accounts/" + a.ID + "/findings":                   &struct{ Items []bursar.Finding }{},
		"/api/v1/accounts/" + a.ID + "/deregistration?bill=delete": &client.Deregistration{},
		"/api/v1/runs/" + run.ID:                                   &bursar.Run{},
		"/api/v1/costs?group_by=service":                           &client.Costs{},
		"/api/v1/costs/items":                                      &client.CostItems{},
		"/api/v1/costs/dimensions":                                 &client.CostDimensions{},
		"/api/v1/costs/values?dimension=service":                   &client.CostValues{},
		"/api/v1/costs/forecast":                                   &client.CostForecast{},
		"/api/v1/sql/views":                                        &client.SQLViews{},
		"/api/v1/runs?account=012345678901":                        &struct{ Items []bursar.Run }{},
		"/api/v1/nothing":                                          &client.Error{},
	} {
		_, body := b.raw("GET", path, "")
		dec := json.NewDecoder(strings.NewReader(body))
		dec.DisallowUnknownFields()
		if err := dec.Decode(into); err != nil {
			t.Errorf("%s: %v\n%s", path, err, body)
		}
	}
	for _, path := range []string{"/api/v1/runs?account=acc_x", "/api/v1/exports?account=999999999999", "/api/v1/deliveries?export_id=exp_x"} {
		if resp, body := b.raw("GET", path, ""); resp.StatusCode != 404 {
			t.Errorf("%s: %d %s", path, resp.StatusCode, body)
		}
	}
}
