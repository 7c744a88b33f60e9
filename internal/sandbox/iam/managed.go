package iam

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/bursarhq/bursar/internal/sandbox/cloud"
)

type managed struct {
	PolicyName, PolicyId, Arn, Path string
	DefaultVersionId                string
	AttachmentCount                 int
	IsAttachable                    bool
	Description                     string `xml:",omitempty"`
	CreateDate, UpdateDate          string
}

func (c *call) policyOf(p *cloud.ManagedPolicy) managed {
	return managed{p.Name, p.ID, p.ARN, p.Path, "v" + strconv.Itoa(p.Version), c.Cloud.Attachments(c.account, p.ARN), true, p.Description, stamp(p.CreatedAt), stamp(p.UpdatedAt)}
}

type policyResult struct{ Policy managed }

func (c *call) createPolicy() (any, *cloud.Error) {
	if e := checkName("policyName", c.get("PolicyName"), path(c.get("Path")), 128); e != nil {
		return nil, e
	}
	p, e := c.Cloud.CreatePolicy(c.account, path(c.get("Path")), c.get("PolicyName"), c.get("Description"), c.get("PolicyDocument"))
	if e != nil {
		return nil, e
	}
	return policyResult{c.policyOf(p)}, nil
}

func (c *call) getPolicy() (any, *cloud.Error) {
	p, e := c.Cloud.Policy(c.account, c.get("PolicyArn"))
	if e != nil {
		return nil, e
	}
	return policyResult{c.policyOf(p)}, nil
}

type policyVersion struct {
	Document         string `xml:",omitempty"`
	VersionId        string
	IsDefaultVersion bool
	CreateDate       string
}

func versionOf(p *cloud.ManagedPolicy, text bool) policyVersion {
	v := policyVersion{VersionId: "v" + strconv.Itoa(p.Version), IsDefaultVersion: true, CreateDate: stamp(p.UpdatedAt)}
	if text {
		v.Document = document(p.Doc.Text())
	}
	return v
}

// getPolicyVersion knows the default version only: the sandbox keeps no older ones.
func (c *call) getPolicyVersion() (any, *cloud.Error) {
	p, e := c.Cloud.Policy(c.account, c.get("PolicyArn"))
	if e != nil {
		return nil, e
	}
	v := versionOf(p, true)
	if want := c.get("VersionId"); want != v.VersionId {
		return nil, cloud.Errorf(http.StatusNotFound, "NoSuchEntity", "Policy %s version %s does not exist or is not attachable.", p.ARN, want)
	}
	return struct{ PolicyVersion policyVersion }{v}, nil
}

func (c *call) listPolicyVersions() (any, *cloud.Error) {
	p, e := c.Cloud.Policy(c.account, c.get("PolicyArn"))
	if e != nil {
		return nil, e
	}
	return struct {
		Versions []policyVersion `xml:"Versions>member"`
		paging
	}{[]policyVersion{versionOf(p, false)}, paging{}}, nil
}

func (c *call) createPolicyVersion() (any, *cloud.Error) {
	if c.get("SetAsDefault") != "true" {
		return nil, cloud.Validation("the sandbox keeps the default version only: send SetAsDefault=true")
	}
	p, e := c.Cloud.SetPolicy(c.account, c.get("PolicyArn"), c.get("PolicyDocument"))
	if e != nil {
		return nil, e
	}
	return struct{ PolicyVersion policyVersion }{versionOf(p, false)}, nil
}

func (c *call) deletePolicy() (any, *cloud.Error) {
	return nil, c.Cloud.DeletePolicy(c.account, c.get("PolicyArn"))
}

func (c *call) listPolicies() (any, *cloud.Error) {
	var list []managed
	for _, p := range c.Cloud.Policies(c.account) {
		if strings.HasPrefix(p.Path, path(c.get("PathPrefix"))) {
			list = append(list, c.policyOf(p))
		}
	}
	items, more, marker, e := page(c, list)
	return struct {
		Policies []managed `xml:"Policies>member"`
		paging
	}{items, paging{more, marker}}, e
}
