package deploy_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bursarhq/bursar/deploy"
)

const moduleDir = "terraform/aws-account/"

// kept holds a file of the module against what the templates say; UPDATE_GOLDEN writes it.
func kept(t *testing.T, name string, want []byte) {
	t.Helper()
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(moduleDir+name, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(moduleDir + name)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s%s is not what the CloudFormation templates say (%v): run make golden", moduleDir, name, err)
	}
}

func written(t *testing.T, v any) []byte {
	t.Helper()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestModuleSaysWhatTheTemplatesSay: one truth about permissions, columns and members, whichever way an account is registered.
func TestModuleSaysWhatTheTemplatesSay(t *testing.T) {
	policies, err := deploy.AccessPolicies()
	if err != nil || len(policies) != 5 {
		t.Fatal(len(policies), err)
	}
	kept(t, "policies.json", written(t, policies))
	member, err := deploy.Template(deploy.Member)
	if err != nil {
		t.Fatal(err)
	}
	kept(t, "member.yaml", member)
	kept(t, "queries.json", written(t, queries(t)))
	text, err := os.ReadFile(moduleDir + "main.tf")
	if err != nil || !strings.Contains(string(text), `template_version = "`+deploy.Version+`"`) {
		t.Errorf("main.tf has not version %s: %v", deploy.Version, err)
	}
}

// queries are the statements of export.yaml, by what they are for.
func queries(t *testing.T) map[string]string {
	t.Helper()
	properties, _ := parsed(t, deploy.Export).Resources["Export"].Properties.(map[string]any)
	definition, _ := properties["Export"].(map[string]any)
	query, _ := definition["DataQuery"].(map[string]any)
	outer := branches(query["QueryStatement"])
	if len(outer) != 3 {
		t.Fatalf("QueryStatement: %v", query["QueryStatement"])
	}
	inner := branches(outer[2])
	out := map[string]string{}
	out["focus-1.2"], _ = outer[1].(string)
	out["cur2-split"], _ = inner[1].(string)
	out["cur2"], _ = inner[2].(string)
	return out
}

// branches are the parts of an Fn::If.
func branches(v any) []any {
	m, _ := v.(map[string]any)
	list, _ := m["Fn::If"].([]any)
	return list
}

func TestModuleZip(t *testing.T) {
	archive, err := deploy.ModuleZip()
	if err != nil {
		t.Fatal(err)
	}
	r, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		t.Fatal(err)
	}
	inside := map[string]bool{}
	for _, f := range r.File {
		inside[f.Name] = true
	}
	files, err := filepath.Glob(moduleDir + "*")
	if err != nil || len(files) < 9 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		if info, err := os.Stat(f); err != nil || !info.IsDir() && !inside[filepath.Base(f)] {
			t.Errorf("%s is not in the archive (%v)", f, err)
		}
	}
}
