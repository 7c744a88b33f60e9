package deploy_test

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/bursarhq/bursar/deploy"
	"github.com/bursarhq/bursar/internal/sandbox/cfn"
)

func parsed(t *testing.T, name string) *cfn.Template {
	t.Helper()
	text, err := deploy.Template(name)
	if err != nil {
		t.Fatal(err)
	}
	tmpl, e := cfn.Parse(string(text))
	if e != nil {
		t.Fatalf("%s: %v", name, e)
	}
	return tmpl
}

// reads are the verbs by which AWS names actions that change nothing.
var reads = regexp.MustCompile(`^[a-z0-9-]+:(Get|List|Describe|Simulate|Head)[A-Z][A-Za-z]*$`)

// reviewed are the actions beside them, each with the reason why it is no power to write in bursar's hands.
var reviewed = map[string]string{
	"sts:AssumeRole":             "a trust policy's own action: it lets bursar in and grants nothing",
	"resource-explorer-2:Search": "a read, by another verb",
	"s3:PutObject":               "in the bucket's policy alone, to AWS's delivery services",
}

// neverIn are reads by name that show a customer's data, which inventory must not reach.
var neverIn = regexp.MustCompile(`^(s3:GetObject|secretsmanager:|ssm:GetParameter|kms:|dynamodb:(GetItem|BatchGetItem)|lambda:GetFunction|sqs:ReceiveMessage|logs:Get|kinesis:Get)`)

type statement struct {
	path       string
	fields     map[string]any
	actions    []string
	toServices bool
}

// statements finds every policy statement in a value, wherever it stands.
func statements(path string, v any) []statement {
	var out []statement
	switch x := v.(type) {
	case map[string]any:
		if _, ok := x["Effect"]; ok {
			s := statement{path: path, fields: x, actions: texts(x["Action"])}
			if p, ok := x["Principal"].(map[string]any); ok {
				s.toServices = len(p) == 1 && p["Service"] != nil
			}
			return append(out, s)
		}
		for k, item := range x {
			out = append(out, statements(path+"/"+k, item)...)
		}
	case []any:
		for _, item := range x {
			out = append(out, statements(path, item)...)
		}
	}
	return out
}

func texts(v any) []string {
	switch x := v.(type) {
	case string:
		return []string{x}
	case []any:
		var out []string
		for _, item := range x {
			out = append(out, texts(item)...)
		}
		return out
	}
	return nil
}

// TestNothingGrantsWriting reads every statement of every shipped template: what bursar is allowed is reading, action
// by action, without a wildcard.
func TestNothingGrantsWriting(t *testing.T) {
	for _, name := range deploy.Names() {
		for logical, r := range parsed(t, name).Resources {
			for _, s := range statements(name+"/"+logical, r.Properties) {
				if s.fields["NotAction"] != nil || s.fields["NotPrincipal"] != nil || s.fields["NotResource"] != nil {
					t.Errorf("%s: a statement that says what it does not mean cannot be reviewed", s.path)
				}
				if s.fields["Effect"] == "Deny" {
					continue
				}
				if len(s.actions) == 0 {
					t.Errorf("%s allows actions that the test cannot read", s.path)
				}
				for _, a := range s.actions {
					checkAction(t, s, a)
				}
			}
		}
	}
}

func checkAction(t *testing.T, s statement, action string) {
	t.Helper()
	_, exception := reviewed[action]
	switch {
	case !reads.MatchString(action) && !exception:
		t.Errorf("%s allows %s, which is no read", s.path, action)
	case action == "s3:PutObject" && !s.toServices:
		t.Errorf("%s allows %s to others than AWS's delivery services", s.path, action)
	case action == "sts:AssumeRole" && !strings.HasSuffix(s.path, "/AssumeRolePolicyDocument/Statement"):
		t.Errorf("%s allows %s outside a trust policy", s.path, action)
	case neverIn.MatchString(action) && s.fields["Resource"] == "*":
		t.Errorf("%s allows %s on everything", s.path, action)
	}
}

