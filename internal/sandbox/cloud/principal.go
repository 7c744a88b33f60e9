package cloud

import "github.com/bursarhq/bursar/internal/sandbox/policy"

// PrincipalKind says what a caller is.
type PrincipalKind int

// The kinds of caller.
const (
	Anonymous     PrincipalKind = iota // no signature: S3 only
	RootUser                           // the account's root user
	User                               // an IAM user
	RoleSession                        // an assumed role
	ServiceCaller                      // an AWS service, such as bcm-data-exports.amazonaws.com
)

// Principal is who asks.
type Principal struct {
	Kind        PrincipalKind
	AccountID   string
	ARN         string // as GetCallerIdentity tells it: arn:aws:sts::…:assumed-role/name/session, without the role's path
	IAMARN      string // as aws:PrincipalArn has it: the role's full ARN for a session
	UniqueID    string // AIDA… of a user, AROA… of the role
	Name        string // the user's or the role's name
	SessionName string
	Sessions    []*policy.Document // session policies: each request must be allowed by one of them. None = no limit
	SourceARN   string             // for a ServiceCaller: aws:SourceArn
	SourceAcct  string             // for a ServiceCaller: aws:SourceAccount
	ServiceName string             // for a ServiceCaller: "bcm-data-exports.amazonaws.com"
}

// UserID returns aws:userid: the unique id, with the session's name for a role.
func (p Principal) UserID() string {
	if p.Kind == RoleSession {
		return p.UniqueID + ":" + p.SessionName
	}
	return p.UniqueID
}

// ServicePrincipal is an AWS service that acts for an account's resource (a bill delivery): aws:SourceAccount
// and aws:SourceArn are what bucket policies test against.
func ServicePrincipal(service, sourceAccount, sourceARN string) Principal {
	return Principal{Kind: ServiceCaller, ServiceName: service, ARN: service, SourceAcct: sourceAccount, SourceARN: sourceARN}
}
