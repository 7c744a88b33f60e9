package bursar

import (
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Partition is a separate AWS cloud with its own ARNs, endpoints and consoles.
type Partition string

// The partitions that accounts can be registered in.
const (
	PartitionAWS      Partition = "aws"
	PartitionChina    Partition = "aws-cn"
	PartitionGovCloud Partition = "aws-us-gov"
)

// Kind says what an account is to its bill.
type Kind string

// The kinds of account. Unknown holds until the organization check has answered.
const (
	KindUnknown    Kind = "unknown"
	KindPayer      Kind = "payer"      // management account of an organization
	KindLinked     Kind = "linked"     // member of an organization
	KindStandalone Kind = "standalone" // in no organization; pays for itself
)

// Method is how an account was registered.
type Method string

// The methods of registration.
const (
	MethodConsole   Method = "console"    // the AWS create-stack page
	MethodTerraform Method = "terraform"  // our Terraform module
	MethodRole      Method = "role"       // an existing role's ARN
	MethodAccessKey Method = "access_key" // a stored credential
)

// MaxAccountName is the longest account name, in characters.
const MaxAccountName = 100

// Account is one AWS account registered in a workspace.
type Account struct {
	ID             string    `json:"id"` // "acc_…"
	WorkspaceID    string    `json:"-"`
	AccountID      string    `json:"account_id"` // 12 digits
	Name           string    `json:"name"`
	Partition      Partition `json:"partition"`
	Kind           Kind      `json:"kind"`
	Method         Method    `json:"method"`
	ExternalID     string    `json:"external_id"`               // generated here, immutable
	RoleARN        string    `json:"role_arn"`                  // the access role: ours by name until a role is brought
	PayerID        string    `json:"payer_id,omitempty"`        // account id of the payer, once known
	OrganizationID string    `json:"organization_id,omitempty"` // "o-…", once known
	Choice         Choice    `json:"-"`                         // what was chosen for its set-up
	CreatedAt      time.Time `json:"created_at"`
	UpdatedAt      time.Time `json:"updated_at"`
	Version        int64     `json:"version"` // grows with every change
}

// HasBill says whether exports are set up for accounts of this kind.
func (k Kind) HasBill() bool { return k == KindPayer || k == KindStandalone }

var accountIDPattern = regexp.MustCompile(`^[0-9]{12}$`)

// CheckAccountID says what is wrong with an account id; nil when it is 12 digits.
func CheckAccountID(id string) error {
	if accountIDPattern.MatchString(id) {
		return nil
	}
	hint := "write the 12 digits as text, leading zeros included, for example \"012345678901\""
	if accountIDPattern.MatchString(strings.NewReplacer("-", "", " ", "").Replace(id)) {
		hint = "write it without dashes and spaces"
	}
	return InvalidField("account_id", "%q is not an AWS account id", clip(id, 40)).
		WithReason("account_id_malformed").WithHint("%s", hint)
}

// CheckAccountName says what is wrong with a name; nil when it has 1 to MaxAccountName characters, none of
// them a control character, and no space at either end.
func CheckAccountName(name string) error {
	switch {
	case name == "":
		return InvalidField("name", "the name is empty").WithReason("name_empty").WithHint("give the account a name that people will recognise")
	case !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl):
		return InvalidField("name", "the name holds a control character").WithReason("name_malformed").WithHint("use printable characters")
	case strings.TrimSpace(name) != name:
		return InvalidField("name", "the name begins or ends with a space").WithReason("name_malformed").WithHint("remove it")
	case utf8.RuneCountInString(name) > MaxAccountName:
		return InvalidField("name", "the name has %d characters", utf8.RuneCountInString(name)).
			WithReason("name_too_long").WithHint("use at most %d", MaxAccountName)
	}
	return nil
}

// RoleARN is the parsed ARN of an IAM role.
type RoleARN struct {
	Partition Partition
	AccountID string // 12 digits
	Path      string // "/" or "/bursar/"
	Name      string
}

var roleARNPattern = regexp.MustCompile(`^arn:(aws|aws-cn|aws-us-gov):iam::([0-9]{12}):role(/(?:[!-~]+/)?)([\w+=,.@-]{1,64})$`)

// ParseRoleARN reads the ARN of a role, strictly: a known partition, the iam service, no region, 12 digits,
// a path and a name in IAM's own grammar, and no service-linked role.
// See https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html.
func ParseRoleARN(s string) (RoleARN, error) {
	m := roleARNPattern.FindStringSubmatch(s)
	if m == nil || len(s) > 1024 || len(m[3]) > 512 {
		return RoleARN{}, InvalidField("role_arn", "%q is not the ARN of an IAM role", clip(s, 80)).
			WithReason("role_arn_malformed").WithHint("it looks like arn:aws:iam::123456789012:role/path/name")
	}
	if strings.HasPrefix(m[3], "/aws-service-role/") {
		return RoleARN{}, InvalidField("role_arn", "a service-linked role cannot be assumed by bursar").
			WithReason("role_arn_service_linked").WithHint("create a role of your own for bursar")
	}
	return RoleARN{Partition(m[1]), m[2], m[3], m[4]}, nil
}

// String writes the ARN.
func (r RoleARN) String() string {
	return fmt.Sprintf("arn:%s:iam::%s:role%s%s", r.Partition, r.AccountID, r.Path, r.Name)
}

var principalPattern = regexp.MustCompile(`^arn:(aws|aws-cn|aws-us-gov):(iam|sts)::[0-9]{12}:`)

// ParsePrincipalPartition returns the partition of the ARN of a user, a role or a session.
func ParsePrincipalPartition(arn string) (Partition, error) {
	m := principalPattern.FindStringSubmatch(arn)
	if m == nil {
		return "", InvalidField("principal", "%q is not the ARN of a user or a role", clip(arn, 80)).WithReason("principal_malformed")
	}
	return Partition(m[1]), nil
}
