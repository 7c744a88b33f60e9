package awsapi

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// Class is what kind of trouble an error of AWS is, by whose fault it is and what mends it.
type Class string

// The classes of an error.
const (
	OwnIdentity          Class = "own_identity"           // bursar's own credentials (or the static ones given) are not valid
	NotDeployed          Class = "not_deployed"           // AssumeRole was denied without a reason: no such role, another external id or principal, not in force yet
	Propagating          Class = "propagating"            // AssumeRole was denied after it had succeeded: IAM is still spreading the role
	WrongAccount         Class = "wrong_account"          // the role, or the session that it gave, is in another account
	DeniedIdentity       Class = "denied_identity"        // no identity-based policy allows the action, or one denies it
	DeniedSCP            Class = "denied_scp"             // the organization forbids it: a service or resource control policy
	DeniedBoundary       Class = "denied_boundary"        // a permissions boundary
	DeniedSessionPolicy  Class = "denied_session_policy"  // our own session policy: our mistake
	DeniedResourcePolicy Class = "denied_resource_policy" // the resource's policy: a bucket's, a role's trust policy
	DeniedVPCEndpoint    Class = "denied_vpc_endpoint"    // the policy of the VPC endpoint that we go through
	Denied               Class = "denied"                 // denied, and AWS does not say by what
	RegionDisabled       Class = "region_disabled"        // the region, or STS in it, is switched off in the account
	NotEnabled           Class = "not_enabled"            // the service was never switched on, or is the payer's alone, or has no data yet
	Throttled            Class = "throttled"              // too many requests
	Missing              Class = "not_found"              // the bucket, object, role or export does not exist (any more)
	BucketGone           Class = "bucket_gone"            // no bucket has this name (any more)
	WrongRegion          Class = "wrong_region"           // the bucket is in another region
	WrongOwnerOrDenied   Class = "wrong_owner_or_denied"  // S3 refuses without a reason: denied, or owned by another account
	KMS                  Class = "kms"                    // the encryption key cannot be used
	ExpiredOwn           Class = "expired_own"            // temporary credentials have ended
	ClockSkew            Class = "clock_skew"             // our clock, or AWS's, is off
	Validation           Class = "validation"             // AWS does not accept a value
	OrgNotInUse          Class = "org_not_in_use"         // the account is in no organization
	Unreachable          Class = "unreachable"            // AWS did not answer, or had a fault of its own
	Unknown              Class = "unknown"                // none of these
)

// Cause is what is known about an error: its class, and AWS's own words to show and to quote to AWS Support.
type Cause struct {
	Class     Class
	Action    string // the IAM action that failed: "sts:AssumeRole"; the one that AWS names, where it names another
	Operation string // the SDK's name of the operation: "AssumeRole"
	Service   string // the prefix of its actions: "sts"
	Code      string // AWS's code, as it is on the wire
	Message   string // AWS's text, unchanged
	Status    int    // HTTP status; 0 when there was no answer
	RequestID string
	Region    string // where the bucket really is, for WrongRegion
}

// Mismatch is the error of a role, or of a session with it, that is in another account than the one registered.
type Mismatch struct{ Registered, Seen string }

// Error names both accounts.
func (m *Mismatch) Error() string {
	return "account " + m.Registered + " is registered, and the role is in account " + m.Seen
}

// AfterSuccess marks an error of a request that had succeeded before: a refusal is then one of propagation, and not of a role
// that is not there. nil stays nil.
func AfterSuccess(err error) error {
	if err == nil {
		return nil
	}
	return &afterSuccess{err}
}

type afterSuccess struct{ err error }

func (e *afterSuccess) Error() string { return e.err.Error() }
func (e *afterSuccess) Unwrap() error { return e.err }

// Classify says what an error of this package means. It is a pure function of the operation, code, message and status in
// it. Of an error within an error (a call that failed because its credentials could not be had) it tells the inner one. The
// cause of nil is the zero Cause.
func Classify(err error) Cause {
	if err == nil {
		return Cause{}
	}
	c := read(err)
	c.Class = c.classify(err)
	if after := (*afterSuccess)(nil); c.Class == NotDeployed && errors.As(err, &after) {
		c.Class = Propagating
	}
	return c
}

// read takes apart what the SDK wraps.
func read(err error) Cause {
	var c Cause
	inner := err
	for op := (*smithy.OperationError)(nil); errors.As(inner, &op); inner = op.Err {
		c.Service, c.Operation = op.Service(), op.Operation()
	}
	if c.Operation != "" {
		c.Action = IAMAction(c.Service, c.Operation)
		c.Service, _, _ = strings.Cut(c.Action, ":")
	}
	var api smithy.APIError
	if errors.As(inner, &api) {
		c.Code, c.Message = api.ErrorCode(), api.ErrorMessage()
	}
	var resp *smithyhttp.ResponseError
	if errors.As(inner, &resp) && resp.Response != nil {
		c.Status, c.Region = resp.HTTPStatusCode(), resp.Response.Header.Get("X-Amz-Bucket-Region")
	}
	var sdk *awshttp.ResponseError
	if errors.As(inner, &sdk) {
		c.RequestID = sdk.ServiceRequestID()
	}
	if c.Message == "" {
		c.Message = inner.Error()
	}
	if m := actionPattern.FindStringSubmatch(c.Message); m != nil {
		c.Action = m[1]
	}
	return c
}

