package iam

import (
	"net/http"
	"slices"

	"github.com/bursarhq/bursar/internal/sandbox/cloud"
)

// managedResource is AWS::IAM::ManagedPolicy.
type managedResource struct{ *Service }

// Create makes the policy and attaches it to the roles and users that it lists.
func (h managedResource) Create(rc cloud.ResourceContext, p map[string]any) (cloud.Resource, *cloud.Error) {
	if e := known(p, "ManagedPolicyName", "Path", "Description", "PolicyDocument", "Roles", "Users"); e != nil {
		return cloud.Resource{}, e
	}
	name, at := text(p["ManagedPolicyName"]), path(text(p["Path"]))
	if name == "" {
		name = generated(rc)
	}
	if e := checkName("policyName", name, at, 128); e != nil {
		return cloud.Resource{}, e
	}
	arn := "arn:" + h.cloud.Partition() + ":iam::" + rc.AccountID + ":policy" + at + name
	if e := allow(h.Service, rc, arn, "iam:CreatePolicy"); e != nil {
		return cloud.Resource{}, e
	}
	m, e := h.cloud.CreatePolicy(rc.AccountID, at, name, text(p["Description"]), docText(p["PolicyDocument"]))
	if e != nil {
		return cloud.Resource{}, e
	}
	if e := h.attach(rc, m.ARN, texts(p["Roles"]), texts(p["Users"])); e != nil {
		return cloud.Resource{}, e
	}
	return managedResourceOf(m), nil
}

func managedResourceOf(m *cloud.ManagedPolicy) cloud.Resource {
	return cloud.Resource{PhysicalID: m.ARN, Attributes: map[string]string{"PolicyArn": m.ARN, "PolicyId": m.ID}}
}

// attach makes the lists true: the policy hangs on them and on nothing else.
func (h managedResource) attach(rc cloud.ResourceContext, arn string, roles, users []string) *cloud.Error {
	set := func(id *cloud.Identity, want bool) *cloud.Error {
		switch has := slices.Contains(id.Attached, arn); {
		case want && !has:
			return attach(id, arn)
		case !want && has:
			return detach(id, arn)
		}
		return nil
	}
	for _, r := range h.cloud.Roles(rc.AccountID) {
		want := slices.Contains(roles, r.Name)
		if want == slices.Contains(r.Attached, arn) {
			continue
		}
		if e := allow(h.Service, rc, r.ARN(), "iam:AttachRolePolicy"); e != nil {
			return e
		}
		if _, e := h.cloud.ChangeRole(rc.AccountID, r.Name, func(r *cloud.Role) *cloud.Error { return set(&r.Identity, want) }); e != nil {
			return e
		}
	}
	for _, u := range h.cloud.Users(rc.AccountID) {
		want := slices.Contains(users, u.Name)
		if want == slices.Contains(u.Attached, arn) {
			continue
		}
		if _, e := h.cloud.ChangeUser(rc.AccountID, u.Name, func(u *cloud.IAMUser) *cloud.Error { return set(&u.Identity, want) }); e != nil {
			return e
		}
	}
	return nil
}

// Update replaces the document; a new name or path is a replacement.
func (h managedResource) Update(rc cloud.ResourceContext, id string, p map[string]any) (cloud.Resource, *cloud.Error) {
	old, e := h.cloud.Policy(rc.AccountID, id)
	if e != nil {
		return cloud.Resource{}, e
	}
	name := text(p["ManagedPolicyName"])
	if name != "" && name != old.Name || path(text(p["Path"])) != old.Path {
		return cloud.Resource{}, cloud.Errorf(http.StatusBadRequest, cloud.ReplacementNeeded, "a policy's name and path cannot change")
	}
	if e := allow(h.Service, rc, id, "iam:CreatePolicyVersion"); e != nil {
		return cloud.Resource{}, e
	}
	m, e := h.cloud.SetPolicy(rc.AccountID, id, docText(p["PolicyDocument"]))
	if e != nil {
		return cloud.Resource{}, e
	}
	return managedResourceOf(m), h.attach(rc, id, texts(p["Roles"]), texts(p["Users"]))
}

// Delete takes the policy off everything and removes it.
func (h managedResource) Delete(rc cloud.ResourceContext, id string) *cloud.Error {
	if _, e := h.cloud.Policy(rc.AccountID, id); e != nil {
		return nil // gone already
	}
	if e := allow(h.Service, rc, id, "iam:DeletePolicy"); e != nil {
		return e
	}
	if e := h.attach(rc, id, nil, nil); e != nil {
		return e
	}
	return h.cloud.DeletePolicy(rc.AccountID, id)
}
