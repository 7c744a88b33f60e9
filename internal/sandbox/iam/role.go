package iam

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/bursarhq/bursar/internal/sandbox/cloud"
	"github.com/bursarhq/bursar/internal/sandbox/policy"
)

type role struct {
	Path, RoleName, RoleId, Arn, CreateDate string
	AssumeRolePolicyDocument                string
	Description                             string `xml:",omitempty"`
	MaxSessionDuration                      int
	PermissionsBoundary                     *boundary
	Tags                                    []tag `xml:"Tags>member"`
}

type boundary struct{ PermissionsBoundaryType, PermissionsBoundaryArn string }

type tag struct{ Key, Value string }

func tagsOf(m map[string]string) []tag {
	out := []tag{}
	for _, k := range slices.Sorted(maps.Keys(m)) {
		out = append(out, tag{k, m[k]})
	}
	return out
}

func boundaryOf(arn string) *boundary {
	if arn == "" {
		return nil
	}
	return &boundary{"PermissionsBoundaryPolicy", arn}
}

func roleOf(r *cloud.Role) role {
	return role{
		Path: r.Path, RoleName: r.Name, RoleId: r.ID, Arn: r.ARN(), CreateDate: stamp(r.CreatedAt),
		AssumeRolePolicyDocument: document(r.Trust.Text()), Description: r.Description, MaxSessionDuration: r.MaxSession,
		PermissionsBoundary: boundaryOf(r.Boundary), Tags: tagsOf(r.Tags),
	}
}

type roleResult struct{ Role role }

func (c *call) createRole() (any, *cloud.Error) {
	in := cloud.Role{Description: c.get("Description"), Identity: cloud.Identity{
		AccountID: c.account, Path: path(c.get("Path")), Name: c.get("RoleName"), Tags: c.tags(), Boundary: c.get("PermissionsBoundary"),
	}}
	if e := checkName("roleName", in.Name, in.Path, 64); e != nil {
		return nil, e
	}
	var e *cloud.Error
	if in.MaxSession, e = maxSession(c.get("MaxSessionDuration")); e != nil {
		return nil, e
	}
	r, e := c.Cloud.CreateRole(in, c.get("AssumeRolePolicyDocument"))
	if e != nil {
		return nil, e
	}
	return roleResult{roleOf(r)}, nil
}

