package cfn

import (
	"strings"
	"testing"

	"github.com/bursarhq/bursar/deploy"
	"github.com/bursarhq/bursar/internal/sandbox/cloud"
	"github.com/google/go-cmp/cmp"
)

// resolved parses a template whose resource X has the property V, and gives what V resolves to.
func resolved(t *testing.T, v, more string) (any, string) {
	t.Helper()
	text := `
Parameters:
  Name: {Type: String, Default: world}
  List: {Type: CommaDelimitedList, Default: "a, b,c"}
  Empty: {Type: String, Default: ""}
Mappings: {M: {us-east-1: {K: home, L: [1, 2]}}}
Conditions:
  Yes: !Equals [!Ref Name, world]
  No: !Not [!Condition Yes]
  Both: !And [!Condition Yes, !Not [{Condition: "No"}]]
  Either: !Or [!Condition "No", !Equals [a, b]]
` + more + `
Resources:
  Other: {Type: T::T::T}
  X: {Type: T::T::T, Properties: {V: ` + v + `}}
`
	tmpl, e := Parse(text)
	if e != nil {
		return nil, e.Message
	}
	params, e := tmpl.Bind(nil)
	if e != nil {
		return nil, e.Message
	}
	env := Environment{
		AccountID: "012345678901", Region: "us-east-1", Partition: "aws", StackName: "s", StackID: "arn:s", Parameters: params,
		Resource: func(logical string) (cloud.Resource, bool) {
			return cloud.Resource{PhysicalID: "other-1", Attributes: map[string]string{"Arn": "arn:other", "A.B": "nested"}}, logical == "Other"
		},
	}
	out, err := newEvaluation(tmpl, env).value(tmpl.Resources["X"].Properties)
	if err != nil {
		return nil, err.Error()
	}
	return out.(map[string]any)["V"], ""
}

func TestResolve(t *testing.T) {
	for _, c := range []struct {
		v    string
		want any
	}{
		{`!Ref Name`, "world"},
		{`{Ref: Name}`, "world"},
		{`!Ref List`, []any{"a", "b", "c"}},
		{`!Ref Other`, "other-1"},
		{`!Ref AWS::AccountId`, "012345678901"},
		{`!Ref "AWS::URLSuffix"`, "amazonaws.com"},
		{`[1, !Ref "AWS::NoValue", 2]`, []any{int64(1), int64(2)}},
		{`{A: !Ref "AWS::NoValue", B: true}`, map[string]any{"B": true}},
		{`!GetAtt Other.Arn`, "arn:other"},
		{`!GetAtt Other.A.B`, "nested"},
		{`{"Fn::GetAtt": [Other, Arn]}`, "arn:other"},
		{`!Sub "hello ${Name}, ${Other}, ${Other.Arn}, ${AWS::Region}, ${!Literal}, ${ Name }"`, "hello world, other-1, arn:other, us-east-1, ${Literal}, world"},
		{`!Sub ["${A}-${Name}", {A: !Ref Other}]`, "other-1-world"},
		{`!Sub ["${Name}", {Name: shadowed}]`, "shadowed"},
		{`!If [Yes, 1, 2]`, int64(1)},
		{`!If ["No", !Ref Name, [x]]`, []any{"x"}},
		{`!If [Both, a, b]`, "a"},
		{`!If [Either, a, b]`, "b"},
		{`!Join ["-", [a, !Ref Name, 3]]`, "a-world-3"},
		{`!Join [",", !Ref List]`, "a,b,c"},
		{`!Select [1, !Ref List]`, "b"},
		{`!Select ["5", !Split [":", "arn:aws:iam::012345678901:policy/x"]]`, "policy/x"},
		{`!Split ["|", "a||b"]`, []any{"a", "", "b"}},
		{`!FindInMap [M, !Ref "AWS::Region", K]`, "home"},
		{`!FindInMap [M, us-east-1, L]`, []any{int64(1), int64(2)}},
		{`{"Fn::Base64": !Ref Name}`, "d29ybGQ="},
		{`!Equals [true, "true"]`, true},
		{`2012-10-17`, "2012-10-17"},
		{`012345678901`, "012345678901"},
		{`{Condition: {StringEquals: {a: !Ref Name}}}`, map[string]any{"Condition": map[string]any{"StringEquals": map[string]any{"a": "world"}}}},
	} {
		got, problem := resolved(t, c.v, "")
		if problem != "" {
			t.Errorf("%s: %s", c.v, problem)
			continue
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", c.v, diff)
		}
	}
}

