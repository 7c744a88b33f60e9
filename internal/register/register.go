// Package register says what a person does in AWS to set up an account: which page to open with which values, which
// template is deployed there, and the same as a command. It decides nothing about AWS and asks nothing of it: every
// function here is pure, over an account, its status and the operator's settings.
//
// Links follow AWS's documentation of quick-create links:
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-console-create-stacks-quick-create-links.html.
// They are built from encoded values alone: no name, whatever it holds, can add a parameter.
package register

import (
	"fmt"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/awsapi"
)

// Config is what the operator has set.
type Config struct {
	PrincipalAccountID string // the account that bursar runs in: 12 digits
	PrincipalARN       string // exact ARN of the identity that bursar runs as, with its path
	TemplateBaseURL    string // where the templates are published, an S3 https URL; "" = nowhere
	ConsoleBaseURL     string // instead of AWS's console, for a simulated AWS: "http://127.0.0.1:4000/console"; "" = AWS's
	PublicURL          string // where people reach bursar: Terraform fetches the module there while the templates are published nowhere
	DownloadPath       string // where bursar itself serves the templates: "/api/v1/templates/"
}

// State says where a step stands.
type State string

// The states of a step.
const (
	Done    State = "done"
	Next    State = "next"    // to be done now, or mended
	Later   State = "later"   // waits for an earlier step
	Skipped State = "skipped" // not needed; may be done at any time
)

// The ids of steps.
const (
	StepAccess  = "access"
	StepBucket  = "bucket" // only when the bucket lies in another region than the export
	StepExport  = "export"
	StepMembers = "members"
)

// Step is one thing to do in AWS.
type Step struct {
	ID         string
	Title      string
	State      State
	Why        string // what it is for, or what it waits for
	StackName  string
	Region     string
	Links      []Link
	Template   *Template
	Parameters []Parameter
	Command    string // the same with the AWS CLI, or what to run for Terraform
	Terraform  string // the same as a whole main.tf: everything up to this step
	Texts      []Text // to copy
}

// Text is something to copy: a policy, a letter to AWS Support.
type Text struct {
	Title string
	Body  string
}

// Link opens a page of the AWS console.
type Link struct {
	Title string
	URL   string
}

// Parameter is a value of a template's parameter.
type Parameter struct {
	Key   string
	Value string
}

// speaksFor says why nothing can be set up in a partition: bursar has no identity there. "" when it has.
func (c Config) speaksFor(p bursar.Partition) string {
	own, err := bursar.ParsePrincipalPartition(c.PrincipalARN)
	if err == nil && own == p {
		return ""
	}
	if c.PrincipalARN == "" {
		return "bursar has no AWS identity, so there is nobody whom this account could trust. Give bursar one (aws_access_key_id, or run it where an identity is ambient) and start it again"
	}
	return fmt.Sprintf("bursar's AWS identity is in partition %s, and this account is in %s: no role can be assumed across partitions. Run a bursar with an identity in %s for it", own, p, p)
}

// partition is what is known of an account's partition; of an unknown one, what is known of aws.
func partition(a bursar.Account) awsapi.Partition {
	p, err := awsapi.PartitionOf(a.Partition)
	if err != nil {
		p, _ = awsapi.PartitionOf(bursar.PartitionAWS) // is known
	}
	return p
}

// CheckChoice says what is wrong with a choice for an account: see [bursar.Choice.Check], or a region that its partition does not have, or an export where
// there are none.
func CheckChoice(a bursar.Account, c bursar.Choice) error {
	if err := c.Check(a); err != nil {
		return err
	}
	p := partition(a)
	if !p.HasBilling && c.Export != (bursar.ExportChoice{}) {
		return bursar.InvalidField("export", "partition %s has no billing exports", a.Partition).WithReason("not_available").
			WithHint("its costs are in the bill of the paired commercial account: register that one")
	}
	if c.Export.BucketRegion == "" {
		return nil
	}
	return p.CheckRegion(c.Export.BucketRegion)
}
