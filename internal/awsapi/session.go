package awsapi

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/account"
	"github.com/aws/aws-sdk-go-v2/service/bcmdataexports"
	"github.com/aws/aws-sdk-go-v2/service/costandusagereportservice"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/bursarhq/bursar"
)

// The durations of a session. AWS gives at least 900 s, and at most one hour to a role that assumes another.
const (
	ProbeDuration = 900 * time.Second // for checks
	WorkDuration  = time.Hour         // for imports and scans
)

// AssumeRequest says which role to assume, for whom, and how.
type AssumeRequest struct {
	WorkspaceID string            // the workspace that the session belongs to
	AccountID   string            // the 12 digits of the account that the role must be in
	Capability  bursar.Capability // what the session is for
	RecordID    string            // the record that it is about ("acc_…"): the session is named "bursar-" and this
	RoleARN     string
	ExternalID  string
	// WithoutExternalID sends none. It exists for the check that such a request is denied; without it an empty
	// ExternalID is an error, never a request without one.
	WithoutExternalID bool
	Policy            string        // session policy, JSON; "" = none. At most 2,048 characters
	Duration          time.Duration // 0 = ProbeDuration
	Region            string        // where STS is asked; "" = the client's region
}

// check refuses what must not be sent, before anything is.
func (r AssumeRequest) check(p Partition) error {
	role, err := bursar.ParseRoleARN(r.RoleARN)
	switch {
	case err != nil:
		return err
	case role.Partition != p.Name:
		return bursar.InvalidField("role_arn", "the role is in partition %s and bursar's identity in %s", role.Partition, p.Name).
			WithReason("partition_mismatch").WithHint("roles cannot be assumed across partitions: give bursar an identity in %s", role.Partition)
	case role.AccountID != r.AccountID:
		e := bursar.InvalidField("role_arn", "the role is in account %s and not in %s", role.AccountID, r.AccountID)
		e.Err = &Mismatch{Registered: r.AccountID, Seen: role.AccountID}
		return e.WithReason("role_arn_wrong_account").WithHint("give the ARN of a role in account %s", r.AccountID)
	case r.ExternalID == "" && !r.WithoutExternalID:
		return bursar.Errorf(bursar.Internal, "a role was about to be assumed without an external id")
	case r.Region != "":
		return p.CheckRegion(r.Region)
	}
	return nil
}

// name is seen in the customer's CloudTrail. It identifies our record and no person.
func (r AssumeRequest) name() string {
	if r.RecordID == "" {
		return "bursar"
	}
	n := "bursar-" + r.RecordID
	return n[:min(len(n), 64)]
}

// Assume assumes a role, now: nothing is cached. Use it for checks; use [Client.Session] for work.
func (c *Client) Assume(ctx context.Context, r AssumeRequest) (*Session, error) {
	creds, err := c.assume(ctx, r)
	if err != nil {
		return nil, err
	}
	p := credentials.NewStaticCredentialsProvider(creds.AccessKeyID, creds.SecretAccessKey, creds.SessionToken)
	return c.newSession(r, p), nil
}

func (c *Client) assume(ctx context.Context, r AssumeRequest) (aws.Credentials, error) {
	if err := r.check(c.partition); err != nil {
		return aws.Credentials{}, err
	}
	in := &sts.AssumeRoleInput{
		RoleArn: aws.String(r.RoleARN), RoleSessionName: aws.String(r.name()),
		DurationSeconds: aws.Int32(int32(max(r.Duration, ProbeDuration) / time.Second)),
	}
	if !r.WithoutExternalID {
		in.ExternalId = aws.String(r.ExternalID)
	}
	if r.Policy != "" {
		in.Policy = aws.String(r.Policy)
	}
	region := r.Region
	if region == "" {
		region = c.cfg.Region
	}
	out, err := viaSTS(ctx, c, region, c.own, func(s *sts.Client) (*sts.AssumeRoleOutput, error) { return s.AssumeRole(ctx, in) })
	if c.cfg.Assumed != nil {
		if kept := c.cfg.Assumed(ctx, r, err); kept != nil {
			return aws.Credentials{}, fmt.Errorf("assume %s: it cannot be recorded: %w", r.RoleARN, kept)
		}
	}
	if err != nil {
		return aws.Credentials{}, fmt.Errorf("assume %s: %w", r.RoleARN, err)
	}
	if out.Credentials == nil {
		return aws.Credentials{}, fmt.Errorf("assume %s: %w", r.RoleARN, errors.New("AWS answered without credentials"))
	}
	return aws.Credentials{
		AccessKeyID: aws.ToString(out.Credentials.AccessKeyId), SecretAccessKey: aws.ToString(out.Credentials.SecretAccessKey),
		SessionToken: aws.ToString(out.Credentials.SessionToken), Source: "bursar", CanExpire: true, Expires: aws.ToTime(out.Credentials.Expiration),
	}, nil
}

// Session is access to one account. It is safe for concurrent use. Each service has one client of its own, with its own
// retry budget, so that trouble in one account or service does not slow another.
type Session struct {
	client    *Client
	accountID string
	creds     aws.CredentialsProvider

	sts     func() *sts.Client
	iam     func() *iam.Client
	orgs    func() *organizations.Client
	cur     func() *costandusagereportservice.Client
	exports func() *bcmdataexports.Client
	account func() *account.Client

	mu sync.Mutex
	s3 map[string]*s3.Client // by region
}

func (c *Client) newSession(r AssumeRequest, creds aws.CredentialsProvider) *Session {
	billing, region := c.partition.BillingRegion, r.Region
	if region == "" {
		region = c.cfg.Region
	}
	return &Session{
		client: c, accountID: r.AccountID, creds: creds, s3: map[string]*s3.Client{},
		sts: sync.OnceValue(func() *sts.Client { return sts.NewFromConfig(c.config(region, creds)) }),
		iam: sync.OnceValue(func() *iam.Client { return iam.NewFromConfig(c.config(billing, creds)) }),
		orgs: sync.OnceValue(func() *organizations.Client {
			return organizations.NewFromConfig(c.config(c.partition.OrganizationsRegion, creds))
		}),
		cur: sync.OnceValue(func() *costandusagereportservice.Client {
			return costandusagereportservice.NewFromConfig(c.config(billing, creds))
		}),
		exports: sync.OnceValue(func() *bcmdataexports.Client { return bcmdataexports.NewFromConfig(c.config(billing, creds)) }),
		account: sync.OnceValue(func() *account.Client { return account.NewFromConfig(c.config(billing, creds)) }),
	}
}

// Own returns a session with bursar's own identity, for what an operator reads with it: `s3://` paths on the command line.
func (c *Client) Own() *Session { return c.newSession(AssumeRequest{}, c.own) }

// AccountID returns the account that the session was opened for, "" for bursar's own.
func (s *Session) AccountID() string { return s.accountID }

// Identity asks AWS which account and role the session really is in. Only this proves the account.
func (s *Session) Identity(ctx context.Context) (Identity, error) {
	return s.client.callerIdentity(ctx, s.sts().Options().Region, s.creds)
}
