package iam

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/bursarhq/bursar/internal/sandbox/cloud"
	"github.com/bursarhq/bursar/internal/sandbox/policy"
)

// The CloudFormation types: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_IAM.html.

func text(v any) string {
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}

// docText writes a policy property, which templates give as an object or as a string of JSON.
func docText(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	b, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(b)
}

func texts(v any) []string {
	list, _ := v.([]any)
	out := make([]string, 0, len(list))
	for _, x := range list {
		out = append(out, text(x))
	}
	return out
}

// generated names what the template leaves unnamed: stack, logical id and a suffix.
func generated(rc cloud.ResourceContext) string {
	name := rc.StackName + "-" + rc.LogicalID
	return name[:min(len(name), 51)] + "-" + rand.Text()[:12]
}

// known refuses properties that the sandbox would ignore: a template must not seem to work here and do more in
// AWS.
func known(properties map[string]any, names ...string) *cloud.Error {
	for p := range properties {
		if !slices.Contains(names, p) {
			return cloud.Validation("the sandbox does not simulate property %s of this type", p)
		}
	}
	return nil
}

func allow(s *Service, rc cloud.ResourceContext, arn string, actions ...string) *cloud.Error {
	for _, a := range actions {
		if e := s.cloud.Authorize(rc.Caller, cloud.Access{Action: a, Resource: arn, ResourceAccount: rc.AccountID, Region: rc.Region}); e != nil {
			return e
		}
	}
	return nil
}

type roleResource struct{ *Service }

// role reads the properties.
func (h roleResource) role(rc cloud.ResourceContext, p map[string]any) (cloud.Role, *cloud.Error) {
	r := cloud.Role{Description: text(p["Description"]), Identity: cloud.Identity{
		AccountID: rc.AccountID, Path: path(text(p["Path"])), Name: text(p["RoleName"]), Boundary: text(p["PermissionsBoundary"]), Attached: texts(p["ManagedPolicyArns"]), Tags: tagProperty(p["Tags"]),
	}}
	e := known(p, "RoleName", "Path", "Description", "AssumeRolePolicyDocument", "MaxSessionDuration", "PermissionsBoundary", "Policies", "ManagedPolicyArns", "Tags")
	if e != nil {
		return r, e
	}
	if r.Name == "" {
		r.Name = generated(rc)
	}
	if e := checkName("roleName", r.Name, r.Path, 64); e != nil {
		return r, e
	}
	if r.MaxSession, e = maxSession(text(p["MaxSessionDuration"])); e != nil {
		return r, e
	}
	list, _ := p["Policies"].([]any)
	for _, item := range list {
		m, _ := item.(map[string]any)
		d, e := inline(text(m["PolicyName"]), docText(m["PolicyDocument"]))
		if e != nil {
			return r, e
		}
		r.SetInline(text(m["PolicyName"]), d)
	}
	return r, nil
}

func tagProperty(v any) map[string]string {
	out := map[string]string{}
	list, _ := v.([]any)
	for _, item := range list {
		if m, ok := item.(map[string]any); ok {
			out[text(m["Key"])] = text(m["Value"])
		}
	}
	return out
}

func (h roleResource) actions(r cloud.Role, first ...string) []string {
	if len(r.Inline) > 0 {
		first = append(first, "iam:PutRolePolicy")
	}
	if len(r.Attached) > 0 {
		first = append(first, "iam:AttachRolePolicy")
	}
	return first
}

// Create makes the role with its policies.
func (h roleResource) Create(rc cloud.ResourceContext, p map[string]any) (cloud.Resource, *cloud.Error) {
	in, e := h.role(rc, p)
	if e != nil {
		return cloud.Resource{}, e
	}
	in.Partition = h.cloud.Partition()
	if e := allow(h.Service, rc, in.ARN(), h.actions(in, "iam:CreateRole")...); e != nil {
		return cloud.Resource{}, e
	}
	r, e := h.cloud.CreateRole(in, docText(p["AssumeRolePolicyDocument"]))
	if e != nil {
		return cloud.Resource{}, e
	}
	return roleResourceOf(r), nil
}

func roleResourceOf(r *cloud.Role) cloud.Resource {
	return cloud.Resource{PhysicalID: r.Name, Attributes: map[string]string{"Arn": r.ARN(), "RoleId": r.ID}}
}

// Update changes everything but name and path in place.
func (h roleResource) Update(rc cloud.ResourceContext, id string, p map[string]any) (cloud.Resource, *cloud.Error) {
	old, e := h.cloud.Role(rc.AccountID, id)
	if e != nil {
		return cloud.Resource{}, e
	}
	if text(p["RoleName"]) == "" {
		p["RoleName"] = id
	}
	in, e := h.role(rc, p)
	if e != nil {
		return cloud.Resource{}, e
	}
	if in.Name != id || in.Path != old.Path {
		return cloud.Resource{}, cloud.Errorf(http.StatusBadRequest, cloud.ReplacementNeeded, "a role's name and path cannot change")
	}
	if e := allow(h.Service, rc, old.ARN(), h.actions(in, "iam:UpdateRole", "iam:UpdateAssumeRolePolicy")...); e != nil {
		return cloud.Resource{}, e
	}
	if _, e := h.cloud.SetTrust(rc.AccountID, id, docText(p["AssumeRolePolicyDocument"])); e != nil {
		return cloud.Resource{}, e
	}
	r, e := h.cloud.ChangeRole(rc.AccountID, id, func(r *cloud.Role) *cloud.Error {
		r.Description, r.MaxSession, r.Boundary, r.Tags = in.Description, in.MaxSession, in.Boundary, in.Tags
		r.Inline, r.Attached = in.Inline, in.Attached
		return nil
	})
	if e != nil {
		return cloud.Resource{}, e
	}
	return roleResourceOf(r), nil
}

