// Package iam is the Identity and Access Management of the simulated AWS: roles, users, policies and keys, and
// the policy simulator. It makes CloudFormation's IAM resources too.
// https://docs.aws.amazon.com/IAM/latest/APIReference/welcome.html
package iam

import (
	"encoding/base64"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bursarhq/bursar/internal/sandbox/cloud"
)

// Service answers for iam.
type Service struct{ cloud *cloud.Cloud }

// New returns the service and registers its CloudFormation types.
func New(c *cloud.Cloud) *Service {
	s := &Service{c}
	c.HandleResource("AWS::IAM::Role", roleResource{s})
	c.HandleResource("AWS::IAM::Policy", inlineResource{s})
	c.HandleResource("AWS::IAM::RolePolicy", inlineResource{s})
	c.HandleResource("AWS::IAM::ManagedPolicy", managedResource{s})
	return s
}

// Name returns "iam".
func (s *Service) Name() string { return "iam" }

// Protocol returns the query protocol.
func (s *Service) Protocol() cloud.Protocol { return cloud.Query }

// Namespace returns the XML namespace of answers.
func (s *Service) Namespace() string { return "https://iam.amazonaws.com/doc/2010-05-08/" }

// operation is one action: what it is asked on, and what it does.
type operation struct {
	resource func(*call) string
	run      func(*call) (any, *cloud.Error)
}

var operations = map[string]operation{
	"CreateRole":                    {newRole, (*call).createRole},
	"GetRole":                       {aRole, (*call).getRole},
	"DeleteRole":                    {aRole, (*call).deleteRole},
	"ListRoles":                     {all("role"), (*call).listRoles},
	"UpdateRole":                    {aRole, (*call).updateRole},
	"UpdateAssumeRolePolicy":        {aRole, (*call).updateTrust},
	"TagRole":                       {aRole, (*call).tagRole},
	"ListRoleTags":                  {aRole, (*call).listRoleTags},
	"PutRolePolicy":                 {aRole, (*call).putRolePolicy},
	"GetRolePolicy":                 {aRole, (*call).getRolePolicy},
	"DeleteRolePolicy":              {aRole, (*call).deleteRolePolicy},
	"ListRolePolicies":              {aRole, (*call).listRolePolicies},
	"AttachRolePolicy":              {aRole, (*call).attachRolePolicy},
	"DetachRolePolicy":              {aRole, (*call).detachRolePolicy},
	"ListAttachedRolePolicies":      {aRole, (*call).listAttachedRolePolicies},
	"ListInstanceProfilesForRole":   {aRole, (*call).listInstanceProfiles},
	"PutRolePermissionsBoundary":    {aRole, (*call).putBoundary},
	"DeleteRolePermissionsBoundary": {aRole, (*call).deleteBoundary},

	"CreatePolicy":        {newPolicy, (*call).createPolicy},
	"GetPolicy":           {aPolicy, (*call).getPolicy},
	"GetPolicyVersion":    {aPolicy, (*call).getPolicyVersion},
	"ListPolicyVersions":  {aPolicy, (*call).listPolicyVersions},
	"CreatePolicyVersion": {aPolicy, (*call).createPolicyVersion},
	"DeletePolicy":        {aPolicy, (*call).deletePolicy},
	"ListPolicies":        {all("policy"), (*call).listPolicies},

	"CreateUser":       {newUser, (*call).createUser},
	"GetUser":          {aUser, (*call).getUser},
	"DeleteUser":       {aUser, (*call).deleteUser},
	"ListUsers":        {all("user"), (*call).listUsers},
	"PutUserPolicy":    {aUser, (*call).putUserPolicy},
	"DeleteUserPolicy": {aUser, (*call).deleteUserPolicy},
	"ListUserPolicies": {aUser, (*call).listUserPolicies},
	"AttachUserPolicy": {aUser, (*call).attachUserPolicy},
	"DetachUserPolicy": {aUser, (*call).detachUserPolicy},
	"CreateAccessKey":  {aUser, (*call).createAccessKey},
	"ListAccessKeys":   {aUser, (*call).listAccessKeys},
	"UpdateAccessKey":  {aUser, (*call).updateAccessKey},
	"DeleteAccessKey":  {aUser, (*call).deleteAccessKey},

	"SimulatePrincipalPolicy": {simulated, (*call).simulate},
}

// call is one request.
type call struct {
	*cloud.Request
	account string
}

// Operations lists what is simulated.
func (s *Service) Operations() []string { return slices.Sorted(maps.Keys(operations)) }

