package register

import (
	"regexp"
	"slices"
	"strconv"

	"github.com/bursarhq/bursar"
)

// capabilities are those that the access stack switches, with the parameter that does.
var capabilities = []struct {
	capability bursar.Capability
	parameter  string
}{
	{bursar.CapOrganization, "EnableOrganization"},
	{bursar.CapBillingExport, "EnableBillingExport"},
	{bursar.CapCostExplorer, "EnableCostExplorer"},
	{bursar.CapInventory, "EnableInventory"},
}

// DefaultCapabilities are granted when nothing else was chosen: what the bill needs, and nothing that costs or lists
// resources.
var DefaultCapabilities = []bursar.Capability{bursar.CapOrganization, bursar.CapBillingExport}

// RoleName returns the name of the role that an account is reached through: the one that was made up for it at
// registration, or the one that was brought.
func RoleName(a bursar.Account) string {
	r, err := bursar.ParseRoleARN(a.RoleARN)
	if err != nil {
		return ""
	}
	return r.Name
}

// ExportRoleARN returns the ARN of the role that reads an account's bills, once its export stack stands.
func ExportRoleARN(a bursar.Account) string {
	return bursar.RoleARN{Partition: a.Partition, AccountID: a.AccountID, Path: bursar.RolePath, Name: bursar.ExportRoleName(RoleName(a))}.String()
}

func (c Config) trust(a bursar.Account, role string) []Parameter {
	return []Parameter{
		{"ExternalId", a.ExternalID},
		{"Principal", c.PrincipalAccountID},
		{"PrincipalArn", c.PrincipalARN},
		{"RoleName", role},
		{"ExpectedAccountId", a.AccountID},
	}
}

// Granted are the capabilities that an account's access has: those that were chosen, or the default ones. Where a partition has no billing
// services, those that need them are left out.
func Granted(a bursar.Account) []bursar.Capability {
	chosen := a.Choice.Capabilities
	if chosen == nil {
		chosen = DefaultCapabilities
	}
	var out []bursar.Capability
	for _, x := range bursar.Switched {
		bills := x == bursar.CapBillingExport || x == bursar.CapCostExplorer
		if slices.Contains(chosen, x) && (!bills || partition(a).HasBilling) {
			out = append(out, x)
		}
	}
	return out
}

// AccessParameters are the values of the access stack.
func (c Config) AccessParameters(a bursar.Account) []Parameter {
	out := c.trust(a, RoleName(a))
	granted := Granted(a)
	for _, x := range capabilities {
		out = append(out, Parameter{x.parameter, strconv.FormatBool(slices.Contains(granted, x.capability))})
	}
	target := a.Choice.TargetOrganizationID
	if !partition(a).HasStackSets {
		target = ""
	}
	return append(out, optional("TargetOrganizationId", target, "PermissionsBoundaryArn", a.Choice.PermissionsBoundary)...)
}

// ExportParameters are the values of the stack that makes a new export.
func (c Config) ExportParameters(a bursar.Account) []Parameter {
	e := a.Choice.Export.Complete(a)
	option := "CREATE_NEW"
	if e.UseExisting || e.BucketRegion != bursar.ExportRegion(a.Partition) {
		option = "USE_EXISTING"
	}
	out := append(c.trust(a, bursar.ExportRoleName(RoleName(a))),
		Parameter{"CurS3BucketOption", option}, Parameter{"CurS3BucketName", e.Bucket}, Parameter{"CurS3BucketRegion", e.BucketRegion},
		Parameter{"CurS3Prefix", e.Prefix}, Parameter{"ExportName", e.Name},
		Parameter{"ExportFileFormat", string(e.FileFormat)}, Parameter{"ExportVersioning", string(e.Versioning)})
	if e.Format != bursar.FormatLegacy {
		out = append(out, Parameter{"ExportFormat", string(e.Format)})
	}
	return append(out, optional("PermissionsBoundaryArn", a.Choice.PermissionsBoundary)...)
}

// ExistingParameters are the values of the stack that grants reading an export which the account has already: its own folder in the bucket, as AWS has it, and
// nothing beside it.
func (c Config) ExistingParameters(a bursar.Account, e bursar.Export) []Parameter {
	owner := e.BucketOwner
	if owner == a.AccountID {
		owner = ""
	}
	out := append(c.trust(a, bursar.ExportRoleName(RoleName(a))), Parameter{"CurS3BucketName", e.Bucket}, Parameter{"CurS3Path", e.Folder()})
	return append(out, optional("CurS3BucketOwner", owner, "PermissionsBoundaryArn", a.Choice.PermissionsBoundary)...)
}

// MemberParameters are the values of a StackSet that is made by hand. Its template derives each account's own
// external id from the base.
func (c Config) MemberParameters(a bursar.Account) []Parameter {
	return []Parameter{
		{"ExternalId", a.ExternalID},
		{"Principal", c.PrincipalAccountID},
		{"PrincipalArn", c.PrincipalARN},
		{"RoleName", bursar.MemberRoleName(a)},
		{"EnableInventory", strconv.FormatBool(slices.Contains(Granted(a), bursar.CapInventory))},
	}
}

func (c Config) bucketParameters(a bursar.Account, e bursar.ExportChoice) []Parameter {
	return []Parameter{{"CurS3BucketName", e.Bucket}, {"ExpectedAccountId", a.AccountID}}
}

// optional leaves blank values out: the template has their defaults.
func optional(keysAndValues ...string) []Parameter {
	var out []Parameter
	for i := 0; i < len(keysAndValues); i += 2 {
		if keysAndValues[i+1] != "" {
			out = append(out, Parameter{keysAndValues[i], keysAndValues[i+1]})
		}
	}
	return out
}

var stackName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]{0,110}$`)

// StackName names the stack of one step of an account: the role's name, which is unique where bursar made it up, and the step's id.
func StackName(a bursar.Account, step string) string {
	base := RoleName(a)
	if a.Method == bursar.MethodRole || !stackName.MatchString(base) {
		base = "bursar-" + a.AccountID
	}
	if step == StepAccess {
		return base
	}
	return base + "-" + step
}
