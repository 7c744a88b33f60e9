package cfn

import (
	"encoding/base64"
	"fmt"
	"regexp"
	"strings"

	"github.com/bursarhq/bursar/internal/sandbox/cloud"
)

// Environment is what a template is resolved with.
type Environment struct {
	AccountID  string
	Region     string
	Partition  string
	StackName  string
	StackID    string
	Parameters map[string]string                           // from [Template.Bind]
	Resource   func(logical string) (cloud.Resource, bool) // made so far; nil = none
}

// evaluation resolves one template in one environment.
type evaluation struct {
	t    *Template
	env  Environment
	busy map[string]bool // conditions being evaluated: a circle is an error, not an endless loop
	done map[string]bool // what conditions came to: one that many others name is evaluated once
}

func newEvaluation(t *Template, env Environment) *evaluation {
	return &evaluation{t: t, env: env, busy: map[string]bool{}, done: map[string]bool{}}
}

// noValue is what Ref AWS::NoValue gives: whatever holds it is left out.
type noValue struct{}

// value resolves a value: every function in it is replaced by what it gives.
func (e *evaluation) value(v any) (any, error) {
	switch x := v.(type) {
	case map[string]any:
		if name, arg, ok := function(x); ok {
			return e.call(name, arg)
		}
		out := make(map[string]any, len(x))
		for k, item := range x {
			r, err := e.value(item)
			if err != nil {
				return nil, err
			}
			if _, none := r.(noValue); !none {
				out[k] = r
			}
		}
		return out, nil
	case []any:
		out := make([]any, 0, len(x))
		for _, item := range x {
			r, err := e.value(item)
			if err != nil {
				return nil, err
			}
			if _, none := r.(noValue); !none {
				out = append(out, r)
			}
		}
		return out, nil
	}
	return v, nil
}

// function says whether a map is a call: one key that is Ref or begins with "Fn::". A key Condition alone is a call
// only where a condition is expected: policies have such keys.
func function(m map[string]any) (name string, arg any, ok bool) {
	if len(m) != 1 {
		return "", nil, false
	}
	for k, v := range m {
		if k == "Ref" || strings.HasPrefix(k, "Fn::") {
			return k, v, true
		}
	}
	return "", nil, false
}

func (e *evaluation) call(name string, arg any) (any, error) {
	functions := map[string]func(any) (any, error){
		"Ref": e.ref, "Fn::Sub": e.sub, "Fn::GetAtt": e.getAtt, "Fn::If": e.ifElse, "Fn::Join": e.join, "Fn::Select": e.selectOne,
		"Fn::Split": e.split, "Fn::FindInMap": e.findInMap, "Fn::Base64": e.base64,
	}
	switch name {
	case "Fn::Equals", "Fn::Not", "Fn::And", "Fn::Or", "Fn::Contains":
		return e.condition(map[string]any{name: arg})
	}
	f, ok := functions[name]
	if !ok {
		return nil, fmt.Errorf("the sandbox does not know the function %s", name)
	}
	return f(arg)
}

func (e *evaluation) ref(arg any) (any, error) {
	name, ok := arg.(string)
	if !ok {
		return nil, fmt.Errorf("Ref takes a name")
	}
	if v, ok := e.pseudo(name); ok {
		return v, nil
	}
	if p, ok := e.t.Parameters[name]; ok {
		v := e.env.Parameters[name]
		if !p.list() {
			return v, nil
		}
		var out []any
		for _, s := range splitList(v) {
			out = append(out, s)
		}
		return out, nil
	}
	r, err := e.resource(name)
	return r.PhysicalID, err
}

func (e *evaluation) pseudo(name string) (any, bool) {
	suffix := "amazonaws.com"
	if e.env.Partition == "aws-cn" {
		suffix = "amazonaws.com.cn"
	}
	switch name {
	case "AWS::NoValue":
		return noValue{}, true
	case "AWS::NotificationARNs":
		return []any{}, true
	}
	v, ok := map[string]string{
		"AWS::AccountId": e.env.AccountID, "AWS::Region": e.env.Region, "AWS::Partition": e.env.Partition,
		"AWS::StackName": e.env.StackName, "AWS::StackId": e.env.StackID, "AWS::URLSuffix": suffix,
	}[name]
	return v, ok
}

func (e *evaluation) resource(logical string) (cloud.Resource, error) {
	if e.env.Resource != nil {
		if r, ok := e.env.Resource(logical); ok {
			return r, nil
		}
	}
	return cloud.Resource{}, fmt.Errorf("Unresolved resource dependencies [%s] in the Resources block of the template", logical)
}

func (e *evaluation) getAtt(arg any) (any, error) {
	logical, attribute, ok := attributeOf(arg)
	if !ok {
		return nil, fmt.Errorf("Fn::GetAtt takes a resource and an attribute")
	}
	r, err := e.resource(logical)
	if err != nil {
		return nil, err
	}
	v, ok := r.Attributes[attribute]
	if !ok {
		return nil, fmt.Errorf("Resource type %s does not support attribute {%s}", e.t.Resources[logical].Type, attribute)
	}
	return v, nil
}

