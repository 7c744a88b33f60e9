package check

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/awsapi"
)

// answered is an error as the SDK wraps AWS's answer.
func answered(service, operation string, status int, code, message string) error {
	resp := &smithyhttp.Response{Response: &http.Response{StatusCode: status, Header: http.Header{}}}
	return &smithy.OperationError{ServiceID: service, OperationName: operation, Err: &awshttp.ResponseError{
		ResponseError: &smithyhttp.ResponseError{Response: resp, Err: &smithy.GenericAPIError{Code: code, Message: message}},
	}}
}

func denial(action, by string) string {
	return "User: arn:aws:sts::111122223333:assumed-role/bursar-a/s is not authorized to perform: " + action + " on resource: * " + by
}

// TestEveryCauseIsExplained proves that a finding about each class of error names the account, the action and the cause, says what to do
// with the exact text where there is one, and keeps AWS's own words.
func TestEveryCauseIsExplained(t *testing.T) {
	const account, role = "111122223333", "arn:aws:iam::111122223333:role/bursar/bursar-a"
	assume := answered("STS", "AssumeRole", 403, "AccessDenied", "Access denied")
	for _, tt := range []struct {
		class  awsapi.Class
		err    error
		code   string
		action string
		remedy string // part of it
	}{
		{awsapi.OwnIdentity, answered("STS", "AssumeRole", 403, "InvalidClientTokenId", "invalid"), "own_identity_invalid", "sts:AssumeRole", "Customers need do nothing"},
		{awsapi.ExpiredOwn, answered("STS", "AssumeRole", 403, "ExpiredToken", "expired"), "own_identity_invalid", "sts:AssumeRole", "valid AWS identity"},
		{awsapi.ClockSkew, answered("S3", "ListObjectsV2", 403, "RequestTimeTooSkewed", "x"), "clock_skew", "s3:ListBucket", "NTP"},
		{awsapi.NotDeployed, assume, "not_deployed_or_changed", "sts:AssumeRole", ""},
		{awsapi.Propagating, awsapi.AfterSuccess(assume), "propagating", "sts:AssumeRole", "in a minute"},
		{awsapi.DeniedIdentity, answered("Organizations", "ListAccounts", 400, "AccessDeniedException", denial("organizations:ListAccounts", "because no identity-based policy allows the organizations:ListAccounts action")), "permission_missing", "organizations:ListAccounts", `"Action": "organizations:ListAccounts"`},
		{awsapi.Denied, answered("Organizations", "ListAccounts", 400, "AccessDeniedException", "no"), "permission_missing", "organizations:ListAccounts", `"Effect": "Allow"`},
		{awsapi.DeniedSCP, answered("IAM", "GetRole", 403, "AccessDenied", denial("iam:GetRole", "with an explicit deny in a service control policy")), "denied_by_scp", "iam:GetRole", `"aws:PrincipalArn": "` + role + `"`},
		{awsapi.DeniedBoundary, answered("IAM", "GetRole", 403, "AccessDenied", denial("iam:GetRole", "because no permissions boundary allows the iam:GetRole action")), "denied_by_boundary", "iam:GetRole", "permissions boundary of the role " + role},
		{awsapi.DeniedSessionPolicy, answered("IAM", "GetRole", 403, "AccessDenied", denial("iam:GetRole", "because no session policy allows the iam:GetRole action")), "denied_by_session_policy", "iam:GetRole", "mistake of bursar"},
		{awsapi.DeniedResourcePolicy, answered("S3", "GetObject", 403, "AccessDenied", denial("s3:GetObject", "with an explicit deny in a resource-based policy")), "denied_by_resource_policy", "s3:GetObject", "except the role " + role},
		{awsapi.DeniedVPCEndpoint, answered("S3", "GetObject", 403, "AccessDenied", denial("s3:GetObject", "because no VPC endpoint policy allows the s3:GetObject action")), "denied_by_vpc_endpoint", "s3:GetObject", "VPC endpoint"},
		{awsapi.RegionDisabled, answered("STS", "AssumeRole", 403, "RegionDisabledException", "x"), "region_disabled", "sts:AssumeRole", "activate the region"},
		{awsapi.NotEnabled, answered("Cost Explorer", "GetCostAndUsage", 400, "AccessDeniedException", "User not enabled for cost explorer access"), "not_enabled", "ce:GetCostAndUsage", "24 hours"},
		{awsapi.Throttled, answered("STS", "AssumeRole", 400, "Throttling", "Rate exceeded"), "throttled", "sts:AssumeRole", "in a few minutes"},
		{awsapi.Unreachable, answered("STS", "AssumeRole", 503, "ServiceUnavailable", "x"), "unreachable", "sts:AssumeRole", "proxy, firewall, DNS"},
		{awsapi.Missing, answered("IAM", "GetRole", 404, "NoSuchEntity", "x"), "not_found", "iam:GetRole", "again"},
		{awsapi.BucketGone, answered("S3", "ListObjectsV2", 404, "NoSuchBucket", "x"), "bucket_gone", "s3:ListBucket", "Delete the export stack and create it again"},
		{awsapi.WrongRegion, answered("S3", "ListObjectsV2", 400, "AuthorizationHeaderMalformed", "the region 'us-east-1' is wrong; expecting 'eu-west-1'"), "wrong_region", "s3:ListBucket", "eu-west-1"},
		{awsapi.WrongOwnerOrDenied, answered("S3", "GetObject", 403, "AccessDenied", "Access Denied"), "wrong_owner_or_denied", "s3:GetObject", "somebody else owns its name"},
		{awsapi.KMS, answered("S3", "GetObject", 403, "AccessDenied", denial("kms:Decrypt", "because no resource-based policy allows the kms:Decrypt action")), "kms_denied", "kms:Decrypt", `"Principal": {"AWS": "` + role + `"}, "Action": "kms:Decrypt"`},
		{awsapi.Validation, answered("STS", "AssumeRole", 400, "ValidationError", "DurationSeconds exceeds"), "invalid_request", "sts:AssumeRole", "session duration"},
		{awsapi.Unknown, answered("IAM", "GetRole", 418, "ImATeapot", "x"), "unknown_error", "iam:GetRole", "report it"},
	} {
		t.Run(string(tt.class), func(t *testing.T) {
			if got := awsapi.Classify(tt.err).Class; got != tt.class {
				t.Fatalf("the example is of class %s", got)
			}
			target := &Target{Account: bursar.Account{AccountID: account, Partition: "aws", RoleARN: role}}
			f := basis{"example", bursar.CapAccess, nil}.failure(target, fmt.Errorf("doing: %w", tt.err), "do it", role)
			for what, part := range map[string]string{"account": account, "action": "(" + tt.action + ")", "cause": verdicts[tt.class].why} {
				if !strings.Contains(f.Message, part) {
					t.Errorf("the %s %q is not in %q", what, part, f.Message)
				}
			}
			if f.Code != tt.code || !strings.Contains(f.Remedy, tt.remedy) || f.Evidence["cause"] != string(tt.class) || f.Evidence["aws_message"] == "" {
				t.Errorf("%+v", f)
			}
		})
	}
}

// TestEveryClassHasItsWords: a class without a verdict would be called unknown.
func TestEveryClassHasItsWords(t *testing.T) {
	codes := map[string]bool{}
	for class, v := range verdicts {
		if v.why == "" || !regexp.MustCompile(`^[a-z_]+$`).MatchString(v.code) || v.status == "" {
			t.Errorf("%s: %+v", class, v)
		}
		codes[v.code] = true
	}
	if len(verdicts) != 25 {
		t.Errorf("%d of the 25 classes have words", len(verdicts))
	}
	f := basis{"example", bursar.CapAccess, nil}.failure(&Target{}, errors.New("out of the blue"), "do it", "role")
	if f.Code != "unknown_error" || f.Evidence["aws_message"] != "out of the blue" {
		t.Errorf("%+v", f)
	}
}
