package cli

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/client"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// choices are the flags that choose for an account's set-up.
type choices struct {
	flags        *pflag.FlagSet
	capabilities []string
	target       string
	boundary     string
	export       bursar.ExportChoice
	terraform    bool
	step         string // show this one alone, wherever it stands
}

var exportFlags = []string{"format", "file-format", "versioning", "bucket", "bucket-region", "existing-bucket", "prefix", "export-name"}

func (f *choices) register(c *cobra.Command) {
	f.flags = c.Flags()
	f.flags.StringSliceVar(&f.capabilities, "capability", nil, "what bursar may read: organization, billing_export, cost_explorer, inventory; names all of them, separated by commas")
	f.flags.StringVar(&f.target, "organization-unit", "", "root (r-…) or unit (ou-…) whose linked accounts get a role with the access stack")
	f.flags.StringVar(&f.boundary, "permissions-boundary", "", "ARN of a managed policy that bounds the roles")
	f.flags.StringVar((*string)(&f.export.Format), "format", "", "have a new export made: cur2, legacy or focus-1.2")
	f.flags.StringVar((*string)(&f.export.FileFormat), "file-format", "", "how a new export's files are written: parquet or csv")
	f.flags.StringVar((*string)(&f.export.Versioning), "versioning", "", "OVERWRITE_REPORT, or CREATE_NEW_REPORT to keep former deliveries in the bucket")
	f.flags.StringVar(&f.export.Bucket, "bucket", "", "the bucket of a new export")
	f.flags.StringVar(&f.export.BucketRegion, "bucket-region", "", "the region of that bucket")
	f.flags.BoolVar(&f.export.UseExisting, "existing-bucket", false, "the bucket exists already, and lets AWS deliver")
	f.flags.StringVar(&f.export.Prefix, "prefix", "", "the folder of a new export in its bucket")
	f.flags.StringVar(&f.export.Name, "export-name", "", "the name of a new export")
	f.flags.StringVar(&f.step, "step", "", "show one step in full, wherever it stands: access, bucket, export or members")
	f.flags.BoolVar(&f.terraform, "terraform", false, "print a whole main.tf and nothing else")
}

// change is what the flags choose; false when none was given.
func (f *choices) change() (n client.NewSetup, any bool) {
	if f.flags.Changed("capability") {
		list := []bursar.Capability{}
		for _, c := range f.capabilities {
			list = append(list, bursar.Capability(strings.TrimSpace(c)))
		}
		n.Capabilities, any = &list, true
	}
	if f.flags.Changed("organization-unit") {
		n.TargetOrganizationID, any = &f.target, true
	}
	if f.flags.Changed("permissions-boundary") {
		n.PermissionsBoundary, any = &f.boundary, true
	}
	for _, name := range exportFlags {
		if f.flags.Changed(name) {
			n.Export, any = &f.export, true
		}
	}
	return n, any
}

func accountSetup(s *serverFlags) *cobra.Command {
	var o output
	var f choices
	var seen int64
	c := &cobra.Command{
		Use:   "setup ACCOUNT",
		Short: "Say what to do in AWS to finish an account's registration, and choose how",
		Long: `Say what to do in AWS to finish an account's registration: for each step that is next the links to open, the template with its digest,
the values, the same with the AWS CLI. It goes on wherever the registration stands. --step shows one that is done or skipped: to update a
stack, or to come back to the linked accounts.

Flags choose: which export is made and where, what bursar may read. What is chosen is kept with the account.
"bursar account export choose" takes an export that the account has already.`,
		Example: `  bursar account setup 123456789012
  bursar account setup 123456789012 --bucket-region eu-west-1
  bursar account setup 123456789012 --step members
  bursar account setup 123456789012 --terraform > main.tf`,
		Args: exactly("an account"),
		RunE: func(c *cobra.Command, args []string) error {
			api, err := s.client()
			if err != nil {
				return err
			}
			var setup *client.Setup
			if change, any := f.change(); any {
				setup, err = api.ChangeSetup(ifVersion(c, seen), args[0], change)
			} else {
				setup, err = api.Setup(c.Context(), args[0])
			}
			if err != nil {
				return explain(err)
			}
			if f.terraform {
				return showTerraform(c.OutOrStdout(), setup)
			}
			if printed, err := o.document(c.OutOrStdout(), setup); printed || err != nil {
				return err
			}
			if f.step != "" {
				return showOneStep(c.OutOrStdout(), args[0], setup, f.step)
			}
			return showSetup(c.OutOrStdout(), args[0], setup)
		},
	}
	o.documentFlags(c)
	f.register(c)
	versionFlag(c, &seen)
	return c
}

