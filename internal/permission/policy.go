package permission

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"github.com/bursarhq/bursar/internal/awsapi"
)

type policy struct {
	Version   string
	Statement []statement
}

type statement struct {
	Sid      string
	Effect   string
	Action   []string
	Resource string
}

// Policy writes the least policy that allows actions, as JSON. Cost Explorer's have no resources that a policy could name, save billing
// views. No actions make "".
func Policy(actions []string) string {
	if len(actions) == 0 {
		return ""
	}
	sorted := slices.Sorted(slices.Values(actions))
	return write(policy{"2012-10-17", []statement{{"BursarCostExplorer", "Allow", slices.Compact(sorted), "*"}}})
}

// CostExplorerPolicy is the least policy for a user or role that bursar's Cost Explorer sources use: the reads that they make, the question
// whether the account is a payer, and, for the identity itself alone, the simulation by which a check costs nothing. who is the identity's ARN,
// with * where it is not known yet.
func CostExplorerPolicy(who string) string {
	return write(policy{"2012-10-17", []statement{
		{"BursarCostExplorer", "Allow", slices.Sorted(slices.Values(Names(CostExplorer()))), "*"},
		{"BursarOrganization", "Allow", []string{"organizations:DescribeOrganization"}, "*"},
		{"BursarCheck", "Allow", []string{"iam:SimulatePrincipalPolicy"}, who},
	}})
}

func write(p policy) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(p); err != nil {
		return "" // texts and lists of texts: it cannot fail
	}
	return strings.TrimSpace(b.String())
}

// Excess are actions that no credential for costs needs, and that would make its loss a disaster. Each stands for a family.
func Excess() []string {
	return []string{
		"iam:AttachUserPolicy", "iam:CreateAccessKey", "iam:CreateUser", "iam:PutUserPolicy", "iam:PassRole",
		"s3:GetObject", "s3:PutObject", "s3:DeleteObject", "dynamodb:GetItem", "secretsmanager:GetSecretValue", "kms:Decrypt",
		"ec2:RunInstances", "ec2:TerminateInstances", "lambda:InvokeFunction", "organizations:LeaveOrganization",
		"ce:UpdatePreferences", "cur:PutReportDefinition", "savingsplans:CreateSavingsPlan",
	}
}

// Allowed lists the actions that a simulation allows.
func Allowed(results []awsapi.Simulation) (out []string) {
	for _, s := range results {
		if s.Allowed() {
			out = append(out, s.Action)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

var (
	arnPattern = regexp.MustCompile(`arn:aws[a-z-]*:[a-z0-9-]*:[a-z0-9-]*:[0-9]{0,12}:[^\s"']+`)
	idPattern  = regexp.MustCompile(`\b[0-9]{12}\b`)
)

// Plain takes identities and account ids out of AWS's words: they are told to everybody who may see the credential.
func Plain(message string) string {
	return idPattern.ReplaceAllString(arnPattern.ReplaceAllString(message, "(identity)"), "(account)")
}

// misnamed are names that guides hand on and that AWS does not have.
var misnamed = []struct{ name, instead string }{
	{"ce:GetUsageReport", "there is no action ce:GetUsageReport: leave it out. IAM accepts unknown names without a word, and they grant nothing"},
	{"AWSCostExplorerServiceReadOnlyAccess", "AWS has no managed policy AWSCostExplorerServiceReadOnlyAccess: make a policy of your own with exactly the actions (\"bursar credential policy\" prints it). AWSBillingReadOnlyAccess lacks reservations, savings plans, forecasts and anomalies; ReadOnlyAccess also reads the data of customers"},
	{"x-amz-access-token", "x-amz-access-token belongs to Amazon's Selling Partner API: paste the session token as AWS_SESSION_TOKEN, and bursar sends it as X-Amz-Security-Token, as AWS wants it"},
}

// Misnamed finds names in a text (a policy, a pasted key) that guides hand on and that AWS does not have, and says what is right.
func Misnamed(text string) (hints []string) {
	lower := strings.ToLower(text)
	for _, m := range misnamed {
		if strings.Contains(lower, strings.ToLower(m.name)) {
			hints = append(hints, m.instead)
		}
	}
	return hints
}
