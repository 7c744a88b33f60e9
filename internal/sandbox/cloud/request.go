package cloud

import (
	"encoding/json"
	"net/http"
	"net/url"

	"github.com/bursarhq/bursar/internal/sandbox/policy"
)

// Protocol is a wire protocol of AWS.
type Protocol int

// The protocols.
const (
	Query    Protocol = iota // form in, XML out: sts, iam, cloudformation
	JSON11                   // X-Amz-Target and JSON 1.1: organizations, cur, bcm-data-exports, ce
	RestXML                  // s3
	RestJSON                 // account
)

// Service answers one AWS service. The server has verified the signature, applied faults, and counted the
// request before it calls Serve; the service asks [Request.Allow] for each action, and answers.
// Implementations are safe for concurrent use and guard their own state.
type Service interface {
	// Name is the signing name in the credential scope: "sts", "s3", "cur", "bcm-data-exports".
	Name() string
	// Protocol says how requests are read and errors are written.
	Protocol() Protocol
	// Namespace is the XML namespace of answers, for the Query protocol: "https://iam.amazonaws.com/doc/2010-05-08/".
	Namespace() string
	// Serve answers one request.
	Serve(w http.ResponseWriter, r *Request)
}

// Namer is a [Service] whose actions are not named in the request (S3, REST): it names them for the meter, the
// faults and Request.Action.
type Namer interface {
	// ActionName returns for example "GetObject".
	ActionName(r *http.Request) string
}

// Lister is a [Service] that can say what it simulates.
type Lister interface {
	// Operations lists the names of its operations, sorted.
	Operations() []string
}

// Request is one authenticated request.
type Request struct {
	*http.Request
	Cloud     *Cloud
	Protocol  Protocol
	Namespace string
	ID        string // the request id that the answer carries
	Body      []byte // the payload: aws-chunked framing is taken off, its trailers are in Header
	Service   string // signing name
	Region    string // signing region
	Action    string // Action= of the form, the operation of X-Amz-Target, or what a Namer says
	Form      url.Values
	Caller    Principal // Anonymous when S3 was asked without a signature
}

// JSON reads the body into v. An empty body is an empty object.
func (r *Request) JSON(v any) *Error {
	if len(r.Body) == 0 {
		return nil
	}
	if err := json.Unmarshal(r.Body, v); err != nil {
		return Errorf(http.StatusBadRequest, "SerializationException", "the request body cannot be read: %v", err)
	}
	return nil
}

// Allow decides whether the caller may do an action ("iam:GetRole") on a resource of its own account (an ARN, or
// "*"): service control policies, permissions boundary, session policies and identity policies. ctx holds more
// condition keys ("s3:prefix"), any case; the global keys are set already. The answer is nil, or AccessDenied
// in AWS's words.
func (r *Request) Allow(action, resource string, ctx map[string][]string) *Error {
	return r.AllowOn(Access{Action: action, Resource: resource, Context: ctx, ResourceAccount: r.Caller.AccountID})
}

// AllowOn is [Request.Allow] for a resource that may be in another account, or carries a policy of its own.
func (r *Request) AllowOn(a Access) *Error {
	if a.Region == "" {
		a.Region = r.Region
	}
	return r.Cloud.Authorize(r.Caller, a)
}

// Access is one action on one resource.
type Access struct {
	Action          string              // "s3:GetObject"
	Resource        string              // ARN, or "*"
	ResourceAccount string              // the account that owns the resource; "" = the caller's
	ResourcePolicy  *policy.Document    // the resource's own policy (bucket policy); nil = none
	Context         map[string][]string // condition keys beyond the global ones
	Region          string              // aws:RequestedRegion
	Extra           []*policy.Document  // identity policies beside the principal's own, for simulations
}