func TestResolveRefuses(t *testing.T) {
	for v, want := range map[string]string{
		`!Ref Missing`:                 "Unresolved resource dependencies [Missing]",
		`!Sub "${Missing}"`:            "Unresolved resource dependencies [Missing]",
		`!GetAtt Missing.Arn`:          "Unresolved resource dependencies [Missing]",
		`!GetAtt Other.Missing`:        "does not support attribute {Missing}",
		`!GetAtt Other`:                "Fn::GetAtt",
		`!If [Missing, 1, 2]`:          "unresolved condition dependency Missing",
		`!If [Yes, 1]`:                 "Fn::If",
		`!Select [3, !Ref List]`:       "nonexistent value at index 3",
		`!Select [-1, !Ref List]`:      "nonexistent",
		`!Join [",", !Ref Name]`:       "needs a list",
		`!Join [",", [[a]]]`:           "needs a string",
		`!Sub [a]`:                     "Fn::Sub takes",
		`!FindInMap [M, eu-west-1, K]`: "Unable to get mapping for M::eu-west-1::K",
		`!ImportValue x`:               "does not know the function Fn::ImportValue",
		`!Ref X`:                       "Circular dependency",
		`{A: 1, A: 2}`:                 "there twice",
		`{A: &x 1, B: *x}`:             "aliases",
		`{"Fn::Transform": {}}`:        "does not know",
		strings.Repeat("[", 120) + strings.Repeat("]", 120): "nested too deeply",
	} {
		if got, problem := resolved(t, v, ""); !strings.Contains(problem, want) {
			t.Errorf("%s: got %v, %q, want …%s…", v, got, problem, want)
		}
	}
	if _, problem := resolved(t, `!If [Round, 1, 2]`, "  Round: !Not [!Condition Round]"); !strings.Contains(problem, "circular") {
		t.Errorf("a condition that names itself: %q", problem)
	}
}

func TestParseRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":                   "unsupported structure",
		"[]":                 "unsupported structure",
		"a: [":               "not well-formed",
		"Resources: {}":      "At least one Resources member",
		"Resources: {A: {}}": "must contain a Type member",
		"Resources: []":      "must be an object",
		"Resources: {A: {Type: T::T::T, Property: {}}}":                                         "Invalid template resource property 'Property'",
		"Resources: {A: {Type: T::T::T}}\nResource: {}":                                         "Invalid template property",
		"Resources: {A: {Type: T::T::T}}\nTransform: X":                                         "does not run Transform",
		"Resources: {A: {Type: T::T::T, DependsOn: B}}":                                         "[B]",
		"Resources: {A: {Type: T::T::T, Condition: C}}":                                         "condition dependency C",
		"Resources: {A: {Type: T::T::T, DependsOn: B}, B: {Type: T::T::T, DependsOn: [A]}}":     "Circular",
		"Resources: {A: {Type: T::T::T}}\nOutputs: {O: {Value: !Ref B}}":                        "in the Outputs block",
		"Resources: {A: {Type: T::T::T}}\nParameters: {P: {Default: x}}":                        "must contain a Type member: [P]",
		"Resources: {A: {Type: T::T::T}}\nParameters: {P: {Type: String, AllowedPattern: '('}}": "AllowedPattern",
	} {
		if _, e := Parse(text); e == nil || !strings.Contains(e.Message, want) {
			t.Errorf("%q: got %v, want …%s…", text, e, want)
		}
	}
}

// FuzzParse: whatever the text, Parse and a resolution of it answer and do not panic or hang.
func FuzzParse(f *testing.F) {
	text, err := deploy.Template(deploy.Bucket)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(text))
	f.Add("Resources: {A: {Type: T, Properties: {B: !Sub ['${A}', {A: !If [C, 1, !Ref D]}]}}}\nConditions: {C: !Equals [1, 1]}\nParameters: {D: {Type: String, Default: x}}")
	f.Add(`{"Resources": {"A": {"Type": "T", "DependsOn": ["A"]}}}`)
	f.Fuzz(func(t *testing.T, text string) {
		tmpl, e := Parse(text)
		if e != nil {
			return
		}
		params, e := tmpl.Bind(nil)
		if e != nil {
			return
		}
		ev := newEvaluation(tmpl, Environment{Parameters: params, Resource: func(string) (cloud.Resource, bool) { return cloud.Resource{}, true }})
		_ = ev.rules()
		for _, r := range tmpl.Resources {
			_, _ = ev.value(r.Properties)
		}
		tmpl.Capabilities()
	})
}
