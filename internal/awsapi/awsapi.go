// Package awsapi is the only room that speaks to AWS: it imports the AWS SDK so that nobody else has to, and decides
// in one place which identity is used, which region and endpoint answers, how often a request is tried again, and
// what an error means.
//
// A [Client] is bursar's own identity in one partition. It opens a [Session] in a customer's account by assuming a
// role: fresh each time for checks ([Client.Assume]), or cached for work ([Client.Session]). Everything that
// a session answers is a plain struct of this package; no type of the SDK leaves it. [Classify] turns any error of
// it into a [Cause].
//
// No endpoint comes from the environment or from a customer: [Config.Endpoint] is the operator's alone.
package awsapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/aws/smithy-go/logging"
	"github.com/bursarhq/bursar"
)

// maxAttempts is how often a request is tried in all: throttling and server faults, never a denial.
const maxAttempts = 3

// ownTimeout bounds the search for bursar's own credentials: off AWS the instance metadata service does not answer.
const ownTimeout = 15 * time.Second

// Config says who bursar is to AWS. The zero value is the ambient identity in partition aws.
type Config struct {
	Partition bursar.Partition // "" = aws
	Region    string           // where STS is asked; "" = the partition's billing region

	// Static keys. When both are empty the ambient chain is used (environment, shared files, container, instance);
	// when any is set the ambient chain is never asked.
	AccessKeyID     string
	SecretAccessKey bursar.Secret
	SessionToken    bursar.Secret
	Profile         string // a profile of the shared files; only with the ambient chain

	// PrincipalARN is the exact ARN of the IAM user or role that bursar runs as. GetCallerIdentity hides the path of
	// a role and customers' trust policies compare the whole ARN, so a role with a path needs it unless bursar
	// may call iam:GetRole on itself.
	PrincipalARN string

	// Endpoint replaces the endpoint of every service, with path-style S3. It is the operator's alone.
	Endpoint string

	// Assumed is told of each role that was assumed, and of each that AWS refused with an error, before the session is handed out. When it
	// cannot keep a record it answers with an error, and there is no session. nil keeps none.
	Assumed func(ctx context.Context, r AssumeRequest, refused error) error

	// Called is told of each call to AWS when it has ended: the IAM action, and "ok" or the class of the error. A call that is tried
	// again is told once. nil tells nobody.
	Called func(action, outcome string)

	Log        *slog.Logger     // of what the SDK remarks while it looks for the ambient identity; nil = nothing is logged
	HTTPClient *http.Client     // nil = the SDK's own. Redirects are never followed
	Now        func() time.Time // nil = time.Now
}

// Client is bursar's own identity in one partition. It is safe for concurrent use.
type Client struct {
	cfg       Config
	partition Partition
	http      aws.HTTPClient
	own       aws.CredentialsProvider
	now       func() time.Time

	mu       sync.Mutex
	stsByReg map[string]*sts.Client
	cache    map[cacheKey]*cached
}

// New checks the configuration and returns a client. It sends no request: [Client.Identity] does.
func New(ctx context.Context, cfg Config) (*Client, error) {
	if cfg.Partition == "" {
		cfg.Partition = bursar.PartitionAWS
	}
	p, err := PartitionOf(cfg.Partition)
	if err != nil {
		return nil, err
	}
	if cfg.Region == "" {
		cfg.Region = p.BillingRegion
	}
	if err := p.CheckRegion(cfg.Region); err != nil {
		return nil, err
	}
	if err := checkEndpoint(cfg.Endpoint); err != nil {
		return nil, err
	}
	c := &Client{cfg: cfg, partition: p, now: cfg.Now, stsByReg: map[string]*sts.Client{}, cache: map[cacheKey]*cached{}}
	if c.now == nil {
		c.now = time.Now
	}
	c.http = httpClient(cfg.HTTPClient)
	if c.own, err = c.ownCredentials(ctx); err != nil {
		return nil, err
	}
	return c, nil
}

// Partition returns the partition that the client works in.
func (c *Client) Partition() Partition { return c.partition }

// Region returns the region in which the client asks STS.
func (c *Client) Region() string { return c.cfg.Region }

func checkEndpoint(endpoint string) error {
	if endpoint == "" {
		return nil
	}
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return bursar.InvalidField("endpoint", "%q is not an http or https address", endpoint).
			WithHint("leave it empty to speak to AWS, or write for example http://127.0.0.1:4566")
	}
	return nil
}

// httpClient returns the SDK's client, or a copy of the given one that follows no redirect: where a request goes is
// decided here and not by an answer.
func httpClient(h *http.Client) aws.HTTPClient {
	if h == nil {
		return awshttp.NewBuildableClient()
	}
	c := *h
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &c
}

