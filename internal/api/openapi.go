package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/billing/query"
	"github.com/danielgtaylor/huma/v2"
)

// versions is the history of the API, the newest last. Whoever changes the document adds a line: the golden test asks for it.
var versions = []struct{ number, what string }{
	{"1.0.0", "Accounts, set-up, checks, runs, exports, deliveries, costs."},
	{"1.1.0", "Costs: usage, filters, hours, the time before, the top groups, pages, export to CSV, JSON lines and Parquet."},
	{"1.2.0", "SQL over the lake."},
	{"1.3.0", "API keys and the audit log."},
	{"1.4.0", "Members of organizations, events, validation of a role."},
	{"1.5.0", "Set-up by Terraform and with a role of one's own; choices of set-up; the exports that an account has, with verdicts; rename, deregister."},
	{"1.6.0", "Deliveries: what each changed, roll back, re-import. Exports that bring the same costs, and which is primary. How fast a run goes."},
	{"1.7.0", "People: sessions, invitations, roles; workspaces. Too many attempts are answered with 429."},
	{"1.8.0", "Sign-in at an identity provider."},
	{"1.9.0", "SQL over the files of the lake by name."},
	{"1.10.0", "A person who has signed in accepts an invitation without a password."},
	{"1.11.0", "API keys in the form that clients of the Cloudcraft API want."},
	{"1.12.0", "Many accounts at once, as JSON or CSV."},
	{"1.13.0", "Idempotency-Key: a POST may be sent again."},
	{"1.14.0", "RateLimit headers; too many requests of one key or person in a minute are answered with 429."},
	{"1.15.0", "Verdicts on existing exports: what to do about each. Set-up: the policy of the role that reads one, how to create a role of one's own."},
	{"1.16.0", "ETag and If-None-Match on reads, If-Match on changes; fields."},
	{"1.17.0", "Idempotency-Key where no credential is needed too."},
	{"1.18.0", "Costs: the line items behind a cost, as pages and as files; what costs can be asked by, with values; the forecast of the month. SQL: views, and where in a statement a mistake is."},
	{"1.19.0", "Sources of Cost Explorer: streams, prices, data, the ledger of paid requests, budgets. Runs may end in part."},
	{"1.20.0", "Destinations: files, PostgreSQL, ClickHouse; check, run, what was delivered."},
	{"1.21.0", "Accounts by filter and in any order, with a count, and as CSV; those of organizations that are not registered; the history of findings; a stream of what changes."},
	{"1.22.0", "Costs: Cost Explorer's totals until the bill is there, marked. Sources: the comparison of closed months with the bill."},
	{"1.23.0", "Credentials: stored, rotated, checked action by action."},
	{"1.24.0", "Destinations in S3, and webhooks. Cost Explorer's streams can be delivered."},
	{"1.25.0", "The keys that secrets are sealed with: list, rotate."},
}

// Version is the version of the API that this package serves.
func Version() string { return versions[len(versions)-1].number }

func humaConfig() huma.Config {
	var history strings.Builder
	history.WriteString("Connects AWS accounts safely and owns their bills.\n\n" +
		"Account ids are text of 12 digits. Amounts are exact decimals as text, with a currency. Times are UTC. " +
		"What cannot be granted is a problem document (RFC 9457) with a code, a reason, the field and a hint. " +
		"The headers RateLimit-Policy and RateLimit tell how many requests a key or a person may send in a minute, and how many are left; beyond that is 429 with Retry-After. " +
		"Every GET that answers with JSON has an ETag, and is answered 304 when If-None-Match has it; fields asks for some fields alone.\n\nVersions:\n")
	for _, v := range versions {
		fmt.Fprintf(&history, "- %s: %s\n", v.number, v.what)
	}
	return huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info:    &huma.Info{Title: "bursar", Version: Version(), Description: history.String(), License: &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"}},
			Components: &huma.Components{
				Schemas: huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer),
				SecuritySchemes: map[string]*huma.SecurityScheme{
					"key":     {Type: "http", Scheme: "bearer", Description: "An API key: bur_…"},
					"session": {Type: "apiKey", In: "cookie", Name: secureCookie, Description: "The cookie of POST /api/v1/session; bursar-session on loopback without TLS. Changes need the header " + csrfHeader + ": 1."},
				},
			},
		},
		Formats:       map[string]huma.Format{"application/json": huma.DefaultJSONFormat, "json": huma.DefaultJSONFormat},
		DefaultFormat: "application/json",
	}
}

