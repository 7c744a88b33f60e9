package cfn

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/bursarhq/bursar/internal/sandbox/cloud"
	"gopkg.in/yaml.v3"
)

// The largest templates, in bytes: in the request, and fetched from a URL.
const (
	MaxBody = 51_200
	MaxURL  = 1_000_000
)

// Template is a parsed template. Values are strings, bools, int64, float64, nil, []any and map[string]any;
// functions have their long form, map[string]any{"Fn::Sub": …}, whether they were written so or as tags.
type Template struct {
	Text        string
	Description string
	Parameters  map[string]Parameter
	Mappings    map[string]any
	Conditions  map[string]any
	Rules       map[string]any
	Resources   map[string]ResourceSpec
	Outputs     map[string]any
}

// ResourceSpec is a resource as the template declares it.
type ResourceSpec struct {
	Type           string
	Condition      string
	DependsOn      []string
	DeletionPolicy string
	Metadata       any
	Properties     any
}

var sections = []string{"AWSTemplateFormatVersion", "Description", "Metadata", "Parameters", "Mappings", "Conditions", "Rules", "Resources", "Outputs"}

func malformed(format string, args ...any) *cloud.Error {
	return cloud.Validation("Template format error: "+format, args...)
}

// Parse reads a template in YAML or JSON and proves its form: known sections, resources with types, and references
// that lead somewhere.
func Parse(text string) (*Template, *cloud.Error) {
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		return nil, malformed("YAML not well-formed. (%v)", err)
	}
	if doc.Kind != yaml.DocumentNode || len(doc.Content) != 1 {
		return nil, malformed("unsupported structure.")
	}
	v, err := decode(doc.Content[0], 0)
	if err != nil {
		return nil, malformed("%v", err)
	}
	root, ok := v.(map[string]any)
	if !ok {
		return nil, malformed("unsupported structure.")
	}
	t, err := build(text, root)
	if err != nil {
		return nil, malformed("%v", err)
	}
	return t, t.check()
}

func build(text string, root map[string]any) (*Template, error) {
	for _, k := range slices.Sorted(maps.Keys(root)) {
		if k == "Transform" || k == "Hooks" {
			return nil, fmt.Errorf("the sandbox does not run %s", k)
		}
		if !slices.Contains(sections, k) {
			return nil, fmt.Errorf("Invalid template property or properties [%s]", k)
		}
	}
	t := &Template{Text: text, Parameters: map[string]Parameter{}, Resources: map[string]ResourceSpec{}}
	t.Description, _ = root["Description"].(string)
	for k, to := range map[string]*map[string]any{"Mappings": &t.Mappings, "Conditions": &t.Conditions, "Rules": &t.Rules, "Outputs": &t.Outputs} {
		m, err := section(root, k)
		if err != nil {
			return nil, err
		}
		*to = m
	}
	params, err := section(root, "Parameters")
	if err != nil {
		return nil, err
	}
	for name, v := range params {
		if t.Parameters[name], err = newParameter(name, v); err != nil {
			return nil, err
		}
	}
	resources, err := section(root, "Resources")
	if err != nil {
		return nil, err
	}
	if len(resources) == 0 {
		return nil, fmt.Errorf("At least one Resources member must be defined.")
	}
	for name, v := range resources {
		if t.Resources[name], err = newResource(name, v); err != nil {
			return nil, err
		}
	}
	return t, nil
}

func section(root map[string]any, name string) (map[string]any, error) {
	v, ok := root[name]
	if !ok || v == nil {
		return map[string]any{}, nil
	}
	m, ok := v.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("the section %s must be an object", name)
	}
	return m, nil
}

