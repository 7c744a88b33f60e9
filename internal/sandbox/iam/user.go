package iam

import (
	"strings"

	"github.com/bursarhq/bursar/internal/sandbox/cloud"
)

type user struct {
	Path, UserName, UserId, Arn, CreateDate string
	PermissionsBoundary                     *boundary
	Tags                                    []tag `xml:"Tags>member"`
}

type userResult struct{ User user }

func userOf(u *cloud.IAMUser) user {
	return user{u.Path, u.Name, u.ID, u.ARN(), stamp(u.CreatedAt), boundaryOf(u.Boundary), tagsOf(u.Tags)}
}

func (c *call) createUser() (any, *cloud.Error) {
	in := cloud.IAMUser{Identity: cloud.Identity{AccountID: c.account, Path: path(c.get("Path")), Name: c.get("UserName"), Tags: c.tags(), Boundary: c.get("PermissionsBoundary")}}
	if e := checkName("userName", in.Name, in.Path, 64); e != nil {
		return nil, e
	}
	u, e := c.Cloud.CreateUser(in)
	if e != nil {
		return nil, e
	}
	return userResult{userOf(u)}, nil
}

func (c *call) getUser() (any, *cloud.Error) {
	u, e := c.Cloud.User(c.account, c.userName())
	if e != nil {
		return nil, e
	}
	return userResult{userOf(u)}, nil
}

func (c *call) deleteUser() (any, *cloud.Error) {
	return nil, c.Cloud.DeleteUser(c.account, c.get("UserName"))
}

func (c *call) listUsers() (any, *cloud.Error) {
	var list []user
	for _, u := range c.Cloud.Users(c.account) {
		if strings.HasPrefix(u.Path, path(c.get("PathPrefix"))) {
			list = append(list, userOf(u))
		}
	}
	items, more, marker, e := page(c, list)
	return struct {
		Users []user `xml:"Users>member"`
		paging
	}{items, paging{more, marker}}, e
}

func (c *call) changeUser(f func(*cloud.IAMUser) *cloud.Error) (any, *cloud.Error) {
	_, e := c.Cloud.ChangeUser(c.account, c.get("UserName"), f)
	return nil, e
}

func (c *call) putUserPolicy() (any, *cloud.Error) {
	name := c.get("PolicyName")
	d, e := inline(name, c.get("PolicyDocument"))
	if e != nil {
		return nil, e
	}
	return c.changeUser(func(u *cloud.IAMUser) *cloud.Error {
		u.SetInline(name, d)
		return nil
	})
}

func (c *call) deleteUserPolicy() (any, *cloud.Error) {
	return c.changeUser(func(u *cloud.IAMUser) *cloud.Error {
		if !u.DeleteInline(c.get("PolicyName")) {
			return noInline("user", c.get("PolicyName"))
		}
		return nil
	})
}

func (c *call) listUserPolicies() (any, *cloud.Error) {
	u, e := c.Cloud.User(c.account, c.userName())
	if e != nil {
		return nil, e
	}
	items, more, marker, e := page(c, names(u.Inline))
	return policyNames{items, paging{more, marker}}, e
}

func (c *call) attachUserPolicy() (any, *cloud.Error) {
	return c.changeUser(func(u *cloud.IAMUser) *cloud.Error { return attach(&u.Identity, c.get("PolicyArn")) })
}

func (c *call) detachUserPolicy() (any, *cloud.Error) {
	return c.changeUser(func(u *cloud.IAMUser) *cloud.Error { return detach(&u.Identity, c.get("PolicyArn")) })
}

type accessKey struct {
	UserName, AccessKeyId, Status string
	SecretAccessKey               string `xml:",omitempty"`
	CreateDate                    string
}

func keyOf(k cloud.AccessKey, secret bool) accessKey {
	out := accessKey{UserName: k.User, AccessKeyId: k.ID, Status: "Inactive", CreateDate: stamp(k.CreatedAt)}
	if k.Active {
		out.Status = "Active"
	}
	if secret {
		out.SecretAccessKey = k.Secret.Reveal()
	}
	return out
}

func (c *call) createAccessKey() (any, *cloud.Error) {
	k, e := c.Cloud.CreateAccessKey(c.account, c.userName())
	if e != nil {
		return nil, e
	}
	return struct{ AccessKey accessKey }{keyOf(k, true)}, nil
}

func (c *call) listAccessKeys() (any, *cloud.Error) {
	if _, e := c.Cloud.User(c.account, c.userName()); e != nil {
		return nil, e
	}
	var list []accessKey
	for _, k := range c.Cloud.AccessKeys(c.account, c.userName()) {
		list = append(list, keyOf(k, false))
	}
	items, more, marker, e := page(c, list)
	return struct {
		AccessKeyMetadata []accessKey `xml:"AccessKeyMetadata>member"`
		paging
	}{items, paging{more, marker}}, e
}

func (c *call) updateAccessKey() (any, *cloud.Error) {
	status := c.get("Status")
	if status != "Active" && status != "Inactive" {
		return nil, cloud.Invalid("status", status, "satisfy enum value set: [Active, Inactive]")
	}
	return nil, c.Cloud.SetAccessKeyActive(c.account, c.userName(), c.get("AccessKeyId"), status == "Active")
}

func (c *call) deleteAccessKey() (any, *cloud.Error) {
	return nil, c.Cloud.DeleteAccessKey(c.account, c.userName(), c.get("AccessKeyId"))
}
