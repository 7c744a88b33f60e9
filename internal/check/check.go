// Package check looks at one AWS account at a time, read-only, and says what it saw: each [Check] is one probe of one
// thing, in one file, and leaves findings with stable codes. A [Suite] runs them in order and stops where going on
// would be unsafe: after a role that cannot be assumed, is in another account, or can be assumed without the right
// external id, nothing else is asked of the account.
//
// A check calls only the actions that it declares; package checktest proves it.
package check

import (
	"context"
	"iter"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/awsapi"
)

// Check is one read-only probe.
type Check interface {
	// Name is the stable name of the check: "assume_role".
	Name() string
	// Capability is what its findings are about.
	Capability() bursar.Capability
	// Actions are the IAM actions that it calls, all of them.
	Actions() []string
	// Run probes, and returns what it saw: at least one finding, or none when the check has nothing to say about this
	// account. It puts the facts that it learns into the target's Result, and calls the target's stop where nothing else may run.
	Run(ctx context.Context, t *Target) []bursar.Finding
}

// Access reaches AWS as bursar itself and opens sessions in accounts. [Through] makes one of an awsapi client.
type Access interface {
	// Identity tells who bursar is.
	Identity(ctx context.Context) (awsapi.Identity, error)
	// Assume opens a session, fresh each time.
	Assume(ctx context.Context, r awsapi.AssumeRequest) (Session, error)
}

// Session is what checks may ask of an account. See [awsapi.Session].
type Session interface {
	Identity(ctx context.Context) (awsapi.Identity, error)
	Organization(ctx context.Context) (awsapi.Organization, error)
	Role(ctx context.Context, name string) (awsapi.Role, error)
	Simulate(ctx context.Context, roleARN string, actions, resources []string) ([]awsapi.Simulation, error)
	ReportDefinitions(ctx context.Context) ([]awsapi.ReportDefinition, error)
	DataExports(ctx context.Context) ([]awsapi.DataExport, error)
	Executions(ctx context.Context, exportARN string) ([]awsapi.Execution, error)
	Bucket(name, region, owner string) (Bucket, error)
	OrganizationSession
}

// OrganizationSession is what a payer's session tells of its organization.
type OrganizationSession interface {
	Accounts(ctx context.Context) iter.Seq2[awsapi.OrgAccount, error]
	Root(ctx context.Context) (string, error)
	Transfers(ctx context.Context) (awsapi.BillTransfers, error)
	StackInstances(ctx context.Context, region, set string) ([]awsapi.StackInstance, error)
	RolloutPossible(ctx context.Context, region string) (bool, error)
}

// Bucket is what checks may ask of a bucket. See [awsapi.Bucket].
type Bucket interface {
	bursar.Bucket
	Location(ctx context.Context) (string, error)
	Policy(ctx context.Context) (string, error)
	Encryption(ctx context.Context) (algorithm, keyID string, err error)
}

// Through gives checks the access of a client.
func Through(c *awsapi.Client) Access { return through{c} }

type through struct{ client *awsapi.Client }

// Identity tells who bursar is.
func (t through) Identity(ctx context.Context) (awsapi.Identity, error) {
	return t.client.Identity(ctx)
}

// Assume opens a session.
func (t through) Assume(ctx context.Context, r awsapi.AssumeRequest) (Session, error) {
	s, err := t.client.Assume(ctx, r)
	if err != nil {
		return nil, err
	}
	return session{s}, nil
}

type session struct{ *awsapi.Session }

// Bucket returns a bucket.
func (s session) Bucket(name, region, owner string) (Bucket, error) {
	return s.Session.Bucket(name, region, owner)
}

// Target is the account that is looked at, how it is reached, and what was learned so far. It serves one run.
type Target struct {
	Account bursar.Account
	RunID   string // put into every finding
	Access  Access

	Exports []bursar.Export // the exports of the account that bursar follows already

	TemplateVersion string // the newest version of the access template; "" = not compared
	TemplateAdds    string // what it adds, for people

	Now      func() time.Time  // the time of findings and of deliveries' ages; nil = time.Now
	Schedule Schedule          // how patiently a role is assumed; zero = [Patient]
	Progress func(step string) // told what goes on; may be nil

	Result Result // filled by the checks

	identity      awsapi.Identity // bursar's own
	session       Session         // with the access role, once it could be assumed
	exportSession Session         // with the export role, once it was found safe
	stopped       bool
}

// Result is what the checks learned about the account, for programs. A zero field was not learned in this run: it
// does not mean that what was known before is wrong.
type Result struct {
	Trusted  bool // the role was assumed, is in the right account, and requires its external id
	Insecure bool // a role can be assumed without the right external id: drop every session of the account

	Kind           bursar.Kind // "" or unknown when it could not be told
	PayerID        string      // account id of the payer; the account's own for payer and standalone
	OrganizationID string      // "o-…"
	FeatureSet     string      // ALL or CONSOLIDATED_BILLING
	RootID         string      // "r-…" of a payer's organization
	PaidBy         string      // account id of who pays a payer's bill in its place

	Definitions []Definition // every billing export that the account has
	AllSeen     bool         // both of AWS's services answered: Definitions is the whole list
	Chosen      *Definition  // the one to follow: chosen by its person, followed already, or made by our stack

	Arrival      bursar.DataArrival
	LastDelivery time.Time // as AWS tells it
}

// Definition is a billing export as the account has it.
type Definition = bursar.Definition

// Stop ends the suite after the running check.
func (t *Target) stop() { t.stopped = true }

func (t *Target) now() time.Time {
	if t.Now == nil {
		return time.Now().UTC()
	}
	return t.Now().UTC()
}

func (t *Target) progress(step string) {
	if t.Progress != nil {
		t.Progress(step)
	}
}

// request is how a role of the account is assumed for a probe.
func (t *Target) request(roleARN string, capability bursar.Capability) awsapi.AssumeRequest {
	return awsapi.AssumeRequest{
		WorkspaceID: t.Account.WorkspaceID, AccountID: t.Account.AccountID, Capability: capability, RecordID: t.Account.ID,
		RoleARN: roleARN, ExternalID: t.Account.ExternalID, Duration: awsapi.ProbeDuration,
	}
}

// exportRole returns the ARN of the role that our export stack makes.
func (t *Target) exportRole() string {
	r, err := bursar.ParseRoleARN(t.Account.RoleARN)
	if err != nil {
		return ""
	}
	r.Path, r.Name = bursar.RolePath, bursar.ExportRoleName(r.Name)
	return r.String()
}
