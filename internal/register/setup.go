package register

import (
	"fmt"
	"slices"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/deploy"
)

// Setup lists the steps of an account in their order, with where each stands by the account's status. An account
// whose kind is not known yet has the first one alone. seen are the exports that the account has already, by the last look.
func (c Config) Setup(a bursar.Account, s bursar.Status, seen []bursar.Definition) ([]Step, error) {
	b := builder{Config: c, account: a, status: s, seen: seen, ready: usable(s.Capabilities[bursar.CapAccess]), mute: c.speaksFor(a.Partition)}
	b.access()
	if a.Kind.HasBill() {
		b.bill()
	}
	if a.Kind == bursar.KindPayer && partition(a).HasStackSets {
		b.members()
	}
	return b.steps, b.err
}

// builder puts the steps of one account together.
type builder struct {
	Config
	account bursar.Account
	status  bursar.Status
	seen    []bursar.Definition
	ready   bool   // access works: what comes after it can be done
	mute    string // why nothing can be set up; "" = it can

	steps []Step
	err   error
}

// add keeps a step. One that cannot be done holds nothing to open or to copy.
func (b *builder) add(s Step) {
	if b.mute != "" {
		s = Step{ID: s.ID, Title: s.Title, State: Later, Why: b.mute}
	}
	b.steps = append(b.steps, s)
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

func (b *builder) access() {
	a := b.account
	step := Step{
		ID: StepAccess, Title: "Let bursar read this account", State: Next,
		Why: "creates one role with read-only rights, which only bursar can use and only with this account's external id",
	}
	if b.ready {
		step.State = Done
	}
	switch a.Method {
	case bursar.MethodAccessKey:
		step.Why = "access was brought along: there is no stack to create"
	case bursar.MethodRole:
		step.Title = "Let your role trust bursar"
		step.Why = "the role is yours: give it this trust policy, which lets in bursar alone and only with this account's external id, and the permissions that it lacks"
		b.brought(&step)
	default:
		b.stack(&step, bursar.ExportRegion(a.Partition), deploy.Access, b.AccessParameters(a))
	}
	b.add(step)
}

// brought fills in what is done with a role that is brought: it gets our trust policy, or is made with it.
func (b *builder) brought(step *Step) {
	a := b.account
	permissions, err := Permissions(a)
	if err != nil {
		b.err = err
		return
	}
	step.Command = updateTrustCommand(RoleName(a), b.TrustPolicy(a))
	step.Texts = []Text{
		{"Trust policy of " + a.RoleARN, b.TrustPolicy(a)},
		{"Permissions that bursar reads with", permissions},
		{"If there is no such role yet: create it with the AWS CLI", createRoleCommand(a, b.TrustPolicy(a), permissions)},
	}
	if role, err := bursar.ParseRoleARN(a.RoleARN); err == nil && role.Path == "/" && a.Partition == bursar.PartitionAWS && step.State != Done {
		step.Links = []Link{{"Create role", b.roleLink(a.ExternalID, role.Name, "")}} // AWS's page makes roles of this path alone
	}
}

// bill adds what brings the bill in: a new export, with its bucket first where that lies elsewhere, or the role that reads an existing one.
func (b *builder) bill() {
	step := Step{ID: StepExport, Title: "Have AWS deliver the bill", State: stateOf(b.status.Capabilities[bursar.CapBillingExport], b.ready)}
	switch {
	case !partition(b.account).HasBilling:
		step.State, step.Why = Skipped, fmt.Sprintf("partition %s has no billing exports: the costs are in the bill of the paired commercial account", b.account.Partition)
		b.add(step)
	case b.account.Choice.Export.Chosen():
		b.existing(step)
	default:
		b.newExport(step)
	}
}

func (b *builder) newExport(step Step) {
	a := b.account
	e, home := a.Choice.Export.Complete(a), bursar.ExportRegion(a.Partition)
	if e.BucketRegion != home && !e.UseExisting {
		bucket := Step{
			ID: StepBucket, Title: "Create the bucket in " + e.BucketRegion, State: step.State,
			Why: "a stack makes buckets in its own region only, and the export must be made in " + home,
		}
		b.stack(&bucket, e.BucketRegion, deploy.Bucket, b.bucketParameters(a, e))
		b.add(bucket)
	}
	template := deploy.Export
	if e.Format == bursar.FormatLegacy {
		template = deploy.Legacy
	}
	step.Why = fmt.Sprintf("creates a %s export into the bucket %s and a role that reads this export alone", formatName[e.Format], e.Bucket)
	b.stack(&step, home, template, b.ExportParameters(a))
	b.addExport(step, e.Name, e.Bucket)
}

var formatName = map[bursar.Format]string{bursar.FormatCUR2: "CUR 2.0", bursar.FormatLegacy: "legacy Cost and Usage", bursar.FormatFOCUS12: "FOCUS 1.2", bursar.FormatFOCUS10: "FOCUS 1.0"}

// existing adds the step that grants reading an export which the account has already, instead of making one.
func (b *builder) existing(step Step) {
	arn := b.account.Choice.Export.Existing
	step.Title = "Let bursar read the export"
	i := slices.IndexFunc(b.seen, func(d bursar.Definition) bool { return d.Export.ARN == arn })
	if i < 0 {
		step.Why = "the export " + arn + " was chosen and was not seen when bursar looked last: check the account, or choose another"
		b.add(step)
		return
	}
	e := b.seen[i].Export
	step.Why = fmt.Sprintf("creates a role that reads %s in the bucket %s alone; the export stays as it is", e.Folder(), e.Bucket)
	b.stack(&step, bursar.ExportRegion(b.account.Partition), deploy.Existing, b.ExistingParameters(b.account, e))
	step.Texts = []Text{{"What the role may do: its policy", ReadPolicy(b.account, e)}}
	b.addExport(step, e.Name, e.Bucket)
}

// addExport adds the step of an export with the letter that asks for months past: AWS's first delivery has the current one alone.
func (b *builder) addExport(step Step, name, bucket string) {
	if step.State == Later {
		step.Why += "; waits for access"
	}
	other := func(d bursar.Definition) bool {
		return d.Export.Followed && (d.Export.Name != name || d.Export.Bucket != bucket)
	}
	if slices.ContainsFunc(b.seen, other) && step.StackName != "" {
		step.Texts = append(step.Texts, Text{"First remove the stack of the export that was followed before: the bills imported from it stay", deleteStack(b.account, StepExport, step.Region)})
	}
	step.Texts = append(step.Texts, Text{"Case for AWS Support: deliver past months", backfillCase(b.account, name, bucket)})
	b.add(step)
}

func (b *builder) members() {
	a := b.account
	step := Step{
		ID: StepMembers, Title: "Let bursar read the linked accounts", State: Skipped,
		Why: "optional, now or later: creates a role in each linked account through a StackSet",
	}
	if state := b.status.Capabilities[bursar.CapMemberAccess]; state != "" && state != bursar.StateNotSetUp {
		step.State = stateOf(state, b.ready)
	}
	step.Region, step.StackName = bursar.ExportRegion(a.Partition), bursar.StackSetName(a)
	if a.Method == bursar.MethodTerraform {
		b.terraform(&step)
		b.add(step)
		return
	}
	t, access := b.template(deploy.Member), b.template(deploy.Access)
	step.Template, step.Parameters, step.Terraform = &t, b.MemberParameters(a), b.Terraform(a, b.seen, StepMembers)
	step.Command = stackSetCommand(step.Region, step.StackName, deploy.Member, a.Choice.TargetOrganizationID, step.Parameters)
	step.Texts = []Text{{"What to enter on the StackSet page, beside the values above", stackSetPage(step, t)}}
	step.Links = []Link{{"Create StackSet", b.StackSetLink(a.Partition, step.Region)}}
	if access.URL != "" && a.Method == bursar.MethodConsole && b.ready {
		step.Links = append(step.Links, Link{
			"Update the access stack: fill in TargetOrganizationId",
			b.UpdateStackLink(a.Partition, step.Region, access.URL, StackName(a, StepAccess)),
		})
	}
	b.add(step)
}

// stackSetPage is what a person enters on the pages of Create StackSet, which no link can fill in.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stacksets-orgs-associate-stackset-with-org.html
func stackSetPage(s Step, t Template) string {
	source := t.URL
	if source == "" {
		source = "upload " + t.Name
	}
	return fmt.Sprintf(`Permissions: Service-managed permissions
Template: %s
StackSet name: %s
Managed execution: Active or Inactive, both work; Active lets AWS run several operations at once
Capabilities: acknowledge that IAM resources with custom names are created
Deployment targets: the organization, or the organizational units that bursar shall read
Automatic deployment: Activated, so that new accounts get the role by themselves
Account removal behavior: Delete stacks
Region: %s alone`, source, s.StackName, s.Region)
}

// template describes a template as this account's AWS can read it.
func (b *builder) template(name string) Template {
	t, err := b.Template(name)
	if err != nil {
		b.err = err
	}
	if !b.reaches(b.account.Partition) {
		t.URL = ""
	}
	return t
}

// stack fills in what a step that deploys a template has. Without a place that AWS can read the template from there
// is no link: the template is downloaded, and uploaded or deployed with the command.
func (b *builder) stack(step *Step, region, template string, parameters []Parameter) {
	a := b.account
	if a.Method == bursar.MethodTerraform {
		b.terraform(step)
		return
	}
	t := b.template(template)
	step.Template, step.Parameters, step.Region = &t, parameters, region
	step.StackName = StackName(a, step.ID)
	step.Command = deployCommand(region, step.StackName, template, parameters)
	step.Terraform = b.Terraform(a, b.seen, step.ID)
	if t.URL == "" {
		return
	}
	step.Links = []Link{{"Create stack", b.CreateStackLink(a.Partition, region, t.URL, step.StackName, parameters)}}
	if step.State == Done { // before, there is no stack that could be updated
		update := Link{"Update stack", b.UpdateStackLink(a.Partition, region, t.URL, step.StackName)}
		step.Links = slices.Insert(step.Links, 0, update)
	}
}

// terraform fills in what a step has that Terraform does.
func (b *builder) terraform(step *Step) {
	step.Terraform = b.Terraform(b.account, b.seen, step.ID)
	step.Command = "terraform init -upgrade && \\\n  terraform apply"
}
