package cfn

import (
	"context"
	"encoding/json"
	"strconv"

	"github.com/bursarhq/bursar/internal/sandbox/cloud"
)

// setHandler makes AWS::CloudFormation::StackSet, which lets one stack reach a whole organization:
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudformation-stackset.html.
type setHandler struct{ s *Service }

type setProperties struct {
	StackSetName     string
	Description      string
	PermissionModel  string
	CallAs           string
	TemplateBody     string
	TemplateURL      string
	Capabilities     []string
	ManagedExecution struct{ Active flexBool }
	AutoDeployment   struct {
		Enabled                      flexBool
		RetainStacksOnAccountRemoval flexBool
	}
	OperationPreferences struct {
		FailureToleranceCount, FailureTolerancePercentage flexInt
		MaxConcurrentCount, MaxConcurrentPercentage       flexInt
		RegionOrder                                       []string
		RegionConcurrencyType, ConcurrencyMode            string
	}
	Parameters []struct {
		ParameterKey   string
		ParameterValue flexString
	}
	StackInstancesGroup []struct {
		DeploymentTargets struct {
			OrganizationalUnitIds []string
			Accounts              []string
			AccountFilterType     string
		}
		Regions            []string
		ParameterOverrides []any
	}
	Tags []any
}

// Templates may write booleans and numbers as strings, and the other way round.
type (
	flexBool   bool
	flexInt    int
	flexString string
)

func (b *flexBool) UnmarshalJSON(t []byte) error {
	v, err := strconv.ParseBool(unquote(t))
	*b = flexBool(v)
	return err
}

func (i *flexInt) UnmarshalJSON(t []byte) error {
	v, err := strconv.Atoi(unquote(t))
	*i = flexInt(v)
	return err
}

func (s *flexString) UnmarshalJSON(t []byte) error {
	*s = flexString(unquote(t))
	return nil
}

func unquote(t []byte) string {
	var s string
	if json.Unmarshal(t, &s) == nil {
		return s
	}
	return string(t)
}

func readProperties(properties map[string]any) (p setProperties, e *cloud.Error) {
	text, err := json.Marshal(properties)
	if err == nil {
		err = json.Unmarshal(text, &p)
	}
	if err != nil {
		return p, cloud.Validation("Properties validation failed: %v", err)
	}
	if len(p.StackInstancesGroup) > 0 && len(p.StackInstancesGroup[0].ParameterOverrides) > 0 {
		return p, cloud.Validation("the sandbox does not know ParameterOverrides")
	}
	return p, nil
}

func (p setProperties) input() StackSetInput {
	in := StackSetInput{
		Name: p.StackSetName, Description: p.Description, TemplateBody: p.TemplateBody, TemplateURL: p.TemplateURL, Parameters: map[string]string{},
		Capabilities: p.Capabilities, PermissionModel: p.PermissionModel, AutoDeployment: bool(p.AutoDeployment.Enabled),
		RetainOnRemoval: bool(p.AutoDeployment.RetainStacksOnAccountRemoval), ManagedExecution: bool(p.ManagedExecution.Active), CallAs: p.CallAs,
	}
	for _, x := range p.Parameters {
		in.Parameters[x.ParameterKey] = string(x.ParameterValue)
	}
	return in
}

func (p setProperties) targets() []Targets {
	var out []Targets
	for _, g := range p.StackInstancesGroup {
		out = append(out, Targets{
			OrganizationalUnitIDs: g.DeploymentTargets.OrganizationalUnitIds, Accounts: g.DeploymentTargets.Accounts,
			FilterType: g.DeploymentTargets.AccountFilterType, Regions: g.Regions,
			FailureTolerance: int(p.OperationPreferences.FailureToleranceCount), TolerancePercent: int(p.OperationPreferences.FailureTolerancePercentage),
		})
	}
	return out
}