func attributeOf(arg any) (logical, attribute string, ok bool) {
	switch x := arg.(type) {
	case string:
		logical, attribute, ok = strings.Cut(x, ".")
	case []any:
		if len(x) == 2 {
			logical, attribute, ok = scalar(x[0]), scalar(x[1]), true
		}
	}
	return logical, attribute, ok && logical != "" && attribute != ""
}

var placeholder = regexp.MustCompile(`\$\{([^}]*)\}`)

// sub is Fn::Sub in both forms. "${!x}" gives "${x}".
func (e *evaluation) sub(arg any) (any, error) {
	text, ok := arg.(string)
	own := map[string]any{}
	if list, is := arg.([]any); is && len(list) == 2 {
		text, ok = list[0].(string)
		if own, is = list[1].(map[string]any); !is {
			ok = false
		}
	}
	if !ok {
		return nil, fmt.Errorf("Fn::Sub takes a string, or a string and a map")
	}
	var failed error
	out := placeholder.ReplaceAllStringFunc(text, func(m string) string {
		name := strings.TrimSpace(m[2 : len(m)-1])
		if literal, is := strings.CutPrefix(name, "!"); is {
			return "${" + literal + "}"
		}
		s, err := e.substitute(name, own)
		if err != nil && failed == nil {
			failed = err
		}
		return s
	})
	return out, failed
}

func (e *evaluation) substitute(name string, own map[string]any) (string, error) {
	var v any
	var err error
	if x, ok := own[name]; ok {
		v, err = e.value(x)
	} else if strings.Contains(name, ".") {
		v, err = e.getAtt(name)
	} else {
		v, err = e.ref(name)
	}
	if err != nil {
		return "", err
	}
	return text("Fn::Sub", v)
}

// text is a resolved value where a string is needed.
func text(where string, v any) (string, error) {
	switch v.(type) {
	case string, bool, int64, float64:
		return scalar(v), nil
	}
	return "", fmt.Errorf("%s needs a string", where)
}

func (e *evaluation) ifElse(arg any) (any, error) {
	list, ok := arg.([]any)
	if !ok || len(list) != 3 {
		return nil, fmt.Errorf("Fn::If takes a condition and two values")
	}
	name, ok := list[0].(string)
	if !ok {
		return nil, fmt.Errorf("Fn::If takes the name of a condition")
	}
	yes, err := e.named(name)
	if err != nil {
		return nil, err
	}
	if yes {
		return e.value(list[1])
	}
	return e.value(list[2])
}

func (e *evaluation) join(arg any) (any, error) {
	list, ok := arg.([]any)
	if !ok || len(list) != 2 {
		return nil, fmt.Errorf("Fn::Join takes a delimiter and a list")
	}
	items, err := e.list("Fn::Join", list[1])
	if err != nil {
		return nil, err
	}
	parts := make([]string, len(items))
	for i, v := range items {
		if parts[i], err = text("Fn::Join", v); err != nil {
			return nil, err
		}
	}
	return strings.Join(parts, scalar(list[0])), nil
}

func (e *evaluation) list(where string, v any) ([]any, error) {
	r, err := e.value(v)
	if err != nil {
		return nil, err
	}
	items, ok := r.([]any)
	if !ok {
		return nil, fmt.Errorf("%s needs a list", where)
	}
	return items, nil
}

func (e *evaluation) selectOne(arg any) (any, error) {
	list, ok := arg.([]any)
	if !ok || len(list) != 2 {
		return nil, fmt.Errorf("Fn::Select takes an index and a list")
	}
	at, err := e.value(list[0])
	if err != nil {
		return nil, err
	}
	items, err := e.list("Fn::Select", list[1])
	if err != nil {
		return nil, err
	}
	var i int
	if _, err := fmt.Sscanf(scalar(at), "%d", &i); err != nil || i < 0 || i >= len(items) {
		return nil, fmt.Errorf("Template error: Fn::Select cannot select nonexistent value at index %s", scalar(at))
	}
	return items[i], nil
}

func (e *evaluation) split(arg any) (any, error) {
	list, ok := arg.([]any)
	if !ok || len(list) != 2 || scalar(list[0]) == "" {
		return nil, fmt.Errorf("Fn::Split takes a delimiter and a string")
	}
	v, err := e.value(list[1])
	if err != nil {
		return nil, err
	}
	s, err := text("Fn::Split", v)
	if err != nil {
		return nil, err
	}
	var out []any
	for _, part := range strings.Split(s, scalar(list[0])) {
		out = append(out, part)
	}
	return out, nil
}

func (e *evaluation) findInMap(arg any) (any, error) {
	list, err := e.list("Fn::FindInMap", arg)
	if err != nil {
		return nil, err
	}
	if len(list) != 3 {
		return nil, fmt.Errorf("Fn::FindInMap takes a map and two keys")
	}
	top, _ := e.t.Mappings[scalar(list[0])].(map[string]any)
	second, _ := top[scalar(list[1])].(map[string]any)
	v, ok := second[scalar(list[2])]
	if !ok {
		return nil, fmt.Errorf("Template error: Unable to get mapping for %s::%s::%s", scalar(list[0]), scalar(list[1]), scalar(list[2]))
	}
	return v, nil
}

func (e *evaluation) base64(arg any) (any, error) {
	v, err := e.value(arg)
	if err != nil {
		return nil, err
	}
	s, err := text("Fn::Base64", v)
	return base64.StdEncoding.EncodeToString([]byte(s)), err
}
