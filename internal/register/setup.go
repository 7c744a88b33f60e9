package register

import (
	"fmt"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/deploy"
)

// Setup lists the steps of an account in their order, with where each stands by the account's status. An account
// whose kind is not known yet has the first one alone.
func (c Config) Setup(a bursar.Account, s bursar.Status, ch Choice) ([]Step, error) {
	var steps []Step
	add := func(step Step, err error) error {
		steps = append(steps, step)
		return err
	}
	if err := add(c.access(a, s, ch)); err != nil {
		return nil, err
	}
	ready := usable(s.Capabilities[bursar.CapAccess])
	if a.Kind.HasBill() {
		exports, err := c.export(a, s, ch, ready)
		if err != nil {
			return nil, err
		}
		steps = append(steps, exports...)
	}
	if a.Kind == bursar.KindPayer && a.Partition != bursar.PartitionChina {
		if err := add(c.members(a, s, ch, ready)); err != nil {
			return nil, err
		}
	}
	return steps, nil
}

// usable says whether a capability is set up so far that the next step can be done.
func usable(s bursar.CapabilityState) bool {
	return s == bursar.StateOK || s == bursar.StateDegraded || s == bursar.StateLate
}

func stateOf(s bursar.CapabilityState, ready bool) State {
	switch {
	case usable(s) || s == bursar.StateWaiting && ready:
		return Done
	case ready:
		return Next
	}
	return Later
}

func (c Config) access(a bursar.Account, s bursar.Status, ch Choice) (Step, error) {
	state := s.Capabilities[bursar.CapAccess]
	step := Step{
		ID: StepAccess, Title: "Let bursar read this account", State: Next,
		Why: "creates one role with read-only rights, which only bursar can use and only with this account's external id",
	}
	if usable(state) {
		step.State = Done
	}
	if a.Method == bursar.MethodRole || a.Method == bursar.MethodAccessKey {
		step.Why = "access was brought along: there is no stack to create"
		return step, nil
	}
	return step, c.stack(&step, a, BillingRegion(a.Partition), deploy.Access, c.AccessParameters(a, ch))
}

func (c Config) export(a bursar.Account, s bursar.Status, ch Choice, ready bool) ([]Step, error) {
	e, home := ch.Export.complete(a), BillingRegion(a.Partition)
	state := stateOf(s.Capabilities[bursar.CapBillingExport], ready)
	var out []Step
	if e.BucketRegion != home && !e.UseExisting {
		bucket := Step{
			ID: StepBucket, Title: "Create the bucket in " + e.BucketRegion, State: state,
			Why: "a stack makes buckets in its own region only, and the export must be made in " + home,
		}
		if err := c.stack(&bucket, a, e.BucketRegion, deploy.Bucket, c.bucketParameters(a, e)); err != nil {
			return nil, err
		}
		out = append(out, bucket)
	}
	step := Step{
		ID: StepExport, Title: "Have AWS deliver the bill", State: state,
		Why: fmt.Sprintf("creates a CUR 2.0 export into the bucket %s and a role that reads this export alone", e.Bucket),
	}
	if state == Later {
		step.Why += "; waits for access"
	}
	if err := c.stack(&step, a, home, deploy.Export, c.ExportParameters(a, ch)); err != nil {
		return nil, err
	}
	return append(out, step), nil
}

func (c Config) members(a bursar.Account, s bursar.Status, ch Choice, ready bool) (Step, error) {
	step := Step{
		ID: StepMembers, Title: "Let bursar read the linked accounts", State: Skipped,
		Why: "optional, now or later: creates a role in each linked account through a StackSet",
	}
	if state := s.Capabilities[bursar.CapMemberAccess]; state != "" && state != bursar.StateNotSetUp {
		step.State = stateOf(state, ready)
	}
	t, err := c.Template(deploy.Member)
	if err != nil {
		return step, err
	}
	step.Template, step.Parameters = &t, c.MemberParameters(a, ch)
	step.Region, step.StackName = BillingRegion(a.Partition), RoleName(a)+"-members"
	step.Links = []Link{{"Create StackSet", c.StackSetLink(a.Partition, step.Region)}}
	access, err := c.Template(deploy.Access)
	if err != nil {
		return step, err
	}
	if access.URL != "" && a.Method == bursar.MethodConsole {
		step.Links = append(step.Links, Link{
			"Update the access stack: fill in TargetOrganizationId",
			c.UpdateStackLink(a.Partition, step.Region, access.URL, StackName(a, StepAccess)),
		})
	}
	return step, nil
}

// Existing is the step that grants reading an export which the account has already, instead of making one.
func (c Config) Existing(a bursar.Account, bucket, owner, region, path string) (Step, error) {
	step := Step{
		ID: StepExport, Title: "Let bursar read the export", State: Next,
		Why: fmt.Sprintf("creates a role that reads %s in the bucket %s alone; the export stays as it is", path, bucket),
	}
	return step, c.stack(&step, a, region, deploy.Existing, c.ExistingParameters(a, bucket, owner, path))
}

// stack fills in what a step that deploys a template has. Without a place that AWS can read the template from there
// is no link: the template is downloaded, and uploaded or deployed with the command.
func (c Config) stack(step *Step, a bursar.Account, region, template string, parameters []Parameter) error {
	t, err := c.Template(template)
	if err != nil {
		return err
	}
	step.Template, step.Parameters, step.Region = &t, parameters, region
	step.StackName = StackName(a, step.ID)
	step.Command = deployCommand(region, step.StackName, template, parameters)
	if t.URL == "" {
		return nil
	}
	create := Link{"Create stack", c.CreateStackLink(a.Partition, region, t.URL, step.StackName, parameters)}
	update := Link{"Update stack", c.UpdateStackLink(a.Partition, region, t.URL, step.StackName)}
	step.Links = []Link{create, update}
	if step.State == Done {
		step.Links = []Link{update, create}
	}
	return nil
}
