package cfn_test

import (
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/smithy-go"
	"github.com/bursarhq/bursar/deploy"
)

func sdkParameters(m map[string]string) []types.Parameter {
	var out []types.Parameter
	for k, v := range m {
		out = append(out, types.Parameter{ParameterKey: aws.String(k), ParameterValue: aws.String(v)})
	}
	return out
}

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func TestStackThroughTheSDK(t *testing.T) {
	b := setup(t)
	c, ctx := b.client(t, lone), t.Context()
	body := aws.String(shipped(t, deploy.Access))
	summary := must[*cloudformation.ValidateTemplateOutput](t)(c.ValidateTemplate(ctx, &cloudformation.ValidateTemplateInput{TemplateBody: body}))
	if len(summary.Parameters) != 11 || summary.Capabilities[0] != types.CapabilityCapabilityNamedIam {
		t.Errorf("%d parameters, %v", len(summary.Parameters), summary.Capabilities)
	}
	_, err := c.CreateStack(ctx, &cloudformation.CreateStackInput{StackName: aws.String("bursar-access"), TemplateBody: body, Parameters: sdkParameters(accessParameters(lone))})
	if e := new(types.InsufficientCapabilitiesException); !errors.As(err, &e) {
		t.Errorf("got %v", err)
	}
	created := must[*cloudformation.CreateStackOutput](t)(c.CreateStack(ctx, &cloudformation.CreateStackInput{
		StackName: aws.String("bursar-access"), TemplateBody: body,
		Parameters: sdkParameters(accessParameters(lone)), Capabilities: summary.Capabilities,
	}))
	_, err = c.CreateStack(ctx, &cloudformation.CreateStackInput{
		StackName: aws.String("bursar-access"), TemplateBody: body,
		Parameters: sdkParameters(accessParameters(lone)), Capabilities: summary.Capabilities,
	})
	if e := new(types.AlreadyExistsException); !errors.As(err, &e) {
		t.Errorf("got %v", err)
	}
	described := must[*cloudformation.DescribeStacksOutput](t)(c.DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: created.StackId}))
	if st := described.Stacks[0]; st.StackStatus != types.StackStatusCreateComplete || len(st.Outputs) != 3 || len(st.Parameters) != 11 || st.CreationTime == nil {
		t.Errorf("%+v", st)
	}
	events := must[*cloudformation.DescribeStackEventsOutput](t)(c.DescribeStackEvents(ctx, &cloudformation.DescribeStackEventsInput{StackName: aws.String("bursar-access")}))
	if n := len(events.StackEvents); n != 4 || events.StackEvents[0].ResourceStatus != "CREATE_COMPLETE" || events.StackEvents[n-1].ResourceStatus != "CREATE_IN_PROGRESS" {
		t.Errorf("%d events", n)
	}
	resources := must[*cloudformation.DescribeStackResourcesOutput](t)(c.DescribeStackResources(ctx, &cloudformation.DescribeStackResourcesInput{StackName: aws.String("bursar-access")}))
	if r := resources.StackResources; len(r) != 1 || *r[0].PhysicalResourceId != "bursar-k3j2h1g4f5" {
		t.Errorf("%+v", r)
	}
	template := must[*cloudformation.GetTemplateOutput](t)(c.GetTemplate(ctx, &cloudformation.GetTemplateInput{StackName: aws.String("bursar-access")}))
	if *template.TemplateBody != *body {
		t.Error("the template came back changed")
	}
	must[*cloudformation.DeleteStackOutput](t)(c.DeleteStack(ctx, &cloudformation.DeleteStackInput{StackName: aws.String("bursar-access")}))
	_, err = c.DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: aws.String("bursar-access")})
	if e := smithy.APIError(nil); !errors.As(err, &e) || e.ErrorCode() != "ValidationError" || e.ErrorMessage() != "Stack with id bursar-access does not exist" {
		t.Errorf("got %v", err)
	}
	list := must[*cloudformation.ListStacksOutput](t)(c.ListStacks(ctx, &cloudformation.ListStacksInput{}))
	if len(list.StackSummaries) != 1 || list.StackSummaries[0].StackStatus != types.StackStatusDeleteComplete {
		t.Errorf("%+v", list.StackSummaries)
	}
}

// TestChangeSet goes the way of `aws cloudformation deploy`.
func TestChangeSet(t *testing.T) {
	b := setup(t)
	c, ctx := b.client(t, lone), t.Context()
	in := &cloudformation.CreateChangeSetInput{
		StackName: aws.String("bursar-access"), ChangeSetName: aws.String("deploy-1"), ChangeSetType: types.ChangeSetTypeCreate,
		TemplateBody: aws.String(shipped(t, deploy.Access)), Parameters: sdkParameters(accessParameters(lone)), Capabilities: []types.Capability{types.CapabilityCapabilityNamedIam},
	}
	created := must[*cloudformation.CreateChangeSetOutput](t)(c.CreateChangeSet(ctx, in))
	cs := must[*cloudformation.DescribeChangeSetOutput](t)(c.DescribeChangeSet(ctx, &cloudformation.DescribeChangeSetInput{ChangeSetName: created.Id}))
	if cs.Status != types.ChangeSetStatusCreateComplete {
		t.Errorf("%+v", cs)
	}
	must[*cloudformation.ExecuteChangeSetOutput](t)(c.ExecuteChangeSet(ctx, &cloudformation.ExecuteChangeSetInput{ChangeSetName: created.Id}))
	st := must[*cloudformation.DescribeStacksOutput](t)(c.DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: in.StackName}))
	if st.Stacks[0].StackStatus != types.StackStatusCreateComplete {
		t.Errorf("%+v", st.Stacks[0])
	}
	in.ChangeSetType, in.ChangeSetName = types.ChangeSetTypeUpdate, aws.String("deploy-2")
	must[*cloudformation.CreateChangeSetOutput](t)(c.CreateChangeSet(ctx, in))
	cs = must[*cloudformation.DescribeChangeSetOutput](t)(c.DescribeChangeSet(ctx, &cloudformation.DescribeChangeSetInput{ChangeSetName: in.ChangeSetName, StackName: in.StackName}))
	if cs.Status != types.ChangeSetStatusFailed {
		t.Errorf("a change set without changes: %+v", cs)
	}
}

