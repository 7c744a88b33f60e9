package api_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/bursarhq/bursar/internal/auth"
)

// What follows sends every operation of the document what its schemas allow, and what they do not: it is made from the document alone, so
// that a new operation, parameter or field is tried as soon as it is there.

// schema is what the document says of a value.
type schema struct {
	Ref        string             `json:"$ref"`
	Type       any                `json:"type"` // a word, or a list of words
	Format     string             `json:"format"`
	Enum       []any              `json:"enum"`
	Default    any                `json:"default"`
	Pattern    string             `json:"pattern"`
	Minimum    *float64           `json:"minimum"`
	Items      *schema            `json:"items"`
	Properties map[string]*schema `json:"properties"`
	Required   []string           `json:"required"`
	More       any                `json:"additionalProperties"`
}

// contract is one operation, and the schemas that it names.
type contract struct {
	name    string // "GET /api/v1/accounts"
	schemas map[string]*schema
	operation
	Body struct {
		Content map[string]struct {
			Schema *schema `json:"schema"`
		} `json:"content"`
	} `json:"requestBody"`
	Query []struct {
		Name   string  `json:"name"`
		In     string  `json:"in"`
		Schema *schema `json:"schema"`
	} `json:"parameters"`
	Answers map[string]struct {
		Content map[string]struct {
			Schema *schema `json:"schema"`
		} `json:"content"`
	} `json:"responses"`
}

func (b *bench) contracts() (out []contract) {
	b.Helper()
	_, body := b.raw("GET", "/api/v1/openapi.json", "", "Authorization", "")
	var doc struct {
		Paths      map[string]map[string]json.RawMessage `json:"paths"`
		Components struct {
			Schemas map[string]*schema `json:"schemas"`
		} `json:"components"`
	}
	if err := json.Unmarshal([]byte(body), &doc); err != nil {
		b.Fatal(err)
	}
	for path, methods := range doc.Paths {
		for method, text := range methods {
			c := contract{name: strings.ToUpper(method) + " " + path, schemas: doc.Components.Schemas}
			if err := json.Unmarshal(text, &c); err != nil {
				b.Fatalf("%s: %v", c.name, err)
			}
			if err := json.Unmarshal(text, &c.operation); err != nil {
				b.Fatalf("%s: %v", c.name, err)
			}
			out = append(out, c)
		}
	}
	slices.SortFunc(out, func(a, b contract) int { return strings.Compare(a.name, b.name) })
	if len(out) != len(b.described()) || len(out) < 60 {
		b.Fatalf("%d operations", len(out))
	}
	return out
}

func (c contract) resolve(s *schema) *schema {
	if s != nil && s.Ref != "" {
		return c.schemas[s.Ref[strings.LastIndex(s.Ref, "/")+1:]]
	}
	return s
}

func (s *schema) is(kind string) bool {
	switch t := s.Type.(type) {
	case string:
		return t == kind
	case []any:
		return slices.Contains(t, any(kind))
	}
	return false
}

// known are texts of which one fits each pattern of the document.
var known = []string{"012345678901", "arn:aws:iam::012345678901:role/bursar/x", "2026-01", "r-abcd", "o-abcdefghij", "acc_x", "x", "my-bucket", "us-east-1", "2026-01-02", "a@example.com"}

// valid makes a value that a schema allows. full gives every field, not only those that must be there.
func (c contract) valid(t *testing.T, s *schema, full bool, depth int) any {
	s = c.resolve(s)
	switch {
	case s == nil || depth > 6:
		return nil
	case len(s.Enum) > 0:
		return s.Enum[len(s.Enum)-1]
	case s.Default != nil:
		return s.Default
	case s.Pattern != "":
		fits := regexp.MustCompile(s.Pattern)
		for _, k := range known {
			if fits.MatchString(k) {
				return k
			}
		}
		t.Errorf("%s: no known text fits %s: add one", c.name, s.Pattern)
		return ""
	case s.is("object"):
		out := map[string]any{}
		for name, p := range s.Properties {
			if full || slices.Contains(s.Required, name) {
				out[name] = c.valid(t, p, full, depth+1)
			}
		}
		return out
	case s.is("array"):
		return []any{c.valid(t, s.Items, full, depth+1)}
	case s.is("integer"), s.is("number"):
		if s.Minimum != nil {
			return *s.Minimum
		}
		return 1
	case s.is("boolean"):
		return true
	case s.Format == "date-time":
		return "2030-01-02T03:04:05Z"
	}
	return "x"
}