func newResource(name string, v any) (ResourceSpec, error) {
	m, ok := v.(map[string]any)
	if !ok {
		return ResourceSpec{}, fmt.Errorf("Every Resources object must contain a Type member: [%s]", name)
	}
	r := ResourceSpec{Metadata: m["Metadata"], Properties: m["Properties"]}
	r.Type, _ = m["Type"].(string)
	r.Condition, _ = m["Condition"].(string)
	r.DeletionPolicy, _ = m["DeletionPolicy"].(string)
	if r.Type == "" {
		return r, fmt.Errorf("Every Resources object must contain a Type member: [%s]", name)
	}
	switch d := m["DependsOn"].(type) {
	case string:
		r.DependsOn = []string{d}
	case []any:
		for _, x := range d {
			s, ok := x.(string)
			if !ok {
				return r, fmt.Errorf("every DependsOn value of %s must be a string", name)
			}
			r.DependsOn = append(r.DependsOn, s)
		}
	}
	if r.Properties == nil {
		r.Properties = map[string]any{}
	}
	for _, k := range slices.Sorted(maps.Keys(m)) {
		if !slices.Contains([]string{"Type", "Condition", "DependsOn", "DeletionPolicy", "UpdateReplacePolicy", "Metadata", "Properties", "UpdatePolicy", "CreationPolicy"}, k) {
			return r, fmt.Errorf("Invalid template resource property '%s'", k)
		}
	}
	return r, nil
}

// maxDepth bounds the nesting of a template: deeper ones are refused, not crashed on.
const maxDepth = 100

// decode turns a YAML node into a value. Aliases are refused, as CloudFormation does, and so are repeated keys,
// which it would silently merge.
func decode(n *yaml.Node, depth int) (any, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("line %d: nested too deeply", n.Line)
	}
	v, err := decodeBare(n, depth)
	if err != nil || !strings.HasPrefix(n.Tag, "!") || strings.HasPrefix(n.Tag, "!!") {
		return v, err
	}
	name := n.Tag[1:]
	switch {
	case name == "Ref" || name == "Condition":
	case name == "GetAtt":
		name = "Fn::GetAtt"
		if s, ok := v.(string); ok {
			logical, attribute, _ := strings.Cut(s, ".")
			v = []any{logical, attribute}
		}
	default:
		name = "Fn::" + name
	}
	return map[string]any{name: v}, nil
}

func decodeBare(n *yaml.Node, depth int) (any, error) {
	switch n.Kind {
	case yaml.AliasNode:
		return nil, fmt.Errorf("YAML aliases are not allowed in CloudFormation templates")
	case yaml.SequenceNode:
		out := make([]any, 0, len(n.Content))
		for _, c := range n.Content {
			v, err := decode(c, depth+1)
			if err != nil {
				return nil, err
			}
			out = append(out, v)
		}
		return out, nil
	case yaml.MappingNode:
		return decodeMap(n, depth)
	case yaml.ScalarNode:
		return decodeScalar(n)
	}
	return nil, fmt.Errorf("line %d: unsupported structure", n.Line)
}

func decodeMap(n *yaml.Node, depth int) (any, error) {
	out := make(map[string]any, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		k := n.Content[i]
		if k.Kind != yaml.ScalarNode {
			return nil, fmt.Errorf("line %d: a key must be a string", k.Line)
		}
		if _, twice := out[k.Value]; twice {
			return nil, fmt.Errorf("line %d: the key %q is there twice", k.Line, k.Value)
		}
		v, err := decode(n.Content[i+1], depth+1)
		if err != nil {
			return nil, err
		}
		out[k.Value] = v
	}
	return out, nil
}

// decodeScalar keeps dates as they are written: the Version of a policy is one.
func decodeScalar(n *yaml.Node) (any, error) {
	if strings.HasPrefix(n.Tag, "!") && !strings.HasPrefix(n.Tag, "!!") {
		return n.Value, nil
	}
	switch n.Tag {
	case "!!bool":
		var b bool
		err := n.Decode(&b)
		return b, err
	case "!!int":
		var i int64
		if err := n.Decode(&i); err != nil || digits(n.Value) {
			return n.Value, nil
		}
		return i, nil
	case "!!float":
		var f float64
		if err := n.Decode(&f); err != nil || digits(n.Value) {
			return n.Value, nil
		}
		return f, nil
	case "!!null":
		return nil, nil
	}
	return n.Value, nil
}

// digits says whether a scalar is digits with a leading zero: an account id, not a number.
func digits(s string) bool {
	return len(s) > 1 && s[0] == '0' && strings.Trim(s, "0123456789") == ""
}
