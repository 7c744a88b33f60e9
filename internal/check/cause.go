package check

import (
	"fmt"
	"maps"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/awsapi"
)

// verdict is what a class of AWS error means for a finding, whatever was asked.
type verdict struct {
	status bursar.FindingStatus
	code   string
	why    string // completes "… because"
	remedy func(t *Target, c awsapi.Cause, role string) string
}

// says is a remedy that depends on nothing.
func says(text string) func(*Target, awsapi.Cause, string) string {
	return func(*Target, awsapi.Cause, string) string { return text }
}

func grant(t *Target, c awsapi.Cause, role string) string {
	return fmt.Sprintf("Update the stack that made the role to the newest template, with this capability switched on. Without the stack, add this statement to a policy of the role %s in account %s:\n"+
		`{"Effect": "Allow", "Action": "%s", "Resource": "*"}`, role, t.Account.AccountID, c.Action)
}

func askOrganization(t *Target, c awsapi.Cause, role string) string {
	return fmt.Sprintf("Ask the administrator of the organization to let the role do this: in the policy that denies %s in account %s, add to the denying statement the condition\n"+
		`{"ArnNotLike": {"aws:PrincipalArn": "%s"}}`, c.Action, t.Account.AccountID, role)
}

var verdicts = map[awsapi.Class]verdict{
	awsapi.OwnIdentity:    {bursar.StatusUnknown, "own_identity_invalid", "bursar's own AWS credentials are not valid", says(ownRemedy)},
	awsapi.ExpiredOwn:     {bursar.StatusUnknown, "own_identity_invalid", "the AWS credentials in use have expired", says(ownRemedy)},
	awsapi.ClockSkew:      {bursar.StatusUnknown, "clock_skew", "the clock of the machine that runs bursar is off", says("Set the clock of that machine, best by NTP, and check again.")},
	awsapi.NotDeployed:    {bursar.StatusFailed, "not_deployed_or_changed", "the role does not exist, or does not trust bursar with this external id", nil},
	awsapi.Propagating:    {bursar.StatusWaiting, "propagating", "it could be assumed once and then not: IAM still spreads it to all of AWS", says("Check again in a minute. If it stays so, see that nobody is changing the role.")},
	awsapi.WrongAccount:   {bursar.StatusFailed, "wrong_account", "it is in another account", nil},
	awsapi.DeniedIdentity: {bursar.StatusFailed, "permission_missing", "no policy of the role allows it", grant},
	awsapi.Denied:         {bursar.StatusFailed, "permission_missing", "AWS denies it and does not say by what policy", grant},
	awsapi.DeniedSCP:      {bursar.StatusFailed, "denied_by_scp", "a policy of the organization denies it", askOrganization},
	awsapi.DeniedBoundary: {bursar.StatusFailed, "denied_by_boundary", "the permissions boundary of the role does not allow it", func(t *Target, c awsapi.Cause, role string) string {
		return fmt.Sprintf("Allow %s in the permissions boundary of the role %s in account %s, or update the stack with another PermissionsBoundaryArn.", c.Action, role, t.Account.AccountID)
	}},
	awsapi.DeniedSessionPolicy: {bursar.StatusUnknown, "denied_by_session_policy", "bursar limited its own session too much", says("This is a mistake of bursar. Report it with the text of AWS in the evidence.")},
	awsapi.DeniedResourcePolicy: {bursar.StatusFailed, "denied_by_resource_policy", "the policy of the resource itself denies it", func(t *Target, c awsapi.Cause, role string) string {
		return fmt.Sprintf("Look in account %s at the policy of the resource that the evidence names for a statement that denies %s, and except the role %s from it.", t.Account.AccountID, c.Action, role)
	}},
	awsapi.DeniedVPCEndpoint: {bursar.StatusUnknown, "denied_by_vpc_endpoint", "the VPC endpoint that bursar goes through does not allow it", func(_ *Target, c awsapi.Cause, _ string) string {
		return fmt.Sprintf("Allow %s in the policy of the VPC endpoint in the network that bursar runs in.", c.Action)
	}},
	awsapi.RegionDisabled: {bursar.StatusFailed, "region_disabled", "the region, or STS in it, is switched off in the account", func(t *Target, _ awsapi.Cause, _ string) string {
		return fmt.Sprintf("In account %s open IAM, Account settings, Security Token Service, and activate the region; or run bursar with another region.", t.Account.AccountID)
	}},
	awsapi.NotEnabled:  {bursar.StatusFailed, "not_enabled", "the service was not switched on in the account", says("Open the service once in the AWS console, signed in as the payer. AWS prepares its data within 24 hours.")},
	awsapi.OrgNotInUse: {bursar.StatusOK, "standalone", "the account is in no organization", nil},
	awsapi.Throttled:   {bursar.StatusUnknown, "throttled", "AWS asks bursar to slow down", says("Nothing is wrong with the account. Check again in a few minutes.")},
	awsapi.Unreachable: {bursar.StatusUnknown, "unreachable", "AWS did not answer", says("Look at the network between bursar and AWS (proxy, firewall, DNS) and at https://health.aws.amazon.com, then check again.")},
	awsapi.Missing:     {bursar.StatusFailed, "not_found", "it does not exist (any more)", says("Create it again, best with the stack that bursar offers, and check again.")},
	awsapi.BucketGone:  {bursar.StatusFailed, "bucket_gone", "no bucket has this name (any more)", says("The bucket was deleted. Delete the export stack and create it again; then ask AWS Support to deliver past months anew.")},
	awsapi.WrongRegion: {bursar.StatusFailed, "wrong_region", "the bucket is in another region", func(_ *Target, c awsapi.Cause, _ string) string {
		return fmt.Sprintf("The bucket is in %s: correct the region of the export.", orUnknown(c.Region))
	}},
	awsapi.WrongOwnerOrDenied: {bursar.StatusFailed, "wrong_owner_or_denied", "S3 denies it: the role may not, or the bucket belongs to another account", func(t *Target, c awsapi.Cause, role string) string {
		return fmt.Sprintf("In account %s see that the bucket is there, and that the role %s still has the policy of the export stack, which allows %s on it. If the bucket was deleted and somebody else owns its name now, set up a new export.", t.Account.AccountID, role, c.Action)
	}},
	awsapi.KMS: {bursar.StatusFailed, "kms_denied", "the key that encrypts it cannot be used", func(t *Target, _ awsapi.Cause, role string) string {
		return fmt.Sprintf("Let the role use the key: in account %s add to the key's policy\n"+`{"Effect": "Allow", "Principal": {"AWS": "%s"}, "Action": "kms:Decrypt", "Resource": "*"}`+"\nand allow kms:Decrypt on the key in a policy of the role; or encrypt the bucket with SSE-S3.", t.Account.AccountID, role)
	}},
	awsapi.Validation: {bursar.StatusFailed, "invalid_request", "AWS does not accept the request", says("Read the text of AWS in the evidence. If it names a role's session duration, raise the role's maximum session duration to one hour.")},
	awsapi.Unknown:    {bursar.StatusUnknown, "unknown_error", "AWS answered with an error that bursar does not know", says("Read the text of AWS in the evidence. Check again; if it stays, report it to bursar with that text.")},
}