// odd are values that callers send by mistake, or on purpose.
var odd = []any{
	nil, true, -1, 0, 1.5, 1e308, json.Number("99999999999999999999"), "", " ", "\x00", "a\r\nSet-Cookie: x=y", "💩", "süd", strings.Repeat("x", 5000), "../../etc/passwd",
	"'; DROP TABLE accounts;--", "2026-13-45", "%s%n{{7*7}}${x}",
	[]any{},
	[]any{nil},
	[]any{"x", "x"},
	map[string]any{},
	map[string]any{"a": 1},
}

// bodies are the ways to get an operation's body right, and wrong.
func (c contract) bodies(t *testing.T) (out []string) {
	content, ok := c.Body.Content["application/json"]
	if !ok {
		return []string{""}
	}
	whole, _ := c.valid(t, content.Schema, true, 0).(map[string]any)
	least, _ := c.valid(t, content.Schema, false, 0).(map[string]any)
	add := func(v any) {
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, string(text))
	}
	add(whole)
	add(least)
	with := func(name string, v any) map[string]any { m := maps.Clone(whole); m[name] = v; return m }
	for _, name := range slices.Sorted(maps.Keys(whole)) {
		without := maps.Clone(whole)
		delete(without, name)
		add(without)
		for _, v := range odd {
			add(with(name, v))
			if inner, ok := whole[name].(map[string]any); ok {
				for field := range inner {
					changed := maps.Clone(inner)
					changed[field] = v
					add(with(name, changed))
				}
			}
			if list, ok := whole[name].([]any); ok && len(list) > 0 {
				add(with(name, []any{v, list[0]}))
				if row, ok := list[0].(map[string]any); ok {
					for field := range row {
						changed := maps.Clone(row)
						changed[field] = v
						add(with(name, []any{changed}))
					}
				}
			}
		}
	}
	add(with("no_such_field", 1))
	for _, v := range odd {
		add(v)
	}
	return append(out, "", "{", `{"a":`, "\xff\xfe", strings.Repeat(`{"a":`, 2000), strings.Repeat("[", 10_000))
}

// queries are the ways to ask, right and wrong.
func (c contract) queries(t *testing.T) []string {
	out := []string{"", "no_such_parameter=1", "a=b;c=d", "%zz=1", "=", "cursor=%00&limit=99999999999999999999"}
	all := url.Values{}
	for _, p := range c.Query {
		if p.In != "query" {
			continue
		}
		fit := fmt.Sprint(c.valid(t, p.Schema, false, 0))
		if p.Schema.is("array") {
			fit = fmt.Sprint(c.valid(t, p.Schema.Items, false, 0))
		}
		all.Set(p.Name, fit)
		out = append(out, url.Values{p.Name: {fit}}.Encode(), url.Values{p.Name: {fit, fit}}.Encode())
		for _, v := range odd {
			out = append(out, url.Values{p.Name: {fmt.Sprint(v)}}.Encode())
		}
	}
	return append(out, all.Encode())
}

// oddIDs stand where the path names something.
var oddIDs = []string{"x", "acc_", "%00", "..%2f..", strings.Repeat("9", 5000), "run_%F0%9F%92%A9", "'%20OR%201=1--", "%FF%FE", "000000000000"}