func TestStackSetThroughTheSDK(t *testing.T) {
	b := setup(t)
	c, ctx := b.client(t, payer), t.Context()
	p := accessParameters(payer)
	delete(p, "ExpectedAccountId")
	access := must[*cloudformation.DescribeOrganizationsAccessOutput](t)(c.DescribeOrganizationsAccess(ctx, &cloudformation.DescribeOrganizationsAccessInput{}))
	if access.Status != types.OrganizationStatusEnabled {
		t.Errorf("%+v", access)
	}
	name := aws.String("bursar-members")
	must[*cloudformation.CreateStackSetOutput](t)(c.CreateStackSet(ctx, &cloudformation.CreateStackSetInput{
		StackSetName: name, TemplateBody: aws.String(shipped(t, deploy.Member)),
		Parameters: sdkParameters(p), Capabilities: []types.Capability{types.CapabilityCapabilityNamedIam}, PermissionModel: types.PermissionModelsServiceManaged,
		AutoDeployment: &types.AutoDeployment{Enabled: aws.Bool(true), RetainStacksOnAccountRemoval: aws.Bool(false)},
	}))
	op := must[*cloudformation.CreateStackInstancesOutput](t)(c.CreateStackInstances(ctx, &cloudformation.CreateStackInstancesInput{
		StackSetName: name, Regions: []string{"us-east-1"},
		DeploymentTargets:    &types.DeploymentTargets{OrganizationalUnitIds: []string{"ou-exmp-workload", "ou-exmp-suspends"}},
		OperationPreferences: &types.StackSetOperationPreferences{FailureTolerancePercentage: aws.Int32(100)},
	}))
	done := must[*cloudformation.DescribeStackSetOperationOutput](t)(c.DescribeStackSetOperation(ctx, &cloudformation.DescribeStackSetOperationInput{StackSetName: name, OperationId: op.OperationId}))
	if done.StackSetOperation.Status != types.StackSetOperationStatusSucceeded || *done.StackSetOperation.StatusDetails.FailedStackInstancesCount != 0 {
		t.Errorf("%+v", done.StackSetOperation)
	}
	results := must[*cloudformation.ListStackSetOperationResultsOutput](t)(c.ListStackSetOperationResults(ctx, &cloudformation.ListStackSetOperationResultsInput{StackSetName: name, OperationId: op.OperationId}))
	var instances []types.StackInstanceSummary
	pages := cloudformation.NewListStackInstancesPaginator(c, &cloudformation.ListStackInstancesInput{StackSetName: name, MaxResults: aws.Int32(2)})
	n := 0
	for ; pages.HasMorePages(); n++ {
		page, err := pages.NextPage(ctx)
		if err != nil {
			t.Fatal(err)
		}
		instances = append(instances, page.Summaries...)
	}
	if len(results.Summaries) != 4 || len(instances) != 4 || n != 2 {
		t.Errorf("%d results, %d instances on %d pages", len(results.Summaries), len(instances), n)
	}
	for _, i := range instances {
		if want := types.StackInstanceDetailedStatusSucceeded; *i.Account != suspended && i.StackInstanceStatus.DetailedStatus != want {
			t.Errorf("%s: %s (%s)", *i.Account, i.StackInstanceStatus.DetailedStatus, aws.ToString(i.StatusReason))
		}
	}
	set := must[*cloudformation.DescribeStackSetOutput](t)(c.DescribeStackSet(ctx, &cloudformation.DescribeStackSetInput{StackSetName: name}))
	if len(set.StackSet.OrganizationalUnitIds) != 2 || !*set.StackSet.AutoDeployment.Enabled || len(set.StackSet.Parameters) != 4 {
		t.Errorf("%+v", set.StackSet)
	}
	sets := must[*cloudformation.ListStackSetsOutput](t)(c.ListStackSets(ctx, &cloudformation.ListStackSetsInput{}))
	if len(sets.Summaries) != 1 {
		t.Errorf("%+v", sets.Summaries)
	}
	if _, err := c.CreateStackSet(ctx, &cloudformation.CreateStackSetInput{StackSetName: name, TemplateBody: aws.String("x"), PermissionModel: types.PermissionModelsServiceManaged}); err == nil {
		t.Error("the name was free twice")
	} else if e := new(types.NameAlreadyExistsException); !errors.As(err, &e) {
		t.Errorf("got %v", err)
	}
}