// Create makes the set and its instances. The stack that holds it has locked the service.
func (h setHandler) Create(rc cloud.ResourceContext, properties map[string]any) (cloud.Resource, *cloud.Error) {
	p, e := readProperties(properties)
	if e != nil {
		return cloud.Resource{}, e
	}
	if e := h.s.allowSet(rc.Caller, rc.Region, "cloudformation:CreateStackSet", p.StackSetName); e != nil {
		return cloud.Resource{}, e
	}
	set, e := h.s.createSet(context.Background(), rc.Caller, rc.Region, p.input())
	if e != nil {
		return cloud.Resource{}, e
	}
	if e := h.instances(rc, set, p); e != nil {
		_ = h.s.deleteSet(rc.Caller, rc.Region, set.ID, p.CallAs, false) // the failure that matters is the first
		return cloud.Resource{}, e
	}
	return cloud.Resource{PhysicalID: set.ID, Attributes: map[string]string{"StackSetId": set.ID}}, nil
}

func (h setHandler) instances(rc cloud.ResourceContext, set StackSet, p setProperties) *cloud.Error {
	for _, to := range p.targets() {
		op, e := h.s.createInstances(context.Background(), rc.Caller, rc.Region, set.ID, p.CallAs, to)
		if e != nil {
			return e
		}
		if op.Status == "FAILED" {
			for _, r := range op.Results {
				if r.DetailedStatus == "FAILED" {
					return cloud.Validation("Resource handler returned message: \"Stack set operation [%s] was unexpectedly stopped or failed: %s\"", op.ID, r.Reason)
				}
			}
		}
	}
	return nil
}

// Update makes the set anew: its name and permission model ask for a replacement, and every other change is deployed
// to all instances.
func (h setHandler) Update(rc cloud.ResourceContext, id string, properties map[string]any) (cloud.Resource, *cloud.Error) {
	p, e := readProperties(properties)
	if e != nil {
		return cloud.Resource{}, e
	}
	org, e := h.s.administer(rc.Caller.AccountID, p.CallAs)
	if e != nil {
		return cloud.Resource{}, e
	}
	old, e := h.s.StackSet(org.ManagementID, rc.Region, id)
	if e != nil {
		return cloud.Resource{}, e
	}
	if old.Name != p.StackSetName {
		return cloud.Resource{}, cloud.Errorf(0, cloud.ReplacementNeeded, "StackSetName changes by replacement")
	}
	if e := h.s.allowSet(rc.Caller, rc.Region, "cloudformation:UpdateStackSet", p.StackSetName); e != nil {
		return cloud.Resource{}, e
	}
	if e := h.s.deleteSet(rc.Caller, rc.Region, id, p.CallAs, false); e != nil {
		return cloud.Resource{}, e
	}
	set, e := h.s.createSet(context.Background(), rc.Caller, rc.Region, p.input())
	if e != nil {
		return cloud.Resource{}, e
	}
	set.ID = old.ID
	h.s.rename(set)
	return cloud.Resource{PhysicalID: set.ID, Attributes: map[string]string{"StackSetId": set.ID}}, h.instances(rc, set, p)
}

// Delete removes the set and its instances.
func (h setHandler) Delete(rc cloud.ResourceContext, id string) *cloud.Error {
	org, ok := h.s.cloud.OrganizationOf(rc.Caller.AccountID)
	if !ok {
		return nil
	}
	set, e := h.s.StackSet(org.ManagementID, rc.Region, id)
	if e != nil {
		return nil
	}
	if e := h.s.allowSet(rc.Caller, rc.Region, "cloudformation:DeleteStackSet", set.Name); e != nil {
		return e
	}
	return h.s.deleteSet(rc.Caller, rc.Region, id, set.Input.CallAs, false)
}

// rename gives the newest set of a name the id that its predecessor had.
func (s *Service) rename(set StackSet) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := place(set.AccountID, set.Region)
	var list []*StackSet
	for _, x := range s.sets[key] {
		if x.Name == set.Name {
			continue
		}
		list = append(list, x)
	}
	s.sets[key] = append(list, &set)
}

func (s *Service) allowSet(caller cloud.Principal, region, action, name string) *cloud.Error {
	arn := "arn:" + s.cloud.Partition() + ":cloudformation:" + region + ":" + caller.AccountID + ":stackset/" + name + ":*"
	return s.cloud.Authorize(caller, cloud.Access{Action: action, Resource: arn, Region: region})
}