var (
	actionPattern = regexp.MustCompile(`not authorized to perform: ([a-z0-9-]+:[A-Za-z0-9]+)`)
	// The two documented phrases: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html.
	denyPattern  = regexp.MustCompile(`(?i)with an explicit deny in (?:an? |the )?([a-z-]+(?: [a-z]+)*? (?:policy|boundary))`)
	allowPattern = regexp.MustCompile(`(?i)because no ([a-z-]+(?: [a-z]+)*? (?:policy|boundary)) allows`)
	// expectingPattern finds the region in S3's "the region 'us-east-1' is wrong; expecting 'eu-west-1'".
	expectingPattern = regexp.MustCompile(`expecting '([a-z0-9-]+)'`)
)

// deniedBy maps the kind of policy that AWS names.
var deniedBy = map[string]Class{
	"identity-based policy": DeniedIdentity, "service control policy": DeniedSCP, "resource control policy": DeniedSCP,
	"permissions boundary": DeniedBoundary, "session policy": DeniedSessionPolicy, "resource-based policy": DeniedResourcePolicy,
	"role trust policy": DeniedResourcePolicy, "trust policy": DeniedResourcePolicy, "vpc endpoint policy": DeniedVPCEndpoint,
}

// byCode holds the codes whose class needs no more than the code.
var byCode = classesByCode()

func classesByCode() map[string]Class {
	m := map[string]Class{}
	for class, codes := range map[Class]string{
		OwnIdentity: "InvalidClientTokenId InvalidAccessKeyId UnrecognizedClientException UnrecognizedClient InvalidSecurity MissingAuthenticationToken MissingAuthenticationTokenException " +
			"IncompleteSignature IncompleteSignatureException NotSignedUp InvalidToken SignatureDoesNotMatch InvalidSignatureException AuthMissingFailure",
		ExpiredOwn:     "ExpiredToken ExpiredTokenException TokenRefreshRequired RequestExpired ExpiredTokenId",
		ClockSkew:      "RequestTimeTooSkewed RequestInTheFuture ClockSkewed",
		RegionDisabled: "RegionDisabledException RegionDisabled OptInRequired",
		NotEnabled:     "SubscriptionRequiredException DataUnavailableException BillingViewHealthStatusException PolicyTypeNotEnabledException",
		Throttled: "Throttling ThrottlingException ThrottledException RequestThrottled RequestThrottledException TooManyRequestsException RequestLimitExceeded " +
			"BandwidthLimitExceeded LimitExceededException SlowDown PriorRequestNotComplete TransactionInProgressException ProvisionedThroughputExceededException " +
			"EC2ThrottledException TooManyRequests ReducedRequestRate ServiceLimitExceeded",
		BucketGone: "NoSuchBucket",
		Missing: "NoSuchKey NotFound NoSuchEntity NoSuchEntityException ResourceNotFoundException ReportNotFound AccountNotFoundException NoSuchUpload NoSuchVersion " +
			"ChildNotFoundException ParentNotFoundException TargetNotFoundException NoSuchBucketPolicy ServerSideEncryptionConfigurationNotFoundError StackSetNotFoundException OrganizationalUnitNotFoundException RootNotFoundException",
		WrongRegion: "PermanentRedirect TemporaryRedirect MovedPermanently IllegalLocationConstraintException BadRegion",
		OrgNotInUse: "AWSOrganizationsNotInUseException",
		KMS: "KMS.DisabledException KMS.InvalidStateException KMS.KMSInvalidStateException KMS.NotFoundException KMS.AccessDeniedException KMSAccessDeniedException " +
			"KMSInvalidStateException KMSDisabledException KMSNotFoundException DisabledException KMSInvalidKeyUsageException KMS.ThrottlingException",
		Validation: "ValidationError ValidationException InvalidInputException InvalidParameter InvalidParameterValue InvalidParameterException InvalidParameterCombination InvalidRequest " +
			"InvalidRequestException MalformedPolicyDocument MalformedPolicyDocumentException PackedPolicyTooLarge InvalidArgument InvalidBucketName InvalidBucketState InvalidNextTokenException " +
			"BillExpirationException RequestChangedException UnresolvableUsageUnitException MissingParameter MalformedXML SerializationException InvalidAction InvalidRange ConstraintViolationException " +
			"ServiceQuotaExceededException ReportLimitReachedException DuplicateReportNameException InvalidInput MalformedInput InvalidObjectState KeyTooLongError",
		Unreachable: "InternalFailure InternalError InternalServerError InternalServerException InternalErrorException ServiceException ServiceUnavailable ServiceUnavailableException ServiceFailure " +
			"ServiceFailureException Unavailable RequestTimeout RequestTimeoutException",
	} {
		for _, code := range strings.Fields(codes) {
			m[code] = class
		}
	}
	return m
}

