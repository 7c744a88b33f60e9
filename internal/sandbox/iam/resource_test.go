package iam

import (
	"strings"
	"testing"
	"time"

	"github.com/bursarhq/bursar/internal/sandbox/cloud"
	"github.com/bursarhq/bursar/internal/sandbox/world"
)

const account = "111122223333"

func setup(t *testing.T) (*cloud.Cloud, cloud.ResourceContext) {
	t.Helper()
	w, err := world.Parse([]byte(`accounts: [{id: "111122223333", users: [{name: weak}]}]`))
	if err != nil {
		t.Fatal(err)
	}
	c, err := cloud.New(w, cloud.Options{Start: time.Date(2026, 7, 3, 9, 0, 0, 0, time.UTC), Frozen: true})
	if err != nil {
		t.Fatal(err)
	}
	New(c)
	admin, e := c.Admin(account)
	if e != nil {
		t.Fatal(e)
	}
	return c, cloud.ResourceContext{AccountID: account, Region: "us-east-1", StackName: "bursar", LogicalID: "Role", Caller: admin}
}

func handler(t *testing.T, c *cloud.Cloud, typ string) cloud.ResourceHandler {
	t.Helper()
	h, ok := c.ResourceHandler(typ)
	if !ok {
		t.Fatalf("no handler for %s", typ)
	}
	return h
}

func properties(name string) map[string]any {
	return map[string]any{
		"RoleName": name, "Path": "/bursar/", "MaxSessionDuration": 3600,
		"AssumeRolePolicyDocument": map[string]any{"Version": "2012-10-17", "Statement": []any{map[string]any{"Effect": "Allow", "Principal": map[string]any{"AWS": "999900001111"}, "Action": "sts:AssumeRole"}}},
		"Policies":                 []any{map[string]any{"PolicyName": "p", "PolicyDocument": map[string]any{"Version": "2012-10-17", "Statement": []any{map[string]any{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}}}}},
		"Tags":                     []any{map[string]any{"Key": "app", "Value": "bursar"}},
	}
}

func TestRoleResource(t *testing.T) {
	c, rc := setup(t)
	h := handler(t, c, "AWS::IAM::Role")
	made, e := h.Create(rc, properties("bursar-a"))
	if e != nil || made.PhysicalID != "bursar-a" || made.Attributes["Arn"] != "arn:aws:iam::"+account+":role/bursar/bursar-a" {
		t.Fatalf("%+v %v", made, e)
	}
	if _, e := h.Create(rc, properties("bursar-a")); e == nil || e.Code != "EntityAlreadyExists" {
		t.Errorf("twice: %v", e)
	}
	p := properties("bursar-a")
	delete(p, "Policies")
	if _, e := h.Update(rc, "bursar-a", p); e != nil {
		t.Error(e)
	}
	if r, _ := c.Role(account, "bursar-a"); len(r.Inline) != 0 || r.Tags["app"] != "bursar" {
		t.Errorf("%+v", r)
	}
	if _, e := h.Update(rc, "bursar-a", properties("bursar-b")); e == nil || e.Code != cloud.ReplacementNeeded {
		t.Errorf("rename: %v", e)
	}
	for range 2 {
		if e := h.Delete(rc, "bursar-a"); e != nil {
			t.Error(e)
		}
	}
}

func TestRoleResourceRefuses(t *testing.T) {
	c, rc := setup(t)
	h := handler(t, c, "AWS::IAM::Role")
	p := properties("bursar-a")
	p["Polices"] = true
	if _, e := h.Create(rc, p); e == nil || !strings.Contains(e.Message, "Polices") {
		t.Errorf("unknown property: %v", e)
	}
	weak, _ := c.UserPrincipal(account, "weak")
	rc.Caller = weak
	if _, e := h.Create(rc, properties("bursar-a")); e == nil || !strings.Contains(e.Message, "iam:CreateRole") {
		t.Errorf("without permission: %v", e)
	}
}

func TestGeneratedName(t *testing.T) {
	c, rc := setup(t)
	p := properties("")
	delete(p, "RoleName")
	rc.StackName = strings.Repeat("s", 100)
	made, e := handler(t, c, "AWS::IAM::Role").Create(rc, p)
	if e != nil || len(made.PhysicalID) > 64 {
		t.Errorf("%+v %v", made, e)
	}
}

func TestPolicyResources(t *testing.T) {
	c, rc := setup(t)
	if _, e := handler(t, c, "AWS::IAM::Role").Create(rc, properties("bursar-a")); e != nil {
		t.Fatal(e)
	}
	doc := map[string]any{"Version": "2012-10-17", "Statement": []any{map[string]any{"Effect": "Allow", "Action": "ce:*", "Resource": "*"}}}
	inline, e := handler(t, c, "AWS::IAM::Policy").Create(rc, map[string]any{"PolicyName": "ce", "PolicyDocument": doc, "Roles": []any{"bursar-a"}})
	if e != nil {
		t.Fatal(e)
	}
	managed, e := handler(t, c, "AWS::IAM::ManagedPolicy").Create(rc, map[string]any{"PolicyDocument": doc, "Roles": []any{"bursar-a"}})
	if e != nil {
		t.Fatal(e)
	}
	r, _ := c.Role(account, "bursar-a")
	if len(r.Inline) != 2 || len(r.Attached) != 1 || r.Attached[0] != managed.PhysicalID {
		t.Errorf("%+v", r)
	}
	if e := handler(t, c, "AWS::IAM::Policy").Delete(rc, inline.PhysicalID); e != nil {
		t.Error(e)
	}
	if e := handler(t, c, "AWS::IAM::ManagedPolicy").Delete(rc, managed.PhysicalID); e != nil {
		t.Error(e)
	}
	if r, _ := c.Role(account, "bursar-a"); len(r.Inline) != 1 || len(r.Attached) != 0 {
		t.Errorf("%+v", r)
	}
}
