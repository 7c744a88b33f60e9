package s3

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/bursarhq/bursar/internal/sandbox/cloud"
)

// bucketHandler makes AWS::S3::Bucket.
type bucketHandler struct{ s *Service }

// bucketProperties are those that change nothing here but may stand in a template.
var bucketProperties = []string{"BucketName", "PublicAccessBlockConfiguration", "OwnershipControls", "BucketEncryption", "LifecycleConfiguration", "VersioningConfiguration", "Tags"}

func (h bucketHandler) allow(rc cloud.ResourceContext, action, name string) *cloud.Error {
	return h.s.cloud.Authorize(rc.Caller, cloud.Access{Action: action, Resource: h.s.arn(name), ResourceAccount: rc.AccountID, Region: rc.Region})
}

func (s *Service) arn(name string) string { return "arn:" + s.cloud.Partition() + ":s3:::" + name }

// Create makes a bucket; without a BucketName its name is made of the stack's and the resource's.
func (h bucketHandler) Create(rc cloud.ResourceContext, properties map[string]any) (cloud.Resource, *cloud.Error) {
	if e := known("AWS::S3::Bucket", properties, bucketProperties); e != nil {
		return cloud.Resource{}, e
	}
	name, _ := properties["BucketName"].(string)
	if name == "" {
		name = strings.ToLower(rc.StackName + "-" + rc.LogicalID + "-" + cloud.NewID("")[:12])
	}
	if e := h.allow(rc, "s3:CreateBucket", name); e != nil {
		return cloud.Resource{}, e
	}
	if e := h.s.CreateBucket(rc.AccountID, rc.Region, name); e != nil {
		return cloud.Resource{}, e
	}
	return h.resource(rc, name), nil
}

func (h bucketHandler) resource(rc cloud.ResourceContext, name string) cloud.Resource {
	return cloud.Resource{PhysicalID: name, Attributes: map[string]string{
		"Arn": h.s.arn(name), "DomainName": name + ".s3.amazonaws.com", "RegionalDomainName": name + ".s3." + rc.Region + ".amazonaws.com",
	}}
}

// Update changes nothing that can be seen; another name means another bucket.
func (h bucketHandler) Update(rc cloud.ResourceContext, physicalID string, properties map[string]any) (cloud.Resource, *cloud.Error) {
	if e := known("AWS::S3::Bucket", properties, bucketProperties); e != nil {
		return cloud.Resource{}, e
	}
	if name, _ := properties["BucketName"].(string); name != "" && name != physicalID {
		return cloud.Resource{}, &cloud.Error{Code: cloud.ReplacementNeeded, Message: "BucketName"}
	}
	return h.resource(rc, physicalID), nil
}

// Delete removes an empty bucket.
func (h bucketHandler) Delete(rc cloud.ResourceContext, physicalID string) *cloud.Error {
	if e := h.allow(rc, "s3:DeleteBucket", physicalID); e != nil {
		return e
	}
	if e := h.s.DeleteBucket(physicalID); e != nil && e.Code != "NoSuchBucket" {
		return e
	}
	return nil
}

// policyHandler makes AWS::S3::BucketPolicy.
type policyHandler struct{ s *Service }

// Create sets the bucket's policy.
func (h policyHandler) Create(rc cloud.ResourceContext, properties map[string]any) (cloud.Resource, *cloud.Error) {
	if e := known("AWS::S3::BucketPolicy", properties, []string{"Bucket", "PolicyDocument"}); e != nil {
		return cloud.Resource{}, e
	}
	name, _ := properties["Bucket"].(string)
	text, err := json.Marshal(properties["PolicyDocument"])
	if name == "" || err != nil {
		return cloud.Resource{}, cloud.Validation("Bucket and PolicyDocument are required")
	}
	if e := h.s.Authorize(rc.Caller, "s3:PutBucketPolicy", name, "", nil); e != nil {
		return cloud.Resource{}, e
	}
	if e := h.s.PutBucketPolicy(name, string(text)); e != nil {
		return cloud.Resource{}, e
	}
	return cloud.Resource{PhysicalID: name}, nil
}

// Update sets the policy again; a policy of another bucket is another policy.
func (h policyHandler) Update(rc cloud.ResourceContext, physicalID string, properties map[string]any) (cloud.Resource, *cloud.Error) {
	if name, _ := properties["Bucket"].(string); name != physicalID {
		return cloud.Resource{}, &cloud.Error{Code: cloud.ReplacementNeeded, Message: "Bucket"}
	}
	return h.Create(rc, properties)
}

// Delete takes the policy away.
func (h policyHandler) Delete(rc cloud.ResourceContext, physicalID string) *cloud.Error {
	if e := h.s.Authorize(rc.Caller, "s3:DeleteBucketPolicy", physicalID, "", nil); e != nil {
		if e.Code == "NoSuchBucket" {
			return nil
		}
		return e
	}
	return h.s.PutBucketPolicy(physicalID, "")
}

// known refuses properties that the type does not have, as CloudFormation's schema check does.
func known(typ string, properties map[string]any, names []string) *cloud.Error {
	for name := range properties {
		if !slices.Contains(names, name) {
			return cloud.Errorf(http.StatusBadRequest, "ValidationError", "Properties validation failed for resource of type %s with message: #: extraneous key [%s] is not permitted", typ, name)
		}
	}
	return nil
}
