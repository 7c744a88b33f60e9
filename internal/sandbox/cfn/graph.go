package cfn

import (
	"maps"
	"slices"
	"strings"

	"github.com/bursarhq/bursar/internal/sandbox/cloud"
)

// walk calls f for every function in a value, with its argument.
func walk(v any, f func(name string, arg any)) {
	switch x := v.(type) {
	case map[string]any:
		if name, arg, ok := function(x); ok {
			f(name, arg)
		}
		for _, item := range x {
			walk(item, f)
		}
	case []any:
		for _, item := range x {
			walk(item, f)
		}
	}
}

// references lists what a value refers to by Ref, Fn::GetAtt and Fn::Sub: resources, parameters and pseudo
// parameters, in the order of their names.
func references(v any) []string {
	found := map[string]bool{}
	walk(v, func(name string, arg any) {
		switch name {
		case "Ref":
			found[scalar(arg)] = true
		case "Fn::GetAtt":
			if logical, _, ok := attributeOf(arg); ok {
				found[logical] = true
			}
		case "Fn::Sub":
			subReferences(arg, found)
		}
	})
	return slices.Sorted(maps.Keys(found))
}

func subReferences(arg any, found map[string]bool) {
	s, own := scalar(arg), map[string]any{}
	if list, ok := arg.([]any); ok && len(list) == 2 {
		s = scalar(list[0])
		own, _ = list[1].(map[string]any)
	}
	for _, m := range placeholder.FindAllStringSubmatch(s, -1) {
		name := strings.TrimSpace(m[1])
		if _, is := own[name]; is || strings.HasPrefix(name, "!") {
			continue
		}
		if logical, _, dotted := strings.Cut(name, "."); dotted {
			name = logical
		}
		found[name] = true
	}
}

// check proves that everything that is referred to exists, that conditions exist, and that no resource waits for
// itself.
func (t *Template) check() *cloud.Error {
	var missing []string
	note := func(names []string) {
		for _, n := range names {
			_, isParameter := t.Parameters[n]
			_, isResource := t.Resources[n]
			if !isParameter && !isResource && !strings.HasPrefix(n, "AWS::") && !slices.Contains(missing, n) {
				missing = append(missing, n)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(t.Resources)) {
		r := t.Resources[name]
		note(references(r.Properties))
		note(references(r.Metadata))
		note(r.DependsOn)
		if _, ok := t.Conditions[r.Condition]; !ok && r.Condition != "" {
			return malformed("Unresolved condition dependency %s in the Resources block of the template", r.Condition)
		}
	}
	if missing != nil {
		return malformed("Unresolved resource dependencies [%s] in the Resources block of the template", strings.Join(missing, ", "))
	}
	if note(references(t.Outputs)); missing != nil {
		return malformed("Unresolved resource dependencies [%s] in the Outputs block of the template", strings.Join(missing, ", "))
	}
	_, e := t.order()
	return e
}

// order sorts the resources so that each comes after those that it depends on, by DependsOn or by reference. What a
// reference in Metadata names counts too, as it does in AWS.
func (t *Template) order() ([]string, *cloud.Error) {
	var out []string
	state := map[string]int{} // 1 = being visited, 2 = placed
	var visit func(name string) *cloud.Error
	visit = func(name string) *cloud.Error {
		switch state[name] {
		case 1:
			return cloud.Validation("Circular dependency between resources: [%s]", name)
		case 2:
			return nil
		}
		state[name] = 1
		r := t.Resources[name]
		for _, dep := range slices.Concat(r.DependsOn, references(r.Properties), references(r.Metadata)) {
			if _, ok := t.Resources[dep]; !ok {
				continue
			}
			if e := visit(dep); e != nil {
				return e
			}
		}
		state[name] = 2
		out = append(out, name)
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(t.Resources)) {
		if e := visit(name); e != nil {
			return nil, e
		}
	}
	return out, nil
}

// iamTypes need the caller's acknowledgement; with a name of their own they need the stronger one.
var iamTypes = map[string]string{
	"AWS::IAM::Role": "RoleName", "AWS::IAM::ManagedPolicy": "ManagedPolicyName", "AWS::IAM::User": "UserName",
	"AWS::IAM::Group": "GroupName", "AWS::IAM::InstanceProfile": "InstanceProfileName",
	"AWS::IAM::Policy": "", "AWS::IAM::RolePolicy": "", "AWS::IAM::UserPolicy": "", "AWS::IAM::AccessKey": "",
}

// Capabilities lists what a caller must acknowledge to use the template: CAPABILITY_NAMED_IAM, CAPABILITY_IAM or
// nothing.
func (t *Template) Capabilities() []string {
	var out []string
	for _, r := range t.Resources {
		nameProperty, iam := iamTypes[r.Type]
		if !iam {
			continue
		}
		if m, ok := r.Properties.(map[string]any); ok && nameProperty != "" && m[nameProperty] != nil {
			return []string{"CAPABILITY_NAMED_IAM"}
		}
		out = []string{"CAPABILITY_IAM"}
	}
	return out
}