var denials = []string{
	"AccessDenied", "AccessDeniedException", "AccessDeniedForDependencyException", "UnauthorizedOperation", "Client.UnauthorizedOperation",
	"AuthorizationError", "AuthorizationErrorException", "NotAuthorized", "NotAuthorizedException", "UnauthorizedException", "Forbidden", "AuthFailure",
	"AllAccessDisabled", "AccountProblem",
}

func (c *Cause) classify(err error) Class {
	var own *ownError
	var mismatch *Mismatch
	switch {
	case errors.As(err, &mismatch):
		return WrongAccount
	case errors.As(err, &own) && c.Code == "":
		return OwnIdentity
	case c.Code == "" && c.Status == 0:
		return c.local(err)
	case c.Service == "s3" && c.redirected():
		return WrongRegion
	case slices.Contains(denials, c.Code):
		return c.denied()
	case c.skewed():
		return ClockSkew
	}
	if class, ok := byCode[c.Code]; ok && !(c.Operation == "HeadBucket" && class == Missing) {
		return class
	}
	return c.byStatus()
}

// local classifies what never got an answer.
func (c *Cause) local(err error) Class {
	var network net.Error
	var dns *net.DNSError
	var sent *smithyhttp.RequestSendError
	var address *url.Error
	switch {
	case errors.Is(err, context.Canceled):
		return Unknown
	case errors.As(err, &dns), errors.As(err, &sent), errors.As(err, &address), errors.As(err, &network), errors.Is(err, context.DeadlineExceeded):
		return Unreachable
	case strings.Contains(c.Message, "validation error"), strings.Contains(c.Message, "missing required field"):
		return Validation // the SDK refuses to send it
	}
	return Unknown
}

// redirected recognises S3's ways of saying that the bucket is elsewhere, and keeps where.
func (c *Cause) redirected() bool {
	if m := expectingPattern.FindStringSubmatch(c.Message); m != nil {
		c.Region = m[1]
	}
	return c.Status == http.StatusMovedPermanently || c.Status == http.StatusTemporaryRedirect ||
		c.Code == "AuthorizationHeaderMalformed" && c.Region != ""
}

// skewed recognises STS's wordings of a wrong clock, which share their code with a wrong secret.
func (c *Cause) skewed() bool {
	switch c.Code {
	case "SignatureDoesNotMatch", "InvalidSignatureException", "RequestExpired":
		return strings.Contains(c.Message, "Signature expired") || strings.Contains(c.Message, "Signature not yet current") || strings.Contains(c.Message, "Request has expired")
	}
	return false
}

// denied finds out what denies.
func (c *Cause) denied() Class {
	text := strings.ToLower(c.Message)
	kind := policyKind(c.Message)
	switch {
	case c.Service == "ec2" && c.Code == "AuthFailure":
		return RegionDisabled // a new account or a region that is switched off
	case kind == DeniedSCP:
		return kind // the organization's administrator must act, whatever the action
	case strings.Contains(text, "kms:") || strings.HasPrefix(c.Action, "kms:"):
		return KMS
	case kind != "":
		return kind
	case strings.Contains(text, "not enabled for cost explorer"), strings.Contains(text, "opt-in only feature"),
		strings.Contains(text, "linked account doesn't have access"),
		strings.Contains(text, "linked account does not have access"), strings.Contains(text, "region is not enabled"), strings.Contains(text, "needs to be activated"):
		return NotEnabled
	case c.Service == "sts" && strings.HasPrefix(c.Operation, "AssumeRole"):
		return NotDeployed // the same words for every reason
	case c.Service == "s3":
		return WrongOwnerOrDenied
	case strings.Contains(text, "is not authorized to perform"):
		return DeniedIdentity // AWS's older wording, within one account
	}
	return Denied
}

func policyKind(message string) Class {
	for _, p := range []*regexp.Regexp{denyPattern, allowPattern} {
		if m := p.FindStringSubmatch(message); m != nil {
			if class, ok := deniedBy[strings.ToLower(m[1])]; ok {
				return class
			}
		}
	}
	return ""
}

// byStatus is the last resort: HEAD requests have no code, and new codes appear.
func (c *Cause) byStatus() Class {
	switch {
	case c.Status == http.StatusTooManyRequests:
		return Throttled
	case c.Status >= http.StatusInternalServerError:
		return Unreachable
	case c.Service == "s3" && c.Status == http.StatusNotFound && c.Operation == "HeadBucket":
		return BucketGone
	case c.Service == "s3" && c.Status == http.StatusNotFound:
		return Missing
	case c.Service == "s3" && c.Status == http.StatusForbidden:
		return WrongOwnerOrDenied
	case c.Status == http.StatusForbidden:
		return Denied
	}
	return Unknown
}
