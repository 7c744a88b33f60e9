package register

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/deploy"
)

// object keeps its order when it is written as JSON.
type object struct {
	Version   string      `json:"Version"`
	Statement []statement `json:"Statement"`
}

type statement struct {
	Sid       string                    `json:"Sid"`
	Effect    string                    `json:"Effect"`
	Principal map[string]string         `json:"Principal,omitempty"`
	Action    []string                  `json:"Action"`
	Resource  []string                  `json:"Resource,omitempty"`
	Condition map[string]map[string]any `json:"Condition,omitempty"` // a text or a list of texts
}

func (o object) String() string {
	o.Version = "2012-10-17"
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(o); err != nil {
		return "" // text and lists of text: it cannot fail
	}
	return strings.TrimSpace(b.String())
}

// TrustPolicy is the trust policy that lets bursar in, and nobody else: the account's root as principal, so that bursar's own role may be made anew, the exact
// principal by condition, and the external id.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
func (c Config) TrustPolicy(a bursar.Account) string {
	return object{Statement: []statement{{
		Sid: "BursarAssume", Effect: "Allow", Action: []string{"sts:AssumeRole"},
		Principal: map[string]string{"AWS": fmt.Sprintf("arn:%s:iam::%s:root", a.Partition, c.PrincipalAccountID)},
		Condition: map[string]map[string]any{"StringEquals": {"sts:ExternalId": a.ExternalID}, "ArnEquals": {"aws:PrincipalArn": c.PrincipalARN}},
	}}}.String()
}

// ReadPolicy is what the role may do that the template of an existing export makes: list and read the export's folder, and look at the settings of its
// bucket. Without a prefix, some reports lie in a folder whose name begins with a slash.
func ReadPolicy(a bursar.Account, e bursar.Export) string {
	bucket, folder := fmt.Sprintf("arn:%s:s3:::%s", a.Partition, e.Bucket), e.Folder()
	owner := map[string]any{"aws:ResourceAccount": e.BucketOwner}
	within := map[string]any{"s3:prefix": []string{folder, folder + "/*", "/" + folder, "/" + folder + "/*"}}
	only := map[string]map[string]any{"StringEquals": owner}
	return object{Statement: []statement{
		{Sid: "ListPrefix", Effect: "Allow", Action: []string{"s3:ListBucket"}, Resource: []string{bucket}, Condition: map[string]map[string]any{"StringLike": within, "StringEquals": owner}},
		{Sid: "BucketSettings", Effect: "Allow", Action: []string{"s3:GetBucketLocation", "s3:GetBucketPolicy", "s3:GetEncryptionConfiguration"}, Resource: []string{bucket}, Condition: only},
		{Sid: "ReadFiles", Effect: "Allow", Action: []string{"s3:GetObject"}, Resource: []string{bucket + "/" + folder + "/*", bucket + "//" + folder + "/*"}, Condition: only},
	}}.String()
}

// policyOf names the policy of the access template that grants each capability. The first one is always granted.
var policyOf = map[bursar.Capability]string{
	bursar.CapOrganization: "bursar-organization", bursar.CapBillingExport: "bursar-billing-export",
	bursar.CapCostExplorer: "bursar-cost-explorer", bursar.CapInventory: "bursar-inventory",
}

// Permissions is the policy that a brought role needs for the capabilities of an account, beside its trust: what the access template grants, to
// the letter.
func Permissions(a bursar.Account) (string, error) {
	return permissions(Granted(a), strings.NewReplacer("role/bursar/${RoleName}", "role"+rolePath(a), "${AWS::Partition}", string(a.Partition), "${AWS::AccountId}", a.AccountID), nil)
}

// permissions writes what the access template grants for capabilities, with its placeholders filled in. fold, if there is one, shortens the actions
// that a statement allows.
func permissions(granted []bursar.Capability, fill *strings.Replacer, fold func([]string) []string) (string, error) {
	policies, err := deploy.AccessPolicies()
	if err != nil {
		return "", err
	}
	names := []string{"bursar-self"}
	for _, x := range granted {
		names = append(names, policyOf[x])
	}
	var out object
	for _, p := range policies {
		if !slices.Contains(names, p.Name) {
			continue
		}
		for _, s := range p.Statements {
			kept := statement{Sid: s.Sid, Effect: s.Effect, Action: s.Actions}
			if fold != nil && s.Effect == "Allow" {
				kept.Action = fold(s.Actions)
			}
			for _, r := range s.Resources {
				kept.Resource = append(kept.Resource, fill.Replace(r))
			}
			out.Statement = append(out.Statement, kept)
		}
	}
	return out.String(), nil
}

// rolePath is the path and name of the access role: "/bursar/bursar-x".
func rolePath(a bursar.Account) string {
	r, err := bursar.ParseRoleARN(a.RoleARN)
	if err != nil {
		return "/"
	}
	return r.Path + r.Name
}

// backfillCase is the letter that asks AWS Support for months before the export was made.
func backfillCase(a bursar.Account, name, bucket string) string {
	return fmt.Sprintf(`Subject: Backfill of the billing export %[1]s

Please deliver the billing export %[1]s of account %[2]s for the past months too: for the last 36 billing periods, or as many as you can.
It is delivered to s3://%[3]s. We know that a backfill has the data as it is in your systems today.

How to open it: AWS Support Center, signed in to account %[2]s, Create case, Account and billing, Service "Billing", Category "Cost and Usage Report".`, name, a.AccountID, bucket)
}
