package awsapi

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
)

// Identity is whom AWS takes a caller for.
type Identity struct {
	AccountID string
	ARN       string // as GetCallerIdentity says it: "arn:aws:sts::…:assumed-role/name/session" for a role
	UserID    string

	// PrincipalARN is the user's or role's own ARN, which a trust policy's aws:PrincipalArn is compared with.
	PrincipalARN string
	// PrincipalExact says whether PrincipalARN is certain. It is not for a role that could not be looked up, because
	// GetCallerIdentity leaves out its path.
	PrincipalExact bool
}

// IsRoot says whether the caller is the root user of its account, with which bursar refuses to work.
func (i Identity) IsRoot() bool { return strings.HasSuffix(i.ARN, ":root") }

// Identity asks AWS who bursar is. GetCallerIdentity needs no permission: if it fails, bursar's own credentials
// are at fault or AWS is out of reach.
func (c *Client) Identity(ctx context.Context) (Identity, error) {
	id, err := c.callerIdentity(ctx, c.cfg.Region, c.own)
	if err != nil {
		return id, err
	}
	if c.cfg.PrincipalARN != "" {
		id.PrincipalARN, id.PrincipalExact = c.cfg.PrincipalARN, true
		return id, nil
	}
	if !id.PrincipalExact {
		c.lookUpRole(ctx, &id)
	}
	return id, nil
}

func (c *Client) callerIdentity(ctx context.Context, region string, creds aws.CredentialsProvider) (Identity, error) {
	out, err := viaSTS(ctx, c, region, creds, func(s *sts.Client) (*sts.GetCallerIdentityOutput, error) {
		return s.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	})
	if err != nil {
		return Identity{}, fmt.Errorf("ask who the caller is: %w", err)
	}
	id := Identity{AccountID: aws.ToString(out.Account), ARN: aws.ToString(out.Arn), UserID: aws.ToString(out.UserId)}
	id.PrincipalARN, id.PrincipalExact = principalOf(id.ARN)
	return id, nil
}

// principalOf derives the ARN of a principal from that of its session. It is exact for all but roles.
func principalOf(caller string) (string, bool) {
	a, err := arn.Parse(caller)
	rest, isRole := strings.CutPrefix(a.Resource, "assumed-role/")
	if err != nil || !isRole {
		return caller, true
	}
	name, _, _ := strings.Cut(rest, "/")
	a.Service, a.Resource = "iam", "role/"+name
	return a.String(), false
}

// lookUpRole finds the path of bursar's own role, if it may. It is no question to a customer's account, so it is not recorded.
func (c *Client) lookUpRole(ctx context.Context, id *Identity) {
	ctx = context.WithValue(ctx, recorderKey{}, nil)
	_, name, _ := strings.Cut(id.PrincipalARN, ":role/")
	client := iam.NewFromConfig(c.config(c.partition.BillingRegion, c.own))
	if out, err := client.GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String(name)}); err == nil && out.Role != nil {
		id.PrincipalARN, id.PrincipalExact = aws.ToString(out.Role.Arn), true
	}
}

// viaSTS asks regional STS, whose tokens hold in all regions, and the partition's main region where that one is switched off.
func viaSTS[T any](ctx context.Context, c *Client, region string, creds aws.CredentialsProvider, call func(*sts.Client) (T, error)) (T, error) {
	out, err := call(c.sts(region, creds))
	var api smithy.APIError
	if region != c.partition.BillingRegion && errors.As(err, &api) && api.ErrorCode() == "RegionDisabledException" {
		return call(c.sts(c.partition.BillingRegion, creds))
	}
	return out, err
}

// sts returns bursar's own client of a region, or a new one for other credentials.
func (c *Client) sts(region string, creds aws.CredentialsProvider) *sts.Client {
	if creds != c.own {
		return sts.NewFromConfig(c.config(region, creds))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stsByReg[region] == nil {
		c.stsByReg[region] = sts.NewFromConfig(c.config(region, creds))
	}
	return c.stsByReg[region]
}
