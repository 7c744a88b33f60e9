package cfn

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/bursarhq/bursar/internal/sandbox/cloud"
)

// Parameter is a parameter as the template declares it.
type Parameter struct {
	Type                  string
	Description           string
	Default               *string
	NoEcho                bool
	AllowedValues         []string
	AllowedPattern        *regexp.Regexp
	MinLength, MaxLength  *int64
	MinValue, MaxValue    *float64
	ConstraintDescription string
}

func newParameter(name string, v any) (Parameter, error) {
	m, ok := v.(map[string]any)
	if !ok {
		return Parameter{}, fmt.Errorf("Every Parameters object must contain a Type member: [%s]", name)
	}
	p := Parameter{Type: scalar(m["Type"]), Description: scalar(m["Description"]), ConstraintDescription: scalar(m["ConstraintDescription"])}
	if p.Type == "" {
		return p, fmt.Errorf("Every Parameters object must contain a Type member: [%s]", name)
	}
	p.NoEcho = scalar(m["NoEcho"]) == "true"
	if d, ok := m["Default"]; ok {
		s := scalar(d)
		p.Default = &s
	}
	if list, ok := m["AllowedValues"].([]any); ok {
		for _, x := range list {
			p.AllowedValues = append(p.AllowedValues, scalar(x))
		}
	}
	if s := scalar(m["AllowedPattern"]); s != "" {
		re, err := regexp.Compile(`^(?:` + s + `)$`)
		if err != nil {
			return p, fmt.Errorf("the AllowedPattern of %s is not a regular expression that the sandbox knows: %w", name, err)
		}
		p.AllowedPattern = re
	}
	for key, to := range map[string]**int64{"MinLength": &p.MinLength, "MaxLength": &p.MaxLength} {
		if v, ok := m[key]; ok {
			n, err := strconv.ParseInt(scalar(v), 10, 64)
			if err != nil {
				return p, fmt.Errorf("%s of %s is no number", key, name)
			}
			*to = &n
		}
	}
	for key, to := range map[string]**float64{"MinValue": &p.MinValue, "MaxValue": &p.MaxValue} {
		if v, ok := m[key]; ok {
			f, err := strconv.ParseFloat(scalar(v), 64)
			if err != nil {
				return p, fmt.Errorf("%s of %s is no number", key, name)
			}
			*to = &f
		}
	}
	return p, nil
}

// scalar writes a scalar as CloudFormation does; "" for nil, lists and maps.
func scalar(v any) string {
	switch x := v.(type) {
	case string:
		return x
	case bool:
		return strconv.FormatBool(x)
	case int64:
		return strconv.FormatInt(x, 10)
	case float64:
		return strconv.FormatFloat(x, 'f', -1, 64)
	}
	return ""
}

// list says whether a parameter's value is a list, written with commas.
func (p Parameter) list() bool {
	return p.Type == "CommaDelimitedList" || strings.HasPrefix(p.Type, "List<")
}

// Bind takes the values of a stack's parameters, fills in the defaults, and proves them. Unknown ones are refused.
func (t *Template) Bind(given map[string]string) (map[string]string, *cloud.Error) {
	var unknown, missing []string
	for name := range given {
		if _, ok := t.Parameters[name]; !ok {
			unknown = append(unknown, name)
		}
	}
	if unknown != nil {
		slices.Sort(unknown)
		return nil, cloud.Validation("Parameters: [%s] do not exist in the template", strings.Join(unknown, ", "))
	}
	out := map[string]string{}
	names := slices.Sorted(maps.Keys(t.Parameters))
	for _, name := range names {
		p := t.Parameters[name]
		v, ok := given[name]
		switch {
		case ok:
			out[name] = v
		case p.Default != nil:
			out[name] = *p.Default
		default:
			missing = append(missing, name)
		}
	}
	if missing != nil {
		return nil, cloud.Validation("Parameters: [%s] must have values", strings.Join(missing, ", "))
	}
	for _, name := range names {
		if e := t.Parameters[name].check(name, out[name]); e != nil {
			return nil, e
		}
	}
	return out, nil
}

func (p Parameter) check(name, value string) *cloud.Error {
	values := []string{value}
	if p.list() {
		values = splitList(value)
	}
	for _, v := range values {
		if why := p.complaint(v); why != "" {
			if p.ConstraintDescription != "" {
				return cloud.Validation("Parameter %s failed to satisfy constraint: %s", name, p.ConstraintDescription)
			}
			return cloud.Validation("Parameter '%s' must %s", name, why)
		}
	}
	return nil
}

func (p Parameter) complaint(v string) string {
	length := int64(len([]rune(v)))
	number, err := strconv.ParseFloat(v, 64)
	switch {
	case (p.Type == "Number" || p.Type == "List<Number>") && err != nil:
		return "be a number."
	case p.AllowedValues != nil && !slices.Contains(p.AllowedValues, v):
		return "be one of AllowedValues"
	case p.MinLength != nil && length < *p.MinLength:
		return fmt.Sprintf("contain at least %d characters", *p.MinLength)
	case p.MaxLength != nil && length > *p.MaxLength:
		return fmt.Sprintf("contain at most %d characters", *p.MaxLength)
	case p.AllowedPattern != nil && !p.AllowedPattern.MatchString(v):
		pattern := p.AllowedPattern.String()
		return "match pattern " + pattern[len("^(?:"):len(pattern)-len(")$")]
	case p.MinValue != nil && number < *p.MinValue:
		return fmt.Sprintf("be a number not less than %v", *p.MinValue)
	case p.MaxValue != nil && number > *p.MaxValue:
		return fmt.Sprintf("be a number not greater than %v", *p.MaxValue)
	}
	return ""
}

func splitList(s string) []string {
	parts := strings.Split(s, ",")
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	return parts
}