// showTerraform prints the main.tf of the last step that is wanted: everything before it is in it too.
func showTerraform(w io.Writer, setup *client.Setup) error {
	text := ""
	for _, step := range setup.Steps {
		if step.Terraform != "" && (text == "" || step.State != "skipped") {
			text = step.Terraform
		}
	}
	if text == "" {
		return bursar.Errorf(bursar.Conflict, "there is nothing that Terraform could do").WithHint("bursar account setup %s says why", setup.AccountID)
	}
	_, err := io.WriteString(w, text)
	return err
}

func showSetup(w io.Writer, account string, setup *client.Setup) error {
	for i, step := range setup.Steps {
		fmt.Fprintf(w, "%d. %s  [%s]\n", i+1, step.Title, step.State)
		if step.Why != "" && step.State != "done" {
			fmt.Fprintf(w, "   %s\n", step.Why)
		}
		switch step.State {
		case "next":
			showStep(w, account, step)
		case "done", "skipped":
			if hasDetails(step) {
				fmt.Fprintf(w, "   see it: bursar account setup %s --step %s\n", account, step.ID)
			}
		}
	}
	return nil
}

// hasDetails says whether there is anything to open, to copy or to run in a step.
func hasDetails(s client.Step) bool {
	return len(s.Links)+len(s.Texts)+len(s.Parameters) > 0 || s.Command != "" || s.Terraform != ""
}

func showOneStep(w io.Writer, account string, setup *client.Setup, id string) error {
	var ids []string
	for _, step := range setup.Steps {
		if string(step.ID) == id {
			fmt.Fprintf(w, "%s  [%s]\n   %s\n", step.Title, step.State, step.Why)
			if hasDetails(step) {
				showStep(w, account, step)
			}
			return nil
		}
		ids = append(ids, string(step.ID))
	}
	return bursar.InvalidField("step", "account %s has no step %q", setup.AccountID, id).WithHint("it has %s", strings.Join(ids, ", "))
}

func showStep(w io.Writer, account string, step client.Step) {
	for _, l := range step.Links {
		fmt.Fprintf(w, "\n   %s:\n   %s\n", l.Title, l.URL)
	}
	if t := step.Template; t != nil {
		fmt.Fprintf(w, "\n   template %s, version %s, SHA-256 %s\n   download: %s\n", t.Name, t.Version, t.SHA256, cmp.Or(t.URL, t.Download))
	}
	for _, p := range step.Parameters {
		fmt.Fprintf(w, "     %-24s %s\n", p.Key, p.Value)
	}
	for _, t := range step.Texts {
		fmt.Fprintf(w, "\n   %s:\n\n%s\n", t.Title, indent(t.Body, "     "))
	}
	if step.Template == nil && step.Terraform != "" {
		fmt.Fprintf(w, "\n   main.tf:\n\n%s\n", indent(step.Terraform, "     "))
	}
	if step.Command != "" {
		fmt.Fprintf(w, "\n   or on the command line:\n\n%s\n", indent(step.Command, "     "))
	}
	command := "check"
	if step.ID == "members" {
		command = "members check"
	}
	fmt.Fprintf(w, "\n   then: bursar account %s %s\n", command, account)
}

func indent(s, by string) string {
	return by + strings.ReplaceAll(strings.TrimSpace(s), "\n", "\n"+by)
}
