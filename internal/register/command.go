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

// Teardown is one command that takes something of bursar's out of an account.
type Teardown struct {
	Title   string
	Command string
	Keeps   string // what stays all the same; "" = nothing
}

// Teardowns are the commands that remove what the steps have made, the last step first.
func Teardowns(a bursar.Account, ch Choice) []Teardown {
	region := BillingRegion(a.Partition)
	remove := func(step, region string) string {
		stack := "--region " + quote(region) + " --stack-name " + quote(StackName(a, step))
		return "aws cloudformation delete-stack " + stack + " && \\\n  aws cloudformation wait stack-delete-complete " + stack
	}
	var out []Teardown
	if a.Kind.HasBill() || a.Kind == bursar.KindUnknown {
		e := ch.Export.complete(a)
		kept := "The bucket " + e.Bucket + " and the bills in it stay. To remove them too: aws s3 rb --force " + quote("s3://"+e.Bucket)
		out = append(out, Teardown{"Stop the export and remove the role that reads it", remove(StepExport, region), kept})
		if e.BucketRegion != region {
			out = append(out, Teardown{"Remove the stack of the bucket", remove(StepBucket, e.BucketRegion), kept})
		}
	}
	if a.Method == bursar.MethodConsole {
		title := "Remove the access role"
		if a.Kind == bursar.KindPayer {
			title += ", and the StackSet with the roles of the linked accounts when the stack holds one"
		}
		out = append(out, Teardown{title, remove(StepAccess, region), ""})
	}
	return out
}
