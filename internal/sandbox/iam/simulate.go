package iam

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/bursarhq/bursar/internal/sandbox/cloud"
	"github.com/bursarhq/bursar/internal/sandbox/policy"
)

type evaluation struct {
	EvalActionName, EvalResourceName, EvalDecision string
	MatchedStatements                              struct{}
	MissingContextValues                           []string `xml:"MissingContextValues>member"`
	OrganizationsDecisionDetail                    *organizationDetail
	PermissionsBoundaryDecisionDetail              *boundaryDetail
}

type (
	organizationDetail struct{ AllowedByOrganizations bool }
	boundaryDetail     struct{ AllowedByPermissionsBoundary bool }
)

// simulate tells for each action on each resource what a principal's policies decide: identity policies,
// boundary and service control policies. Resource policies are not part of it, as in AWS.
func (c *call) simulate() (any, *cloud.Error) {
	p, e := c.source(c.get("PolicySourceArn"))
	if e != nil {
		return nil, e
	}
	actions, resources := c.members("ActionNames"), c.members("ResourceArns")
	if len(actions) == 0 {
		return nil, cloud.Validation("1 validation error detected: Value at 'actionNames' failed to satisfy constraint: Member must not be null")
	}
	if len(resources) == 0 {
		resources = []string{"*"}
	}
	extra, e := c.extraPolicies()
	if e != nil {
		return nil, e
	}
	context := c.simulatedContext()
	var list []evaluation
	for _, a := range actions {
		if !strings.Contains(a, ":") {
			return nil, cloud.Errorf(http.StatusBadRequest, "InvalidInput", "Invalid Entity Action Identifier: %s", a)
		}
		for _, res := range resources {
			list = append(list, c.evaluate(p, a, res, context, extra))
		}
	}
	items, more, marker, e := page(c, list)
	return struct {
		EvaluationResults []evaluation `xml:"EvaluationResults>member"`
		paging
	}{items, paging{more, marker}}, e
}

// source finds the user or role that is asked about.
func (c *call) source(arn string) (cloud.Principal, *cloud.Error) {
	name := arn[strings.LastIndexByte(arn, '/')+1:]
	if strings.Contains(arn, ":role/") {
		if r, e := c.Cloud.Role(c.account, name); e == nil && r.ARN() == arn {
			return cloud.Principal{
				Kind: cloud.RoleSession, AccountID: c.account, Name: name, UniqueID: r.ID, IAMARN: arn, SessionName: "simulated",
				ARN: "arn:" + r.Partition + ":sts::" + c.account + ":assumed-role/" + name + "/simulated",
			}, nil
		}
	} else if u, e := c.Cloud.User(c.account, name); e == nil && u.ARN() == arn {
		return c.Cloud.UserPrincipal(c.account, name)
	}
	return cloud.Principal{}, cloud.Errorf(http.StatusNotFound, "NoSuchEntity", "The entity with ARN %s cannot be found.", arn)
}

// extraPolicies are the documents of PolicyInputList, which are added to the principal's own.
func (c *call) extraPolicies() ([]*policy.Document, *cloud.Error) {
	var docs []*policy.Document
	for _, text := range c.members("PolicyInputList") {
		d, err := policy.Parse(text, policy.Identity)
		if err != nil {
			return nil, cloud.Errorf(http.StatusBadRequest, "InvalidInput", "%v", err)
		}
		docs = append(docs, d)
	}
	return docs, nil
}

func (c *call) simulatedContext() map[string][]string {
	out := map[string][]string{}
	for i := 1; c.Form.Has("ContextEntries.member." + strconv.Itoa(i) + ".ContextKeyName"); i++ {
		at := "ContextEntries.member." + strconv.Itoa(i)
		out[c.get(at+".ContextKeyName")] = c.members(at + ".ContextKeyValues")
	}
	return out
}

func (c *call) evaluate(p cloud.Principal, action, resource string, context map[string][]string, extra []*policy.Document) evaluation {
	d := c.Cloud.Decide(p, cloud.Access{Action: action, Resource: resource, Context: context, Extra: extra, Region: c.Region})
	out := evaluation{EvalActionName: action, EvalResourceName: resource, EvalDecision: "implicitDeny"}
	switch {
	case d.Allowed:
		out.EvalDecision = "allowed"
	case d.Explicit:
		out.EvalDecision = "explicitDeny"
	}
	if d.SCP != nil {
		out.OrganizationsDecisionDetail = &organizationDetail{*d.SCP}
	}
	if d.Boundary != nil {
		out.PermissionsBoundaryDecisionDetail = &boundaryDetail{*d.Boundary}
	}
	return out
}