func maxSession(text string) (int, *cloud.Error) {
	if text == "" {
		return 3600, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 3600 || n > 43200 {
		return 0, cloud.Invalid("maxSessionDuration", text, "have value between 3600 and 43200")
	}
	return n, nil
}

func (c *call) getRole() (any, *cloud.Error) {
	r, e := c.Cloud.Role(c.account, c.get("RoleName"))
	if e != nil {
		return nil, e
	}
	return roleResult{roleOf(r)}, nil
}

func (c *call) deleteRole() (any, *cloud.Error) {
	return nil, c.Cloud.DeleteRole(c.account, c.get("RoleName"), false)
}

func (c *call) listRoles() (any, *cloud.Error) {
	var list []role
	for _, r := range c.Cloud.Roles(c.account) {
		if strings.HasPrefix(r.Path, path(c.get("PathPrefix"))) {
			list = append(list, roleOf(r))
		}
	}
	items, more, marker, e := page(c, list)
	return struct {
		Roles []role `xml:"Roles>member"`
		paging
	}{items, paging{more, marker}}, e
}

// change applies f to the named role.
func (c *call) change(f func(*cloud.Role) *cloud.Error) (any, *cloud.Error) {
	_, e := c.Cloud.ChangeRole(c.account, c.get("RoleName"), f)
	return nil, e
}

func (c *call) updateRole() (any, *cloud.Error) {
	max, e := maxSession(c.get("MaxSessionDuration"))
	if e != nil {
		return nil, e
	}
	if _, e := c.change(func(r *cloud.Role) *cloud.Error {
		if c.Form.Has("MaxSessionDuration") {
			r.MaxSession = max
		}
		if c.Form.Has("Description") {
			r.Description = c.get("Description")
		}
		return nil
	}); e != nil {
		return nil, e
	}
	return struct{}{}, nil
}

func (c *call) updateTrust() (any, *cloud.Error) {
	_, e := c.Cloud.SetTrust(c.account, c.get("RoleName"), c.get("PolicyDocument"))
	return nil, e
}

func (c *call) tagRole() (any, *cloud.Error) {
	return c.change(func(r *cloud.Role) *cloud.Error {
		if r.Tags == nil {
			r.Tags = map[string]string{}
		}
		maps.Copy(r.Tags, c.tags())
		return nil
	})
}

func (c *call) listRoleTags() (any, *cloud.Error) {
	r, e := c.Cloud.Role(c.account, c.get("RoleName"))
	if e != nil {
		return nil, e
	}
	return struct {
		Tags []tag `xml:"Tags>member"`
		paging
	}{tagsOf(r.Tags), paging{}}, nil
}

func (c *call) putRolePolicy() (any, *cloud.Error) {
	name := c.get("PolicyName")
	d, e := inline(name, c.get("PolicyDocument"))
	if e != nil {
		return nil, e
	}
	return c.change(func(r *cloud.Role) *cloud.Error {
		r.SetInline(name, d)
		return nil
	})
}

func inline(name, text string) (*policy.Document, *cloud.Error) {
	if e := checkName("policyName", name, "/", 128); e != nil {
		return nil, e
	}
	return cloud.ParsePolicy(text, policy.Identity)
}

type rolePolicy struct{ RoleName, PolicyName, PolicyDocument string }

func (c *call) getRolePolicy() (any, *cloud.Error) {
	r, e := c.Cloud.Role(c.account, c.get("RoleName"))
	if e != nil {
		return nil, e
	}
	d, ok := r.InlinePolicy(c.get("PolicyName"))
	if !ok {
		return nil, noInline("role", c.get("PolicyName"))
	}
	return rolePolicy{r.Name, c.get("PolicyName"), document(d.Text())}, nil
}

func noInline(kind, name string) *cloud.Error {
	return cloud.Errorf(http.StatusNotFound, "NoSuchEntity", "The %s policy with name %s cannot be found.", kind, name)
}

func (c *call) deleteRolePolicy() (any, *cloud.Error) {
	return c.change(func(r *cloud.Role) *cloud.Error {
		if !r.DeleteInline(c.get("PolicyName")) {
			return noInline("role", c.get("PolicyName"))
		}
		return nil
	})
}

func names(list []cloud.NamedPolicy) []string {
	out := make([]string, len(list))
	for i, p := range list {
		out[i] = p.Name
	}
	return out
}

type policyNames struct {
	PolicyNames []string `xml:"PolicyNames>member"`
	paging
}

func (c *call) listRolePolicies() (any, *cloud.Error) {
	r, e := c.Cloud.Role(c.account, c.get("RoleName"))
	if e != nil {
		return nil, e
	}
	items, more, marker, e := page(c, names(r.Inline))
	return policyNames{items, paging{more, marker}}, e
}

func (c *call) attachRolePolicy() (any, *cloud.Error) {
	return c.change(func(r *cloud.Role) *cloud.Error { return attach(&r.Identity, c.get("PolicyArn")) })
}

func (c *call) detachRolePolicy() (any, *cloud.Error) {
	return c.change(func(r *cloud.Role) *cloud.Error { return detach(&r.Identity, c.get("PolicyArn")) })
}

func attach(id *cloud.Identity, arn string) *cloud.Error {
	if !slices.Contains(id.Attached, arn) {
		id.Attached = append(slices.Clone(id.Attached), arn)
	}
	return nil
}

func detach(id *cloud.Identity, arn string) *cloud.Error {
	i := slices.Index(id.Attached, arn)
	if i < 0 {
		return cloud.Errorf(http.StatusNotFound, "NoSuchEntity", "Policy %s was not found.", arn)
	}
	id.Attached = slices.Delete(slices.Clone(id.Attached), i, i+1)
	return nil
}

type attached struct{ PolicyName, PolicyArn string }

func (c *call) listAttachedRolePolicies() (any, *cloud.Error) {
	r, e := c.Cloud.Role(c.account, c.get("RoleName"))
	if e != nil {
		return nil, e
	}
	var list []attached
	for _, arn := range r.Attached {
		list = append(list, attached{arn[strings.LastIndexByte(arn, '/')+1:], arn})
	}
	items, more, marker, e := page(c, list)
	return struct {
		AttachedPolicies []attached `xml:"AttachedPolicies>member"`
		paging
	}{items, paging{more, marker}}, e
}

// listInstanceProfiles answers what tools ask before they delete a role: there are none here.
func (c *call) listInstanceProfiles() (any, *cloud.Error) {
	if _, e := c.Cloud.Role(c.account, c.get("RoleName")); e != nil {
		return nil, e
	}
	return struct {
		InstanceProfiles struct{}
		paging
	}{}, nil
}

func (c *call) putBoundary() (any, *cloud.Error) {
	return c.change(func(r *cloud.Role) *cloud.Error {
		r.Boundary = c.get("PermissionsBoundary")
		return nil
	})
}

func (c *call) deleteBoundary() (any, *cloud.Error) {
	return c.change(func(r *cloud.Role) *cloud.Error {
		r.Boundary = ""
		return nil
	})
}