// Delete removes the role with the policies that the stack gave it.
func (h roleResource) Delete(rc cloud.ResourceContext, id string) *cloud.Error {
	r, e := h.cloud.Role(rc.AccountID, id)
	if e != nil {
		return nil // gone already
	}
	if e := allow(h.Service, rc, r.ARN(), "iam:DeleteRole"); e != nil {
		return e
	}
	return h.cloud.DeleteRole(rc.AccountID, id, true)
}

// inlineResource is AWS::IAM::Policy and AWS::IAM::RolePolicy: an inline policy of roles and users. Its physical
// id keeps the names, so that Delete finds them.
type inlineResource struct{ *Service }

func (h inlineResource) put(rc cloud.ResourceContext, p map[string]any) (cloud.Resource, *cloud.Error) {
	if e := known(p, "PolicyName", "PolicyDocument", "Roles", "RoleName", "Users"); e != nil {
		return cloud.Resource{}, e
	}
	name, roles, users := text(p["PolicyName"]), texts(p["Roles"]), texts(p["Users"])
	if one := text(p["RoleName"]); one != "" {
		roles = append(roles, one)
	}
	if len(roles)+len(users) == 0 {
		return cloud.Resource{}, cloud.Validation("At least one of [Groups,Roles,Users] must be non-empty.")
	}
	d, e := inline(name, docText(p["PolicyDocument"]))
	if e != nil {
		return cloud.Resource{}, e
	}
	for _, r := range roles {
		if e := h.putRole(rc, r, name, d); e != nil {
			return cloud.Resource{}, e
		}
	}
	for _, u := range users {
		if e := h.putUser(rc, u, name, d); e != nil {
			return cloud.Resource{}, e
		}
	}
	id := name + "|" + strings.Join(roles, ",") + "|" + strings.Join(users, ",")
	return cloud.Resource{PhysicalID: id, Attributes: map[string]string{"Id": id}}, nil
}

func (h inlineResource) putRole(rc cloud.ResourceContext, role, name string, d *policy.Document) *cloud.Error {
	r, e := h.cloud.Role(rc.AccountID, role)
	if e == nil {
		e = allow(h.Service, rc, r.ARN(), "iam:PutRolePolicy")
	}
	if e != nil {
		return e
	}
	_, e = h.cloud.ChangeRole(rc.AccountID, role, func(r *cloud.Role) *cloud.Error {
		r.SetInline(name, d)
		return nil
	})
	return e
}

func (h inlineResource) putUser(rc cloud.ResourceContext, user, name string, d *policy.Document) *cloud.Error {
	u, e := h.cloud.User(rc.AccountID, user)
	if e == nil {
		e = allow(h.Service, rc, u.ARN(), "iam:PutUserPolicy")
	}
	if e != nil {
		return e
	}
	_, e = h.cloud.ChangeUser(rc.AccountID, user, func(u *cloud.IAMUser) *cloud.Error {
		u.SetInline(name, d)
		return nil
	})
	return e
}

// Create puts the policy on its roles and users.
func (h inlineResource) Create(rc cloud.ResourceContext, p map[string]any) (cloud.Resource, *cloud.Error) {
	return h.put(rc, p)
}

// Update takes the policy off and puts the new one on.
func (h inlineResource) Update(rc cloud.ResourceContext, id string, p map[string]any) (cloud.Resource, *cloud.Error) {
	if e := h.Delete(rc, id); e != nil {
		return cloud.Resource{}, e
	}
	return h.put(rc, p)
}

// Delete takes the policy off its roles and users.
func (h inlineResource) Delete(rc cloud.ResourceContext, id string) *cloud.Error {
	parts := strings.Split(id, "|")
	if len(parts) != 3 {
		return nil
	}
	for _, name := range strings.FieldsFunc(parts[1], comma) {
		r, e := h.cloud.Role(rc.AccountID, name)
		if e != nil {
			continue // the role is gone, and its policies with it
		}
		if e := allow(h.Service, rc, r.ARN(), "iam:DeleteRolePolicy"); e != nil {
			return e
		}
		_, _ = h.cloud.ChangeRole(rc.AccountID, name, func(r *cloud.Role) *cloud.Error { // fails only if the role is gone
			r.DeleteInline(parts[0])
			return nil
		})
	}
	for _, name := range strings.FieldsFunc(parts[2], comma) {
		_, _ = h.cloud.ChangeUser(rc.AccountID, name, func(u *cloud.IAMUser) *cloud.Error { // fails only if the user is gone
			u.DeleteInline(parts[0])
			return nil
		})
	}
	return nil
}

func comma(r rune) bool { return r == ',' }
