package awsapi

import (
	"context"
	"fmt"
	"net/url"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

// Role is an IAM role.
type Role struct {
	ARN         string
	Name        string
	Path        string
	TrustPolicy string // JSON
	MaxSession  int    // seconds
	BoundaryARN string
	Tags        map[string]string
}

// Simulation is what IAM says of one action: https://docs.aws.amazon.com/IAM/latest/APIReference/API_EvaluationResult.html.
type Simulation struct {
	Action   string
	Resource string
	Decision string // allowed, explicitDeny, implicitDeny
	// DeniedByOrganization and DeniedByBoundary say that the action would be allowed but for these. They are false where
	// IAM does not tell; SCPs with conditions are not simulated.
	DeniedByOrganization bool
	DeniedByBoundary     bool
}

// Allowed says whether the action is.
func (s Simulation) Allowed() bool {
	return s.Decision == string(types.PolicyEvaluationDecisionTypeAllowed)
}

// Role reads a role of the account (iam:GetRole).
func (s *Session) Role(ctx context.Context, name string) (Role, error) {
	out, err := s.iam().GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String(name)})
	if err != nil {
		return Role{}, fmt.Errorf("read the role %s: %w", name, err)
	}
	if out.Role == nil {
		return Role{}, fmt.Errorf("read the role %s: AWS answered without one", name)
	}
	r := Role{
		ARN: aws.ToString(out.Role.Arn), Name: aws.ToString(out.Role.RoleName), Path: aws.ToString(out.Role.Path),
		TrustPolicy: decoded(aws.ToString(out.Role.AssumeRolePolicyDocument)),
		MaxSession:  int(aws.ToInt32(out.Role.MaxSessionDuration)), Tags: map[string]string{},
	}
	if b := out.Role.PermissionsBoundary; b != nil {
		r.BoundaryARN = aws.ToString(b.PermissionsBoundaryArn)
	}
	for _, t := range out.Role.Tags {
		r.Tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	return r, nil
}

// decoded undoes the percent-encoding in which IAM gives policies.
func decoded(policy string) string {
	if plain, err := url.PathUnescape(policy); err == nil {
		return plain
	}
	return policy
}

// InlinePolicies reads the inline policies of a role, JSON by name (iam:ListRolePolicies, iam:GetRolePolicy).
func (s *Session) InlinePolicies(ctx context.Context, role string) (map[string]string, error) {
	out := map[string]string{}
	pages := iam.NewListRolePoliciesPaginator(s.iam(), &iam.ListRolePoliciesInput{RoleName: aws.String(role)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("list the policies of the role %s: %w", role, err)
		}
		for _, name := range page.PolicyNames {
			got, err := s.iam().GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: aws.String(role), PolicyName: aws.String(name)})
			if err != nil {
				return nil, fmt.Errorf("read the policy %s of the role %s: %w", name, role, err)
			}
			out[name] = decoded(aws.ToString(got.PolicyDocument))
		}
	}
	return out, nil
}

// Simulate asks IAM what a role may do (iam:SimulatePrincipalPolicy): free, and without doing it. Resource policies are not
// taken into account. No resources means "*".
func (s *Session) Simulate(ctx context.Context, roleARN string, actions, resources []string) ([]Simulation, error) {
	var out []Simulation
	pages := iam.NewSimulatePrincipalPolicyPaginator(s.iam(), &iam.SimulatePrincipalPolicyInput{
		PolicySourceArn: aws.String(roleARN), ActionNames: actions, ResourceArns: resources, MaxItems: aws.Int32(100),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("simulate the policies of %s: %w", roleARN, err)
		}
		for _, r := range page.EvaluationResults {
			out = append(out, simulation(r))
		}
	}
	return out, nil
}

func simulation(r types.EvaluationResult) Simulation {
	x := Simulation{Action: aws.ToString(r.EvalActionName), Resource: aws.ToString(r.EvalResourceName), Decision: string(r.EvalDecision)}
	if d := r.OrganizationsDecisionDetail; d != nil && !x.Allowed() {
		x.DeniedByOrganization = !d.AllowedByOrganizations
	}
	if d := r.PermissionsBoundaryDecisionDetail; d != nil && !x.Allowed() {
		x.DeniedByBoundary = !d.AllowedByPermissionsBoundary
	}
	return x
}
