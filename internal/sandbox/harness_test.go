package sandbox_test

import (
	"errors"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/bursarhq/bursar/internal/sandbox"
	"github.com/bursarhq/bursar/internal/sandbox/cloud"
	"github.com/bursarhq/bursar/internal/sandbox/world"
)

// payer, member and loner are accounts of the demo world.
const (
	payer    = "111122223333"
	member   = "222233334444"
	loner    = "777788889999"
	careless = "888899990000"
	own      = "999900001111"
)

var epoch = time.Date(2026, 7, 3, 9, 0, 0, 0, time.UTC)

// start serves a sandbox with a clock that stands still.
func start(t testing.TB, change ...func(*sandbox.Config)) *sandbox.Sandbox {
	t.Helper()
	cfg := sandbox.Config{Start: epoch, Frozen: true}
	for _, f := range change {
		f(&cfg)
	}
	s, err := sandbox.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(t.Context(), "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func mustWorld(t testing.TB, text string) *world.World {
	t.Helper()
	w, err := world.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// connectOnce keeps no connections: a sandbox may get the port of one that was closed, and a connection to that one is of no use.
var connectOnce = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

// onceButForLostAnswers asks again only where the client itself lost an answer while reading it, as it does now and then on a
// busy machine: nothing that the sandbox says is asked twice.
func onceButForLostAnswers(o *retry.StandardOptions) {
	o.MaxAttempts = 3
	o.RateLimiter = ratelimit.None
	o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
	o.Retryables = []retry.IsErrorRetryable{retry.IsErrorRetryableFunc(func(err error) aws.Ternary { return aws.BoolTernary(errors.Is(err, net.ErrClosed)) })}
}

// config is an SDK configuration with static credentials and no retries.
func config(s *sandbox.Sandbox, id, secret, token string) aws.Config {
	return aws.Config{
		Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider(id, secret, token), BaseEndpoint: aws.String(s.URL()),
		HTTPClient: connectOnce, Retryer: func() aws.Retryer { return retry.NewStandard(onceButForLostAnswers) },
	}
}

func asBursar(s *sandbox.Sandbox) aws.Config {
	k := s.Cloud().BursarKey()
	return config(s, k.ID, k.Secret.Reveal(), "")
}

func asAdmin(t testing.TB, s *sandbox.Sandbox, account string) aws.Config {
	t.Helper()
	k, e := s.Cloud().AdminKey(account)
	if e != nil {
		t.Fatal(e)
	}
	return config(s, k.ID, k.Secret.Reveal(), "")
}

// code returns AWS's error code, "" for success.
func code(err error) string {
	var api smithy.APIError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &api):
		return api.ErrorCode()
	}
	return err.Error()
}

// message returns AWS's error message.
func message(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorMessage()
	}
	return ""
}

// makeRole makes /bursar/<name> in an account, by IAM's API.
func makeRole(t testing.TB, s *sandbox.Sandbox, account, name, trust, permissions string) string {
	t.Helper()
	c := iam.NewFromConfig(asAdmin(t, s, account))
	out, err := c.CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: &name, Path: aws.String("/bursar/"), AssumeRolePolicyDocument: &trust})
	if err != nil {
		t.Fatal(err)
	}
	if permissions != "" {
		_, err = c.PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{RoleName: &name, PolicyName: aws.String("p"), PolicyDocument: &permissions})
		if err != nil {
			t.Fatal(err)
		}
	}
	return *out.Role.Arn
}

// assume assumes a role as a configuration's identity; "-" sends no external id.
func assume(t testing.TB, cfg aws.Config, role, externalID string, change ...func(*sts.AssumeRoleInput)) (*sts.AssumeRoleOutput, error) {
	t.Helper()
	in := &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("bursar-acc_1")}
	if externalID != "-" {
		in.ExternalId = &externalID
	}
	for _, f := range change {
		f(in)
	}
	return sts.NewFromConfig(cfg).AssumeRole(t.Context(), in)
}

func session(t testing.TB, s *sandbox.Sandbox, role, externalID string, change ...func(*sts.AssumeRoleInput)) aws.Config {
	t.Helper()
	out, err := assume(t, asBursar(s), role, externalID, change...)
	if err != nil {
		t.Fatal(err)
	}
	return config(s, *out.Credentials.AccessKeyId, *out.Credentials.SecretAccessKey, *out.Credentials.SessionToken)
}

// goodTrust is the trust policy that bursar's templates make.
func goodTrust(externalID string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::` + own + `:root"},"Action":"sts:AssumeRole",
"Condition":{"StringEquals":{"sts:ExternalId":"` + externalID + `"},"ArnEquals":{"aws:PrincipalArn":"arn:aws:iam::` + own + `:user/bursar"}}}]}`
}

func orgs(cfg aws.Config) *organizations.Client { return organizations.NewFromConfig(cfg) }

func propagation(d time.Duration) func(*sandbox.Config) {
	return func(c *sandbox.Config) { c.Propagation = cloud.Propagation{Delay: d, Simulated: true} }
}
