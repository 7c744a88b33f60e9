package cfn

import (
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/bursarhq/bursar/internal/sandbox/cloud"
)

// named evaluates a condition of the template by its name.
func (e *evaluation) named(name string) (bool, error) {
	c, ok := e.t.Conditions[name]
	if !ok {
		return false, fmt.Errorf("Template error: unresolved condition dependency %s", name)
	}
	if yes, known := e.done[name]; known {
		return yes, nil
	}
	if e.busy[name] {
		return false, fmt.Errorf("Template error: circular condition dependency %s", name)
	}
	e.busy[name] = true
	defer delete(e.busy, name)
	yes, err := e.condition(c)
	if err == nil {
		e.done[name] = yes
	}
	return yes, err
}

// condition evaluates an expression that gives true or false.
func (e *evaluation) condition(v any) (bool, error) {
	m, ok := v.(map[string]any)
	if !ok || len(m) != 1 {
		return false, fmt.Errorf("Template error: every condition must be one of Fn::Equals, Fn::Not, Fn::And, Fn::Or, Condition")
	}
	for name, arg := range m {
		if name == "Condition" {
			return e.named(scalar(arg))
		}
		list, ok := arg.([]any)
		if !ok {
			return false, fmt.Errorf("Template error: %s takes a list", name)
		}
		switch {
		case name == "Fn::Equals" && len(list) == 2:
			return e.equals(list)
		case name == "Fn::Contains" && len(list) == 2:
			return e.contains(list)
		case name == "Fn::Not" && len(list) == 1:
			yes, err := e.condition(list[0])
			return !yes, err
		case (name == "Fn::And" || name == "Fn::Or") && len(list) >= 2 && len(list) <= 10:
			return e.several(list, name == "Fn::And")
		}
		return false, fmt.Errorf("Template error: %s is not a condition, or has the wrong number of members", name)
	}
	return false, nil
}

func (e *evaluation) equals(list []any) (bool, error) {
	a, err := e.value(list[0])
	if err != nil {
		return false, err
	}
	b, err := e.value(list[1])
	if err != nil {
		return false, err
	}
	if x, err := text("", a); err == nil {
		y, err := text("", b)
		return err == nil && x == y, nil
	}
	return reflect.DeepEqual(a, b), nil
}

func (e *evaluation) contains(list []any) (bool, error) {
	items, err := e.list("Fn::Contains", list[0])
	if err != nil {
		return false, err
	}
	v, err := e.value(list[1])
	return slices.ContainsFunc(items, func(x any) bool { return scalar(x) == scalar(v) }), err
}

// several is And (all) or Or. Every member is evaluated: one that is wrong is an error, whatever the others say.
func (e *evaluation) several(list []any, all bool) (bool, error) {
	out := all
	for _, v := range list {
		yes, err := e.condition(v)
		if err != nil {
			return false, err
		}
		if all {
			out = out && yes
		} else {
			out = out || yes
		}
	}
	return out, nil
}

// rules proves the assertions of the template's rules.
func (e *evaluation) rules() *cloud.Error {
	for _, name := range slices.Sorted(maps.Keys(e.t.Rules)) {
		rule, ok := e.t.Rules[name].(map[string]any)
		if !ok {
			return malformed("the rule %s must be an object", name)
		}
		if c, ok := rule["RuleCondition"]; ok {
			applies, err := e.condition(c)
			if err != nil {
				return cloud.Validation("%v", err)
			}
			if !applies {
				continue
			}
		}
		list, ok := rule["Assertions"].([]any)
		if !ok {
			return malformed("the rule %s has no Assertions", name)
		}
		for _, a := range list {
			if err := e.assert(name, a); err != nil {
				return err
			}
		}
	}
	return nil
}

func (e *evaluation) assert(rule string, a any) *cloud.Error {
	m, ok := a.(map[string]any)
	if !ok {
		return malformed("an assertion of the rule %s is no object", rule)
	}
	yes, err := e.condition(m["Assert"])
	if err != nil {
		return cloud.Validation("%v", err)
	}
	if !yes {
		return cloud.Validation("Template validation error: rule %s failed: %s", rule, scalar(m["AssertDescription"]))
	}
	return nil
}
