package register

import (
	"strings"

	"github.com/bursarhq/bursar"
)

// quote writes a word so that a POSIX shell takes it as it is.
func quote(s string) string {
	safe := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:=@,+", r)
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !safe(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// deployCommand is the AWS CLI's way to create or update a stack from a template that was downloaded.
func deployCommand(region, stack, file string, parameters []Parameter) string {
	words := []string{
		"aws cloudformation deploy", "--region " + quote(region), "--stack-name " + quote(stack),
		"--template-file " + quote(file), "--capabilities CAPABILITY_NAMED_IAM",
	}
	if len(parameters) > 0 {
		var values []string
		for _, p := range parameters {
			values = append(values, quote(p.Key+"="+p.Value))
		}
		words = append(words, "--parameter-overrides "+strings.Join(values, " "))
	}
	return strings.Join(words, " \\\n  ")
}

// stackSetCommand is the AWS CLI's way to create the StackSet of the linked accounts from a template that was downloaded, and to roll it out. target is a
// root or a unit; "" stands for the organization's root, which the command looks up.
func stackSetCommand(region, name, file, target string, parameters []Parameter) string {
	set := "--region " + quote(region) + " --stack-set-name " + quote(name)
	words := []string{
		"aws cloudformation create-stack-set " + set, "--template-body " + quote("file://"+file), "--permission-model SERVICE_MANAGED",
		"--auto-deployment Enabled=true,RetainStacksOnAccountRemoval=false", "--managed-execution Active=true", "--capabilities CAPABILITY_NAMED_IAM",
	}
	var values []string
	for _, p := range parameters {
		values = append(values, quote("ParameterKey="+p.Key+",ParameterValue="+p.Value))
	}
	words = append(words, "--parameters "+strings.Join(values, " ")+" && \\\naws cloudformation create-stack-instances "+set, "--deployment-targets OrganizationalUnitIds="+unit(target),
		"--regions "+quote(region), "--operation-preferences FailureTolerancePercentage=100,MaxConcurrentPercentage=100,ConcurrencyMode=SOFT_FAILURE_TOLERANCE")
	return strings.Join(words, " \\\n  ")
}

// unit is the root or unit that a command names; "" stands for the organization's root, which the command looks up.
func unit(target string) string {
	if target == "" {
		return `"$(aws organizations list-roots --query 'Roots[0].Id' --output text)"`
	}
	return quote(target)
}

// deleteStackSet takes the roles out of the linked accounts and then deletes the StackSet, which AWS refuses while it has instances. Taking them out goes
// on after the first command has answered, so the second waits for it.
func deleteStackSet(region, name, target string) string {
	set := "--region " + quote(region) + " --stack-set-name " + quote(name)
	return "aws cloudformation delete-stack-instances " + set + " --no-retain-stacks \\\n  --deployment-targets OrganizationalUnitIds=" + unit(target) + " --regions " + quote(region) + " && \\\n" +
		"until [ \"$(aws cloudformation list-stack-instances " + set + " --query 'length(Summaries)' --output text)\" = 0 ]; do sleep 10; done && \\\n" +
		"aws cloudformation delete-stack-set " + set
}

// updateTrustCommand gives a role a trust policy.
func updateTrustCommand(role, policy string) string {
	return "aws iam update-assume-role-policy --role-name " + quote(role) + " \\\n  --policy-document " + quote(policy)
}

// createRoleCommand makes a role with a trust policy and one policy of its own.
func createRoleCommand(a bursar.Account, trust, permissions string) string {
	role, err := bursar.ParseRoleARN(a.RoleARN)
	if err != nil {
		return ""
	}
	name := " --role-name " + quote(role.Name)
	return "aws iam create-role" + name + " --path " + quote(role.Path) + " --max-session-duration 3600 \\\n  --assume-role-policy-document " + quote(trust) + " && \\\n" +
		"aws iam put-role-policy" + name + " --policy-name bursar \\\n  --policy-document " + quote(permissions)
}

// Teardown is one command that takes something of bursar's out of an account.
type Teardown struct {
	Title   string
	Command string
	Keeps   string // what stays all the same; "" = nothing
}

// Teardowns are the commands that remove what the steps have made, the last step first.
func Teardowns(a bursar.Account) []Teardown {
	if a.Method == bursar.MethodTerraform {
		kept := "The bucket and the bills in it stay unless force_destroy_bucket is set: a bucket that holds something is not destroyed"
		return []Teardown{{"Remove everything that the module has made", "terraform destroy", kept}}
	}
	out := exportTeardowns(a)
	if a.Kind == bursar.KindPayer && partition(a).HasStackSets {
		title := "Remove the roles of the linked accounts, if their StackSet was created by hand"
		out = append(out, Teardown{title, deleteStackSet(bursar.ExportRegion(a.Partition), bursar.StackSetName(a), a.Choice.TargetOrganizationID), ""})
	}
	if a.Method == bursar.MethodConsole {
		title := "Remove the access role"
		if a.Kind == bursar.KindPayer {
			title += ", and the StackSet with the roles of the linked accounts when the stack holds one"
		}
		out = append(out, Teardown{title, deleteStack(a, StepAccess, bursar.ExportRegion(a.Partition)), ""})
	}
	return out
}

func deleteStack(a bursar.Account, step, region string) string {
	stack := "--region " + quote(region) + " --stack-name " + quote(StackName(a, step))
	return "aws cloudformation delete-stack " + stack + " && \\\n  aws cloudformation wait stack-delete-complete " + stack
}

func exportTeardowns(a bursar.Account) []Teardown {
	region := bursar.ExportRegion(a.Partition)
	if !partition(a).HasBilling || !a.Kind.HasBill() && a.Kind != bursar.KindUnknown {
		return nil
	}
	if a.Choice.Export.Chosen() {
		return []Teardown{{"Remove the role that reads the export", deleteStack(a, StepExport, region), "The export " + a.Choice.Export.Existing + ", its bucket and its bills were there before bursar, and stay."}}
	}
	e := a.Choice.Export.Complete(a)
	kept := "The bucket " + e.Bucket + " and the bills in it stay. To remove them too: aws s3 rb --force " + quote("s3://"+e.Bucket)
	out := []Teardown{{"Stop the export and remove the role that reads it", deleteStack(a, StepExport, region), ""}}
	if e.BucketRegion != region && !e.UseExisting {
		out = append(out, Teardown{"Remove the stack of the bucket", deleteStack(a, StepBucket, e.BucketRegion), ""})
	}
	out[len(out)-1].Keeps = kept
	return out
}