const ownRemedy = "Give bursar a valid AWS identity: a role of the machine it runs on, or an access key in its configuration. Until then no account can be checked. Customers need do nothing."

// Explain makes a finding of an error that AWS answered to something else than a check: doing completes "bursar could not", role is whose
// permissions counted. It says nothing (ok is false) of errors that are not AWS's. The caller says what it is a finding of.
func Explain(a bursar.Account, err error, doing, role string) (f bursar.Finding, ok bool) {
	if c := awsapi.Classify(err).Class; c == "" || c == awsapi.Unknown {
		return f, false
	}
	return basis{}.failure(&Target{Account: a}, err, doing, role), true
}

// failure makes a finding of an error: doing completes "bursar could not".
func (b basis) failure(t *Target, err error, doing, role string) bursar.Finding {
	if e := ownRefusal(err); e != nil {
		return b.find(t, bursar.StatusFailed, orDefault(e.Reason, "invalid_request"), fmt.Sprintf("bursar could not %s in account %s: %s.", doing, t.Account.AccountID, e.Message), e.Hint, nil)
	}
	c := awsapi.Classify(err)
	v, ok := verdicts[c.Class]
	if !ok {
		v = verdicts[awsapi.Unknown]
	}
	action := c.Action
	if action == "" {
		action = "no AWS action"
	}
	f := b.find(t, v.status, v.code, fmt.Sprintf("bursar could not %s in account %s (%s): %s.", doing, t.Account.AccountID, action, v.why), "", evidence(c))
	if v.remedy != nil {
		f.Remedy = v.remedy(t, c, role)
	}
	return f
}

// evidence keeps AWS's own words.
func evidence(c awsapi.Cause, more ...map[string]string) map[string]string {
	m := map[string]string{"cause": string(c.Class)}
	for k, v := range map[string]string{"action": c.Action, "aws_code": c.Code, "aws_message": c.Message, "aws_request_id": c.RequestID, "region": c.Region} {
		if v != "" {
			m[k] = v
		}
	}
	for _, x := range more {
		maps.Copy(m, x)
	}
	return m
}

func orUnknown(s string) string { return orDefault(s, "a region that AWS does not name") }

func orDefault(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