// Serve answers one request.
func (s *Service) Serve(w http.ResponseWriter, r *cloud.Request) {
	op, ok := operations[r.Action]
	if !ok {
		r.Fail(w, cloud.Errorf(http.StatusBadRequest, "InvalidAction", "Could not find operation %s for version 2010-05-08", r.Action))
		return
	}
	c := &call{r, r.Caller.AccountID}
	if e := r.Allow("iam:"+r.Action, op.resource(c), nil); e != nil {
		r.Fail(w, e)
		return
	}
	result, e := op.run(c)
	if e != nil {
		r.Fail(w, e)
		return
	}
	r.Reply(w, result)
}

func (c *call) get(name string) string { return c.Form.Get(name) }

// The ARN that an action is asked on: the entity's own when it exists, so that its path counts.

func (c *call) arn(kind, rest string) string {
	return "arn:" + c.Cloud.Partition() + ":iam::" + c.account + ":" + kind + rest
}

func all(kind string) func(*call) string {
	return func(c *call) string { return c.arn(kind, path(c.get("PathPrefix"))) }
}

func newRole(c *call) string   { return c.arn("role", path(c.get("Path"))+c.get("RoleName")) }
func newUser(c *call) string   { return c.arn("user", path(c.get("Path"))+c.get("UserName")) }
func newPolicy(c *call) string { return c.arn("policy", path(c.get("Path"))+c.get("PolicyName")) }
func aPolicy(c *call) string   { return c.get("PolicyArn") }
func simulated(c *call) string { return c.get("PolicySourceArn") }

func aRole(c *call) string {
	if r, e := c.Cloud.Role(c.account, c.get("RoleName")); e == nil {
		return r.ARN()
	}
	return c.arn("role", "/"+c.get("RoleName"))
}

func aUser(c *call) string {
	if u, e := c.Cloud.User(c.account, c.userName()); e == nil {
		return u.ARN()
	}
	return c.arn("user", "/"+c.userName())
}

// userName is the user asked about: the caller when none is named.
func (c *call) userName() string {
	if n := c.get("UserName"); n != "" || c.Caller.Kind != cloud.User {
		return n
	}
	return c.Caller.Name
}

func path(p string) string {
	if p == "" {
		return "/"
	}
	return p
}

var (
	namePattern = regexp.MustCompile(`^[\w+=,.@-]+$`)
	pathPattern = regexp.MustCompile(`^(/|/[\x21-\x7e]+/)$`)
)

// checkName proves a new entity's name and path.
func checkName(member, name, entityPath string, longest int) *cloud.Error {
	switch {
	case len(name) < 1:
		return cloud.Invalid(member, name, "have length greater than or equal to 1")
	case len(name) > longest:
		return cloud.Invalid(member, name, "have length less than or equal to "+strconv.Itoa(longest))
	case !namePattern.MatchString(name):
		return cloud.Validation("The specified value for %s is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-", member)
	case !pathPattern.MatchString(entityPath) || len(entityPath) > 512:
		return cloud.Validation("The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters.")
	}
	return nil
}

// page cuts a list with IAM's Marker and MaxItems.
func page[T any](c *call, list []T) (items []T, more bool, marker string, e *cloud.Error) {
	size := 100
	if v := c.get("MaxItems"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 || n > 1000 {
			return nil, false, "", cloud.Invalid("maxItems", v, "have value between 1 and 1000")
		}
		size = n
	}
	from := 0
	if m := c.get("Marker"); m != "" {
		text, err := base64.RawURLEncoding.DecodeString(m)
		n, err2 := strconv.Atoi(strings.TrimPrefix(string(text), c.Action+":"))
		if err != nil || err2 != nil || n < 0 || n > len(list) {
			return nil, false, "", cloud.Validation("Invalid Marker.")
		}
		from = n
	}
	to := min(from+size, len(list))
	if to < len(list) {
		marker = base64.RawURLEncoding.EncodeToString([]byte(c.Action + ":" + strconv.Itoa(to)))
	}
	return list[from:to], to < len(list), marker, nil
}

// paging is what every list's answer ends with.
type paging struct {
	IsTruncated bool
	Marker      string `xml:",omitempty"`
}

// document writes a policy as IAM answers with it: percent-encoded.
func document(text string) string { return strings.ReplaceAll(url.QueryEscape(text), "+", "%20") }

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// tags reads Tags.member.N.Key and .Value.
func (c *call) tags() map[string]string {
	out := map[string]string{}
	for i := 1; c.Form.Has("Tags.member." + strconv.Itoa(i) + ".Key"); i++ {
		at := "Tags.member." + strconv.Itoa(i)
		out[c.get(at+".Key")] = c.get(at + ".Value")
	}
	return out
}

// members reads Name.member.N.
func (c *call) members(name string) []string {
	var out []string
	for i := 1; c.Form.Has(name + ".member." + strconv.Itoa(i)); i++ {
		out = append(out, c.get(name+".member."+strconv.Itoa(i)))
	}
	return out
}