func (a *API) serveDocument(w http.ResponseWriter, r *http.Request) {
	tag := etag("", a.document)
	h := w.Header()
	h.Set("Cache-Control", "no-cache") // nothing in it is secret
	if known := knows(r.Header.Get("If-None-Match"), tag); known != "" {
		h.Set("ETag", known)
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("ETag", tag)
	h.Set("Content-Type", "application/json")
	_, _ = w.Write(a.document) // the caller has gone when it fails
}

// document renders the OpenAPI document, with the words of [wordings]. They are added here, after the routes were made, because
// the API's own checks say what is wrong better than a schema's do.
func document(o *huma.OpenAPI) ([]byte, error) {
	raw, err := json.Marshal(o)
	if err != nil {
		return nil, err
	}
	var doc map[string]any
	if err := json.Unmarshal(raw, &doc); err != nil {
		return nil, err
	}
	schemas := object(object(doc, "components"), "schemas")
	for key, w := range wordings() {
		name, property, _ := strings.Cut(key, ".")
		p := object(object(object(schemas, name), "properties"), property)
		if p == nil {
			return nil, fmt.Errorf("api: the document has no %s: a wording has outlived its field", key)
		}
		w.put(p)
	}
	for name := range schemas {
		if !strings.HasPrefix(name, "New") { // answers may grow; requests are read strictly
			delete(object(schemas, name), "additionalProperties")
		}
	}
	parameterWords(object(doc, "paths"))
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err = enc.Encode(doc)
	return out.Bytes(), err
}

func object(in map[string]any, key string) map[string]any {
	v, _ := in[key].(map[string]any)
	return v
}

// parameterWords lists the valid values of the parameters whose values come from a table elsewhere.
func parameterWords(paths map[string]any) {
	parameters, _ := object(object(paths, "/api/v1/costs"), "get")["parameters"].([]any)
	for _, p := range parameters {
		parameter, _ := p.(map[string]any)
		switch parameter["name"] {
		case "group_by":
			parameter["description"] = fmt.Sprint(parameter["description"], " One of ", strings.Join(query.DimensionNames(), ", "), ".")
		case "metric":
			object(parameter, "schema")["enum"] = query.MetricNames()
		case "granularity":
			object(parameter, "schema")["enum"] = query.Granularities
		}
	}
}

// wording is what the document says of a field of the vocabulary, whose types know nothing of OpenAPI.
type wording struct {
	text    string
	enum    []string
	pattern string
	longest int
}

func (w wording) put(p map[string]any) {
	if w.text != "" {
		p["description"] = w.text
	}
	if w.enum != nil {
		p["enum"] = w.enum
	}
	if w.pattern != "" {
		p["pattern"] = w.pattern
	}
	if w.longest > 0 {
		p["maxLength"] = w.longest
	}
}

func words[T ~string](values ...T) (out []string) {
	for _, v := range values {
		out = append(out, string(v))
	}
	return out
}

// wordings maps Schema.field to what the document says of it.
func wordings() map[string]wording {
	out := map[string]wording{}
	for _, part := range []map[string]wording{accountWords, choiceWords, statusWords, findingWords, runWords, costWords, exportWords, deliveryWords, auditWords, identityWords, memberWords, eventWords, sourceWords, destinationWords, credentialWords} {
		for key, w := range part {
			out[key] = w
		}
	}
	for key, w := range memberWords { // it is one, with its payer
		out["Unregistered."+strings.TrimPrefix(key, "Member.")] = w
	}
	return out
}

var codes = words(bursar.Invalid, bursar.Malformed, bursar.NotFound, bursar.Conflict, bursar.Changed, bursar.Unauthorized, bursar.Forbidden, bursar.TooMany, bursar.Unavailable, bursar.Internal)

var capabilities = words(bursar.CapAccess, bursar.CapOrganization, bursar.CapBillingExport, bursar.CapCostExplorer, bursar.CapInventory, bursar.CapMemberAccess)

func methodWords() []string {
	return slices.Concat(words(methods...), words(bursar.MethodAccessKey))
}