func TestEveryOperationTakesAnyInput(t *testing.T) {
	m := startMatrix(t)
	sent, refused := 0, 0
	for _, c := range m.contracts() {
		by := m.callers(m.ws, auth.Owner)
		send := func(path, query, body, kind string) {
			t.Helper()
			who := by[0]
			if personal(c.name) {
				who = by[1]
			}
			method, _, _ := strings.Cut(c.name, " ")
			resp, answer := m.raw(method, asking(path, query), body, append([]string{"Content-Type", kind}, who.header...)...)
			sent++
			switch {
			case resp.StatusCode >= 500:
				t.Errorf("%s ?%.200s %.300s: %d %.300s", c.name, query, body, resp.StatusCode, answer)
			case resp.StatusCode >= 400:
				refused++
				problem(t, resp, answer)
			default:
				c.keeps(t, resp, answer)
			}
		}
		_, path, fit := m.request(c.name, by[0])
		if strings.Contains(path, "{") {
			t.Errorf("%s: the test does not know what %s names", c.name, path)
		}
		send(path, "", fit, "application/json")
		for _, query := range c.queries(t) {
			_, path, fit := m.request(c.name, by[0])
			send(path, query, fit, "application/json")
		}
		for _, body := range c.bodies(t) {
			_, path, _ := m.request(c.name, by[0])
			send(path, "", body, "application/json")
		}
		for _, kind := range []string{"text/csv", "text/plain", "application/x-www-form-urlencoded", "", "nonsense"} {
			send(path, "", fit, kind)
		}
		if _, template, _ := strings.Cut(c.name, " "); strings.Contains(template, "{") {
			for _, id := range oddIDs {
				send(regexp.MustCompile(`\{[a-z_]+\}`).ReplaceAllLiteralString(template, id), "", fit, "application/json")
			}
		}
	}
	if t.Logf("%d requests, %d of them refused", sent, refused); sent < 3000 || refused < sent/3 || refused == sent {
		t.Errorf("%d requests, %d of them refused", sent, refused)
	}
}

// keeps holds a success against what the document says of it: its status, its type, and of JSON each field.
func (c contract) keeps(t *testing.T, resp *http.Response, body string) {
	t.Helper()
	answer, ok := c.Answers[fmt.Sprint(resp.StatusCode)]
	if !ok {
		t.Errorf("%s: the document knows no answer %d", c.name, resp.StatusCode)
		return
	}
	kind, _, _ := strings.Cut(resp.Header.Get("Content-Type"), ";")
	content, ok := answer.Content[kind]
	if kind != "application/json" {
		if !ok && len(answer.Content) > 0 {
			t.Errorf("%s: the document knows no answer of type %q", c.name, kind)
		}
		return
	}
	if resp.Request.URL.Query().Has("fields") {
		return // what must be there otherwise is not there now
	}
	dec := json.NewDecoder(strings.NewReader(body))
	dec.UseNumber()
	var got any
	if err := dec.Decode(&got); err != nil || !ok {
		t.Errorf("%s: %v, described %v: %.200s", c.name, err, ok, body)
		return
	}
	if wrong := c.differs(content.Schema, got, "body"); wrong != "" {
		t.Errorf("%s: %s: %.300s", c.name, wrong, body)
	}
}

// differs says where a value is not what a schema says of it.
func (c contract) differs(s *schema, v any, at string) string {
	if s = c.resolve(s); s == nil || s.Type == nil && len(s.Enum) == 0 {
		return ""
	}
	if len(s.Enum) > 0 && !slices.Contains(s.Enum, v) {
		return fmt.Sprintf("%s is %v, and the document allows %v", at, v, s.Enum)
	}
	switch v := v.(type) {
	case nil:
		if !s.is("null") {
			return at + " is null"
		}
	case string:
		if !s.is("string") {
			return at + " is a text"
		}
		if s.Pattern != "" && !regexp.MustCompile(s.Pattern).MatchString(v) {
			return fmt.Sprintf("%s is %q, which does not match %s", at, v, s.Pattern)
		}
	case json.Number:
		if !s.is("integer") && !s.is("number") {
			return at + " is a number"
		}
	case bool:
		if !s.is("boolean") {
			return at + " is true or false"
		}
	case []any:
		if !s.is("array") {
			return at + " is a list"
		}
		for i, item := range v {
			if wrong := c.differs(s.Items, item, fmt.Sprintf("%s[%d]", at, i)); wrong != "" {
				return wrong
			}
		}
	case map[string]any:
		return c.objectDiffers(s, v, at)
	}
	return ""
}

func (c contract) objectDiffers(s *schema, v map[string]any, at string) string {
	if !s.is("object") {
		return at + " is an object"
	}
	for _, name := range s.Required {
		if _, ok := v[name]; !ok {
			return at + " has no " + name
		}
	}
	for name, value := range v {
		p := s.Properties[name]
		if p == nil && s.More == nil && len(s.Properties) > 0 {
			return fmt.Sprintf("%s has %s, which the document does not know", at, name)
		}
		if wrong := c.differs(p, value, at+"."+name); wrong != "" {
			return wrong
		}
	}
	return ""
}
