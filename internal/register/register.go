// Package register says what a person does in AWS to set up an account: which page to open with which values, which
// template is deployed there, and the same as a command. It decides nothing about AWS and asks nothing of it: every
// function here is pure, over an account, its status and the operator's settings.
//
// Links follow AWS's documentation of quick-create links:
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-console-create-stacks-quick-create-links.html.
// They are built from encoded values alone: no name, whatever it holds, can add a parameter.
package register

import (
	"github.com/bursarhq/bursar"
)

// Config is what the operator has set.
type Config struct {
	PrincipalAccountID string // the account that bursar runs in: 12 digits
	PrincipalARN       string // exact ARN of the identity that bursar runs as, with its path
	TemplateBaseURL    string // where the templates are published, an S3 https URL; "" = nowhere
	ConsoleBaseURL     string // instead of AWS's console, for a simulated AWS: "http://127.0.0.1:4000/console"; "" = AWS's
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
	Command    string // the same with the AWS CLI
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

// Choice is what the user has chosen beyond the defaults.
type Choice struct {
	Capabilities         []bursar.Capability // of organization, billing_export, cost_explorer, inventory; nil = the first two
	TargetOrganizationID string              // "r-…" or "ou-…": create the members' StackSet in the access stack; "" = later
	PermissionsBoundary  string              // ARN of a managed policy; "" = none
	Export               ExportChoice
}

// ExportChoice is how a new export is made. The zero value is a Parquet export that overwrites, into a new bucket in
// the region of billing.
type ExportChoice struct {
	Name         string            // "bursar-cur2" when empty
	Prefix       string            // "bursar" when empty
	Bucket       string            // "bursar-cur-<account id>-<region>" when empty
	BucketRegion string            // the region of billing when empty; another one takes a stack more
	UseExisting  bool              // Bucket exists already, and lets AWS deliver
	FileFormat   bursar.FileFormat // Parquet when empty
	Versioning   bursar.Versioning // Overwrite when empty
}

// BillingRegion returns the region in which a partition's exports are made.
func BillingRegion(p bursar.Partition) string {
	switch p {
	case bursar.PartitionChina:
		return "cn-northwest-1"
	case bursar.PartitionGovCloud:
		return "us-gov-west-1"
	}
	return "us-east-1"
}

// complete fills in the defaults for an account.
func (e ExportChoice) complete(a bursar.Account) ExportChoice {
	or := func(s *string, def string) {
		if *s == "" {
			*s = def
		}
	}
	or(&e.Name, "bursar-cur2")
	or(&e.Prefix, "bursar")
	or(&e.BucketRegion, BillingRegion(a.Partition))
	or(&e.Bucket, "bursar-cur-"+a.AccountID+"-"+e.BucketRegion)
	if e.FileFormat == "" {
		e.FileFormat = bursar.FileParquet
	}
	if e.Versioning == "" {
		e.Versioning = bursar.Overwrite
	}
	return e
}
