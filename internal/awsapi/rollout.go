package awsapi

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

// StackInstance is what a StackSet has made, or failed to make, in one account.
type StackInstance struct {
	AccountID string
	Region    string
	Status    string // CURRENT, OUTDATED or INOPERABLE
	Detail    string // PENDING, RUNNING, SUCCEEDED, FAILED, CANCELLED, INOPERABLE, SKIPPED_SUSPENDED_ACCOUNT
	Reason    string // AWS's words on what went wrong
}

// StackInstances lists what a StackSet of the account has made, account by account (cloudformation:ListStackInstances). A set that is
// not there gives an error of class [Missing].
func (s *Session) StackInstances(ctx context.Context, region, set string) ([]StackInstance, error) {
	var out []StackInstance
	pages := cloudformation.NewListStackInstancesPaginator(s.cloudFormation(region), &cloudformation.ListStackInstancesInput{
		StackSetName: aws.String(set), MaxResults: aws.Int32(100),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("list what the StackSet %s has made: %w", set, err)
		}
		for _, i := range page.Summaries {
			out = append(out, stackInstance(i))
		}
	}
	return out, nil
}

func stackInstance(i types.StackInstanceSummary) StackInstance {
	x := StackInstance{AccountID: aws.ToString(i.Account), Region: aws.ToString(i.Region), Status: string(i.Status), Reason: aws.ToString(i.StatusReason)}
	if i.StackInstanceStatus != nil {
		x.Detail = string(i.StackInstanceStatus.DetailedStatus)
	}
	return x
}

// RolloutPossible says whether the account may make service-managed StackSets, that is, whether trusted access of CloudFormation to
// Organizations is on (cloudformation:DescribeOrganizationsAccess).
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stacksets-orgs-activate-trusted-access.html
func (s *Session) RolloutPossible(ctx context.Context, region string) (bool, error) {
	out, err := s.cloudFormation(region).DescribeOrganizationsAccess(ctx, &cloudformation.DescribeOrganizationsAccessInput{})
	if err != nil {
		return false, fmt.Errorf("ask whether StackSets may reach the organization: %w", err)
	}
	return out.Status == types.OrganizationStatusEnabled, nil
}

func (s *Session) cloudFormation(region string) *cloudformation.Client {
	return cloudformation.NewFromConfig(s.client.config(region, s.creds))
}