// ownCredentials finds bursar's own credentials: the static keys, or the ambient chain, never one after the other.
func (c *Client) ownCredentials(ctx context.Context) (aws.CredentialsProvider, error) {
	cfg := c.cfg
	if cfg.AccessKeyID != "" || !cfg.SecretAccessKey.IsZero() || !cfg.SessionToken.IsZero() {
		if cfg.AccessKeyID == "" || cfg.SecretAccessKey.IsZero() {
			return nil, bursar.Errorf(bursar.Invalid, "the AWS access key is incomplete").WithReason("own_identity_invalid").
				WithHint("give both the access key id and the secret access key, or neither to use the ambient identity")
		}
		return &ownProvider{credentials.NewStaticCredentialsProvider(cfg.AccessKeyID, cfg.SecretAccessKey.Reveal(), cfg.SessionToken.Reveal())}, nil
	}
	opts := []func(*awsconfig.LoadOptions) error{
		awsconfig.WithRegion(cfg.Region), awsconfig.WithHTTPClient(c.http), awsconfig.WithRetryer(retryer), awsconfig.WithAppID("bursar"),
		awsconfig.WithLogger(remarks(cfg.Log)),
	}
	if cfg.Profile != "" {
		opts = append(opts, awsconfig.WithSharedConfigProfile(cfg.Profile))
	}
	if cfg.Endpoint != "" { // not AWS: no instance metadata to ask
		opts = append(opts, awsconfig.WithEC2IMDSClientEnableState(imds.ClientDisabled))
	}
	loaded, err := awsconfig.LoadDefaultConfig(ctx, opts...)
	if err != nil {
		return nil, bursar.Errorf(bursar.Invalid, "the ambient AWS configuration cannot be read: %w", err).WithReason("own_identity_invalid").
			WithHint("look at AWS_PROFILE and the files ~/.aws/config and ~/.aws/credentials")
	}
	return aws.NewCredentialsCache(&ownProvider{loaded.Credentials}, func(o *aws.CredentialsCacheOptions) { o.ExpiryWindow = expiryWindow }), nil
}

// remarks takes what the SDK would print on standard error by itself.
func remarks(log *slog.Logger) logging.Logger {
	if log == nil {
		return logging.Nop{}
	}
	return logging.LoggerFunc(func(_ logging.Classification, format string, v ...any) {
		log.Debug("the AWS SDK remarks", slog.String("remark", fmt.Sprintf(format, v...)))
	})
}

// ownError marks a failure to find bursar's own credentials, so that it is not taken for the customer's fault.
type ownError struct{ err error }

func (e *ownError) Error() string { return "bursar's own AWS credentials: " + e.err.Error() }
func (e *ownError) Unwrap() error { return e.err }

type ownProvider struct{ aws.CredentialsProvider }

// Retrieve gives the credentials, within a bounded time.
func (p *ownProvider) Retrieve(ctx context.Context) (aws.Credentials, error) {
	if p.CredentialsProvider == nil {
		return aws.Credentials{}, &ownError{errors.New("there are none")}
	}
	bounded, cancel := context.WithTimeout(ctx, ownTimeout)
	defer cancel()
	creds, err := p.CredentialsProvider.Retrieve(bounded)
	switch {
	case err == nil:
		return creds, nil
	case ctx.Err() != nil:
		return creds, ctx.Err() // the caller gave up
	}
	return creds, &ownError{fmt.Errorf("%w (off AWS, set AWS_EC2_METADATA_DISABLED=true and give keys or a profile)", err)}
}

// retryer is pinned here, so that no environment variable changes how often AWS is asked.
func retryer() aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts, o.MaxBackoff = maxAttempts, retry.DefaultMaxBackoff
		o.Backoff = retry.NewExponentialJitterBackoff(retry.DefaultMaxBackoff)
		o.RateLimiter = ratelimit.NewTokenRateLimit(retry.DefaultRetryRateTokens)
		o.RetryCost, o.RetryTimeoutCost, o.NoRetryIncrement = retry.DefaultRetryCost, retry.DefaultRetryTimeoutCost, retry.DefaultNoRetryIncrement
	})
}

// config builds what one service client needs. It holds no configuration sources: nothing in the environment or in shared
// files moves an endpoint or changes a retry.
func (c *Client) config(region string, creds aws.CredentialsProvider) aws.Config {
	cfg := aws.Config{
		Region: region, Credentials: creds, HTTPClient: c.http, Retryer: retryer, AppID: "bursar",
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenRequired,
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenRequired,
		APIOptions:                 append(slices.Clip(recording), telling(c.cfg.Called), traced),
	}
	if c.cfg.Endpoint != "" {
		cfg.BaseEndpoint = aws.String(c.cfg.Endpoint)
	}
	return cfg
}