// TestEveryTrustNeedsTheExternalID: who is trusted, and on which two conditions, is the same in every template.
func TestEveryTrustNeedsTheExternalID(t *testing.T) {
	for _, name := range deploy.Names() {
		for logical, r := range parsed(t, name).Resources {
			properties, _ := r.Properties.(map[string]any)
			trust, ok := properties["AssumeRolePolicyDocument"]
			if !ok {
				continue
			}
			all := statements("", trust)
			if len(all) != 1 {
				t.Fatalf("%s/%s: %d statements trust somebody", name, logical, len(all))
			}
			condition, _ := all[0].fields["Condition"].(map[string]any)
			id, _ := condition["StringEquals"].(map[string]any)
			arn, _ := condition["ArnEquals"].(map[string]any)
			if len(condition) != 2 || id["sts:ExternalId"] == nil || arn["aws:PrincipalArn"] == nil {
				t.Errorf("%s/%s: conditions %v", name, logical, condition)
			}
			if properties["Path"] != "/bursar/" {
				t.Errorf("%s/%s: path %v", name, logical, properties["Path"])
			}
		}
	}
}

func TestMembersTemplateIsTheOneInside(t *testing.T) {
	member, err := deploy.Template(deploy.Member)
	if err != nil {
		t.Fatal(err)
	}
	properties, _ := parsed(t, deploy.Access).Resources["Members"].Properties.(map[string]any)
	if got := properties["TemplateBody"]; got != string(member) {
		t.Error("access.yaml holds another text than member.yaml in Members.TemplateBody: copy the file into it, indented by 8")
	}
}

func TestSizesAndVersions(t *testing.T) {
	for _, name := range deploy.Names() {
		text, err := deploy.Template(name)
		if err != nil {
			t.Fatal(err)
		}
		if len(text) > cfn.MaxBody {
			t.Errorf("%s has %d bytes: CloudFormation takes %d in a request", name, len(text), cfn.MaxBody)
		}
		version, _ := parsed(t, name).Outputs["TemplateVersion"].(map[string]any)
		if version["Value"] != deploy.Version {
			t.Errorf("%s says it is version %v, the package %s", name, version["Value"], deploy.Version)
		}
		if n := strings.Count(string(text), `{Key: "bursar:template-version", Value: "`); n != strings.Count(string(text), `{Key: "bursar:template-version", Value: "`+deploy.Version+`"}`) {
			t.Errorf("%s: a role's tag names another version than %s", name, deploy.Version)
		}
		if m := regexp.MustCompile(`arn:aws:|us-east-1:\$`).FindString(string(text)); m != "" {
			t.Errorf("%s names a partition or region in an ARN (%s): use AWS::Partition and the mapping", name, m)
		}
	}
}

func TestNames(t *testing.T) {
	files, err := filepath.Glob("cloudformation/*")
	if err != nil || len(files) != len(deploy.Names()) {
		t.Errorf("%d files, %d names, %v", len(files), len(deploy.Names()), err)
	}
	for _, bad := range []string{"", "../deploy.go", "cloudformation/access.yaml"} {
		if _, err := deploy.Template(bad); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// china are the templates that bursar offers in China, whose CloudFormation knows no Data Exports.
var china = []string{"cloudformation/bucket.yaml", "cloudformation/existing.yaml", "cloudformation/legacy.yaml"}

// TestCfnLint has AWS's own schemas judge the templates, and knows every action that there is.
func TestCfnLint(t *testing.T) {
	lint, err := exec.LookPath("cfn-lint")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("cfn-lint is not installed: pip install cfn-lint")
		}
		t.Skip("cfn-lint is not installed: the templates are not checked against AWS's schemas")
	}
	files, err := filepath.Glob("cloudformation/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for region, files := range map[string][]string{"us-east-1": files, "cn-northwest-1": china} {
		out, err := exec.CommandContext(t.Context(), lint, append([]string{"-r", region, "--"}, files...)...).CombinedOutput()
		if err != nil || len(out) > 0 {
			t.Errorf("cfn-lint in %s: %v\n%s", region, err, out)
		}
	}
}
