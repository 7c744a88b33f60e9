package api

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/bursarhq/bursar"
	"github.com/danielgtaylor/huma/v2"
)

const fieldsParameter = "fields"

// shape is what the document says of an answer: the names of its fields, or of those of its items when it is a list.
type shape struct {
	list   bool
	fields []string
}

// shapeOf reads it from the operation's description. Maps and texts have no fields.
func shapeOf(registry huma.Registry, op *huma.Operation) shape {
	response := op.Responses["200"]
	if response == nil || response.Content["application/json"] == nil {
		return shape{}
	}
	body := resolved(registry, response.Content["application/json"].Schema)
	s := shape{fields: fieldsOfSchema(body)}
	if items := body.Properties["items"]; items != nil && items.Type == huma.TypeArray {
		s = shape{true, fieldsOfSchema(resolved(registry, items.Items))}
	}
	return s
}

func resolved(registry huma.Registry, s *huma.Schema) *huma.Schema {
	if s.Ref != "" {
		return registry.SchemaFromRef(s.Ref)
	}
	return s
}

func fieldsOfSchema(s *huma.Schema) (names []string) {
	for name := range s.Properties {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// sparse lets callers of a GET name the fields that they want. It returns what must be called when the operation was registered, and is
// therefore described.
func (a *API) sparse(op *huma.Operation) (described func(*huma.Operation)) {
	var s shape
	op.Middlewares = append(op.Middlewares, func(ctx huma.Context, next func(huma.Context)) {
		u := ctx.URL()
		query := u.Query()
		if !query.Has(fieldsParameter) || len(s.fields) == 0 {
			next(ctx)
			return
		}
		wanted, err := s.wanted(query[fieldsParameter])
		if err != nil {
			_ = huma.WriteErr(a.huma, ctx, http.StatusBadRequest, "", err)
			return
		}
		said := &recorded{humaContext: &fieldless{ctx}, header: http.Header{}, status: http.StatusInternalServerError}
		next(said)
		if said.status == http.StatusOK {
			said.body, err = s.narrow(said.body.Bytes(), wanted)
		}
		if err != nil {
			_ = huma.WriteErr(a.huma, ctx, http.StatusInternalServerError, "", err)
			return
		}
		said.send()
	})
	return func(op *huma.Operation) {
		if s = shapeOf(a.huma.OpenAPI().Components.Schemas, op); len(s.fields) > 0 {
			op.Parameters = append(op.Parameters, s.described())
		}
	}
}

func (s shape) described() *huma.Param {
	what := "Only these fields of the answer"
	if s.list {
		what = "Only these fields of each item"
	}
	if slices.Contains(s.fields, "id") {
		what += "; the id is always there"
	}
	var names []any
	for _, f := range s.fields {
		names = append(names, f)
	}
	no := false
	return &huma.Param{
		Name: fieldsParameter, In: "query", Explode: &no, Description: what + ". With commas between them.",
		Schema: &huma.Schema{Type: huma.TypeArray, Items: &huma.Schema{Type: huma.TypeString, Enum: names}},
	}
}

// wanted reads what was asked for.
func (s shape) wanted(values []string) (map[string]bool, error) {
	out := map[string]bool{"id": true}
	for _, name := range strings.Split(strings.Join(values, ","), ",") {
		name = strings.TrimSpace(name)
		if !slices.Contains(s.fields, name) {
			return nil, bursar.InvalidField(fieldsParameter, "there is no field %q in this answer", name[:min(len(name), 40)]).
				WithReason("unknown_field").WithHint("name some of %s", strings.Join(s.fields, ", "))
		}
		out[name] = true
	}
	return out, nil
}

// narrow leaves out of an answer what is not wanted.
func (s shape) narrow(body []byte, wanted map[string]bool) (out bytes.Buffer, err error) {
	if !s.list {
		err = narrowObject(&out, body, wanted)
		out.WriteByte('\n')
		return out, err
	}
	err = eachMember(&out, body, func(name string, value json.RawMessage) (bool, json.RawMessage, error) {
		if name != "items" {
			return true, value, nil
		}
		var items []json.RawMessage
		if err := json.Unmarshal(value, &items); err != nil {
			return false, nil, err
		}
		for i := range items {
			var item bytes.Buffer
			if err := narrowObject(&item, items[i], wanted); err != nil {
				return false, nil, err
			}
			items[i] = item.Bytes()
		}
		narrowed, err := json.Marshal(items)
		return true, narrowed, err
	})
	out.WriteByte('\n')
	return out, err
}

func narrowObject(out *bytes.Buffer, object []byte, wanted map[string]bool) error {
	return eachMember(out, object, func(name string, value json.RawMessage) (bool, json.RawMessage, error) {
		return wanted[name], value, nil
	})
}

// eachMember writes an object again, in its order, with those members that keep lets through.
func eachMember(out *bytes.Buffer, object []byte, keep func(string, json.RawMessage) (bool, json.RawMessage, error)) error {
	in := json.NewDecoder(bytes.NewReader(object))
	if _, err := in.Token(); err != nil { // {
		return err
	}
	comma := ""
	out.WriteByte('{')
	for in.More() {
		name, err := in.Token()
		if err != nil {
			return err
		}
		var value json.RawMessage
		if err := in.Decode(&value); err != nil {
			return err
		}
		kept, value, err := keep(name.(string), value) // the names of members are texts
		if err != nil {
			return err
		}
		if kept {
			quoted, _ := json.Marshal(name) // a text can be written
			out.WriteString(comma + string(quoted) + ":")
			out.Write(value)
			comma = ","
		}
	}
	out.WriteByte('}')
	return nil
}

// fieldless is a request as the handler knows it: without the fields.
type fieldless struct{ humaContext }

// URL returns the address without the parameter.
func (f *fieldless) URL() url.URL {
	u := f.humaContext.URL()
	q := u.Query()
	q.Del(fieldsParameter)
	u.RawQuery = q.Encode()
	return u
}

// Unwrap returns the request as it came.
func (f *fieldless) Unwrap() huma.Context { return f.humaContext }
