// Package policy parses and evaluates IAM policy documents: identity policies, trust policies, bucket policies,
// service control policies, permissions boundaries and session policies.
//
// It follows the IAM JSON policy reference and evaluation logic:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies.html. An element or operator that it does
// not know makes a document invalid; it never makes one that is looser than AWS's reading.
package policy

// Kind says where a document stands, which decides the elements that it must and must not have.
type Kind int

// The kinds of document.
const (
	Identity Kind = iota // identity policies, boundaries, SCPs, session policies: Resource, no Principal
	Trust                // a role's trust policy: Principal, no Resource
	Resource             // a bucket policy and the like: Principal and Resource
)

// Effect is what a document says about a request.
type Effect int

// The effects. Deny wins over Allow, wherever the two come from.
const (
	Silent Effect = iota // no statement matches: an implicit deny
	Allow
	Deny
)

// String returns the decision as SimulatePrincipalPolicy spells it.
func (e Effect) String() string { return [...]string{"implicitDeny", "allowed", "explicitDeny"}[e] }

// Document is a parsed policy. It is never changed after [Parse] and [Document.Pin], and may be shared.
type Document struct {
	Kind       Kind
	Version    string
	ID         string
	Statements []Statement
	text       string
}

// Text returns the document as it was given.
func (d *Document) Text() string { return d.text }

// Statement is one statement of a document.
type Statement struct {
	Sid          string
	Effect       Effect
	Principal    *PrincipalSet // nil when absent
	NotPrincipal bool          // Principal was written NotPrincipal
	Actions      []string
	NotAction    bool
	Resources    []string // patterns; none in a trust policy
	NotResource  bool
	Conditions   []Condition
}

// PrincipalSet is the value of a Principal element.
type PrincipalSet struct {
	Any       bool     // "*"
	AWS       []string // account ids, ARNs, "*"
	Service   []string // "cloudformation.amazonaws.com"
	Federated []string
	pinned    map[string]string // ARN of a user or role → the unique id that it had when the policy was saved
}

// Condition is one operator on one key, with the values that it is compared with.
type Condition struct {
	Operator string // as written: "ForAnyValue:StringLikeIfExists"
	Key      string // lower case
	Values   []string
	op       operator
}

// Request is what a document is asked about.
type Request struct {
	Principal Caller
	Action    string              // "sts:AssumeRole"
	Resource  string              // ARN or "*"
	Context   map[string][]string // condition keys, lower case
}

// Caller is the principal of a request, as Principal elements match it. It is empty for identity policies.
type Caller struct {
	AccountID  string
	ARN        string // user ARN, or the session's sts ARN
	RoleARN    string // the role's full ARN, for a session
	UniqueID   string // of the user or role
	Service    string // service principal
	Federated  string
	IsRootUser bool
}
